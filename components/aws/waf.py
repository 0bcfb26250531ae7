"""The web application firewall before the load balancer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.sdk import lazy

aws = lazy("pulumi_aws")

MANAGED: Final = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
)
"""AWS's own groups of rules, in the order in which they look at a request; together 1,125 of the 1,500 units of
capacity that a list has."""
RATE_WINDOW_SECONDS: Final = 300
SECRET_HEADERS: Final = ("authorization", "cookie")
"""What a log must not have: whoever reads it could sign in as somebody else."""


@dataclass(frozen=True)
class WafArgs:
    """`name` is the prefix of all names; `protects` the ARN of a load balancer; `log_group` the ARN of a log group whose
    name begins with aws-waf-logs-; `requests` how many one address may make in five minutes, 10 or more."""

    name: str
    protects: pulumi.Input[str]
    log_group: pulumi.Input[str]
    requests: int


class Waf(pulumi.ComponentResource):
    """A list of rules for a load balancer, and its log.

    Creates the list (AWS's managed groups, and a limit of requests an address), its association with the load balancer,
    and its log without headers that hold secrets. A message inside a socket is not seen by it: the gateway checks those.
    """

    def __init__(self, args: WafArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:Waf", args.name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        acl = aws.wafv2.WebAcl(
            args.name,
            name=args.name,
            scope="REGIONAL",
            description="What may reach the load balancer",
            default_action={"allow": {}},
            rules=[_rate(args.requests), *(_managed(name, order) for order, name in enumerate(MANAGED, start=1))],
            visibility_config=_seen(args.name),
            # No secret (it says which version of the list is changed), but no reader of a state needs it either.
            opts=pulumi.ResourceOptions(parent=self, additional_secret_outputs=["lockToken"]),
        )
        self.name: pulumi.Output[str] = acl.name
        aws.wafv2.WebAclAssociation(args.name, web_acl_arn=acl.arn, resource_arn=args.protects, opts=child)
        aws.wafv2.WebAclLoggingConfiguration(
            args.name,
            resource_arn=acl.arn,
            log_destination_configs=[args.log_group],
            redacted_fields=[{"single_header": {"name": name}} for name in SECRET_HEADERS],
            opts=child,
        )
        self.register_outputs({"name": self.name})


def _rate(requests: int) -> dict[str, Any]:
    return {
        "name": "rate",
        "priority": 0,
        "action": {"block": {}},
        "statement": {
            "rate_based_statement": {
                "limit": requests,
                "aggregate_key_type": "IP",
                "evaluation_window_sec": RATE_WINDOW_SECONDS,
            }
        },
        "visibility_config": _seen("rate"),
    }


def _managed(name: str, order: int) -> dict[str, Any]:
    return {
        "name": name,
        "priority": order,
        "override_action": {"none": {}},
        "statement": {"managed_rule_group_statement": {"vendor_name": "AWS", "name": name}},
        "visibility_config": _seen(name),
    }


def _seen(name: str) -> dict[str, Any]:
    return {"cloudwatch_metrics_enabled": True, "metric_name": name, "sampled_requests_enabled": True}
