"""Load balancers with their listeners, pools and members."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.ovh.base import ProjectKind
from sandbox.clouds.ovh.network import NETWORK, SUBNET, floating_ip, must_be_unattached, subnet_in
from sandbox.properties import Properties, find
from sandbox.schema import Failure
from sandbox.store import Row

BALANCER: Final = "ovh:index/cloudLoadbalancer:CloudLoadbalancer"
LISTENER: Final = "ovh:index/cloudLoadbalancerListener:CloudLoadbalancerListener"
POOL: Final = "ovh:index/cloudLoadbalancerPool:CloudLoadbalancerPool"
MEMBER: Final = "ovh:index/cloudLoadbalancerPoolMember:CloudLoadbalancerPoolMember"


class LoadBalancer(ProjectKind):
    """A load balancer in a subnet, with a floating address."""

    token = BALANCER
    replace_on = frozenset({"serviceName", "region", "availabilityZone", "flavorName", "network"})
    references = (
        Reference("network.id", (NETWORK,), same=("region",)),
        Reference("network.subnetId", (SUBNET,), same=("region",)),
    )

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Sizes are the offered ones."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "flavorName", ("SMALL", "MEDIUM", "LARGE", "XL"))

    def targets(self, inputs: Properties, call: Call) -> list[Row]:
        """Also its floating address, which is named by itself and not by its id."""
        addresses = [floating_ip(call, str(ip)) for _, ip in find(inputs, "network.ip")]
        return [*super().targets(inputs, call), *(row for row in addresses if row is not None)]

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """Its subnet must be the network's, its floating address must be the project's, and nobody else's."""
        subnet_in(call, inputs["network"]["subnetId"], inputs["network"]["id"])
        for where, ip in find(inputs, "network.ip"):
            address = floating_ip(call, str(ip))
            if address is None:
                raise CloudError(f"404 {where}: the project has no floating address {ip}")
            must_be_unattached(address, call, existing)

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """Its addresses."""
        network = inputs["network"]
        addresses = [{"ip": network["ip"], "type": "FLOATING"}] if network.get("ip") else []
        reported = {"id": network["id"], "subnetId": network["subnetId"], "addresses": addresses}
        return self.observed(identifier, inputs, operatingStatus="ONLINE", network=reported)


class _Part(ProjectKind):
    region_property = None

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """What the API reports."""
        return self.observed(identifier, inputs)


class Pool(_Part):
    """Machines that share the work."""

    token = POOL
    replace_on = frozenset({"serviceName", "loadbalancerId", "protocol"})
    references = (Reference("loadbalancerId", (BALANCER,)),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Protocols and algorithms are the offered ones; a check must end before the next begins."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "protocol", ("HTTP", "HTTPS", "PROXY", "PROXYV2", "SCTP", "TCP", "UDP"))
        yield from rules.one_of(inputs, "algorithm", ("LEAST_CONNECTIONS", "ROUND_ROBIN", "SOURCE_IP"))
        for where, monitor in find(inputs, "healthMonitor"):
            timeout, delay = monitor.get("timeout"), monitor.get("delay")
            if rules.known(timeout) and rules.known(delay) and timeout >= delay:
                yield Failure(f"{where}.timeout", f"is {timeout}; it must be less than delay, which is {delay}")


class Listener(_Part):
    """A port that is open to clients."""

    token = LISTENER
    replace_on = frozenset({"serviceName", "loadbalancerId", "protocol", "protocolPort"})
    references = (
        Reference("loadbalancerId", (BALANCER,)),
        Reference("defaultPoolId", (POOL,), same=("loadbalancerId",)),
    )

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Protocols are the offered ones."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "protocol", ("HTTP", "HTTPS", "SCTP", "TCP", "TERMINATED_HTTPS", "UDP"))
        yield from rules.between(inputs, "protocolPort", 1, 65535)

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """A port can be open once."""
        for row in call.rows(LISTENER):
            same = all(row.outputs[name] == inputs[name] for name in ("loadbalancerId", "protocolPort"))
            if same and (existing is None or row.seq != existing.seq):
                raise CloudError(f"409 port {inputs['protocolPort']} is taken by listener {row.name}")


class Member(_Part):
    """One of the machines of a pool."""

    token = MEMBER
    replace_on = frozenset({"serviceName", "loadbalancerId", "poolId", "address", "protocolPort", "subnetId"})
    references = (
        Reference("loadbalancerId", (BALANCER,)),
        Reference("poolId", (POOL,), same=("loadbalancerId",)),
        Reference("subnetId", (SUBNET,)),
    )

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Addresses and ports must be some."""
        yield from super().check(inputs, call)
        yield from rules.address(inputs, "address")
        yield from rules.between(inputs, "protocolPort", 1, 65535)
        yield from rules.between(inputs, "weight", 0, 256)


KINDS: Final[tuple[Kind, ...]] = (LoadBalancer(), Pool(), Listener(), Member())
