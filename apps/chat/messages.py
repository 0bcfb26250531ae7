"""What goes over the socket, through the queues and into the store. Times are milliseconds since 1970 (UTC)."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

Chat = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Author = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$")]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4_096)]
Milliseconds = Annotated[int, Field(ge=0, lt=2**53)]


class Lane(StrEnum):
    """The two queues."""

    BULK = "bulk"
    """Ordinary messages."""
    PRIORITY = "priority"
    """Messages that must not wait behind others."""


class _Frame(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Join(_Frame):
    """The first frame of a client: who it is, and the last message that it has seen of each of its chats.

    `null` instead of a number asks for the latest messages only.
    """

    type: Literal["join"]
    token: str = Field(max_length=4_096)
    seen: dict[Chat, Annotated[int, Field(ge=0, lt=2**53)] | None] = Field(min_length=1, max_length=100)


class Send(_Frame):
    """A new message; `key` is the client's own, and the same when it is sent again."""

    type: Literal["send"]
    key: Key
    chat: Chat
    text: Text
    lane: Lane = Lane.BULK
    sent: Milliseconds


class Message(_Frame):
    """A message in a queue."""

    key: Key
    chat: Chat
    author: Author
    text: Text
    lane: Lane
    sent: Milliseconds
    accepted: Milliseconds

    @property
    def id(self) -> str:
        """What is the same for every copy of the message, and for no other message."""
        return f"{self.chat}/{self.author}/{self.key}"


class Stored(Message):
    """A message in the store, with its place in the chat: 1, 2, 3 …"""

    seq: int
    stored: Milliseconds

    def frame(self) -> str:
        """What members are sent; `type` and `key` stand in front."""
        return f'{{"type":"message",{self.model_dump_json()[1:]}'


FRAME: TypeAdapter[Join | Send] = TypeAdapter(Annotated[Join | Send, Field(discriminator="type")])
"""Whatever a client may send."""


def now() -> int:
    """The time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000
