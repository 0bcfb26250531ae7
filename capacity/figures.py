"""Every number that the model starts from, with where it is from; prices by the piece are in catalog/aws.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """How good a figure is."""

    MEASURED = "measured"
    """By us, of the reference chat, with a command that measures it again."""
    PUBLISHED = "published"
    """By the vendor: a limit, a quota or a list price."""
    CODE = "code"
    """A constant of the reference chat or of its settings."""
    ASSUMED = "assumed"
    """By nobody: to be replaced by what the load test measures in staging."""


@dataclass(frozen=True)
class Figure:
    """One number, with its unit and its source."""

    value: float
    unit: str
    kind: Kind
    source: str


BENCH: Final = "`python -m bench`, 2026-11-25, x86-64, CPython 3.11: median of 3"

ACCEPT: Final = Figure(0.25, "ms of processor", Kind.MEASURED, f"chat_gateway_accept_ms; {BENCH}")
PASS_ON: Final = Figure(0.07, "ms of processor", Kind.MEASURED, f"chat_gateway_pass_on_ms; {BENCH}")
WORK: Final = Figure(0.15, "ms of processor", Kind.MEASURED, f"chat_worker_ms; {BENCH}")
BROADCAST: Final = Figure(
    0.03, "ms of processor", Kind.MEASURED, f"chat_broadcaster_ms, which is for two gateways, by two; {BENCH}"
)
QUEUE: Final = Figure(0.05, "ms of processor", Kind.MEASURED, f"chat_queue_ms; {BENCH}")
SOCKET: Final = Figure(45, "KiB", Kind.MEASURED, f"chat_gateway_socket_kib; {BENCH}")
PROCESS: Final = Figure(80, "MiB", Kind.MEASURED, "resident memory of a gateway without sockets, 2026-11-25: 77 MiB")

SLOWER: Final = Figure(
    2, "times", Kind.ASSUMED, "a vCPU of Fargate takes so many times what the measured processor takes"
)
WRITE: Final = Figure(
    0.5, "ms of a vCPU", Kind.ASSUMED, "a document in a batch, at DocumentDB's writer, with two indexes"
)
ROUND_TRIP: Final = Figure(2, "ms", Kind.ASSUMED, "between two zones of a region, with TLS, and back")
COMMIT: Final = Figure(5, "ms", Kind.ASSUMED, "until four of six copies of a batch are on DocumentDB's storage")
QUERY: Final = Figure(2, "ms of a vCPU", Kind.ASSUMED, "one catch-up query of a gateway, over 200 chats by their index")
MEAN: Final = Figure(0.3, "of the peak", Kind.ASSUMED, "messages over a month, for what is paid by use")
OVERHEAD: Final = Figure(400, "bytes", Kind.ASSUMED, "of a message besides its text: names, times, and the store's own")
CLIENT: Final = Figure(40, "messages a second", Kind.ASSUMED, "what a slow client (about 250 kbit/s) takes")

UTILISATION: Final = Figure(
    0.5, "of a processor", Kind.CODE, "planned at the peak: without one zone of three, 0.75 is left to do for each"
)
SOCKETS: Final = Figure(500, "sockets", Kind.CODE, "`services.gateway.target`: the loss of a gateway is felt by 500")
BACKLOG: Final = Figure(900, "s", Kind.CODE, "messages that a queue holds while no worker runs: the load test's hold")
CATCH_UP: Final = Figure(5, "s", Kind.CODE, "apps/chat/gateway.py: CATCH_UP_SECONDS")
ROOMS: Final = Figure(200, "chats", Kind.CODE, "apps/chat/rooms.py: PAGE, of one query")
PARTITIONS: Final = Figure(64, "workers", Kind.CODE, "apps/chat/queues.py: PARTITIONS")
BATCH: Final = Figure(100, "messages", Kind.CODE, "apps/chat/queues.py: BATCH")
WATER: Final = Figure(
    20_000, "messages", Kind.CODE, "apps/chat/broadcast.py: HIGH_WATER_MARK, at both ends of a connection"
)
BEHIND: Final = Figure(1000, "messages", Kind.CODE, "apps/chat/gateway.py: BEHIND, then the client is sent away")

SERVICE_TASKS: Final = Figure(5000, "tasks", Kind.PUBLISHED, "Amazon ECS quotas: tasks a service")
USABLE: Final = Figure(0.75, "of memory", Kind.PUBLISHED, "ElastiCache: reserved-memory-percent is 25 by default")
LCU_SOCKETS: Final = Figure(
    3000, "sockets", Kind.PUBLISHED, "Elastic Load Balancing pricing: active connections an LCU"
)
LCU_GIGABYTES: Final = Figure(1, "GB an hour", Kind.PUBLISHED, "Elastic Load Balancing pricing: bytes an LCU")
LCU: Final = Figure(0.008, "USD an hour", Kind.PUBLISHED, "Elastic Load Balancing pricing, 2026-09-20, us-east-1")
TRANSFER: Final = Figure(
    0.09, "USD a GB", Kind.PUBLISHED, "EC2 pricing, to the internet, first 10 TB, as known 2026-11"
)
STORAGE: Final = Figure(0.11, "USD a GB", Kind.PUBLISHED, "DocumentDB pricing, a month, standard, as known 2026-11")
WRITES: Final = Figure(
    0.22, "USD a million", Kind.PUBLISHED, "DocumentDB pricing, requests, standard, as known 2026-11"
)
EUR: Final = Figure(0.92, "EUR a USD", Kind.ASSUMED, "as in catalog/aws.yaml")


def figures() -> dict[str, Figure]:
    """All of them, by their names here."""
    return {name: value for name, value in globals().items() if isinstance(value, Figure)}
