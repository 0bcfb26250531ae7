"""Load balancers with their addresses, backends and frontends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.scaleway.base import ProjectKind
from sandbox.clouds.scaleway.network import IPAM_IP, NETWORK
from sandbox.properties import Properties
from sandbox.schema import Failure
from sandbox.store import Row

IP: Final = "scaleway:loadbalancers/ip:Ip"
BALANCER: Final = "scaleway:loadbalancers/loadBalancer:LoadBalancer"
BACKEND: Final = "scaleway:loadbalancers/backend:Backend"
FRONTEND: Final = "scaleway:loadbalancers/frontend:Frontend"


class Ip(ProjectKind):
    """A public address for a load balancer."""

    token = IP
    replace_on = frozenset({"zone", "projectId", "isIpv6"})
    autoname = False

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """The address stays for as long as the resource does."""
        if existing is not None:
            return {}
        return {"ipAddress": rules.free_public_address(call.store.rows()), **self.located(inputs, call)}


class LoadBalancer(ProjectKind):
    """A load balancer in a zone."""

    token = BALANCER
    replace_on = frozenset({"zone", "projectId", "ipId", "assignFlexibleIp", "assignFlexibleIpv6"})
    references = (
        Reference("ipIds[]", (IP,), same=("zone",)),
        Reference("privateNetworks[].privateNetworkId", (NETWORK,)),
        Reference("privateNetworks[].ipamIds", (IPAM_IP,)),
    )

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Sizes are the offered ones."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "type", ("LB-S", "LB-GP-M", "LB-GP-L", "LB-GP-XL"))
        levels = tuple(f"ssl_compatibility_level_{level}" for level in ("intermediate", "modern", "old"))
        yield from rules.one_of(inputs, "sslCompatibilityLevel", levels)

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """An address belongs to one load balancer."""
        for address in inputs.get("ipIds") or []:
            for row in call.rows(BALANCER):
                other = existing is None or row.seq != existing.seq
                if other and address in (row.outputs.get("ipIds") or []):
                    raise CloudError(f"409 ipIds: {address} belongs to {row.name}")

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """Its first public address."""
        found = [call.get(IP, address) for address in inputs.get("ipIds") or []]
        first = next((row.outputs["ipAddress"] for row in found if row is not None), "")
        return {"ipAddress": first, **self.located(inputs, call)}


class Backend(ProjectKind):
    """Machines that share the work."""

    token = BACKEND
    place = None
    replace_on = frozenset({"lbId"})
    references = (Reference("lbId", (BALANCER,)),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Protocols and algorithms are the offered ones."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "forwardProtocol", ("tcp", "http"))
        yield from rules.one_of(inputs, "forwardPortAlgorithm", ("roundrobin", "leastconn", "first"))
        yield from rules.one_of(inputs, "proxyProtocol", ("none", "v1", "v2", "v2_ssl", "v2_ssl_cn"))
        yield from rules.between(inputs, "forwardPort", 1, 65535)
        yield from rules.address(inputs, "serverIps[]")


class Frontend(ProjectKind):
    """A port that is open to clients."""

    token = FRONTEND
    place = None
    replace_on = frozenset({"lbId", "backendId"})
    references = (Reference("lbId", (BALANCER,)), Reference("backendId", (BACKEND,), same=("lbId",)))

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Ports are ports."""
        yield from super().check(inputs, call)
        yield from rules.between(inputs, "inboundPort", 1, 65535)

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """A port can be open once."""
        for row in call.rows(FRONTEND):
            same = all(row.outputs[name] == inputs[name] for name in ("lbId", "inboundPort"))
            if same and (existing is None or row.seq != existing.seq):
                raise CloudError(f"409 port {inputs['inboundPort']} is taken by frontend {row.name}")


KINDS: Final[tuple[Kind, ...]] = (Ip(), LoadBalancer(), Backend(), Frontend())
