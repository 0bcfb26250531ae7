"""A web application firewall."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.aws.base import HOME_REGION, Api, AwsKind, Reading
from sandbox.clouds.aws.tokens import BALANCER, BUCKET, LOG_GROUP
from sandbox.properties import Properties
from sandbox.schema import Failure
from sandbox.store import Row

WEB_ACL: Final = "aws:wafv2/webAcl:WebAcl"
LOGS: Final = "aws-waf-logs-"
"""How the names of everything begin that takes the firewall's logs."""


class WebAcl(AwsKind):
    """Rules for what reaches a load balancer, an API or a distribution."""

    token = WEB_ACL
    service = "wafv2"
    also_in = (HOME_REGION,)
    unique = frozenset({"name"})
    replace_on = frozenset({"scope"})
    creation = Api("CreateWebACL", mapped=True)
    identity = "Summary.Id"
    changes = (
        Api(
            "UpdateWebACL",
            {"Id": "{id}", "Name": "{name}", "Scope": "{scope}", "LockToken": "{lockToken}"},
            mapped=True,
        ),
    )
    deletion = (Api("DeleteWebACL", {"Id": "{id}", "Name": "{name}", "Scope": "{scope}", "LockToken": "{lockToken}"}),)
    readings = (
        Reading(
            "GetWebACL", {"Id": "{id}", "Name": "{name}", "Scope": "{scope}"}, "merge(WebACL, {LockToken: LockToken})"
        ),
    )
    outputs = {"arn": "ARN"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Rules have names and priorities of their own, and one action."""
        yield from super().check(inputs, call)
        if inputs.get("scope") == "CLOUDFRONT" and self.region(inputs, call) != HOME_REGION:
            yield Failure("scope", f"is CLOUDFRONT, which accepts the region {HOME_REGION} alone")
        for which in ("name", "priority"):
            seen: set[object] = set()
            for index, rule in enumerate(inputs.get("rules") or []):
                value = rule.get(which)
                if rules.known(value) and value in seen:
                    yield Failure(f"rules[{index}].{which}", f"is {value!r} a second time; accepted is each once")
                seen.add(value)
        for index, rule in enumerate(inputs.get("rules") or []):
            if (rule.get("action") is None) == (rule.get("overrideAction") is None):
                yield Failure(f"rules[{index}].action", "exactly one of action and overrideAction is accepted")
        action = inputs.get("defaultAction")
        if rules.known(action) and len({"allow", "block"} & (action or {}).keys()) != 1:
            yield Failure("defaultAction", "exactly one of allow and block is accepted")


class WebAclAssociation(AwsKind):
    """What a firewall stands before."""

    token = "aws:wafv2/webAclAssociation:WebAclAssociation"
    service = "wafv2"
    autoname = False
    tag_operations = None
    references = (Reference("webAclArn", (WEB_ACL,), output="arn"), Reference("resourceArn", (BALANCER,), output="arn"))
    unique = frozenset({"resourceArn"})
    renames = {"webAclArn": "WebACLArn"}
    creation = Api("AssociateWebACL", mapped=True)
    identity = "{webAclArn},{resourceArn}"
    deletion = (Api("DisassociateWebACL", {"ResourceArn": "{resourceArn}"}),)
    readings = (Reading("GetWebACLForResource", {"ResourceArn": "{resourceArn}"}, "WebACL"),)

    def targets(self, inputs: Properties, call: Call) -> list[Row]:
        """Of what can be protected, load balancers can be looked up."""
        balancer = ":loadbalancer/" in str(inputs.get("resourceArn"))
        return super().targets(inputs if balancer else {**inputs, "resourceArn": None}, call)


class WebAclLogging(AwsKind):
    """Where a firewall writes what it saw."""

    token = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
    service = "wafv2"
    also_in = (HOME_REGION,)
    autoname = False
    tag_operations = None
    references = (Reference("resourceArn", (WEB_ACL,), output="arn"),)
    replace_on = frozenset({"resourceArn"})
    creation = Api(
        "PutLoggingConfiguration",
        {
            "LoggingConfiguration": {
                "ResourceArn": "{resourceArn}",
                "LogDestinationConfigs": "{logDestinationConfigs}",
                "RedactedFields": "{redactedFields}",
                "LoggingFilter": "{loggingFilter}",
            }
        },
    )
    changes = (creation,)
    identity = "{resourceArn}"
    deletion = (Api("DeleteLoggingConfiguration", {"ResourceArn": "{resourceArn}"}),)
    readings = (Reading("GetLoggingConfiguration", {"ResourceArn": "{resourceArn}"}, "LoggingConfiguration"),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """The names of the destinations begin with aws-waf-logs-."""
        yield from super().check(inputs, call)
        for index, arn in enumerate(inputs.get("logDestinationConfigs") or []):
            name = str(arn).removesuffix(":*").split(":")[-1].split("/")[-1]
            if rules.known(arn) and not name.startswith(LOGS):
                yield Failure(
                    f"logDestinationConfigs[{index}]", f"is {arn!r}; accepted are names that begin with {LOGS}"
                )

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """The destinations must be there."""
        there = {str(row.outputs.get("arn")) for token in (BUCKET, LOG_GROUP) for row in call.rows(token)}
        for arn in inputs["logDestinationConfigs"]:
            if not str(arn).startswith("arn:aws:firehose:") and str(arn).removesuffix(":*") not in there:
                raise CloudError(f"logDestinationConfigs: there is no Bucket or LogGroup {arn!r} in this account")


KINDS: Final[tuple[Kind, ...]] = (WebAcl(), WebAclAssociation(), WebAclLogging())
