"""A client as clients should be: it comes back by itself, misses nothing, and sends again what it does not see."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Self

import aiohttp

from apps.chat.messages import Lane, Stored, now

PAUSE_SECONDS: Final = 0.2
RESEND_SECONDS: Final = 10.0


class ClientError(Exception):
    """What the client was told is not as it must be; the text says what."""


class Client:
    """One user with some chats, connected to one of the gateways at `urls` (ws://host:port/socket) while it is entered.

    `received` has every message that was shown to the user, in the order in which it came; `errors` what the gateway
    refused; `connections` how often it had to connect. Raises ClientError from `until` where a number was left out.
    """

    def __init__(self, urls: Sequence[str], name: str, token: str, chats: Iterable[str]) -> None:
        self._urls = itertools.cycle(urls)
        self._name = name
        self._token = token
        self.seen = dict.fromkeys(chats, 0)
        self.received: list[Stored] = []
        self.arrived: dict[str, int] = {}
        """When the user saw an own message, by its key."""
        self.errors: list[dict[str, Any]] = []
        self.joined = asyncio.Event()
        self.connections = 0
        self._unseen: dict[str, tuple[str, float]] = {}
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._changed = asyncio.Condition()
        self._fault: ClientError | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._resend())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()

    async def send(self, chat: str, text: str, lane: Lane = Lane.BULK) -> str:
        """Send a message, now or when there is a connection; its key."""
        key = uuid.uuid4().hex
        frame = {"type": "send", "key": key, "chat": chat, "text": text, "lane": lane.value, "sent": now()}
        self._unseen[key] = (json.dumps(frame), time.monotonic())
        await self._write(self._unseen[key][0])
        return key

    async def raw(self, frame: str) -> None:
        """Send whatever; it is not sent again."""
        await self._write(frame)

    async def until(self, condition: Callable[[Self], bool], seconds: float) -> None:
        """Wait for something to be true. Raises TimeoutError and ClientError."""
        async with asyncio.timeout(seconds), self._changed:
            while not condition(self):
                if self._fault is not None:
                    raise self._fault
                await self._changed.wait()

    async def until_seen(self, seconds: float) -> None:
        """Wait until the user has seen all that was sent. Raises TimeoutError and ClientError."""
        await self.until(lambda client: not client._unseen, seconds)

    async def _run(self) -> None:
        for url in self._urls:
            with contextlib.suppress(aiohttp.ClientError, ConnectionError, TimeoutError):
                await self._connected(url)
            self._socket = None
            self.joined.clear()
            await asyncio.sleep(PAUSE_SECONDS)

    async def _connected(self, url: str) -> None:
        async with self._session.ws_connect(url, heartbeat=30.0) as socket:
            self.connections += 1
            await socket.send_json({"type": "join", "token": self._token, "seen": self.seen})
            async for frame in socket:
                if frame.type is not aiohttp.WSMsgType.TEXT:
                    return
                await self._read(socket, json.loads(frame.data))

    async def _read(self, socket: aiohttp.ClientWebSocketResponse, frame: dict[str, Any]) -> None:
        match frame.pop("type"):
            case "message":
                self._see(Stored.model_validate(frame))
            case "joined":
                self._socket = socket
                self.joined.set()
                for text, _ in list(self._unseen.values()):
                    await socket.send_str(text)
            case "error":
                self.errors.append(frame)
        async with self._changed:
            self._changed.notify_all()

    def _see(self, message: Stored) -> None:
        last = self.seen[message.chat]
        if message.seq != last + 1 and self._fault is None:
            self._fault = ClientError(f"{message.chat}: after message {last} comes {message.seq}")
        self.seen[message.chat] = message.seq
        self.received.append(message)
        if message.author == self._name and self._unseen.pop(message.key, None) is not None:
            self.arrived[message.key] = now()

    async def _resend(self) -> None:
        while True:
            await asyncio.sleep(RESEND_SECONDS / 4)
            for key, (frame, since) in list(self._unseen.items()):
                if time.monotonic() - since > RESEND_SECONDS:
                    self._unseen[key] = (frame, time.monotonic())
                    await self._write(frame)

    async def _write(self, frame: str) -> None:
        if self._socket is not None:
            with contextlib.suppress(ConnectionError, RuntimeError, aiohttp.ClientError):
                await self._socket.send_str(frame)
