"""The report that a reviewer reads, and the one that code scanning does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from policies.__main__ import REGISTRY
from review.findings import read
from review.markdown import LISTED, parts, report
from review.run import Reviewed
from review.sarif import sarif
from tests.unit.review.events import INSTANCE, URN, VOLUME, broken, said, step, write

BASE = "0123456789abcdef0123456789abcdef01234567"


def reviewed(
    folder: Path, *events: dict[str, Any], before: float | None = 100.0, after: float | None = 100.0
) -> Reviewed:
    return Reviewed("prod", read(write(folder, *events)), before, after, complete=True)


def row(text: str) -> list[str]:
    return [cell.strip() for cell in next(line for line in text.splitlines() if line.startswith("| prod")).split("|")]


def test_nothing_to_say_is_one_line(tmp_path: Path) -> None:
    text = report([reviewed(tmp_path)], BASE)
    assert row(text)[1:-1] == ["prod", "0", "0", "0", "0", "pass", "100", "✅"]
    assert "###" not in text


def test_cost_is_told_before_and_after(tmp_path: Path) -> None:
    assert row(report([reviewed(tmp_path, before=100.4, after=137.0)], BASE))[7] == "100 → 137 (+37)"
    assert row(report([reviewed(tmp_path, before=None, after=50.0)], BASE))[7] == "new: 50"
    assert row(report([reviewed(tmp_path, after=None)], BASE))[7] == "?"


def test_a_broken_policy_says_resource_and_remedy_and_keeps_the_table_whole(tmp_path: Path) -> None:
    text = report([reviewed(tmp_path, broken("redundancy", f"{URN}{INSTANCE}::app-1"))], BASE)
    assert "**1 broken**" in row(text)
    assert "⛔ blocked" in text
    assert "| redundancy | `CloudInstance app-1` | zone is a\\|b<br>accepted: another | change it |" in text


def test_an_advisory_policy_does_not_block(tmp_path: Path) -> None:
    text = report([reviewed(tmp_path, broken("tags", level="advisory"))], BASE)
    assert "pass, 1 advisory" in row(text)
    assert "tags (advisory)" in text
    assert "⛔" not in text


def test_lost_data_is_shouted_about_before_all_else(tmp_path: Path) -> None:
    text = report([reviewed(tmp_path, step("delete", VOLUME, "data"), step("create", INSTANCE, "app"))], BASE)
    assert "⚠️ **1 with data replaced or deleted**" in text
    assert "> - delete `CloudStorageBlockVolume data`" in text
    assert text.index("[!CAUTION]") < text.index("<details>")


def test_errors_are_shown(tmp_path: Path) -> None:
    text = report([reviewed(tmp_path, said("error", "region GRA99 is unknown"), after=None)], BASE)
    assert "❌ fails" in text
    assert "region GRA99 is unknown" in text


def test_many_changes_are_counted_and_not_all_named(tmp_path: Path) -> None:
    steps = [step("create", INSTANCE, f"app-{n}") for n in range(LISTED + 5)]
    text = report([reviewed(tmp_path, *steps)], BASE)
    assert text.count("- create `") == LISTED
    assert "- create 5 more" in text


def test_a_stack_that_was_not_whole_before_is_said_so(tmp_path: Path) -> None:
    result = Reviewed("prod", read(write(tmp_path)), None, 10.0, complete=False)
    assert "does not come up as a whole" in report([result], BASE)


def test_messages_of_policies_come_apart() -> None:
    assert parts("a: b is wrong\nmore\nAccepted: c\nRemedy: d: e\nClause: f") == {
        "": "a: b is wrong\nmore",
        "Accepted": "c",
        "Remedy": "d: e",
        "Clause": "f",
    }


def test_every_policy_is_a_rule_and_every_violation_a_result(tmp_path: Path) -> None:
    urn = f"{URN}{INSTANCE}::app-1"
    result = reviewed(tmp_path, broken("redundancy", urn), broken("tags", level="advisory"))
    (run,) = json.loads(json.dumps(sarif([result])))["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [policy.name for policy in REGISTRY]
    assert {(found["ruleId"], found["level"]) for found in run["results"]} == {
        ("redundancy", "error"),
        ("tags", "warning"),
    }
    assert {found["ruleId"] for found in run["results"]} <= {policy.name for policy in REGISTRY}
    place = next(found for found in run["results"] if found["ruleId"] == "redundancy")["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "Pulumi.prod.yaml"
    assert place["logicalLocations"][0]["fullyQualifiedName"] == urn
