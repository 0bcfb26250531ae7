"""Topics and queues."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.aws.base import Api, AwsKind, Reading, always, policy
from sandbox.clouds.aws.kms import key
from sandbox.clouds.aws.tokens import FUNCTION, QUEUE, TOPIC
from sandbox.properties import Properties
from sandbox.schema import Failure
from sandbox.store import Row

NAME: Final = r"^[\w-]{1,%d}(\.fifo)?$"


def _check_name(inputs: Properties, longest: int, fifo: str) -> Iterator[Failure]:
    accepted = f"1 to {longest} of letters, digits, - and _, ending with .fifo where {fifo} is true"
    yield from rules.matches(inputs, "name", NAME % longest, accepted)
    name = inputs.get("name")
    if rules.known(name) and str(name).endswith(".fifo") != bool(inputs.get(fifo)):
        yield Failure("name", f"is {name!r} with {fifo} {bool(inputs.get(fifo))}; accepted is {accepted}")


def _topic_attribute(name: str) -> Api:
    member = name[0].upper() + name[1:]
    return Api("SetTopicAttributes", {"TopicArn": "{id}", "AttributeName": member, "AttributeValue": f"{{{name}}}"})


class Topic(AwsKind):
    """A topic that messages are published to."""

    token = TOPIC
    service = "sns"
    unique = frozenset({"name"})
    references = (key("kmsMasterKeyId"),)
    replace_on = frozenset({"fifoTopic"})
    creation = Api(
        "CreateTopic",
        {
            "Name": "{name}",
            "Tags": "{tagsAll}",
            "Attributes": lambda p: {"FifoTopic": "true"} if p.get("fifoTopic") else None,
        },
        takes=("fifoTopic",),
        when=always,
    )
    identity = "TopicArn"
    settings = tuple(
        _topic_attribute(name)
        for name in (
            "displayName",
            "policy",
            "deliveryPolicy",
            "kmsMasterKeyId",
            "contentBasedDeduplication",
            "signatureVersion",
            "tracingConfig",
        )
    )
    deletion = (Api("DeleteTopic", {"TopicArn": "{id}"}),)
    readings = (Reading("GetTopicAttributes", {"TopicArn": "{id}"}, "Attributes"),)
    outputs = {"arn": "{id}"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Names are those of SNS."""
        yield from super().check(inputs, call)
        yield from _check_name(inputs, 256, "fifoTopic")
        yield from policy(inputs, "policy", "Principal")


