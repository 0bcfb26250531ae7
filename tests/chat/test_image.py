"""The image of the chat cannot be built here, without a registry of images; what its definition says is looked at."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml

from components.aws.cache import COMMANDS
from engine.setup import ROOT
from sandbox.chat import ACCESS

FOLDER = ROOT / "apps" / "chat"
DOCKERFILE = (FOLDER / "Dockerfile").read_text()


def pinned(file: Path) -> dict[str, str]:
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[\w+\])?==([^ \\\n]+)", file.read_text(), re.MULTILINE)
    return {name.lower(): version for name, version in found}


def test_the_image_has_the_packages_that_are_tested_here() -> None:
    here = pinned(ROOT / "requirements.txt") | pinned(ROOT / "requirements-dev.txt")
    asked = pinned(FOLDER / "requirements.in")
    assert len(asked) == 6
    assert {name: here[name] for name in asked} == asked
    locked = pinned(FOLDER / "requirements.txt")
    assert asked.items() <= locked.items()


def test_every_package_of_the_image_has_its_checksum() -> None:
    text = (FOLDER / "requirements.txt").read_text()
    packages = re.findall(r"^\S+==\S+ \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.MULTILINE)
    assert len(packages) == len(pinned(FOLDER / "requirements.txt"))
    assert "--require-hashes" in DOCKERFILE


def test_the_image_has_no_privileges_and_no_secrets() -> None:
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE)[-1] == "10001:10001"
    assert 'ENTRYPOINT ["/packages/bin/python", "-m", "apps.chat"]' in DOCKERFILE
    assert not re.search(r"password|secret|_key|token", DOCKERFILE, re.IGNORECASE)


def test_the_processes_need_nothing_that_is_not_in_the_image(tmp_path: Path) -> None:
    """As in the image: the files that are copied, and no other part of this project."""
    copied = tmp_path / "apps" / "chat"
    copied.mkdir(parents=True)
    assert "COPY apps/chat/*.py /srv/apps/chat/" in DOCKERFILE
    for file in FOLDER.glob("*.py"):
        (copied / file.name).write_bytes(file.read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "apps.chat"], cwd=tmp_path, capture_output=True, text=True, check=False, env={}
    )
    assert (done.returncode, done.stderr.split(" ")[0]) == (2, "usage:")


def test_queues_here_let_processes_do_what_queues_at_aws_do() -> None:
    assert ACCESS == COMMANDS


def test_the_pipeline_runs_the_smoke_test_before_the_load_test() -> None:
    steps = yaml.safe_load((FOLDER / "pipeline" / "load.yaml").read_text())["phases"]["build"]["commands"]
    assert [step.split(" ")[2] for step in steps] == ["apps.chat", "loadtest"]
    assert steps[0].endswith('smoke "wss://$CHAT_DOMAIN/socket"')
