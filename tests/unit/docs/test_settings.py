"""The settings as people read them: current, and every key that a stack file may have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from docs.settings import FILE, rows, text
from docs.table import table
from settings import System, read
from tests.unit.settings.stack_files import document_of

MAPS: Final = {"machines": "<role>", "accounts": "<provider>", "services": "<service>", "caches": "<queue>"}
"""What the keys of a map are, by its name."""


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


def given_in(stack: str) -> set[str]:
    config = {key: value for key, value in document_of(stack)["config"].items() if key.startswith("platform:")}
    return {f"`{key}`" for key in keys(config, "")}


@pytest.mark.parametrize("stack", ["dev", "prod", "sandbox", "chat-dev", "chat-prod", "chat-sandbox"])
def test_every_key_of_a_stack_file_is_told(stack: str) -> None:
    assert given_in(stack) <= {row[0] for row in rows()}


@pytest.mark.parametrize("stack", ["dev", "prod", "sandbox", "chat-prod", "chat-sandbox"])
def test_every_required_key_is_in_a_stack_file_that_has_all_its_parts(stack: str) -> None:
    system = read(stack).system
    others = tuple(f"`platform:{other}." for other in System if other is not system)
    assert {row[0] for row in rows() if row[2] == "yes" and not row[0].startswith(others)} <= given_in(stack)


def test_every_row_says_what_is_accepted() -> None:
    assert all(re.fullmatch(r"`platform:[\w.<>\[\]]+`", row[0]) and row[1] for row in rows())
    assert len({row[0] for row in rows()}) == len(list(rows()))


def test_cells_cannot_break_a_table() -> None:
    assert table(("a", "b"), ("x|y", "<z>"), ("`<z>`", "")) == (
        "| a | b |\n|---|---|\n| x\\|y | &lt;z> |\n| `<z>` |  |\n"
    )
