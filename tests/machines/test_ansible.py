"""The Ansible roles: every playbook parses with the roles that travel with it, and the linter's strictest profile."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from machines.bundle import ANSIBLE, bundle, roles
from settings import Role
from tests.machines.bodies import STACKS, kinds

pytestmark = pytest.mark.machines
TOOLS = Path(sys.executable).parent


def run(folder: Path, home: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HOME": str(home), "ANSIBLE_HOME": str(home), "NO_COLOR": "1", "ANSIBLE_NOCOLOR": "1"}
    environment["PATH"] = f"{TOOLS}:{environment['PATH']}"
    return subprocess.run(
        [str(TOOLS / command[0]), *command[1:]],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_what_travels_to_a_machine_is_a_whole_playbook(role: str, tmp_path: Path) -> None:
    body = next(body for stack in STACKS for body in kinds(stack) if body.role == role)
    done = run(
        body.unpack(tmp_path / "ansible"),
        tmp_path,
        "ansible-playbook",
        "-i",
        "localhost,",
        "--syntax-check",
        "site.yml",
    )
    assert done.returncode == 0, done.stdout


def test_a_broken_playbook_is_refused(tmp_path: Path) -> None:
    folder = kinds("dev")[0].unpack(tmp_path / "ansible")
    tasks = folder / "roles" / "common" / "tasks" / "main.yml"
    tasks.write_text(tasks.read_text().replace("ansible.builtin.apt:", "ansible.builtin.aptt:", 1))
    done = run(folder, tmp_path, "ansible-playbook", "-i", "localhost,", "--syntax-check", "site.yml")
    assert done.returncode != 0
    assert "aptt" in done.stdout


def test_the_linter_has_nothing_to_say(tmp_path: Path) -> None:
    done = run(ANSIBLE, tmp_path, "ansible-lint", "--offline", "--nocolor", ".")
    assert done.returncode == 0, done.stdout
    assert "Profile 'production' was required, and it passed" in done.stdout


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_a_bundle_is_the_same_bytes_whenever_it_is_made(role: str) -> None:
    first = bundle(role)
    bundle.cache_clear()
    assert bundle(role) == first
    assert roles(role)[0] == "common", "hardened before anything else is installed"


def test_a_role_that_nobody_knows_is_refused() -> None:
    with pytest.raises(FileNotFoundError, match=r"nobody\.yml"):
        bundle("nobody")
