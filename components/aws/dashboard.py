"""The figures of the chat on one page: what arrives, what waits, what is held open, and how long a message takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.sdk import lazy
from settings.chat.model import Queue, Service

aws = lazy("pulumi_aws")

WIDTH: Final = 12
"""Half of the page, in CloudWatch's units."""
HEIGHT: Final = 6
PERIOD_SECONDS: Final = 60

Metric = Sequence[Any]


@dataclass(frozen=True)
class DashboardArgs:
    """`name` is that of the page; `namespace` that of the metrics that the program itself publishes.

    `balancer` and `targets` are named as CloudWatch names them; `cluster` is the name of the tasks' cluster, `services`
    the names of its services, `nodes` the caches' nodes; `documents` and `users` are the databases' ids.
    """

    name: str
    namespace: str
    region: str
    balancer: pulumi.Input[str]
    targets: pulumi.Input[str]
    cluster: str
    services: Mapping[Service, str]
    nodes: Mapping[Queue, Sequence[str]]
    documents: pulumi.Input[str]
    users: pulumi.Input[str]
    web_acl: pulumi.Input[str]


class Dashboard(pulumi.ComponentResource):
    """One page of figures.

    Creates the page: hits and errors, messages a minute and in all, sockets, depth and age of both queues, latency from
    sender to receiver, tasks, what the stores and the WAF do. Output: `name`.
    """

    def __init__(self, args: DashboardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:Dashboard", args.name, None, opts)
        widgets = [
            {**widget, "x": index % 2 * WIDTH, "y": index // 2 * HEIGHT, "width": WIDTH, "height": HEIGHT}
            for index, widget in enumerate(_widgets(args))
        ]
        page = aws.cloudwatch.Dashboard(
            args.name,
            dashboard_name=args.name,
            dashboard_body=pulumi.Output.json_dumps({"widgets": widgets}, sort_keys=True),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.name: pulumi.Output[str] = page.dashboard_name
        self.register_outputs({"name": self.name})


def _widgets(args: DashboardArgs) -> Iterator[dict[str, Any]]:
    balancer = ["LoadBalancer", args.balancer]
    yield _graph(
        args,
        "Hits",
        ["AWS/ApplicationELB", "RequestCount", *balancer, {"stat": "Sum", "label": "requests"}],
        ["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", *balancer, {"stat": "Sum", "label": "errors, gateway"}],
        ["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", *balancer, {"stat": "Sum", "label": "errors, balancer"}],
    )
    yield _graph(
        args,
        "Messages",
        *([args.namespace, "Messages", "Queue", queue, {"stat": "Sum", "label": queue}] for queue in Queue),
    )
    yield _numbers(
        args,
        "Sums of the time shown",
        ["AWS/ApplicationELB", "RequestCount", *balancer, {"stat": "Sum", "label": "requests"}],
        *(
            [args.namespace, "Messages", "Queue", queue, {"stat": "Sum", "label": f"messages, {queue}"}]
            for queue in Queue
        ),
    )
    yield _graph(
        args,
        "Sockets",
        [args.namespace, "Connections", "Service", Service.GATEWAY, {"stat": "Sum", "label": "all gateways"}],
        [args.namespace, "Connections", "Service", Service.GATEWAY, {"stat": "Maximum", "label": "fullest gateway"}],
        ["AWS/ApplicationELB", "RejectedConnectionCount", *balancer, {"stat": "Sum", "label": "refused"}],
    )
    yield _graph(
        args,
        "Depth of the queues",
        *([args.namespace, "QueueDepth", "Queue", queue, {"stat": "Maximum", "label": queue}] for queue in Queue),
    )
    yield _graph(
        args,
        "Age of the oldest message in the queues (s)",
        *([args.namespace, "QueueAge", "Queue", queue, {"stat": "Maximum", "label": queue}] for queue in Queue),
    )
    yield _graph(
        args,
        "From sender to receiver (ms)",
        *(
            [args.namespace, "Latency", "Queue", queue, {"stat": stat, "label": f"{queue}, {stat}"}]
            for queue in Queue
            for stat in ("p50", "p99")
        ),
    )
    yield _graph(
        args,
        "Tasks that run",
        *(
            [
                "ECS/ContainerInsights",
                "RunningTaskCount",
                "ClusterName",
                args.cluster,
                "ServiceName",
                name,
                {"stat": "Average", "label": service},
            ]
            for service, name in args.services.items()
        ),
    )
    yield _graph(
        args,
        "Memory of the caches (%)",
        *(
            [
                "AWS/ElastiCache",
                "DatabaseMemoryUsagePercentage",
                "CacheClusterId",
                node,
                {"stat": "Maximum", "label": node},
            ]
            for nodes in args.nodes.values()
            for node in nodes
        ),
    )
    yield _graph(
        args,
        "Databases: processors (%)",
        [
            "AWS/DocDB",
            "CPUUtilization",
            "DBClusterIdentifier",
            args.documents,
            {"stat": "Maximum", "label": "documents"},
        ],
        ["AWS/RDS", "CPUUtilization", "DBInstanceIdentifier", args.users, {"stat": "Maximum", "label": "users"}],
    )
    yield _graph(
        args,
        "Gateways that answer",
        ["AWS/ApplicationELB", "HealthyHostCount", "TargetGroup", args.targets, *balancer, {"stat": "Minimum"}],
        ["AWS/ApplicationELB", "UnHealthyHostCount", "TargetGroup", args.targets, *balancer, {"stat": "Maximum"}],
    )
    yield _graph(
        args,
        "Requests that the WAF refused",
        *(
            [
                "AWS/WAFV2",
                "BlockedRequests",
                "WebACL",
                args.web_acl,
                "Region",
                args.region,
                "Rule",
                rule,
                {"stat": "Sum"},
            ]
            for rule in ("ALL", "rate")
        ),
    )


def _graph(args: DashboardArgs, title: str, *metrics: Metric) -> dict[str, Any]:
    return _widget(args, title, metrics, {"view": "timeSeries"})


def _numbers(args: DashboardArgs, title: str, *metrics: Metric) -> dict[str, Any]:
    return _widget(args, title, metrics, {"view": "singleValue", "setPeriodToTimeRange": True})


def _widget(args: DashboardArgs, title: str, metrics: Sequence[Metric], view: Mapping[str, Any]) -> dict[str, Any]:
    properties = {"title": title, "region": args.region, "period": PERIOD_SECONDS, "metrics": list(metrics), **view}
    return {"type": "metric", "properties": properties}
