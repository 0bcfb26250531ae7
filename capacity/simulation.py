"""The load test, simulated event by event: 300 s of ramp, 900 s at full load, and a flood of ordinary messages in it.

Workers take up to a batch from their queue, store it at the document writer, and hand it to a broadcaster, which takes
from its connections in turns, as ZeroMQ does. At the writer, whoever comes first is served first; that is worse for the
small batches of the priority queue than the sharing of processors that a database does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import simpy

import catalog
from capacity import figures as f
from capacity.model import seconds_of_broadcasters, seconds_of_workers
from settings.chat.model import Chat

Floats = npt.NDArray[np.float64]
Events = Generator[simpy.Event, Any, None]
SEED: Final = 1


@dataclass(frozen=True)
class Flood:
    """More ordinary messages, in all chats alike, for some time."""

    start: float
    seconds: float
    per_second: float

    @property
    def end(self) -> float:
        """When it stops."""
        return self.start + self.seconds


@dataclass(frozen=True)
class Scenario:
    """What is simulated. With `shared`, there is one queue for all messages, which all workers work off."""

    per_second: float
    priority_share: float
    chats: int
    bulk_workers: int
    priority_workers: int
    worker_seconds: float
    priority_worker_seconds: float
    writer_vcpus: int
    broadcasters: int
    broadcast_seconds: float
    flood: Flood | None = None
    shared: bool = False
    ramp: float = 300.0
    hold: float = 900.0


@dataclass(frozen=True)
class Lane:
    """The messages of one kind: when each was sent, taken by a worker, and seen by its sender; its chat."""

    sent: Floats
    taken: Floats
    seen: Floats
    chat: npt.NDArray[np.int64]

    @property
    def latency(self) -> Floats:
        """Seconds from sending to seeing."""
        return self.seen - self.sent

    def waiting(self, times: Floats) -> npt.NDArray[np.int64]:
        """How many messages wait at these times, none of which a worker has taken."""
        arrived = np.searchsorted(self.sent, times, side="right")
        gone = np.searchsorted(np.sort(self.taken), times, side="right")
        return np.asarray(arrived - gone, dtype=np.int64)


def of(chat: Chat, flood: Flood | None = None, *, shared: bool = False, per_second: float | None = None) -> Scenario:
    """The test of what a stack's settings have."""
    traffic, services = chat.traffic, {service.value: tasks for service, tasks in chat.services.items()}
    return Scenario(
        per_second=per_second or traffic.messages_per_second,
        priority_share=traffic.priority_percent / 100,
        chats=max(1, traffic.connections // traffic.fan_out),
        bulk_workers=services["bulk"].count,
        priority_workers=services["priority"].count,
        worker_seconds=seconds_of_workers() / (services["bulk"].cpu / 1024),
        priority_worker_seconds=seconds_of_workers() / (services["priority"].cpu / 1024),
        writer_vcpus=catalog.aws().document_types[chat.documents.type].vcpu,
        broadcasters=services["broadcaster"].count,
        broadcast_seconds=seconds_of_broadcasters(traffic, services["gateway"].count),
        flood=flood,
        shared=shared,
    )


def run(test: Scenario, seed: int = SEED) -> Mapping[str, Lane]:
    """Simulate until every message has been seen; the messages by `bulk` and `priority`."""
    return _Simulation(test, np.random.default_rng(seed)).run()


class _Queue:
    """Messages in the order in which they come, and how many of them workers have taken."""

    def __init__(self, sent: Floats) -> None:
        self.sent = sent
        self.taken = np.zeros_like(sent)
        self.stored = np.zeros_like(sent)
        self.seen = np.full_like(sent, np.inf)
        self.next = 0

    def take(self, now: float) -> range:
        """Up to a batch of what has come."""
        last = int(np.searchsorted(self.sent[self.next : self.next + int(f.BATCH.value)], now, side="right"))
        batch = range(self.next, self.next + last)
        self.taken[batch.start : batch.stop] = now
        self.next = batch.stop
        return batch


class _Simulation:
    def __init__(self, test: Scenario, random: np.random.Generator) -> None:
        self._test = test
        self._random = random
        self._world = simpy.Environment()
        self._writer = simpy.Resource(self._world, test.writer_vcpus)
        self._broadcasters = [_Broadcaster(self._world, test.broadcast_seconds) for _ in range(test.broadcasters)]

    def run(self) -> Mapping[str, Lane]:
        test, share = self._test, self._test.priority_share
        bulk = arrivals(test, test.per_second * (1 - share), test.flood, self._random)
        priority = arrivals(test, test.per_second * share, None, self._random)
        every = np.concatenate([bulk, priority])
        order = np.argsort(every, kind="stable")
        queues = [_Queue(every[order])] if test.shared else [_Queue(bulk), _Queue(priority)]
        crews = (
            (queues[0], test.bulk_workers, test.worker_seconds),
            (queues[-1], test.priority_workers, test.priority_worker_seconds),
        )
        for number, (queue, count, seconds) in enumerate(crews):
            for worker in range(count):
                self._world.process(self._work(queue, seconds, (number, worker)))
        self._world.run()
        if test.shared:
            is_bulk = order < len(bulk)
            (queue,) = queues
            return {"bulk": self._lane(queue, is_bulk), "priority": self._lane(queue, ~is_bulk)}
        return {
            name: self._lane(queue, np.ones(len(queue.sent), dtype=bool))
            for name, queue in zip(("bulk", "priority"), queues, strict=True)
        }

    def _lane(self, queue: _Queue, which: npt.NDArray[np.bool_]) -> Lane:
        chats = self._random.integers(0, self._test.chats, len(queue.sent))
        # From the client to the queue, and from a broadcaster to the client: the gateways, and half a round trip each.
        way = (f.SLOWER.value * (f.ACCEPT.value + f.PASS_ON.value) + f.ROUND_TRIP.value) / 1000
        # Gateways look into the store every few seconds, and see there what a broadcaster has dropped, or not sent yet.
        found = queue.stored + self._random.uniform(0, f.CATCH_UP.value, len(queue.sent))
        seen = np.minimum(queue.seen, found) + way
        return Lane(queue.sent[which], queue.taken[which], seen[which], chats[which])

    def _work(self, queue: _Queue, seconds: float, name: tuple[int, int]) -> Events:
        turn = 0
        while queue.next < len(queue.sent):
            come = float(queue.sent[queue.next])
            if come > self._world.now:
                yield self._world.timeout(come - self._world.now)
                continue
            batch = queue.take(self._world.now)
            yield self._world.timeout(len(batch) * seconds + f.ROUND_TRIP.value / 1000)
            yield from serve(self._world, self._writer, len(batch) * f.WRITE.value / 1000)
            yield self._world.timeout((f.COMMIT.value + f.ROUND_TRIP.value) / 1000)
            queue.stored[batch.start : batch.stop] = self._world.now
            for message in batch:
                # ZeroMQ hands messages to its connections in turns.
                turn += 1
                self._broadcasters[turn % len(self._broadcasters)].push(name, queue, message)


class _Broadcaster:
    """Takes one message from each worker that has any, again and again; what is too much is dropped."""

    def __init__(self, world: simpy.Environment, seconds: float) -> None:
        self._world = world
        self._seconds = seconds
        self._turns: deque[tuple[int, int]] = deque()
        self._waiting: dict[tuple[int, int], deque[tuple[_Queue, int]]] = {}
        self._busy = False

    def push(self, worker: tuple[int, int], queue: _Queue, message: int) -> None:
        """A worker hands a message over, and does not wait."""
        waiting = self._waiting.setdefault(worker, deque())
        if len(waiting) >= f.WATER.value:
            return
        if not waiting:
            self._turns.append(worker)
        waiting.append((queue, message))
        if not self._busy:
            self._busy = True
            self._world.process(self._forward())

    def _forward(self) -> Events:
        while self._turns:
            worker = self._turns.popleft()
            queue, message = self._waiting[worker].popleft()
            if self._waiting[worker]:
                self._turns.append(worker)
            yield self._world.timeout(self._seconds)
            queue.seen[message] = self._world.now
        self._busy = False


def serve(world: simpy.Environment, servers: simpy.Resource, seconds: float) -> Events:
    """Wait for a server that is free, first come first served, and keep it for some time."""
    with servers.request() as turn:
        yield turn
        yield world.timeout(seconds)


def arrivals(test: Scenario, per_second: float, flood: Flood | None, random: np.random.Generator) -> Floats:
    """When messages come: at random (Poisson), more and more in the ramp, evenly in the hold, and more in the flood."""
    # In the ramp, the number of arrivals until t grows with its square.
    ramp = test.ramp * np.sqrt(random.uniform(0, 1, random.poisson(per_second * test.ramp / 2)))
    hold = test.ramp + random.uniform(0, test.hold, random.poisson(per_second * test.hold))
    parts = [ramp, hold]
    if flood is not None:
        parts.append(flood.start + random.uniform(0, flood.seconds, random.poisson(flood.per_second * flood.seconds)))
    return np.sort(np.concatenate(parts))


def most_behind(lanes: Sequence[Lane], chats: Sequence[int]) -> int:
    """How many messages wait, at most, for a slow member of one of these chats (Lindley's recursion)."""
    seen, chat = (np.concatenate(parts) for parts in zip(*((lane.seen, lane.chat) for lane in lanes), strict=True))
    most = 0
    for one in chats:
        times = np.sort(seen[chat == one])
        waiting = last = 0.0
        for time in times:
            waiting = max(0.0, waiting - (time - last) * f.CLIENT.value) + 1
            last, most = time, max(most, int(np.ceil(waiting)))
    return most


def mean_wait_of_servers(rate: float, service: float, servers: int, customers: int, seed: int = SEED) -> float:
    """The mean wait in M/M/c, simulated with the same servers as the document writer's."""
    random = np.random.default_rng(seed)
    world = simpy.Environment()
    resource = simpy.Resource(world, servers)
    waits = []

    def customer(seconds: float) -> Events:
        come = world.now
        yield from serve(world, resource, seconds)
        waits.append(world.now - come - seconds)

    def come() -> Events:
        for pause, seconds in zip(
            random.exponential(1 / rate, customers), random.exponential(service, customers), strict=True
        ):
            yield world.timeout(float(pause))
            world.process(customer(float(seconds)))

    world.process(come())
    world.run()
    return float(np.mean(waits))
