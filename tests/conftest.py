"""What tests share: simulated clouds of their own, and the real engine in a folder of its own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from engine.workspace import Workspace
from sandbox import daemon
from sandbox.daemon import OPERATOR, Running
from sandbox.store import Store

Pulumi = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def sandbox_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for the simulated clouds of this worker, which are ended with the session."""
    directory = tmp_path_factory.mktemp("sandbox")
    yield directory
    daemon.stop(directory)
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def sandbox(sandbox_directory: Path) -> Running:
    """Simulated clouds that run."""
    return daemon.ensure_running(sandbox_directory)


@pytest.fixture
def store(sandbox: Running, sandbox_directory: Path) -> Iterator[Store]:
    """What the simulated clouds hold."""
    assert sandbox.alive
    store = Store(sandbox_directory / "clouds.sqlite")
    yield store
    store.close()


@pytest.fixture
def open_projects(store: Store) -> Callable[..., None]:
    """Gives projects to the operator: `open_projects(ovh="…", scaleway="…")`."""

    def give(**projects: str) -> None:
        for provider, project in projects.items():
            store.open_project(provider, project, OPERATOR)

    return give


@pytest.fixture
def pulumi(sandbox: Running, tmp_path: Path) -> Iterator[Pulumi]:
    """Runs the real engine on a project: `pulumi(project, "up", "--yes", stack="test")`; the stack is made first.

    A project is a folder with `Pulumi.yaml`, its program and `Pulumi.<stack>.yaml`. What is left of its stacks in the
    simulated clouds is destroyed after the test.
    """
    used: dict[tuple[Path, str], Workspace] = {}

    def run(project: Path, *arguments: str, stack: str = "test") -> subprocess.CompletedProcess[str]:
        workspace = used.get((project, stack))
        if workspace is None:
            workspace = Workspace(tmp_path / f"pulumi-{len(used)}", project, sandbox.environment)
            workspace.prepare(stack)
            used[project, stack] = workspace
        return workspace.run(*arguments, "--stack", stack, quiet=True, check=False)

    yield run
    for (_, stack), workspace in used.items():
        workspace.run("state", "unprotect", "--all", "--yes", "--stack", stack, quiet=True, check=False)
        workspace.run("destroy", "--yes", "--skip-preview", "--stack", stack, quiet=True, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a small Pulumi project with the given program and returns its folder."""

    def write(program: str, config: Sequence[str] = ()) -> Path:
        folder = tmp_path / "project"
        folder.mkdir()
        virtualenv = Path(__file__).parent.parent / ".venv"
        (folder / "Pulumi.yaml").write_text(
            f"name: small\nruntime:\n  name: python\n  options:\n    virtualenv: {virtualenv}\n"
        )
        (folder / "Pulumi.test.yaml").write_text(
            "\n".join(["config:", *(f"  {line}" for line in config)]) if config else "{}"
        )
        (folder / "__main__.py").write_text(program)
        return folder

    return write
