"""Data stays in the European Union: every region, zone and destination of every resource is in a member state."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from policies import places
from policies.model import Policy, Resource, Severity, Violation
from policies.wire import UNKNOWN, Secret, reveal

PLACE_KEYS: Final = frozenset(
    [
        "availabilityZone",
        "availabilityZoneName",
        "availabilityZones",
        "region",
        "regionName",
        "regionToRun",
        "regions",
        "zone",
    ]
)
PLACE_SUFFIXES: Final = ("Region", "Regions", "AvailabilityZone", "AvailabilityZones")
"""Properties of these names, at any depth, have names of places as values."""
NOT_PLACES: Final = {
    "boundRegions": "where somebody who logs in comes from, not where data is",
    "stateOrRegion": "a line of a postal address",
}
"""Properties that look like places by these rules and are not, with the reason."""
ARN_KEYS: Final = frozenset(
    ["auditDestinationArn", "deliveryDestinationArn", "destinationArn", "destinationLocationArn", "destinationVaultArn"]
)
"""Properties, at any depth, that name by ARN where something is copied or sent to, so that they must be known."""
GLOBAL_ARN_KEYS: Final = frozenset(["acmCertificateArn", "certificateArn", "webAclId", "webAclArn", "lambdaArn"])
"""Properties whose ARN is in us-east-1 for services that AWS has only there; no data is behind it."""
EXPORTERS: Final = frozenset(
    [
        "datadogDestination",
        "httpEndpointConfiguration",
        "otlpDestination",
        "snowflakeConfiguration",
        "splunkConfiguration",
    ]
)
"""Properties, at any depth, by which what happens here is sent to somebody else."""
DNS_ZONES: Final = ("ovh:Domain/",)
"""Modules whose `zone` is a DNS zone."""
FREE_TEXT: Final = frozenset(["tags", "tagsAll", "labels", "metadata", "variables", "environment", "currentState"])
"""Properties whose keys are somebody's own words or the provider's report."""
OVH_ENDPOINT: Final = "ovh-eu"


@functools.cache
def _locations() -> dict[str, dict[str, str]]:
    """Provider → resource type → the property that says where it is; written by `python -m policies.coverage`."""
    table = json.loads(Path(__file__).with_name("locations.json").read_text())
    return {
        provider: {kind: key for key, kinds in by_key.items() for kind in kinds} for provider, by_key in table.items()
    }


def check(resource: Resource) -> Iterator[Violation]:
    """Judge all places of a resource, and that it has one where its type has a place for it."""
    if resource.type.startswith("pulumi:providers:"):
        yield from _provider(resource)
        return
    provider = resource.type.partition(":")[0]
    if provider not in places.PROVIDERS:
        return
    dns = resource.type.startswith(DNS_ZONES)
    for path, key, value in _named(resource.inputs):
        if key in EXPORTERS:
            yield Violation(f"{path} sends data to a third party, whose place nobody can tell", "no such destination")
        elif key in ARN_KEYS or _is_arn(value):
            if key not in GLOBAL_ARN_KEYS:
                yield from _arn(path, value)
        elif not (dns and key == "zone"):
            yield from _place(provider, path, value)
    where = _locations().get(provider, {}).get(resource.type)
    if where is not None and reveal(resource.inputs.get(where)) in (None, "", []):
        yield from _settled_by_provider(provider, where, resource)


@functools.cache
def names_place(key: str) -> bool:
    """Whether the values of a property of this name are places."""
    return key in PLACE_KEYS or (key.endswith(PLACE_SUFFIXES) and key not in NOT_PLACES)


def _named(value: Any, path: str = "", key: str = "") -> Iterator[tuple[str, str, Any]]:
    """Path, key and value of every property that names a place, by its name or as an ARN, at any depth."""
    value = reveal(value)
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in FREE_TEXT:
                continue
            at = f"{path}.{key}" if path else key
            if key in EXPORTERS:
                yield at, key, inner
            elif names_place(key) or key in ARN_KEYS:
                found = reveal(inner)
                if isinstance(found, list):
                    yield from _listed(found, at, key)
                    continue
                if not isinstance(found, Mapping):
                    yield at, key, found
                    continue
            if isinstance(inner, dict | list | Secret):
                yield from _named(inner, at, key)
            elif _is_arn(inner):
                yield at, key, inner
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            if isinstance(inner, dict | list | Secret):
                yield from _named(inner, f"{path}[{index}]", key)
            elif _is_arn(inner):
                yield f"{path}[{index}]", key, inner
    elif _is_arn(value):
        yield path, key, value


def _listed(places: list[Any], at: str, key: str) -> Iterator[tuple[str, str, Any]]:
    """The places in a list: names, or objects with a name and more."""
    for index, element in enumerate(map(reveal, places)):
        where = f"{at}[{index}]"
        if isinstance(element, Mapping):
            if "name" in element:
                yield f"{where}.name", key, element["name"]
            yield from _named(element, where, key)
        else:
            yield where, key, element


def _is_arn(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("arn:") and value.count(":") >= 5


def _place(provider: str, path: str, value: Any) -> Iterator[Violation]:
    value = reveal(value)
    if value is None or value == "" or isinstance(value, bool):  # "in all regions", "in the same region"
        return
    if value is UNKNOWN:
        yield _violation(provider, f"{path} is {UNKNOWN!r}, so nobody can tell where the data will be")
    elif not isinstance(value, str):
        yield _violation(provider, f"{path} is {value!r}, which is not the name of a place")
    else:
        country = places.country(provider, value)
        if country is None:
            yield _violation(provider, f'{path} is "{value}", a place that is not known to be in the European Union')
        elif country not in places.EU_COUNTRIES:
            yield _violation(provider, f'{path} is "{value}" ({country}), outside the European Union')


def _arn(path: str, value: Any) -> Iterator[Violation]:
    value = reveal(value)
    if isinstance(value, str) and value.startswith("arn:"):
        # arn:partition:service:region:account:resource; some services' names have no region.
        region = (value.split(":", 5) + [""] * 4)[3]
        yield from _place("aws", f"{path} (its region)", region)
    elif value is UNKNOWN:
        yield _violation("aws", f"{path} is {UNKNOWN!r}, so nobody can tell where the copy will be")


def _settled_by_provider(provider: str, key: str, resource: Resource) -> Iterator[Violation]:
    given = resource.provider.properties if resource.provider is not None else {}
    # OVH's provider knows no region; Scaleway's and AWS's have one, which fills in for what resources leave out.
    value = reveal(given.get(key)) if provider in ("scaleway", "aws") else None
    name = resource.provider.name if resource.provider is not None else "default"
    if value in (None, ""):
        yield _violation(provider, f'{key} is missing, and the provider "{name}" does not settle it')
    else:
        yield from _place(provider, f'{key} is missing, and of the provider "{name}" the {key}', value)


def _provider(resource: Resource) -> Iterator[Violation]:
    provider = resource.type.rpartition(":")[2]
    if provider == "ovh":
        endpoint = reveal(resource.inputs.get("endpoint"))
        if endpoint != OVH_ENDPOINT:
            shown = "missing" if endpoint is None else repr(endpoint) if endpoint is UNKNOWN else f'"{endpoint}"'
            yield Violation(f"endpoint of the OVH provider is {shown}", f'"{OVH_ENDPOINT}"')
    elif provider in ("scaleway", "aws"):
        for key in ("region", "zone"):
            yield from _place(provider, key, resource.inputs.get(key))


def _violation(provider: str, problem: str) -> Violation:
    return Violation(problem, f"{', '.join(places.in_eu(provider))} and their zones")


POLICY: Final = Policy(
    name="eu-residency",
    description="Every region, zone and destination is in the European Union.",
    reason="Personal data must not come under the law of another country, by a copy, a backup or a default.",
    clause="Data stays in the European Union.",
    severity=Severity.CRITICAL,
    remedy="Name a region of the European Union for the resource in the stack's settings. Where a region in the "
    "Union is missing here, add it with its country to catalog/ and policies/places.py.",
    check=check,
)
