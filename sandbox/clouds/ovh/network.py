"""Private networks, gateways, floating addresses and security groups."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.ovh.base import ProjectKind
from sandbox.properties import Properties, find
from sandbox.schema import Failure
from sandbox.store import Row

NETWORK: Final = "ovh:index/cloudNetworkPrivateVrack:CloudNetworkPrivateVrack"
SUBNET: Final = "ovh:index/cloudNetworkPrivateVrackSubnet:CloudNetworkPrivateVrackSubnet"
GATEWAY: Final = "ovh:index/cloudGateway:CloudGateway"
FLOATING_IP: Final = "ovh:index/cloudFloatingIp:CloudFloatingIp"
SECURITY_GROUP: Final = "ovh:index/cloudSecurityGroup:CloudSecurityGroup"


class PrivateNetwork(ProjectKind):
    """A VLAN of the vRack in one region."""

    token = NETWORK
    replace_on = frozenset({"serviceName", "region", "vlanId", "description"})
    unique = frozenset({"name"})

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """VLAN numbers are those of 802.1Q; 0 is the vRack's own."""
        yield from super().check(inputs, call)
        yield from rules.between(inputs, "vlanId", 0, 4094)

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """What the API reports."""
        return self.observed(identifier, inputs)


class Subnet(ProjectKind):
    """An address range of a private network."""

    token = SUBNET
    replace_on = frozenset({"serviceName", "region", "networkId", "cidr"})
    references = (Reference("networkId", (NETWORK,), same=("region",)),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Gateway and pools must be inside the range."""
        yield from super().check(inputs, call)
        failures = [
            *rules.network(inputs, "cidr"),
            *rules.address(inputs, "gatewayIp"),
            *rules.address(inputs, "allocationPools[].start"),
            *rules.address(inputs, "allocationPools[].end"),
        ]
        yield from failures
        if failures or not rules.known(inputs.get("cidr")):
            return
        cidr = IPv4Network(inputs["cidr"])
        for path in ("gatewayIp", "allocationPools[].start", "allocationPools[].end"):
            for where, value in find(inputs, path):
                if IPv4Address(value) not in cidr:
                    yield Failure(where, f"is {value}, but accepted is an address in {cidr}")
        for where, pool in find(inputs, "allocationPools[]"):
            start, end = pool.get("start"), pool.get("end")
            if rules.known(start) and rules.known(end) and IPv4Address(start) > IPv4Address(end):
                yield Failure(where, f"goes from {start} to {end}; give the smaller address as start")

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """Subnets of one network must not overlap."""
        others = [
            row
            for row in call.rows(SUBNET)
            if row.outputs.get("networkId") == inputs["networkId"] and (existing is None or row.seq != existing.seq)
        ]
        rules.must_not_overlap(inputs["cidr"], others, "subnet", "cidr")

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """What the API reports."""
        return self.observed(identifier, inputs)


class Gateway(ProjectKind):
    """The way out of a private network, with address translation."""

    token = GATEWAY
    replace_on = frozenset({"serviceName", "region", "availabilityZone"})
    references = (Reference("subnetIds[]", (SUBNET,), same=("region",)),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Sizes are the offered ones."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "externalGateway.model", ("S", "M", "L", "XL", "2XL", "3XL"))

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """It has a public address, which stays."""
        if existing is not None:
            return {}
        return self.observed(identifier, inputs, externalIp=rules.free_public_address(call.store.rows()))


class FloatingIp(ProjectKind):
    """A public address."""

    token = FLOATING_IP
    replace_on = frozenset({"serviceName", "region", "availabilityZone"})
    autoname = False

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """The address stays for as long as the resource does."""
        if existing is not None:
            return {}
        address = rules.free_public_address(call.store.rows())
        return self.observed(identifier, inputs, id=identifier, ip=address, status="DOWN")


class SecurityGroup(ProjectKind):
    """Rules for what reaches and leaves instances."""

    token = SECURITY_GROUP
    replace_on = frozenset({"serviceName", "region"})
    references = (Reference("rules[].remoteGroupId", (SECURITY_GROUP,), same=("region",)),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Every rule must say whom it lets through, and ports only where the protocol has them."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "rules[].direction", ("INGRESS", "EGRESS"))
        yield from rules.one_of(inputs, "rules[].ethernetType", ("IPV4", "IPV6"))
        yield from rules.one_of(inputs, "rules[].protocol", ("TCP", "UDP", "ICMP", "VRRP", "ESP", "AH"))
        yield from rules.between(inputs, "rules[].portRangeMin", 1, 65535)
        yield from rules.between(inputs, "rules[].portRangeMax", 1, 65535)
        yield from rules.network(inputs, "rules[].remoteIpPrefix")
        for where, rule in find(inputs, "rules[]"):
            first, last = rule.get("portRangeMin"), rule.get("portRangeMax")
            both = rules.known(first) and rules.known(last)
            if (first is None) != (last is None) or (both and first > last):
                yield Failure(where, f"has ports {first} to {last}; give both, the smaller one first")

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """What the API reports."""
        return self.observed(identifier, inputs)


def subnet_in(call: Call, identifier: str, network: str | None) -> Row:
    """A subnet that an interface names, which must be one of the interface's network."""
    row = call.get(SUBNET, identifier)
    if row is None:
        raise CloudError(f"404 there is no subnet {identifier}")
    if network is not None and row.outputs["networkId"] != network:
        raise CloudError(f"400 subnet {row.name} is not one of the private network {network}")
    return row


def floating_ip(call: Call, ip: str) -> Row | None:
    """The account's floating address `ip`."""
    found = (row for row in call.rows(FLOATING_IP) if (row.outputs.get("currentState") or {}).get("ip") == ip)
    return next(found, None)


def must_be_unattached(address: Row, call: Call, existing: Row | None) -> None:
    """A floating address leads to one thing."""
    for user in call.store.users_of(address):
        if existing is None or user.seq != existing.seq:
            raise CloudError(f"409 the address {address.outputs['currentState']['ip']} belongs to {user.name}")


KINDS: Final[tuple[Kind, ...]] = (PrivateNetwork(), Subnet(), Gateway(), FloatingIp(), SecurityGroup())
