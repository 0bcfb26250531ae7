"""`python -m docs.policies` writes docs/policies.md: what the policies demand, why, and what to do about a violation."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from docs.table import table
from policies.__main__ import REGISTRY

FILE: Final = Path(__file__).with_name("policies.md")
HEAD: Final = """# Policies

What the policy pack demands of every preview and update. Written by `make docs` from the policies in
[policies/](../policies); a test keeps it current.

"""


def text() -> str:
    """The content of docs/policies.md."""
    rows = [(f"`{p.name}`", p.severity.value, p.description, p.reason, p.remedy) for p in REGISTRY]
    return HEAD + table(("Policy", "Severity", "What it demands", "Why", "What to do about a violation"), *rows)


if __name__ == "__main__":
    FILE.write_text(text())