PROTOCOLS: Final = ("http", "https", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose")
_ENDPOINTS: Final = {
    "email": (r"^[^@\s]+@[^@\s]+\.[^@\s]+$", "a mail address"),
    "email-json": (r"^[^@\s]+@[^@\s]+\.[^@\s]+$", "a mail address"),
    "sms": (r"^\+[1-9]\d{6,14}$", "a telephone number such as +33700000000"),
    "http": (r"^http://", "an address that begins with http://"),
    "https": (r"^https://", "an address that begins with https://"),
    "sqs": (r"^arn:aws:sqs:", "the ARN of a queue"),
    "lambda": (r"^arn:aws:lambda:", "the ARN of a function"),
    "firehose": (r"^arn:aws:firehose:", "the ARN of a delivery stream"),
}


def _subscription_attribute(name: str) -> Api:
    member = name[0].upper() + name[1:]
    return Api(
        "SetSubscriptionAttributes",
        {"SubscriptionArn": "{id}", "AttributeName": member, "AttributeValue": f"{{{name}}}"},
    )


class TopicSubscription(AwsKind):
    """Who gets what is published to a topic."""

    token = "aws:sns/topicSubscription:TopicSubscription"
    service = "sns"
    autoname = False
    tag_operations = None
    references = (Reference("topic", (TOPIC,), output="arn"),)
    replace_on = frozenset({"topic", "protocol", "endpoint"})
    apart = frozenset({"confirmationTimeoutInMinutes", "endpointAutoConfirms"})
    renames = {"topic": "TopicArn"}
    creation = Api(
        "Subscribe",
        {
            "TopicArn": "{topic}",
            "Protocol": "{protocol}",
            "Endpoint": "{endpoint}",
            "ReturnSubscriptionArn": lambda _: True,
        },
    )
    identity = "SubscriptionArn"
    settings = tuple(
        _subscription_attribute(name)
        for name in (
            "rawMessageDelivery",
            "filterPolicyScope",
            "filterPolicy",
            "redrivePolicy",
            "deliveryPolicy",
            "subscriptionRoleArn",
        )
    )
    deletion = (Api("Unsubscribe", {"SubscriptionArn": "{id}"}),)
    readings = (Reading("GetSubscriptionAttributes", {"SubscriptionArn": "{id}"}, "Attributes"),)
    outputs = {"arn": "{id}", "ownerId": "{account}"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Endpoints look as their protocol demands."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "protocol", PROTOCOLS)
        if inputs.get("protocol") in _ENDPOINTS:
            yield from rules.matches(inputs, "endpoint", *_ENDPOINTS[inputs["protocol"]])

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """Queues and functions must be there."""
        targets = {"sqs": QUEUE, "lambda": FUNCTION}
        token = targets.get(inputs["protocol"])
        endpoint = str(inputs["endpoint"])
        if token and not any(endpoint.startswith(str(row.outputs.get("arn"))) for row in call.rows(token)):
            raise CloudError(f"endpoint: there is no {token.rsplit(':', 1)[-1]} {endpoint!r} in this account")
        _check_redrive(inputs, call)


class TopicPolicy(AwsKind):
    """Who may publish to a topic; the last one stays when this is deleted."""

    token = "aws:sns/topicPolicy:TopicPolicy"
    service = "sns"
    autoname = False
    tag_operations = None
    references = (Reference("arn", (TOPIC,), output="arn"),)
    replace_on = frozenset({"arn"})
    creation = Api("SetTopicAttributes", {"TopicArn": "{arn}", "AttributeName": "Policy", "AttributeValue": "{policy}"})
    changes = (creation,)
    identity = "{arn}"
    readings = (Reading("GetTopicAttributes", {"TopicArn": "{id}"}, "Attributes.{Policy: Policy, Owner: Owner}"),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Policies of topics say who."""
        yield from super().check(inputs, call)
        yield from policy(inputs, "policy", "Principal", "Resource")


_QUEUE_ATTRIBUTES: Final = {
    "VisibilityTimeout": "{visibilityTimeoutSeconds}",
    "MessageRetentionPeriod": "{messageRetentionSeconds}",
    "MaximumMessageSize": "{maxMessageSize}",
    "DelaySeconds": "{delaySeconds}",
    "ReceiveMessageWaitTimeSeconds": "{receiveWaitTimeSeconds}",
    "Policy": "{policy}",
    "RedrivePolicy": "{redrivePolicy}",
    "RedriveAllowPolicy": "{redriveAllowPolicy}",
    "KmsMasterKeyId": "{kmsMasterKeyId}",
    "KmsDataKeyReusePeriodSeconds": "{kmsDataKeyReusePeriodSeconds}",
    "SqsManagedSseEnabled": "{sqsManagedSseEnabled}",
}
_FIFO_ATTRIBUTES: Final = {
    "ContentBasedDeduplication": "{contentBasedDeduplication}",
    "DeduplicationScope": "{deduplicationScope}",
    "FifoThroughputLimit": "{fifoThroughputLimit}",
}
_FIFO: Final = {"FifoQueue": lambda p: "true" if p.get("fifoQueue") else None}


class Queue(AwsKind):
    """A queue."""

    token = QUEUE
    service = "sqs"
    unique = frozenset({"name"})
    references = (key("kmsMasterKeyId"),)
    replace_on = frozenset({"fifoQueue"})
    tag_operations = ("TagQueue", "UntagQueue")
    tagged_by = "{id}"
    creation = Api(
        "CreateQueue",
        {"QueueName": "{name}", "Attributes": {**_QUEUE_ATTRIBUTES, **_FIFO_ATTRIBUTES, **_FIFO}, "tags": "{tagsAll}"},
        takes=("fifoQueue",),
    )
    identity = "QueueUrl"
    changes = (
        Api("SetQueueAttributes", {"QueueUrl": "{id}", "Attributes": {**_QUEUE_ATTRIBUTES, **_FIFO_ATTRIBUTES}}),
    )
    deletion = (Api("DeleteQueue", {"QueueUrl": "{id}"}),)
    readings = (Reading("GetQueueAttributes", {"QueueUrl": "{id}", "AttributeNames": ["All"]}, "Attributes"),)
    renames = {
        "visibilityTimeoutSeconds": "VisibilityTimeout",
        "messageRetentionSeconds": "MessageRetentionPeriod",
        "maxMessageSize": "MaximumMessageSize",
        "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    }
    outputs = {"arn": "QueueArn", "url": "{id}"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Names and numbers are those of SQS."""
        yield from super().check(inputs, call)
        yield from _check_name(inputs, 80, "fifoQueue")
        yield from rules.between(inputs, "visibilityTimeoutSeconds", 0, 43_200, "seconds")
        yield from rules.between(inputs, "messageRetentionSeconds", 60, 1_209_600, "seconds")
        yield from rules.between(inputs, "maxMessageSize", 1024, 1_048_576, "bytes")
        yield from rules.between(inputs, "delaySeconds", 0, 900, "seconds")
        yield from rules.between(inputs, "receiveWaitTimeSeconds", 0, 20, "seconds")
        yield from rules.between(inputs, "kmsDataKeyReusePeriodSeconds", 60, 86_400, "seconds")
        if inputs.get("kmsMasterKeyId") is not None and inputs.get("sqsManagedSseEnabled"):
            yield Failure("sqsManagedSseEnabled", "is true with a kmsMasterKeyId; accepted is one of them")
        yield from policy(inputs, "policy", "Principal")

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """Where messages go in the end must be there."""
        _check_redrive(inputs, call)


def _check_redrive(inputs: Properties, call: Call) -> None:
    text = inputs.get("redrivePolicy")
    if not text:
        return
    try:
        found: Any = json.loads(text)
        target = str(found["deadLetterTargetArn"])
    except (ValueError, KeyError, TypeError):
        raise CloudError(
            "InvalidParameterValue: redrivePolicy: accepted is JSON with deadLetterTargetArn and maxReceiveCount"
        ) from None
    row = next((row for row in call.rows(QUEUE) if row.outputs.get("arn") == target), None)
    if row is None:
        raise CloudError(f"redrivePolicy: there is no Queue {target!r} in this account")
    count = found.get("maxReceiveCount", 1)
    if not str(count).isdigit() or not 1 <= int(count) <= 1000:
        raise CloudError(f"redrivePolicy: maxReceiveCount is {count!r}, but accepted is 1 to 1000")


def _queue_part(member: str, name: str) -> tuple[Api, Api]:
    return (
        Api("SetQueueAttributes", {"QueueUrl": "{queueUrl}", "Attributes": {member: f"{{{name}}}"}}),
        Api("SetQueueAttributes", {"QueueUrl": "{queueUrl}", "Attributes": {member: ""}}),
    )


class _OfQueue(AwsKind):
    service = "sqs"
    autoname = False
    tag_operations = None
    references = (Reference("queueUrl", (QUEUE,)),)
    replace_on = frozenset({"queueUrl"})
    identity = "{queueUrl}"
    readings = (Reading("GetQueueAttributes", {"QueueUrl": "{id}", "AttributeNames": ["All"]}, "Attributes"),)


class QueuePolicy(_OfQueue):
    """Who may send to a queue."""

    token = "aws:sqs/queuePolicy:QueuePolicy"
    creation, removal = _queue_part("Policy", "policy")
    changes, deletion = (creation,), (removal,)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Policies of queues say who."""
        yield from super().check(inputs, call)
        yield from policy(inputs, "policy", "Principal")


class RedrivePolicy(_OfQueue):
    """Where a queue's messages go that nobody could handle."""

    token = "aws:sqs/redrivePolicy:RedrivePolicy"
    creation, removal = _queue_part("RedrivePolicy", "redrivePolicy")
    changes, deletion = (creation,), (removal,)

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """That queue must be there."""
        _check_redrive(inputs, call)


class RedriveAllowPolicy(_OfQueue):
    """Whose messages a queue takes that nobody could handle; moto takes it and forgets it."""

    token = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
    creation, removal = _queue_part("RedriveAllowPolicy", "redriveAllowPolicy")
    changes, deletion = (creation,), (removal,)


KINDS: Final[tuple[Kind, ...]] = (
    Topic(),
    TopicSubscription(),
    TopicPolicy(),
    Queue(),
    QueuePolicy(),
    RedrivePolicy(),
    RedriveAllowPolicy(),
)
