"""`python -m docs.flows` writes docs/flows.md: the flow matrix as a table, with the settings that each line depends on."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from inspect import getsource
from itertools import product
from pathlib import Path
from typing import Any, Final

from components.network.flows import Flow, Party, Protocol, flows
from docs.table import table
from settings import DatabaseVariant, FilesKind, Role

FILE: Final = Path(__file__).with_name("flows.md")
APP_PORT: Final = 0
"""No real port, so that the application's is known in the table by the setting's name."""
HEAD: Final = """# Flow matrix

Every connection that may be opened in the hosting system; what is not here is dropped. Security groups and the
machines' own firewalls are made from the same lines. Written by `make docs` from
[components/network/flows.py](../components/network/flows.py); a test keeps it current.

"""

End = Role | Party
Variant = tuple[DatabaseVariant, FilesKind, bool]
CONDITIONS: Final[tuple[Mapping[Any, str], ...]] = (
    {variant: f"`database.variant: {variant}`" for variant in DatabaseVariant},
    {kind: f"`files.kind: {kind}`" for kind in FilesKind},
    {True: "two sites", False: "one site"},
)
"""How each part of a variant is called where a flow depends on it."""


@dataclass(frozen=True)
class Line:
    """One line of the table: flows between any of the sources and any of the targets."""

    sources: tuple[End, ...]
    targets: tuple[End, ...]
    protocol: Protocol
    ports: tuple[int, int] | None
    reason: str
    condition: str


def condition(variants: set[Variant]) -> str:
    """Which settings make a flow appear in exactly these variants; empty where it is in all of them.

    Raises ValueError where no combination of single settings does.
    """
    parts = [{variant[index] for variant in variants} for index in range(len(CONDITIONS))]
    if set(product(*parts)) != variants:
        raise ValueError(f"a flow is in {sorted(map(str, variants))}, which no settings by themselves describe")
    names = (names[next(iter(part))] for names, part in zip(CONDITIONS, parts, strict=True) if len(part) == 1)
    return ", ".join(names)


def conditions() -> dict[Flow, str]:
    """Every flow that there can be, with the settings that it depends on."""
    found: dict[Flow, set[Variant]] = {}
    between: set[Flow] = set()
    for database, files, linked in product(reversed(DatabaseVariant), reversed(FilesKind), (True, False)):
        for flow in flows(APP_PORT, database, files, linked=linked):
            at_one_site = replace(flow, across=False)
            found.setdefault(at_one_site, set()).add((database, files, linked))
            if flow.across:
                between.add(at_one_site)
    return {replace(flow, across=flow in between): condition(variants) for flow, variants in found.items()}


def lines() -> list[Line]:
    """The lines of the table: flows that differ in nothing but who opens them, or to whom, stand together."""
    by_target: dict[tuple[Any, ...], list[End]] = {}
    for flow, when in conditions().items():
        reason = f"{flow.reason}; between sites, too" if flow.across else flow.reason
        by_target.setdefault((flow.target, flow.protocol, flow.ports, reason, when), []).append(flow.source)
    by_sources: dict[tuple[Any, ...], list[End]] = {}
    for (target, *rest), sources in by_target.items():
        by_sources.setdefault((tuple(sources), *rest), []).append(target)
    return [Line(sources, tuple(targets), *rest) for (sources, *rest), targets in by_sources.items()]


def ports(of: Flow | Line) -> str:
    """The ports as people write them."""
    if of.ports is None:
        return ""
    if of.ports[0] == APP_PORT:
        return "`app_port`"
    return "–".join(map(str, dict.fromkeys(of.ports)))


def ends(names: Sequence[End]) -> str:
    """Who is at one end; all roles, or all but one, by these words."""
    others = [role for role in Role if role not in names]
    if len(names) + len(others) > len(Role) or len(others) > 1:
        return ", ".join(names)
    return "every role" if not others else f"every role but {others[0]}"


def rows() -> Iterator[tuple[str, ...]]:
    """The table's rows."""
    for line in lines():
        protocol, when = line.protocol.value, line.condition or "always"
        yield ends(line.sources), ends(line.targets), protocol, ports(line), line.reason, when


def explained() -> Iterator[tuple[str, str]]:
    """The parties with the words that their definition has for them."""
    (definition,) = ast.parse(getsource(Party)).body
    assert isinstance(definition, ast.ClassDef)  # noqa: S101 - it is one
    for member, text in zip(definition.body[1:], definition.body[2:], strict=False):
        if isinstance(member, ast.Assign) and isinstance(member.targets[0], ast.Name) and isinstance(text, ast.Expr):
            yield Party[member.targets[0].id].value, str(ast.literal_eval(text.value))


def text() -> str:
    """The content of docs/flows.md."""
    heads = ("From", "To", "Protocol", "Port", "Why", "When")
    names = ("Name", "Who")
    return f"{HEAD}{table(heads, *rows())}\nOther names than the machines' roles:\n\n{table(names, *explained())}"


if __name__ == "__main__":
    FILE.write_text(text())
