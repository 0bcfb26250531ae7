"""What the providers offer is whole, and nothing in it is outside what it says it is in."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

import catalog
from settings import Provider


@pytest.fixture(params=Provider, ids=str)
def offered(request: pytest.FixtureRequest) -> catalog.Catalog:
    return catalog.of(request.param.value)


def test_every_provider_has_a_catalogue_and_nobody_else(offered: catalog.Catalog) -> None:
    assert {file.stem for file in Path(catalog.__file__).parent.glob("*.yaml")} == {*Provider, "aws"}
    assert catalog.of(offered.provider) is offered
    with pytest.raises(KeyError, match="nobody"):
        catalog.of("nobody")


def test_the_union_has_its_member_states() -> None:
    assert len(catalog.EU_COUNTRIES) == 27
    assert {"FR", "NL", "PL", "DE", "IT"} <= catalog.EU_COUNTRIES
    assert not catalog.EU_COUNTRIES & {"GB", "UK", "CH", "NO", "CA", "US", "EU"}


@pytest.mark.parametrize(
    ("provider", "outside"), [("ovh", {"UK1", "BHS5"}), ("scaleway", set())], ids=("ovh", "scaleway")
)
def test_regions_know_whether_they_are_in_the_union(provider: str, outside: set[str]) -> None:
    regions = catalog.of(provider).regions
    assert {name for name, region in regions.items() if not region.in_eu} == outside
    assert len(regions) > len(outside)


def test_an_object_storage_region_that_nobody_knows_is_not_in_the_union(offered: catalog.Catalog) -> None:
    assert not offered.object_storage_in_eu("MARS1")
    assert {name for name in offered.object_storage_regions if not offered.object_storage_in_eu(name)} == {
        name for name in ("UK", "BHS") if name in offered.object_storage_regions
    }


def test_object_storage_is_in_the_country_of_the_machines(offered: catalog.Catalog) -> None:
    for name, region in offered.regions.items():
        storage = catalog.object_storage_region(offered.provider, name)
        assert offered.object_storage_regions[storage] == region.country, name


def test_zones_belong_to_one_region(offered: catalog.Catalog) -> None:
    zones = Counter(zone for region in offered.regions.values() for zone in region.zones)
    assert max(zones.values()) == 1
    for name, region in offered.regions.items():
        assert region.zones
        assert all(zone.lower().startswith(name.lower()) for zone in region.zones)


def test_the_image_of_the_machines_is_offered(offered: catalog.Catalog) -> None:
    assert catalog.image(offered.provider, "Debian 12")


def test_larger_machines_of_a_family_cost_more(offered: catalog.Catalog) -> None:
    families: dict[str, list[catalog.InstanceType]] = {}
    for name, size in offered.instance_types.items():
        families.setdefault(name.rsplit("-", 1)[0] if offered.provider == "ovh" else _family(name), []).append(size)
    assert len(families) > 2
    for family, sizes in families.items():
        ordered = sorted(sizes, key=lambda size: size.memory_gib)
        prices = [size.eur_month for size in ordered]
        assert prices == sorted(set(prices)), family
        assert [size.vcpu for size in ordered] == sorted(size.vcpu for size in ordered), family


def _family(name: str) -> str:
    """`POP2-HM-2C-16G` is of the family POP2-HM, `DEV1-S` of DEV1."""
    return "POP2-HM" if name.startswith("POP2-HM") else name.split("-")[0]


def test_prices_and_quotas_are_more_than_nothing(offered: catalog.Catalog) -> None:
    assert all(price > 0 for price in offered.prices.model_dump().values())
    assert all(number > 0 for number in offered.quotas.model_dump().values())


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"discount": 0.5}, "discount"),
        ({"prices": {"block_gb": 0.1}}, "prices.share_gb"),
        ({"instance_types": {"tiny": {"vcpu": 1, "memory_gib": 2, "eur_month": "cheap"}}}, "instance_types.tiny"),
    ],
    ids=("unknown key", "missing price", "price that is no number"),
)
def test_a_catalogue_that_is_not_whole_is_refused(change: dict[str, object], where: str) -> None:
    document = yaml.safe_load((Path(catalog.__file__).parent / "ovh.yaml").read_text())
    with pytest.raises(ValidationError) as caught:
        catalog.Catalog.model_validate({**document, **change}, strict=False)
    assert any(".".join(map(str, error["loc"])).startswith(where) for error in caught.value.errors())
