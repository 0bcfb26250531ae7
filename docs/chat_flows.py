"""`python -m docs.chat_flows` writes the chat's flow matrix into docs/chat.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from components.aws.flows import flows

FILE: Final = Path(__file__).with_name("chat.md")
BEGIN: Final = "<!-- flows: written by `python -m docs.chat_flows`, kept current by a test -->\n"
END: Final = "<!-- end of flows -->"
VAULT_PORT: Final = 0
"""No real port: in the table, Vault's is known by the setting's name."""


def table() -> str:
    """The matrix; flows that differ in nothing but who opens them stand in one line."""
    sources: dict[tuple[str, int, str], list[str]] = {}
    for flow in flows(VAULT_PORT):
        sources.setdefault((flow.target, flow.port, flow.reason), []).append(flow.source)
    rows = [
        f"| {', '.join(names)} | {target} | {_port(port)} | {reason} |"
        for (target, port, reason), names in sources.items()
    ]
    return "\n".join(["| From | To | TCP port | Why |", "|---|---|---|---|", *rows]) + "\n"


def _port(port: int) -> str:
    return str(port) if port != VAULT_PORT else "of `vault.address`"


def text(document: str) -> str:
    """The document with the table as it must be. Raises ValueError where it has no place for it."""
    place = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    if place.search(document) is None:
        raise ValueError(f"{FILE.name} has no lines {BEGIN.strip()!r} and {END!r}")
    return place.sub(lambda _: f"{BEGIN}{table()}{END}", document)


def main() -> None:
    """Write the file."""
    FILE.write_text(text(FILE.read_text()))


if __name__ == "__main__":
    main()
