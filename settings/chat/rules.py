"""Rules that compare the chat system's settings with each other and with what AWS offers."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import catalog
from settings.base import Environment
from settings.chat.model import Cache, Chat, Documents, Pipeline, Queue, Service, Tasks, Users
from settings.findings import Finding, Path, missing, one_of, wrong
from settings.partial import rule

ZONES: Final = 3
"""A majority of what is left, after the loss of one, needs three."""
LEAST_TASKS: Final = 2
DOCUMENT_INSTANCES: Final = 3
DOMAIN_LENGTH: Final = 64
"""A certificate's common name has so many characters at most (RFC 5280, ub-common-name)."""
GIB: Final = 1024
FARGATE: Final[Mapping[int, tuple[int, ...]]] = {
    256: (512, 1 * GIB, 2 * GIB),
    512: tuple(range(1 * GIB, 4 * GIB + 1, GIB)),
    1024: tuple(range(2 * GIB, 8 * GIB + 1, GIB)),
    2048: tuple(range(4 * GIB, 16 * GIB + 1, GIB)),
    4096: tuple(range(8 * GIB, 30 * GIB + 1, GIB)),
    8192: tuple(range(16 * GIB, 60 * GIB + 1, 4 * GIB)),
    16384: tuple(range(32 * GIB, 120 * GIB + 1, 8 * GIB)),
}
"""Units of cpu → memory in MiB that Fargate has for it (ECS developer guide, "Task CPU and memory")."""
ACTIVE: Final = (
    r"text/(html|xml|javascript|css|xsl)|image/svg\+xml|application/(xhtml\+xml|xml|javascript|ecmascript|x-shockwave-flash"
    r"|x-sh|x-msdownload|x-msdos-program|java-archive|octet-stream|zip|hta)|.*\+xml"
)
"""Types that a browser runs, or that say nothing of what is inside."""


@rule
def check(chat: Chat, environment: Environment) -> Iterator[Finding]:
    """Everything that is wrong with the section `platform:chat`."""
    yield from _place(chat, environment)
    yield from _domain(chat)
    yield from _vault_address(chat, environment)
    yield from _same_region(chat)
    yield from _services(chat)
    yield from _sockets(chat)
    yield from _caches(chat)
    yield from _documents(chat, environment)
    yield from _users(chat)
    yield from _timezone(chat)
    yield from _files(chat)
    yield from _staging(chat, environment)


@rule
def _place(chat: Chat, environment: Environment) -> Iterator[Finding]:
    regions = catalog.aws().regions
    region = regions.get(chat.region)
    if region is None or not region.in_eu:
        inside = [name for name, found in regions.items() if found.in_eu]
        yield wrong(("chat", "region"), chat.region, one_of("regions of AWS in the EU", inside))
        return
    for index, zone in enumerate(chat.zones):
        if zone not in region.zones:
            yield wrong(("chat", "zones", index), zone, one_of(f"zones of {chat.region}", region.zones))
    given = f"is {', '.join(chat.zones)}"
    least = ZONES if environment != Environment.DEV else ZONES - 1
    if len(set(chat.zones)) < len(chat.zones):
        yield Finding(("chat", "zones"), given, "every zone once")
    elif len(chat.zones) < least:
        yield Finding(("chat", "zones"), given, f"{least} zones or more: stores and tasks must outlive one")


@rule
def _domain(chat: Chat) -> Iterator[Finding]:
    if len(chat.domain) > DOMAIN_LENGTH:
        accepted = f"a host name of {DOMAIN_LENGTH} characters or less: it stands in a certificate"
        yield wrong(("chat", "domain"), chat.domain, accepted)


@rule
def _vault_address(chat: Chat, environment: Environment) -> Iterator[Finding]:
    address = chat.vault.address
    local = re.match(r"^http://(127\.0\.0\.1|localhost)(:|$)", address) and environment == Environment.SANDBOX
    if not address.startswith("https://") and not local:
        accepted = "an https:// address (http only on loopback, in sandbox)"
        yield wrong(("chat", "vault", "address"), address, accepted)


@rule
def _same_region(chat: Chat) -> Iterator[Finding]:
    """What must be in the system's region, where that is one that can be meant."""
    region = catalog.aws().regions.get(chat.region)
    if region is not None and region.in_eu:
        yield from _vault_service(chat)
        if chat.pipeline is not None:
            yield from _connection(chat, chat.pipeline)


@rule
def _vault_service(chat: Chat) -> Iterator[Finding]:
    service = chat.vault.endpoint_service
    if service.split(".")[3] != chat.region:
        accepted = f"a service in {chat.region}: com.amazonaws.vpce.{chat.region}.vpce-svc-<id>"
        yield wrong(("chat", "vault", "endpoint_service"), service, accepted)


