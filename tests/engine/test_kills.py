"""Whatever is killed, and whenever: the next up converges, and the clouds hold exactly what the state says."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.setup import EXECUTOR
from engine.workspace import Workspace
from sandbox import daemon, session
from sandbox.store import Store

pytestmark = pytest.mark.engine

STACK = "dev"
UP_SECONDS = 8.0
"""About as long as an undisturbed up of the stack takes; kills are spread over it."""
LOCAL = ("random:", "tls:", "command:local", "pulumi:", "platform:")
"""Types that no cloud holds."""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("kills")
    yield folder
    daemon.stop(folder)
    shutil.rmtree(folder, ignore_errors=True)


def victim_of(engine: subprocess.Popen[str], which: str, directory: Path) -> psutil.Process | None:
    """The process to kill, if it is there already."""
    if which == "clouds":
        running = daemon.running(directory)
        return psutil.Process(running.pid) if running else None
    process = psutil.Process(engine.pid)
    if which == "engine":
        return process
    try:
        children = process.children(recursive=True)
        return next((child for child in children if any(EXECUTOR in part for part in child.cmdline())), None)
    except psutil.Error:
        return None


def held(workspace: Workspace, store: Store) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """What the state and what the clouds say there is."""
    resources = workspace.export(STACK)["deployment"].get("resources", [])
    in_state = [(r["type"], r["id"]) for r in resources if r.get("id") and not r["type"].startswith(LOCAL)]
    in_clouds = [(row.token, row.id) for row in store.rows()]
    assert len(in_state) == len(set(in_state)), "the state names something twice"
    assert len({row.urn for row in store.rows()}) == len(in_clouds), "a cloud holds something twice"
    return set(in_state), set(in_clouds)


@pytest.mark.parametrize("seed", range(21))
def test_a_killed_up_is_mended_by_the_next(seed: int, directory: Path) -> None:
    dice = random.Random(seed)
    which = ("engine", "program", "clouds")[seed % 3]
    workspace, _ = session.prepare(STACK, directory)
    engine = workspace.start(
        "up", "--yes", "--skip-preview", "--stack", STACK, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(dice.uniform(0.5, UP_SECONDS))
    victim = victim_of(engine, which, directory)
    if victim is not None:
        victim.kill()
        psutil.wait_procs([victim], timeout=30)  # a process that was killed still looks alive for some milliseconds
    engine.wait(120)

    workspace, _ = session.prepare(STACK, directory)
    mended = workspace.run("up", "--yes", "--skip-preview", "--stack", STACK, quiet=True, check=False)
    assert mended.returncode == 0, mended.stdout[-3000:] + mended.stderr[-2000:]
    again = workspace.run("preview", "--expect-no-changes", "--stack", STACK, quiet=True, check=False)
    assert again.returncode == 0, again.stdout[-3000:]
    store = Store(directory / "clouds.sqlite")
    in_state, in_clouds = held(workspace, store)
    assert in_clouds - in_state == set(), "orphans"
    assert in_state - in_clouds == set(), "the state names what is not there"

    destroyed = workspace.run("destroy", "--yes", "--skip-preview", "--stack", STACK, quiet=True, check=False)
    assert destroyed.returncode == 0, destroyed.stdout[-3000:]
    assert store.rows() == []
    store.close()
