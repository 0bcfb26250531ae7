"""docs/chat.md has the flow matrix as it is, and figures that are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import catalog
from components.aws.flows import flows
from docs.chat_flows import FILE, table, text
from settings.load import ROOT


def test_the_table_is_current() -> None:
    assert text(FILE.read_text()) == FILE.read_text(), "run: make docs"


def test_the_table_has_every_flow_once() -> None:
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table().splitlines()[2:]]
    shown = [(source, target) for sources, target, _, _ in rows for source in sources.split(", ")]
    assert sorted(shown) == sorted((flow.source.value, flow.target.value) for flow in flows(8200))


def test_a_document_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match=r"chat\.md has no lines"):
        text("# The chat system\n")


def test_what_the_document_names_is_there() -> None:
    document = FILE.read_text()
    for name in re.findall(r"`((?:components|stacks|settings|catalog|apps)/[\w./]+)`", document):
        assert (Path(ROOT) / name).exists(), name


def test_the_sum_of_the_endpoints_is_that_of_the_catalogue() -> None:
    zone = catalog.aws().prices["endpoint_zone"]
    assert f"3 × 3 × {zone:.2f} € = {9 * zone:.0f} €" in " ".join(FILE.read_text().split())
