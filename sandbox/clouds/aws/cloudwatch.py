"""Logs, alarms and dashboards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.aws.base import Api, AwsKind, Reading, always, known_only, policy
from sandbox.clouds.aws.kms import key
from sandbox.clouds.aws.tokens import LOG_GROUP, METRIC_ALARM, TOPIC
from sandbox.properties import Properties, has_unknown
from sandbox.schema import Failure
from sandbox.store import Row

COMPOSITE_ALARM: Final = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
RETENTION_DAYS: Final = (
    *(0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545),
    *(731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
PERIODS: Final = (10, 20, 30)
"""Seconds; besides these, multiples of 60."""


class LogGroup(AwsKind):
    """Where logs go. moto cannot give an existing group another key: that is kept in the sandbox's list alone."""

    token = LOG_GROUP
    service = "logs"
    unique = frozenset({"name"})
    references = (key("kmsKeyId"),)
    replace_on = frozenset({"logGroupClass"})
    renames = {"name": "logGroupName"}
    apart = frozenset({"skipDestroy", "deletionProtectionEnabled"})
    creation = Api("CreateLogGroup", {"logGroupName": "{name}", "kmsKeyId": "{kmsKeyId}"}, mapped=True)
    identity = "{name}"
    settings = (
        Api(
            "PutRetentionPolicy",
            {"logGroupName": "{id}", "retentionInDays": "{retentionInDays}"},
            when=lambda p: bool(p.get("retentionInDays")),
            unset=Api("DeleteRetentionPolicy", {"logGroupName": "{id}"}),
        ),
    )
    changes = (Api("AssociateKmsKey", {"logGroupName": "{id}", "kmsKeyId": "{kmsKeyId}"}, held=False),)
    deletion = (Api("DeleteLogGroup", {"logGroupName": "{id}"}),)
    readings = (Reading("DescribeLogGroups", {"logGroupNamePrefix": "{id}"}, "logGroups[?logGroupName=='{id}'] | [0]"),)
    outputs = {"arn": "arn:aws:logs:{region}:{account}:log-group:{id}"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Retention is one of the offered times; 0 is for ever."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "retentionInDays", RETENTION_DAYS)

    def on_delete(self, row: Row, call: Call) -> None:
        """A protected group stays."""
        if row.outputs.get("deletionProtectionEnabled"):
            raise CloudError(f"{row.id} is protected; set deletionProtectionEnabled to false first")
        super().on_delete(row, call)


class LogMetricFilter(AwsKind):
    """A number that is read out of logs."""

    token = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
    service = "logs"
    tag_operations = None
    references = (Reference("logGroupName", (LOG_GROUP,)),)
    replace_on = frozenset({"logGroupName"})
    renames = {
        "name": "filterName",
        "pattern": "filterPattern",
        "metricTransformation": "metricTransformations",
        "metricTransformation.name": "metricName",
        "metricTransformation.namespace": "metricNamespace",
        "metricTransformation.value": "metricValue",
    }
    creation = Api("PutMetricFilter", mapped=True)
    identity = "{name}"
    deletion = (Api("DeleteMetricFilter", {"logGroupName": "{logGroupName}", "filterName": "{id}"}),)
    changes = (  # moto keeps the old one besides the new
        Api(
            "DeleteMetricFilter",
            {"logGroupName": "{logGroupName}", "filterName": "{id}"},
            takes=("pattern", "metricTransformation"),
        ),
        creation,
    )
    readings = (
        Reading(
            "DescribeMetricFilters",
            {"logGroupName": "{logGroupName}", "filterNamePrefix": "{id}"},
            "metricFilters[?filterName=='{id}'] | [0]",
        ),
    )


class LogResourcePolicy(AwsKind):
    """Which services may write logs."""

    token = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"
    service = "logs"
    naming = "policyName"
    tag_operations = None
    creation = Api("PutResourcePolicy", mapped=True)
    changes = (creation,)
    identity = "{policyName}"
    deletion = (Api("DeleteResourcePolicy", {"policyName": "{id}"}),)
    readings = (Reading("DescribeResourcePolicies", {}, "resourcePolicies[?policyName=='{id}'] | [0]"),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Policies of logs say who."""
        yield from super().check(inputs, call)
        yield from policy(inputs, "policyDocument", "Principal", "Resource")


def _queries(p: Properties) -> list[Properties] | None:
    """Metrics of an alarm that calculates."""
    found = []
    for query in p.get("metricQueries") or []:
        names = {
            "id": "Id",
            "expression": "Expression",
            "label": "Label",
            "returnData": "ReturnData",
            "period": "Period",
        }
        part = {member: query[name] for name, member in names.items() if query.get(name) is not None}
        metric = query.get("metric")
        if metric:
            dimensions = [{"Name": n, "Value": v} for n, v in sorted((metric.get("dimensions") or {}).items())]
            named = {"MetricName": metric["metricName"], "Namespace": metric.get("namespace"), "Dimensions": dimensions}
            stat = {"Metric": named, "Period": metric["period"], "Stat": metric["stat"], "Unit": metric.get("unit")}
            part["MetricStat"] = {name: value for name, value in stat.items() if value is not None}
        found.append(part)
    return found or None


_ACTIONS: Final = ("alarmActions", "okActions", "insufficientDataActions")
_TOLD: Final = tuple(Reference(f"{name}[]", (TOPIC,), output="arn") for name in _ACTIONS)


class _Alarm(AwsKind):
    service = "cloudwatch"
    references = _TOLD

    def targets(self, inputs: Properties, call: Call) -> list[Row]:
        """Of the actions, topics can be looked up; the others are functions of AWS itself, such as scaling."""
        kept = {
            name: [one for one in inputs.get(name) or [] if str(one).startswith("arn:aws:sns:")] for name in _ACTIONS
        }
        return super().targets({**inputs, **kept}, call)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """An alarm tells five at most."""
        yield from super().check(inputs, call)
        for name in _ACTIONS:
            for index, action in enumerate(inputs.get(name) or []):
                if rules.known(action) and not str(action).startswith("arn:aws:"):
                    yield Failure(f"{name}[{index}]", f"is {action!r}, but accepted is an ARN, e.g. of a topic")


class MetricAlarm(_Alarm):
    """An alarm on a metric, or on a sum over some."""

    token = METRIC_ALARM
    unique = frozenset({"name"})
    renames = {"metricQueries": "Metrics", "name": "AlarmName"}
    creation = Api(
        "PutMetricAlarm",
        {"Metrics": known_only(_queries, "metricQueries")},
        mapped=True,
        takes=("metricQueries",),
        when=always,
    )
    changes = (creation,)
    identity = "{name}"
    deletion = (Api("DeleteAlarms", {"AlarmNames": ["{id}"]}),)
    readings = (Reading("DescribeAlarms", {"AlarmNames": ["{id}"]}, "MetricAlarms[0]"),)
    outputs = {"arn": "AlarmArn"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """An alarm is on one metric with a statistic, or on queries."""
        yield from super().check(inputs, call)
        if (inputs.get("metricName") is None) == (inputs.get("metricQueries") is None):
            yield Failure("metricName", "exactly one of metricName and metricQueries is accepted")
        if inputs.get("metricName") is not None:
            if sum(inputs.get(name) is not None for name in ("statistic", "extendedStatistic")) != 1:
                yield Failure("statistic", "exactly one of statistic and extendedStatistic is accepted")
            if inputs.get("period") is None:
                yield Failure("period", "is required (seconds)")
        yield from rules.one_of(inputs, "treatMissingData", ("missing", "ignore", "breaching", "notBreaching"))
        for name, period in [("period", inputs.get("period"))]:
            if isinstance(period, int) and period not in PERIODS and (period < 60 or period % 60):
                yield Failure(name, f"is {period}, but accepted is 10, 20, 30 or a multiple of 60 seconds")
        to_alarm, periods = inputs.get("datapointsToAlarm"), inputs.get("evaluationPeriods")
        if isinstance(to_alarm, int) and isinstance(periods, int) and to_alarm > periods:
            yield Failure("datapointsToAlarm", f"is {to_alarm}, but accepted is at most evaluationPeriods, {periods}")


class CompositeAlarm(_Alarm):
    """An alarm on other alarms: moto has none, so that the sandbox's list alone keeps it."""

    token = COMPOSITE_ALARM
    unique = frozenset({"alarmName"})
    naming = "alarmName"
    renames = {
        "actionsSuppressor": "",
        "actionsSuppressor.alarm": "ActionsSuppressor",
        "actionsSuppressor.extensionPeriod": "ActionsSuppressorExtensionPeriod",
        "actionsSuppressor.waitPeriod": "ActionsSuppressorWaitPeriod",
    }
    creation = Api(
        "PutCompositeAlarm",
        {
            "ActionsSuppressor": "{actionsSuppressor.alarm}",
            "ActionsSuppressorExtensionPeriod": "{actionsSuppressor.extensionPeriod}",
            "ActionsSuppressorWaitPeriod": "{actionsSuppressor.waitPeriod}",
        },
        mapped=True,
        held=False,
    )
    changes = (creation,)
    identity = "{alarmName}"
    tag_operations = None
    outputs = {"arn": "arn:aws:cloudwatch:{region}:{account}:alarm:{id}"}

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """The alarms in its rule must be there."""
        known = {row.id for token in (METRIC_ALARM, COMPOSITE_ALARM) for row in call.rows(token)}
        known |= {str(row.outputs.get("arn")) for token in (METRIC_ALARM, COMPOSITE_ALARM) for row in call.rows(token)}
        named = re.findall(r"(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*[\"']?([^\"')]+?)[\"']?\s*\)", inputs["alarmRule"])
        if not named and not re.fullmatch(r"\s*(TRUE|FALSE)\s*", inputs["alarmRule"]):
            raise CloudError('ValidationError: alarmRule names no alarm; accepted is e.g. ALARM("a") OR ALARM("b")')
        for name in named:
            if name not in known:
                raise CloudError(f"ValidationError: alarmRule: there is no alarm {name!r} in this account")


class Dashboard(AwsKind):
    """A page of charts."""

    token = "aws:cloudwatch/dashboard:Dashboard"
    service = "cloudwatch"
    naming = "dashboardName"
    tag_operations = None
    unique = frozenset({"dashboardName"})
    creation = Api("PutDashboard", mapped=True)
    changes = (creation,)
    identity = "{dashboardName}"
    deletion = (Api("DeleteDashboards", {"DashboardNames": ["{id}"]}),)
    readings = (Reading("GetDashboard", {"DashboardName": "{id}"}),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """The page is JSON with widgets in a grid of 24 columns."""
        yield from super().check(inputs, call)
        yield from rules.matches(inputs, "dashboardName", r"^[\w-]{1,255}$", "1 to 255 of letters, digits, - and _")
        body = inputs.get("dashboardBody")
        if not rules.known(body) or has_unknown(body):
            return
        try:
            widgets: Any = json.loads(str(body))["widgets"]
        except (ValueError, KeyError, TypeError):
            yield Failure("dashboardBody", "is not a dashboard: accepted is JSON with widgets: […]")
            return
        for index, widget in enumerate(widgets):
            where = f"widgets[{index}]"
            if not isinstance(widget, Mapping) or widget.get("type") not in WIDGETS:
                yield Failure("dashboardBody", f"{where}.type: accepted is one of {', '.join(WIDGETS)}")
            elif widget.get("x", 0) + widget.get("width", 6) > 24:
                yield Failure("dashboardBody", f"{where} ends beyond column 24")


WIDGETS: Final = ("metric", "text", "log", "alarm", "explorer", "custom")
KINDS: Final[tuple[Kind, ...]] = (
    LogGroup(),
    LogMetricFilter(),
    LogResourcePolicy(),
    MetricAlarm(),
    CompositeAlarm(),
    Dashboard(),
)
