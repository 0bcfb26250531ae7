"""What the reference chat takes for a message, on real queues and a real store on this machine: time and processor time.

Processor time is what the capacity model counts with: others who are at work on the machine do not change it much.
"""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from contextlib import AsyncExitStack
from typing import Final

import psutil

from apps.chat.client import Client
from apps.chat.messages import Lane
from sandbox.chat import LocalChat

MESSAGES: Final = 1_000
PAIRS: Final = 50
SOCKETS: Final = 100
SECONDS: Final = 120.0
PAYLOAD: Final = "x" * 300
SENDERS, OTHERS = "gateway-1", "gateway-2"


def burst(chat: LocalChat) -> dict[str, float]:
    """Messages from a client at one gateway to a member at another: how many a second, and what each process takes."""
    return asyncio.run(_burst(chat))


async def _burst(chat: LocalChat) -> dict[str, float]:
    name = f"bench-{uuid.uuid4().hex[:12]}"
    async with _client(chat, "sender", name) as sender, _client(chat, "other", name, OTHERS) as other:
        for one in (sender, other):
            await one.until(lambda each: each.joined.is_set(), SECONDS)
        await sender.send(name, PAYLOAD)  # what is done once is not a message's
        await other.until(lambda each: bool(each.received), SECONDS)
        before = _processor_seconds(chat)
        started = time.perf_counter()
        for _ in range(MESSAGES):
            await sender.send(name, PAYLOAD)
        await sender.until_seen(SECONDS)
        taken = time.perf_counter() - started
        await other.until(lambda each: len(each.received) == MESSAGES + 1, SECONDS)
        after = _processor_seconds(chat)
    each = {part: 1000 * (after[part] - before[part]) / MESSAGES for part in after}
    return {
        "messages_per_second": MESSAGES / taken,
        "gateway_accept_ms": each[SENDERS],
        "gateway_pass_on_ms": each[OTHERS],
        "worker_ms": each["bulk"],
        "broadcaster_ms": each["broadcaster"],
        "queue_ms": each["queue-bulk"],
    }


def latencies(chat: LocalChat) -> dict[Lane, list[float]]:
    """Milliseconds from sending to seeing, one message at a time, in each lane."""
    return asyncio.run(_latencies(chat))


async def _latencies(chat: LocalChat) -> dict[Lane, list[float]]:
    name = f"bench-{uuid.uuid4().hex[:12]}"
    taken: dict[Lane, list[float]] = {lane: [] for lane in Lane}
    async with _client(chat, "alone", name) as client:
        await client.until(lambda each: each.joined.is_set(), SECONDS)
        for _ in range(PAIRS):
            for lane in Lane:
                started = time.perf_counter()
                await client.send(name, PAYLOAD, lane)
                await client.until_seen(SECONDS)
                taken[lane].append(1000 * (time.perf_counter() - started))
    return taken


def socket_kib(chat: LocalChat) -> float:
    """Memory of a gateway for each socket that is open, in KiB; a new one, since memory that was used stays taken."""
    chat.stop(SENDERS)
    chat.restore()
    return asyncio.run(_socket_kib(chat))


async def _socket_kib(chat: LocalChat) -> float:
    process = psutil.Process(chat.servers[SENDERS].process.pid)
    names = [f"bench-{uuid.uuid4().hex[:12]}" for _ in range(SOCKETS)]
    before = process.memory_info().rss
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(_client(chat, "somebody", name)) for name in names]
        for one in clients:
            await one.until(lambda each: each.joined.is_set(), SECONDS)
        more = process.memory_info().rss - before
    return float(more / 1024 / SOCKETS)


def measured(chat: LocalChat) -> dict[str, float]:
    """Every measure once; the ends of the names are their units."""
    chat.forget_messages()
    sockets, lanes = socket_kib(chat), latencies(chat)
    medians = {f"{lane}_latency_ms": statistics.median(values) for lane, values in lanes.items()}
    return {**burst(chat), "gateway_socket_kib": sockets, **medians}


def _client(chat: LocalChat, user: str, name: str, gateway: str = SENDERS) -> Client:
    return Client([chat.urls[gateway]], user, chat.token(user, [name]), [name])


def _processor_seconds(chat: LocalChat) -> dict[str, float]:
    """Processor seconds so far, by part: each gateway and queue by itself, all workers of a lane together."""
    found: dict[str, float] = {}
    for name, server in chat.servers.items():
        times = psutil.Process(server.process.pid).cpu_times()
        part = name if name.startswith(("queue", "gateway")) else name.partition("-")[0]
        found[part] = found.get(part, 0.0) + times.user + times.system
    return found
