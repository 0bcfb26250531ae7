"""The chat on the real engine: what the simulated AWS then holds is asked of AWS itself, not of the program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import boto3
import hvac
import pytest

from engine.workspace import Workspace
from sandbox import daemon, session
from sandbox.daemon import Running
from sandbox.store import Store
from settings import read
from settings.chat.model import Queue, Service

pytestmark = pytest.mark.engine

STACK: Final = "chat-sandbox"
NAME: Final = "alertes-sandbox-chat"
POLICIES: Final = ("--policy-pack", str(session.POLICIES))


class Chat:
    """The system, brought up once, and AWS's and Vault's own clients."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.workspace, self.settings = session.prepare(STACK, directory)
        done = self.run("up", "--yes", "--skip-preview", *POLICIES)
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        self.up = done.stdout + done.stderr
        assert self.settings.chat is not None
        self.chat = self.settings.chat
        running = daemon.running(directory)
        assert running is not None
        self.running: Running = running

    def run(self, *arguments: str) -> Any:
        return self.workspace.run(*arguments, "--stack", STACK, quiet=True, check=False)

    def aws(self, service: str) -> Any:
        """A client of the simulated AWS."""
        return boto3.client(
            service,
            endpoint_url=self.running.aws,
            region_name=self.chat.region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    directory = tmp_path_factory.mktemp("chat")
    try:
        yield Chat(directory)
    finally:
        daemon.stop(directory)


def test_the_policies_have_passed(chat: Chat) -> None:
    """A mandatory violation ends an update; what is excepted is said, with its end."""
    said = chat.up
    assert "Policies:" in said
    assert "[mandatory]" not in said
    assert "Excepted until" in said


def test_nothing_is_left_to_do(chat: Chat) -> None:
    second = chat.run("preview", "--expect-no-changes", *POLICIES)
    assert second.returncode == 0, second.stdout[-3000:]


def test_networks_are_private_but_for_the_balancer(chat: Chat) -> None:
    ec2 = chat.aws("ec2")
    (network,) = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [NAME]}])["Vpcs"]
    here = [{"Name": "vpc-id", "Values": [network["VpcId"]]}]
    subnets = {one["SubnetId"]: one for one in ec2.describe_subnets(Filters=here)["Subnets"]}
    assert len(subnets) == 9
    assert {one["AvailabilityZone"] for one in subnets.values()} == set(chat.chat.zones)
    assert not any(one["MapPublicIpOnLaunch"] for one in subnets.values())
    out = {
        association["SubnetId"]
        for table in ec2.describe_route_tables(Filters=here)["RouteTables"]
        if any(route.get("GatewayId", "").startswith("igw-") for route in table["Routes"])
        for association in table["Associations"]
        if "SubnetId" in association
    }
    (balancer,) = chat.aws("elbv2").describe_load_balancers()["LoadBalancers"]
    assert out == {zone["SubnetId"] for zone in balancer["AvailabilityZones"]}
    assert ec2.describe_nat_gateways(Filters=here)["NatGateways"] == []
    services = ec2.describe_vpc_endpoints(Filters=here)["VpcEndpoints"]
    assert sorted(one["VpcEndpointType"] for one in services) == ["Gateway", *["Interface"] * 4]


def test_only_80_and_443_are_open_to_the_world(chat: Chat) -> None:
    ec2 = chat.aws("ec2")
    opened = {
        (group["GroupName"], permission["FromPort"])
        for group in ec2.describe_security_groups()["SecurityGroups"]
        for permission in group["IpPermissions"]
        if permission.get("IpRanges") or permission.get("Ipv6Ranges")
        if group["GroupName"].startswith(NAME)
    }
    assert opened == {(f"{NAME}-front", 443), (f"{NAME}-front", 80)}


def test_the_balancer_speaks_tls_and_keeps_sockets(chat: Chat) -> None:
    elb = chat.aws("elbv2")
    (balancer,) = elb.describe_load_balancers(Names=[NAME])["LoadBalancers"]
    listeners = {
        one["Port"]: one for one in elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    }
    assert listeners[80]["DefaultActions"][0]["Type"] == "redirect"
    assert listeners[443]["SslPolicy"].startswith("ELBSecurityPolicy-TLS13")
    (targets,) = elb.describe_target_groups(Names=[NAME])["TargetGroups"]
    attributes = {
        one["Key"]: one["Value"]
        for one in elb.describe_target_group_attributes(TargetGroupArn=targets["TargetGroupArn"])["Attributes"]
    }
    assert attributes["stickiness.enabled"] == "true"
    assert attributes["stickiness.type"] == "lb_cookie"
    assert attributes["deregistration_delay.timeout_seconds"] == "600"
    assert attributes["load_balancing.algorithm.type"] == "round_robin"
    own = elb.describe_load_balancer_attributes(LoadBalancerArn=balancer["LoadBalancerArn"])["Attributes"]
    values = {one["Key"]: one["Value"] for one in own}
    assert values["idle_timeout.timeout_seconds"] == "300"
    assert values["deletion_protection.enabled"] == "true"


