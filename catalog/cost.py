"""What a stack costs a month by the catalogue's list prices, counted from the resources that exist."""

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


# Resource type → (what it is called, the price's name in the catalogue, the property with the size in GB).
_PRICED: Final[Mapping[str, tuple[str, str, str | None]]] = {
    "ovh:index/cloudStorageBlockVolume:CloudStorageBlockVolume": ("block volumes", "block_gb", "size"),
    "ovh:index/cloudStorageFileShare:CloudStorageFileShare": ("shared files", "share_gb", "size"),
    "ovh:index/cloudLoadbalancer:CloudLoadbalancer": ("load balancers", "load_balancer", None),
    "ovh:index/cloudGateway:CloudGateway": ("gateways", "gateway", None),
    "ovh:index/cloudFloatingIp:CloudFloatingIp": ("public addresses", "public_address", None),
    "scaleway:block/volume:Volume": ("block volumes", "block_gb", "sizeInGb"),
    "scaleway:index/fileFilesystem:FileFilesystem": ("shared files", "share_gb", "sizeInGb"),
    "scaleway:loadbalancers/loadBalancer:LoadBalancer": ("load balancers", "load_balancer", None),
    "scaleway:network/publicGateway:PublicGateway": ("gateways", "gateway", None),
    "scaleway:instance/ip:Ip": ("public addresses", "public_address", None),
    "scaleway:network/publicGatewayIp:PublicGatewayIp": ("public addresses", "public_address", None),
}


def estimate(settings: Settings, resources: Iterable[Mapping[str, Any]]) -> list[Line]:
    """The lines of the estimate, from settings (machines) and a state's resources (everything else).

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
            what, price_name, size = priced
            provider = str(resource["type"]).split(":", 1)[0]
            unit = float(getattr(catalog.of(provider).prices, price_name))
            add(provider, what, 1, unit * (resource["inputs"][size] if size else 1))
    return [Line(provider, what, count, eur) for (provider, what), (count, eur) in sorted(found.items())]
