"""Whatever is killed, and whenever: the next up converges, and the clouds hold exactly what the state says."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.setup import EXECUTOR, ROOT
from engine.workspace import Workspace
from sandbox import daemon, session
from sandbox.store import Store
from tests.engine.agreement import assert_agreement

pytestmark = pytest.mark.engine

STACK = "dev"
KILLS = 6
"""Of every victim, each at a moment of its own."""
VICTIMS = ("engine", "program", "clouds", "everything")
PROGRESS = 0.9
"""Kills are spread over this share of what an undisturbed up creates, counted in the clouds' own list, so that they
hit a run that goes on, however fast the machine is."""
SECONDS = 120.0


class Run:
    """An up that goes on, started as a person would: in a process group of its own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        environment = {**os.environ, "SANDBOX_DIR": str(directory)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "up", "--stack", STACK],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait_for(self, count: int, store: Store) -> None:
        """Return when the clouds hold so many resources, or the run has ended."""
        deadline = time.monotonic() + SECONDS
        while self.process.poll() is None and len(store.rows()) < count:
            assert time.monotonic() < deadline, "the up does not get on"
            time.sleep(0.01)

    def kill(self, which: str) -> bool:
        """Kill the engine, the program, the clouds or the whole process group; whether it was there to be killed."""
        found = self._find(which)
        for process in found:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                return False
        psutil.wait_procs(found, timeout=30)  # a process that was killed still looks alive for some milliseconds
        return bool(found)

    def _find(self, which: str) -> list[psutil.Process]:
        if self.process.poll() is not None:
            return []
        if which == "clouds":
            running = daemon.running(self._directory)
            return [psutil.Process(running.pid)] if running else []
        try:
            family = psutil.Process(self.process.pid).children(recursive=True)
            if which == "everything":
                group = os.getpgid(self.process.pid)
                return [one for one in (psutil.Process(self.process.pid), *family) if os.getpgid(one.pid) == group]
            wanted = "pulumi" if which == "engine" else EXECUTOR
            return [one for one in family if any(Path(part).name == wanted for part in one.cmdline()[:3])][:1]
        except (psutil.Error, ProcessLookupError):
            return []

    def end(self) -> None:
        """Wait until nothing of the run is left."""
        self.process.wait(SECONDS)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("kills")
    yield folder
    daemon.stop(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def size(directory: Path) -> int:
    """How many resources the clouds hold after an undisturbed up."""
    run = Run(directory)
    run.end()
    assert run.process.returncode == 0
    store = Store(directory / "clouds.sqlite")
    count = len(store.rows())
    store.close()
    destroy(session.prepare(STACK, directory)[0], directory)
    return count


def destroy(workspace: Workspace, directory: Path) -> None:
    """Remove everything, and look that everything is removed."""
    done = workspace.run("destroy", "--yes", "--skip-preview", "--stack", STACK, quiet=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert_agreement(workspace, STACK, directory)
    store = Store(directory / "clouds.sqlite")
    assert store.rows() == []
    store.close()


def wait_for_the_engine_to_be_gone(directory: Path) -> None:
    """An engine whose parent was killed may still end its own affairs."""
    deadline = time.monotonic() + SECONDS
    state = Workspace(directory / "pulumi").variables()["PULUMI_BACKEND_URL"]

    def left() -> list[int]:
        found = []
        for process in psutil.process_iter():
            try:
                if process.name() == "pulumi" and process.environ().get("PULUMI_BACKEND_URL") == state:
                    found.append(process.pid)
            except psutil.Error:
                continue
        return found

    while left():
        assert time.monotonic() < deadline, "an engine does not end"
        time.sleep(0.1)


@pytest.mark.parametrize("which", VICTIMS)
def test_a_killed_up_is_mended_by_the_next(which: str, directory: Path, size: int) -> None:
    hits = sum(killed_and_mended(seed, which, directory, size) for seed in range(KILLS))
    assert hits >= KILLS - 1, "a kill that comes too late proves nothing"


def killed_and_mended(seed: int, which: str, directory: Path, size: int) -> bool:
    """One kill at a moment that the seed chooses, and what must be true afterwards; whether it hit."""
    dice = random.Random(f"{which} {seed}")
    run = Run(directory)
    store = Store(directory / "clouds.sqlite")
    run.wait_for(dice.randrange(1, int(PROGRESS * size)), store)
    hit = run.kill(which)
    run.end()
    wait_for_the_engine_to_be_gone(directory)
    if hit and which != "clouds":
        assert len(store.rows()) < size, f"seed {seed}: the {which} was killed, yet everything was done"
    store.close()

    workspace, _ = session.prepare(STACK, directory)
    mended = workspace.run("up", "--yes", "--skip-preview", "--stack", STACK, quiet=True, check=False)
    assert mended.returncode == 0, f"seed {seed}, {which}: {mended.stdout[-3000:]}{mended.stderr[-2000:]}"
    again = workspace.run("preview", "--expect-no-changes", "--stack", STACK, quiet=True, check=False)
    assert again.returncode == 0, f"seed {seed}, {which}: {again.stdout[-3000:]}"
    assert_agreement(workspace, STACK, directory)
    destroy(workspace, directory)
    return hit
