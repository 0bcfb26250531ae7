"""The flow matrix: every connection that is allowed, from this one place.

Security groups, the machines' own firewalls and the table in docs/flows.md are all made from it; what is not here is
dropped. docs/flows.md is written by `make docs` and a test keeps it current.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from settings import DatabaseVariant, FilesKind, Role


class Party(StrEnum):
    """Who is at an end of a connection and is not one of our machines."""

    WORLD = "world"
    """Anybody on the internet, as a client."""
    ADMINS = "admins"
    """The networks that settings name in `admin_cidrs`."""
    ENTRY = "entry"
    """The provider's load balancers, by their private addresses."""
    INTERNET = "internet"
    """Servers on the internet that our machines ask: package mirrors, object storage, time."""
    SHARES = "shares"
    """The provider's file servers, which have addresses in the site's network from its DHCP."""
    OTHER_LINK = "other link"
    """The other site's link machines, by their public addresses."""


class Protocol(StrEnum):
    """What a flow speaks."""

    TCP = "tcp"
    UDP = "udp"
    VRRP = "vrrp"
    """IP protocol 112, by which keepalived pairs agree who holds the shared address."""


@dataclass(frozen=True)
class Flow:
    """Connections that `source` may open to `target`; `ports` are (first, last), empty where the protocol has none."""

    source: Role | Party
    target: Role | Party
    protocol: Protocol
    ports: tuple[int, int] | None
    reason: str
    across: bool = False
    """Whether it also crosses the link between two sites."""


def _tcp(source: Role | Party, target: Role | Party, port: int, reason: str, *, across: bool = False) -> Flow:
    return Flow(source, target, Protocol.TCP, (port, port), reason, across)


ALL_ROLES: Final = tuple(Role)
SSH: Final = 22
VAULT_API: Final = 8200
HEALTH: Final = 8404


def flows(app_port: int, variant: DatabaseVariant, files: FilesKind, *, linked: bool) -> tuple[Flow, ...]:
    """Everything that may talk in the hosting system.

    `app_port` is where the application listens; `variant` decides which ports the databases use among themselves;
    `files` whether there are file servers of our own; `linked` whether a second site exists.
    """
    return tuple(_flows(app_port, variant, files, linked=linked))


def _flows(app_port: int, variant: DatabaseVariant, files: FilesKind, *, linked: bool) -> Iterator[Flow]:
    yield _tcp(Party.WORLD, Party.ENTRY, 443, "the API, over TLS")
    yield _tcp(Party.WORLD, Party.ENTRY, 80, "redirect to TLS, and certificate challenges")
    yield _tcp(Party.ENTRY, Role.FRONT, 443, "the API, with the client's address (PROXY protocol)")
    yield _tcp(Party.ENTRY, Role.FRONT, 80, "redirect to TLS, and certificate challenges")
    yield _tcp(Party.ENTRY, Role.FRONT, HEALTH, "the load balancer's health check")
    yield Flow(Role.FRONT, Role.FRONT, Protocol.VRRP, None, "who holds the shared address")
    yield _tcp(Role.FRONT, Role.FRONT, 10000, "how much each client has asked for")
    yield _tcp(Role.FRONT, Role.FRONT, 8402, "certificate challenges, to the front that asked for the certificate")
    yield _tcp(Role.FRONT, Role.FRONT, 8081, "the other front's WAF, when the own one is down")
    yield _tcp(Role.FRONT, Role.APP, app_port, "requests that passed the WAF")
    yield _tcp(Role.APP, Role.SQL, 3306, "SQL that may write")
    yield _tcp(Role.APP, Role.SQL, 3307, "SQL that only reads")
    yield Flow(Role.SQL, Role.SQL, Protocol.VRRP, None, "who holds the shared address")
    yield _tcp(Role.SQL, Role.DATABASE, 3306, "SQL, and the monitor of the databases")
    yield _tcp(Role.DATABASE, Role.DATABASE, 3306, "replication", across=linked)
    if variant is DatabaseVariant.GALERA:
        yield _tcp(Role.SQL, Role.DATABASE, 9200, "is this node of the cluster in step?")
        for port, reason in ((4444, "state transfer"), (4567, "replication in the cluster"), (4568, "missed writes")):
            yield _tcp(Role.DATABASE, Role.DATABASE, port, f"Galera: {reason}")
        yield Flow(Role.DATABASE, Role.DATABASE, Protocol.UDP, (4567, 4567), "Galera: replication in the cluster")
    if files is FilesKind.MANAGED:
        yield _tcp(Role.APP, Party.SHARES, 2049, "shared files (NFS)")
    else:
        for source in (Role.APP, Role.FILES):
            yield Flow(source, Role.FILES, Protocol.TCP, (24007, 24008), "GlusterFS: management")
            yield Flow(source, Role.FILES, Protocol.TCP, (49152, 49251), "GlusterFS: bricks")
    yield _tcp(Role.VAULT, Role.VAULT, 8201, "Vault: Raft")
    for role in ALL_ROLES:
        yield _tcp(role, Role.VAULT, VAULT_API, "secrets", across=linked)
    yield _tcp(Party.ADMINS, Role.BASTION, SSH, "the only way in")
    for role in ALL_ROLES:
        if role is not Role.BASTION:
            yield _tcp(Role.BASTION, role, SSH, "administration and deployment", across=linked)
    if linked:
        yield Flow(Party.OTHER_LINK, Role.LINK, Protocol.UDP, (51820, 51821), "WireGuard between the sites")
        yield Flow(Role.LINK, Party.OTHER_LINK, Protocol.UDP, (51820, 51821), "WireGuard between the sites")
        yield Flow(Role.LINK, Role.LINK, Protocol.VRRP, None, "who holds the shared address")
    for role in ALL_ROLES:
        yield _tcp(role, Party.INTERNET, 443, "packages, object storage, by the gateway")
        yield _tcp(role, Party.INTERNET, 80, "Debian's mirrors (signed), by the gateway")
        yield Flow(role, Party.INTERNET, Protocol.UDP, (123, 123), "time")
        yield Flow(role, Party.INTERNET, Protocol.UDP, (53, 53), "names")
        yield _tcp(role, Party.INTERNET, 53, "names, long answers")
