"""The document store: messages, numbered within their chat, each of them once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pymongo
from pymongo.errors import BulkWriteError, PyMongoError

from apps.chat.messages import Message, Stored, now

COLLECTION: Final = "messages"
ANSWER_MILLISECONDS: Final = 10_000
DUPLICATE: Final = 11_000
CHATS_REMEMBERED: Final = 100_000

StoreError = PyMongoError
"""The store does not answer, or refuses a document."""


class Documents:
    """The store, as workers write and gateways read it."""

    def __init__(self, url: str) -> None:
        # Writes are not retried by the driver: DocumentDB has no retryable writes, and workers do it themselves.
        self._client: pymongo.AsyncMongoClient[dict[str, Any]] = pymongo.AsyncMongoClient(
            url,
            retryWrites=False,
            serverSelectionTimeoutMS=ANSWER_MILLISECONDS,
            socketTimeoutMS=ANSWER_MILLISECONDS,
        )
        self._messages = self._client.get_default_database("chat")[COLLECTION]
        self._heads: dict[str, int] = {}

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def prepare(self) -> None:
        """Make the index that gives every number of a chat once, where it is not there yet. Raises StoreError."""
        await self._messages.create_index([("chat", pymongo.ASCENDING), ("seq", pymongo.ASCENDING)], unique=True)

    async def write(self, messages: Sequence[Message]) -> list[Stored]:
        """Store messages in their order, each with the next number of its chat; returns what the store has of each.

        A message that the store has already keeps its number, and stands in the answer. Workers of both lanes may write
        to one chat at the same time: whoever finds a number taken looks for the next. No number is left out, since a
        number is only used up by a document that has it. Raises StoreError: then some may be stored, and writing them
        again is right.
        """
        result: list[Stored] = []
        rest = list(messages)
        while rest:
            batch = await self._numbered(rest)
            written = len(batch)
            try:
                await self._messages.insert_many([{"_id": one.id, **one.model_dump(mode="json")} for one in batch])
            except BulkWriteError as error:
                first = error.details["writeErrors"][0]
                if first["code"] != DUPLICATE:
                    raise
                written = first["index"]
            result += batch[:written]
            self._heads |= {one.chat: one.seq for one in batch[:written]}
            rest = rest[written:]
            if rest:
                self._heads.pop(rest[0].chat, None)
                if (before := await self._messages.find_one({"_id": rest[0].id})) is not None:
                    result.append(_stored(before))
                    rest = rest[1:]
        return result

    async def _numbered(self, messages: Sequence[Message]) -> list[Stored]:
        heads = {chat: await self.head(chat) for chat in dict.fromkeys(message.chat for message in messages)}
        stored = []
        for message in messages:
            heads[message.chat] += 1
            stored.append(Stored(**message.model_dump(), seq=heads[message.chat], stored=now()))
        return stored

    async def head(self, chat: str) -> int:
        """The last number of a chat, 0 where it has no message; it may have more by now."""
        if chat not in self._heads:
            if len(self._heads) >= CHATS_REMEMBERED:
                self._heads.clear()
            last = await self._messages.find_one({"chat": chat}, sort=[("seq", pymongo.DESCENDING)])
            self._heads[chat] = last["seq"] if last is not None else 0
        return self._heads[chat]

    async def last(self, chat: str) -> int:
        """The last number of a chat as the store has it now."""
        self._heads.pop(chat, None)
        return await self.head(chat)

    async def after(self, seen: Mapping[str, int], limit: int = 0) -> list[Stored]:
        """Messages of some chats behind the given numbers, in their order; all, or as many as `limit` says."""
        if not seen:
            return []
        wanted = [{"chat": chat, "seq": {"$gt": number}} for chat, number in seen.items()]
        query = wanted[0] if len(wanted) == 1 else {"$or": wanted}
        found = self._messages.find(query).sort([("chat", pymongo.ASCENDING), ("seq", pymongo.ASCENDING)]).limit(limit)
        return [_stored(document) async for document in found]

    async def count(self, query: Mapping[str, Any]) -> int:
        """How many messages match."""
        return await self._messages.count_documents(query)


def _stored(document: Mapping[str, Any]) -> Stored:
    return Stored.model_validate({key: value for key, value in document.items() if key != "_id"})
