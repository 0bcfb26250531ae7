"""The chat system: sockets, queues, workers and stores in one region of AWS, over its zones.

How many and how large is decided by settings alone; who may talk to whom by `components/aws/flows.py`; who may read
which secret by the documents that `_secrets` writes, one a service.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import pulumi

from components.aws.alarms import Alarms, AlarmsArgs, Metric
from components.aws.balancer import Balancer, BalancerArgs
from components.aws.bucket import Bucket, BucketArgs
from components.aws.cache import Cache, CacheArgs
from components.aws.dashboard import Dashboard, DashboardArgs
from components.aws.documents import LOGS as DOCUMENT_LOGS
from components.aws.documents import Documents, DocumentsArgs
from components.aws.firewall import Firewall, FirewallArgs
from components.aws.flows import (
    CACHE_PORT,
    COLLECT_PORT,
    DOCUMENTS_PORT,
    GATEWAY_PORT,
    PUBLISH_PORT,
    QUEUES,
    TASKS,
    USERS_PORT,
    Role,
    flows,
)
from components.aws.key import Key, KeyArgs
from components.aws.logs import Logs, LogsArgs
from components.aws.network import Network, NetworkArgs
from components.aws.pipeline import Pipeline, PipelineArgs, Target
from components.aws.registry import Registry, RegistryArgs
from components.aws.role import Statement, allow
from components.aws.secrets import Secrets, SecretsArgs
from components.aws.service import Backlog, Cluster, FargateService, ServiceArgs
from components.aws.uploads import Uploads, UploadsArgs
from components.aws.users import LOGS as USER_LOGS
from components.aws.users import Users, UsersArgs
from components.aws.waf import Waf, WafArgs
from components.sdk import lazy
from settings import Chat as ChatSettings
from settings import Environment, Settings
from settings.base import Recipients
from settings.chat.model import Queue, Service

aws = lazy("pulumi_aws")

IMAGES: Final = ("chat", "vault-agent")
DATABASE_USER: Final = "chat"
AUTHORITIES: Final = "/etc/ssl/certs/aws-databases.pem"
"""Where the image has the authorities of DocumentDB and RDS (AWS's global bundle)."""
REQUESTS_IN_FIVE_MINUTES: Final = 2_000
"""Of one address: a company behind one address has hundreds of people, each with a socket and some files."""
NAME_TTL: Final = 10
KEYS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "logs": ("Logs", ("logs",)),
    "alarms": ("Alarms on their way", ("sns", "cloudwatch")),
    "bulk-queue": ("The bulk queue", ()),
    "priority-queue": ("The priority queue", ()),
    "documents": ("Messages", ()),
    "users": ("Accounts of users", ()),
    "files": ("Files of users", ()),
    "images": ("Images of containers", ()),
}
"""A key for each kind of data, and the services of AWS's that use it without a role of ours."""
MAINTENANCE: Final = {
    Queue.BULK: ("tue:02:00-tue:03:00", "03:00-04:00"),
    Queue.PRIORITY: ("fri:02:00-fri:03:00", "04:00-05:00"),
}
"""When a queue's cache may be changed, and when it is copied: never both queues in one night."""
WORKERS: Final = {Service.BULK: Queue.BULK, Service.PRIORITY: Queue.PRIORITY}


