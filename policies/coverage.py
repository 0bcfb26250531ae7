"""Which resource types say where they are, and by which property: read from the SDKs, written to locations.json.

`python -m policies.coverage` writes the file. Tests keep it current, and fail when an SDK brings a property whose
name speaks of a place and that nobody has decided on.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from policies.eu_residency import DNS_ZONES, NOT_PLACES, names_place

PACKAGES: Final = {
    "ovh": "pulumi_ovh",
    "scaleway": "pulumiverse_scaleway",
    "vault": "pulumi_vault",
    "aws": "pulumi_aws",
}
FILE: Final = Path(__file__).with_name("locations.json")
SETTLING: Final = ("region", "regionName", "regions", "zone")
"""What says where a resource is, the most telling first; a type's other places only refine or add to it."""
SPEAKS_OF_PLACE: Final = re.compile(r"region|availabilityzone|^zones?$|datacenter|country", re.I)
NO_PLACE: Final = {
    "where a contact or a certificate's holder lives, or where requests come from": [
        "country",
        "countryCode",
        "countryCodes",
        "isoCountryCode",
    ],
    "the id of equipment that exists, whose contract says where it is": [
        "configDatacenterId",
        "datacenter",
        "datacenterId",
        "datacenters",
    ],
    "a name inside a database cluster": ["localDatacenter"],
    "zones of the region that the resource is in": [
        "availabilityZoneAddresses",
        "availabilityZoneId",
        "availabilityZoneIds",
        "availabilityZoneMappings",
    ],
    "a switch, a number or a way of doing, not a place": [
        "availabilityZoneChangeProtection",
        "availabilityZoneCount",
        "availabilityZoneDistribution",
        "availabilityZoneRebalancing",
        "availabilityZoneRelocationEnabled",
        "isMultiRegionTrail",
        "multiRegionEnabled",
        "regionConcurrencyType",
        "regionLinkingMode",
        "skipRegionValidation",
        "useStsRegionFromClient",
    ],
    "the name of something, whose own resource has a region": [
        "arcregionswitch",
        "multiRegionClusterName",
        "multiRegionClusterNameSuffix",
        "multiRegionParameterGroupName",
        "regionalCertificateArn",
        "regionalCertificateName",
        "regionalNatGatewayId",
        "wafregional",
    ],
    "holds inputs that are judged by their own names": [
        "crossRegionConfig",
        "crossRegionCopies",
        "crossRegionCopyRules",
        "crossRegionDataGuard",
        "crossRegionDisasterRecovery",
        "crossRegionS3RestoreSourcesAccesses",
        "multiRegionProperties",
        "rdsCreateCrossRegionReadReplicaConfigs",
        "regionAndRoutingControls",
        "regionDatabaseClusterArns",
        "regionEventSourceMappings",
        "regionLists",
        "regionOrders",
        "regionSwitchPlanConfigs",
        "regionalParameters",
    ],
    "the provider's own addresses": ["s3UsEast1RegionalEndpoint"],
    "parts of a picture or a market": ["regionsOfInterests"],
}
"""Inputs whose names speak of places and that eu-residency does not read, by reason."""
RESOURCE: Final = re.compile(r"\.__init__\(\s*'((?:ovh|scaleway|vault|aws):[\w/]+:\w+)'")
GETTER: Final = re.compile(r'@pulumi\.getter(?:\(name="(\w+)"\))?\s+def (\w+)\(self\)')
CLASS: Final = re.compile(r"^class (\w+)", re.M)


@dataclass(frozen=True, slots=True)
class Type:
    """A resource type of an SDK and its inputs, by their names on the wire."""

    token: str
    inputs: frozenset[str]


def _sources(package: str) -> Iterator[str]:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the SDK {package} is not installed; `make setup` installs it")
    for file in sorted(Path(spec.origin).parent.rglob("*.py")):
        yield file.read_text()


def _names(source: str) -> frozenset[str]:
    return frozenset(wire or plain for wire, plain in GETTER.findall(source))


@functools.cache
def types(provider: str) -> tuple[Type, ...]:
    """All resource types of a provider's SDK; the sources are read, as importing them takes half a minute."""
    found = []
    for source in _sources(PACKAGES[provider]):
        token = RESOURCE.search(source)
        arguments = re.search(
            r"^class \w+Args:$.*?(?=^(?:if not MYPY|class|@pulumi\.(?:input_type|type_token)))", source, re.M | re.S
        )
        if token is not None and arguments is not None:
            found.append(Type(token[1], _names(arguments[0])))
    return tuple(sorted(found, key=lambda t: t.token))


@functools.cache
def nested(provider: str) -> frozenset[str]:
    """The names of all inputs inside other inputs of a provider's resource types."""
    names: set[str] = set()
    for source in _sources(PACKAGES[provider]):
        if RESOURCE.search(source) is None:
            for text in re.split(r"(?=^class )", source, flags=re.M):
                title = CLASS.match(text)
                # What a provider reports is an input in the SDK's types only, and never in a program.
                if title is not None and title[1].endswith("Args") and "CurrentState" not in title[1]:
                    names |= _names(text)
    return frozenset(names)


def location(kind: Type) -> str | None:
    """The property that says where a resource of a type is; None where none does."""
    keys = [key for key in SETTLING if key in kind.inputs]
    if kind.token.startswith(DNS_ZONES) and "zone" in keys:
        keys.remove("zone")
    return keys[0] if keys else None


def table() -> Mapping[str, Mapping[str, list[str]]]:
    """Provider → property → resource types."""
    found: dict[str, dict[str, list[str]]] = {}
    for provider in ("aws", "ovh", "scaleway"):
        for kind in types(provider):
            key = location(kind)
            if key is not None:
                found.setdefault(provider, {}).setdefault(key, []).append(kind.token)
    return found


def undecided(provider: str) -> list[str]:
    """Inputs of a provider's types that speak of places and that are neither judged nor listed in NO_PLACE."""
    names = set(nested(provider)).union(*(kind.inputs for kind in types(provider)))
    listed = {name for group in NO_PLACE.values() for name in group} | set(NOT_PLACES)
    return sorted(n for n in names if SPEAKS_OF_PLACE.search(n) and not names_place(n) and n not in listed)


def text() -> str:
    """The content of locations.json."""
    return json.dumps(table(), indent=0, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
