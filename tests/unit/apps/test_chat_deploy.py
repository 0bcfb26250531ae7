"""A deployment takes the release to every service, or leaves every service as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from apps.chat.pipeline.deploy import SERVICES, FailedError, deploy
from settings.chat.model import Service

TARGET = "alertes-test-chat"
REPOSITORY = "123456789012.dkr.ecr.eu-west-3.amazonaws.com/alertes-test-chat/chat"
OLD, NEW = f"{REPOSITORY}@sha256:{'a' * 64}", f"{REPOSITORY}@sha256:{'b' * 64}"
AGENT = "vault-agent@sha256:" + "c" * 64


@pytest.fixture
def ecs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = boto3.client("ecs", region_name="eu-west-3")
        client.create_cluster(clusterName=TARGET)
        for service in SERVICES:  # moto starts no tasks: a service that wants none is settled
            define(client, service, "1")
            client.create_service(
                cluster=TARGET, serviceName=f"{TARGET}-{service}", taskDefinition=f"{TARGET}-{service}", desiredCount=0
            )
        yield client


def define(client: Any, service: str, setting: str) -> None:
    """A revision as the infrastructure's program writes it."""
    client.register_task_definition(
        family=f"{TARGET}-{service}",
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        taskRoleArn="arn:aws:iam::123456789012:role/task",
        containerDefinitions=[
            {"name": service, "image": OLD, "environment": [{"name": "SETTING", "value": setting}], "user": "10001"},
            {"name": "vault-agent", "image": AGENT},
        ],
    )


def running(client: Any, service: str) -> dict[str, Any]:
    name = f"{TARGET}-{service}"
    (found,) = client.describe_services(cluster=TARGET, services=[name])["services"]
    definition: dict[str, Any] = client.describe_task_definition(taskDefinition=found["taskDefinition"])[
        "taskDefinition"
    ]
    return definition


def images(client: Any, service: str) -> dict[str, str]:
    return {one["name"]: one["image"] for one in running(client, service)["containerDefinitions"]}


def test_every_service_is_deployed() -> None:
    assert sorted(SERVICES) == sorted(Service)
    assert SERVICES[-1] == Service.GATEWAY.value, "who is asked comes before who asks"


def test_the_image_is_all_that_changes(ecs: Any) -> None:
    before = {service: running(ecs, service) for service in SERVICES}
    deploy(ecs, TARGET, NEW, print)
    for service in SERVICES:
        assert images(ecs, service) == {service: NEW, "vault-agent": AGENT}
        after = running(ecs, service)
        assert after["revision"] == before[service]["revision"] + 1
        assert after["taskRoleArn"] == before[service]["taskRoleArn"]
        assert after["containerDefinitions"][0]["user"] == "10001"


def test_what_the_infrastructure_has_changed_since_is_deployed_with_it(ecs: Any) -> None:
    define(ecs, "bulk", "2")
    deploy(ecs, TARGET, NEW, print)
    (program, _) = running(ecs, "bulk")["containerDefinitions"]
    assert program["environment"] == [{"name": "SETTING", "value": "2"}]
    assert program["image"] == NEW


@pytest.mark.parametrize("state", ["FAILED", "back"])
def test_where_one_service_fails_all_go_back(ecs: Any, monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    before = {service: running(ecs, service)["taskDefinitionArn"] for service in SERVICES}
    describe = ecs.describe_services

    def failing(**arguments: Any) -> Any:
        """ECS as it answers after its circuit breaker, or an alarm, has rolled the third service back."""
        answer = describe(**arguments)
        (service,) = answer["services"]
        if service["serviceName"].endswith("-bulk") and service["taskDefinition"] != before["bulk"]:
            if state == "FAILED":
                service["deployments"][0] |= {"rolloutState": "FAILED", "rolloutStateReason": "alarms were raised"}
            else:
                service["taskDefinition"] = before["bulk"]
        return answer

    monkeypatch.setattr(ecs, "describe_services", failing)
    said: list[str] = []
    with pytest.raises(FailedError, match="alertes-test-chat-bulk did not take"):
        deploy(ecs, TARGET, NEW, said.append)
    assert {service: running(ecs, service)["taskDefinitionArn"] for service in SERVICES} == before
    assert sum("back to" in line for line in said) == 3, "the gateways were not touched"


def test_an_unknown_target_is_named(ecs: Any) -> None:
    ecs.create_cluster(clusterName="alertes-prod-chat")
    with pytest.raises(FailedError, match="there is no service alertes-prod-chat-broadcaster"):
        deploy(ecs, "alertes-prod-chat", NEW, print)
