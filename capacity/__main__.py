"""`python -m capacity`: simulate the test of production, print what came of it, and write pictures and tables to docs/."""

from __future__ import annotations

from typing import Final

from capacity import document, pictures, simulation
from capacity import figures as f
from capacity.model import limits
from capacity.simulation import Flood
from settings import read

STACK: Final = "chat-prod"
FLOOD: Final = Flood(start=600, seconds=60, per_second=8_000)
"""More than any part of production can do, in the middle of the hold."""
LOOKED_AT: Final = range(200)


def main() -> None:
    """Do all of it; about half a minute."""
    chat = read(STACK).chat
    assert chat is not None  # noqa: S101 - it is a chat's stack
    print(f"{STACK}: {document.first(chat)}")
    separate = simulation.run(simulation.of(chat, FLOOD))
    shared = simulation.run(simulation.of(chat, FLOOD, shared=True))
    came = document.simulated(separate, shared, FLOOD)
    print(came, end="")
    behind = simulation.most_behind(list(separate.values()), LOOKED_AT)
    print(f"a slow client is {behind} messages behind at most; sent away is who is {f.BEHIND.value:.0f} behind")
    pictures.latency(document.DOCS / "chat-latency.svg", separate, shared, FLOOD, chat.alarms.latency_ms)
    pictures.waiting(document.DOCS / "chat-queues.svg", separate, FLOOD)
    pictures.limits(document.DOCS / "chat-limits.svg", limits(chat), (document.TARGETS[0], document.TARGETS[1]))
    document.FILE.write_text(document.text(document.FILE.read_text(), {**document.tables(chat), "simulated": came}))


if __name__ == "__main__":
    main()
