"""From traffic to tasks, classes of stores and a monthly cost, and to which part is full first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import catalog
from capacity import figures as f
from capacity.queueing import servers_for
from catalog import ManagedType
from settings.chat.model import Chat, Traffic

HOURS: Final = 730
SECONDS: Final = HOURS * 3600
LEAST_TASKS: Final = 3
"""One a zone."""
KIB_A_MIB: Final = 1024
MEMORY_SHARE: Final = 0.75
REPLICAS: Final = 2
DOCUMENT_INSTANCES: Final = 3
GATEWAY: Final = (0.5, 1.0)
"""vCPU and GiB of a task, as the settings of production have them."""
WORKER: Final = (1.0, 2.0)
PRIORITY: Final = (0.5, 1.0)
BROADCASTER: Final = (1.0, 2.0)


@dataclass(frozen=True)
class Plan:
    """What a traffic needs. Where one store or service would be too small, `cells` systems share the users."""

    traffic: Traffic
    cells: int
    gateways: int
    bulk_workers: int
    priority_workers: int
    broadcasters: int
    bulk_cache: str
    priority_cache: str
    documents: str
    eur_month: Mapping[str, float]
    """By what is paid for, of all cells."""

    @property
    def total_eur_month(self) -> float:
        """Everything."""
        return sum(self.eur_month.values())


def scaled(traffic: Traffic, messages_per_second: int) -> Traffic:
    """More or fewer of the same people: sockets and users in the same proportion to messages."""
    factor = messages_per_second / traffic.messages_per_second
    # The thousandfold is beyond what a stack's settings accept, and is what cells are for.
    return traffic.model_copy(
        update={
            "messages_per_second": messages_per_second,
            "connections": max(1, round(traffic.connections * factor)),
            "users": max(1, round(traffic.users * factor)),
        }
    )


def plan(traffic: Traffic) -> Plan:
    """The plan of a traffic: the fewest cells that each part of them can be built."""
    most = 1
    while (found := _cell(_part(traffic, most))) is None:
        most *= 2
    least = most // 2 + 1
    while least < most:
        middle = (least + most) // 2
        smaller = _cell(_part(traffic, middle))
        if smaller is None:
            least = middle + 1
        else:
            found, most = smaller, middle
    costs = {what: eur * most for what, eur in _costs(found).items()}
    return replace(found, traffic=traffic, cells=most, eur_month=costs)


def _part(traffic: Traffic, cells: int) -> Traffic:
    return traffic.model_copy(
        update={
            "messages_per_second": traffic.messages_per_second / cells,
            "connections": math.ceil(traffic.connections / cells),
        }
    )


def _cell(traffic: Traffic) -> Plan | None:
    """One system; None where a part of it is not to be had so large."""
    rate, spare = float(traffic.messages_per_second), f.UTILISATION.value
    priority = rate * traffic.priority_percent / 100
    gateways = max(
        LEAST_TASKS,
        math.ceil(traffic.connections / sockets_a_gateway()),
        servers_for(rate, seconds_of_gateways(traffic) / GATEWAY[0], spare),
    )
    workers = {
        lane: max(LEAST_TASKS, servers_for(of, seconds_a_worker_is_at(vcpus), spare))
        for lane, of, vcpus in (("bulk", rate - priority, WORKER[0]), ("priority", priority, PRIORITY[0]))
    }
    broadcasters = max(LEAST_TASKS, servers_for(rate, seconds_of_broadcasters(traffic, gateways), spare))
    documents = _smallest(catalog.aws().document_types, servers_for(1, vcpus_of_documents(traffic, gateways), spare), 0)
    caches = {
        lane: _cache(of, traffic.payload_bytes) for lane, of in (("bulk", rate - priority), ("priority", priority))
    }
    bulk, urgent = caches["bulk"], caches["priority"]
    if documents is None or bulk is None or urgent is None:
        return None
    if gateways > f.SERVICE_TASKS.value or max(workers.values()) > f.PARTITIONS.value:
        return None
    return Plan(traffic, 1, gateways, workers["bulk"], workers["priority"], broadcasters, bulk, urgent, documents, {})


# What a message takes


def sockets_a_gateway() -> int:
    """How many sockets a gateway may hold: as many as its memory has room for, and no more than may be lost at once."""
    room = GATEWAY[1] * KIB_A_MIB * MEMORY_SHARE - f.PROCESS.value
    return int(min(f.SOCKETS.value, room * KIB_A_MIB / f.SOCKET.value))


def seconds_of_gateways(traffic: Traffic) -> float:
    """Seconds of a vCPU for a message, at the gateway that takes it and those that pass it on."""
    return f.SLOWER.value * (f.ACCEPT.value + traffic.fan_out * f.PASS_ON.value) / 1000


def seconds_of_workers() -> float:
    """Seconds of a worker's vCPU for a message."""
    return f.SLOWER.value * f.WORK.value / 1000


