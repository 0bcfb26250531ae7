"""What is tested, from a stack's settings, and the JMeter plan of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

import jinja2

from settings.chat.model import Chat

TEMPLATE: Final = Path(__file__).with_name("plan.jmx.j2")
RAMP_SECONDS: Final = 300
HOLD_SECONDS: Final = 900
MOST_USERS: Final = 5_000
"""Threads of one JMeter; each is a user with a socket."""
SKEW_MS: Final = 500
"""How far clocks of different machines may be apart, where the order of times is checked."""
VARIABLES: Final = ("key", "lane", "sent", "accepted", "stored", "received", "seq")
"""What is written of every message besides JMeter's own columns."""


class PlanError(Exception):
    """There is no such plan; the text names what was given, and what is accepted."""


@dataclass(frozen=True)
class Load:
    """A load test: users who come over `ramp_seconds`, stay for `hold_seconds`, and send and receive all the while.

    A chat has `members` users; `interval_ms` is between two messages of one user, on average.
    """

    users: int
    members: int
    interval_ms: int
    priority_percent: int
    payload_bytes: int
    latency_ms: int
    ramp_seconds: int = RAMP_SECONDS
    hold_seconds: int = HOLD_SECONDS

    @classmethod
    def of(cls, chat: Chat, users: int | None = None) -> Self:
        """The load that the settings speak of, or that of some of its users, each of whom does what all do.

        Raises PlanError where that are more users than one JMeter can be.
        """
        traffic = chat.traffic
        users = traffic.connections if users is None else users
        if not 1 <= users <= min(MOST_USERS, traffic.connections):
            raise PlanError(
                f"{users} users, but accepted is 1 to {min(MOST_USERS, traffic.connections)}: one JMeter is {MOST_USERS} "
                f"users at most, and the settings have {traffic.connections} sockets; say --users, and run several"
            )
        return cls(
            users=users,
            members=min(traffic.fan_out, users),
            interval_ms=max(1, round(1000 * traffic.connections / traffic.messages_per_second)),
            priority_percent=traffic.priority_percent,
            payload_bytes=traffic.payload_bytes,
            latency_ms=chat.alarms.latency_ms,
        )

    def lasting(self, ramp_seconds: int, hold_seconds: int) -> Self:
        """The same, over other times. Raises PlanError."""
        for name, value in (("ramp", ramp_seconds), ("hold", hold_seconds)):
            if not 1 <= value <= 86_400:
                raise PlanError(f"{name} is {value} s, but accepted is 1 to 86400")
        return replace(self, ramp_seconds=ramp_seconds, hold_seconds=hold_seconds)

    @property
    def chats(self) -> int:
        """How many chats the users are in."""
        return math.ceil(self.users / self.members)


def text(load: Load, address: str, users: Path) -> str:
    """The plan as JMeter reads it; `address` is ws:// or wss://host[:port], `users` a table with user, chat and token.

    Raises PlanError.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("ws", "wss") or parts.hostname is None or parts.path not in ("", "/"):
        raise PlanError(f"{address}: accepted is ws://host or wss://host, with a port or without")
    port = parts.port or (443 if parts.scheme == "wss" else 80)
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    template = environment.from_string(TEMPLATE.read_text())
    return template.render(
        load=load,
        secure=parts.scheme == "wss",
        host=parts.hostname,
        port=port,
        users=users,
        text="x" * load.payload_bytes,
        skew=SKEW_MS,
    )
