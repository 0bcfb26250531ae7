"""What an account as a whole has: its trail, its secrets, its budget, its guards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.aws.base import Api, AwsKind, Named, Reading, always, known_only, policy
from sandbox.clouds.aws.kms import key
from sandbox.clouds.aws.s3 import POLICY
from sandbox.clouds.aws.tokens import BUCKET, LOG_GROUP, ROLE, TOPIC
from sandbox.properties import Properties
from sandbox.schema import Failure
from sandbox.store import Row

SECRET: Final = "aws:secretsmanager/secret:Secret"


class Trail(AwsKind):
    """Who did what in the account."""

    token = "aws:cloudtrail/trail:Trail"
    service = "cloudtrail"
    unique = frozenset({"name"})
    tag_operations = ("AddTags", "RemoveTags")
    references = (
        Reference("s3BucketName", (BUCKET,)),
        Reference("cloudWatchLogsRoleArn", (ROLE,), output="arn"),
        key("kmsKeyId"),
    )
    renames = {"cloudWatchLogsGroupArn": "CloudWatchLogsLogGroupArn", "eventSelectors.dataResources.values": "Values"}
    creation = Api("CreateTrail", mapped=True)
    identity = "TrailARN"
    afterwards = (Api("StartLogging", {"Name": "{name}"}, when=lambda p: p.get("enableLogging") is not False),)
    settings = (
        Api("PutEventSelectors", {"TrailName": "{name}", "EventSelectors": "{eventSelectors}"}),
        Api("PutEventSelectors", {"TrailName": "{name}", "AdvancedEventSelectors": "{advancedEventSelectors}"}),
        Api("PutInsightSelectors", {"TrailName": "{name}", "InsightSelectors": "{insightSelectors}"}),
    )
    changes = (
        Api("UpdateTrail", {"Name": "{name}"}, mapped=True),
        Api(
            "StopLogging", {"Name": "{name}"}, takes=("enableLogging",), when=lambda p: p.get("enableLogging") is False
        ),
        Api("StartLogging", {"Name": "{name}"}, takes=("enableLogging",), when=lambda p: bool(p.get("enableLogging"))),
    )
    deletion = (Api("DeleteTrail", {"Name": "{name}"}),)
    readings = (
        Reading("DescribeTrails", {"trailNameList": ["{name}"]}, "trailList[0]"),
        Reading("GetTrailStatus", {"Name": "{name}"}, "{enableLogging: IsLogging}"),
    )
    outputs = {"arn": "TrailARN"}

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """The bucket must take what the trail writes."""
        bucket = call.get(POLICY, inputs["s3BucketName"])
        if bucket is None or "cloudtrail.amazonaws.com" not in json.dumps(bucket.inputs["policy"]):
            raise CloudError(
                f"InsufficientS3BucketPolicyException: s3BucketName: the BucketPolicy of {inputs['s3BucketName']} must "
                "let cloudtrail.amazonaws.com put objects, before this"
            )
        group = str(inputs.get("cloudWatchLogsGroupArn") or "").removesuffix(":*")
        if group and group not in {row.outputs["arn"] for row in call.rows(LOG_GROUP)}:
            raise CloudError(f"cloudWatchLogsGroupArn: there is no LogGroup {group!r} in this account")


class Secret(AwsKind):
    """A secret, without what it is."""

    token = SECRET
    service = "secretsmanager"
    unique = frozenset({"name"})
    references = (key("kmsKeyId"),)
    apart = frozenset({"recoveryWindowInDays", "forceOverwriteReplicaSecret"})
    creation = Api("CreateSecret", mapped=True)
    identity = "ARN"
    settings = (
        Api(
            "PutResourcePolicy",
            {"SecretId": "{id}", "ResourcePolicy": "{policy}"},
            unset=Api("DeleteResourcePolicy", {"SecretId": "{id}"}),
        ),
    )
    changes = (Api("UpdateSecret", {"SecretId": "{id}", "Description": "{description}", "KmsKeyId": "{kmsKeyId}"}),)
    deletion = (
        Api(
            "DeleteSecret",
            {
                "SecretId": "{id}",
                "RecoveryWindowInDays": lambda p: p.get("recoveryWindowInDays") or None,
                "ForceDeleteWithoutRecovery": lambda p: True if p.get("recoveryWindowInDays") == 0 else None,
            },
            when=always,
        ),
    )
    readings = (Reading("DescribeSecret", {"SecretId": "{id}"}, "(DeletedDate == `null`) && @"),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """A secret can be recovered for 7 to 30 days, or not at all."""
        yield from super().check(inputs, call)
        days = inputs.get("recoveryWindowInDays")
        if isinstance(days, int) and days != 0 and not 7 <= days <= 30:
            yield Failure("recoveryWindowInDays", f"is {days}, but accepted is 0 or 7 to 30 days")
        yield from policy(inputs, "policy", "Principal")


class SecretVersion(AwsKind):
    """What a secret is."""

    token = "aws:secretsmanager/secretVersion:SecretVersion"
    service = "secretsmanager"
    autoname = False
    tag_operations = None
    hidden = frozenset({"secretString", "secretBinary"})
    references = (Named("secretId", (SECRET,), also=("arn", "name")),)
    creation = Api("PutSecretValue", mapped=True)
    identity = "VersionId"
    readings = (
        Reading(
            "DescribeSecret",
            {"SecretId": "{secretId}"},
            "(DeletedDate == `null`) && {ARN: ARN, SecretArn: ARN}",
        ),
    )
    outputs = {"versionId": lambda p: str(p["id"]).rsplit("|", 1)[-1]}

    def _identity(self, answer: Any, properties: Properties, call: Call) -> str:
        return f"{properties['secretId']}|{answer['VersionId']}"

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """A secret is a text or bytes."""
        yield from super().check(inputs, call)
        if (inputs.get("secretString") is None) == (inputs.get("secretBinary") is None):
            yield Failure("secretString", "exactly one of secretString and secretBinary is accepted")


def _limit(p: Properties) -> Properties | None:
    return {"Amount": str(p["limitAmount"]), "Unit": p.get("limitUnit") or "USD"} if p.get("limitAmount") else None


def _filters(p: Properties) -> Properties | None:
    return {one["name"]: one["values"] for one in p.get("costFilters") or []} or None


def _notifications(p: Properties) -> list[Properties] | None:
    found = []
    for one in p.get("notifications") or []:
        names = ("notificationType", "comparisonOperator", "threshold", "thresholdType")
        mails = [("EMAIL", address) for address in one.get("subscriberEmailAddresses") or []]
        topics = [("SNS", arn) for arn in one.get("subscriberSnsTopicArns") or []]
        subscribers = [{"SubscriptionType": kind, "Address": address} for kind, address in (*mails, *topics)]
        found.append({"Notification": {name: one[name] for name in names}, "Subscribers": subscribers})
    return found or None


_BUDGET: Final[dict[str, Any]] = {
    "BudgetName": "{name}",
    "BudgetType": "{budgetType}",
    "TimeUnit": "{timeUnit}",
    "BudgetLimit": known_only(_limit, "limitAmount", "limitUnit"),
    "CostFilters": known_only(_filters, "costFilters"),
    "CostTypes": "{costTypes}",
}
_BUDGET_TAKEN: Final = ("limitAmount", "limitUnit", "costFilters", "notifications")


class Budget(AwsKind):
    """What the account may cost; moto cannot change one, so that it is made anew there."""

    token = "aws:budgets/budget:Budget"
    service = "budgets"
    everywhere = True
    tag_operations = None
    unique = frozenset({"name"})
    references = (Reference("notifications[].subscriberSnsTopicArns[]", (TOPIC,), output="arn"),)
    replace_on = frozenset({"budgetType", "timeUnit"})
    apart = frozenset({"accountId", "timePeriodStart", "timePeriodEnd"})
    creation = Api(
        "CreateBudget",
        {
            "AccountId": "{account}",
            "Budget": _BUDGET,
            "NotificationsWithSubscribers": known_only(_notifications, "notifications"),
        },
        takes=_BUDGET_TAKEN,
        when=always,
    )
    identity = "{account}:{name}"
    deletion = (Api("DeleteBudget", {"AccountId": "{account}", "BudgetName": "{name}"}),)
    changes = (
        Api("DeleteBudget", {"AccountId": "{account}", "BudgetName": "{name}"}, takes=(*_BUDGET_TAKEN, "costTypes")),
        creation,
    )
    readings = (Reading("DescribeBudget", {"AccountId": "{account}", "BudgetName": "{name}"}, "Budget"),)
    outputs = {"arn": "arn:aws:budgets::{account}:budget/{name}"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Somebody is told at some share of the limit."""
        yield from super().check(inputs, call)
        for index, one in enumerate(inputs.get("notifications") or []):
            if not one.get("subscriberEmailAddresses") and not one.get("subscriberSnsTopicArns"):
                yield Failure(f"notifications[{index}]", "tells nobody; give subscriberEmailAddresses or …SnsTopicArns")


KINDS: Final[tuple[Kind, ...]] = (Trail(), Secret(), SecretVersion(), Budget())
