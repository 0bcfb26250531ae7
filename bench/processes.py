"""The memory of the program while the engine runs it."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path
from typing import Final

import psutil

from engine.setup import EXECUTOR

POLL_SECONDS: Final = 0.05
MIB: Final = 1024


class MemoryUnknownError(Exception):
    """The program was never seen while the engine ran."""


def peak_memory(engine: subprocess.Popen[str]) -> float:
    """Most resident memory in MiB that the program, a descendant of the engine, has had; waits for the engine's end.

    The kernel keeps the peak (`VmHWM`), so that looking now and then misses only what the program takes in its last
    moment. Raises MemoryUnknownError where there was no program.
    """
    peak = 0
    while engine.poll() is None:
        peak = max([peak, *(_peak_kib(pid) for pid in _programs(engine.pid))])
        time.sleep(POLL_SECONDS)
    if peak == 0:
        raise MemoryUnknownError(f"the engine ended with status {engine.returncode} without having run {EXECUTOR}")
    return peak / MIB


def _programs(engine: int) -> list[int]:
    try:
        descendants = psutil.Process(engine).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    found = []
    for process in descendants:
        try:
            if any(Path(argument).name == EXECUTOR for argument in process.cmdline()):
                found.append(process.pid)
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


def _peak_kib(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) if found else 0
