"""Which resource types say where they are, and by which property: read from the SDKs, written to locations.json
and decisions.json.

`python -m policies.coverage` writes the files. Tests keep them current, and fail when an SDK brings a property whose
name speaks of a place, of where data goes, or of a secret, and that nobody has decided on.
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

from policies.eu_residency import ARN_KEYS, DNS_ZONES, EXPORTERS, NOT_PLACES, names_place
from policies.literals import is_secret_name
from policies.secrets_from_vault import SECRETS_BY_TYPE, TEXTS, USER_DATA

PACKAGES: Final = {
    "ovh": "pulumi_ovh",
    "scaleway": "pulumiverse_scaleway",
    "vault": "pulumi_vault",
    "aws": "pulumi_aws",
}
FILE: Final = Path(__file__).with_name("locations.json")
DECISIONS: Final = Path(__file__).with_name("decisions.json")
"""Every input whose name speaks of a destination or a secret, with what was decided: what is new shows as a change."""
SETTLING: Final = ("region", "regionName", "regions", "zone")
"""What says where a resource is, the most telling first; a type's other places only refine or add to it."""
OLDER_NAMES: Final = {"aws:ssmincidents/replicationSet:ReplicationSet": "region"}
"""Inputs that are an older name of another one, `regions` here."""
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
        "isRegional",
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
SPEAKS_OF_DESTINATION: Final = re.compile(r"destination|replica|endpoint|(?<!al)location|cop(?:y|ies)|exporter", re.I)
NO_DESTINATION: Final = {
    "judged by its value, wherever it is: an ARN has a region": r"Arns?$",
    "the name, id, path or port of something, whose own resource has a place": (
        r"(?:Name|Names|Ids?|Identifier|Uri|Uris|Url|Path|Port|Ports|PortRanges?|Pattern|Prefix|Prefixes|Key|Table|Tables"
        r"|Schema|Field|Pem|Label|Scope|Holder|Accounts?|Addresses|Address|Ip|Ips|Ipv4s|Ipv6s|Cidr|CidrBlocks?|Subdomain"
        r"|Topics|Groups?|Lists?|Value|Bucket|Db|Suffix|Description|User|Domains?|Reference|Override|Overrides|Vpcs)$"
    ),
    "a switch, a number or a way of doing": (
        r"(?:Type|Types|Mode|Enabled|Status|Count|Factor|Replicas|Class|Strategy|Access|Version|Since|Match|Allowed|Flags"
        r"|^exporter|Exporter|Days|Methods|Management|Required|Resource|Protocol|Policy|Policies|PerShard|PerNodeGroup|Overwrite|Sharing"
        r"|Constraint|Confirms|Error|Secret|Roles?|Disks|Tasks?|Backups?|Association|Associations|Time|Times)$"
        r"|^(?:copy|use|enable|disable|is|require|force|autoReplicate|detect|filterAt|start|pause|min|max|num|private"
        r"DnsOnly|skip|failOn|burnIn|dvbSub|teletext|ttml|webvtt|smpte|scte|embedded|ebu|arib|rtmp|geo|skewed)"
    ),
    "holds inputs that are judged by their own names": (
        r"(?:Config|Configs|Configuration|Configurations|Settings|Options|Details|Modifications|Specification|InfoList"
        r"|Properties|Delivery|[dD]estinations|Destination|[rR]eplicas|Copies|Locations?|Replications?|Overrides|Map|Maps|Rules|Actions|Endpoints|Input)$"
    ),
    "an address of the provider's own service, or inside the network": r"Endpoint$|^endpoint|^location|^replicat",
    "a kind of destination, or an ARN, which is judged by its value": r"^destination$",
    "names of things that are copied; where to is said beside": r"ToReplicates$",
}
"""Inputs whose names speak of where data goes and that eu-residency does not read by name, by reason."""
SPEAKS_OF_SECRET: Final = re.compile(
    r"passw|passphrase|secret|token|credential|private_?key|api_?key|auth_?key|access_?key|connection_?string"
    r"|shared_?key|key_?material",
    re.I,
)
NO_SECRET: Final = {
    "a number, a time, a switch or a way of doing": (
        r"(?:Version|Ttl|Validity|ValidityDays|Days|Age|Period|Count|Size|Length|Uses|Cidrs|Types?|Format|Mode|Status"
        r"|Statuses|Strategy|Enabled|Required|Reset|Revocation|Rotation|Prevention|Check|Units|Only|Scopes|Audiences"
        r"|Policy|Policies|Capacity|Storage|Exchange|Generation|Validation|Methods|Encryption|Encrypted|CreatedAts"
        r"|Triggers?|Duration|Selection|Email|Groups|DefaultPolicy|Authentication|Value|Data|Tokens)$"
    ),
    "a name, a path, an address or an id, of a secret that is elsewhere": (
        r"(?:Arns?|ArnLists|Ids?|Names?|NameTemplate|Alias|Label|Path|Files?|Urls?|Endpoint|Location|Source|Providers?"
        r"|Vendor|Prefix|Host|Domains|Issuer|Parameter|Param|Field|Kid|Secrets|Refs|References?|Pair|PublicKeys|Manager"
        r"|secretsmanager|Metadatas|UserNames|Options|HeaderValue)$"
    ),
    "holds inputs that are judged by their own names": (
        r"(?:Config|Configs|Configuration|Configurations|Settings|Map|ParametersMap|CustomProperties|Credential)$"
    ),
    "the half of a pair that is no secret": r"^accessKey$",
    "references to secrets that are elsewhere": r"^secrets$",
    "words that a model counts": r"^tokens$",
    "a token that makes a request happen once, or names a version": r"^(?:clientRequest|client|creation|offer|viewVersion)Token$",
    "a name of a key in Vault, an audience or an expression": r"^identityToken(?:Audience|Key)$|Expression$",
    "searched for the known formats of tokens and for passwords in addresses": r"^connectionString$",
}
"""Inputs whose names speak of secrets and that secrets-from-vault does not judge by name, by reason."""
MARKED_BY_THE_SDK: Final = re.compile(
    r'__props__\.__dict__\["(\w+)"\] = None if \w+ is None else pulumi\.Output\.secret'
)
RESOURCE: Final = re.compile(r"\.__init__\(\s*'((?:ovh|scaleway|vault|aws):[\w/]+:\w+)'")
GETTER: Final = re.compile(
    r'@pulumi\.getter(?:\(name="(\w+)"\))?\s+(?:@_utilities\.deprecated\("""(?:(?!""").)*"""\)\s+)?def (\w+)\(self\)',
    re.S,
)
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
    others = {"zone"} if kind.token.startswith(DNS_ZONES) else {OLDER_NAMES.get(kind.token)}
    keys = [key for key in SETTLING if key in kind.inputs and key not in others]
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


