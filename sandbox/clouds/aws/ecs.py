"""Containers on Fargate."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.aws.balancers import LISTENER, LISTENER_RULE, TARGET_GROUP
from sandbox.clouds.aws.base import Api, AwsKind, Named, Reading, known_only
from sandbox.clouds.aws.dns import DISCOVERY
from sandbox.clouds.aws.ec2 import GROUPS, SUBNET
from sandbox.clouds.aws.tokens import METRIC_ALARM, ROLE
from sandbox.properties import Properties, has_unknown
from sandbox.schema import Failure
from sandbox.store import Row

CLUSTER: Final = "aws:ecs/cluster:Cluster"
TASK: Final = "aws:ecs/taskDefinition:TaskDefinition"
SERVICE: Final = "aws:ecs/service:Service"
FARGATE_MIB: Final[Mapping[int, tuple[int, ...]]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4097, 1024)),
    1024: tuple(range(2048, 8193, 1024)),
    2048: tuple(range(4096, 16_385, 1024)),
    4096: tuple(range(8192, 30_721, 1024)),
    8192: tuple(range(16_384, 61_441, 4096)),
    16_384: tuple(range(32_768, 122_881, 8192)),
}
"""CPU units → memory in MiB that a task may have with them (Fargate's developer guide)."""
PLATFORMS: Final = ("1.4.0", "LATEST")
STORAGE_GIB: Final = (21, 200)
PROVIDERS: Final = ("FARGATE", "FARGATE_SPOT")


class Cluster(AwsKind):
    """Where services run."""

    token = CLUSTER
    service = "ecs"
    unique = frozenset({"name"})
    creation = Api("CreateCluster", mapped=True)
    identity = "cluster.clusterArn"
    changes = (Api("UpdateCluster", {"cluster": "{id}"}, mapped=True),)
    deletion = (Api("DeleteCluster", {"cluster": "{id}"}),)
    readings = (
        Reading(
            "DescribeClusters",
            {"clusters": ["{id}"], "include": ["SETTINGS", "CONFIGURATIONS", "TAGS"]},
            "clusters[?status=='ACTIVE'] | [0]",
        ),
    )
    outputs = {"arn": "{id}"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Names are those of ECS."""
        yield from super().check(inputs, call)
        yield from rules.matches(inputs, "name", r"^[\w-]{1,255}$", "1 to 255 of letters, digits, - and _")
        yield from rules.one_of(inputs, "settings[].value", ("enabled", "disabled", "enhanced"))


class ClusterCapacityProviders(AwsKind):
    """On what a cluster runs tasks."""

    token = "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders"
    service = "ecs"
    autoname = False
    tag_operations = None
    references = (Named("clusterName", (CLUSTER,), output="name", also=("arn",)),)
    unique = frozenset({"clusterName"})
    replace_on = frozenset({"clusterName"})
    creation = Api(
        "PutClusterCapacityProviders",
        {
            "cluster": "{clusterName}",
            "capacityProviders": lambda p: p.get("capacityProviders") or [],
            "defaultCapacityProviderStrategy": known_only(
                lambda p: p.get("defaultCapacityProviderStrategies") or [], "defaultCapacityProviderStrategies"
            ),
        },
        takes=("capacityProviders", "defaultCapacityProviderStrategies"),
    )
    changes = (creation,)
    identity = "{clusterName}"
    deletion = (
        Api(
            "PutClusterCapacityProviders",
            {
                "cluster": "{clusterName}",
                "capacityProviders": lambda _: [],
                "defaultCapacityProviderStrategy": lambda _: [],
            },
        ),
    )
    readings = (
        Reading(
            "DescribeClusters",
            {"clusters": ["{clusterName}"]},
            "clusters[?status=='ACTIVE'] | [0].{capacityProviders: capacityProviders, "
            "defaultCapacityProviderStrategies: defaultCapacityProviderStrategy}",
        ),
    )

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Only Fargate is simulated."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "capacityProviders[]", PROVIDERS)
        yield from rules.one_of(inputs, "defaultCapacityProviderStrategies[].capacityProvider", PROVIDERS)


class TaskDefinition(AwsKind):
    """What a task is made of."""

    token = TASK
    service = "ecs"
    naming = "family"
    autoname = False
    references = (
        Reference("taskRoleArn", (ROLE,), output="arn"),
        Reference("executionRoleArn", (ROLE,), output="arn"),
    )
    apart = frozenset({"skipDestroy", "trackLatest"})
    renames = {"volumes.hostPath": ""}
    creation = Api("RegisterTaskDefinition", mapped=True)
    identity = "taskDefinition.taskDefinitionArn"
    deletion = (Api("DeregisterTaskDefinition", {"taskDefinition": "{id}"}),)
    readings = (
        Reading(
            "DescribeTaskDefinition",
            {"taskDefinition": "{id}"},
            "taskDefinition.{arn: taskDefinitionArn, "
            "revision: revision, family: family, cpu: cpu, memory: memory, networkMode: networkMode, "
            "taskRoleArn: taskRoleArn, executionRoleArn: executionRoleArn}",
        ),
    )
    outputs = {"arn": "{id}", "arnWithoutRevision": lambda p: p["id"].rsplit(":", 1)[0]}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Fargate's sizes and limits, and containers that fit together."""
        yield from super().check(inputs, call)
        if "FARGATE" in (inputs.get("requiresCompatibilities") or []):
            yield from _check_fargate(inputs)
        containers = inputs.get("containerDefinitions")
        if rules.known(containers):
            yield from _check_containers(str(containers), inputs)

    def on_delete(self, row: Row, call: Call) -> None:
        """With skipDestroy, AWS keeps it."""
        if row.outputs.get("skipDestroy"):
            call.aws.release(self.token, row.id)
        else:
            super().on_delete(row, call)


def _check_fargate(inputs: Properties) -> Iterator[Failure]:
    if inputs.get("networkMode") != "awsvpc":
        yield Failure("networkMode", f"is {inputs.get('networkMode')!r}, but Fargate accepts awsvpc alone")
    if inputs.get("executionRoleArn") is None:
        yield Failure("executionRoleArn", "is required on Fargate, for images, logs and secrets")
    cpu, memory = inputs.get("cpu"), inputs.get("memory")
    if cpu is None or memory is None:
        yield Failure("cpu", "and memory are required on Fargate")
        return
    if has_unknown([cpu, memory]):
        return
    sizes = FARGATE_MIB.get(int(cpu)) if str(cpu).isdigit() else None
    if sizes is None:
        yield Failure("cpu", f"is {cpu!r}, but Fargate accepts one of {', '.join(map(str, FARGATE_MIB))}")
    elif not str(memory).isdigit() or int(memory) not in sizes:
        steps = f"{', '.join(map(str, sizes[:3]))} … {sizes[-1]}" if len(sizes) > 4 else ", ".join(map(str, sizes))
        yield Failure("memory", f"is {memory!r}, but with cpu {cpu} Fargate accepts {steps} MiB")
    yield from rules.between(inputs, "ephemeralStorage.sizeInGib", *STORAGE_GIB, "GiB")


def _check_containers(text: str, inputs: Properties) -> Iterator[Failure]:
    try:
        found: Any = json.loads(text)
        containers = [dict(one) for one in found]
    except (ValueError, TypeError):
        yield Failure("containerDefinitions", "is not a JSON list of containers")
        return
    names = [one.get("name") for one in containers]
    volumes = {one.get("name") for one in inputs.get("volumes") or []}
    fargate = "FARGATE" in (inputs.get("requiresCompatibilities") or [])
    if len(set(names)) != len(names):
        yield Failure("containerDefinitions", f"has names twice: {', '.join(map(str, names))}")
    if not any(one.get("essential", True) for one in containers):
        yield Failure("containerDefinitions", "has no essential container; accepted is at least one")
    for index, one in enumerate(containers):
        yield from _check_container(f"containerDefinitions[{index}]", one, names, volumes, fargate=fargate)
    for name in ("cpu", "memory"):
        total = sum(int(one.get(name) or 0) for one in containers)
        if str(inputs.get(name)).isdigit() and total > int(inputs[name]):
            yield Failure(
                "containerDefinitions", f"all containers have {name} {total}, more than the task's {inputs[name]}"
            )


def _check_container(
    where: str, one: Properties, names: list[Any], volumes: set[Any], *, fargate: bool
) -> Iterator[Failure]:
    for needed in ("name", "image"):
        if not one.get(needed):
            yield Failure("containerDefinitions", f"{where}.{needed} is required")
    for other in one.get("dependsOn") or []:
        if other.get("containerName") not in names:
            yield Failure(
                "containerDefinitions", f"{where}.dependsOn names {other.get('containerName')!r}, which is no container"
            )
    for mount in one.get("mountPoints") or []:
        if mount.get("sourceVolume") not in volumes:
            yield Failure(
                "containerDefinitions", f"{where}.mountPoints names {mount.get('sourceVolume')!r}, which is no volume"
            )
    for secret in one.get("secrets") or []:
        if not str(secret.get("valueFrom")).startswith("arn:aws:"):
            yield Failure(
                "containerDefinitions", f"{where}.secrets: valueFrom accepts the ARN of a secret or a parameter"
            )
    if not fargate:
        return
    if one.get("privileged"):
        yield Failure("containerDefinitions", f"{where}.privileged is true, which Fargate does not accept")
    for port in one.get("portMappings") or []:
        if port.get("hostPort") not in (None, 0, port.get("containerPort")):
            yield Failure("containerDefinitions", f"{where}.portMappings: hostPort must be containerPort on Fargate")
    added = ((one.get("linuxParameters") or {}).get("capabilities") or {}).get("add") or []
    if set(added) - {"SYS_PTRACE"}:
        yield Failure("containerDefinitions", f"{where}.linuxParameters: Fargate adds the capability SYS_PTRACE alone")
    options = (one.get("logConfiguration") or {}).get("options") or {}
    if (one.get("logConfiguration") or {}).get("logDriver") == "awslogs":
        for option in ("awslogs-group", "awslogs-region", "awslogs-stream-prefix"):
            if not options.get(option):
                yield Failure(
                    "containerDefinitions", f"{where}.logConfiguration.options.{option} is required on Fargate"
                )


def _network(p: Properties) -> Properties | None:
    given = p.get("networkConfiguration")
    if not given:
        return None
    public = "ENABLED" if given.get("assignPublicIp") else "DISABLED"
    groups = {"securityGroups": given["securityGroups"]} if given.get("securityGroups") else {}
    return {"awsvpcConfiguration": {"subnets": given["subnets"], "assignPublicIp": public, **groups}}


def _deployment(p: Properties) -> Properties | None:
    found: Properties = {
        name: value for name, value in (p.get("deploymentConfiguration") or {}).items() if value is not None
    }
    for name, member in (
        ("deploymentMaximumPercent", "maximumPercent"),
        ("deploymentMinimumHealthyPercent", "minimumHealthyPercent"),
        ("deploymentCircuitBreaker", "deploymentCircuitBreaker"),
        ("alarms", "alarms"),
    ):
        if p.get(name) is not None:
            found[member] = p[name]
    return found or None


_DEPLOYED: Final = (
    "deploymentConfiguration",
    "deploymentMaximumPercent",
    "deploymentMinimumHealthyPercent",
    "deploymentCircuitBreaker",
    "alarms",
)
_SHAPED: Final = {
    "networkConfiguration": known_only(_network, "networkConfiguration"),
    "deploymentConfiguration": known_only(_deployment, *_DEPLOYED),
}


class Service(AwsKind):
    """Tasks that are kept running. moto starts none, and keeps nothing of how they are deployed."""

    token = SERVICE
    service = "ecs"
    references = (
        Named("cluster", (CLUSTER,), output="arn", also=("name",)),
        Named("taskDefinition", (TASK,), output="arn"),
        Reference("networkConfiguration.subnets[]", (SUBNET,)),
        Reference("networkConfiguration.securityGroups[]", GROUPS),
        Reference("loadBalancers[].targetGroupArn", (TARGET_GROUP,), output="arn"),
        Reference("serviceRegistries.registryArn", (DISCOVERY,), output="arn"),
        Reference("alarms.alarmNames[]", (METRIC_ALARM,)),
    )
    replace_on = frozenset({"cluster", "launchType", "schedulingStrategy"})
    renames = {
        "loadBalancers.elbName": "loadBalancerName",
        "alarmNames": "alarmNames",
        "deploymentController": "deploymentController",
    }
    apart = frozenset({"waitForSteadyState", "forceDelete", "sigintRollback", "triggers", "forceNewDeployment"})
    creation = Api("CreateService", _SHAPED, mapped=True, takes=("networkConfiguration", *_DEPLOYED))
    identity = "service.serviceArn"
    changes = (
        Api(
            "UpdateService",
            {"service": "{id}", "cluster": "{cluster}", **_SHAPED},
            mapped=True,
            takes=("networkConfiguration", *_DEPLOYED),
        ),
    )
    deletion = (
        Api("UpdateService", {"cluster": "{cluster}", "service": "{id}", "desiredCount": lambda _: 0}),
        Api("DeleteService", {"cluster": "{cluster}", "service": "{id}", "force": lambda _: True}),
    )
    readings = (
        Reading(
            "DescribeServices",
            {"cluster": "{cluster}", "services": ["{id}"]},
            "services[?status=='ACTIVE'] | [0].{arn: serviceArn, desiredCount: desiredCount, taskDefinition: "
            "taskDefinition, platformVersion: platformVersion, launchType: launchType, "
            "healthCheckGracePeriodSeconds: healthCheckGracePeriodSeconds}",
        ),
    )
    outputs = {"arn": "{id}"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Fargate's platform, and a deployment that can go on."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "platformVersion", PLATFORMS)
        least, most = inputs.get("deploymentMinimumHealthyPercent", 100), inputs.get("deploymentMaximumPercent", 200)
        if isinstance(least, int) and isinstance(most, int) and (most < 100 or least >= most):
            yield Failure(
                "deploymentMaximumPercent",
                f"is {most} with deploymentMinimumHealthyPercent {least}: no deployment could go on; accepted is more",
            )
        if inputs.get("launchType") == "FARGATE" and inputs.get("networkConfiguration") is None:
            yield Failure("networkConfiguration", "is required on Fargate")
        if inputs.get("launchType") is not None and inputs.get("capacityProviderStrategies"):
            yield Failure("launchType", "and capacityProviderStrategies exclude each other")
        if inputs.get("healthCheckGracePeriodSeconds") is not None and not inputs.get("loadBalancers"):
            yield Failure("healthCheckGracePeriodSeconds", "a service without loadBalancers has none")

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """Its name is free in the cluster; what a load balancer is to reach is there, and reached."""
        for row in call.rows(SERVICE):
            same = all(row.outputs.get(name) == inputs.get(name) for name in ("cluster", "name"))
            if same and (existing is None or row.seq != existing.seq):
                raise CloudError(
                    f"InvalidParameterException: name: {inputs['name']!r} is taken in this cluster by {row.id}"
                )
        task = call.get(TASK, str(inputs.get("taskDefinition")))
        for balanced in inputs.get("loadBalancers") or []:
            _must_be_reachable(balanced, task, call)

    def deletes_first(self, old: Properties, new: Properties) -> bool:
        """A name is unique within its cluster."""
        return all(old.get(name) == new.get(name) for name in ("name", "cluster"))


def _must_be_reachable(balanced: Properties, task: Row | None, call: Call) -> None:
    arn = balanced["targetGroupArn"]
    group = call.get(TARGET_GROUP, arn)
    if group is not None and group.outputs.get("targetType") != "ip":
        raise CloudError(
            f"InvalidParameterException: loadBalancers: target group {group.name} has targetType "
            f"{group.outputs.get('targetType')}; tasks in awsvpc mode accept ip"
        )
    listening = [row for token in (LISTENER, LISTENER_RULE) for row in call.rows(token)]
    if not any(arn in json.dumps(row.inputs) for row in listening):
        raise CloudError(
            f"InvalidParameterException: loadBalancers: the target group {arn} has no load balancer: no listener "
            "forwards to it yet; depend on the listener"
        )
    if task is None:
        return
    for container in json.loads(task.inputs["containerDefinitions"]):
        if container["name"] == balanced["containerName"]:
            ports = [port["containerPort"] for port in container.get("portMappings") or []]
            if balanced["containerPort"] not in ports:
                raise CloudError(
                    f"InvalidParameterException: loadBalancers: container {container['name']} has no port "
                    f"{balanced['containerPort']}; accepted is one of {', '.join(map(str, ports)) or 'none'}"
                )
            return
    raise CloudError(
        f"InvalidParameterException: loadBalancers: {task.name} has no container {balanced['containerName']!r}"
    )


KINDS: Final[tuple[Kind, ...]] = (Cluster(), ClusterCapacityProviders(), TaskDefinition(), Service())