def seconds_a_worker_is_at(vcpus: float) -> float:
    """Seconds for which a message in a full batch keeps a worker with so many vCPUs, which waits for the store."""
    batch = f.BATCH.value * f.WRITE.value + 2 * f.ROUND_TRIP.value + f.COMMIT.value
    return seconds_of_workers() / vcpus + batch / f.BATCH.value / 1000


def seconds_of_broadcasters(traffic: Traffic, gateways: int) -> float:
    """Seconds of a broadcaster's vCPU for a message, which goes once to every gateway that has a member."""
    return f.SLOWER.value * f.BROADCAST.value * min(traffic.fan_out, gateways) / 1000


def seconds_of_queues() -> float:
    """Seconds of a queue's one thread for a message."""
    return f.SLOWER.value * f.QUEUE.value / 1000


def vcpus_of_documents(traffic: Traffic, gateways: int) -> float:
    """vCPUs of the writer that are busy: with messages, and with gateways that look for what they missed."""
    rooms = math.ceil(traffic.connections / gateways / f.ROOMS.value)
    queries = gateways * rooms / f.CATCH_UP.value
    return (traffic.messages_per_second * f.WRITE.value + queries * f.QUERY.value) / 1000


def _cache(rate: float, payload: int) -> str | None:
    """The cheapest node that is fast enough with one thread and holds what waits while no worker runs."""
    if servers_for(rate, seconds_of_queues(), f.UTILISATION.value) > 1:
        return None
    gibibytes = rate * f.BACKLOG.value * (payload + f.OVERHEAD.value) / f.USABLE.value / 2**30
    return _smallest(catalog.aws().cache_types, 0, gibibytes)


def _smallest(types: Mapping[str, ManagedType], vcpus: float, gibibytes: float) -> str | None:
    """The cheapest that is large enough and not burstable: credits end in the middle of a peak."""
    enough = {
        name: one
        for name, one in types.items()
        if one.vcpu >= vcpus and one.memory_gib >= gibibytes and not name.split(".")[1].startswith("t")
    }
    return min(enough, key=lambda name: (enough[name].eur_month, name), default=None)


# What it costs


def _costs(cell: Plan) -> dict[str, float]:
    aws = catalog.aws()
    tasks = (
        (cell.gateways, GATEWAY),
        (cell.bulk_workers, WORKER),
        (cell.priority_workers, PRIORITY),
        (cell.broadcasters, BROADCASTER),
    )
    caches = aws.cache_types[cell.bulk_cache].eur_month + aws.cache_types[cell.priority_cache].eur_month
    traffic = cell.traffic
    messages = traffic.messages_per_second * f.MEAN.value * SECONDS
    size = traffic.payload_bytes + f.OVERHEAD.value
    sent = messages * traffic.fan_out * size / 1e9
    units = max(traffic.connections / f.LCU_SOCKETS.value, sent / HOURS / f.LCU_GIGABYTES.value)
    balancer = aws.prices["load_balancer"] + units * f.LCU.value * HOURS * f.EUR.value
    stored = messages * size / 1e9 * f.STORAGE.value + messages / 1e6 * f.WRITES.value
    return {
        "tasks": sum(n * (cpu * aws.prices["task_vcpu"] + gib * aws.prices["task_gib"]) for n, (cpu, gib) in tasks),
        "caches": (1 + REPLICAS) * caches,
        "document database": DOCUMENT_INSTANCES * aws.document_types[cell.documents].eur_month,
        "documents of a month": stored * f.EUR.value,
        "load balancer": balancer,
        "traffic to the internet": sent * f.TRANSFER.value * f.EUR.value,
    }


# What is full first


def limits(chat: Chat) -> dict[str, float]:
    """Messages a second, of the traffic's kind, at which each part of what the settings have is busy all the time."""
    traffic, services = chat.traffic, {service.value: tasks for service, tasks in chat.services.items()}
    share = traffic.priority_percent / 100

    def workers(name: str) -> float:
        return services[name].count / seconds_a_worker_is_at(services[name].cpu / 1024)

    gateways = services["gateway"].count
    idle = traffic.model_copy(update={"messages_per_second": 0})
    writer = catalog.aws().document_types[chat.documents.type].vcpu - vcpus_of_documents(idle, gateways)
    return {
        "gateways": gateways * services["gateway"].cpu / 1024 / seconds_of_gateways(traffic),
        "bulk queue": 1 / seconds_of_queues() / (1 - share),
        "bulk workers": workers("bulk") / (1 - share),
        "priority queue": 1 / seconds_of_queues() / share,
        "priority workers": workers("priority") / share,
        "broadcasters": services["broadcaster"].count
        * min(1.0, services["broadcaster"].cpu / 1024)  # one thread each
        / seconds_of_broadcasters(traffic, gateways),
        "document writer": writer * 1000 / f.WRITE.value,
    }


def bottleneck(chat: Chat) -> tuple[str, float]:
    """The part that is full first, and at how many messages a second."""
    found = limits(chat)
    part = min(found, key=lambda name: found[name])
    return part, found[part]
