"""A policy is in the pack once, under a proper name, and with everything that who has broken it needs."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from policies import server
from policies.model import Policy, Resource, Severity, Stack, Violation
from policies.registry import RegistrationError, Registry
from sandbox.session import POLICIES


def nothing(_: Resource | Stack) -> Iterator[Violation]:
    yield from ()


GOOD = Policy(
    name="good-policy",
    description="What it wants.",
    reason="Why it wants it.",
    clause="What it enforces.",
    severity=Severity.LOW,
    remedy="What to do.",
    check=nothing,
)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "Good"}, "'Good' is not a policy name: words of a-z and 0-9 joined by -, not 'all'"),
        ({"name": "good_policy"}, "'good_policy' is not a policy name"),
        ({"name": "-good"}, "'-good' is not a policy name"),
        ({"name": "all"}, "'all' is not a policy name"),
        ({"description": " "}, "policy 'good-policy' has an empty description"),
        ({"reason": ""}, "policy 'good-policy' has an empty reason"),
        ({"clause": ""}, "policy 'good-policy' has an empty clause"),
        ({"remedy": "\n"}, "policy 'good-policy' has an empty remedy"),
        ({"check": None}, "policy 'good-policy' checks neither resources nor stacks"),
    ],
)
def test_incomplete_policies_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(RegistrationError) as error:
        Registry([dataclasses.replace(GOOD, **change)])
    assert message in str(error.value)


def test_a_name_is_taken_once() -> None:
    with pytest.raises(RegistrationError, match="two policies are called 'good-policy'"):
        Registry([GOOD, GOOD])


def test_policies_keep_their_order() -> None:
    other = dataclasses.replace(GOOD, name="other", check=None, check_stack=nothing)
    assert list(Registry([GOOD, other])) == [GOOD, other]
    assert len(Registry([GOOD, other])) == 2


def test_every_policy_is_one_file_that_is_registered(registry: Registry) -> None:
    files = {
        file.stem.replace("_", "-")
        for file in POLICIES.glob("*.py")
        if any(
            isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "POLICY"
            for node in ast.parse(file.read_text()).body
        )
    }
    assert files == {policy.name for policy in registry}


def test_every_policy_tells_what_why_and_what_to_do(registry: Registry) -> None:
    for policy in registry:
        assert isinstance(policy.severity, Severity)
        for text in (policy.description, policy.reason, policy.clause, policy.remedy):
            assert text == text.strip()
            assert text.endswith("."), f"{policy.name}: {text!r} is not a sentence"
        assert "\n" not in policy.description


def test_a_message_has_all_that_is_needed_to_mend() -> None:
    text = GOOD.message(Violation("size is 3", "4 or more"))
    assert text == "size is 3\nAccepted: 4 or more\nRemedy: What to do.\nClause: What it enforces."


def test_the_pack_has_one_version() -> None:
    described = yaml.safe_load((POLICIES / "PulumiPolicy.yaml").read_text())
    assert described["version"] == server.VERSION


def test_policies_reach_no_network_and_no_files_of_the_deployment() -> None:
    forbidden = {"requests", "urllib", "http", "socket", "subprocess", "boto3", "hvac", "pulumi_aws", "pulumi_ovh"}
    for file in POLICIES.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            assert not {name.partition(".")[0] for name in names} & forbidden, file.name
