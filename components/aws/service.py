"""What runs: one service of tasks on Fargate, from its task definition to its scaling."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import pulumi

from components.aws.role import Role, RoleArgs, Statement, allow
from components.sdk import lazy
from settings.chat.model import Schedule, Service, Tasks, VaultSettings

aws = lazy("pulumi_aws")

PLATFORM: Final = "1.4.0"
PROCESSOR: Final = "ARM64"
"""Graviton does the same as x86 for a fifth less; the pipeline builds images for it."""
APP_USER: Final = "10001:10001"
AGENT_USER: Final = "100:1000"
"""The user `vault` of Vault's image, who owns the folder that is a volume there."""
AGENT_FOLDER: Final = "/vault/file"
SECRETS_FOLDER: Final = "/secrets"
SECRETS_FILE: Final = "chat.json"
AGENT_CPU: Final = 64
AGENT_MEMORY_MIB: Final = 128
STOP_SECONDS: Final = 120
"""How long a task has to say goodbye to its clients; Fargate gives no more."""
HEALTH_GRACE_SECONDS: Final = 90
LOG_BUFFER: Final = "4m"
SURGE_PERCENT: Final = 125
"""Of the gateways, a quarter is replaced at a time: their sockets come back over 10 minutes, not all at once."""
COOLDOWN_OUT_SECONDS: Final = 60
COOLDOWN_IN_SECONDS: Final = 600
CPU: Final = "ECSServiceAverageCPUUtilization"


@dataclass(frozen=True)
class Backlog:
    """A custom metric that scaling follows; where `shared`, it is one figure for all tasks and is divided by them."""

    namespace: str
    metric: str
    dimension: tuple[str, str]
    shared: bool


@dataclass(frozen=True)
class Cluster:
    """Where services run: names and addresses that all of them share."""

    name: str
    arn: pulumi.Input[str]
    account: str
    region: str
    subnets: Sequence[pulumi.Input[str]]
    log_group: str
    log_group_arn: pulumi.Input[str]
    repositories: Sequence[pulumi.Input[str]]
    chat_image: pulumi.Input[str]
    agent_image: pulumi.Input[str]
    schedule: Schedule
    vault: VaultSettings
    secrets_mount: str


@dataclass(frozen=True)
class ServiceArgs:
    """One service of the chat.

    `name` is unique in the account and has 40 characters at most; `group` is its security group; `environment` what
    the program is told, none of it secret; `permissions` what the tasks may do at AWS. `targets` is the target group of
    a load balancer, `registry` the ARN of a name in service discovery. `backlog` is what scaling follows, the cpu where
    there is none; `alarms` are names of alarms that roll a deployment back, `after` is what must exist before
    a task can start.
    """

    name: str
    service: Service
    tasks: Tasks
    cluster: Cluster
    group: pulumi.Input[str]
    environment: Mapping[str, pulumi.Input[str]]
    port: int | None = None
    permissions: Sequence[Statement] = field(default_factory=tuple)
    targets: pulumi.Input[str] | None = None
    registry: pulumi.Input[str] | None = None
    backlog: Backlog | None = None
    alarms: Sequence[pulumi.Input[str]] = field(default_factory=tuple)
    after: Sequence[pulumi.Resource] = ()


