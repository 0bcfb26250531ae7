"""One process that is all the simulated clouds: it starts the real servers, serves the engine, and ends with both.

Everything that it keeps is in one folder. `daemon.json` there says that it is ready and where it answers; the file is
written last and whole, so that nobody meets a sandbox that is half started.
"""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import psutil

from engine.setup import ROOT

DIRECTORY: Final = Path(os.environ.get("SANDBOX_DIR", ROOT / ".sandbox"))
START_SECONDS: Final = 90.0
STOP_SECONDS: Final = 20.0
POLL_SECONDS: Final = 0.1
VAULT_PORT: Final = 18200
"""Where Pulumi.sandbox.yaml looks for Vault; other sandboxes on the machine choose another."""
PROVIDERS_WITH_STORAGE: Final = ("ovh", "scaleway")
OPERATOR: Final = "operator"
"""Whose account the stacks of this checkout are deployed with."""
VARIABLES: Final[Mapping[str, tuple[str, str]]] = {
    "ovh": ("OVH_APPLICATION_KEY", "OVH_APPLICATION_SECRET"),
    "scaleway": ("SCW_ACCESS_KEY", "SCW_SECRET_KEY"),
    "aws": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
}


class SandboxError(Exception):
    """The sandbox does not start or is not there; the text says why, and what to do."""


@dataclass(frozen=True)
class Running:
    """A sandbox that is ready."""

    pid: int
    created: float
    """When the process began, which tells it from another with the same number."""
    providers: Mapping[str, int]
    """Provider → port on loopback."""
    object_storage: Mapping[str, str]
    vault: str
    aws: str = ""
    """Where AWS answers; it is started when it is first needed, and at once where it holds anything."""
    gateway: int = 0
    """The port at which APIs and pages for signing in answer, by AWS's own names."""
    code: str = ""
    """The checksum of the program that runs; one from before there was such a thing has none."""

    @property
    def debug_providers(self) -> str:
        """What the engine's `PULUMI_DEBUG_PROVIDERS` takes."""
        return ",".join(f"{name}:{port}" for name, port in sorted(self.providers.items()))

    @property
    def environment(self) -> dict[str, str]:
        """What an engine needs to attach to this sandbox."""
        return {"PULUMI_DEBUG_PROVIDERS": self.debug_providers}

    @property
    def alive(self) -> bool:
        """Whether the process is still there."""
        try:
            process = psutil.Process(self.pid)
            return bool(process.create_time() == self.created) and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


def running(directory: Path = DIRECTORY) -> Running | None:
    """The sandbox of a folder, if it is ready."""
    try:
        found = Running(**json.loads((directory / "daemon.json").read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return found if found.alive else None


def ensure_running(directory: Path = DIRECTORY) -> Running:
    """The sandbox of a folder, started if it is not there; SandboxError with the end of its log if it fails.

    One that runs a program that has been changed since is started anew: what the clouds hold is on disk.
    """
    found = running(directory)
    if found is not None and found.code == code():
        return found
    stop(directory)
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    (directory / "daemon.json").unlink(missing_ok=True)
    log = directory / "daemon.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.daemon", str(directory.resolve())],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = running(directory)
        if found is not None:
            return found
        time.sleep(POLL_SECONDS)
    found = running(directory)
    if found is not None:  # another command started it meanwhile
        return found
    process.kill()
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    raise SandboxError(f"the simulated clouds do not start; {log} ends with:\n{tail}")


def storage_folder(directory: Path, provider: str) -> Path:
    """Where a provider's object storage keeps what it has."""
    return directory / f"s3-{provider}"


@functools.cache
def code() -> str:
    """The checksum of the sandbox's own program and of what the providers offer."""
    checksum = hashlib.sha256()
    for folder in (ROOT / "sandbox", ROOT / "catalog"):
        for file in sorted([*folder.rglob("*.py"), *folder.rglob("*.yaml")]):
            checksum.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return checksum.hexdigest()


def stop(directory: Path = DIRECTORY) -> None:
    """End the sandbox of a folder, if it is there."""
    found = running(directory)
    if found is None:
        return
    process = psutil.Process(found.pid)
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait()


# The process itself


def _ports(directory: Path) -> dict[str, int]:
    """The servers' ports: chosen once, because stacks remember Vault's, and machines the object storage's."""
    from sandbox.servers.process import free_port

    file = directory / "ports.json"
    ports: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    missing = [name for name in ("vault", "aws", "gateway", *PROVIDERS_WITH_STORAGE) if name not in ports]
    for name in missing:
        checkout = directory.resolve() == (ROOT / ".sandbox").resolve()
        ports[name] = VAULT_PORT if name == "vault" and checkout else free_port()
    if missing:
        unfinished = file.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(ports))
        unfinished.replace(file)
    return ports


