"""Files of a page, near to who reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from catalog import EU_COUNTRIES
from components.aws.bucket import grant
from components.sdk import lazy

aws = lazy("pulumi_aws")

CACHING_OPTIMIZED: Final = "658327ea-f89d-4fab-a63d-7e88639e58f6"
"""A cache policy of AWS's: cookies, headers and queries are not passed on (CloudFront developer guide)."""
PRICE_CLASS: Final = "PriceClass_100"
"""North America, Europe and Israel: the fewest places that there is a class for; there is none for the Union."""
HSTS_SECONDS: Final = 365 * 24 * 3600


@dataclass(frozen=True)
class CdnArgs:
    """`bucket` is the host name of the bucket with the files, `index` the one that `/` means; `policy` is the content
    security policy of the page, `logs` the host name of the bucket for access logs, which takes ACLs."""

    name: str
    bucket: pulumi.Input[str]
    index: str
    policy: str
    logs: pulumi.Input[str]


class Cdn(pulumi.ComponentResource):
    """A CloudFront distribution before a private bucket.

    Creates the distribution, which signs what it asks of the bucket (origin access control) and answers viewers in the
    European Union alone, over HTTPS; and the headers that it adds. It sees who asks for the page, and nothing else: no
    reading, no token. Which of its places a viewer is answered from, nobody can choose.

    Outputs: `url` (without a slash at its end).
    """

    def __init__(self, args: CdnArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:Cdn", args.name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        access = aws.cloudfront.OriginAccessControl(
            args.name,
            name=args.name,
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            opts=child,
        )
        headers = aws.cloudfront.ResponseHeadersPolicy(
            args.name, name=args.name, security_headers_config=_security(args.policy), opts=child
        )
        distribution = aws.cloudfront.Distribution(
            args.name,
            comment=args.name,
            enabled=True,
            is_ipv6_enabled=True,
            http_version="http2and3",
            price_class=PRICE_CLASS,
            logging_config={"bucket": args.logs, "prefix": "access/", "include_cookies": False},
            default_root_object=args.index,
            origins=[{"origin_id": "page", "domain_name": args.bucket, "origin_access_control_id": access.id}],
            default_cache_behavior={
                "target_origin_id": "page",
                "viewer_protocol_policy": "redirect-to-https",
                "allowed_methods": ["GET", "HEAD"],
                "cached_methods": ["GET", "HEAD"],
                "cache_policy_id": CACHING_OPTIMIZED,
                "response_headers_policy_id": headers.id,
                "compress": True,
            },
            restrictions={"geo_restriction": {"restriction_type": "whitelist", "locations": sorted(EU_COUNTRIES)}},
            viewer_certificate={"cloudfront_default_certificate": True},
            opts=child,
        )
        self.url = pulumi.Output.concat("https://", distribution.domain_name)
        self.register_outputs({"url": self.url})


def read_by_cdn(bucket: str, account: str) -> Mapping[str, Any]:
    """The statement by which a bucket (name) lets the account's distributions read its objects."""
    distributions = {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudfront::{account}:distribution/*"}}
    return grant("cloudfront.amazonaws.com", "s3:GetObject", on=f"arn:aws:s3:::{bucket}/*", when=distributions)


def _security(policy: str) -> dict[str, Any]:
    return {
        "content_security_policy": {"content_security_policy": policy, "override": True},
        "content_type_options": {"override": True},
        "referrer_policy": {"referrer_policy": "no-referrer", "override": True},
        "strict_transport_security": {
            "access_control_max_age_sec": HSTS_SECONDS,
            "include_subdomains": True,
            "override": True,
        },
    }
