"""The flow matrix of the chat system: every connection that is allowed, from this one place.

All rules of all security groups are made from it; what is not here is dropped. Names are resolved by the network's own
resolver, and time comes from Fargate: neither passes a security group.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from settings.chat.model import Queue, Service


class Role(StrEnum):
    """Who has a security group."""

    FRONT = "front"
    """The load balancer: the only one with public addresses."""
    GATEWAY = "gateway"
    BULK = "bulk"
    PRIORITY = "priority"
    BROADCASTER = "broadcaster"
    BULK_QUEUE = "bulk-queue"
    PRIORITY_QUEUE = "priority-queue"
    DOCUMENTS = "documents"
    USERS = "users"
    ENDPOINTS = "endpoints"
    """The interfaces by which tasks reach AWS's own services."""
    VAULT = "vault"
    """The interface by which tasks reach Vault."""


class Party(StrEnum):
    """Who is at an end of a connection and has no security group."""

    WORLD = "world"
    """Anybody on the internet, by IPv4 or IPv6."""
    S3 = "s3"
    """Object storage of the region, by the network's gateway endpoint."""


TASKS: Final = {service: Role(service.value) for service in Service}
QUEUES: Final = {Queue.BULK: Role.BULK_QUEUE, Queue.PRIORITY: Role.PRIORITY_QUEUE}
GATEWAY_PORT: Final = 8080
CACHE_PORT: Final = 6379
PUBLISH_PORT: Final = 5556
"""Where gateways subscribe to the broadcasters (ZMQ)."""
COLLECT_PORT: Final = 5557
"""Where workers hand messages to the broadcasters (ZMQ)."""
DOCUMENTS_PORT: Final = 27017
USERS_PORT: Final = 3306
HTTPS: Final = 443


@dataclass(frozen=True)
class Flow:
    """TCP connections that `source` may open to `target` at one port."""

    source: Role | Party
    target: Role | Party
    port: int
    reason: str

    @property
    def name(self) -> str:
        """What tells the flow from all others."""
        return f"{self.source}-to-{self.target}-{self.port}"


def flows(vault_port: int) -> tuple[Flow, ...]:
    """Everything that may talk in the chat system; `vault_port` is where Vault's API is."""
    return tuple(_flows(vault_port))


def _flows(vault_port: int) -> Iterator[Flow]:
    yield Flow(Party.WORLD, Role.FRONT, HTTPS, "the chat, over TLS")
    yield Flow(Party.WORLD, Role.FRONT, 80, "redirect to TLS")
    yield Flow(Role.FRONT, Role.GATEWAY, GATEWAY_PORT, "sockets and requests that passed the WAF, and health checks")
    for queue in QUEUES.values():
        yield Flow(Role.GATEWAY, queue, CACHE_PORT, "messages into the queue")
    yield Flow(Role.GATEWAY, Role.BROADCASTER, PUBLISH_PORT, "messages for the sockets that it holds")
    yield Flow(Role.GATEWAY, Role.DOCUMENTS, DOCUMENTS_PORT, "what was said before, and what a reconnect missed")
    yield Flow(Role.GATEWAY, Role.USERS, USERS_PORT, "who signs in")
    for worker, queue in ((Role.BULK, Role.BULK_QUEUE), (Role.PRIORITY, Role.PRIORITY_QUEUE)):
        yield Flow(worker, queue, CACHE_PORT, "messages out of the queue")
        yield Flow(worker, Role.DOCUMENTS, DOCUMENTS_PORT, "messages are kept")
        yield Flow(worker, Role.BROADCASTER, COLLECT_PORT, "messages are handed out")
    for task in TASKS.values():
        yield Flow(task, Role.ENDPOINTS, HTTPS, "images and logs")
        yield Flow(task, Role.VAULT, vault_port, "secrets")
        yield Flow(task, Party.S3, HTTPS, "layers of images, files")
