"""Names: zones and records, certificates for them, and how services find each other."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Any, Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.aws.base import HOME_REGION, VPC, Api, AwsKind, Reading, always, known_only
from sandbox.clouds.aws.tokens import CERTIFICATE, ZONE
from sandbox.properties import Properties, find
from sandbox.schema import Failure
from sandbox.servers.aws import Ask
from sandbox.store import Row

RECORD: Final = "aws:route53/record:Record"
NAMESPACE: Final = "aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace"
DISCOVERY: Final = "aws:servicediscovery/service:Service"
PENDING, ISSUED = "PENDING_VALIDATION", "ISSUED"


class Zone(AwsKind):
    """A domain."""

    token = ZONE
    service = "route53"
    everywhere = True
    autoname = False
    tag_operations = None
    references = (Reference("vpcs[].vpcId", (VPC,)),)
    replace_on = frozenset({"delegationSetId", "vpcs"})
    apart = frozenset({"forceDestroy"})
    renames = {"vpcs": "VPCs"}
    creation = Api(
        "CreateHostedZone",
        {
            "Name": "{name}",
            "CallerReference": lambda _: secrets.token_hex(8),
            "HostedZoneConfig": lambda p: {"Comment": p.get("comment") or "", "PrivateZone": bool(p.get("vpcs"))},
            "VPC": known_only(lambda p: _vpc(p), "vpcs"),
            "DelegationSetId": "{delegationSetId}",
        },
        takes=("comment", "vpcs"),
    )
    identity = "HostedZone.Id"
    settings = (
        Api(
            "ChangeTagsForResource",
            {"ResourceType": "hostedzone", "ResourceId": "{id}", "AddTags": "{tagsAll}"},
            takes=("tags",),
            when=lambda p: bool(p.get("tagsAll")),
        ),
    )
    changes = (Api("UpdateHostedZoneComment", {"Id": "{id}", "Comment": "{comment}"}),)
    deletion = (Api("DeleteHostedZone", {"Id": "{id}"}),)
    readings = (
        Reading(
            "GetHostedZone",
            {"Id": "{id}"},
            "{Name: HostedZone.Name, Comment: HostedZone.Config.Comment, NameServers: DelegationSet.NameServers}",
        ),
    )
    outputs = {
        "arn": "arn:aws:route53:::hostedzone/{id}",
        "zoneId": "{id}",
        "primaryNameServer": "NameServers[0]",
    }

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Domains are domains."""
        yield from super().check(inputs, call)
        if inputs.get("name") is None:
            yield Failure("name", "is required (a domain)")
        yield from rules.matches(inputs, "name", r"^([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z]{2,}\.?$", "a domain")

    def _identity(self, answer: Any, properties: Properties, call: Call) -> str:
        return str(answer["HostedZone"]["Id"]).rsplit("/", 1)[-1]


def _vpc(p: Properties) -> Properties | None:
    first = next(iter(p.get("vpcs") or []), None)
    return {"VPCId": first["vpcId"], "VPCRegion": first.get("vpcRegion") or p["region"]} if first else None


TYPES: Final = (
    "A",
    "AAAA",
    "CAA",
    "CNAME",
    "DS",
    "HTTPS",
    "MX",
    "NAPTR",
    "NS",
    "PTR",
    "SOA",
    "SPF",
    "SRV",
    "SVCB",
    "TXT",
)


def _records(p: Properties) -> list[Properties] | None:
    quoted = p.get("type") in ("TXT", "SPF")
    return [
        {"Value": f'"{value}"' if quoted and not str(value).startswith('"') else value}
        for value in p.get("records") or []
    ] or None


def _alias(p: Properties) -> Properties | None:
    first = next(iter(p.get("aliases") or []), None)
    if first is None:
        return None
    healthy = first["evaluateTargetHealth"]
    return {"DNSName": first["name"], "HostedZoneId": first["zoneId"], "EvaluateTargetHealth": healthy}


def _first(name: str, what: str) -> Any:
    return known_only(lambda p: next((one.get(what) for one in p.get(name) or []), None), name)


_SET: Final[dict[str, Any]] = {
    "Name": "{recordName}",
    "Type": "{type}",
    "TTL": "{ttl}",
    "ResourceRecords": known_only(_records, "records"),
    "AliasTarget": known_only(_alias, "aliases"),
    "SetIdentifier": "{setIdentifier}",
    "HealthCheckId": "{healthCheckId}",
    "MultiValueAnswer": "{multivalueAnswerRoutingPolicy}",
    "Weight": _first("weightedRoutingPolicies", "weight"),
    "Failover": _first("failoverRoutingPolicies", "type"),
    "Region": _first("latencyRoutingPolicies", "region"),
}
_READ: Final = (
    "name",
    "records",
    "aliases",
    "weightedRoutingPolicies",
    "failoverRoutingPolicies",
    "latencyRoutingPolicies",
)


