"""Servers with their addresses, network cards, groups and keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.scaleway.base import CATALOG, ProjectKind
from sandbox.clouds.scaleway.network import IPAM_IP, NETWORK
from sandbox.clouds.scaleway.storage import FILESYSTEM, VOLUME
from sandbox.properties import Properties, find
from sandbox.schema import Failure
from sandbox.store import Row

IP: Final = "scaleway:instance/ip:Ip"
SERVER: Final = "scaleway:instance/server:Server"
NIC: Final = "scaleway:instance/privateNic:PrivateNic"
PLACEMENT_GROUP: Final = "scaleway:instance/placementGroup:PlacementGroup"
SECURITY_GROUP: Final = "scaleway:instance/securityGroup:SecurityGroup"
SSH_KEY: Final = "scaleway:iam/sshKey:SshKey"
CLOUD_INIT_BYTES: Final = 127 * 1024
"""What the API takes as user data."""
PER_GROUP: Final = 20
"""Servers that one placement group can keep apart."""


class Ip(ProjectKind):
    """A public address for a server."""

    token = IP
    replace_on = frozenset({"zone", "projectId", "type"})
    autoname = False

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Types are the offered ones."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "type", ("routed_ipv4", "routed_ipv6"))

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """The address stays for as long as the resource does."""
        if existing is not None:
            return {}
        return {"address": rules.free_public_address(call.store.rows()), **self.located(inputs, call)}


class PlacementGroup(ProjectKind):
    """Servers of a zone that must not share a host."""

    token = PLACEMENT_GROUP
    replace_on = frozenset({"zone", "projectId"})

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Policies are the offered ones."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "policyType", ("low_latency", "max_availability"))
        yield from rules.one_of(inputs, "policyMode", ("optional", "enforced"))

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """Where it is."""
        return {"policyRespected": True, **self.located(inputs, call)}


class SecurityGroup(ProjectKind):
    """Rules for what reaches and leaves servers."""

    token = SECURITY_GROUP
    replace_on = frozenset({"zone", "projectId"})

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Every rule must say what it lets through."""
        yield from super().check(inputs, call)
        for way in ("inbound", "outbound"):
            yield from rules.one_of(inputs, f"{way}DefaultPolicy", ("accept", "drop"))
            yield from rules.one_of(inputs, f"{way}Rules[].action", ("accept", "drop"))
            yield from rules.one_of(inputs, f"{way}Rules[].protocol", ("TCP", "UDP", "ICMP", "ANY"))
            yield from rules.between(inputs, f"{way}Rules[].port", 1, 65535)
            yield from rules.network(inputs, f"{way}Rules[].ipRange")
            for where, rule in find(inputs, f"{way}Rules[]"):
                if rule.get("port") is not None and rule.get("portRange") is not None:
                    yield Failure(where, "has port and portRange; accepted is one of them")

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """Where it is."""
        return self.located(inputs, call)


class Server(ProjectKind):
    """A machine."""

    token = SERVER
    replace_on = frozenset({"zone", "projectId", "image", "rootVolume"})
    references = (
        Reference("securityGroupId", (SECURITY_GROUP,), same=("zone",)),
        Reference("placementGroupId", (PLACEMENT_GROUP,), same=("zone",)),
        Reference("ipIds[]", (IP,), same=("zone",)),
        Reference("additionalVolumeIds[]", (VOLUME,), same=("zone",)),
        Reference("filesystems[].filesystemId", (FILESYSTEM,)),
    )

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Type and image must be offered, and the user data must fit."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "type", CATALOG.instance_types)
        yield from rules.one_of(inputs, "image", CATALOG.images.values())
        yield from rules.one_of(inputs, "state", ("started", "stopped", "standby"))
        for where, value in find(inputs, "cloudInit"):
            if len(str(value).encode()) > CLOUD_INIT_BYTES:
                yield Failure(where, f"has {len(value)} bytes; it may have {CLOUD_INIT_BYTES}")

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """Volumes and addresses belong to one server, and a placement group keeps only so many apart."""
        others = [row for row in call.rows(SERVER) if existing is None or row.seq != existing.seq]
        for name in ("additionalVolumeIds", "ipIds"):
            for attached in inputs.get(name) or []:
                for row in others:
                    if attached in (row.outputs.get(name) or []):
                        raise CloudError(f"409 {name}: {attached} is attached to {row.name}")
        group = inputs.get("placementGroupId")
        if group and sum(row.outputs.get("placementGroupId") == group for row in others) >= PER_GROUP:
            raise CloudError(f"403 placementGroupId: a placement group keeps {PER_GROUP} servers apart, and has them")

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """Its public addresses."""
        addresses = [call.get(IP, ip) for ip in inputs.get("ipIds") or []]
        public = [{"id": row.id, "address": row.outputs["address"]} for row in addresses if row is not None]
        return {"publicIps": public, **self.located(inputs, call)}

    def delete(self, row: Row, call: Call) -> None:
        """A protected server stays."""
        if row.outputs.get("protected"):
            raise CloudError(f"412 {row.name} is protected; set protected to false first")
        super().delete(row, call)


class PrivateNic(ProjectKind):
    """A server's card in a private network."""

    token = NIC
    replace_on = frozenset({"zone", "serverId", "privateNetworkId", "ipamIpIds", "ipIds"})
    references = (
        Reference("serverId", (SERVER,), same=("zone",)),
        Reference("privateNetworkId", (NETWORK,)),
        Reference("ipamIpIds[]", (IPAM_IP,)),
    )
    autoname = False

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """The address must be of that network, and nobody else's."""
        for booked in inputs.get("ipamIpIds") or []:
            address = call.get(IPAM_IP, booked)
            if (
                address is not None
                and address.outputs["sources"][0].get("privateNetworkId") != inputs["privateNetworkId"]
            ):
                raise CloudError(f"400 ipamIpIds: {address.outputs['address']} is booked in another private network")
            for row in call.rows(NIC):
                other = existing is None or row.seq != existing.seq
                if other and booked in (row.outputs.get("ipamIpIds") or []):
                    raise CloudError(f"409 ipamIpIds: {booked} is taken by the card {row.id}")

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """Its private addresses."""
        booked = [call.get(IPAM_IP, ip) for ip in inputs.get("ipamIpIds") or []]
        private = [{"id": row.id, "address": row.outputs["address"]} for row in booked if row is not None]
        return {"privateIps": private, **self.located(inputs, call)}


class SshKey(ProjectKind):
    """A public key that every new server of the project takes."""

    token = SSH_KEY
    place = None
    replace_on = frozenset({"publicKey", "projectId"})

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Keys are in OpenSSH's form."""
        yield from super().check(inputs, call)
        yield from rules.matches(
            inputs, "publicKey", r"^(ssh-(ed25519|rsa)|ecdsa-sha2-\S+) \S+", "an OpenSSH public key"
        )


KINDS: Final[tuple[Kind, ...]] = (Ip(), PlacementGroup(), SecurityGroup(), Server(), PrivateNic(), SshKey())