class FargateService(pulumi.ComponentResource):
    """A service of tasks, each with the program and Vault's agent beside it.

    Creates the role of the tasks and the role that starts them; the task definition; the service, spread over the
    zones, with deployments that roll back by themselves; and scaling between a day's or a night's least and the most.

    Secrets are never in the task definition: the agent proves to Vault, by the task's own role, which service it is,
    and writes what that service may read to a volume that the program has for reading alone and that ends with the task.
    The release that runs, and how many tasks, are the pipeline's and the scaling's to change: the program leaves both as
    they are.

    Outputs: `name`, `family`, `role` (name) and `role_arn` of the tasks, `execution_role_arn`.
    """

    def __init__(self, args: ServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:FargateService", args.name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        cluster = args.cluster
        tasks = Role(
            RoleArgs(args.name, "ecs-tasks.amazonaws.com", cluster.account, args.permissions),
            self._child,
        )
        starts = Role(
            RoleArgs(f"{args.name}-start", "ecs-tasks.amazonaws.com", cluster.account, _start(cluster)),
            self._child,
        )
        definition = self._definition(tasks, starts)
        service = self._service(definition, [*tasks.ready, *starts.ready, *args.after])
        self._scaling(service)
        self.name = args.name
        self.family: pulumi.Output[str] = definition.family
        self.role = args.name
        self.role_arn = tasks.arn
        self.execution_role_arn = starts.arn
        self.register_outputs({"name": self.name, "role_arn": self.role_arn})

    # The task

    def _definition(self, tasks: Role, starts: Role) -> Any:
        args = self._args
        return aws.ecs.TaskDefinition(
            args.name,
            family=args.name,
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            cpu=str(args.tasks.cpu),
            memory=str(args.tasks.memory_mib),
            runtime_platform={"cpu_architecture": PROCESSOR, "operating_system_family": "LINUX"},
            task_role_arn=tasks.arn,
            execution_role_arn=starts.arn,
            volumes=[{"name": "secrets"}],
            container_definitions=pulumi.Output.json_dumps([self._program(), self._agent()], sort_keys=True),
            skip_destroy=True,  # what a deployment rolls back to
            opts=self._child,
        )

    def _program(self) -> dict[str, Any]:
        args = self._args
        ports = [] if args.port is None else [{"containerPort": args.port, "protocol": "tcp"}]
        environment = {**args.environment, "CHAT_SECRETS": f"{SECRETS_FOLDER}/{SECRETS_FILE}"}
        return {
            **self._container(args.service.value, args.cluster.chat_image, APP_USER),
            "command": [args.service.value],
            "environment": [{"name": name, "value": value} for name, value in sorted(environment.items())],
            "portMappings": ports,
            "mountPoints": [{"sourceVolume": "secrets", "containerPath": SECRETS_FOLDER, "readOnly": True}],
            "dependsOn": [{"containerName": "vault-agent", "condition": "HEALTHY"}],
            "stopTimeout": STOP_SECONDS,
        }

    def _agent(self) -> dict[str, Any]:
        file = f"{AGENT_FOLDER}/agent.json"
        return {
            **self._container("vault-agent", self._args.cluster.agent_image, AGENT_USER),
            "entryPoint": ["/bin/sh", "-c"],
            "command": [f'printf %s "$AGENT" > {file} && exec vault agent -config={file}'],
            "environment": [{"name": "AGENT", "value": json.dumps(self._agent_configuration(), sort_keys=True)}],
            "mountPoints": [{"sourceVolume": "secrets", "containerPath": AGENT_FOLDER, "readOnly": False}],
            "healthCheck": {
                "command": ["CMD-SHELL", f"test -s {AGENT_FOLDER}/{SECRETS_FILE}"],
                "interval": 5,
                "timeout": 2,
                "retries": 10,
            },
            "cpu": AGENT_CPU,
            "memory": AGENT_MEMORY_MIB,
        }

    def _agent_configuration(self) -> dict[str, Any]:
        """https://developer.hashicorp.com/vault/docs/agent-and-proxy/agent, as JSON."""
        args, vault = self._args, self._args.cluster.vault
        path = f"{args.cluster.secrets_mount}/data/{args.service}"
        login = {
            "type": "aws",
            "mount_path": f"auth/{vault.auth_mount}",
            "config": {
                "type": "iam",
                "role": args.name,
                "region": args.cluster.region,
                # A request that was signed for another server is not taken for this one's.
                "header_value": urlsplit(vault.address).hostname,
            },
        }
        template = {
            "contents": f'{{{{ with secret "{path}" }}}}{{{{ .Data.data | toJSON }}}}{{{{ end }}}}',
            "destination": f"{AGENT_FOLDER}/{SECRETS_FILE}",
            "perms": "0644",  # another user reads it, in a container that alone has the volume, too
            "error_on_missing_key": True,
        }
        return {
            "vault": {"address": vault.address},
            "auto_auth": {"method": [login]},
            "template": [template],
            "template_config": {"exit_on_retry_failure": True},
        }

    def _container(self, name: str, image: pulumi.Input[str], user: str) -> dict[str, Any]:
        """What holds for every container: nothing to write to but volumes, no privileges, a log."""
        cluster = self._args.cluster
        return {
            "name": name,
            "image": image,
            "essential": True,
            "user": user,
            "privileged": False,
            "readonlyRootFilesystem": True,
            "linuxParameters": {"capabilities": {"drop": ["ALL"]}, "initProcessEnabled": True},
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": cluster.log_group,
                    "awslogs-region": cluster.region,
                    "awslogs-stream-prefix": self._args.service.value,
                    # Rather lose a line than stop because logs cannot be sent.
                    "mode": "non-blocking",
                    "max-buffer-size": LOG_BUFFER,
                },
            },
        }

    # The service

    def _service(self, definition: Any, after: Sequence[pulumi.Resource]) -> Any:
        args = self._args
        gateway = args.targets is not None
        balancers = [{"target_group_arn": args.targets, "container_name": args.service, "container_port": args.port}]
        return aws.ecs.Service(
            args.name,
            name=args.name,
            cluster=args.cluster.arn,
            task_definition=definition.arn,
            desired_count=args.tasks.count,
            launch_type="FARGATE",
            platform_version=PLATFORM,
            availability_zone_rebalancing="ENABLED",
            enable_execute_command=False,
            network_configuration={
                "subnets": args.cluster.subnets,
                "security_groups": [args.group],
                "assign_public_ip": False,
            },
            load_balancers=balancers if gateway else None,
            health_check_grace_period_seconds=HEALTH_GRACE_SECONDS if gateway else None,
            service_registries=None if args.registry is None else {"registry_arn": args.registry},
            deployment_circuit_breaker={"enable": True, "rollback": True},
            deployment_minimum_healthy_percent=100,
            deployment_maximum_percent=SURGE_PERCENT if gateway else 200,
            alarms={"enable": True, "rollback": True, "alarm_names": args.alarms} if args.alarms else None,
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=after, ignore_changes=["desiredCount", "taskDefinition"]
            ),
        )

    # Scaling

    def _scaling(self, service: Any) -> None:
        args = self._args
        target = aws.appautoscaling.Target(
            args.name,
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=pulumi.Output.concat("service/", args.cluster.name, "/", service.name),
            min_capacity=args.tasks.count,
            max_capacity=args.tasks.most,
            # The schedule moves the least up and down.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["minCapacity"]),
        )
        at = {
            "service_namespace": target.service_namespace,
            "scalable_dimension": target.scalable_dimension,
            "resource_id": target.resource_id,
        }
        aws.appautoscaling.Policy(
            args.name,
            name=args.name,
            policy_type="TargetTrackingScaling",
            target_tracking_scaling_policy_configuration={
                "target_value": args.tasks.target,
                "scale_out_cooldown": COOLDOWN_OUT_SECONDS,
                "scale_in_cooldown": COOLDOWN_IN_SECONDS,
                **self._followed(args.backlog),
            },
            **at,
            opts=self._child,
        )
        for name, least, cron in (
            ("day", args.tasks.count, args.cluster.schedule.day),
            ("night", args.tasks.night, args.cluster.schedule.night),
        ):
            aws.appautoscaling.ScheduledAction(
                f"{args.name}-{name}",
                name=f"{args.name}-{name}",
                schedule=f"cron({cron})",
                timezone=args.cluster.schedule.timezone,
                scalable_target_action={"min_capacity": least, "max_capacity": args.tasks.most},
                **at,
                opts=self._child,
            )

    def _followed(self, backlog: Backlog | None) -> dict[str, Any]:
        if backlog is None:
            return {"predefined_metric_specification": {"predefined_metric_type": CPU}}
        name, value = backlog.dimension
        own = {
            "id": "waiting",
            "return_data": not backlog.shared,
            "metric_stat": {
                "stat": "Average",
                "metric": {
                    "namespace": backlog.namespace,
                    "metric_name": backlog.metric,
                    "dimensions": [{"name": name, "value": value}],
                },
            },
        }
        running = {
            "id": "running",
            "return_data": False,
            "metric_stat": {
                "stat": "Average",
                "metric": {
                    "namespace": "ECS/ContainerInsights",
                    "metric_name": "RunningTaskCount",
                    "dimensions": [
                        {"name": "ClusterName", "value": self._args.cluster.name},
                        {"name": "ServiceName", "value": self._args.name},
                    ],
                },
            },
        }
        each = {"id": "each", "expression": "waiting / running", "return_data": True}
        return {"customized_metric_specification": {"metrics": [own, running, each] if backlog.shared else [own]}}


def _start(cluster: Cluster) -> list[Statement]:
    """What starting a task needs: its images and its log streams."""
    return [
        allow("ecr:GetAuthorizationToken", on=["*"]),  # AWS knows no resource for it
        allow(
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
            on=cluster.repositories,
        ),
        allow(
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            on=[pulumi.Output.concat(cluster.log_group_arn, ":log-stream:*")],
        ),
    ]
