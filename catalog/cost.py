"""What a stack costs a month by the catalogue's list prices, counted from the resources that exist."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import catalog
from settings import Settings


@dataclass(frozen=True)
class Line:
    """One kind of cost at one provider; `eur` a month without VAT."""

    provider: str
    what: str
    count: int
    eur: float


# Resource type → (what it is called, the price's name in the catalogue, the property with the size in GB).
_PRICED: Final[Mapping[str, tuple[str, str, str | None]]] = {
    "ovh:index/cloudStorageBlockVolume:CloudStorageBlockVolume": ("block volumes", "block_gb", "size"),
    "ovh:index/cloudStorageFileShare:CloudStorageFileShare": ("shared files", "share_gb", "size"),
    "ovh:index/cloudLoadbalancer:CloudLoadbalancer": ("load balancers", "load_balancer", None),
    "ovh:index/cloudGateway:CloudGateway": ("gateways", "gateway", None),
    "ovh:index/cloudFloatingIp:CloudFloatingIp": ("public addresses", "public_address", None),
    "scaleway:block/volume:Volume": ("block volumes", "block_gb", "sizeInGb"),
    "scaleway:index/fileFilesystem:FileFilesystem": ("shared files", "share_gb", "sizeInGb"),
    "scaleway:loadbalancers/loadBalancer:LoadBalancer": ("load balancers", "load_balancer", None),
    "scaleway:network/publicGateway:PublicGateway": ("gateways", "gateway", None),
    "scaleway:instance/ip:Ip": ("public addresses", "public_address", None),
    "scaleway:network/publicGatewayIp:PublicGatewayIp": ("public addresses", "public_address", None),
}


Inputs = Mapping[str, Any]
Priced = tuple[str, int, float]
"""What it is called, how many, and EUR a month for all of them."""


def _each(what: str, price: str) -> Callable[[Inputs], Iterator[Priced]]:
    """One price for every resource of a type."""

    def priced(_: Inputs) -> Iterator[Priced]:
        yield what, 1, catalog.aws().prices[price]

    return priced


def _endpoint(inputs: Inputs) -> Iterator[Priced]:
    """Gateway endpoints cost nothing, interfaces by the zone."""
    if inputs["vpcEndpointType"] == "Interface":
        zones = len(inputs["subnetIds"])
        yield "endpoints' interfaces", zones, zones * catalog.aws().prices["endpoint_zone"]


def _web_acl(inputs: Inputs) -> Iterator[Priced]:
    prices = catalog.aws().prices
    yield "lists of WAF rules", 1, prices["web_acl"] + len(inputs["rules"]) * prices["web_acl_rule"]


def _cache(inputs: Inputs) -> Iterator[Priced]:
    nodes = inputs["numCacheClusters"]
    yield "cache nodes", nodes, nodes * catalog.aws().cache_types[inputs["nodeType"]].eur_month


def _documents(inputs: Inputs) -> Iterator[Priced]:
    yield "document databases", 1, catalog.aws().document_types[inputs["instanceClass"]].eur_month


def _sql(inputs: Inputs) -> Iterator[Priced]:
    storage = inputs["allocatedStorage"] * catalog.aws().prices["sql_gb"]
    yield "SQL databases (pairs)", 1, catalog.aws().sql_types[inputs["instanceClass"]].eur_month + storage


_AWS: Final[Mapping[str, Callable[[Inputs], Iterator[Priced]]]] = {
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": _each("alarms, composite", "composite_alarm"),
    "aws:cloudwatch/dashboard:Dashboard": _each("dashboards", "dashboard"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": _each("alarms", "alarm"),
    "aws:docdb/clusterInstance:ClusterInstance": _documents,
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:elasticache/replicationGroup:ReplicationGroup": _cache,
    "aws:kms/key:Key": _each("keys", "key"),
    "aws:lb/loadBalancer:LoadBalancer": _each("load balancers", "load_balancer"),
    "aws:rds/instance:Instance": _sql,
    "aws:route53/zone:Zone": _each("DNS zones", "hosted_zone"),
    "aws:wafv2/webAcl:WebAcl": _web_acl,
}
TASK: Final = "aws:ecs/taskDefinition:TaskDefinition"
SERVICE: Final = "aws:ecs/service:Service"
CPU_UNITS: Final = 1024
MIB: Final = 1024


def _tasks(resources: Iterable[Mapping[str, Any]]) -> Iterator[Priced]:
    """Fargate's tasks: each service runs a family of task definitions that has its name."""
    prices = catalog.aws().prices
    tasks = {one["inputs"]["family"]: one["inputs"] for one in resources if one["type"] == TASK}
    for service in (one["inputs"] for one in resources if one["type"] == SERVICE):
        task, count = tasks[service["name"]], service["desiredCount"]
        vcpu, gib = int(task["cpu"]) / CPU_UNITS, int(task["memory"]) / MIB
        yield "tasks", count, count * (vcpu * prices["task_vcpu"] + gib * prices["task_gib"])


def estimate(settings: Settings, resources: Iterable[Mapping[str, Any]]) -> list[Line]:
    """The lines of the estimate, from settings (machines) and a state's resources (everything else).

    Traffic, logs and the content of buckets are not in it: they depend on use. Services count as they are by day.
    """
    resources = list(resources)
    found: dict[tuple[str, str], tuple[int, float]] = {}

    def add(provider: str, what: str, count: int, eur: float) -> None:
        before = found.get((provider, what), (0, 0.0))
        found[provider, what] = (before[0] + count, before[1] + eur)

    for site in settings.hosting.sites if settings.hosting is not None else ():
        for group in site.machines.values():
            price = catalog.of(site.provider.value).instance_types[group.type].eur_month
            add(site.provider.value, "machines", group.count, group.count * price)
    for resource in resources:
        priced = _PRICED.get(resource["type"])
        if priced is not None:
            what, price_name, size = priced
            provider = str(resource["type"]).split(":", 1)[0]
            unit = float(getattr(catalog.of(provider).prices, price_name))
            add(provider, what, 1, unit * (resource["inputs"][size] if size else 1))
        if resource["type"] in _AWS:
            for what, count, eur in _AWS[resource["type"]](resource["inputs"]):
                add("aws", what, count, eur)
    for what, count, eur in _tasks(resources):
        add("aws", what, count, eur)
    return [Line(provider, what, count, eur) for (provider, what), (count, eur) in sorted(found.items())]
