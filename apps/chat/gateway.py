"""A gateway: holds clients' sockets, puts what they send into the queues, and sends them what is in their chats.

It keeps nothing that cannot be lost: a client that comes back, to this gateway or another, says what it has seen.
Confirmed is a message when its sender sees it, with its number; until then the sender sends it again, with its key.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import ValidationError

from apps.chat.broadcast import Subscriber
from apps.chat.documents import Documents, StoreError
from apps.chat.messages import FRAME, Join, Lane, Message, Send, Stored, now
from apps.chat.metrics import PERIOD_SECONDS, Metrics, Unit
from apps.chat.queues import Queue, QueueError
from apps.chat.rooms import Rooms
from apps.chat.tokens import TokenError, User, verify

FRAME_BYTES: Final = 32 * 1024
JOIN_SECONDS: Final = 10.0
STALLED_SECONDS: Final = 30.0
HEARTBEAT_SECONDS: Final = 30.0
"""Under the load balancer's idle timeout, which is 60 s at least."""
BEHIND: Final = 1_000
"""Messages that may wait for one client; one that is further behind is told to come back, and misses nothing."""
CATCH_UP_SECONDS: Final = 5.0
LEAVING_PER_SECOND: Final = 50
"""How many clients are sent to other gateways, which take them in, when this one ends."""
LOG: Final = logging.getLogger(__name__)


