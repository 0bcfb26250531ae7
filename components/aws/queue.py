"""Where events wait for a function, and where they stay when it fails for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.sdk import lazy

aws = lazy("pulumi_aws")

DAY: Final = 24 * 3600
WAIT_DAYS: Final = 4
DEAD_DAYS: Final = 14
"""The most that SQS has. A dead letter keeps the age that it had, so that the queue itself must have less."""
ATTEMPTS: Final = 5
VISIBILITY_TIMES: Final = 6
"""AWS's advice: a message is hidden for six times what the function may take, so that throttled batches do not come
twice (Lambda developer guide, "Configuring a queue to use with Lambda")."""


@dataclass(frozen=True)
class QueueArgs:
    """`name` has 76 characters at most; `key` is the ARN of a key that `s3` and `sns` may use; `bucket` the ARN of the
    bucket of `account` whose events come in; `timeout_seconds` what the function that works on them may take."""

    name: str
    account: str
    key: pulumi.Input[str]
    bucket: pulumi.Input[str]
    timeout_seconds: int


class Queue(pulumi.ComponentResource):
    """A bucket's events, by a topic, in a queue.

    Creates an encrypted topic that the bucket alone may publish to, for whoever else wants to hear of uploads; an
    encrypted queue that the topic alone may send to; its dead-letter queue; and the subscription. A message that failed
    five times, or that the topic could not deliver, is in the dead-letter queue for up to 14 days, from where it can be
    moved back into the queue.

    Outputs: `topic` (ARN), `topic_name`, `arn`, `name`, `dead` (ARN), `dead_name`, and `ready`: what must exist before
    the bucket publishes.
    """

    def __init__(self, args: QueueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:Queue", args.name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        topic = aws.sns.Topic(args.name, name=args.name, kms_master_key_id=args.key, opts=self._child)
        published = self._policy("s3", "sns:Publish", topic.arn, args.bucket, account=True)
        policy = aws.sns.TopicPolicy(args.name, arn=topic.arn, policy=published, opts=self._child)
        dead = self._queue(f"{args.name}-dead", DEAD_DAYS)
        queue = self._queue(
            args.name,
            WAIT_DAYS,
            visibility_timeout_seconds=VISIBILITY_TIMES * args.timeout_seconds,
            redrive_policy=pulumi.Output.json_dumps(
                {"deadLetterTargetArn": dead.arn, "maxReceiveCount": ATTEMPTS}, sort_keys=True
            ),
        )
        aws.sqs.RedriveAllowPolicy(
            args.name,
            queue_url=dead.url,
            redrive_allow_policy=pulumi.Output.json_dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": [queue.arn]}, sort_keys=True
            ),
            opts=self._child,
        )
        policies = [
            aws.sqs.QueuePolicy(
                f"{args.name}{suffix}",
                queue_url=target.url,
                policy=self._policy("sns", "sqs:SendMessage", target.arn, topic.arn),
                opts=self._child,
            )
            for suffix, target in (("", queue), ("-dead", dead))
        ]
        subscription = aws.sns.TopicSubscription(
            args.name,
            topic=topic.arn,
            protocol="sqs",
            endpoint=queue.arn,
            raw_message_delivery=True,
            redrive_policy=pulumi.Output.json_dumps({"deadLetterTargetArn": dead.arn}, sort_keys=True),
            opts=pulumi.ResourceOptions(parent=self, depends_on=policies),
        )
        self.topic: pulumi.Output[str] = topic.arn
        self.topic_name: pulumi.Output[str] = topic.name
        self.arn: pulumi.Output[str] = queue.arn
        self.name: pulumi.Output[str] = queue.name
        self.dead: pulumi.Output[str] = dead.arn
        self.dead_name: pulumi.Output[str] = dead.name
        self.ready: list[pulumi.Resource] = [policy, subscription]
        self.register_outputs({"topic": self.topic, "arn": self.arn, "dead": self.dead})

    def _queue(self, name: str, days: int, **settings: Any) -> Any:
        return aws.sqs.Queue(
            name,
            name=name,
            message_retention_seconds=days * DAY,
            kms_master_key_id=self._args.key,
            kms_data_key_reuse_period_seconds=300,
            **settings,
            opts=self._child,
        )

    def _policy(
        self,
        service: str,
        action: str,
        on: pulumi.Input[str],
        source: pulumi.Input[str],
        *,
        account: bool = False,
    ) -> pulumi.Output[str]:
        """A service may do one thing for one resource of ours, and nobody anything without TLS."""
        # A bucket's ARN does not say whose it is.
        mine: Mapping[str, Any] = {"StringEquals": {"aws:SourceAccount": self._args.account}} if account else {}
        allowed = {
            "Effect": "Allow",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": action,
            "Resource": on,
            "Condition": {"ArnEquals": {"aws:SourceArn": source}, **mine},
        }
        refused = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": action,
            "Resource": on,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        document = {"Version": "2012-10-17", "Statement": [allowed, refused]}
        text: pulumi.Output[str] = pulumi.Output.json_dumps(document, sort_keys=True)
        return text
