"""What a stack file may say of the chat system."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, Field

from settings.base import (
    ACCOUNT,
    BRANCH,
    CONNECTION,
    CRON,
    DIGEST,
    ENDPOINT_SERVICE,
    MEDIA_TYPE,
    REPOSITORY,
    URL,
    VAULT_PATH,
    Environment,
    Gigabytes,
    Host,
    Model,
    Recipients,
    SiteNetwork,
)


class Service(StrEnum):
    """What runs as tasks."""

    GATEWAY = "gateway"
    """Holds the clients' sockets."""
    BULK = "bulk"
    """Works off the queue of ordinary messages."""
    PRIORITY = "priority"
    """Works off the queue of messages that must not wait."""
    BROADCASTER = "broadcaster"
    """Publishes to all gateways what one of them received."""


class Queue(StrEnum):
    """The queues, each with a cache of its own."""

    BULK = "bulk"
    PRIORITY = "priority"


class Traffic(Model):
    """What the system must carry; the capacity model and the load test read the same numbers."""

    users: int = Field(ge=1, le=1_000_000_000, description="People with an account")
    connections: int = Field(ge=1, le=100_000_000, description="Sockets that are open at the same time, at most")
    messages_per_second: int = Field(ge=1, le=10_000_000, description="Messages that arrive, at the peak")
    priority_percent: int = Field(ge=1, le=99, description="How many of a hundred messages are of the priority queue")
    payload_bytes: int = Field(ge=1, le=65_536, description="Size of a message's text, on average")
    fan_out: int = Field(ge=1, le=100_000, description="Sockets that a message is sent to, on average")


class VaultSettings(Model):
    """The Vault that keeps every secret."""

    address: str = Field(
        pattern=URL, description="URL of the API: https, or http on this machine for the sandbox's own server"
    )
    endpoint_service: str = Field(
        pattern=ENDPOINT_SERVICE,
        description="The endpoint service (PrivateLink) by which Vault is reached, of this region",
    )
    auth_mount: str = Field(pattern=VAULT_PATH, description="Where Vault has its `aws` auth method, such as aws")


class Images(Model):
    """What the tasks run, by digest: a tag can be moved, a digest cannot."""

    chat: str = Field(pattern=DIGEST, description="Digest of the release in the stack's own registry")
    vault_agent: str = Field(pattern=DIGEST, description="Digest of Vault's image in the stack's own registry")


class Tasks(Model):
    """The size and number of a service's tasks."""

    cpu: int = Field(description="Units of a 1024th of a processor, of a size that Fargate has")
    memory_mib: int = Field(description="Memory, of a size that Fargate has for that cpu")
    count: int = Field(ge=1, le=5_000, description="Tasks that run at least, by day")
    most: int = Field(ge=1, le=5_000, description="Tasks to which autoscaling may go")
    night: int = Field(ge=1, le=5_000, description="Tasks that run at least, by night")
    target: int = Field(
        ge=1,
        description="What one task shall have to do: sockets of the gateway, messages waiting for a worker, % of cpu",
    )


class Schedule(Model):
    """When day and night begin."""

    timezone: str = Field(description="Name of the time zone, such as Europe/Paris")
    day: str = Field(pattern=CRON, description="When day begins, such as 0 6 * * ? *")
    night: str = Field(pattern=CRON, description="When night begins, such as 0 22 * * ? *")


class Cache(Model):
    """One queue's cache."""

    type: str = Field(description="Node type, such as cache.r7g.large")
    replicas: int = Field(ge=1, le=5, description="Copies of the primary, in other zones")


class Documents(Model):
    """The document database, which has the messages."""

    type: str = Field(description="Instance class, such as db.r6g.large")
    instances: int = Field(ge=1, le=15, description="One writes, all others read and stand by")
    backup_days: int = Field(ge=1, le=35, description="Days over which it can be restored to any second")


class Users(Model):
    """The relational database, which has the accounts."""

    type: str = Field(description="Instance class, such as db.m7g.large")
    storage_gb: Gigabytes = Field(description="Size at the beginning")
    most_storage_gb: Gigabytes = Field(description="Size to which it grows by itself")
    backup_days: int = Field(ge=1, le=35, description="Days over which it can be restored to any second")


class Files(Model):
    """What people attach to their messages."""

    most_mb: int = Field(ge=1, le=5_000, description="Size of a file, at most")
    expire_days: int = Field(ge=1, le=3_650, description="Days after which a file is removed")
    content_types: tuple[Annotated[str, Field(pattern=MEDIA_TYPE)], ...] = Field(
        strict=False, min_length=1, description="What may be uploaded: types that a browser does not run"
    )


class Alarms(Recipients):
    """Who hears of alarms, and from which figures on."""

    latency_ms: int = Field(ge=10, le=60_000, description="End to end, for 99 of 100 priority messages")
    queue_age_seconds: int = Field(ge=1, le=3_600, description="How long a bulk message may wait")


class Pipeline(Model):
    """From a commit to production."""

    repository: str = Field(pattern=REPOSITORY, description="owner/name at the host of the sources")
    branch: str = Field(pattern=BRANCH)
    connection: str = Field(
        pattern=CONNECTION, description="ARN of the connection to that host, confirmed by its owner"
    )
    staging: Environment = Field(strict=False, description="The stack, in the same account, that is deployed to first")
    staging_domain: Host = Field(description="Where that stack's chat is")


class Chat(Model):
    """The chat system: sockets, queues, workers and stores in one region of AWS."""

    account: str = Field(pattern=ACCOUNT, description="The AWS account; credentials of another one are refused")
    region: str
    zones: tuple[str, ...] = Field(strict=False, min_length=1)
    cidr: SiteNetwork = Field(description="The private network: RFC 1918, /16 to /20")
    domain: Host = Field(description="Where the chat is; it is a DNS zone of its own, delegated by the zone above")
    traffic: Traffic
    vault: VaultSettings
    images: Images
    services: Annotated[Mapping[Annotated[Service, Field(strict=False)], Tasks], AfterValidator(MappingProxyType)] = (
        Field(strict=False)
    )
    schedule: Schedule
    caches: Annotated[Mapping[Annotated[Queue, Field(strict=False)], Cache], AfterValidator(MappingProxyType)] = Field(
        strict=False
    )
    documents: Documents
    users: Users
    files: Files
    alarms: Alarms
    pipeline: Pipeline | None = Field(default=None, description="Only where releases are made")