def test_names_lead_to_the_balancer(chat: Chat) -> None:
    dns = chat.aws("route53")
    (zone,) = dns.list_hosted_zones_by_name(DNSName=chat.chat.domain)["HostedZones"][:1]
    records = dns.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    aliases = {one["Type"]: one["AliasTarget"]["DNSName"] for one in records if "AliasTarget" in one}
    assert set(aliases) == {"A", "AAAA"}


def test_services_run_as_settings_say(chat: Chat) -> None:
    ecs = chat.aws("ecs")
    names = [f"{NAME}-{service}" for service in Service]
    found = {one["serviceName"]: one for one in ecs.describe_services(cluster=NAME, services=names)["services"]}
    for service, tasks in chat.chat.services.items():
        one = found[f"{NAME}-{service}"]
        assert one["desiredCount"] == tasks.count
        definition = ecs.describe_task_definition(taskDefinition=one["taskDefinition"])["taskDefinition"]
        assert (definition["cpu"], definition["memory"]) == (str(tasks.cpu), str(tasks.memory_mib))
        program, agent = definition["containerDefinitions"]
        assert program["image"].endswith(chat.chat.images.chat)
        assert program["readonlyRootFilesystem"] is True
        assert json.loads(agent["environment"][0]["value"])["auto_auth"]["method"][0]["type"] == "aws"
    targets = chat.aws("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert {one["ResourceId"].rpartition("-")[2]: one["MaxCapacity"] for one in targets} == {
        service.value: tasks.most for service, tasks in chat.chat.services.items()
    }


def test_each_queue_has_a_cache_of_its_own(chat: Chat) -> None:
    groups = {
        one["ReplicationGroupId"]: one
        for one in chat.aws("elasticache").describe_replication_groups()["ReplicationGroups"]
    }
    assert set(groups) == {f"{NAME}-{queue}" for queue in Queue}
    for queue, cache in chat.chat.caches.items():
        one = groups[f"{NAME}-{queue}"]
        assert one["TransitEncryptionEnabled"] is True
        assert one["AtRestEncryptionEnabled"] is True
        assert one["MultiAZ"] == "enabled"
        assert one["CacheNodeType"] == cache.type


def test_users_are_encrypted_and_in_two_zones(chat: Chat) -> None:
    (one,) = chat.aws("rds").describe_db_instances(DBInstanceIdentifier=f"{NAME}-users")["DBInstances"]
    assert (one["MultiAZ"], one["StorageEncrypted"], one["DeletionProtection"]) == (True, True, True)
    assert one["DBInstanceClass"] == chat.chat.users.type


def test_files_are_refused_until_they_are_clean(chat: Chat) -> None:
    s3 = chat.aws("s3")
    bucket = f"{NAME}-files-{chat.chat.account}"
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    assert "unless-clean" in {one.get("Sid") for one in policy["Statement"]}
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"][0]["AllowedOrigins"] == [f"https://{chat.chat.domain}"]


def test_the_pipeline_has_its_stages(chat: Chat) -> None:
    pipeline = chat.aws("codepipeline").get_pipeline(name=NAME)["pipeline"]
    assert [stage["name"] for stage in pipeline["stages"]][-3:] == ["Load", "Approval", "Production"]
    repositories = chat.aws("ecr").describe_repositories()["repositories"]
    assert {one["imageTagMutability"] for one in repositories} == {"IMMUTABLE"}


def test_each_service_finds_its_secrets_in_vault(chat: Chat) -> None:
    token = Store(chat.directory / "clouds.sqlite")
    account = next(one for one in token.accounts("vault") if one.name == daemon.OPERATOR)
    client = hvac.Client(url=chat.running.vault, token=account.secret)
    for service in Service:
        found = client.read(f"{NAME}/data/{service}")
        assert found["data"]["data"]["broadcast_key"]
        assert f"{NAME}/data/{service}" in client.read(f"sys/policies/acl/{NAME}-{service}")["data"]["policy"]
    token.close()


@pytest.mark.parametrize("stack", ["chat-dev", "chat-prod"])
def test_the_other_stacks_pass_the_policies(chat: Chat, stack: str) -> None:
    assert read(stack).chat is not None
    workspace: Workspace
    workspace, _ = session.prepare(stack, chat.directory)
    done = workspace.run("preview", "--stack", stack, *POLICIES, quiet=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
