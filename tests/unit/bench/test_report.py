"""The table that `make bench` prints."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from bench.__main__ import GOALS, judged, table
from bench.arithmetic import Result


def _result(median: float, unit: str = "ratio") -> Result:
    return Result(median, median, median, unit, 5)


@pytest.mark.parametrize("name", GOALS)
def test_a_goal_is_met_up_to_its_number(name: str) -> None:
    goal = GOALS[name]
    assert "ok" in judged(name, _result(goal))
    assert "missed" in judged(name, _result(goal + 0.001))


def test_what_has_no_goal_is_not_judged() -> None:
    assert judged("preview", _result(100.0)) == ""


def test_the_table_is_whole_on_a_narrow_page() -> None:
    results = {name: _result(1234.5, "exponent") for name in (*GOALS, "resources_16x")}
    page = Console(file=io.StringIO(), width=80)
    page.print(table(results))
    assert isinstance(page.file, io.StringIO)
    shown = page.file.getvalue()
    assert "…" not in shown
    assert all(name in shown for name in results)
    assert shown.count("1234.500") == 3 * len(results)