@functools.cache
def marked(provider: str) -> frozenset[str]:
    """Inputs of a provider's types that the SDK marks as secret by itself, whatever the program does."""
    names: set[str] = set()
    for source in _sources(PACKAGES[provider]):
        if RESOURCE.search(source) is not None:
            wire = {plain: name or plain for name, plain in GETTER.findall(source)}
            names |= {wire.get(plain, plain) for plain in MARKED_BY_THE_SDK.findall(source)}
    return frozenset(names)


def _every_input(provider: str) -> frozenset[str]:
    return nested(provider).union(*(kind.inputs for kind in types(provider)))


def _reason(name: str, reasons: Mapping[str, str]) -> str | None:
    return next((reason for reason, pattern in reasons.items() if re.search(pattern, name)), None)


def destination(name: str) -> str | None:
    """What is decided on an input that speaks of where data goes; None where nothing is."""
    if names_place(name) or name in ARN_KEYS | EXPORTERS:
        return "judged by its name"
    return _reason(name, NO_DESTINATION)


def secret(provider: str, name: str) -> str | None:
    """What is decided on an input that can hold a secret; None where nothing is."""
    if is_secret_name(name):
        return "judged by its name"
    if name in TEXTS | USER_DATA:
        return "searched"
    if name in {key for _, key in SECRETS_BY_TYPE}:
        return "judged by its type"
    return "marked by the SDK" if name in marked(provider) else _reason(name, NO_SECRET)


def decisions() -> Mapping[str, Mapping[str, Mapping[str, str | None]]]:
    """Provider → destinations or secrets → input → what is decided on it."""
    return {
        provider: {
            "destinations": {
                name: destination(name) for name in sorted(_every_input(provider)) if SPEAKS_OF_DESTINATION.search(name)
            },
            "secrets": {
                name: secret(provider, name)
                for name in sorted(_every_input(provider) | marked(provider))
                if SPEAKS_OF_SECRET.search(name) or name in marked(provider)
            },
        }
        for provider in PACKAGES
    }


def decisions_text() -> str:
    """The content of decisions.json."""
    return json.dumps(decisions(), indent=1, sort_keys=True) + "\n"


def text() -> str:
    """The content of locations.json."""
    return json.dumps(table(), indent=0, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
    DECISIONS.write_text(decisions_text())
