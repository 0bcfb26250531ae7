"""Server processes that live exactly as long as the sandbox does."""

from __future__ import annotations

import ctypes
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

HEALTHY_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.05
STOP_SECONDS: Final = 10.0
_PR_SET_PDEATHSIG: Final = 1
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


class ServerError(Exception):
    """A server does not start; the text says which, and what it said itself."""


def _die_with_parent() -> None:
    """Let the kernel end the server when the sandbox is gone, however that happened."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Server:
    """One running server program with its log file."""

    def __init__(self, name: str, command: list[str], port: int, log: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self._log = log
        self._wait_for(port)
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    def _wait_for(self, port: int) -> None:
        """A server of a sandbox that was killed may need a moment to let its port go."""
        deadline = time.monotonic() + STOP_SECONDS
        while accepts(port):
            if time.monotonic() > deadline:
                raise ServerError(f"{self.name} cannot start: another program listens on port {port} of this machine")
            time.sleep(POLL_SECONDS)

    def wait_until(self, healthy: Callable[[], bool]) -> None:
        """Return when the server answers; ServerError with the end of its log where it does not."""
        deadline = time.monotonic() + HEALTHY_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            if healthy():
                return
            time.sleep(POLL_SECONDS)
        tail = "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])
        state = "does not answer" if self.process.poll() is None else f"ended with status {self.process.returncode}"
        self.stop()
        raise ServerError(f"{self.name} {state}; its log {self._log} ends with:\n{tail}")

    def stop(self) -> None:
        """Ask the server to end, then make it."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def accepts(port: int) -> bool:
    """Whether something listens on a port of this machine."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port
