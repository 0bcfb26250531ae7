"""What the chat system declares, in each environment."""

from __future__ import annotations

import functools
import ipaddress
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from components.aws.flows import Party, Role, flows
from components.aws.role import allow
from settings import Chat as ChatSettings
from settings import Settings, read
from settings.chat.model import Queue, Service
from settings.load import ROOT
from stacks import build
from tests.unit.components.recorder import CANARY, Recording, Registration, comparable, record

ENVIRONMENTS: Final = ("dev", "prod", "sandbox")
PORT: Final = {"dev": 8200, "prod": 8200, "sandbox": 18200}
WORLD: Final = {"0.0.0.0/0", "::/0"}
TABLE: Final = {
    ("world", "front", 443),
    ("world", "front", 80),
    ("front", "gateway", 8080),
    ("gateway", "bulk-queue", 6379),
    ("gateway", "priority-queue", 6379),
    ("gateway", "broadcaster", 5556),
    ("gateway", "documents", 27017),
    ("gateway", "users", 3306),
    ("bulk", "bulk-queue", 6379),
    ("bulk", "documents", 27017),
    ("bulk", "broadcaster", 5557),
    ("priority", "priority-queue", 6379),
    ("priority", "documents", 27017),
    ("priority", "broadcaster", 5557),
    *((task, target, 443) for task in ("gateway", "bulk", "priority", "broadcaster") for target in ("endpoints", "s3")),
    *((task, "vault", 8200) for task in ("gateway", "bulk", "priority", "broadcaster")),
}
"""Every connection that there may be, written down a second time: a new one is a decision."""
LIMITS: Final = {
    "aws:lb/loadBalancer:LoadBalancer": ("name", r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?"),
    "aws:lb/targetGroup:TargetGroup": ("name", r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?"),
    "aws:elasticache/replicationGroup:ReplicationGroup": ("replicationGroupId", r"[a-z](?:-?[a-z0-9]){0,39}"),
    "aws:elasticache/user:User": ("userId", r"[a-z](?:-?[a-z0-9]){0,39}"),
    "aws:elasticache/userGroup:UserGroup": ("userGroupId", r"[a-z](?:-?[a-z0-9]){0,39}"),
    "aws:docdb/cluster:Cluster": ("clusterIdentifier", r"[a-z](?:-?[a-z0-9]){0,62}"),
    "aws:docdb/clusterInstance:ClusterInstance": ("identifier", r"[a-z](?:-?[a-z0-9]){0,62}"),
    "aws:rds/instance:Instance": ("identifier", r"[a-z](?:-?[a-z0-9]){0,62}"),
    "aws:iam/role:Role": ("name", r"[\w+=,.@-]{1,64}"),
    "aws:s3/bucket:Bucket": ("bucket", r"[a-z0-9](?:[a-z0-9-]{1,61}[a-z0-9])"),
    "aws:wafv2/webAcl:WebAcl": ("name", r"[\w-]{1,128}"),
    "aws:codepipeline/pipeline:Pipeline": ("name", r"[A-Za-z0-9.@_-]{1,100}"),
}
"""Type → the input that names it, and the names that AWS takes."""


def settings_of(environment: str) -> tuple[Settings, ChatSettings]:
    settings = read(f"chat-{environment}")
    assert settings.chat is not None
    return settings, settings.chat


def declare(settings: Settings) -> Recording:
    return record(lambda: build(settings), stack=f"chat-{settings.environment}", projects={})


@functools.cache
def declared(environment: str) -> Recording:
    return declare(settings_of(environment)[0])


@pytest.fixture(params=ENVIRONMENTS)
def environment(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def chat(environment: str) -> ChatSettings:
    return settings_of(environment)[1]


@pytest.fixture
def seen(environment: str) -> Recording:
    return declared(environment)


def the(seen: Recording, type_: str, name: str = "") -> Registration:
    """The one resource of a type, or the one whose name ends so."""
    (found,) = [one for one in seen.of(type_) if one.name.endswith(name)]
    return found


def flat(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from flat(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from flat(inner)
    else:
        yield value


def containers(seen: Recording, service: str) -> dict[str, dict[str, Any]]:
    definition = the(seen, "TaskDefinition", f"-{service}")
    return {one["name"]: one for one in json.loads(definition.inputs["containerDefinitions"])}


def statements(document: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(document)["Statement"]
    return found


def permissions(seen: Recording, role: str) -> set[tuple[str, str]]:
    """What a role may do on what."""
    policies = [one for one in seen.of("aws:iam/rolePolicy:RolePolicy") if one.name == role]
    return {
        (action, resource)
        for policy in policies
        for statement in statements(policy.inputs["policy"])
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def test_nothing_is_refused(seen: Recording) -> None:
    assert seen.refusals == ()


# The network


def test_exactly_the_flows_of_the_table_are_open(seen: Recording, environment: str) -> None:
    port = {8200: PORT[environment]}
    table = {(source, target, port.get(number, number)) for source, target, number in TABLE}
    assert {(flow.source.value, flow.target.value, flow.port) for flow in flows(PORT[environment])} == table
    groups = {group.id: group.inputs["tags"]["role"] for group in seen.of("aws:ec2/securityGroup:SecurityGroup")}
    s3 = the(seen, "VpcEndpoint", "-s3").outputs["prefixListId"]

    def ends(rules: list[Registration], *, inbound: bool) -> Counter[tuple[str, str, int]]:
        found: Counter[tuple[str, str, int]] = Counter()
        for rule in rules:
            given = rule.inputs
            assert given["ipProtocol"] == "tcp"
            assert given["fromPort"] == given["toPort"]
            here = groups[given["securityGroupId"]]
            if (cidr := given.get("cidrIpv4") or given.get("cidrIpv6")) is not None:
                assert cidr in WORLD
                there = "world"
            elif given.get("prefixListId") is not None:
                assert given["prefixListId"] == s3
                there = "s3"
            else:
                there = groups[given["referencedSecurityGroupId"]]
            found[(there, here, given["fromPort"]) if inbound else (here, there, given["fromPort"])] += 1
        return found

    received = ends(seen.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"), inbound=True)
    sent = ends(seen.of("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"), inbound=False)
    assert set(received) == {flow for flow in table if flow[1] != "s3"}
    assert set(sent) == {flow for flow in table if flow[0] != "world"}
    # The world has IPv4 and IPv6; all else stands once.
    assert {flow for flow, times in received.items() if times != 1} == {("world", "front", 443), ("world", "front", 80)}
    assert set(sent.values()) == {1}


def test_the_two_queues_share_no_way() -> None:
    for worker, other in ((Role.BULK, Role.PRIORITY_QUEUE), (Role.PRIORITY, Role.BULK_QUEUE)):
        assert not [flow for flow in flows(8200) if (flow.source, flow.target) == (worker, other)]


def test_only_the_balancer_has_public_addresses(seen: Recording) -> None:
    public = {one.id for one in seen.of("aws:ec2/subnet:Subnet") if "-public-" in one.name}
    (balancer,) = seen.of("aws:lb/loadBalancer:LoadBalancer")
    assert set(balancer.inputs["subnets"]) == public
    for subnet in seen.of("aws:ec2/subnet:Subnet"):
        assert subnet.inputs["mapPublicIpOnLaunch"] is False
        assert ("ipv6CidrBlock" in subnet.inputs) == (subnet.id in public)
    for one in seen.registrations:
        if one.type not in ("aws:lb/loadBalancer:LoadBalancer", "aws:ec2/routeTableAssociation:RouteTableAssociation"):
            assert not public & set(map(str, flat(one.inputs))), f"{one.name} is in a public subnet"
    for service in seen.of("aws:ecs/service:Service"):
        assert service.inputs["networkConfiguration"]["assignPublicIp"] is False
    assert not seen.of("Eip", "NatGateway", "aws:ec2/instance:Instance")
    assert the(seen, "aws:rds/instance:Instance").inputs["publiclyAccessible"] is False


def test_private_subnets_have_no_way_out(seen: Recording) -> None:
    private = the(seen, "aws:ec2/routeTable:RouteTable", "-private")
    assert not [route for route in seen.of("aws:ec2/route:Route") if route.inputs["routeTableId"] == private.id]
    tables = {one.inputs["subnetId"]: one.inputs["routeTableId"] for one in seen.of("RouteTableAssociation")}
    for subnet in seen.of("aws:ec2/subnet:Subnet"):
        assert (tables[subnet.id] == private.id) == ("-public-" not in subnet.name)


def test_subnets_are_one_a_zone_and_do_not_overlap(seen: Recording, chat: ChatSettings) -> None:
    subnets = seen.of("aws:ec2/subnet:Subnet")
    for part in ("public", "tasks", "stores"):
        assert [one.inputs["availabilityZone"] for one in subnets if f"-{part}-" in one.name] == list(chat.zones)
    blocks = [ipaddress.IPv4Network(one.inputs["cidrBlock"]) for one in subnets]
    assert all(block.subnet_of(chat.cidr) for block in blocks)
    assert not [(a, b) for i, a in enumerate(blocks) for b in blocks[i + 1 :] if a.overlaps(b)]
    six = [one.inputs["ipv6CidrBlock"] for one in subnets if "ipv6CidrBlock" in one.inputs]
    assert len(set(six)) == len(chat.zones)


def test_the_default_group_lets_nothing_through(seen: Recording) -> None:
    (default,) = seen.of("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert (default.inputs["ingress"], default.inputs["egress"]) == ([], [])


def test_endpoints_are_reached_inside_and_reach_own_buckets_alone(seen: Recording, chat: ChatSettings) -> None:
    interfaces = [one for one in seen.of("VpcEndpoint") if one.inputs["vpcEndpointType"] == "Interface"]
    services = {one.inputs["serviceName"] for one in interfaces}
    named = {f"com.amazonaws.{chat.region}.{service}" for service in ("ecr.api", "ecr.dkr", "logs")}
    assert services == {*named, chat.vault.endpoint_service}
    for one in interfaces:
        assert one.inputs["privateDnsEnabled"] is True
        assert len(one.inputs["securityGroupIds"]) == 1
    (own, layers) = statements(the(seen, "VpcEndpoint", "-s3").inputs["policy"])
    assert own["Condition"] == {"StringEquals": {"aws:ResourceAccount": chat.account}}
    assert layers["Action"] == ["s3:GetObject"]


def test_who_talked_to_whom_is_kept(seen: Recording) -> None:
    (log,) = seen.of("aws:ec2/flowLog:FlowLog")
    assert log.inputs["trafficType"] == "ALL"
    assert log.inputs["logDestination"].endswith("/network")


# The way in


def test_names_are_aliases_of_the_balancer(seen: Recording, chat: ChatSettings) -> None:
    (balancer,) = seen.of("aws:lb/loadBalancer:LoadBalancer")
    records = {one.inputs["type"]: one for one in seen.of("aws:route53/record:Record")}
    assert set(records) == {"A", "AAAA", "CAA", "CNAME"}
    for kind in ("A", "AAAA"):
        assert records[kind].inputs["name"] == chat.domain
        (alias,) = records[kind].inputs["aliases"]
        assert alias["name"] == balancer.outputs["dnsName"]
        assert alias["evaluateTargetHealth"] is True
    assert balancer.inputs["ipAddressType"] == "dualstack"
    assert records["CAA"].inputs["records"] == ['0 issue "amazon.com"', '0 issuewild ";"']


def test_the_certificate_is_validated_before_it_serves(seen: Recording, chat: ChatSettings) -> None:
    (certificate,) = seen.of("aws:acm/certificate:Certificate")
    assert (certificate.inputs["domainName"], certificate.inputs["validationMethod"]) == (chat.domain, "DNS")
    (validation,) = seen.of("CertificateValidation")
    assert (
        the(seen, "aws:lb/listener:Listener", "-https").inputs["certificateArn"] == validation.outputs["certificateArn"]
    )


def test_everything_comes_over_modern_tls(seen: Recording) -> None:
    http, https = the(seen, "Listener", "-http").inputs, the(seen, "Listener", "-https").inputs
    (redirect,) = http["defaultActions"]
    assert (http["port"], redirect["type"], redirect["redirect"]["statusCode"]) == (80, "redirect", "HTTP_301")
    assert (redirect["redirect"]["protocol"], redirect["redirect"]["port"]) == ("HTTPS", "443")
    assert (https["port"], https["protocol"]) == (443, "HTTPS")
    assert https["sslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
    assert "max-age=31536000" in https["routingHttpResponseStrictTransportSecurityHeaderValue"]


def test_sockets_stay_open_and_come_back_to_their_gateway(seen: Recording) -> None:
    balancer = seen.of("aws:lb/loadBalancer:LoadBalancer")[0].inputs
    targets = seen.of("aws:lb/targetGroup:TargetGroup")[0].inputs
    assert balancer["idleTimeout"] >= 300, "a ping is sent each 30 seconds"
    assert targets["loadBalancingAlgorithmType"] == "round_robin"
    assert targets["stickiness"] == {"type": "lb_cookie", "enabled": True, "cookieDuration": 86_400}
    assert targets["deregistrationDelay"] >= 300
    assert targets["targetType"] == "ip"


def test_the_balancer_refuses_what_is_malformed_and_logs_all(seen: Recording, environment: str) -> None:
    balancer = seen.of("aws:lb/loadBalancer:LoadBalancer")[0].inputs
    assert balancer["dropInvalidHeaderFields"] is True
    assert balancer["desyncMitigationMode"] == "strictest"
    assert balancer["enableDeletionProtection"] is (environment != "dev")
    assert balancer["accessLogs"] == {
        "bucket": f"alertes-{environment}-chat-logs-123456789012",
        "prefix": "balancer",
        "enabled": True,
    }


def test_the_waf_has_managed_rules_and_a_limit_and_logs_no_secret(seen: Recording) -> None:
    (acl,) = seen.of("aws:wafv2/webAcl:WebAcl")
    rules = acl.inputs["rules"]
    assert acl.inputs["scope"] == "REGIONAL"
    assert [rule["priority"] for rule in rules] == list(range(len(rules)))
    rate, *managed = rules
    assert (rate["statement"]["rateBasedStatement"]["limit"], rate["action"]) == (2_000, {"block": {}})
    assert [rule["statement"]["managedRuleGroupStatement"]["name"] for rule in managed] == [
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesSQLiRuleSet",
    ]
    assert all(rule["overrideAction"] == {"none": {}} for rule in managed), "counting alone stops nobody"
    (association,) = seen.of("WebAclAssociation")
    assert association.inputs["resourceArn"] == seen.of("aws:lb/loadBalancer:LoadBalancer")[0].outputs["arn"]
    (logging,) = seen.of("WebAclLoggingConfiguration")
    redacted = {field["singleHeader"]["name"] for field in logging.inputs["redactedFields"]}
    assert redacted == {"authorization", "cookie"}
    assert "aws-waf-logs-" in logging.inputs["logDestinationConfigs"][0]


# Services


def test_every_service_runs_what_settings_say(seen: Recording, chat: ChatSettings) -> None:
    services = {one.name.rpartition("-")[2]: one for one in seen.of("aws:ecs/service:Service")}
    assert set(services) == set(Service)
    for service, tasks in chat.services.items():
        given = services[service].inputs
        definition = the(seen, "TaskDefinition", f"-{service}").inputs
        assert given["desiredCount"] == tasks.count
        assert (definition["cpu"], definition["memory"]) == (str(tasks.cpu), str(tasks.memory_mib))
        assert (given["launchType"], given["platformVersion"]) == ("FARGATE", "1.4.0")
        assert given["availabilityZoneRebalancing"] == "ENABLED"
        assert given["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
        assert given["deploymentMinimumHealthyPercent"] == 100
        assert given["alarms"]["rollback"] is True
        assert len(given["alarms"]["alarmNames"]) == 3
        assert given["enableExecuteCommand"] is False
        assert services[service].ignore_changes == ("desiredCount", "taskDefinition")


def test_production_has_three_hundred_gateways_replaced_a_quarter_at_a_time() -> None:
    gateway = the(declared("prod"), "aws:ecs/service:Service", "-gateway").inputs
    assert gateway["desiredCount"] == 300
    assert gateway["deploymentMaximumPercent"] == 125
    (target,) = gateway["loadBalancers"]
    assert (target["containerName"], target["containerPort"]) == ("gateway", 8080)


def test_no_container_may_do_more_than_it_must(seen: Recording) -> None:
    for service in Service:
        for container in containers(seen, service).values():
            assert container["readonlyRootFilesystem"] is True
            assert container["privileged"] is False
            assert container["user"].split(":")[0] not in ("", "0", "root")
            assert container["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}
            assert container["essential"] is True
            assert re.search(r"@sha256:[0-9a-f]{64}$", container["image"])
            assert container["logConfiguration"]["logDriver"] == "awslogs"


def test_no_secret_is_in_a_task_definition_but_the_way_to_it(
    seen: Recording, environment: str, chat: ChatSettings
) -> None:
    for service in Service:
        program, agent = containers(seen, service)[service], containers(seen, service)["vault-agent"]
        assert "secrets" not in program
        environment_of = {one["name"]: one["value"] for one in program["environment"]}
        assert environment_of["CHAT_SECRETS"] == "/secrets/chat.json"
        assert program["mountPoints"] == [{"sourceVolume": "secrets", "containerPath": "/secrets", "readOnly": True}]
        assert program["dependsOn"] == [{"containerName": "vault-agent", "condition": "HEALTHY"}]
        told = json.loads(agent["environment"][0]["value"])
        (method,) = told["auto_auth"]["method"]
        assert (method["type"], method["config"]["type"]) == ("aws", "iam")
        assert method["config"]["role"] == f"alertes-{environment}-chat-{service}"
        assert told["vault"] == {"address": chat.vault.address}
        (template,) = told["template"]
        assert f'"alertes-{environment}-chat/data/{service}"' in template["contents"]


def test_a_service_reads_its_own_secrets_alone(seen: Recording, environment: str) -> None:
    mount = f"alertes-{environment}-chat"
    for service in Service:
        policy = the(seen, "vault:index/policy:Policy", f"-{service}").inputs["policy"]
        assert re.findall(r'path "(.*)"', policy) == [f"{mount}/data/{service}"]
        assert re.findall(r"capabilities = (.*)", policy) == ['["read"]']
    documents = {
        one.inputs["name"]: json.loads(one.inputs["dataJson"]) for one in seen.of("vault:kv/secretV2:SecretV2")
    }
    assert {name: set(fields) for name, fields in documents.items()} == {
        "broadcaster": {"broadcast_key"},
        "bulk": {"broadcast_key", "queue"},
        "priority": {"broadcast_key", "queue"},
        "gateway": {"broadcast_key", "bulk_queue", "priority_queue", "token_key"},
    }
    passwords = {documents["bulk"]["queue"], documents["priority"]["queue"], documents["gateway"]["bulk_queue"]}
    assert len(passwords) == 3
    assert all(url.startswith("rediss://") for url in passwords)


def test_secrets_are_marked_wherever_they_stand(seen: Recording) -> None:
    for one in seen.registrations:
        for key, value in one.inputs.items():
            if CANARY in json.dumps(value, default=str):
                assert key in one.secret, f"{one.type} {one.name}: {key}"
    assert CANARY not in json.dumps(seen.outputs)


def test_broadcasters_are_found_by_name_and_gateways_by_nobody(seen: Recording) -> None:
    services = {one.name.rpartition("-")[2]: one.inputs for one in seen.of("aws:ecs/service:Service")}
    (name,) = seen.of("aws:servicediscovery/service:Service")
    assert services["broadcaster"]["serviceRegistries"] == {"registryArn": name.outputs["arn"]}
    assert [service for service, given in services.items() if given.get("serviceRegistries")] == ["broadcaster"]
    assert [service for service, given in services.items() if given.get("loadBalancers")] == ["gateway"]
    assert name.inputs["dnsConfig"]["routingPolicy"] == "MULTIVALUE"
    told = {one["name"]: one["value"] for one in containers(seen, "bulk")["bulk"]["environment"]}
    assert told["CHAT_BROADCASTERS"].startswith("broadcaster.")


def test_scaling_follows_what_tasks_have_to_do(seen: Recording, chat: ChatSettings, environment: str) -> None:
    for service, tasks in chat.services.items():
        target = the(seen, "aws:appautoscaling/target:Target", f"-{service}").inputs
        assert (target["minCapacity"], target["maxCapacity"]) == (tasks.count, tasks.most)
        assert target["resourceId"] == f"service/alertes-{environment}-chat/alertes-{environment}-chat-{service}"
        policy = the(seen, "aws:appautoscaling/policy:Policy", f"-{service}").inputs
        tracking = policy["targetTrackingScalingPolicyConfiguration"]
        assert tracking["targetValue"] == tasks.target
        metrics = tracking.get("customizedMetricSpecification", {}).get("metrics", [])
        followed = [one["metricStat"]["metric"]["metricName"] for one in metrics if "metricStat" in one]
        assert (
            followed
            == {
                "gateway": ["Connections"],
                "bulk": ["QueueDepth", "RunningTaskCount"],
                "priority": ["QueueDepth", "RunningTaskCount"],
                "broadcaster": [],
            }[service]
        )
        assert sum(one["returnData"] for one in metrics) == (1 if metrics else 0), "AWS takes exactly one"
        least = {
            one.name.rpartition("-")[2]: one.inputs["scalableTargetAction"]["minCapacity"]
            for one in seen.of("ScheduledAction")
            if f"-{service}-" in one.name
        }
        assert least == {"day": tasks.count, "night": tasks.night}


# Stores


def test_the_queues_share_nothing(seen: Recording) -> None:
    bulk, priority = (the(seen, "ReplicationGroup", f"-{queue}").inputs for queue in (Queue.BULK, Queue.PRIORITY))
    for key in (
        "kmsKeyId",
        "maintenanceWindow",
        "parameterGroupName",
        "replicationGroupId",
        "securityGroupIds",
        "snapshotWindow",
        "subnetGroupName",
        "userGroupIds",
    ):
        assert bulk[key] != priority[key], key
    users = {
        one.inputs["userGroupId"]: set(one.inputs["userIds"]) for one in seen.of("aws:elasticache/userGroup:UserGroup")
    }
    assert len(users) == 2
    assert not set.intersection(*users.values())


def test_queues_are_encrypted_redundant_and_never_throw_away(seen: Recording, chat: ChatSettings) -> None:
    for queue, cache in chat.caches.items():
        given = the(seen, "ReplicationGroup", f"-{queue}").inputs
        assert (given["transitEncryptionEnabled"], given["transitEncryptionMode"]) == (True, "required")
        assert given["atRestEncryptionEnabled"] is True
        assert (given["multiAzEnabled"], given["automaticFailoverEnabled"]) == (True, True)
        assert given["numCacheClusters"] == 1 + cache.replicas
        assert given["nodeType"] == cache.type
        parameters = {
            one["name"]: one["value"]
            for one in the(seen, "aws:elasticache/parameterGroup:ParameterGroup", f"-{queue}").inputs["parameters"]
        }
        assert parameters["maxmemory-policy"] == "noeviction"
        assert {one["logType"] for one in given["logDeliveryConfigurations"]} == {"slow-log", "engine-log"}
    for user in seen.of("aws:elasticache/user:User"):
        assert "~chat:*" in user.inputs["accessString"]
        assert user.inputs["accessString"].endswith("-@dangerous")
        assert "+@all" not in user.inputs["accessString"]
        assert "authenticationMode" in user.secret


def test_documents_are_three_instances_over_the_zones(seen: Recording, chat: ChatSettings, environment: str) -> None:
    cluster = the(seen, "aws:docdb/cluster:Cluster").inputs
    assert cluster["storageEncrypted"] is True
    assert cluster["manageMasterUserPassword"] is True
    assert "masterPassword" not in cluster
    assert cluster["deletionProtection"] is (environment != "dev")
    assert "audit" in cluster["enabledCloudwatchLogsExports"]
    assert cluster["backupRetentionPeriod"] == chat.documents.backup_days
    parameters = the(seen, "aws:docdb/clusterParameterGroup:ClusterParameterGroup").inputs["parameters"]
    values = {one["name"]: one["value"] for one in parameters}
    assert (values["tls"], values["audit_logs"]) == ("tls1.2+", "all")
    instances = seen.of("aws:docdb/clusterInstance:ClusterInstance")
    assert len(instances) == chat.documents.instances
    assert {one.inputs["availabilityZone"] for one in instances} == set(chat.zones)
    assert len({one.inputs["preferredMaintenanceWindow"] for one in instances}) == len(instances)
    assert {one.inputs["instanceClass"] for one in instances} == {chat.documents.type}


def test_users_are_in_two_zones_over_tls_and_without_passwords(seen: Recording, environment: str) -> None:
    given = the(seen, "aws:rds/instance:Instance").inputs
    assert (given["multiAz"], given["storageEncrypted"]) == (True, True)
    assert given["manageMasterUserPassword"] is True
    assert "password" not in given
    assert given["iamDatabaseAuthenticationEnabled"] is True
    assert given["deletionProtection"] is (environment != "dev")
    assert given["backupRetentionPeriod"] >= 7
    parameters = the(seen, "aws:rds/parameterGroup:ParameterGroup").inputs["parameters"]
    assert {"name": "require_secure_transport", "value": "1"} in parameters


def test_files_are_read_when_they_are_clean(seen: Recording, chat: ChatSettings, environment: str) -> None:
    bucket = f"alertes-{environment}-chat-files-{chat.account}"
    policy = statements(the(seen, "aws:s3/bucketPolicy:BucketPolicy", f"files-{chat.account}").inputs["policy"])
    sids = {one.get("Sid"): one for one in policy}
    unclean = sids["unless-clean"]
    assert (unclean["Effect"], unclean["Principal"]) == ("Deny", "*")
    condition = unclean["Condition"]["StringNotEquals"]
    assert condition["s3:ExistingObjectTag/GuardDutyMalwareScanStatus"] == "NO_THREATS_FOUND"
    assert all("-scanner" in principal for principal in condition["aws:PrincipalArn"])
    assert sids["scanner-tags"]["Effect"] == "Deny"
    (plan,) = seen.of("MalwareProtectionPlan")
    assert plan.inputs["protectedResource"] == {"s3Bucket": {"bucketName": bucket}}
    (cors,) = seen.of("BucketCorsConfiguration")
    (rule,) = cors.inputs["corsRules"]
    assert rule["allowedOrigins"] == [f"https://{chat.domain}"]
    assert sorted(rule["allowedMethods"]) == ["GET", "POST"]
    encryption = the(seen, "BucketServerSideEncryptionConfiguration", f"files-{chat.account}").inputs["rules"][0]
    assert encryption["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "aws:kms"


# Rights


def test_no_right_is_a_wildcard_on_everything(seen: Recording) -> None:
    for policy in seen.of("aws:iam/rolePolicy:RolePolicy"):
        for statement in statements(policy.inputs["policy"]):
            assert statement["Effect"] == "Allow"
            for action in statement["Action"]:
                assert "*" not in action, f"{policy.name}: {action}"
            if "*" in statement["Resource"]:
                assert set(statement["Action"]) <= {"ecr:GetAuthorizationToken", "ecs:DescribeTaskDefinition"}, (
                    policy.name
                )


def test_roles_are_taken_on_by_one_service_for_this_account(seen: Recording, chat: ChatSettings) -> None:
    for role in seen.of("aws:iam/role:Role"):
        (trust,) = statements(role.inputs["assumeRolePolicy"])
        assert isinstance(trust["Principal"]["Service"], str)
        assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": chat.account}}


def test_tasks_may_do_at_aws_what_their_work_needs(seen: Recording, environment: str, chat: ChatSettings) -> None:
    prefix = f"alertes-{environment}-chat"
    for service in ("bulk", "priority", "broadcaster"):
        assert permissions(seen, f"{prefix}-{service}") == set()
    key = the(seen, "aws:kms/key:Key", "-files").outputs["arn"]
    database = the(seen, "aws:rds/instance:Instance").outputs["resourceId"]
    objects = f"arn:aws:s3:{chat.region}:{chat.account}:{prefix}-files-{chat.account}/*"
    assert permissions(seen, f"{prefix}-gateway") == {
        ("s3:GetObject", objects),
        ("s3:PutObject", objects),
        ("kms:Decrypt", key),
        ("kms:GenerateDataKey", key),
        ("rds-db:connect", f"arn:aws:rds-db:{chat.region}:{chat.account}:dbuser:{database}/chat"),
    }


def test_only_the_deployment_replaces_tasks(environment: str) -> None:
    if environment == "dev":
        assert not declared("dev").of("aws:codepipeline/pipeline:Pipeline", "aws:codebuild/project:Project")
        return
    seen = declared(environment)
    for part in ("tests", "image", "load", "pipeline"):
        assert not [one for one in permissions(seen, f"alertes-{environment}-chat-{part}") if one[0].startswith("ecs:")]
    deploy = permissions(seen, f"alertes-{environment}-chat-deploy")
    updated = {resource for action, resource in deploy if action == "ecs:UpdateService"}
    assert len(updated) == 2 * len(Service)
    passed = {resource for action, resource in deploy if action == "iam:PassRole"}
    assert len(passed) == 4 * len(Service)


# Releases


def test_a_release_goes_its_whole_way() -> None:
    (pipeline,) = declared("prod").of("aws:codepipeline/pipeline:Pipeline")
    stages = pipeline.inputs["stages"]
    assert [stage["name"] for stage in stages] == [
        "Source",
        "Tests",
        "Image",
        "Staging",
        "Load",
        "Approval",
        "Production",
    ]
    actions = {stage["name"]: stage["actions"][0] for stage in stages}
    assert actions["Source"]["provider"] == "CodeStarSourceConnection"
    assert (actions["Approval"]["category"], actions["Approval"]["provider"]) == ("Approval", "Manual")
    targets = {
        name: json.loads(actions[name]["configuration"]["EnvironmentVariables"])[0]["value"]
        for name in ("Staging", "Production")
    }
    assert targets == {"Staging": "alertes-dev-chat", "Production": "alertes-prod-chat"}
    assert stages[-1]["onFailure"] == {"result": "ROLLBACK"}
    assert pipeline.inputs["artifactStores"][0]["encryptionKey"]["type"] == "KMS"


def test_what_projects_do_is_in_the_sources() -> None:
    projects = declared("prod").of("aws:codebuild/project:Project")
    assert len(projects) == 4
    for project in projects:
        assert (ROOT / project.inputs["source"]["buildspec"]).is_file()
    privileged = [one.name for one in projects if one.inputs["environment"]["privilegedMode"]]
    assert privileged == ["alertes-prod-chat-image"]


def test_the_load_test_reads_stagings_key_by_reference() -> None:
    seen = declared("prod")
    variables = the(seen, "aws:codebuild/project:Project", "-load").inputs["environment"]["environmentVariables"]
    secret = next(one for one in variables if one["name"] == "CHAT_TOKEN_KEY")
    assert (secret["type"], secret["value"]) == ("SECRETS_MANAGER", "alertes-dev-chat/token-key")
    allowed = {
        resource for action, resource in permissions(seen, "alertes-prod-chat-load") if "secretsmanager" in action
    }
    assert allowed == {"arn:aws:secretsmanager:eu-west-3:123456789012:secret:alertes-dev-chat/token-key-??????"}


def test_images_are_scanned_and_their_tags_never_move(seen: Recording) -> None:
    repositories = seen.of("aws:ecr/repository:Repository")
    assert len(repositories) == 2
    for one in repositories:
        assert one.inputs["imageTagMutability"] == "IMMUTABLE"
        assert one.inputs["imageScanningConfiguration"] == {"scanOnPush": True}
        assert one.inputs["encryptionConfigurations"][0]["encryptionType"] == "KMS"


# Figures and alarms


def test_people_are_told_once(seen: Recording, chat: ChatSettings) -> None:
    alarms = seen.of("aws:cloudwatch/metricAlarm:MetricAlarm")
    assert not [one.name for one in alarms if one.inputs.get("alarmActions")], "the composite alarms tell"
    composites = {one.name.rpartition("-")[2]: one.inputs for one in seen.of("CompositeAlarm")}
    assert set(composites) == {"felt", "ahead"}
    named = [name for one in composites.values() for name in re.findall(r'ALARM\("([^"]+)"\)', one["alarmRule"])]
    assert sorted(named) == sorted(one.inputs["name"] for one in alarms), "no alarm is forgotten, none tells twice"
    assert composites["ahead"]["actionsSuppressor"]["alarm"] == the(seen, "CompositeAlarm", "-felt").inputs["alarmName"]
    subscriptions = Counter(
        (one.inputs["protocol"], "urgent" in one.name) for one in seen.of("aws:sns/topicSubscription:TopicSubscription")
    )
    assert subscriptions[("email", True)] == subscriptions[("email", False)] == len(chat.alarms.mail)
    assert (subscriptions[("sms", True)], subscriptions[("sms", False)]) == (len(chat.alarms.sms), 0)


def test_the_page_shows_what_the_program_publishes(seen: Recording, environment: str) -> None:
    (page,) = seen.of("aws:cloudwatch/dashboard:Dashboard")
    widgets = [widget["properties"] for widget in json.loads(page.inputs["dashboardBody"])["widgets"]]
    own = {
        metric[1] for widget in widgets for metric in widget["metrics"] if metric[0] == f"alertes-{environment}-chat"
    }
    assert own == {"Connections", "Latency", "Messages", "QueueAge", "QueueDepth"}
    shown = {metric[1] for widget in widgets for metric in widget["metrics"]}
    assert {"RequestCount", "HTTPCode_Target_5XX_Count", "RunningTaskCount", "HealthyHostCount"} <= shown
    places = [(one["x"], one["y"]) for one in json.loads(page.inputs["dashboardBody"])["widgets"]]
    assert len(set(places)) == len(places)


# The whole


def test_every_log_group_is_encrypted_and_ends(seen: Recording) -> None:
    groups = seen.of("aws:cloudwatch/logGroup:LogGroup")
    key = the(seen, "aws:kms/key:Key", "-logs").outputs["arn"]
    assert {(one.inputs["retentionInDays"], one.inputs["kmsKeyId"]) for one in groups} == {(365, key)}


def test_what_holds_data_is_protected(seen: Recording, environment: str) -> None:
    for type_ in (
        "Bucket",
        "ReplicationGroup",
        "aws:docdb/cluster:Cluster",
        "aws:rds/instance:Instance",
        "aws:kms/key:Key",
    ):
        for one in seen.of(type_):
            if one.custom:
                assert one.protect is (environment != "dev"), one.name


def test_names_are_such_as_aws_takes(seen: Recording) -> None:
    longest = len("abcdefghijklmno") - len("alertes")
    for type_, (key, pattern) in LIMITS.items():
        for one in seen.of(type_):
            name = one.inputs[key]
            assert re.fullmatch(pattern, name), f"{type_}: {name}"
            # The longest organisation that settings take, in the environment with the longest name.
            name = (
                name.replace("alertes-", f"alertes{'x' * longest}-")
                .replace("-prod-", "-sandbox-")
                .replace("-dev-", "-sandbox-")
            )
            assert re.fullmatch(pattern, name), f"{type_}: {name} is too long"


def test_everything_is_in_the_region_of_one_provider(seen: Recording, chat: ChatSettings) -> None:
    elsewhere = {one.type for one in seen.registrations if one.inputs.get("region") not in (None, chat.region)}
    assert elsewhere == (
        {"aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration"} if chat.alarms.slack else set()
    )


def test_two_runs_declare_the_same() -> None:
    assert comparable(declare(settings_of("dev")[0])) == comparable(declared("dev"))


def test_outputs_name_what_was_built(seen: Recording, chat: ChatSettings, environment: str) -> None:
    outputs = seen.outputs
    assert outputs["url"] == f"https://{chat.domain}"
    assert {one["name"].rpartition("-")[2]: one["tasks"] for one in outputs["services"]} == {
        service.value: tasks.count for service, tasks in chat.services.items()
    }
    assert set(outputs["vault_roles"]) == {f"alertes-{environment}-chat-{service}" for service in Service}


def test_a_right_to_everything_cannot_be_written() -> None:
    with pytest.raises(ValueError, match=r"s3:\* on every resource"):
        allow("s3:*", on=["*"])


def test_the_world_reaches_the_balancer_alone() -> None:
    assert {flow.target for flow in flows(8200) if flow.source is Party.WORLD} == {Role.FRONT}


def test_nothing_begins_before_what_it_needs(seen: Recording) -> None:
    """What no input says: who may deliver logs, where logs go, what a task asks for first."""

    def waits(one: Registration) -> set[str]:
        return {urn.rpartition("$")[2].replace("::", " ", 1) for urn in one.dependencies}

    logs = next(one.name for one in seen.of("aws:s3/bucket:Bucket") if "-logs-" in one.name)
    granted = f"aws:s3/bucketPolicy:BucketPolicy {logs}"
    for one in seen.of("FlowLog", "aws:lb/loadBalancer:LoadBalancer", "BucketLogging"):
        assert granted in waits(one), one.name
    for one in seen.of("aws:docdb/cluster:Cluster", "aws:rds/instance:Instance"):
        assert sum(name.startswith("aws:cloudwatch/logGroup:LogGroup /aws/") for name in waits(one)) == 2, one.name
    for one in seen.of("aws:ecs/service:Service"):
        assert f"vault:kv/secretV2:SecretV2 {one.name}" in waits(one)
    gateway = the(seen, "aws:ecs/service:Service", "-gateway")
    assert f"aws:lb/listener:Listener {the(seen, 'Listener', '-https').name}" in waits(gateway)
