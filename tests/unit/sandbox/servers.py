"""The real servers behind the clouds, one of each for a whole module of tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.servers.object_storage import ObjectStorage
from sandbox.servers.process import free_port
from sandbox.servers.vault import VaultServer


@contextmanager
def object_storage(folder: Path) -> Iterator[dict[str, ObjectStorage]]:
    """An S3 server for OVH and one for Scaleway, ended afterwards."""
    storage = {name: ObjectStorage(name, folder / name, free_port()) for name in ("ovh", "scaleway")}
    running = [one.start() for one in storage.values()]
    try:
        yield storage
    finally:
        for server in running:
            server.stop()


@contextmanager
def vault(folder: Path) -> Iterator[VaultServer]:
    """An OpenBao server, ended afterwards."""
    server = VaultServer(folder / "vault", free_port())
    running = server.start()
    try:
        yield server
    finally:
        running.stop()
