"""A queue: streams in Redis, one a partition. All messages of a chat are in one partition, in their order.

Delivery is at least once: an entry stays with the partition's reader until it is done. Every partition has one reader
at a time, whoever holds its lease; readers share one name in the consumer group, so that the next reader is first
given what the last one left undone, in order. (Redis: "Streams", consumer groups, history by id 0.)
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from apps.chat.messages import Lane, Message

PARTITIONS: Final = 64
"""As many workers can share a queue; more does not help where one loop stores 100 messages a write."""
BATCH: Final = 100
WAIT_MILLISECONDS: Final = 500
GROUP: Final = "workers"
READER: Final = "reader"
FIELD: Final = "message"
CONNECT_SECONDS: Final = 2.0
ANSWER_SECONDS: Final = 5.0

QueueError = RedisError
"""The queue does not answer, or takes nothing more."""


@dataclass(frozen=True)
class Entry:
    """One entry of a stream; `body` is None where the entry was done, but not taken off the list of its reader."""

    partition: int
    id: bytes
    body: bytes | None


def partition_of(chat: str) -> int:
    """The partition of a chat, the same in every process."""
    return zlib.crc32(chat.encode()) % PARTITIONS


class Queue:
    """One lane's queue."""

    def __init__(self, lane: Lane, url: str) -> None:
        self.lane = lane
        # A command that is lost is not sent again by itself: whoever sent it decides.
        self.redis = redis.asyncio.Redis.from_url(
            url,
            protocol=2,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            health_check_interval=30,
            retry=Retry(NoBackoff(), 0),
        )

    async def close(self) -> None:
        """Close all connections."""
        await self.redis.aclose()

    def name(self, *parts: object) -> str:
        """A key of this queue."""
        return ":".join(["chat", self.lane.value, *map(str, parts)])

    async def put(self, message: Message) -> None:
        """Append a message; it is in the queue when this returns. Raises QueueError."""
        await self.redis.xadd(self.name(partition_of(message.chat)), {FIELD: message.model_dump_json()})

    async def prepare(self) -> None:
        """Make all streams and their group, where they are not there yet. Raises QueueError."""
        for partition in range(PARTITIONS):
            try:
                await self.redis.xgroup_create(self.name(partition), GROUP, id="0", mkstream=True)
            except ResponseError as error:
                if not str(error).startswith("BUSYGROUP"):
                    raise

    async def undone(self, partitions: Collection[int]) -> list[Entry]:
        """What readers of these partitions were given and have not done, the oldest first."""
        return await self._read(partitions, "0", None)

    async def new(self, partitions: Collection[int]) -> list[Entry]:
        """What no reader was given; waits a moment where there is nothing."""
        return await self._read(partitions, ">", WAIT_MILLISECONDS)

    async def _read(self, partitions: Collection[int], start: str, wait: int | None) -> list[Entry]:
        streams: dict[Any, Any] = {self.name(partition): start for partition in partitions}
        if not streams:
            return []
        answer: Any = await self.redis.xreadgroup(GROUP, READER, streams, count=BATCH, block=wait)
        return [
            Entry(int(stream.rpartition(b":")[2]), one, (fields or {}).get(FIELD.encode()))
            for stream, entries in answer
            for one, fields in entries
        ]

    async def done(self, entries: Sequence[Entry]) -> None:
        """Take entries out of the queue. One that is only half out is given to a reader again, without its body."""
        if entries:
            async with self.redis.pipeline(transaction=False) as pipeline:
                for entry in entries:
                    pipeline.xdel(self.name(entry.partition), entry.id)
                    pipeline.xack(self.name(entry.partition), GROUP, entry.id)
                await pipeline.execute()

    async def refuse(self, entry: Entry) -> None:
        """Put what is no message aside, for people to look at, and go on."""
        await self.redis.xadd(self.name("refused"), {FIELD: entry.body or b""}, maxlen=10_000)

    async def waiting(self) -> int:
        """How many messages are in the queue, those included that a worker is at."""
        async with self.redis.pipeline(transaction=False) as pipeline:
            for partition in range(PARTITIONS):
                pipeline.xlen(self.name(partition))
            return sum(await pipeline.execute())

    async def age_seconds(self) -> float:
        """How long the oldest message has been in the queue; 0 where there is none."""
        async with self.redis.pipeline(transaction=False) as pipeline:
            for partition in range(PARTITIONS):
                pipeline.xrange(self.name(partition), count=1)
            oldest = [int(id.partition(b"-")[0]) for found in await pipeline.execute() for id, _ in found]
        return max(0.0, time.time() - min(oldest) / 1000) if oldest else 0.0
