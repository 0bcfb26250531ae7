"""Remove resources from outside of the clouds' process: from their list, and from the real servers behind it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from sandbox import daemon
from sandbox.cloud import Call, Servers, Session
from sandbox.clouds import ovh, scaleway, vault
from sandbox.servers.object_storage import ObjectStorage
from sandbox.store import Row, Store


def remove(row: Row, store: Store, directory: Path) -> None:
    """Make a resource vanish behind the program's back; its users keep their broken references.

    Raises SandboxError where the clouds do not run, and CloudError where a server refuses, as for a bucket with objects.
    """
    running = daemon.running(directory)
    if running is None:
        raise daemon.SandboxError("the simulated clouds do not run; `python -m sandbox start` starts them")
    storage = {
        name: ObjectStorage(name, daemon.storage_folder(directory, name), urlsplit(endpoint).port or 0)
        for name, endpoint in running.object_storage.items()
    }
    kinds = {**ovh.CLOUD.kinds, **scaleway.CLOUD.kinds, **vault.CLOUD.kinds}
    with store.transaction():
        if row.token in kinds:  # only the list has the others, or it is what their server is filled from, as AWS is
            account = next(one for one in store.accounts(row.provider) if one.name == daemon.OPERATOR)
            call = Call(row.provider, store, Session(account, {}), row.urn, Servers(storage, running.vault))
            kinds[row.token].on_delete(row, call)
        store.delete(row)
