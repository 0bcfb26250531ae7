"""Everything that a machine must know about itself and its neighbours; no secret is among it.

The facts travel as `machine.json` and are the only variables of the Ansible roles.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Peer(_Model):
    """A machine of a role at the same site."""

    name: str
    address: str
    zone: str
    index: int


class Inbound(_Model):
    """What the machine may receive: from which networks, by which protocol, at which ports (none for VRRP)."""

    sources: Sequence[str]
    protocol: Literal["tcp", "udp", "vrrp"]
    ports: tuple[int, int] | None
    reason: str


class Outbound(_Model):
    """What the machine may send, likewise."""

    targets: Sequence[str]
    protocol: Literal["tcp", "udp", "vrrp"]
    ports: tuple[int, int] | None
    reason: str


class Machine(_Model):
    """The machine itself; `index` counts the machines of its role at its site from 1."""

    name: str
    role: str
    zone: str
    address: str
    index: int


class Site(_Model):
    """Where it is; `shared` has the addresses that pairs share: front, sql, link."""

    name: str
    role: Literal["primary", "secondary"]
    provider: Literal["ovh", "scaleway"]
    cidr: str
    gateway: str
    shared: Mapping[str, str]


class OtherSite(_Model):
    """The other site: its network, its database machines, and the public addresses of its link machines."""

    name: str
    cidr: str
    databases: Sequence[str]
    links: Sequence[str]


class Database(_Model):
    """How databases replicate; `primary_site` is the address of the shared SQL router there, seen from a standby."""

    variant: Literal["maxscale", "galera"]
    maxscale_version: str | None
    cluster: str


class Vault(_Model):
    """Where secrets come from; `role_id` is None where the machine has none, or before Vault is initialised.

    `ca` has the certificates, in PEM, that Vault's is checked against; None for those of public authorities.
    """

    address: str
    auth: str
    mount: str
    role_id: str | None
    paths: Sequence[str]
    ca: str | None


class Files(_Model):
    """Shared files; `type` is the file system that applications mount, `source` what of, known for managed ones."""

    kind: Literal["managed", "gluster"]
    type: Literal["nfs", "virtiofs", "gluster"]
    source: str | None


class Facts(_Model):
    """The whole document.

    `app_version` is the release that an application machine runs, and None on all others: a release is no change of
    theirs. `volume_encrypted` says whether the provider encrypts block volumes; otherwise the machine does (LUKS).
    """

    organisation: str
    environment: str
    domain: str
    app_version: str | None
    app_port: int
    machine: Machine
    site: Site
    other_site: OtherSite | None
    peers: Mapping[str, Sequence[Peer]]
    inbound: Sequence[Inbound]
    outbound: Sequence[Outbound]
    database: Database
    files: Files
    vault: Vault
    volume_encrypted: bool
    deploy_key: str

    def document(self) -> str:
        """The facts as `machine.json`, one variable of Ansible's: the same facts give the same bytes."""
        return json.dumps({"platform": self.model_dump(mode="json")}, sort_keys=True, separators=(",", ":")) + "\n"
