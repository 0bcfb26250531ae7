"""The harness breaks policies, cases notice, and the list of what they do not notice is current."""

from __future__ import annotations

import ast

import pytest

from sandbox.session import POLICIES
from tests.policy.mutation import ALL, SURVIVORS, mutants, survivors

SOURCE = """
LIMIT: Final = frozenset([1, 2])
POLICY: Final = Policy(severity=1)

def check(resource):
    if resource.size > 3 and not resource.small:
        yield resource
"""


def test_every_mutant_is_another_program_that_differs_in_one_place() -> None:
    found = list(mutants(SOURCE))
    texts = [ast.unparse(mutant.tree) for mutant in found]
    assert len(set(texts)) == len(texts) == 10
    assert ast.unparse(ast.parse(SOURCE)) not in texts
    assert all("severity=1" in text for text in texts), "the policy's own texts stay"


def test_the_list_names_every_policy_that_has_cases() -> None:
    listed = [line.split()[1].rstrip(":") for line in SURVIVORS.read_text().splitlines() if line.startswith("#")]
    assert tuple(listed) == ALL


@pytest.mark.parametrize("name", ["tags", "backups", "audit", "deletion-protection"])
def test_the_survivors_are_those_that_are_listed(name: str) -> None:
    left, count = survivors(name)
    assert count - len(left) > 0, "cases notice"
    file = f"{name.replace('-', '_')}.py:"
    assert (POLICIES / file.rstrip(":")).exists()
    listed = [line for line in SURVIVORS.read_text().splitlines() if line.startswith(file)]
    assert sorted(left) == sorted(listed), "run `python -m tests.policy.mutation`"
