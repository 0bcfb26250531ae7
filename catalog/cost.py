"""What a stack costs a month by the catalogue's list prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import catalog
from settings import Settings


@dataclass(frozen=True)
class Line:
    """One kind of cost at one provider; `eur` a month without VAT."""

    provider: str
    what: str
    count: int
    eur: float


@dataclass(frozen=True)
class _Price:
    """What a kind of resource is called, its price's name in the catalogue, and where its size in GB is, if it counts."""

    what: str
    price: str
    size: tuple[str, ...] = ()

    def eur(self, provider: str, inputs: Mapping[str, Any]) -> float:
        """EUR a month for one resource."""
        unit = float(getattr(catalog.of(provider).prices, self.price))
        if not self.size:
            return unit
        found: Any = inputs
        for step in self.size:
            found = found[step]
        return unit * float(found)


_BLOCK: Final = "block volumes"
_ADDRESS: Final = _Price("public addresses", "public_address")
_BALANCER: Final = _Price("load balancers", "load_balancer")
_GATEWAY: Final = _Price("gateways", "gateway")
_PRICED: Final[Mapping[str, _Price]] = {
    "ovh:index/cloudStorageBlockVolume:CloudStorageBlockVolume": _Price(_BLOCK, "block_gb", ("size",)),
    "ovh:index/cloudStorageFileShare:CloudStorageFileShare": _Price("shared files", "share_gb", ("size",)),
    "ovh:index/cloudLoadbalancer:CloudLoadbalancer": _BALANCER,
    "ovh:index/cloudGateway:CloudGateway": _GATEWAY,
    "ovh:index/cloudFloatingIp:CloudFloatingIp": _ADDRESS,
    "scaleway:block/volume:Volume": _Price(_BLOCK, "block_gb", ("sizeInGb",)),
    # The instance types in the catalogue have no disk of their own; at OVH, a disk is in the type's price.
    "scaleway:instance/server:Server": _Price(_BLOCK, "block_gb", ("rootVolume", "sizeInGb")),
    "scaleway:index/fileFilesystem:FileFilesystem": _Price("shared files", "share_gb", ("sizeInGb",)),
    "scaleway:loadbalancers/loadBalancer:LoadBalancer": _BALANCER,
    "scaleway:network/publicGateway:PublicGateway": _GATEWAY,
    # https://www.scaleway.com/en/docs/ipam/reference-content/understanding-ip-billing: not in what they belong to.
    "scaleway:instance/ip:Ip": _ADDRESS,
    "scaleway:network/publicGatewayIp:PublicGatewayIp": _ADDRESS,
    "scaleway:loadbalancers/ip:Ip": _ADDRESS,
}


def estimate(settings: Settings, resources: Iterable[Mapping[str, Any]]) -> list[Line]:
    """The lines of the estimate: machines as settings ask for them, all else as it is in a state's resources.

    Traffic and the content of buckets are not in it: they depend on use.
    """
    found: dict[tuple[str, str], tuple[int, float]] = {}

    def add(provider: str, what: str, count: int, eur: float) -> None:
        before = found.get((provider, what), (0, 0.0))
        found[provider, what] = (before[0] + count, before[1] + eur)

    for site in settings.hosting.sites if settings.hosting is not None else ():
        for group in site.machines.values():
            price = catalog.of(site.provider.value).instance_types[group.type].eur_month
            add(site.provider.value, "machines", group.count, group.count * price)
    for resource in resources:
        priced = _PRICED.get(resource["type"])
        if priced is not None:
            provider = str(resource["type"]).split(":", 1)[0]
            add(provider, priced.what, 1, priced.eur(provider, resource["inputs"]))
    return [Line(provider, what, count, eur) for (provider, what), (count, eur) in sorted(found.items())]