class Connection:
    """One client's socket; frames leave it in the order in which they were pushed."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self._frames: asyncio.Queue[str] = asyncio.Queue(BEHIND)
        self._behind = asyncio.Event()

    def push(self, message: Stored) -> None:
        """Send when the client can take it; one that is too far behind is sent away."""
        self._put(message.frame())

    async def push_when_free(self, message: Stored) -> None:
        """Send, and wait while the client is behind."""
        async with asyncio.timeout(STALLED_SECONDS):
            await self._frames.put(message.frame())

    def tell(self, **frame: object) -> None:
        """Send what is no message."""
        self._put(json.dumps(frame, separators=(",", ":")))

    def _put(self, frame: str) -> None:
        try:
            self._frames.put_nowait(frame)
        except asyncio.QueueFull:
            self._behind.set()

    async def send(self) -> None:
        """Send what is pushed, until the socket is closed."""
        while not self._behind.is_set():
            try:
                await self.socket.send_str(await self._frames.get())
            except ConnectionError:
                return

    async def drop(self) -> None:
        """Send a client away as soon as it is too far behind: it comes back and asks for what it has not seen."""
        await self._behind.wait()
        await self.close(WSCloseCode.TRY_AGAIN_LATER, "too far behind")

    async def close(self, code: WSCloseCode, why: str) -> None:
        """Close the socket."""
        await self.socket.close(code=code, message=why.encode())


class Gateway:
    """One gateway."""

    def __init__(
        self,
        queues: Mapping[Lane, Queue],
        documents: Documents,
        subscriber: Subscriber,
        token_key: str,
        namespace: str,
    ) -> None:
        self._queues = queues
        self._subscriber = subscriber
        self._rooms = Rooms(documents, subscriber)
        self._token_key = token_key
        self._connections: set[Connection] = set()
        self._leaving = False
        self._metrics = Metrics(namespace, {"Service": "gateway"})

    def application(self) -> web.Application:
        """Where clients and the load balancer come in."""
        application = web.Application()
        application.add_routes([web.get("/health", self._health), web.get("/socket", self._socket)])
        return application

    async def _health(self, _: web.Request) -> web.Response:
        """200 while new clients are welcome. Queues are not asked: no gateway is better than others without them."""
        return web.Response(status=503 if self._leaving else 200, text="leaving" if self._leaving else "well")

    # Clients

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if self._leaving:
            return web.Response(status=503, text="leaving")
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS, max_msg_size=FRAME_BYTES)
        await socket.prepare(request)
        connection = Connection(socket)
        tasks = [asyncio.create_task(connection.send()), asyncio.create_task(connection.drop())]
        self._connections.add(connection)
        try:
            await self._serve(connection)
        except TimeoutError:
            await connection.close(WSCloseCode.POLICY_VIOLATION, "no join, or no progress, in time")
        except TokenError as error:
            await connection.close(WSCloseCode.POLICY_VIOLATION, f"token: {error}")
        except StoreError as error:
            LOG.warning("store: %s", error)
            await connection.close(WSCloseCode.TRY_AGAIN_LATER, "the store does not answer")
        finally:
            self._connections.discard(connection)
            for task in tasks:
                task.cancel()
        return socket

    async def _serve(self, connection: Connection) -> None:
        async with asyncio.timeout(JOIN_SECONDS):
            join = self._parsed(connection, await connection.socket.receive())
        if not isinstance(join, Join):
            await connection.close(WSCloseCode.POLICY_VIOLATION, "the first frame must be a join")
            return
        user = verify(self._token_key, join.token)
        if strangers := join.seen.keys() - user.chats:
            raise TokenError(f"{user.name} is no member of {', '.join(sorted(strangers))}")
        try:
            for chat, seen in join.seen.items():
                await self._rooms.join(connection, chat, seen)
            connection.tell(type="joined", chats=sorted(join.seen))
            async for frame in connection.socket:
                match self._parsed(connection, frame):
                    case Send() as send:
                        await self._take(connection, user, send)
                    case Join():
                        connection.tell(type="error", code="joined", detail="this socket has joined already")
        finally:
            for chat in join.seen:
                self._rooms.leave(connection, chat)

    def _parsed(self, connection: Connection, frame: object) -> Join | Send | None:
        """A frame that is one of ours; the client is told what is wrong with any other."""
        kind, data = getattr(frame, "type", None), getattr(frame, "data", None)
        if kind is not WSMsgType.TEXT:
            if kind is WSMsgType.BINARY:
                connection.tell(type="error", code="frame", detail="accepted are text frames")
            return None
        try:
            return FRAME.validate_json(str(data))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(map(str, first["loc"][1:])) or "frame"
            connection.tell(type="error", code="frame", detail=f"{place}: {first['msg']}")
            return None

    async def _take(self, connection: Connection, user: User, send: Send) -> None:
        if send.chat not in user.chats:
            connection.tell(type="error", code="chat", key=send.key, detail=f"no member of {send.chat}")
            return
        message = Message(**send.model_dump(exclude={"type"}), author=user.name, accepted=now())
        try:
            await self._queues[send.lane].put(message)
        except (QueueError, OSError) as error:
            LOG.warning("queue %s: %s", send.lane, error)
            connection.tell(type="error", code="queue", key=send.key, detail="not taken now; send it again")
        else:
            connection.tell(type="accepted", key=send.key)

    # Work besides

    async def deliver(self) -> None:
        """Pass on what is broadcast."""
        async for message in self._subscriber.messages():
            try:
                await self._rooms.deliver(message)
            except StoreError as error:
                LOG.warning("store: %s; missed messages are looked for later", error)

    async def catch_up(self) -> None:
        """Look now and then for what was not broadcast."""
        while True:
            await asyncio.sleep(CATCH_UP_SECONDS)
            try:
                await self._rooms.catch_up()
            except StoreError as error:
                LOG.warning("store: %s", error)

    async def report(self) -> None:
        """Write metrics."""
        while True:
            await asyncio.sleep(PERIOD_SECONDS)
            self._metrics.sample("Connections", Unit.COUNT, len(self._connections))
            self._metrics.write()

    async def leave(self) -> None:
        """Take no new client, and send all away, a few at a time: what they have sent and see confirmed is in a queue."""
        self._leaving = True
        async with asyncio.TaskGroup() as group:
            for connection in list(self._connections):
                group.create_task(connection.close(WSCloseCode.SERVICE_RESTART, "this gateway ends; come back"))
                await asyncio.sleep(1 / LEAVING_PER_SECOND)
