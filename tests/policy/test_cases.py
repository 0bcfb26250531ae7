"""What every policy says of every case: as a real engine asks it, and as it was recorded when one did."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from policies.registry import Registry
from tests.policy import recording
from tests.policy.cases import Case, Kind, System
from tests.policy.cases.program import SEPARATOR
from tests.policy.cases.tables import CASES, SYSTEMS
from tests.policy.replay import agrees, answer, every_case

ELSEWHERE = {"exceptions": "test_configuration.py", "budget": "test_stacks.py"}
"""Policies that judge the stack's settings, and where they are tried."""


@pytest.fixture(scope="session")
def corpus() -> Mapping[str, Any]:
    """What was recorded."""
    return recording.load()


@pytest.mark.parametrize(
    ("name", "case"), list(every_case()), ids=lambda one: one if isinstance(one, str) else one.title
)
def test_a_policy_says_what_is_wrong_and_nothing_else(
    name: str, case: Case | System, registry: Registry, corpus: Mapping[str, Any]
) -> None:
    policy = next(policy for policy in registry if policy.name == name)
    found = answer(policy, case, corpus)
    assert agrees(found, case.refused), "\n".join(["found:", *found, "expected:", *case.refused])


def test_every_policy_is_tried_in_every_way(registry: Registry) -> None:
    kinds: dict[str, set[Kind]] = defaultdict(set)
    for name, case in every_case():
        kinds[name].add(case.kind)
    for policy in registry:
        if policy.name in ELSEWHERE:
            continue
        assert {Kind.PASS, Kind.FAIL, Kind.MISSING, Kind.UNKNOWN} <= kinds[policy.name], policy.name
    assert len(list(every_case())) >= 700


@pytest.mark.parametrize("cases", [*CASES.values(), *SYSTEMS.values()])
def test_titles_are_taken_once(cases: Any) -> None:
    assert [title for title, count in Counter(case.title for case in cases).items() if count > 1] == []


@pytest.mark.engine
def test_a_real_preview_asks_what_was_recorded_and_refuses_what_must_be(tmp_path: Path) -> None:
    recorded = recording.record(tmp_path)
    assert recording.text(recorded.corpus) == recording.FILE.read_text(), "run `python -m tests.policy.recording`"
    said: dict[str, list[str]] = defaultdict(list)
    for verdict in recorded.verdicts:
        if verdict.resource.startswith(f"{verdict.policy}{SEPARATOR}"):
            said[verdict.resource].append(verdict.message)
    for policy, cases in CASES.items():
        for case in cases:
            found = said[SEPARATOR.join((policy, case.title))]
            assert len(found) == len(case.refused), case.title
            assert all(any(part in text for text in found) for part in case.refused), (case.title, found)