class Chat(pulumi.ComponentResource):
    """One chat system in one environment.

    Creates, from the settings' section `chat`: a network over the zones, with firewalls from the flow matrix and no way
    to the internet but the load balancer's; the load balancer with its names, certificate and WAF; the four services on
    Fargate; a cache for each queue, the document database, the users' database and the bucket for files, each encrypted
    with a key of its own; secrets in Vault; logs, alarms and a page of figures; the registry, and, where settings have
    one, the pipeline.

    Outputs, in `outputs`: `url`, `name_servers`, `services` (name and tasks of each), `stores` (name, what it is and its
    size), `buckets`, `repositories`, `dashboard`, `vault_roles` (for each role that Vault's owners bind: the ARN of the
    tasks' role and the policy).
    """

    def __init__(self, settings: Settings, chat: ChatSettings) -> None:
        self._settings = settings
        self._chat = chat
        self._prefix = f"{settings.organisation}-{settings.environment}-chat"
        self._guarded = settings.environment is not Environment.DEV
        provider = aws.Provider(
            self._prefix,
            region=chat.region,
            allowed_account_ids=[chat.account],
            default_tags={
                "tags": {"environment": settings.environment.value, "owner": settings.owner, "system": "chat"},
            },
        )
        super().__init__("platform:system:Chat", self._prefix, None, pulumi.ResourceOptions(providers=[provider]))
        self._child = pulumi.ResourceOptions(parent=self)
        self._keys = {
            part: Key(
                KeyArgs(f"{self._prefix}-{part}", text, chat.account, chat.region, self._guarded, services), self._child
            )
            for part, (text, services) in KEYS.items()
        }
        self._logs = Logs(
            LogsArgs(self._prefix, chat.account, chat.region, self._keys["logs"].arn, self._guarded), self._child
        )
        self._network = Network(
            NetworkArgs(self._prefix, chat.account, chat.region, chat.cidr, chat.zones, self._logs.bucket_arn),
            self._child,
        )
        vault = urlsplit(chat.vault.address)
        firewall = Firewall(FirewallArgs(self._prefix, self._network.id, flows(vault.port or 443)), self._child)
        firewall.open(self._network.s3)
        self._groups = firewall.groups
        self._network.connect(self._groups[Role.ENDPOINTS], chat.vault.endpoint_service, self._groups[Role.VAULT])
        self._registry = Registry(
            RegistryArgs(self._prefix, IMAGES, self._keys["images"].arn, self._guarded), self._child
        )
        self._secrets = Secrets(SecretsArgs(self._prefix), self._child)
        passwords = {
            queue: {user: self._secrets.password(f"{queue}-{user}") for user in ("tx", "rx")} for queue in Queue
        }
        self._caches = {queue: self._cache(queue, passwords[queue]) for queue in Queue}
        self._documents = self._document_store()
        self._users = self._user_store()
        self._uploads = Uploads(
            UploadsArgs(
                name=self._prefix,
                account=chat.account,
                region=chat.region,
                key=self._keys["files"].arn,
                page=f"https://{chat.domain}",
                expire_days=chat.files.expire_days,
                logs=self._logs.bucket,
                protect=self._guarded,
            ),
            self._child,
        )
        kept = self._keep(passwords)
        self._balancer = Balancer(
            BalancerArgs(
                name=self._prefix,
                domain=chat.domain,
                network=self._network.id,
                subnets=self._network.public,
                group=self._groups[Role.FRONT],
                logs=self._logs.bucket,
                protect=self._guarded,
            ),
            self._child,
        )
        waf_log = self._logs.group(f"aws-waf-logs-{self._prefix}")
        waf = Waf(WafArgs(self._prefix, self._balancer.arn, waf_log.arn, REQUESTS_IN_FIVE_MINUTES), self._child)
        self._alarms = Alarms(
            AlarmsArgs(f"{self._prefix}-urgent", chat.account, self._keys["alarms"].arn, chat.alarms), self._child
        )
        felt = self._felt_by_users()
        self._ahead_of_trouble()
        self._services = self._run(felt, kept)
        dashboard = Dashboard(
            DashboardArgs(
                name=self._prefix,
                namespace=self._prefix,
                region=chat.region,
                balancer=self._balancer.suffix,
                targets=self._balancer.targets_suffix,
                cluster=self._prefix,
                services={service: found.name for service, found in self._services.items()},
                nodes={queue: cache.nodes for queue, cache in self._caches.items()},
                documents=self._documents.id,
                users=self._users.id,
                web_acl=waf.name,
            ),
            self._child,
        )
        buckets = [self._uploads.bucket, self._logs.bucket]
        if chat.pipeline is not None:
            buckets.append(self._pipeline().name)
        self.outputs: dict[str, Any] = {
            "url": self._balancer.address,
            "name_servers": self._balancer.name_servers,
            "services": [
                {"name": found.name, "tasks": chat.services[service].count, "most": chat.services[service].most}
                for service, found in self._services.items()
            ],
            "stores": [
                *(
                    {
                        "name": cache.id,
                        "what": f"{queue} queue, {1 + chat.caches[queue].replicas} × {chat.caches[queue].type}",
                    }
                    for queue, cache in self._caches.items()
                ),
                {"name": self._documents.id, "what": f"messages, {chat.documents.instances} × {chat.documents.type}"},
                {"name": self._users.id, "what": f"accounts, {chat.users.type} over two zones"},
            ],
            "buckets": [{"name": name, "provider": "aws", "region": chat.region} for name in buckets],
            "repositories": self._registry.urls,
            "dashboard": dashboard.name,
            "vault_roles": {
                found.name: {"bound": found.role_arn, "policy": found.name} for found in self._services.values()
            },
        }
        self.register_outputs(self.outputs)

    # Stores

    def _cache(self, queue: Queue, passwords: Mapping[str, pulumi.Output[str]]) -> Cache:
        settings = self._chat.caches[queue]
        name = f"{self._prefix}-{queue}"
        maintenance, snapshots = MAINTENANCE[queue]
        return Cache(
            CacheArgs(
                name=name,
                description=f"The {queue} queue",
                type=settings.type,
                replicas=settings.replicas,
                subnets=self._network.stores,
                group=self._groups[QUEUES[queue]],
                key=self._keys[f"{queue}-queue"].arn,
                passwords=passwords,
                log_group=self._logs.group(f"/chat/{name}-queue").name,
                maintenance=maintenance,
                snapshots=snapshots,
                protect=self._guarded,
            ),
            self._child,
        )

    def _document_store(self) -> Documents:
        settings = self._chat.documents
        name = f"{self._prefix}-documents"
        # AWS would make the groups itself, without an end and without our key.
        groups = [self._logs.group(f"/aws/docdb/{name}/{log}") for log in DOCUMENT_LOGS]
        return Documents(
            DocumentsArgs(
                name=name,
                type=settings.type,
                instances=settings.instances,
                zones=self._chat.zones,
                subnets=self._network.stores,
                group=self._groups[Role.DOCUMENTS],
                key=self._keys["documents"].arn,
                backup_days=settings.backup_days,
                protect=self._guarded,
                after=groups,
            ),
            self._child,
        )

    def _user_store(self) -> Users:
        settings = self._chat.users
        name = f"{self._prefix}-users"
        groups = [self._logs.group(f"/aws/rds/instance/{name}/{log}") for log in USER_LOGS]
        return Users(
            UsersArgs(
                name=name,
                type=settings.type,
                storage_gb=settings.storage_gb,
                most_storage_gb=settings.most_storage_gb,
                subnets=self._network.stores,
                group=self._groups[Role.USERS],
                key=self._keys["users"].arn,
                backup_days=settings.backup_days,
                protect=self._guarded,
                after=groups,
            ),
            self._child,
        )

    # Secrets

    def _keep(self, passwords: Mapping[Queue, Mapping[str, pulumi.Output[str]]]) -> dict[Service, pulumi.Resource]:
        """Write each service's document: what it needs and no more."""
        broadcast = {"broadcast_key": self._secrets.curve_key("broadcast")}
        urls = {
            (queue, user): pulumi.Output.concat(
                f"rediss://{user}:", password, "@", self._caches[queue].address, f":{CACHE_PORT}"
            )
            for queue, users in passwords.items()
            for user, password in users.items()
        }
        documents: dict[Service, Mapping[str, pulumi.Input[str]]] = {
            Service.BROADCASTER: broadcast,
            **{service: {**broadcast, "queue": urls[queue, "rx"]} for service, queue in WORKERS.items()},
            Service.GATEWAY: {
                **broadcast,
                "token_key": self._secrets.password("tokens"),
                **{f"{queue}_queue": urls[queue, "tx"] for queue in Queue},
            },
        }
        return {service: self._secrets.keep(service, fields) for service, fields in documents.items()}

    # Services

    def _run(
        self, felt: list[pulumi.Output[str]], kept: Mapping[Service, pulumi.Resource]
    ) -> dict[Service, FargateService]:
        chat = self._chat
        group = self._logs.group(f"/chat/{self._prefix}/tasks")
        running = aws.ecs.Cluster(
            self._prefix,
            name=self._prefix,
            settings=[{"name": "containerInsights", "value": "enhanced"}],
            opts=self._child,
        )
        images = dict(zip(IMAGES, (chat.images.chat, chat.images.vault_agent), strict=True))
        chat_image, agent_image = (
            pulumi.Output.concat(self._registry.urls[image], "@", digest) for image, digest in images.items()
        )
        cluster = Cluster(
            name=self._prefix,
            arn=running.arn,
            account=chat.account,
            region=chat.region,
            subnets=self._network.tasks,
            log_group=f"/chat/{self._prefix}/tasks",
            log_group_arn=group.arn,
            repositories=list(self._registry.arns.values()),
            chat_image=chat_image,
            agent_image=agent_image,
            schedule=chat.schedule,
            vault=chat.vault,
            secrets_mount=self._secrets.mount,
        )
        broadcasters, registry = self._discovery()
        told: dict[str, pulumi.Input[str]] = {
            "CHAT_BROADCASTERS": broadcasters,
            "CHAT_COLLECT_PORT": str(COLLECT_PORT),
            "CHAT_PUBLISH_PORT": str(PUBLISH_PORT),
            "CHAT_METRICS": self._prefix,
        }
        documents = {"CHAT_DOCUMENTS": self._documents_url()}
        services = {}
        for service in Service:
            gateway, broadcaster = service is Service.GATEWAY, service is Service.BROADCASTER
            services[service] = FargateService(
                ServiceArgs(
                    name=f"{self._prefix}-{service}",
                    service=service,
                    tasks=chat.services[service],
                    cluster=cluster,
                    group=self._groups[TASKS[service]],
                    environment={**told, **({} if broadcaster else documents), **(self._gateways() if gateway else {})},
                    port=GATEWAY_PORT if gateway else None,
                    permissions=self._gateways_permissions() if gateway else (),
                    targets=self._balancer.targets if gateway else None,
                    registry=registry if broadcaster else None,
                    backlog=self._backlog(service),
                    alarms=felt,
                    after=[kept[service]],
                ),
                self._child,
            )
        return services

    def _discovery(self) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        """The host name of all broadcasters, and the ARN under which they enter themselves."""
        name = f"{self._prefix}.internal"
        namespace = aws.servicediscovery.PrivateDnsNamespace(
            self._prefix, name=name, description="Names of tasks", vpc=self._network.id, opts=self._child
        )
        service = aws.servicediscovery.Service(
            f"{self._prefix}-broadcaster",
            name=Service.BROADCASTER.value,
            dns_config={
                "namespace_id": namespace.id,
                "dns_records": [{"type": "A", "ttl": NAME_TTL}],
                "routing_policy": "MULTIVALUE",
            },
            health_check_custom_config={},
            opts=self._child,
        )
        return pulumi.Output.concat(service.name, ".", namespace.name), service.arn

    def _documents_url(self) -> pulumi.Output[str]:
        """The role of the task is what it signs in with: there is no password."""
        options = f"tls=true&tlsCAFile={AUTHORITIES}&replicaSet=rs0&authSource=%24external&authMechanism=MONGODB-AWS"
        return pulumi.Output.concat("mongodb://", self._documents.address, f":{DOCUMENTS_PORT}/chat?{options}")

    def _gateways(self) -> dict[str, pulumi.Input[str]]:
        """What gateways are told besides."""
        files = self._chat.files
        return {
            "CHAT_PORT": str(GATEWAY_PORT),
            "CHAT_USERS": pulumi.Output.concat(self._users.address, f":{USERS_PORT}"),
            "CHAT_USERS_NAME": DATABASE_USER,
            "CHAT_FILES": self._uploads.bucket,
            "CHAT_FILES_MOST_BYTES": str(files.most_mb * 10**6),
            "CHAT_FILES_TYPES": ",".join(files.content_types),
        }

    def _gateways_permissions(self) -> list[Statement]:
        chat = self._chat
        user = pulumi.Output.concat(
            f"arn:aws:rds-db:{chat.region}:{chat.account}:dbuser:", self._users.resource, "/", DATABASE_USER
        )
        return [*self._uploads.permissions, allow("rds-db:connect", on=[user])]

    def _backlog(self, service: Service) -> Backlog | None:
        if service is Service.GATEWAY:
            return Backlog(self._prefix, "Connections", ("Service", service.value), shared=False)
        if service in WORKERS:
            return Backlog(self._prefix, "QueueDepth", ("Queue", WORKERS[service].value), shared=True)
        return None

    # Alarms

    def _felt_by_users(self) -> list[pulumi.Output[str]]:
        """What users notice: one alarm tells everybody, whichever of these went off; deployments go back by them."""
        alarms, name = self._alarms, self._prefix
        balancer = {"LoadBalancer": self._balancer.suffix}
        targets = {**balancer, "TargetGroup": self._balancer.targets_suffix}
        felt = [
            alarms.when(
                f"{name}-latency",
                "Priority messages are late. Look at the depth of their queue, then at the document database.",
                Metric(name, "Latency", "p99", {"Queue": Queue.PRIORITY}),
                "GreaterThanThreshold",
                self._chat.alarms.latency_ms,
                minutes=3,
                of_minutes=5,
                silent=True,
            ),
            alarms.when(
                f"{name}-errors",
                "Gateways answer with errors. Look at their log.",
                Metric("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum", balancer),
                "GreaterThanThreshold",
                5,
                minutes=3,
                of_minutes=5,
                silent=True,
            ),
            alarms.when(
                f"{name}-unanswered",
                "The load balancer finds nobody who answers. Look at the gateways' tasks.",
                Metric("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "Sum", balancer),
                "GreaterThanThreshold",
                5,
                minutes=3,
                of_minutes=5,
                silent=True,
            ),
            alarms.when(
                f"{name}-gateways",
                "Fewer gateways are healthy than the night needs.",
                Metric("AWS/ApplicationELB", "HealthyHostCount", "Minimum", targets),
                "LessThanThreshold",
                self._chat.services[Service.GATEWAY].night,
                minutes=3,
                missing="breaching",
                silent=True,
            ),
        ]
        self._felt = alarms.any_of(f"{name}-felt", "Users notice it: the parts say what it is, and what to do.", felt)
        # Before the first deployment, no gateway is healthy: that alone must not undo it.
        return felt[:3]

    def _ahead_of_trouble(self) -> None:
        """What nobody notices yet: by mail and chat, without waking anybody up."""
        chat, name = self._chat, self._prefix
        quiet = Recipients(mail=chat.alarms.mail, sms=(), slack=chat.alarms.slack)
        notices = Alarms(AlarmsArgs(f"{name}-notice", chat.account, self._keys["alarms"].arn, quiet), self._child)
        signs = [
            notices.when(
                f"{name}-bulk-age",
                "Bulk messages wait for long. More workers come by themselves; see whether they do.",
                Metric(name, "QueueAge", "Maximum", {"Queue": Queue.BULK}),
                "GreaterThanThreshold",
                chat.alarms.queue_age_seconds,
                minutes=5,
                silent=True,
            ),
            *(
                notices.when(
                    f"{node}-memory",
                    "The queue's cache fills up; when it is full, it refuses messages. Take a larger type.",
                    Metric("AWS/ElastiCache", "DatabaseMemoryUsagePercentage", "Maximum", {"CacheClusterId": node}),
                    "GreaterThanThreshold",
                    70,
                    minutes=5,
                    silent=True,
                )
                for cache in self._caches.values()
                for node in cache.nodes[:1]
            ),
            *(
                notices.when(
                    f"{node}-cpu",
                    "The queue's cache works at its limit. Take a larger type.",
                    Metric("AWS/ElastiCache", "EngineCPUUtilization", "Maximum", {"CacheClusterId": node}),
                    "GreaterThanThreshold",
                    80,
                    minutes=10,
                    silent=True,
                )
                for cache in self._caches.values()
                for node in cache.nodes[:1]
            ),
            notices.when(
                f"{name}-documents-cpu",
                "The document database works at its limit. Take a larger type.",
                Metric("AWS/DocDB", "CPUUtilization", "Maximum", {"DBClusterIdentifier": self._documents.id}),
                "GreaterThanThreshold",
                80,
                minutes=10,
                silent=True,
            ),
            notices.when(
                f"{name}-documents-lag",
                "The document database's readers are late (milliseconds): what was just said is missing from them.",
                Metric(
                    "AWS/DocDB", "DBClusterReplicaLagMaximum", "Maximum", {"DBClusterIdentifier": self._documents.id}
                ),
                "GreaterThanThreshold",
                1_000,
                minutes=5,
                silent=True,
            ),
            notices.when(
                f"{name}-users-storage",
                "The users' database has less than 5 GB left, and does not grow any more. Raise most_storage_gb.",
                Metric("AWS/RDS", "FreeStorageSpace", "Minimum", {"DBInstanceIdentifier": self._users.id}),
                "LessThanThreshold",
                5 * 10**9,
                minutes=15,
                silent=True,
            ),
            notices.when(
                f"{name}-users-cpu",
                "The users' database works at its limit. Take a larger type.",
                Metric("AWS/RDS", "CPUUtilization", "Average", {"DBInstanceIdentifier": self._users.id}),
                "GreaterThanThreshold",
                80,
                minutes=15,
                silent=True,
            ),
        ]
        notices.any_of(
            f"{name}-ahead",
            "Nobody notices it yet: the parts say what it is, and what to do.",
            signs,
            unless=self._felt,
        )

    # Releases

    def _pipeline(self) -> Bucket:
        """The pipeline; the bucket that its stages hand things on by."""
        chat, settings = self._chat, self._chat.pipeline
        assert settings is not None  # noqa: S101 - the caller has looked
        artifacts = Bucket(
            BucketArgs(
                name=f"{self._prefix}-releases-{chat.account}",
                key=self._keys["images"].arn,
                noncurrent_days=7,
                expire_days=90,
                logs=self._logs.bucket,
                protect=self._guarded,
            ),
            self._child,
        )
        group = self._logs.group(f"/chat/{self._prefix}/releases")
        Pipeline(
            PipelineArgs(
                name=self._prefix,
                account=chat.account,
                region=chat.region,
                settings=settings,
                staging=Target(f"{self._settings.organisation}-{settings.staging}-chat", settings.staging_domain),
                production=Target(self._prefix, chat.domain),
                artifacts=artifacts.name,
                artifacts_arn=artifacts.arn,
                key=self._keys["images"].arn,
                log_group=f"/chat/{self._prefix}/releases",
                log_group_arn=group.arn,
                topic=self._alarms.topic,
                topic_key=self._keys["alarms"].arn,
                images=IMAGES,
                vault_agent=chat.images.vault_agent,
            ),
            self._child,
        )
        return artifacts
