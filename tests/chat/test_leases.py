"""Workers share a queue's partitions: evenly, each partition by one at a time, and all of them when a worker is gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from apps.chat import leases
from apps.chat.leases import Leases
from apps.chat.messages import Lane
from apps.chat.queues import PARTITIONS, Queue
from sandbox.chat import LocalChat


def with_queue(local: LocalChat, check: Callable[[Queue], Awaitable[None]]) -> None:
    """Run a check on a queue that has no workers."""

    async def run() -> None:
        local.stop("priority-1")
        queue = Queue(Lane.PRIORITY, local.queue_url(Lane.PRIORITY))
        try:
            await check(queue)
        finally:
            await queue.close()

    asyncio.run(run())


async def settled(*workers: Leases) -> None:
    for _ in range(3):
        for worker in workers:
            await worker.renew()


def test_one_worker_has_all_and_two_have_half_each(local: LocalChat) -> None:
    async def check(queue: Queue) -> None:
        one, two = Leases(queue), Leases(queue)
        await one.renew()
        assert sorted(one.held) == list(range(PARTITIONS))
        await settled(two, one)
        assert sorted(one.held + two.held) == list(range(PARTITIONS))
        assert len(one.held) == len(two.held) == PARTITIONS / 2
        await two.release()
        assert two.held == []
        await settled(one)
        assert sorted(one.held) == list(range(PARTITIONS))
        await one.release()

    with_queue(local, check)


def test_many_workers_share_without_having_anything_twice(local: LocalChat) -> None:
    async def check(queue: Queue) -> None:
        workers = [Leases(queue) for _ in range(7)]
        await settled(*workers)
        held = [partition for worker in workers for partition in worker.held]
        assert sorted(held) == list(range(PARTITIONS))
        assert max(len(worker.held) for worker in workers) == 10
        for worker in workers:
            await worker.release()

    with_queue(local, check)


def test_what_a_worker_had_that_is_gone_is_taken_when_its_leases_end(local: LocalChat) -> None:
    async def check(queue: Queue) -> None:
        gone, other = Leases(queue), Leases(queue)
        await gone.renew()
        await other.renew()
        assert other.held == []
        assert sorted(gone.held) == list(range(PARTITIONS))
        ends = time.monotonic() + leases.SECONDS
        while len(other.held) < PARTITIONS:
            await asyncio.sleep(0.2)
            await other.renew()
            # Nobody reads what another may still read.
            assert not set(gone.held) & set(other.held)
        assert time.monotonic() > ends - 0.5
        assert gone.held == []
        await other.release()

    with_queue(local, check)


def test_nothing_is_read_after_leases_have_been_given_up(local: LocalChat) -> None:
    async def check(queue: Queue) -> None:
        one = Leases(queue)
        assert one.due
        await one.renew()
        assert not one.due
        one.expire()
        assert one.due
        assert one.held == []
        await one.renew()
        assert len(one.held) == PARTITIONS
        await one.release()

    with_queue(local, check)