def _change(action: Any) -> Api:
    return Api(
        "ChangeResourceRecordSets",
        {"HostedZoneId": "{zoneId}", "ChangeBatch": {"Changes": [{"Action": action, "ResourceRecordSet": _SET}]}},
        takes=_READ,
        when=always,
    )


class Record(AwsKind):
    """What a name stands for."""

    token = RECORD
    service = "route53"
    everywhere = True
    autoname = False
    tag_operations = None
    references = (Reference("zoneId", (ZONE,)),)
    replace_on = frozenset({"zoneId", "type", "setIdentifier"})
    apart = frozenset({"allowOverwrite"})
    renames = {"records": "ResourceRecords", "aliases": "AliasTarget", "aliases.name": "DNSName"}
    creation = _change(lambda p: "UPSERT" if p.get("allowOverwrite") else "CREATE")
    changes = (_change("UPSERT"),)
    identity = staticmethod(
        lambda p: "_".join(str(p[name]) for name in ("zoneId", "recordName", "type", "setIdentifier") if p.get(name))
    )
    deletion = (_change("DELETE"),)
    readings = (
        Reading(
            "ListResourceRecordSets",
            {"HostedZoneId": "{zoneId}", "StartRecordName": "{recordName}", "StartRecordType": "{type}"},
            "ResourceRecordSets[?Name=='{recordName}.' && Type=='{type}'] | [0].{Name: Name, TTL: TTL, "
            "records: ResourceRecords[].Value, AliasTarget: AliasTarget}",
        ),
    )
    outputs = {"fqdn": "{recordName}"}

    def _properties(
        self, identifier: Any, inputs: Mapping[str, Any], outputs: Mapping[str, Any], call: Call
    ) -> Properties:
        found = super()._properties(identifier, inputs, outputs, call)
        zone = call.get(ZONE, str(inputs.get("zoneId")))
        return {**found, "recordName": _full(inputs.get("name"), zone)}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """A record is an alias, or has values and a time; addresses are addresses."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "type", TYPES)
        if (inputs.get("records") is None) == (inputs.get("aliases") is None):
            yield Failure("records", "exactly one of records and aliases is accepted")
        if inputs.get("records") is not None and inputs.get("ttl") is None:
            yield Failure("ttl", "is required with records (seconds)")
        yield from rules.between(inputs, "ttl", 0, 2_147_483_647, "seconds")
        versions = {"A": IPv4Address, "AAAA": IPv6Address}
        version = versions.get(str(inputs.get("type")))
        for where, value in find(inputs, "records[]") if version else ():
            try:
                version(value)  # type: ignore[misc] # it is one of the two
            except (AddressValueError, ValueError):
                yield Failure(where, f"is {value!r}, but a record of type {inputs['type']} accepts addresses")

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """A name is in its zone; a CNAME is alone, and never the zone itself."""
        zone = call.get(ZONE, inputs["zoneId"])
        if zone is None:
            return
        name, apex = _full(inputs["name"], zone), str(zone.outputs["name"]).rstrip(".")
        if inputs["type"] == "CNAME" and name == apex:
            raise CloudError(
                f"InvalidChangeBatch: name: {name} is the zone itself, which accepts no CNAME; use an alias"
            )
        for row in call.rows(RECORD):
            same = row.outputs.get("zoneId") == inputs["zoneId"] and row.outputs.get("fqdn") == name
            other = existing is None or row.seq != existing.seq
            if (
                same
                and other
                and "CNAME" in (inputs["type"], row.outputs["type"])
                and inputs["type"] != row.outputs["type"]
            ):
                raise CloudError(
                    f"InvalidChangeBatch: name: {name} has a {row.outputs['type']}, besides which no CNAME can be"
                )


def _full(name: Any, zone: Row | None) -> Any:
    """A name with its zone."""
    if not rules.known(name):
        return name
    bare, apex = str(name).rstrip(".").lower(), str(zone.outputs["name"]).rstrip(".") if zone is not None else ""
    if not apex or bare == apex or bare.endswith(f".{apex}"):
        return bare
    return f"{bare}.{apex}" if bare else apex


class Certificate(AwsKind):
    """A certificate: it waits for its validation, which looks for the records that prove who owns the domain."""

    token = CERTIFICATE
    service = "acm"
    also_in = (HOME_REGION,)
    tag_operations = ("AddTagsToCertificate", "RemoveTagsFromCertificate")
    autoname = False
    creation = Api("RequestCertificate", mapped=True)
    identity = "CertificateArn"
    deletion = (Api("DeleteCertificate", {"CertificateArn": "{id}"}),)
    readings = (
        Reading(
            "DescribeCertificate",
            {"CertificateArn": "{id}"},
            "Certificate.{DomainName: DomainName, KeyAlgorithm: KeyAlgorithm, Type: Type, "
            "Validations: DomainValidationOptions}",
        ),
    )
    outputs = {
        "arn": "{id}",
        "status": lambda p: p.get("status") or PENDING,
        "domainValidationOptions": "Validations[].{domainName: DomainName, resourceRecordName: ResourceRecord.Name, "
        "resourceRecordType: ResourceRecord.Type, resourceRecordValue: ResourceRecord.Value}",
    }

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """A certificate that AWS issues is for a domain, and validated somehow."""
        yield from super().check(inputs, call)
        for name in ("domainName", "validationMethod"):
            if inputs.get(name) is None:
                yield Failure(name, "is required for a certificate that AWS issues")


class CertificateValidation(AwsKind):
    """The moment when a certificate is issued: the records of its domains must be there."""

    token = "aws:acm/certificateValidation:CertificateValidation"
    service = "acm"
    also_in = (HOME_REGION,)
    autoname = False
    tag_operations = None
    references = (Reference("certificateArn", (CERTIFICATE,), output="arn"),)
    apart = frozenset({"validationRecordFqdns"})
    creation = Api("DescribeCertificate", {"CertificateArn": "{certificateArn}"})
    identity = "{certificateArn}"
    readings = (Reading("DescribeCertificate", {"CertificateArn": "{id}"}, "Certificate.{Found: CertificateArn}"),)

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """Every domain has its record in one of the account's zones."""
        row = call.get(CERTIFICATE, inputs["certificateArn"])
        if row is None or row.inputs.get("validationMethod") != "DNS":
            return
        there = {str(record.outputs["fqdn"]): record.outputs.get("records") or [] for record in call.rows(RECORD)}
        for option in row.outputs["domainValidationOptions"]:
            name, value = option["resourceRecordName"].rstrip("."), option["resourceRecordValue"].rstrip(".")
            if value not in [str(one).rstrip(".") for one in there.get(name, [])]:
                raise CloudError(
                    f"certificateArn: {row.id} is still {PENDING}: there is no {option['resourceRecordType']} record "
                    f"{name} with the value {value}; its zone must be in this account and be delegated to"
                )
        call.store.change(row, row.inputs, {**row.outputs, "status": ISSUED})


