"""The settings as people read them: current, and every key that a stack file may have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from docs.settings import FILE, rows, text
from docs.table import table
from settings import System
from settings.load import ROOT
from tests.unit.settings.stack_files import document_of

STACKS = sorted(file.name.split(".")[1] for file in ROOT.glob("Pulumi.*.yaml"))
MAPS = {"machines": "<role>", "accounts": "<provider>", "services": "<service>", "caches": "<queue>"}


def keys(value: Any, path: str) -> Iterator[str]:
    """The paths of a stack file's values, as the table writes them."""
    if isinstance(value, dict):
        for name, inner in value.items():
            step = MAPS.get(path.rpartition(".")[2], str(name))
            yield from keys(inner, f"{path}.{step}" if path else step)
    elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        for inner in value:
            yield from keys(inner, f"{path}[]")
    else:
        yield path


def test_the_file_is_current() -> None:
    assert FILE.read_text() == text(), "run: make docs"


@pytest.mark.parametrize("stack", STACKS)
def test_every_key_of_a_stack_file_is_told_and_every_required_one_is_in_it(stack: str) -> None:
    config = {key: value for key, value in document_of(stack)["config"].items() if key.startswith("platform:")}
    given = {f"`{key}`" for key in keys(config, "")}
    assert given <= {row[0] for row in rows()}
    others = tuple(f"`platform:{system}." for system in System if f"platform:{system}" not in config)
    assert {row[0] for row in rows() if row[2] == "yes" and not row[0].startswith(others)} <= given


def test_every_row_says_what_is_accepted() -> None:
    assert all(re.fullmatch(r"`platform:[\w.<>\[\]]+`", row[0]) and row[1] for row in rows())
    assert len({row[0] for row in rows()}) == len(list(rows()))


def test_cells_cannot_break_a_table() -> None:
    assert table(("a", "b"), ("x|y", "<z>"), ("`<z>`", "")) == (
        "| a | b |\n|---|---|\n| x\\|y | &lt;z> |\n| `<z>` |  |\n"
    )
