"""A worker: takes messages from its queue, stores them, has them broadcast, and only then takes them off the queue."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final

from pydantic import ValidationError

from apps.chat.broadcast import Publisher
from apps.chat.documents import Documents, StoreError
from apps.chat.leases import Leases
from apps.chat.messages import Message, Stored, now
from apps.chat.metrics import PERIOD_SECONDS, Metrics, Unit
from apps.chat.queues import BATCH, Entry, Queue, QueueError

FIRST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 5.0
LOG: Final = logging.getLogger(__name__)


class Worker:
    """One worker of one lane."""

    def __init__(self, queue: Queue, documents: Documents, publisher: Publisher, namespace: str) -> None:
        self._queue = queue
        self._documents = documents
        self._publisher = publisher
        self._leases = Leases(queue)
        self._metrics = Metrics(namespace, {"Queue": queue.lane.value})
        self._reported = time.monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop; what was begun is finished first."""
        pause = FIRST_PAUSE_SECONDS
        prepared = False
        while not stop.is_set():
            try:
                if not prepared:
                    await self._documents.prepare()
                    await self._queue.prepare()
                    prepared = True
                await self._round()
                pause = FIRST_PAUSE_SECONDS
            except (QueueError, StoreError, OSError) as error:
                LOG.warning("%s: %s; trying again in %.1f s", type(error).__name__, error, pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                # Begin again with what is undone; a queue that was replaced has no streams yet.
                self._leases.expire()
                prepared = False
        try:
            await self._leases.release()
        except (QueueError, OSError) as error:
            LOG.warning("leases end by themselves: %s", error)

    async def _round(self) -> None:
        if self._leases.due:
            await self._leases.renew()
            # What the last reader of a partition left, and what this one was given and could not finish.
            while undone := await self._queue.undone(self._leases.held):
                await self._handle(undone)
                if self._leases.due:
                    await self._leases.renew()
            await self._report()
        if held := self._leases.held:
            await self._handle(await self._queue.new(held))
        else:
            await asyncio.sleep(FIRST_PAUSE_SECONDS)

    async def _handle(self, entries: list[Entry]) -> None:
        messages = []
        for entry in entries:
            if entry.body is None:
                continue
            try:
                messages.append(Message.model_validate_json(entry.body))
            except ValidationError as error:
                LOG.error("entry %s is no message: %s", entry.id.decode(), error.errors(include_input=False))
                await self._queue.refuse(entry)
        for start in range(0, len(messages), BATCH):
            for stored in await self._documents.write(messages[start : start + BATCH]):
                self._publisher.publish(stored)
                self._count(stored)
        await self._queue.done(entries)

    def _count(self, stored: Stored) -> None:
        self._metrics.add("Messages", Unit.COUNT, 1)
        self._metrics.sample("Latency", Unit.MILLISECONDS, now() - stored.sent)

    async def _report(self) -> None:
        if time.monotonic() - self._reported < PERIOD_SECONDS:
            return
        self._reported = time.monotonic()
        self._metrics.sample("QueueDepth", Unit.COUNT, await self._queue.waiting())
        self._metrics.sample("QueueAge", Unit.SECONDS, await self._queue.age_seconds())
        self._metrics.write()
