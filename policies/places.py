"""Where the providers' regions and zones are.

The pack cannot afford to read the catalogue at start-up; a test keeps the two in step. Names that are not here are
unknown places, which no policy accepts: a new region is added here and in the catalogue, with its country.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

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


@dataclass(frozen=True, slots=True)
class Region:
    """A region's country (ISO 3166) and its zones, where machines can be placed in them."""

    country: str
    zones: tuple[str, ...] = ()


OVH: Final = {
    "EU-WEST-PAR": Region("FR", ("eu-west-par-a", "eu-west-par-b", "eu-west-par-c")),
    "EU-SOUTH-MIL": Region("IT", ("eu-south-mil-a", "eu-south-mil-b", "eu-south-mil-c")),
    "GRA11": Region("FR", ("GRA11",)),
    "SBG7": Region("FR", ("SBG7",)),
    "RBX-A": Region("FR", ("RBX-A",)),
    "DE1": Region("DE", ("DE1",)),
    "WAW1": Region("PL", ("WAW1",)),
    "UK1": Region("GB", ("UK1",)),
    "BHS5": Region("CA", ("BHS5",)),
    "GRA": Region("FR"),
    "SBG": Region("FR"),
    "RBX": Region("FR"),
    "DE": Region("DE"),
    "WAW": Region("PL"),
    "UK": Region("GB"),
    "BHS": Region("CA"),
    # Regions of the key management service, which the catalogue does not have.
    "EU-WEST-GRA": Region("FR"),
    "EU-WEST-RBX": Region("FR"),
    "EU-WEST-SBG": Region("FR"),
}
SCALEWAY: Final = {
    "fr-par": Region("FR", ("fr-par-1", "fr-par-2", "fr-par-3")),
    "nl-ams": Region("NL", ("nl-ams-1", "nl-ams-2", "nl-ams-3")),
    "pl-waw": Region("PL", ("pl-waw-1", "pl-waw-2", "pl-waw-3")),
}
AWS: Final = {
    "eu-central-1": Region("DE", ("eu-central-1a", "eu-central-1b", "eu-central-1c")),
    "eu-north-1": Region("SE", ("eu-north-1a", "eu-north-1b", "eu-north-1c")),
    "eu-south-1": Region("IT", ("eu-south-1a", "eu-south-1b", "eu-south-1c")),
    "eu-south-2": Region("ES", ("eu-south-2a", "eu-south-2b", "eu-south-2c")),
    "eu-west-1": Region("IE", ("eu-west-1a", "eu-west-1b", "eu-west-1c")),
    "eu-west-3": Region("FR", ("eu-west-3a", "eu-west-3b", "eu-west-3c")),
    "eusc-de-east-1": Region("DE", ("eusc-de-east-1a", "eusc-de-east-1b", "eusc-de-east-1c")),
    "eu-central-2": Region("CH", ("eu-central-2a", "eu-central-2b", "eu-central-2c")),
    "eu-west-2": Region("GB", ("eu-west-2a", "eu-west-2b", "eu-west-2c")),
    "us-east-1": Region("US"),
}
# Vault's properties name regions of AWS, where it keeps or copies things there.
PROVIDERS: Final[Mapping[str, Mapping[str, Region]]] = {"ovh": OVH, "scaleway": SCALEWAY, "aws": AWS, "vault": AWS}


def _by_place(regions: Mapping[str, Region]) -> dict[str, tuple[str, Region]]:
    """Region and zone names in lower case → the region."""
    return {place.lower(): (name, region) for name, region in regions.items() for place in (name, *region.zones)}


_PLACES: Final = {provider: _by_place(regions) for provider, regions in PROVIDERS.items()}


def country(provider: str, place: str) -> str | None:
    """The country of a region or zone; None where the place is not known."""
    found = _PLACES[provider].get(place.lower())
    return found[1].country if found else None


def zones(provider: str, place: str) -> tuple[str, ...]:
    """All the zones of the region that a region or zone belongs to; empty where it is not known or has none."""
    found = _PLACES[provider].get(place.lower())
    return found[1].zones if found else ()


def region(provider: str, place: str) -> str | None:
    """The region that a zone belongs to; None where the place is not known."""
    found = _PLACES[provider].get(place.lower())
    return found[0] if found else None


def in_eu(provider: str) -> list[str]:
    """The names of a provider's regions in the European Union, sorted."""
    return sorted(name for name, found in PROVIDERS[provider].items() if found.country in EU_COUNTRIES)
