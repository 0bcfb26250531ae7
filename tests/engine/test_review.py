"""A change is reviewed on the real engine: what it does to a stack, which policies it breaks, what it costs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.setup import ROOT

pytestmark = pytest.mark.engine

SMALLER = ("app: {count: 2, type: d2-4}", "app: {count: 3, type: d2-4}")
MOVED = ("region: SBG, lock_days: 0", "region: GRA, lock_days: 0")
POORER = ("budget_eur_month: 500", "budget_eur_month: 100")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of the project with what is installed here, and what is changed but not committed yet."""
    folder = tmp_path_factory.mktemp("review") / "platform"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    for name in (".venv", ".tools"):
        (folder / name).symlink_to(ROOT / name)
    exclude = folder / ".git" / "info" / "exclude"
    exclude.parent.mkdir(exist_ok=True)
    exclude.write_text(".venv\n.tools\n")
    return folder


@pytest.fixture
def change(checkout: Path) -> Iterator[Callable[..., None]]:
    """Changes the stack file of dev; afterwards it is as before."""
    file = checkout / "Pulumi.dev.yaml"
    before = file.read_text()

    def apply(*changes: tuple[str, str]) -> None:
        text = before
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        file.write_text(text)

    yield apply
    file.write_text(before)


def review(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "review", *arguments], cwd=checkout, capture_output=True, text=True, check=False
    )


def test_a_change_is_told_with_its_losses_policies_and_cost(
    checkout: Path, change: Callable[..., None], tmp_path: Path
) -> None:
    change(SMALLER, MOVED, POORER)
    sarif = tmp_path / "review.sarif"
    done = review(checkout, "HEAD", "dev", "--sarif", str(sarif))
    assert done.returncode == 1, done.stdout + done.stderr
    row = next(line for line in done.stdout.splitlines() if line.startswith("| dev"))
    assert "**1 broken**" in row
    assert "⛔ blocked ⚠️ **1 with data replaced or deleted**" in row
    assert "(+12)" in row, "one d2-4 more costs 12 € a month"
    assert "> - replace `CloudStorageObjectBucket alertes-dev-backup-near`" in done.stdout
    assert "- create `CloudInstance alertes-dev-gra-app-3`" in done.stdout
    assert "| budget |" in done.stdout
    (run,) = json.loads(sarif.read_text())["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["budget"]


def test_no_change_is_well(checkout: Path) -> None:
    done = review(checkout, "HEAD", "dev")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| dev | 0 | 0 | 0 | 0 | pass |" in done.stdout


def test_a_wrong_command_is_refused_with_the_choices(checkout: Path) -> None:
    done = review(checkout, "nowhere", "dev")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'nowhere' is no commit" in done.stderr
    done = review(checkout, "HEAD", "staging")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no stack staging; there are" in done.stderr


def test_a_wrong_stack_file_is_an_error_that_is_shown(checkout: Path, change: Callable[..., None]) -> None:
    change(("region: GRA11", "region: BHS5"))
    done = review(checkout, "HEAD", "dev")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "is 'BHS5'" in done.stdout
