"""The stacks of this project are clean but for exceptions that their files argue; one over its budget is refused."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest
import yaml

from engine.setup import ROOT
from policies import budget
from sandbox.session import POLICIES
from settings import read

pytestmark = pytest.mark.engine
Pulumi = Callable[..., subprocess.CompletedProcess[str]]
STACKS = sorted(file.name.split(".")[1] for file in ROOT.glob("Pulumi.*.yaml"))


def open_accounts(stack: str, open_projects: Callable[..., None]) -> None:
    hosting = read(stack).hosting
    if hosting is None:  # AWS has accounts, which the operator has one of
        return
    open_projects(**{provider.value: account.project for provider, account in hosting.accounts.items()})


@pytest.mark.parametrize("stack", STACKS)
def test_no_policy_raises_a_false_alarm(stack: str, pulumi: Pulumi, open_projects: Callable[..., None]) -> None:
    open_accounts(stack, open_projects)
    done = pulumi(ROOT, "preview", "--policy-pack", str(POLICIES), stack=stack)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "platform@v" in done.stdout, "the pack was asked"
    assert "[mandatory]" not in done.stdout
    # What is excepted is still shown; a stack's file argues it.
    excepted = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"].get("policies:exceptions", [])
    assert done.stdout.count("[advisory]") == len(excepted)


def test_a_stack_over_its_budget_is_refused(pulumi: Pulumi, open_projects: Callable[..., None]) -> None:
    open_accounts("dev", open_projects)
    done = pulumi(
        ROOT, "preview", "--policy-pack", str(POLICIES), "--config", "platform:budget_eur_month=100", stack="dev"
    )
    shown = " ".join(done.stdout.split())
    assert done.returncode != 0
    assert done.stdout.count("[mandatory]") == 1
    assert "€ a month by list prices without VAT Accepted: 100 € or less (platform:budget_eur_month)" in shown
    assert budget.POLICY.remedy in shown
