"""What AWS costs, counted from resources as a state has them."""

from __future__ import annotations

from typing import Any

import pytest

import catalog
from catalog.cost import Line, estimate
from settings import read
from tests.unit.stacks.test_chat import declared


def lines(*resources: tuple[str, dict[str, Any]]) -> dict[str, Line]:
    state = [{"type": type_, "inputs": inputs} for type_, inputs in resources]
    return {line.what: line for line in estimate(read("chat-sandbox"), state)}


def test_tasks_cost_what_their_size_costs_times_their_number() -> None:
    prices = catalog.aws().prices
    found = lines(
        ("aws:ecs/taskDefinition:TaskDefinition", {"family": "a", "cpu": "512", "memory": "2048"}),
        ("aws:ecs/service:Service", {"name": "a", "desiredCount": 10}),
    )
    assert found["tasks"].count == 10
    assert found["tasks"].eur == pytest.approx(10 * (0.5 * prices["task_vcpu"] + 2 * prices["task_gib"]))


def test_stores_cost_by_their_type_and_number() -> None:
    offered = catalog.aws()
    found = lines(
        ("aws:elasticache/replicationGroup:ReplicationGroup", {"numCacheClusters": 3, "nodeType": "cache.r6g.large"}),
        ("aws:docdb/clusterInstance:ClusterInstance", {"instanceClass": "db.r6g.large"}),
        ("aws:docdb/clusterInstance:ClusterInstance", {"instanceClass": "db.r6g.large"}),
        ("aws:rds/instance:Instance", {"instanceClass": "db.m6g.large", "allocatedStorage": 100}),
    )
    assert (found["cache nodes"].count, found["document databases"].count) == (3, 2)
    assert found["cache nodes"].eur == pytest.approx(3 * offered.cache_types["cache.r6g.large"].eur_month)
    assert found["document databases"].eur == pytest.approx(2 * offered.document_types["db.r6g.large"].eur_month)
    sql = offered.sql_types["db.m6g.large"].eur_month + 100 * offered.prices["sql_gb"]
    assert found["SQL databases (pairs)"].eur == pytest.approx(sql)


def test_interfaces_cost_by_the_zone_and_gateways_nothing() -> None:
    found = lines(
        ("aws:ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": "Interface", "subnetIds": ["a", "b", "c"]}),
        ("aws:ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": "Gateway"}),
    )
    assert found["endpoints' interfaces"].count == 3
    assert found["endpoints' interfaces"].eur == pytest.approx(3 * catalog.aws().prices["endpoint_zone"])


@pytest.mark.parametrize("environment", ["dev", "prod", "sandbox"])
def test_the_chat_costs_less_than_its_budget(environment: str) -> None:
    settings = read(f"chat-{environment}")
    state = [vars(one) for one in declared(environment).registrations]
    found = {line.what: line for line in estimate(settings, state)}
    total = sum(line.eur for line in found.values())
    assert settings.budget_eur_month / 2 < total <= settings.budget_eur_month
    assert settings.chat is not None
    assert found["tasks"].count == sum(tasks.count for tasks in settings.chat.services.values())


def test_endpoints_cost_less_than_nat() -> None:
    """The sum in docs/chat.md: three interfaces in three zones, against a NAT gateway in each of them."""
    nat_zone = 0.05 * 730 * 0.92  # USD an hour in eu-west-3, hours a month, EUR a USD
    assert 3 * 3 * catalog.aws().prices["endpoint_zone"] < 3 * nat_zone
