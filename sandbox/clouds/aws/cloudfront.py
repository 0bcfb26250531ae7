"""A content delivery network."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any, Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.aws.base import HOME_REGION, Api, AwsKind, Reading, known_only
from sandbox.clouds.aws.tokens import CERTIFICATE
from sandbox.clouds.aws.waf import WEB_ACL
from sandbox.properties import Properties, find
from sandbox.schema import Failure
from sandbox.store import Row

DISTRIBUTION: Final = "aws:cloudfront/distribution:Distribution"
ACCESS_CONTROL: Final = "aws:cloudfront/originAccessControl:OriginAccessControl"
HEADERS_POLICY: Final = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
EDGE_FUNCTION: Final = "aws:cloudfront/function:Function"
HOSTED_ZONE: Final = "Z2FDTNDATAQYW2"
"""That of all distributions."""
MODERN_TLS: Final = ("TLSv1.2_2019", "TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025")
OLD_TLS: Final = ("SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016", "TLSv1.2_2018")


class CloudFrontKind(AwsKind):
    """A resource of CloudFront, which is the same in all regions."""

    service = "cloudfront"
    everywhere = True


def _behavior(given: Properties) -> Properties:
    """The API keeps the cached methods within the allowed ones."""
    methods = {"items": given["allowedMethods"], "cachedMethods": given["cachedMethods"]}
    return {**given, "allowedMethods": methods, "cachedMethods": None}


def _restrictions(p: Properties) -> Properties:
    given = p["restrictions"]["geoRestriction"]
    return {"geoRestriction": {"restrictionType": given["restrictionType"], "items": given.get("locations") or []}}


def _log(p: Properties) -> Properties | None:
    given = p.get("loggingConfig")
    if not given:
        return None
    names = {"bucket": given.get("bucket") or "", "prefix": given.get("prefix") or ""}
    return {"enabled": True, "includeCookies": bool(given.get("includeCookies")), **names}


_TAKEN: Final = ("defaultCacheBehavior", "orderedCacheBehaviors", "restrictions", "loggingConfig", "comment", "aliases")
_CONFIG: Final[dict[str, Any]] = {
    "CallerReference": lambda p: p.get("callerReference") or secrets.token_hex(8),
    "Aliases": "{aliases}",
    "DefaultRootObject": "{defaultRootObject}",
    "Origins": "{origins}",
    "OriginGroups": "{originGroups}",
    "DefaultCacheBehavior": known_only(lambda p: _behavior(p["defaultCacheBehavior"]), "defaultCacheBehavior"),
    "CacheBehaviors": known_only(
        lambda p: [_behavior(one) for one in p.get("orderedCacheBehaviors") or []] or None, "orderedCacheBehaviors"
    ),
    "CustomErrorResponses": "{customErrorResponses}",
    "Comment": lambda p: p.get("comment") or "",
    "Logging": known_only(_log, "loggingConfig"),
    "PriceClass": "{priceClass}",
    "Enabled": "{enabled}",
    "ViewerCertificate": "{viewerCertificate}",
    "Restrictions": known_only(_restrictions, "restrictions"),
    "WebACLId": "{webAclId}",
    "HttpVersion": "{httpVersion}",
    "IsIPV6Enabled": "{isIpv6Enabled}",
    "Staging": "{staging}",
}


class Distribution(CloudFrontKind):
    """Pages and files near to those who read them."""

    token = DISTRIBUTION
    autoname = False
    references = (
        Reference("origins[].originAccessControlId", (ACCESS_CONTROL,)),
        Reference("viewerCertificate.acmCertificateArn", (CERTIFICATE,), output="arn"),
        Reference("webAclId", (WEB_ACL,), output="arn"),
    )
    replace_on = frozenset({"staging"})
    apart = frozenset({"retainOnDelete", "waitForDeployment"})
    renames = {"orderedCacheBehaviors": "CacheBehaviors", "origins.originId": "Id"}
    creation = Api("CreateDistribution", {"DistributionConfig": _CONFIG}, takes=_TAKEN)
    identity = "Distribution.Id"
    changes = (
        Api("UpdateDistribution", {"Id": "{id}", "IfMatch": "{etag}", "DistributionConfig": _CONFIG}, takes=_TAKEN),
    )
    deletion = (
        Api(
            "UpdateDistribution",
            {"Id": "{id}", "IfMatch": "{etag}", "DistributionConfig": {**_CONFIG, "Enabled": lambda _: False}},
        ),
        Api("DeleteDistribution", {"Id": "{id}", "IfMatch": "{etag}"}),
    )
    readings = (
        Reading(
            "GetDistribution", {"Id": "{id}"}, "merge(Distribution, Distribution.DistributionConfig, {ETag: ETag})"
        ),
    )
    outputs = {"hostedZoneId": HOSTED_ZONE, "etag": "ETag"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Behaviours lead to an origin that is there; names of one's own need a certificate."""
        yield from super().check(inputs, call)
        origins = {origin.get("originId") for origin in inputs.get("origins") or []}
        for path in ("defaultCacheBehavior.targetOriginId", "orderedCacheBehaviors[].targetOriginId"):
            for where, value in find(inputs, path):
                if value not in origins:
                    yield Failure(where, f"is {value!r}, but accepted is one of {', '.join(sorted(map(str, origins)))}")
        for path in ("defaultCacheBehavior", "orderedCacheBehaviors[]"):
            yield from rules.one_of(
                inputs, f"{path}.viewerProtocolPolicy", ("allow-all", "https-only", "redirect-to-https")
            )
        certificate = inputs.get("viewerCertificate") or {}
        for where, arn in find(inputs, "viewerCertificate.acmCertificateArn"):
            if f":{HOME_REGION}:" not in str(arn):
                yield Failure(where, f"is {arn!r}, but accepted is a certificate in {HOME_REGION}")
        if inputs.get("aliases") and certificate.get("acmCertificateArn") is None:
            yield Failure("viewerCertificate.acmCertificateArn", "is required with aliases")
        if certificate.get("acmCertificateArn") is not None and certificate.get("sslSupportMethod") is None:
            yield Failure("viewerCertificate.sslSupportMethod", "is required with acmCertificateArn: sni-only")
        yield from rules.one_of(inputs, "viewerCertificate.minimumProtocolVersion", (*OLD_TLS, *MODERN_TLS))

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """A certificate must be issued; a name belongs to one distribution."""
        must_be_issued((inputs.get("viewerCertificate") or {}).get("acmCertificateArn"), call, "viewerCertificate")
        for row in call.rows(DISTRIBUTION):
            shared = set(inputs.get("aliases") or []) & set(row.outputs.get("aliases") or [])
            if shared and (existing is None or row.seq != existing.seq):
                raise CloudError(f"CNAMEAlreadyExists: aliases: {', '.join(sorted(shared))} belong to {row.id}")


