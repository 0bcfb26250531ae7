"""What the providers offer, as data: the settings, the simulated clouds and the cost estimate all read it here."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict

EU_COUNTRIES: Final = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)
"""ISO 3166 codes of the member states; the United Kingdom and Switzerland are outside."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Region(_Model):
    """A place with machines: its country, its zones, and the region of its object storage."""

    country: str
    zones: tuple[str, ...]
    object_storage: str

    @property
    def in_eu(self) -> bool:
        """Whether its country is a member state of the European Union."""
        return self.country in EU_COUNTRIES


class InstanceType(_Model):
    """A size of machine."""

    vcpu: int
    memory_gib: int
    eur_month: float


class Prices(_Model):
    """What costs by the piece or by the gigabyte, in EUR a month."""

    block_gb: float
    share_gb: float
    object_gb: float
    load_balancer: float
    gateway: float
    public_address: float


class Quotas(_Model):
    """How many of a kind one project may have."""

    instances: int
    volumes: int
    buckets: int


class Catalog(_Model):
    """What one provider offers."""

    provider: str
    regions: Mapping[str, Region]
    object_storage_regions: Mapping[str, str]
    instance_types: Mapping[str, InstanceType]
    images: Mapping[str, str]
    prices: Prices
    quotas: Quotas

    def object_storage_in_eu(self, region: str) -> bool:
        """Whether an object storage region is known and in the European Union."""
        return self.object_storage_regions.get(region) in EU_COUNTRIES


class ManagedType(_Model):
    """A size of a service that AWS runs."""

    vcpu: int
    memory_gib: float
    eur_month: float


class AwsCatalog(_Model):
    """What AWS offers: services that it runs, no machines."""

    provider: str
    regions: Mapping[str, Region]
    cache_types: Mapping[str, ManagedType]
    document_types: Mapping[str, ManagedType]
    sql_types: Mapping[str, ManagedType]
    prices: Mapping[str, float]
    """EUR a month, by what is counted."""


@functools.cache
def of(provider: str) -> Catalog:
    """A provider's catalogue; KeyError where there is none."""
    return Catalog.model_validate(_read(provider), strict=False)


@functools.cache
def aws() -> AwsCatalog:
    """The catalogue of AWS."""
    return AwsCatalog.model_validate(_read("aws"), strict=False)


def _read(provider: str) -> Any:
    file = Path(__file__).with_name(f"{provider}.yaml")
    if not file.exists():
        raise KeyError(provider)
    return yaml.load(file.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader


def image(provider: str, name: str) -> str:
    """The provider's name of an operating system image."""
    return of(provider).images[name]


def object_storage_region(provider: str, region: str) -> str:
    """The object storage region that belongs to a region with machines."""
    return of(provider).regions[region].object_storage
