"""An engine that is asked to stop ends cleanly: no process is left, no lock, and the next up goes on where it was."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.setup import EXECUTOR
from sandbox import daemon, session
from sandbox.store import Store
from tests.engine.agreement import assert_agreement

pytestmark = pytest.mark.engine

STACK = "dev"
SECONDS = 90.0
LATENCY_MS = 300
"""Makes every call of the clouds slow, so that the interruption hits many that are under way."""


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    daemon.stop(tmp_path)
    shutil.rmtree(tmp_path, ignore_errors=True)


def family(engine: subprocess.Popen[str]) -> dict[str, psutil.Process]:
    """The processes that an engine has started, by what they are."""
    found = {}
    for process in psutil.Process(engine.pid).children(recursive=True):
        try:
            line = " ".join(process.cmdline())
        except psutil.Error:
            continue
        for name, mark in (("host", "language_host.py"), ("program", EXECUTOR), ("policies", "pulumi.policy")):
            if mark in line:
                found[name] = process
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_an_engine_that_is_asked_to_stop_leaves_nothing_behind(number: signal.Signals, directory: Path) -> None:
    workspace, _ = session.prepare(STACK, directory)
    store = Store(directory / "clouds.sqlite")
    for provider in ("ovh", "scaleway"):
        store.set_fault(provider, "latency_ms", LATENCY_MS)
    log = directory / "engine.log"
    with log.open("w") as output:
        engine = workspace.start(
            "up", "--yes", "--skip-preview", "--stack", STACK, "--policy-pack", str(session.POLICIES),
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + SECONDS
    while len(store.rows()) < 10:
        assert engine.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    started = family(engine)
    assert started.keys() == {"host", "program", "policies"}
    everybody = psutil.Process(engine.pid).children(recursive=True)

    os.killpg(engine.pid, number)  # as a terminal does with its foreground group
    assert engine.wait(SECONDS) != 0
    _, alive = psutil.wait_procs(everybody, timeout=15)
    assert [" ".join(process.cmdline()) for process in alive] == []
    assert "Traceback" not in log.read_text()
    locks = [file for file in workspace.state.glob("**/locks/**/*.json") if file.is_file()]
    assert locks == []
    made = len(store.rows())
    assert len(workspace.export(STACK)["deployment"]["resources"]) > 0

    for provider in ("ovh", "scaleway"):
        store.set_fault(provider, "latency_ms", None)
    store.close()
    workspace, _ = session.prepare(STACK, directory)
    again = workspace.run("up", "--yes", "--skip-preview", "--stack", STACK, quiet=True, check=False)
    assert again.returncode == 0, again.stdout[-3000:]
    assert made > 0
    assert_agreement(workspace, STACK, directory)
