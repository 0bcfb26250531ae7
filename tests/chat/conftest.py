"""One chat of real processes, queues and a store for all tests of a worker; every test has chats of its own in it."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.chat.client import Client
from sandbox.chat import LocalChat


@pytest.fixture(scope="session")
def running() -> Iterator[LocalChat]:
    with tempfile.TemporaryDirectory(prefix="platform-chat-") as folder, LocalChat(Path(folder)) as chat:
        yield chat


@pytest.fixture
def local(running: LocalChat) -> Iterator[LocalChat]:
    """The chat, whole, whatever a test before has ended."""
    running.restore()
    yield running
    running.restore()
    running.forget_messages()


@pytest.fixture
def chat() -> str:
    """The name of a chat that nobody has used."""
    return f"test-{uuid.uuid4().hex[:12]}"


def client(local: LocalChat, name: str, *chats: str, gateways: list[str] | None = None) -> Client:
    """A client of the gateways that are named, or of all."""
    urls = [local.urls[gateway] for gateway in gateways or sorted(local.urls)]
    return Client(urls, name, local.token(name, chats), chats)
