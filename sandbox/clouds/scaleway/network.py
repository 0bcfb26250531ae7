"""VPCs, private networks, gateways, and addresses of the address manager."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.scaleway.base import ProjectKind
from sandbox.properties import Properties, find
from sandbox.schema import Failure
from sandbox.store import Row

VPC: Final = "scaleway:network/vpc:Vpc"
NETWORK: Final = "scaleway:network/privateNetwork:PrivateNetwork"
GATEWAY: Final = "scaleway:network/publicGateway:PublicGateway"
GATEWAY_IP: Final = "scaleway:network/publicGatewayIp:PublicGatewayIp"
GATEWAY_NETWORK: Final = "scaleway:network/gatewayNetwork:GatewayNetwork"
IPAM_IP: Final = "scaleway:ipam/ip:Ip"


class Vpc(ProjectKind):
    """A group of private networks in a region."""

    token = VPC
    place = "region"
    replace_on = frozenset({"region", "projectId"})

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """Where it is."""
        return self.located(inputs, call)


class PrivateNetwork(ProjectKind):
    """A network across the zones of a region."""

    token = NETWORK
    place = "region"
    replace_on = frozenset({"region", "projectId", "vpcId", "ipv4Subnet"})
    references = (Reference("vpcId", (VPC,), same=("region",)),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Its range must be a private network."""
        yield from super().check(inputs, call)
        failures = list(rules.network(inputs, "ipv4Subnet.subnet"))
        yield from failures
        for where, subnet in find(inputs, "ipv4Subnet.subnet") if not failures else ():
            if not IPv4Network(subnet).is_private:
                yield Failure(where, f"is {subnet}, but accepted is a private network (RFC 1918)")

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """Networks of one VPC must not overlap."""
        subnet = (inputs.get("ipv4Subnet") or {}).get("subnet")
        others = [
            row
            for row in call.rows(NETWORK)
            if row.outputs.get("vpcId") == inputs.get("vpcId")
            and row.outputs["region"] == self.where(inputs, call)  # a region has a VPC of its own where none is named
            and (existing is None or row.seq != existing.seq)
        ]
        if subnet:
            rules.must_not_overlap(subnet, others, "private network", "ipv4Subnet.subnet")

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """Where it is."""
        return self.located(inputs, call)


class PublicGatewayIp(ProjectKind):
    """A public address for a gateway."""

    token = GATEWAY_IP
    replace_on = frozenset({"zone", "projectId"})
    autoname = False

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """The address stays for as long as the resource does."""
        if existing is not None:
            return {}
        return {"address": rules.free_public_address(call.store.rows()), **self.located(inputs, call)}


class PublicGateway(ProjectKind):
    """The way out of private networks."""

    token = GATEWAY
    replace_on = frozenset({"zone", "projectId", "type", "ipId"})
    references = (Reference("ipId", (GATEWAY_IP,), same=("zone",)),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Sizes are the offered ones."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "type", ("VPC-GW-S", "VPC-GW-M", "VPC-GW-L", "VPC-GW-XL"))

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """Where it is."""
        return {"status": "running", **self.located(inputs, call)}


class GatewayNetwork(ProjectKind):
    """A gateway's place in a private network."""

    token = GATEWAY_NETWORK
    replace_on = frozenset({"zone", "gatewayId", "privateNetworkId"})
    references = (
        Reference("gatewayId", (GATEWAY,), same=("zone",)),
        Reference("privateNetworkId", (NETWORK,)),
        Reference("ipamConfigs[].ipamIpId", (IPAM_IP,)),
    )
    autoname = False

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """DHCP of the gateway is gone: the network itself has it."""
        yield from super().check(inputs, call)
        for dead in ("cleanupDhcp", "dhcpId", "enableDhcp", "staticAddress"):
            if inputs.get(dead) is not None:
                yield Failure(dead, "belongs to legacy gateways, which no longer exist; use ipamConfigs")

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """Where it is."""
        return {"status": "ready", **self.located(inputs, call)}


class IpamIp(ProjectKind):
    """A private address that is booked."""

    token = IPAM_IP
    place = "region"
    replace_on = frozenset({"region", "projectId", "sources", "address", "isIpv6"})
    unique = frozenset()
    references = (Reference("sources[].privateNetworkId", (NETWORK,), same=("region",)),)
    autoname = False

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Addresses are addresses."""
        yield from super().check(inputs, call)
        yield from rules.address(inputs, "address")

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """An address can be booked once, inside its network, but not as network, broadcast or gateway address."""
        network = self._network(inputs, call)
        if inputs.get("address") is None or network is None:
            return
        subnet = network.outputs["ipv4Subnet"]["subnet"]
        taken = [
            (row.id, row.outputs["address"])
            for row in call.rows(IPAM_IP)
            if self._network(row.outputs, call) == network and (existing is None or row.seq != existing.seq)
        ]
        rules.must_be_free(inputs["address"], subnet, str(IPv4Network(subnet)[1]), [], taken)

    def _network(self, inputs: Properties, call: Call) -> Row | None:
        source = inputs["sources"][0].get("privateNetworkId")
        return call.get(NETWORK, source) if source else None

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """With the network's length, too."""
        if existing is not None:
            return {}
        network = self._network(inputs, call)
        if network is None:
            raise CloudError("400 sources: accepted is a privateNetworkId")
        subnet = IPv4Network(network.outputs["ipv4Subnet"]["subnet"])
        taken = {row.outputs["address"] for row in call.rows(IPAM_IP) if self._network(row.outputs, call) == network}
        address = inputs.get("address") or next(str(host) for host in subnet.hosts() if str(host) not in taken)
        return {"address": address, "addressCidr": f"{address}/{subnet.prefixlen}", **self.located(inputs, call)}


KINDS: Final[tuple[Kind, ...]] = (
    Vpc(),
    PrivateNetwork(),
    PublicGatewayIp(),
    PublicGateway(),
    GatewayNetwork(),
    IpamIp(),
)
