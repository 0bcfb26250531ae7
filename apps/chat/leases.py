"""Which worker reads which partitions: leases in Redis that end by themselves, shared evenly by all workers alive."""

from __future__ import annotations

import math
import random
import time
import uuid
from typing import Final

from redis.asyncio.lock import Lock
from redis.exceptions import LockError

from apps.chat.queues import PARTITIONS, WAIT_MILLISECONDS, Queue

SECONDS: Final = 5.0
"""How long a lease is good: what a worker that was killed had is worked off by others after that."""
RENEW_SECONDS: Final = 1.0
MARGIN_SECONDS: Final = 1.0


class Leases:
    """One worker's share of a queue's partitions."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._worker = uuid.uuid4().hex
        self._held: dict[int, Lock] = {}
        self._renewed = -math.inf

    @property
    def due(self) -> bool:
        """Whether it is time to renew."""
        return time.monotonic() - self._renewed > RENEW_SECONDS

    @property
    def held(self) -> list[int]:
        """The partitions that may be read: a read that begins now has ended before any other worker can read."""
        left = self._renewed + SECONDS - time.monotonic()
        return list(self._held) if left > MARGIN_SECONDS + WAIT_MILLISECONDS / 1000 else []

    async def renew(self) -> None:
        """Say that this worker is alive, renew what it has, give away what is too much, take what is free."""
        started = time.monotonic()
        share = math.ceil(PARTITIONS / await self._alive())
        for partition, lock in list(self._held.items()):
            try:
                if len(self._held) > share:
                    del self._held[partition]
                    await lock.release()
                else:
                    await lock.reacquire()
            except LockError:
                self._held.pop(partition, None)
        free = [partition for partition in range(PARTITIONS) if partition not in self._held]
        random.shuffle(free)
        for partition in free:
            if len(self._held) >= share:
                break
            lock = self._queue.redis.lock(self._queue.name("lease", partition), timeout=SECONDS, blocking=False)
            if await lock.acquire():
                self._held[partition] = lock
        self._renewed = started

    def expire(self) -> None:
        """Read nothing before the next renewal, which is due now."""
        self._renewed = -math.inf

    async def _alive(self) -> int:
        workers = self._queue.name("workers")
        now = time.time()
        await self._queue.redis.zadd(workers, {self._worker: now})
        await self._queue.redis.zremrangebyscore(workers, "-inf", now - SECONDS)
        return max(1, await self._queue.redis.zcard(workers))

    async def release(self) -> None:
        """Give everything away, so that others need not wait until the leases end."""
        await self._queue.redis.zrem(self._queue.name("workers"), self._worker)
        for lock in self._held.values():
            try:
                await lock.release()
            except LockError:
                continue
        self._held.clear()
