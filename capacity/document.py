"""The tables of docs/chat-capacity.md."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from capacity.figures import figures
from capacity.model import Plan, bottleneck, limits, plan, scaled
from capacity.simulation import Flood, Lane
from docs.table import table
from settings.chat.model import Chat

DOCS: Final = Path(__file__).resolve().parent.parent / "docs"
FILE: Final = DOCS / "chat-capacity.md"
BEGIN: Final = "<!-- {name}: written by `python -m capacity` -->\n"
END: Final = "<!-- end of {name} -->"
TARGETS: Final = (300, 500, 300_000, 500_000)
"""Messages a second that were asked for, and a thousand times as many."""


def plans(chat: Chat) -> list[Plan]:
    """The plans of all targets, for traffic such as the settings speak of."""
    return [plan(scaled(chat.traffic, target)) for target in TARGETS]


def tables(chat: Chat) -> dict[str, str]:
    """Every table of the document, by its name there."""
    found = plans(chat)
    head = ["", *(f"{target:,} messages/s" for target in TARGETS)]
    sizes = [
        ["sockets", *(f"{one.traffic.connections:,}" for one in found)],
        ["systems, each in a stack", *(f"{one.cells:,}" for one in found)],
        ["gateways, each", *(f"{one.gateways:,}" for one in found)],
        ["bulk workers, each", *(f"{one.bulk_workers}" for one in found)],
        ["priority workers, each", *(f"{one.priority_workers}" for one in found)],
        ["broadcasters, each", *(f"{one.broadcasters}" for one in found)],
        ["bulk cache", *(f"3 × {one.bulk_cache}" for one in found)],
        ["priority cache", *(f"3 × {one.priority_cache}" for one in found)],
        ["documents", *(f"3 × {one.documents}" for one in found)],
        *([f"EUR a month, {what}", *(f"{one.eur_month[what]:,.0f}" for one in found)] for what in found[0].eur_month),
        ["**EUR a month**", *(f"**{one.total_eur_month:,.0f}**" for one in found)],
    ]
    full = sorted(limits(chat).items(), key=lambda one: one[1])
    return {
        "plans": table(head, *sizes),
        "limits": table(["Part", "Messages a second"], *([name, f"{value:,.0f}"] for name, value in full)),
        "figures": table(
            ["Figure", "Value", "Unit", "Kind", "Source"],
            *([f"`{name}`", f"{one.value:g}", one.unit, one.kind, one.source] for name, one in figures().items()),
        ),
    }


def text(document: str, contents: Mapping[str, str]) -> str:
    """The document with these tables, by their names. Raises ValueError where it has no place for one."""
    for name, content in contents.items():
        begin, end = BEGIN.format(name=name), END.format(name=name)
        place = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
        if place.search(document) is None:
            raise ValueError(f"{FILE.name} has no lines {begin.strip()!r} and {end!r}")
        document = place.sub(lambda _, whole=f"{begin}{content}{end}": whole, document)  # type: ignore[misc]
    return document


def simulated(separate: Mapping[str, Lane], shared: Mapping[str, Lane], flood: Flood) -> str:
    """What became of the messages that were sent in the flood."""
    rows = []
    for words, lanes in (("a queue for each kind", separate), ("one queue for all", shared)):
        for name, lane in lanes.items():
            during = lane.latency[(lane.sent >= flood.start) & (lane.sent < flood.end)]
            median, most = (1000 * np.percentile(during, percent) for percent in (50, 99))
            rows.append([words, name, f"{len(during):,}", f"{median:,.0f} ms", f"{most:,.0f} ms"])
    return table(["With", "Messages", "Sent in the flood", "Half seen within", "99 of 100 seen within"], *rows)


def first(chat: Chat) -> str:
    """The first bottleneck in a sentence."""
    part, rate = bottleneck(chat)
    return f"{part}: full at {rate:,.0f} messages a second"
