"""From workers to all gateways: workers push what they have stored to a broadcaster, which publishes it (ZeroMQ).

Nothing is kept here, and a message may be lost: every message has a number, and a gateway that misses one reads it from
the store. Connections are encrypted and only taken from who has the key (CURVE): all parts have the same pair of keys.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Final

import zmq
import zmq.asyncio
from pydantic import SecretStr, ValidationError
from zmq.auth.asyncio import AsyncioAuthenticator

from apps.chat.environment import Broadcast
from apps.chat.messages import Stored

RESOLVE_SECONDS: Final = 5.0
HIGH_WATER_MARK: Final = 10_000
"""Messages that wait for one peer; more are dropped."""
DOMAIN: Final = "chat"
LOG: Final = logging.getLogger(__name__)


class _KeyHolders:
    """Lets in who has the same pair of keys."""

    def __init__(self, public: bytes) -> None:
        self._public = public

    def callback(self, domain: str, key: bytes) -> bool:
        """Whether a client with this public key may connect."""
        return key == self._public


def topic(chat: str) -> bytes:
    """What is published first: no topic is the beginning of another."""
    return f"{chat}/".encode()


def _pair(secret: SecretStr) -> tuple[bytes, bytes]:
    key = secret.get_secret_value().encode()
    return zmq.curve_public(key), key


class _Peers:
    """Connects a socket to all broadcasters that a name resolves to, and keeps that current."""

    def __init__(self, socket: zmq.asyncio.Socket, environment: Broadcast, port: int) -> None:
        self._hosts = environment.broadcasters.split(",")
        self._port = port
        self._connected: set[str] = set()
        self._socket = socket
        public, secret = _pair(environment.broadcast_key)
        socket.curve_publickey, socket.curve_secretkey, socket.curve_serverkey = public, secret, public
        socket.set_hwm(HIGH_WATER_MARK)
        socket.linger = 1000

    async def follow(self) -> None:
        """Look the names up again and again."""
        while True:
            found: set[str] = set()
            for host in self._hosts:
                try:
                    answers = await asyncio.get_running_loop().getaddrinfo(host.strip(), self._port, type=1)
                except OSError as error:
                    LOG.warning("broadcaster %s: %s", host, error)
                    continue
                found |= {f"tcp://{address[0]}:{self._port}" for *_, address in answers}
            for endpoint in found - self._connected:
                self._socket.connect(endpoint)
            # A name that cannot be looked up for a moment is no reason to leave.
            for endpoint in self._connected - found if found else ():
                self._socket.disconnect(endpoint)
            self._connected = found or self._connected
            await asyncio.sleep(RESOLVE_SECONDS)


class Publisher:
    """A worker's end."""

    def __init__(self, context: zmq.asyncio.Context, environment: Broadcast) -> None:
        self._socket = context.socket(zmq.PUSH)
        self._peers = _Peers(self._socket, environment, environment.collect_port)
        # The plain socket: sending never waits.
        self._plain: zmq.Socket[bytes] = zmq.Socket.shadow(self._socket.underlying)

    async def follow(self) -> None:
        """Keep connections to all broadcasters."""
        await self._peers.follow()

    def close(self) -> None:
        """Give what was handed over a moment to leave, and close."""
        self._socket.close()

    def publish(self, message: Stored) -> None:
        """Hand a message to a broadcaster; where none takes it, gateways will read it from the store."""
        try:
            self._plain.send_multipart([topic(message.chat), message.model_dump_json().encode()], zmq.NOBLOCK)
        except zmq.Again:
            LOG.debug("no broadcaster takes %s", message.id)


class Subscriber:
    """A gateway's end."""

    def __init__(self, context: zmq.asyncio.Context, environment: Broadcast) -> None:
        self._socket = context.socket(zmq.SUB)
        self._peers = _Peers(self._socket, environment, environment.publish_port)

    async def follow(self) -> None:
        """Keep connections to all broadcasters."""
        await self._peers.follow()

    def subscribe(self, chat: str) -> None:
        """Ask for the messages of a chat."""
        self._socket.subscribe(topic(chat))

    def unsubscribe(self, chat: str) -> None:
        """Ask for them no more."""
        self._socket.unsubscribe(topic(chat))

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()

    async def messages(self) -> AsyncIterator[Stored]:
        """Messages as they come."""
        while True:
            _, body = await self._socket.recv_multipart()
            try:
                yield Stored.model_validate_json(body)
            except ValidationError as error:
                LOG.error("published, but no message: %s", error.errors(include_input=False))


async def broadcast(environment: Broadcast, stop: asyncio.Event) -> None:
    """Be a broadcaster until told to stop. Raises zmq.ZMQError where a port is taken."""
    with zmq.asyncio.Context() as context:
        public, secret = _pair(environment.broadcast_key)
        authenticator = AsyncioAuthenticator(context)
        authenticator.start()
        authenticator.configure_curve_callback(DOMAIN, _KeyHolders(public))
        collect, publish = context.socket(zmq.PULL), context.socket(zmq.PUB)
        for socket, port in ((collect, environment.collect_port), (publish, environment.publish_port)):
            socket.curve_publickey, socket.curve_secretkey, socket.curve_server = public, secret, True
            socket.zap_domain = DOMAIN.encode()
            socket.set_hwm(HIGH_WATER_MARK)
            socket.linger = 1000
            socket.bind(f"tcp://{environment.address}:{port}")
        forwarding = asyncio.create_task(_forward(collect, publish))
        try:
            await stop.wait()
        finally:
            forwarding.cancel()
            authenticator.stop()
            collect.close()
            publish.close()


async def _forward(collect: zmq.asyncio.Socket, publish: zmq.asyncio.Socket) -> None:
    while True:
        await publish.send_multipart(await collect.recv_multipart())
