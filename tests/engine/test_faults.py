"""Clouds that fail: the error says what failed and what to do, and when they are back, the same command converges."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engine.setup import ROOT
from sandbox import daemon, session
from sandbox.store import Store
from tests.engine.agreement import assert_agreement

pytestmark = pytest.mark.engine

STACK = "sandbox"
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "sandbox"
    yield folder
    daemon.stop(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def sandbox_command(directory: Path) -> Command:
    """Runs `python -m sandbox …` as `make` does."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "sandbox", *arguments],
            cwd=ROOT,
            env={**os.environ, "SANDBOX_DIR": str(directory), "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_an_outage_and_random_errors_are_said_and_after_them_up_converges_and_down_leaves_nothing(
    sandbox_command: Command, directory: Path
) -> None:
    assert sandbox_command("start").returncode == 0
    assert sandbox_command("fault", "scaleway", "outage", "1").returncode == 0
    failed = sandbox_command("up", "--stack", STACK)
    assert failed.returncode != 0
    said = " ".join((failed.stdout + failed.stderr).split())
    assert "the API does not answer (outage); nothing was created. Run the same command when it is back." in said
    assert "scaleway: create " in said
    assert "The update did not finish. What failed stands above; what was done is kept. Run the same command" in said
    assert "Traceback" not in said

    store = Store(directory / "clouds.sqlite")
    assert store.rows("ovh"), "what does not need the provider that is down was made"
    assert not store.rows("scaleway")
    sandbox_command("fault", "scaleway", "outage", "off")
    for provider in ("ovh", "scaleway"):
        assert sandbox_command("fault", provider, "error_rate", "0.05").returncode == 0
    unlucky = sandbox_command("up", "--stack", STACK)  # with hundreds of calls, almost surely
    if unlucky.returncode != 0:
        assert "503 Service Unavailable; nothing was" in " ".join((unlucky.stdout + unlucky.stderr).split())

    for provider in ("ovh", "scaleway"):
        sandbox_command("fault", provider, "error_rate", "off")
    assert "Nothing is broken." in sandbox_command("faults").stdout
    mended = sandbox_command("up", "--stack", STACK)
    assert mended.returncode == 0, mended.stdout[-3000:]
    workspace, _ = session.prepare(STACK, directory)
    assert_agreement(workspace, STACK, directory)
    assert workspace.run("preview", "--expect-no-changes", "--stack", STACK, quiet=True, check=False).returncode == 0

    again = sandbox_command("up", "--stack", STACK)
    assert again.returncode == 0
    assert "unchanged" in again.stdout
    assert " to create" not in again.stdout + again.stderr
    assert "policies" in again.stdout

    running = daemon.running(directory)
    assert running is not None
    clouds = psutil.Process(running.pid)
    family = [clouds, *clouds.children(recursive=True)]
    assert len(family) >= 4
    store.close()
    down = sandbox_command("down")
    assert down.returncode == 0, down.stdout[-3000:]
    assert not directory.exists()
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []
    assert "There is no sandbox here." in sandbox_command("down").stdout
