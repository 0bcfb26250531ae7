"""The reference chat on this machine: its own processes before real queues and a real document store.

Queues are two Redis servers of Debian's, each for itself; the document store is FerretDB, a server that speaks
MongoDB's protocol, on SQLite. Everything listens on loopback, and ends with whoever started it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Self

import pymongo
import zmq

from apps.chat.documents import COLLECTION
from apps.chat.messages import Lane
from apps.chat.tokens import issue
from engine.setup import FERRETDB, ROOT, provide
from sandbox.servers.process import Server, ServerError, accepts, free_port

ADDRESS: Final = "127.0.0.1"
ACCESS: Final = "on ~chat:* resetchannels -@all +@connection +@read +@write +@stream +@scripting -@dangerous"
"""What the processes may do in a queue; leases are renewed by scripts."""
DATABASE: Final = "chat"


class LocalChat:
    """A chat of its own in a folder; nothing runs before it is entered, and nothing after.

    `folder` must exist, and is left for the caller to remove. Raises ServerError where something does not start.
    """

    def __init__(self, folder: Path, *, gateways: int = 2, bulk: int = 2, priority: int = 1) -> None:
        self._folder = folder
        self._wanted = {"gateway": gateways, Lane.BULK.value: bulk, Lane.PRIORITY.value: priority}
        self.token_key = secrets.token_urlsafe(32)
        """By which users' tokens are signed."""
        self._passwords = {lane: secrets.token_urlsafe(32) for lane in Lane}
        self._ports: dict[str, int] = {name: free_port() for name in (*Lane, "documents", "collect", "publish")}
        self._broadcast_key = zmq.curve_keypair()[1].decode()
        self.servers: dict[str, Server] = {}
        """What runs: queue-bulk, queue-priority, documents, broadcaster, gateway-1 …, bulk-1 …, priority-1 …"""
        self.urls: dict[str, str] = {}
        """Where each gateway's sockets are."""

    def __enter__(self) -> Self:
        try:
            self.restore()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def restore(self) -> None:
        """Start what does not run, or not any more, and wait until it answers; everything keeps its address."""
        self._forget_ended()
        for lane in Lane:
            if f"queue-{lane}" not in self.servers:
                self._start_queue(lane)
        if "documents" not in self.servers:
            self._start_documents()
        for name in self._processes():
            if name not in self.servers:
                process, _, number = name.partition("-")
                self.run(process, int(number or 0))

    def forget_messages(self) -> None:
        """Empty the document store, which looks at everything for every question."""
        with pymongo.MongoClient[dict[str, Any]](self.documents_url) as store:
            store.get_default_database()[COLLECTION].delete_many({})

    def _processes(self) -> list[str]:
        return [
            "broadcaster",
            *(f"{process}-{n}" for process, count in self._wanted.items() for n in range(1, count + 1)),
        ]

    def _forget_ended(self) -> None:
        for name, server in list(self.servers.items()):
            if server.process.poll() is not None:
                del self.servers[name]

    def close(self) -> None:
        """End what runs, the processes before the servers."""
        last = {"documents", *(f"queue-{lane}" for lane in Lane)}
        for names in (self.servers.keys() - last, self.servers.keys() & last):
            for name in names:
                self.servers[name].process.terminate()
            for name in names:
                self.stop(name)

    def stop(self, name: str) -> int:
        """Ask one to end, and wait; its exit status."""
        server = self.servers.pop(name)
        server.stop()
        return server.process.returncode

    def kill(self, name: str) -> None:
        """End one at once: it cannot do anything about it."""
        server = self.servers.pop(name)
        server.process.kill()
        server.process.wait()

    def log(self, name: str) -> str:
        """What one has said so far."""
        return self._log(name).read_text(errors="replace")

    def token(self, name: str, chats: Iterable[str], seconds: int = 3600) -> str:
        """A token of a user."""
        return issue(self.token_key, name, chats, seconds)

    @property
    def documents_url(self) -> str:
        """Where the document store is."""
        return f"mongodb://{ADDRESS}:{self._ports['documents']}/{DATABASE}"

    def queue_url(self, lane: Lane) -> str:
        """Where a queue is, with the password."""
        return f"redis://chat:{self._passwords[lane]}@{ADDRESS}:{self._ports[lane]}"

    # Parts

    def _start_queue(self, lane: Lane) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise ServerError("redis-server is not installed; `make debian-packages` installs it, or says how")
        port = self._ports[lane]
        configuration = self._private(
            f"queue-{lane}.conf",
            f"bind {ADDRESS}\nport {port}\ndir {self._folder}\nsave ''\nmaxmemory-policy noeviction\n"
            f"user default off\nuser chat {ACCESS} >{self._passwords[lane]}\n",
        )
        server = self._server(f"queue-{lane}", [program, str(configuration)], port, {})
        server.wait_until(lambda: accepts(port))

    def _start_documents(self) -> None:
        port = self._ports["documents"]
        folder = self._folder / "documents"
        folder.mkdir(mode=0o700, exist_ok=True)
        server = self._server("documents", [str(provide(FERRETDB)), f"{ADDRESS}:{port}", str(folder)], port, {})
        server.wait_until(lambda: accepts(port))

    def run(self, process: str, number: int = 0) -> Server:
        """Start a process of the chat: gateway, bulk, priority or broadcaster; a gateway gets a port of its own."""
        name = f"{process}-{number}" if number else process
        told = {"address": ADDRESS, "collect_port": self._ports["collect"], "publish_port": self._ports["publish"]}
        secret = {"broadcast_key": self._broadcast_key}
        port = 0
        match process:
            case "gateway":
                port = self._ports.setdefault(name, free_port())
                told["port"] = port
                queues = {f"{lane}_queue": self.queue_url(lane) for lane in Lane}
                secret |= {**queues, "documents": self.documents_url, "token_key": self.token_key}
            case "bulk" | "priority":
                secret |= {"queue": self.queue_url(Lane(process)), "documents": self.documents_url}
            case _:
                port = self._ports["collect"]
        file = self._private(f"{name}.json", json.dumps(secret))
        variables = {f"CHAT_{key.upper()}": str(value) for key, value in told.items()}
        command = [sys.executable, "-m", "apps.chat", process]
        server = self._server(name, command, port, {**variables, "CHAT_SECRETS": str(file)})
        if process == "gateway":
            self.urls[name] = f"ws://{ADDRESS}:{port}/socket"
            server.wait_until(lambda: healthy(port))
        elif process == "broadcaster":
            server.wait_until(lambda: accepts(port))
        return server

    def _server(self, name: str, command: list[str], port: int, environment: dict[str, str]) -> Server:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("CHAT_")}
        server = Server(name, command, port, self._log(name), {**inherited, "PYTHONPATH": str(ROOT), **environment})
        self.servers[name] = server
        return server

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _private(self, name: str, text: str) -> Path:
        file = self._folder / name
        file.touch(0o600)
        file.write_text(text)
        return file


def healthy(port: int) -> bool:
    """Whether a gateway on this machine takes clients."""
    try:
        with urllib.request.urlopen(f"http://{ADDRESS}:{port}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
