"""The memory of the program is found below the engine, at its peak."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench import processes
from bench.processes import MemoryUnknownError, peak_memory
from engine.setup import EXECUTOR

MIB = 64
PROGRAM = f"""
import pathlib, sys, time
taken = bytearray(b"x") * ({MIB} << 20)
del taken
pathlib.Path(sys.argv[1]).touch()
while not pathlib.Path(sys.argv[2]).exists():
    time.sleep(0.01)
"""


def _engine(*commands: str) -> subprocess.Popen[str]:
    """A process that runs commands one after the other, as children of its own."""
    return subprocess.Popen(["bash", "-c", "; ".join([*commands, "true"])], text=True)


def test_the_peak_of_the_program_is_found_though_it_has_given_memory_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, ready, done = tmp_path / EXECUTOR, tmp_path / "ready", tmp_path / "done"
    program.write_text(PROGRAM)
    looked = 0

    def sleep(seconds: float) -> None:
        # However slow this machine is, the program is looked at after its peak, and ends after that.
        nonlocal looked
        while not ready.exists() and engine.poll() is None:
            time.sleep(seconds)
        looked += 1
        if looked > 1:
            done.touch()

    monkeypatch.setattr(processes, "time", type("Clock", (), {"sleep": staticmethod(sleep)}))
    engine = _engine(shlex.join([sys.executable, str(program), str(ready), str(done)]))
    with engine:
        try:
            assert MIB < peak_memory(engine) < 3 * MIB
        finally:
            done.touch()
            engine.kill()


def test_an_engine_that_never_ran_the_program_has_no_measurement() -> None:
    with (
        _engine(shlex.join([sys.executable, "-c", "'no program'"]), "exit 3") as engine,
        pytest.raises(MemoryUnknownError, match=rf"status 3 without having run {EXECUTOR}"),
    ):
        peak_memory(engine)