def must_be_issued(arn: Any, call: Call, where: str) -> None:
    """Raise CloudError where a certificate still waits for its validation."""
    if not arn:
        return
    row = call.get(CERTIFICATE, str(arn))
    if row is not None and row.outputs.get("status") != "ISSUED":
        raise CloudError(
            f"UnsupportedCertificate: {where}: {arn} is not issued yet; depend on its CertificateValidation"
        )


class OriginAccessControl(CloudFrontKind):
    """How a distribution signs what it asks of an origin."""

    token = ACCESS_CONTROL
    tag_operations = None
    unique = frozenset({"name"})
    creation = Api(
        "CreateOriginAccessControl",
        {
            "OriginAccessControlConfig": {
                "Name": "{name}",
                "Description": "{description}",
                "SigningProtocol": "{signingProtocol}",
                "SigningBehavior": "{signingBehavior}",
                "OriginAccessControlOriginType": "{originAccessControlOriginType}",
            }
        },
    )
    changes = (Api("UpdateOriginAccessControl", {**creation.arguments, "Id": "{id}", "IfMatch": "{etag}"}),)
    identity = "OriginAccessControl.Id"
    deletion = (Api("DeleteOriginAccessControl", {"Id": "{id}", "IfMatch": "{etag}"}),)
    readings = (
        Reading(
            "GetOriginAccessControl",
            {"Id": "{id}"},
            "merge(OriginAccessControl.OriginAccessControlConfig, {ETag: ETag})",
        ),
    )
    outputs = {"arn": "arn:aws:cloudfront::{account}:origin-access-control/{id}", "etag": "ETag"}


class ResponseHeadersPolicy(CloudFrontKind):
    """Headers that a distribution adds: moto has none, so that the sandbox's list alone keeps it."""

    token = HEADERS_POLICY
    tag_operations = None
    unique = frozenset({"name"})
    creation = Api(
        "CreateResponseHeadersPolicy",
        {
            "ResponseHeadersPolicyConfig": {
                "Name": "{name}",
                "Comment": "{comment}",
                "CorsConfig": "{corsConfig}",
                "SecurityHeadersConfig": "{securityHeadersConfig}",
                "CustomHeadersConfig": "{customHeadersConfig}",
                "RemoveHeadersConfig": "{removeHeadersConfig}",
                "ServerTimingHeadersConfig": "{serverTimingHeadersConfig}",
            }
        },
        held=False,
    )
    changes = (creation,)
    identity = staticmethod(lambda _: secrets.token_hex(18))
    outputs = {"arn": "arn:aws:cloudfront::{account}:response-headers-policy/{id}", "etag": "E2SANDBOX"}


class EdgeFunction(CloudFrontKind):
    """A small function at the edge; moto does not publish, which the sandbox takes as done."""

    token = EDGE_FUNCTION
    tagged_by = "{arn}"
    unique = frozenset({"name"})
    apart = frozenset({"publish"})
    creation = Api(
        "CreateFunction",
        {
            "Name": "{name}",
            "FunctionCode": "{code}",
            "FunctionConfig": {
                "Comment": lambda p: p.get("comment") or "",
                "Runtime": "{runtime}",
                "KeyValueStoreAssociations": "{keyValueStoreAssociations}",
            },
        },
        takes=("comment",),
    )
    changes = (  # moto cannot change one, so that it is made anew there
        Api(
            "DeleteFunction",
            {"Name": "{id}", "IfMatch": "{etag}"},
            takes=("code", "comment", "runtime", "keyValueStoreAssociations"),
        ),
        creation,
    )
    identity = "{name}"
    deletion = (Api("DeleteFunction", {"Name": "{id}", "IfMatch": "{etag}"}),)
    readings = (
        Reading(
            "DescribeFunction",
            {"Name": "{id}"},
            "merge(FunctionSummary.FunctionConfig, {ETag: ETag, Status: FunctionSummary.Status})",
        ),
    )
    outputs = {"arn": "arn:aws:cloudfront::{account}:function/{id}", "etag": "ETag", "liveStageEtag": "ETag"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """A function has ten kilobytes."""
        yield from super().check(inputs, call)
        code = inputs.get("code")
        if rules.known(code) and len(str(code).encode()) > 10_240:
            yield Failure("code", f"has {len(str(code).encode())} bytes; it may have 10240")


KINDS: Final[tuple[Kind, ...]] = (Distribution(), OriginAccessControl(), ResponseHeadersPolicy(), EdgeFunction())
