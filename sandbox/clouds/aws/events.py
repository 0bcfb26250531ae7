"""Events by pattern and by time, and where they go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.aws.base import Api, AwsKind, Reading
from sandbox.clouds.aws.kms import key
from sandbox.clouds.aws.tokens import FUNCTION, LOG_GROUP, QUEUE, ROLE, TOPIC
from sandbox.properties import Properties
from sandbox.schema import Failure
from sandbox.store import Row

RULE: Final = "aws:cloudwatch/eventRule:EventRule"
FIELDS: Final = 6
"""Of a cron expression: minutes, hours, day of the month, month, day of the week, year."""


def check_schedule(inputs: Properties, name: str) -> Iterator[Failure]:
    """Schedules are rate(…), cron(…) or, once, at(…)."""
    text = inputs.get(name)
    accepted = "rate(5 minutes), cron(0 3 * * ? *) or at(2027-01-31T03:00:00)"
    yield from rules.matches(inputs, name, r"^(rate\(\d+ (minute|hour|day)s?\)|cron\(.+\)|at\(.+\))$", accepted)
    if rules.known(text) and str(text).startswith("cron("):
        fields = str(text)[len("cron(") : -1].split()
        if len(fields) != FIELDS or (fields[2] == "?") == (fields[4] == "?"):
            yield Failure(name, f"is {text!r}: accepted are six fields, ? for exactly one of the two days")


class EventRule(AwsKind):
    """Which events are meant, or when one is made."""

    token = RULE
    service = "events"
    unique = frozenset({"name"})
    references = (Reference("roleArn", (ROLE,), output="arn"),)
    replace_on = frozenset({"eventBusName"})
    apart = frozenset({"forceDestroy"})
    renames = {"isEnabled": ""}
    creation = Api("PutRule", mapped=True)
    changes = (creation,)
    identity = "{name}"
    deletion = (Api("DeleteRule", {"Name": "{id}", "EventBusName": "{eventBusName}"}),)
    readings = (Reading("DescribeRule", {"Name": "{id}", "EventBusName": "{eventBusName}"}),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """A rule has a pattern or a schedule."""
        yield from super().check(inputs, call)
        if inputs.get("eventPattern") is None and inputs.get("scheduleExpression") is None:
            yield Failure("eventPattern", "one of eventPattern and scheduleExpression is required")
        yield from check_schedule(inputs, "scheduleExpression")
        pattern = inputs.get("eventPattern")
        if rules.known(pattern):
            try:
                found: Any = json.loads(str(pattern))
            except ValueError:
                found = None
            if not isinstance(found, dict):
                yield Failure("eventPattern", "is not a pattern: accepted is a JSON object")


_PARTS: Final = {
    "Input": "{input}",
    "InputPath": "{inputPath}",
    "InputTransformer": {
        "InputPathsMap": "{inputTransformer.inputPaths}",
        "InputTemplate": "{inputTransformer.inputTemplate}",
    },
    "DeadLetterConfig": "{deadLetterConfig}",
    "RetryPolicy": "{retryPolicy}",
    "SqsParameters": "{sqsTarget}",
    "EcsParameters": "{ecsTarget}",
    "KinesisParameters": "{kinesisTarget}",
    "HttpParameters": "{httpTarget}",
}


class EventTarget(AwsKind):
    """Where the events of a rule go."""

    token = "aws:cloudwatch/eventTarget:EventTarget"
    service = "events"
    naming = "targetId"
    tag_operations = None
    references = (
        Reference("rule", (RULE,)),
        Reference("roleArn", (ROLE,), output="arn"),
        Reference("deadLetterConfig.arn", (QUEUE,), output="arn"),
    )
    replace_on = frozenset({"rule", "eventBusName"})
    apart = frozenset({"forceDestroy"})
    creation = Api(
        "PutTargets",
        {
            "Rule": "{rule}",
            "EventBusName": "{eventBusName}",
            "Targets": [{"Id": "{targetId}", "Arn": "{arn}", "RoleArn": "{roleArn}", **_PARTS}],
        },
    )
    changes = (creation,)
    identity = "{rule}-{targetId}"
    deletion = (Api("RemoveTargets", {"Rule": "{rule}", "EventBusName": "{eventBusName}", "Ids": ["{targetId}"]}),)
    readings = (
        Reading(
            "ListTargetsByRule",
            {"Rule": "{rule}", "EventBusName": "{eventBusName}"},
            "Targets[?Id=='{targetId}'] | [0]",
        ),
    )

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """Functions, queues, topics and log groups must be there."""
        kinds = {"lambda": FUNCTION, "sqs": QUEUE, "sns": TOPIC, "logs": LOG_GROUP}
        token = kinds.get(str(inputs["arn"]).split(":")[2])
        if token and not any(str(inputs["arn"]).startswith(str(row.outputs.get("arn"))) for row in call.rows(token)):
            raise CloudError(f"arn: there is no {token.rsplit(':', 1)[-1]} {inputs['arn']!r} in this account")


class Schedule(AwsKind):
    """Something that is done at times."""

    token = "aws:scheduler/schedule:Schedule"
    service = "scheduler"
    tag_operations = None
    references = (
        Reference("target.roleArn", (ROLE,), output="arn"),
        Reference("target.deadLetterConfig.arn", (QUEUE,), output="arn"),
        key("kmsKeyArn"),
    )
    replace_on = frozenset({"groupName"})
    creation = Api("CreateSchedule", mapped=True)
    changes = (Api("UpdateSchedule", mapped=True),)
    identity = staticmethod(lambda p: f"{p.get('groupName') or 'default'}/{p['name']}")
    deletion = (Api("DeleteSchedule", {"Name": "{name}", "GroupName": "{groupName}"}),)
    readings = (Reading("GetSchedule", {"Name": "{name}", "GroupName": "{groupName}"}),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Expressions are the scheduler's; a flexible window says how long."""
        yield from super().check(inputs, call)
        yield from check_schedule(inputs, "scheduleExpression")
        window = inputs.get("flexibleTimeWindow") or {}
        if window.get("mode") == "FLEXIBLE" and window.get("maximumWindowInMinutes") is None:
            yield Failure("flexibleTimeWindow.maximumWindowInMinutes", "is required with mode FLEXIBLE")


KINDS: Final[tuple[Kind, ...]] = (EventRule(), EventTarget(), Schedule())
