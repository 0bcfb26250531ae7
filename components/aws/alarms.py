"""Alarms, and who hears of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import pulumi

from components.aws.role import Role, RoleArgs
from components.sdk import lazy
from settings.base import Recipients, Slack

aws = lazy("pulumi_aws")

PERIOD_SECONDS: Final = 60
SUPPRESSED_SECONDS: Final = 120
"""How long an alarm waits for the one that would silence it, and stays silent after it."""
CHAT_REGION: Final = "eu-west-1"
"""AWS's chat service has its API in few regions; of those in the Union, in this one."""
GUARDRAIL: Final = "arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess"
"""What people may do from the chat at most: look at graphs."""

Comparison = Literal[
    "GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"
]


@dataclass(frozen=True)
class AlarmsArgs:
    """`name` is the topic's; `account` owns it; `key` is the ARN of a key that `sns` and `cloudwatch` may use.

    Of the `recipients`, each mail address must confirm once, and a channel's workspace must once have been allowed to the
    account.
    """

    name: str
    account: str
    key: pulumi.Input[str]
    recipients: Recipients


@dataclass(frozen=True)
class Metric:
    """What CloudWatch measures; `statistic` is Sum, Average, Minimum, Maximum, SampleCount, or a percentile: p99."""

    namespace: str
    name: str
    statistic: str
    dimensions: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Alarms(pulumi.ComponentResource):
    """A topic for alarms with its recipients.

    Creates an encrypted topic that this account's alarms alone may publish to; a subscription for every mail address
    and phone number; and, for a channel of Slack, its configuration with a role that may only read. `when` and `any_of`
    add alarms, which say when they begin and when they are over.

    Outputs: `topic` (ARN).
    """

    def __init__(self, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:Alarms", args.name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        topic = aws.sns.Topic(args.name, name=args.name, kms_master_key_id=args.key, opts=self._child)
        self.topic: pulumi.Output[str] = topic.arn
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": self.topic,
            "Condition": {"StringEquals": {"aws:SourceAccount": args.account}},
        }
        document = {"Version": "2012-10-17", "Statement": [statement]}
        aws.sns.TopicPolicy(
            args.name,
            arn=self.topic,
            policy=pulumi.Output.json_dumps(document, sort_keys=True),
            opts=self._child,
        )
        for protocol, endpoints in (("email", args.recipients.mail), ("sms", args.recipients.sms)):
            for endpoint in endpoints:
                aws.sns.TopicSubscription(
                    f"{args.name}-{endpoint}", topic=self.topic, protocol=protocol, endpoint=endpoint, opts=self._child
                )
        if args.recipients.slack is not None:
            self._slack(args.recipients.slack)
        self.register_outputs({"topic": self.topic})

    def _slack(self, slack: Slack) -> None:
        name = f"{self._args.name}-slack"
        role = Role(RoleArgs(name, "chatbot.amazonaws.com", self._args.account), self._child)
        aws.chatbot.SlackChannelConfiguration(
            name,
            configuration_name=name,
            iam_role_arn=role.arn,
            slack_team_id=slack.workspace,
            slack_channel_id=slack.channel,
            sns_topic_arns=[self.topic],
            guardrail_policy_arns=[GUARDRAIL],
            logging_level="ERROR",
            region=CHAT_REGION,
            opts=self._child,
        )

    def when(
        self,
        name: str,
        description: str,
        metric: Metric,
        comparison: Comparison,
        threshold: float,
        *,
        minutes: int = 5,
        of_minutes: int | None = None,
        period_seconds: int = PERIOD_SECONDS,
        missing: Literal["notBreaching", "breaching", "ignore"] = "notBreaching",
        silent: bool = False,
    ) -> pulumi.Output[str]:
        """Add an alarm, and return its name.

        It begins when the metric, over periods of `period_seconds`, compares so to the threshold in `minutes` out of the
        last `of_minutes` (all of them, where not given); both are multiples of the period. `missing` says what periods
        without any data are. A `silent` alarm tells nobody: it is for composite alarms and for deployments. The
        `description` says what it means and what to do.
        """
        statistic = "extended_statistic" if metric.statistic.startswith("p") else "statistic"
        actions = None if silent else [self.topic]
        alarm = aws.cloudwatch.MetricAlarm(
            name,
            name=name,
            alarm_description=description,
            namespace=metric.namespace,
            metric_name=metric.name,
            dimensions=dict(metric.dimensions),
            **{statistic: metric.statistic},
            period=period_seconds,
            evaluation_periods=(of_minutes or minutes) * 60 // period_seconds,
            datapoints_to_alarm=minutes * 60 // period_seconds,
            comparison_operator=comparison,
            threshold=threshold,
            treat_missing_data=missing,
            alarm_actions=actions,
            ok_actions=actions,
            opts=self._child,
        )
        result: pulumi.Output[str] = alarm.name
        return result

    def any_of(
        self,
        name: str,
        description: str,
        alarms: Sequence[pulumi.Input[str]],
        unless: pulumi.Input[str] | None = None,
    ) -> pulumi.Output[str]:
        """Add an alarm that goes off once, however many of the `alarms` (names) do, and return its name.

        While the alarm `unless` (a name) is on, which tells more, this one tells nobody.
        """
        rule: Any = pulumi.Output.all(*alarms).apply(lambda names: " OR ".join(f'ALARM("{one}")' for one in names))
        alarm = aws.cloudwatch.CompositeAlarm(
            name,
            alarm_name=name,
            alarm_description=description,
            alarm_rule=rule,
            alarm_actions=[self.topic],
            ok_actions=[self.topic],
            actions_suppressor=None
            if unless is None
            else {"alarm": unless, "wait_period": SUPPRESSED_SECONDS, "extension_period": SUPPRESSED_SECONDS},
            opts=self._child,
        )
        result: pulumi.Output[str] = alarm.alarm_name
        return result
