"""More and fewer of something, by load and by time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.aws.base import Api, AwsKind, Reading
from sandbox.clouds.aws.ecs import SERVICE
from sandbox.clouds.aws.events import check_schedule
from sandbox.clouds.aws.tokens import ROLE, TABLE
from sandbox.properties import Properties
from sandbox.schema import Failure
from sandbox.store import Row

TARGET: Final = "aws:appautoscaling/target:Target"
_SAME: Final = ("serviceNamespace", "resourceId", "scalableDimension")
_WHAT: Final = {
    "ServiceNamespace": "{serviceNamespace}",
    "ResourceId": "{resourceId}",
    "ScalableDimension": "{scalableDimension}",
}
_LISTED: Final = {**_WHAT, "ResourceIds": ["{resourceId}"]}
del _LISTED["ResourceId"]


class Target(AwsKind):
    """What is scaled, and between which numbers."""

    token = TARGET
    service = "application-autoscaling"
    references = (Reference("roleArn", (ROLE,), output="arn"),)
    replace_on = frozenset(_SAME)
    autoname = False
    renames = {"roleArn": "RoleARN"}
    creation = Api("RegisterScalableTarget", mapped=True)
    changes = (creation,)
    identity = "{serviceNamespace}/{resourceId}/{scalableDimension}"
    deletion = (Api("DeregisterScalableTarget", _WHAT),)
    readings = (Reading("DescribeScalableTargets", _LISTED, "ScalableTargets[0]"),)
    outputs = {"arn": "ScalableTargetARN"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """The smaller number first."""
        yield from super().check(inputs, call)
        least, most = inputs.get("minCapacity"), inputs.get("maxCapacity")
        if isinstance(least, int) and isinstance(most, int) and not 0 <= least <= most:
            yield Failure("minCapacity", f"is {least}, but accepted is 0 to maxCapacity, {most}")

    def targets(self, inputs: Properties, call: Call) -> list[Row]:
        """The service or table, which its id names."""
        found = super().targets(inputs, call)
        kind, _, rest = str(inputs["resourceId"]).partition("/")
        if kind == "service":
            rows = [row for row in call.rows(SERVICE) if row.id.endswith(f":service/{rest}")]
        elif kind == "table":
            rows = [row for row in call.rows(TABLE) if row.id == rest.split("/")[0]]
        else:
            raise CloudError(f"resourceId is {inputs['resourceId']!r}, but accepted is service/… or table/…")
        if not rows:
            raise CloudError(f"resourceId: there is no {kind} {rest!r} in this account")
        return [*found, *rows]


class _OfTarget(AwsKind):
    service = "application-autoscaling"
    tag_operations = None
    replace_on = frozenset(_SAME)

    def targets(self, inputs: Properties, call: Call) -> list[Row]:
        """What is scaled must be registered first."""
        for row in call.rows(TARGET):
            if all(row.outputs.get(name) == inputs.get(name) for name in _SAME):
                return [*super().targets(inputs, call), row]
        raise CloudError(f"ObjectNotFoundException: resourceId: no Target is registered for {inputs['resourceId']!r}")


class Policy(_OfTarget):
    """By which load something is scaled."""

    token = "aws:appautoscaling/policy:Policy"
    creation = Api("PutScalingPolicy", mapped=True)
    changes = (creation,)
    renames = {"name": "PolicyName"}
    identity = "{serviceNamespace}/{resourceId}/{scalableDimension}/{name}"
    deletion = (Api("DeleteScalingPolicy", {**_WHAT, "PolicyName": "{name}"}),)
    readings = (Reading("DescribeScalingPolicies", {**_WHAT, "PolicyNames": ["{name}"]}, "ScalingPolicies[0]"),)
    outputs = {"arn": "PolicyARN"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """A policy says how."""
        yield from super().check(inputs, call)
        needed = {
            "TargetTrackingScaling": "targetTrackingScalingPolicyConfiguration",
            "StepScaling": "stepScalingPolicyConfiguration",
        }.get(str(inputs.get("policyType", "StepScaling")))
        if needed and inputs.get(needed) is None:
            yield Failure(needed, f"is required with policyType {inputs.get('policyType', 'StepScaling')}")


class ScheduledAction(_OfTarget):
    """At which times something is scaled."""

    token = "aws:appautoscaling/scheduledAction:ScheduledAction"
    creation = Api("PutScheduledAction", mapped=True)
    changes = (creation,)
    renames = {"name": "ScheduledActionName"}
    identity = "{serviceNamespace}/{resourceId}/{scalableDimension}/{name}"
    deletion = (Api("DeleteScheduledAction", {**_WHAT, "ScheduledActionName": "{name}"}),)
    readings = (
        Reading("DescribeScheduledActions", {**_WHAT, "ScheduledActionNames": ["{name}"]}, "ScheduledActions[0]"),
    )
    outputs = {"arn": "ScheduledActionARN"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Times are a schedule's."""
        yield from super().check(inputs, call)
        yield from check_schedule(inputs, "schedule")


KINDS: Final[tuple[Kind, ...]] = (Target(), Policy(), ScheduledAction())