@rule
def _services(chat: Chat) -> Iterator[Finding]:
    yield from _every("services", chat.services, Service, "a map with cpu, memory_mib, count, most, night and target")
    for service, tasks in chat.services.items():
        yield from _size(tasks, ("chat", "services", service.value))
        yield from _counts(tasks, ("chat", "services", service.value))


@rule
def _caches(chat: Chat) -> Iterator[Finding]:
    yield from _every("caches", chat.caches, Queue, "a map with type and replicas")
    for queue, cache in chat.caches.items():
        yield from _offered(cache, catalog.aws().cache_types, "cache node types", ("chat", "caches", queue.value))


@rule
def _every(key: str, given: Mapping[Any, Any], names: Iterable[Any], accepted: str) -> Iterator[Finding]:
    for name in names:
        if name not in given:
            yield missing(("chat", key, name.value), accepted)


@rule
def _size(tasks: Tasks, path: Path) -> Iterator[Finding]:
    if tasks.cpu not in FARGATE:
        yield wrong((*path, "cpu"), tasks.cpu, f"one of {', '.join(map(str, FARGATE))}: what Fargate has")
    elif tasks.memory_mib not in FARGATE[tasks.cpu]:
        sizes = FARGATE[tasks.cpu]
        accepted = f"one of {', '.join(map(str, sizes))}: what Fargate has for cpu {tasks.cpu}"
        yield wrong((*path, "memory_mib"), tasks.memory_mib, accepted)


@rule
def _counts(tasks: Tasks, path: Path) -> Iterator[Finding]:
    if tasks.night < LEAST_TASKS:
        yield wrong((*path, "night"), tasks.night, f"{LEAST_TASKS} or more: the loss of one is not an outage")
    if tasks.count < tasks.night:
        yield wrong((*path, "count"), tasks.count, f"{tasks.night}, which is night, or more")
    if tasks.most < tasks.count:
        yield wrong((*path, "most"), tasks.most, f"{tasks.count}, which is count, or more")


@rule
def _sockets(chat: Chat) -> Iterator[Finding]:
    """The gateways' most tasks must hold the most sockets."""
    gateway = chat.services.get(Service.GATEWAY)
    if gateway is None:
        return
    holds = gateway.most * gateway.target
    if holds < chat.traffic.connections:
        needed = -(-chat.traffic.connections // gateway.target)
        accepted = (
            f"{needed} or more: {chat.traffic.connections} sockets (traffic.connections), {gateway.target} a task"
        )
        yield wrong(("chat", "services", "gateway", "most"), gateway.most, accepted)


@rule
def _offered(sized: Cache | Documents | Users, offered: Mapping[str, Any], what: str, path: Path) -> Iterator[Finding]:
    if sized.type not in offered:
        yield wrong((*path, "type"), sized.type, one_of(what, offered))


@rule
def _documents(chat: Chat, environment: Environment) -> Iterator[Finding]:
    yield from _offered(chat.documents, catalog.aws().document_types, "DocumentDB classes", ("chat", "documents"))
    least = DOCUMENT_INSTANCES if environment != Environment.DEV else DOCUMENT_INSTANCES - 1
    if chat.documents.instances < least:
        accepted = f"{least} or more: one writes, and one of the others takes its place"
        yield wrong(("chat", "documents", "instances"), chat.documents.instances, accepted)


@rule
def _users(chat: Chat) -> Iterator[Finding]:
    users = chat.users
    yield from _offered(users, catalog.aws().sql_types, "RDS classes", ("chat", "users"))
    if users.most_storage_gb < users.storage_gb:
        accepted = f"{users.storage_gb}, which is storage_gb, or more"
        yield wrong(("chat", "users", "most_storage_gb"), users.most_storage_gb, accepted)


@rule
def _timezone(chat: Chat) -> Iterator[Finding]:
    if chat.schedule.timezone not in zoneinfo.available_timezones():
        accepted = "a name of the time zone database such as Europe/Paris"
        yield wrong(("chat", "schedule", "timezone"), chat.schedule.timezone, accepted)


@rule
def _files(chat: Chat) -> Iterator[Finding]:
    for index, kind in enumerate(chat.files.content_types):
        if re.fullmatch(ACTIVE, kind):
            accepted = "a type of content that a browser does not run and that says what it is, such as image/png"
            yield wrong(("chat", "files", "content_types", index), kind, accepted)


@rule
def _connection(chat: Chat, pipeline: Pipeline) -> Iterator[Finding]:
    _, _, _, region, account, *_ = pipeline.connection.split(":")
    if (region, account) != (chat.region, chat.account):
        accepted = f"a connection in {chat.region} of account {chat.account}"
        yield wrong(("chat", "pipeline", "connection"), pipeline.connection, accepted)


@rule
def _staging(chat: Chat, environment: Environment) -> Iterator[Finding]:
    if chat.pipeline is not None and chat.pipeline.staging == environment:
        accepted = f"another stack than {environment.value}, which comes after it"
        yield wrong(("chat", "pipeline", "staging"), chat.pipeline.staging.value, accepted)
