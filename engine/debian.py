"""Programs from Debian's packages that tests use."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from engine.setup import PROGRESS_SECONDS, SetupError


def packages(listing: Path) -> list[str]:
    """The packages that a listing names: one a line, with `#` before a comment."""
    lines = (line.split("#", 1)[0].strip() for line in listing.read_text().splitlines())
    return [line for line in lines if line]


def missing(names: list[str]) -> list[str]:
    """Those of the packages that are not installed."""
    try:
        status = subprocess.run(
            ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Abbrev}\n", *names],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
    except FileNotFoundError:
        raise SetupError(f"this is not a Debian system; the tests need these programs: {' '.join(names)}") from None
    installed = {line.split()[0] for line in status.splitlines() if line.split()[1:] == ["ii"]}
    return [name for name in names if name not in installed]


def install(listing: Path) -> None:
    """Install what is missing where this runs as root; elsewhere name the one line that does it, and fail."""
    wanted = missing(packages(listing))
    if not wanted:
        return
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *wanted]
    if os.geteuid() != 0:
        raise SetupError(f"the tests need programs from Debian; run:\n  sudo {' '.join(command)}")
    print(f"Installing from Debian: {' '.join(wanted)} …", flush=True)
    # No service may start on this machine only because a test wants its program.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for step in (["apt-get", "update"], command):
        _run(step, environment)


def _run(step: list[str], environment: Mapping[str, str]) -> None:
    """Run one step and show that it goes on."""
    started = shown = time.monotonic()
    said: list[str] = []
    with subprocess.Popen(
        [*step, "-o", "Dpkg::Use-Pty=0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
    ) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        for line in process.stdout:
            said.append(line)
            if time.monotonic() - shown > PROGRESS_SECONDS:
                shown = time.monotonic()
                print(f"  {shown - started:4.0f} s, {line.strip()[:100]}", flush=True)
    if process.returncode != 0:
        raise SetupError(f"`{' '.join(step)}` failed:\n{''.join(said[-40:])}")
