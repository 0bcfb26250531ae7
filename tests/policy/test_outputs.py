"""What resources, components and the stack report is searched for secrets when it is known, which no preview tells."""

from __future__ import annotations

from typing import Any

import pytest

from policies import secrets_from_vault
from policies.model import Resource, Stack
from policies.wire import UNKNOWN, Secret
from tests.policy.cases.secrets_from_vault import GITHUB_TOKEN, PASSWORD, VAULT_TOKEN

URN = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev"


def problems(outputs: dict[str, Any], **inputs: Any) -> list[str]:
    resource = Resource(URN, "pulumi:pulumi:Stack", "p-dev", inputs, outputs=outputs)
    check = secrets_from_vault.POLICY.check_stack
    assert check is not None
    found = list(check(Stack((resource,))))
    assert {violation.urn for violation in found} <= {URN}
    return [violation.problem for violation in found]


@pytest.mark.parametrize(
    ("outputs", "problem"),
    [
        ({"password": PASSWORD}, "output password holds a secret that is not marked as one"),
        ({"database": {"password": PASSWORD}}, "output database.password holds a secret that is not marked as one"),
        (
            {"urls": [f"https://x.example/?t={GITHUB_TOKEN}"]},
            "output urls[0] contains a secret in plain text: GitHub Token",
        ),
    ],
)
def test_what_is_reported_in_plain_text_is_found(outputs: dict[str, Any], problem: str) -> None:
    (found,) = problems(outputs)
    assert found.startswith(problem)


def test_what_is_marked_or_not_known_is_not() -> None:
    assert problems({"password": Secret(PASSWORD), "token": UNKNOWN, "database": {"password": Secret(PASSWORD)}}) == []


def test_what_was_declared_was_judged_before() -> None:
    assert problems({"password": PASSWORD}, password=PASSWORD) == []


def test_user_data_was_judged_before_with_its_one_wrapped_token() -> None:
    assert problems({"userData": f"# wrapped\n{VAULT_TOKEN} password: {PASSWORD}"}) == []
