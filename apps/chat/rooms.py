"""Who is in which chat at one gateway. Every member gets every message once, in the order of its numbers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final, Protocol

from apps.chat.broadcast import Subscriber
from apps.chat.documents import Documents
from apps.chat.messages import Stored

PAGE: Final = 200
LATEST: Final = 50
"""What somebody is given who has seen nothing and asks for the latest messages."""


class Member(Protocol):
    """A connection, as rooms see it."""

    def push(self, message: Stored) -> None:
        """Send when the client can take it; never waits."""

    async def push_when_free(self, message: Stored) -> None:
        """Send, and wait while the client is behind."""


@dataclass
class Room:
    """A chat with members here; they have all messages up to `last`."""

    last: int
    joined: set[Member] = field(default_factory=set)
    members: set[Member] = field(default_factory=set)
    """Those of `joined` who have been given what they missed."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Rooms:
    """All chats that have members at this gateway."""

    def __init__(self, documents: Documents, subscriber: Subscriber) -> None:
        self._documents = documents
        self._subscriber = subscriber
        self._rooms: dict[str, Room] = {}

    async def join(self, member: Member, chat: str, seen: int | None) -> None:
        """Give a member what it has not seen of a chat, and from then on every new message. Raises StoreError."""
        if seen is None:
            seen = max(0, await self._documents.last(chat) - LATEST)
        while len(page := await self._documents.after({chat: seen}, PAGE)) == PAGE:
            for message in page:
                await member.push_when_free(message)
            seen = page[-1].seq
        room = await self._room(chat, seen)
        room.joined.add(member)
        async with room.lock:
            for message in await self._documents.after({chat: min(seen, room.last)}):
                if message.seq > room.last:
                    _push(room, message)
                if message.seq > seen:
                    member.push(message)
            room.members.add(member)

    async def _room(self, chat: str, seen: int) -> Room:
        if chat not in self._rooms:
            # Somebody may say that they have seen what does not exist yet: the others are given it all the same.
            last = min(seen, await self._documents.last(chat))
            if chat not in self._rooms:
                self._rooms[chat] = Room(last)
                self._subscriber.subscribe(chat)
        return self._rooms[chat]

    def leave(self, member: Member, chat: str) -> None:
        """Give a member nothing more."""
        room = self._rooms.get(chat)
        if room is None:
            return
        room.joined.discard(member)
        room.members.discard(member)
        if not room.joined:
            del self._rooms[chat]
            self._subscriber.unsubscribe(chat)

    async def deliver(self, message: Stored) -> None:
        """Give a message to all members who have not had it, and before it all that they missed. Raises StoreError."""
        room = self._rooms.get(message.chat)
        if room is None:
            return
        async with room.lock:
            if message.seq == room.last + 1:
                _push(room, message)
            elif message.seq > room.last:
                for missed in await self._documents.after({message.chat: room.last}):
                    _push(room, missed)

    async def catch_up(self) -> None:
        """Look for messages that nobody told this gateway of. Raises StoreError."""
        chats = list(self._rooms.items())
        for start in range(0, len(chats), PAGE):
            seen = {chat: room.last for chat, room in chats[start : start + PAGE]}
            for message in await self._documents.after(seen):
                await self.deliver(message)


def _push(room: Room, message: Stored) -> None:
    room.last = message.seq
    for member in room.members:
        member.push(message)