class Namespace(AwsKind):
    """Names that services have within a VPC."""

    token = NAMESPACE
    service = "servicediscovery"
    autoname = False
    references = (Reference("vpc", (VPC,)),)
    replace_on = frozenset({"vpc"})
    creation = Api("CreatePrivateDnsNamespace", mapped=True)
    identity = "OperationId"
    deletion = (Api("DeleteNamespace", {"Id": "{id}"}),)
    readings = (Reading("GetNamespace", {"Id": "{id}"}, "Namespace"),)
    outputs = {"hostedZone": "Properties.DnsProperties.HostedZoneId"}

    def _identity(self, answer: Any, properties: Properties, call: Call) -> str:
        asked = Ask(self.service, properties["region"], "GetOperation", {"OperationId": answer["OperationId"]})
        return str(call.aws.read(asked)["Operation"]["Targets"]["NAMESPACE"])


class DiscoveryService(AwsKind):
    """One name, and the addresses that it has at the moment."""

    token = DISCOVERY
    service = "servicediscovery"
    references = (Reference("dnsConfig.namespaceId", (NAMESPACE,)), Reference("namespaceId", (NAMESPACE,)))
    replace_on = frozenset({"namespaceId", "healthCheckCustomConfig"})
    apart = frozenset({"forceDestroy"})
    creation = Api("CreateService", mapped=True)
    identity = "Service.Id"
    changes = (
        Api(
            "UpdateService",
            {
                "Id": "{id}",
                "Service": {
                    "Description": "{description}",
                    "DnsConfig": {"DnsRecords": "{dnsConfig.dnsRecords}"},
                    "HealthCheckConfig": "{healthCheckConfig}",
                },
            },
        ),
    )
    deletion = (Api("DeleteService", {"Id": "{id}"}),)
    readings = (Reading("GetService", {"Id": "{id}"}, "Service"),)


KINDS: Final[tuple[Kind, ...]] = (
    Zone(),
    Record(),
    Certificate(),
    CertificateValidation(),
    Namespace(),
    DiscoveryService(),
)
