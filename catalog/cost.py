"""What a stack costs a month by the catalogue's list prices."""

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


@dataclass(frozen=True)
class _Price:
    """What a kind of resource is called, its price's name in the catalogue, and where its size in GB is, if it counts."""

    what: str
    price: str
    size: tuple[str, ...] = ()

    def eur(self, provider: str, inputs: Mapping[str, Any]) -> float:
        """EUR a month for one resource."""
        unit = float(getattr(catalog.of(provider).prices, self.price))
        if not self.size:
            return unit
        found: Any = inputs
        for step in self.size:
            found = found[step]
        return unit * float(found)


_BLOCK: Final = "block volumes"
_ADDRESS: Final = _Price("public addresses", "public_address")
_BALANCER: Final = _Price("load balancers", "load_balancer")
_GATEWAY: Final = _Price("gateways", "gateway")
_PRICED: Final[Mapping[str, _Price]] = {
    "ovh:index/cloudStorageBlockVolume:CloudStorageBlockVolume": _Price(_BLOCK, "block_gb", ("size",)),
    "ovh:index/cloudStorageFileShare:CloudStorageFileShare": _Price("shared files", "share_gb", ("size",)),
    "ovh:index/cloudLoadbalancer:CloudLoadbalancer": _BALANCER,
    "ovh:index/cloudGateway:CloudGateway": _GATEWAY,
    "ovh:index/cloudFloatingIp:CloudFloatingIp": _ADDRESS,
    "scaleway:block/volume:Volume": _Price(_BLOCK, "block_gb", ("sizeInGb",)),
    # The instance types in the catalogue have no disk of their own; at OVH, a disk is in the type's price.
    "scaleway:instance/server:Server": _Price(_BLOCK, "block_gb", ("rootVolume", "sizeInGb")),
    "scaleway:index/fileFilesystem:FileFilesystem": _Price("shared files", "share_gb", ("sizeInGb",)),
    "scaleway:loadbalancers/loadBalancer:LoadBalancer": _BALANCER,
    "scaleway:network/publicGateway:PublicGateway": _GATEWAY,
    # https://www.scaleway.com/en/docs/ipam/reference-content/understanding-ip-billing: not in what they belong to.
    "scaleway:instance/ip:Ip": _ADDRESS,
    "scaleway:network/publicGatewayIp:PublicGatewayIp": _ADDRESS,
    "scaleway:loadbalancers/ip:Ip": _ADDRESS,
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
DAYS: Final = 30
"""Of a month, by which readings count."""
READING_BYTES: Final = 150
"""A reading in its table: names and values, and the 100 bytes that DynamoDB counts for itself (its developer guide)."""
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


def _readings(settings: Settings) -> Iterator[Priced]:
    """What the sensors send, by their settings."""
    if settings.sensors is not None:
        prices, daily = catalog.aws().prices, settings.sensors.readings_per_day
        millions = daily * DAYS / 1e6
        gigabytes = daily * settings.sensors.retention.raw_days * READING_BYTES / 1e9
        yield "million readings", round(millions), millions * prices["readings_million"]
        yield "GB of readings", round(gigabytes), gigabytes * prices["table_gb"]


def estimate(settings: Settings, resources: Iterable[Mapping[str, Any]]) -> list[Line]:
    """The lines of the estimate: machines and readings as settings speak of them, all else as it is in a state's resources.

    Other traffic, logs and the content of buckets are not in it: they depend on use. Services count as they are by day.
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
            provider = str(resource["type"]).split(":", 1)[0]
            add(provider, priced.what, 1, priced.eur(provider, resource["inputs"]))
        if resource["type"] in _AWS:
            for what, count, eur in _AWS[resource["type"]](resource["inputs"]):
                add("aws", what, count, eur)
    for what, count, eur in (*_tasks(resources), *_readings(settings)):
        add("aws", what, count, eur)
    return [Line(provider, what, count, eur) for (provider, what), (count, eur) in sorted(found.items())]
