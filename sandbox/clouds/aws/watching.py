"""What looks through files, and who is told in a chat. moto has neither: both are kept in the sandbox's list alone."""

from __future__ import annotations

import uuid
from typing import Final

from sandbox.cloud import Call, Kind, Reference
from sandbox.clouds.aws.base import Api, AwsKind
from sandbox.clouds.aws.tokens import BUCKET, ROLE, TOPIC
from sandbox.properties import Properties
from sandbox.servers.mending import ACCOUNT_ID


class MalwareProtectionPlan(AwsKind):
    """GuardDuty looks through every file of a bucket."""

    token = "aws:guardduty/malwareProtectionPlan:MalwareProtectionPlan"
    service = "guardduty"
    autoname = False
    tag_operations = None
    references = (
        Reference("role", (ROLE,), output="arn"),
        Reference("protectedResource.s3Bucket.bucketName", (BUCKET,), output="bucket"),
    )
    renames = {"actions.taggings": "Tagging"}
    replace_on = frozenset({"protectedResource"})
    creation = Api(
        "CreateMalwareProtectionPlan",
        {"Actions": lambda p: _tagging(p)},
        takes=("actions",),
        mapped=True,
        held=False,
    )
    changes = (
        Api(
            "UpdateMalwareProtectionPlan",
            {"MalwareProtectionPlanId": "{id}", "Actions": lambda p: _tagging(p)},
            takes=("actions",),
            mapped=True,
            held=False,
        ),
    )
    identity = "{planId}"
    outputs = {"arn": "arn:aws:guardduty:{region}:{account}:malware-protection-plan/{id}"}

    def _properties(self, identifier: object, inputs: Properties, outputs: Properties, call: Call) -> Properties:  # type: ignore[override]
        return {**super()._properties(identifier, inputs, outputs, call), "planId": uuid.uuid4().hex[:20]}


def _tagging(p: Properties) -> Properties | None:
    actions = p.get("actions")
    if not isinstance(actions, list) or not actions:
        return None
    taggings = actions[0].get("taggings") or [{}]
    return {"Tagging": {"Status": taggings[0].get("status")}}


class SlackChannel(AwsKind):
    """A channel that hears of topics."""

    token = "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration"
    service = "chatbot"
    naming = "configurationName"
    unique = frozenset({"configurationName"})
    replace_on = frozenset({"configurationName"})
    references = (Reference("iamRoleArn", (ROLE,), output="arn"), Reference("snsTopicArns[]", (TOPIC,), output="arn"))
    one_vpc = False
    one_region = False  # a channel hears of topics from everywhere
    creation = Api("CreateSlackChannelConfiguration", mapped=True, held=False)
    changes = (Api("UpdateSlackChannelConfiguration", {"ChatConfigurationArn": "{id}"}, mapped=True, held=False),)
    identity = f"arn:aws:chatbot::{ACCOUNT_ID}:chat-configuration/slack-channel/{{configurationName}}"
    outputs = {"chatConfigurationArn": "{id}"}
    tag_operations = None


KINDS: Final[tuple[Kind, ...]] = (MalwareProtectionPlan(), SlackChannel())
