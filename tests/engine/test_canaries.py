"""No secret of a deployed system is in plain text where anybody could find it.

Every secret that the real engine and the simulated clouds make for the hosting system is a canary: it is read from
the decrypted state, and then looked for in everything that people, machines and providers see.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import psutil
import pytest

from engine.setup import ROOT
from engine.workspace import Workspace
from sandbox import daemon, session
from sandbox.store import Store

pytestmark = pytest.mark.engine

STACK: Final = "sandbox"
SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
CANARIES: Final = {
    "random:index/randomPassword:RandomPassword": ("result",),
    "random:index/randomBytes:RandomBytes": ("base64", "hex"),
    "tls:index/privateKey:PrivateKey": ("privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"),
    "ovh:CloudProject/s3Credential:S3Credential": ("secretAccessKey",),
    "scaleway:iam/apiKey:ApiKey": ("secretKey",),
}
TOKENS: Final = {"vault:appRole/authBackendRoleSecretId:AuthBackendRoleSecretId": ("wrappingToken",)}
"""Wrapped once: the one thing that user data may carry."""
USER_DATA: Final = {"userData", "cloudInit"}
NOT_OURS: Final = {".git", ".venv", ".tools", ".sandbox", ".mypy_cache", ".ruff_cache", ".pytest_cache", "__pycache__"}


class Deployed:
    """A stack that was brought up, with what its processes printed and were started with."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.workspace, _ = session.prepare(STACK, directory)
        self.log = directory / "engine.log"
        self.arguments: set[str] = set()
        with self.log.open("w") as output:
            engine = self.workspace.start(
                "up", "--yes", "--diff", "--stack", STACK, stdout=output, stderr=subprocess.STDOUT
            )
            while engine.poll() is None:
                self._look(engine.pid)
                time.sleep(0.05)
        assert engine.returncode == 0, self.log.read_text()[-3000:]
        self.canaries = set(secrets(self.workspace, CANARIES))
        self.tokens = set(secrets(self.workspace, TOKENS))

    def _look(self, engine: int) -> None:
        running = daemon.running(self.directory)
        for root in (engine, *([running.pid] if running else [])):
            try:
                for process in (psutil.Process(root), *psutil.Process(root).children(recursive=True)):
                    self.arguments.add("\0".join(process.cmdline()))
            except psutil.Error:
                continue


def secrets(workspace: Workspace, wanted: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    exported = workspace.run("stack", "export", "--show-secrets", "--stack", STACK, quiet=True).stdout
    for resource in json.loads(exported)["deployment"]["resources"]:
        for name in wanted.get(resource["type"], ()):
            value = resource["outputs"][name]
            assert SIGNATURE in value, f"{resource['urn']}: {name} is not marked as secret"
            text = json.loads(value["plaintext"])
            # Of a key in PEM, one line tells it from every other.
            yield text.splitlines()[1] if text.startswith("-----") else text


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    directory = tmp_path_factory.mktemp("canaries")
    try:
        yield Deployed(directory)
    finally:
        daemon.stop(directory)
        shutil.rmtree(directory, ignore_errors=True)


def found(canaries: set[str], text: str) -> int:
    """How many of the secrets stand in a text; never which."""
    return sum(canary in text for canary in canaries)


def test_there_are_canaries_of_every_kind(deployed: Deployed) -> None:
    assert len(deployed.canaries) >= 15
    assert len(deployed.tokens) >= 20
    assert all(len(canary) >= 20 for canary in deployed.canaries | deployed.tokens)


def test_the_search_finds_what_is_there(deployed: Deployed) -> None:
    shown = deployed.workspace.run("stack", "export", "--show-secrets", "--stack", STACK, quiet=True).stdout
    assert found(deployed.canaries, json.dumps(json.loads(shown)).replace("\\\\n", "\n").replace("\\n", "\n")) > 0


def test_no_secret_is_in_the_state(deployed: Deployed) -> None:
    files = [file for file in deployed.workspace.folder.rglob("*") if file.is_file() and file.name != "passphrase"]
    assert any(file.suffix == ".json" for file in files)
    leaking = [file for file in files if found(deployed.canaries | deployed.tokens, file.read_text(errors="replace"))]
    assert leaking == []
    passphrase = (deployed.workspace.folder / "passphrase").read_text()
    assert [file for file in files if passphrase in file.read_text(errors="replace")] == []


def test_no_secret_is_in_what_the_engine_prints_or_the_servers_log(deployed: Deployed) -> None:
    logs = [deployed.log, *deployed.directory.rglob("*.log")]
    assert len(logs) >= 3
    credentials = operator(deployed)
    wanted = deployed.canaries | deployed.tokens | credentials
    assert [log for log in logs if found(wanted, log.read_text(errors="replace"))] == []


def operator(deployed: Deployed) -> set[str]:
    """What the stack is deployed with."""
    store = Store(deployed.directory / "clouds.sqlite")
    found = {account.secret for provider in ("ovh", "scaleway", "vault") for account in store.accounts(provider)}
    store.close()
    return found


def test_no_secret_is_in_recorded_user_data_or_anything_else_a_provider_can_list(deployed: Deployed) -> None:
    store = Store(deployed.directory / "clouds.sqlite")
    rows = store.rows()
    store.close()
    told = [value for row in rows for name, value in row.inputs.items() if name in USER_DATA]
    assert len(told) >= 30
    assert [text for text in told if found(deployed.canaries, text)] == []
    leaking = {row.urn for row in rows if found(deployed.canaries, everything(row.inputs) + everything(row.outputs))}
    assert leaking == set()


def test_every_token_in_user_data_is_wrapped_and_for_one_machine(deployed: Deployed) -> None:
    store = Store(deployed.directory / "clouds.sqlite")
    told = [str(value) for row in store.rows() for name, value in row.inputs.items() if name in USER_DATA]
    store.close()
    assert all(found(deployed.tokens, text) <= 1 for text in told)
    assert sum(found({token}, text) for text in told for token in deployed.tokens) == len(deployed.tokens)


def everything(value: Any) -> str:
    return json.dumps(value, default=str).replace("\\n", "\n").replace('\\"', '"')


def test_no_secret_is_in_the_arguments_of_a_process(deployed: Deployed) -> None:
    assert len(deployed.arguments) >= 5
    wanted = deployed.canaries | deployed.tokens | operator(deployed)
    assert [line for line in deployed.arguments if found(wanted, line)] == []


def test_no_secret_is_in_the_checkout(deployed: Deployed) -> None:
    files = [file for file in ROOT.rglob("*") if not NOT_OURS & set(file.relative_to(ROOT).parts) and file.is_file()]
    assert len(files) > 100
    wanted = deployed.canaries | deployed.tokens | operator(deployed)
    assert [file for file in files if found(wanted, file.read_text(errors="replace"))] == []
