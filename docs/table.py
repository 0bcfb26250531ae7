"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Sequence


def table(head: Sequence[str], *rows: Sequence[str]) -> str:
    """A table of texts; what Markdown would take for its own in them stays as it is."""
    lines = ["| " + " | ".join(map(_cell, row)) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]]) + "\n"


def _cell(text: str) -> str:
    text = text.replace("|", r"\|")
    return text if text.startswith("`") else text.replace("<", "&lt;")
