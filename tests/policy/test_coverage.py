"""What the installed SDKs can say of places is decided on, and the tables that the pack reads are current."""

from __future__ import annotations

import ast
import re

import pytest

import catalog
from policies import coverage, places
from policies.eu_residency import NOT_PLACES

TOKEN = re.compile(rf"(?:{'|'.join(coverage.PACKAGES)}):[A-Za-z]\w*/\w+:\w+")


@pytest.mark.parametrize("provider", coverage.PACKAGES)
def test_every_input_that_speaks_of_a_place_is_decided_on(provider: str) -> None:
    assert coverage.undecided(provider) == [], "judge it in eu_residency.py, or list it in NO_PLACE with the reason"


def test_the_table_of_locations_is_that_of_the_installed_sdks() -> None:
    assert coverage.FILE.read_text() == coverage.text(), "run `python -m policies.coverage`"


@pytest.mark.parametrize("provider", coverage.PACKAGES)
@pytest.mark.parametrize("subject", ["destinations", "secrets"])
def test_every_input_that_speaks_of_a_destination_or_a_secret_is_decided_on(provider: str, subject: str) -> None:
    found = coverage.decisions()[provider][subject]
    assert len(found) > 5, "the SDK was read"
    assert [name for name, decision in found.items() if decision is None] == [], (
        "judge it in eu_residency.py or literals.py, or give the reason in coverage.py"
    )


def test_every_type_that_a_policy_names_is_in_an_sdk() -> None:
    known = {kind.token for provider in coverage.PACKAGES for kind in coverage.types(provider)}
    named = {
        (file.name, node.value)
        for file in coverage.FILE.parent.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and TOKEN.fullmatch(node.value)
    }
    assert len(named) > 100, "the policies were read"
    assert sorted(one for one in named if one[1] not in known) == []


def test_the_decisions_are_those_on_the_installed_sdks() -> None:
    assert coverage.DECISIONS.read_text() == coverage.decisions_text(), (
        "run `python -m policies.coverage`, and look at what the change decides"
    )


@pytest.mark.parametrize("reasons", [coverage.NO_DESTINATION, coverage.NO_SECRET])
def test_every_reason_is_needed(reasons: dict[str, str]) -> None:
    given = {
        decision
        for of_provider in coverage.decisions().values()
        for of_subject in of_provider.values()
        for decision in of_subject.values()
    }
    assert set(reasons) - given == set()


@pytest.mark.parametrize(
    ("name", "decision"),
    [
        ("masterPassword", "judged by its name"),
        ("secretStringWo", "judged by its name"),
        ("bindpassWo", "judged by its name"),
        ("bgpAuthKey", "judged by its name"),
        ("containerDefinitions", "searched"),
        ("dataJson", "judged by its type"),
        ("novelPassphraseThing", None),
    ],
)
def test_a_secret_is_decided_by_what_it_is(name: str, decision: str | None) -> None:
    assert coverage.secret("vault", name) == decision


@pytest.mark.parametrize(
    ("name", "decision"),
    [
        ("destinationRegion", "judged by its name"),
        ("datadogDestination", "judged by its name"),
        ("novelReplicaThing", None),
    ],
)
def test_a_destination_is_decided_by_what_it_is(name: str, decision: str | None) -> None:
    assert (coverage.destination(name) is None) == (decision is None)


def test_nothing_is_decided_on_that_no_sdk_has() -> None:
    names = {
        name
        for provider in coverage.PACKAGES
        for name in coverage.nested(provider).union(*(kind.inputs for kind in coverage.types(provider)))
    }
    listed = {name for group in coverage.NO_PLACE.values() for name in group} | set(NOT_PLACES)
    assert sorted(listed - names) == []


@pytest.mark.parametrize(("provider", "regions"), [("ovh", places.OVH), ("scaleway", places.SCALEWAY)])
def test_places_are_those_of_the_catalogue(provider: str, regions: dict[str, places.Region]) -> None:
    offered = catalog.of(provider)
    for name, region in offered.regions.items():
        assert regions[name] == places.Region(region.country, region.zones)
    for name, country in offered.object_storage_regions.items():
        assert regions[name].country == country
    key_management = {"EU-WEST-GRA", "EU-WEST-RBX", "EU-WEST-SBG"}
    assert set(regions) - offered.regions.keys() - offered.object_storage_regions.keys() == (
        key_management if provider == "ovh" else set()
    )


def test_the_union_is_the_same_everywhere() -> None:
    assert places.EU_COUNTRIES == catalog.EU_COUNTRIES
    assert len(places.EU_COUNTRIES) == 27
    assert not {"GB", "CH", "NO", "US", "CA"} & places.EU_COUNTRIES


def test_places_are_found_by_region_and_zone_in_any_case() -> None:
    assert places.country("ovh", "gra11") == "FR"
    assert places.country("ovh", "EU-WEST-PAR-B") == "FR"
    assert places.country("aws", "eu-west-2a") == "GB"
    assert places.country("aws", "ap-east-1") is None
    assert places.zones("scaleway", "nl-ams-1") == ("nl-ams-1", "nl-ams-2", "nl-ams-3")
    assert places.region("scaleway", "pl-waw-2") == "pl-waw"
    assert places.zones("ovh", "nowhere") == ()
    assert places.region("ovh", "nowhere") is None
    assert places.in_eu("scaleway") == ["fr-par", "nl-ams", "pl-waw"]
    assert {"UK1", "BHS5", "UK", "BHS"}.isdisjoint(places.in_eu("ovh"))
