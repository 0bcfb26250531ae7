"""The programs that run on machines, asked whether they take a configuration."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

CARD = "ens4"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class MissingError(Exception):
    """A program that these tests need is not installed."""


def find(program: str) -> str:
    """Where a program is; tests that need it fail where it is not, with what to do."""
    found = shutil.which(program, path=PATH)
    if found is None:
        raise MissingError(f"{program} is not installed; `make debian-packages` installs it, or says how")
    return found


def ask(program: str, *arguments: str | Path, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Run a program; its output is in `stdout`, both streams together."""
    return _run([find(program), *map(str, arguments)], timeout)


def ask_in_network(
    addresses: Sequence[str], program: str, *arguments: str | Path, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run a program in a network of its own with a card that has these addresses, because it asks for them.

    Without root, it is root in a user namespace of its own.
    """
    setup = f"ip link set lo up; ip link add {CARD} type veth peer name other; ip link set {CARD} up; "
    setup += "".join(f"ip address add {address}/32 dev {CARD}; " for address in addresses)
    command = [
        find("unshare"),
        "--net",
        *([] if os.geteuid() == 0 else ["--map-root-user"]),
        "sh",
        "-c",
        f'set -e; {setup} exec "$@"',
        "sh",
    ]
    return _run([*command, find(program), *map(str, arguments)], timeout)


def _run(command: list[str], timeout: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        timeout=timeout,
        env={"PATH": PATH, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"},
    )