def serve(directory: Path) -> None:
    """Be the sandbox of a folder until somebody ends it."""
    from sandbox import server
    from sandbox.cloud import Servers
    from sandbox.clouds import aws, command, local, ovh, scaleway, vault
    from sandbox.servers.aws import Aws
    from sandbox.servers.functions import Functions
    from sandbox.servers.gateway import Gateway
    from sandbox.servers.object_storage import ObjectStorage
    from sandbox.servers.vault import VaultServer
    from sandbox.store import Store

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    ports = _ports(directory)
    store = Store(directory / "clouds.sqlite")
    storage = {
        name: ObjectStorage(name, storage_folder(directory, name), ports[name]) for name in PROVIDERS_WITH_STORAGE
    }
    keeper = VaultServer(directory / "vault", ports["vault"])
    children = [keeper.start(), *(one.start() for one in storage.values())]
    try:
        environment = _open_accounts(store, keeper.address, keeper.token)
        amazon = Aws(store, ports["aws"], directory / "aws.key")
        functions = Functions(directory / "functions", amazon.endpoint)
        gateway = Gateway(functions, ports["gateway"], directory)
        amazon.then += [functions.start, gateway.start]
        filling = threading.Thread(target=amazon.start, name="aws", daemon=True)
        if store.ids("aws"):
            filling.start()
        servers = Servers(storage, keeper.address, amazon)
        clouds = [ovh.CLOUD, scaleway.CLOUD, aws.CLOUD, vault.CLOUD, local.RANDOM, local.TLS, command.CLOUD]
        started = server.serve(clouds, store, servers, environment)
        if filling.ident is not None:
            filling.join()  # who reads that the sandbox is ready asks AWS at once
        ready = Running(
            pid=os.getpid(),
            created=psutil.Process().create_time(),
            providers={name: port for name, (_, port) in started.items()},
            object_storage={name: one.endpoint for name, one in storage.items()},
            vault=keeper.address,
            aws=amazon.endpoint,
            gateway=ports["gateway"],
            code=code(),
        )
        unfinished = directory / "daemon.unfinished"
        unfinished.write_text(json.dumps(asdict(ready)))
        unfinished.replace(directory / "daemon.json")
        while not ended.wait(1):
            fallen = [child.name for child in children if child.process.poll() is not None]
            if fallen:
                logging.error("%s ended by itself; the sandbox ends too, the next command starts both again", fallen)
                break
        for one, _ in started.values():
            one.stop(grace=1)
        gateway.close()
        functions.close()
    finally:
        (directory / "daemon.json").unlink(missing_ok=True)
        for child in children:
            child.stop()
        store.close()


def _open_accounts(store: Any, vault_address: str, vault_token: str) -> dict[str, str]:
    """The operator's account at every provider, as the environment in which a real plugin would find it."""
    environment = {"VAULT_ADDR": vault_address, "VAULT_TOKEN": vault_token}
    store.open_account("vault", OPERATOR, vault_address, vault_token)
    for provider, names in VARIABLES.items():
        store.open_account(provider, OPERATOR, secrets.token_hex(8), secrets.token_hex(24))
        account = next(one for one in store.accounts(provider) if one.name == OPERATOR)
        environment |= dict(zip(names, (account.access, account.secret), strict=True))
    return environment


if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO)
    serve(Path(sys.argv[1]))
