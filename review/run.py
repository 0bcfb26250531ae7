"""A stack as of a commit, in simulated clouds, and then previewed as it is now, policies on."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from catalog.cost import estimate
from engine.setup import ROOT
from review.findings import Findings, read
from sandbox import daemon
from sandbox.session import POLICIES, prepare
from settings import Settings, SettingsError
from settings import read as read_settings

BUILT_FROM: Final = ("requirements.txt", "requirements-dev.txt", "engine/pulumi", "sandbox/object_storage")
"""What decides on the packages and programs that a checkout needs."""


class ReviewError(Exception):
    """The review cannot be made; the text says why, and what to do."""


@dataclasses.dataclass(frozen=True)
class Reviewed:
    """One stack's result.

    `before` and `after` are its monthly cost in EUR by list prices without VAT; None where there is none to estimate.
    `complete` says whether the commit before came up as a whole.
    """

    stack: str
    findings: Findings
    before: float | None
    after: float | None
    complete: bool


def revision(name: str) -> str:
    """The commit that a name stands for. Raises ReviewError."""
    done = _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if done.returncode != 0:
        raise ReviewError(f"{name!r} is no commit of this repository; `git log` lists them")
    return done.stdout.strip()


@contextmanager
def clone(commit: str, folder: Path) -> Iterator[Path]:
    """A checkout of a commit that can run; what is installed here serves it too where it needs the same."""
    checkout = folder / "before"
    done = _git("clone", "--quiet", "--no-checkout", str(ROOT), str(checkout))
    if done.returncode == 0:
        done = _git("-C", str(checkout), "checkout", "--quiet", commit)
    if done.returncode != 0:
        raise ReviewError(f"{commit} cannot be checked out: {done.stderr.strip()}")
    if _git("diff", "--quiet", commit, "--", *BUILT_FROM).returncode == 0:
        for name in (".venv", ".tools"):
            (checkout / name).symlink_to(ROOT / name)
    elif subprocess.run(["make", "setup"], cwd=checkout, stdout=sys.stderr, check=False).returncode != 0:
        raise ReviewError(f"what {commit} needs cannot be installed: the reason stands above")
    try:
        yield checkout
    finally:
        shutil.rmtree(checkout)


def review(stack: str, before: Path, clouds: Path) -> Reviewed:
    """Bring a stack up as a checkout says, in clouds of this review, and preview it as it is here.

    Raises ReviewError where there is nothing to compare with, and SettingsError where its file is wrong here.
    """
    complete = _up(stack, before, clouds)
    workspace, settings = prepare(stack, clouds)
    state = workspace.export(stack)["deployment"].get("resources") or []
    log = clouds / f"{stack}.events"
    log.unlink(missing_ok=True)
    # The engine has an event log for those who drive it, behind this switch.
    workspace = dataclasses.replace(workspace, environment={**workspace.environment, "PULUMI_DEBUG_COMMANDS": "true"})
    arguments = ("--stack", stack, "--policy-pack", str(POLICIES), "--event-log", str(log))
    done = workspace.run("preview", *arguments, quiet=True, check=False)
    if not log.exists():
        raise ReviewError(f"the engine does not preview {stack}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    findings = read(log)
    if done.returncode != 0 and not findings.errors and not findings.mandatory:
        findings = dataclasses.replace(findings, errors=(done.stderr.strip() or done.stdout[-2000:].strip(),))
    after = None if findings.errors else _cost(settings, findings.resources)
    return Reviewed(stack, findings, _cost_before(stack, before, state), after, complete)


def _cost(settings: Settings, resources: Iterable[Mapping[str, Any]]) -> float:
    return sum(line.eur for line in estimate(settings, resources))


def _cost_before(stack: str, checkout: Path, state: Sequence[Mapping[str, Any]]) -> float | None:
    if not state:
        return None
    try:
        return _cost(read_settings(stack, checkout), state)
    except SettingsError:  # settings of that time, which those of today do not know any more
        return None


def _up(stack: str, checkout: Path, clouds: Path) -> bool:
    """Whether the stack is there as a whole as of a checkout; one that the checkout does not know is not there at all."""
    if not (checkout / f"Pulumi.{stack}.yaml").exists():
        return True
    command = [str(checkout / ".venv" / "bin" / "python"), "-m", "sandbox", "up", "--stack", stack]
    environment = {**os.environ, "SANDBOX_DIR": str(clouds)}
    with (clouds.parent / f"{stack}.before").open("w") as output:
        done = subprocess.run(
            command, cwd=checkout, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False
        )
    return done.returncode == 0


def stacks(names: Sequence[str]) -> Sequence[str]:
    """The stacks to review: those named, or all that have a file. Raises ReviewError for one that has none."""
    known = sorted(file.name.split(".")[1] for file in ROOT.glob("Pulumi.*.yaml"))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ReviewError(f"there is no stack {', '.join(unknown)}; there are {', '.join(known)}")
    return names or known


def end(clouds: Path) -> None:
    """End the clouds of a review."""
    daemon.stop(clouds)


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
