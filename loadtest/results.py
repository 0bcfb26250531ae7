"""What came of a load test: JMeter's samples beside what the document store has, and whether that is good enough."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from apps.chat.messages import Lane, Stored

SEND: Final = frozenset(f"send {lane}" for lane in Lane)
KNOWN: Final = SEND | {"open", "join"}


@dataclass(frozen=True)
class Sample:
    """One line of JMeter's; `received` and the other times are 0 where the sample failed before it knew them."""

    label: str
    success: bool
    message: str
    key: str
    lane: str
    sent: int
    received: int

    @property
    def is_message(self) -> bool:
        """Whether a message was sent, and waited for."""
        return self.label in SEND


@dataclass(frozen=True)
class LaneReport:
    """One queue's messages; latencies are from sending to seeing, in milliseconds, 0 where there are none."""

    seen: int
    stored: int
    median_ms: int
    p99_ms: int
    most_ms: int


@dataclass(frozen=True)
class Report:
    """The whole; `findings` says what is not good enough, and is empty where all is."""

    users: int
    sockets: int
    lanes: Mapping[str, LaneReport]
    findings: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """What is written to report.json."""
        return asdict(self)


def samples(file: Path) -> list[Sample]:
    """JMeter's samples (CSV with a head)."""
    with file.open(newline="") as lines:
        return [
            Sample(
                label=row["label"],
                success=row["success"] == "true",
                message=row["responseMessage"],
                key=row["key"],
                lane=row["lane"],
                sent=_number(row["sent"]),
                received=_number(row["received"]),
            )
            for row in csv.DictReader(lines)
        ]


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def percentile(values: Sequence[int], percent: float) -> int:
    """The smallest value that `percent` of the values do not exceed (nearest rank); 0 where there are none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)] if ordered else 0


def report(users: int, latency_ms: int, taken: Sequence[Sample], stored: Iterable[Stored]) -> Report:
    """Compare; `latency_ms` is what 99 of 100 priority messages must stay below."""
    found = list(stored)
    seen = [sample for sample in taken if sample.is_message and sample.success]
    sockets = sum(sample.success for sample in taken if sample.label == "join")
    lanes = {}
    for lane in Lane:
        latencies = [sample.received - sample.sent for sample in seen if sample.lane == lane]
        lanes[lane.value] = LaneReport(
            seen=len(latencies),
            stored=sum(message.lane is lane for message in found),
            median_ms=percentile(latencies, 50),
            p99_ms=percentile(latencies, 99),
            most_ms=max(latencies, default=0),
        )
    return Report(users, sockets, lanes, tuple(_findings(users, latency_ms, taken, found, lanes, sockets)))


def _findings(
    users: int,
    latency_ms: int,
    taken: Sequence[Sample],
    found: Sequence[Stored],
    lanes: Mapping[str, LaneReport],
    sockets: int,
) -> Iterable[str]:
    if sockets < users:
        yield f"{users - sockets} of {users} users did not come in"
    for (label, message), count in Counter((one.label, one.message) for one in taken if not one.success).items():
        yield f"{count} × {label}: {message}"
    if unknown := {sample.label for sample in taken} - KNOWN:
        yield f"samples that the plan does not have: {', '.join(sorted(unknown))}"
    samples_of = Counter(sample.key for sample in taken if sample.is_message and sample.success)
    if repeated := [key for key, count in samples_of.items() if count > 1]:
        yield f"{len(repeated)} messages have more than one sample"
    seen = set(samples_of)
    keys = Counter(message.key for message in found)
    if lost := seen - keys.keys():
        yield f"{len(lost)} messages that were seen are not in the store"
    if doubled := [key for key, count in keys.items() if count > 1]:
        yield f"{len(doubled)} messages are in the store more than once"
    if unseen := keys.keys() - seen:
        yield f"{len(unseen)} messages are in the store that their sender did not see"
    places = Counter(message.chat for message in found)
    last = {chat: max(message.seq for message in found if message.chat == chat) for chat in places}
    for chat, count in places.items():
        if last[chat] != count:
            yield f"{chat} has {count} messages, and the last is number {last[chat]}"
    for name, lane in lanes.items():
        if not lane.seen:
            yield f"no {name} message was seen"
    if lanes[Lane.PRIORITY].p99_ms > latency_ms:
        yield f"99 of 100 priority messages took up to {lanes[Lane.PRIORITY].p99_ms} ms, but {latency_ms} ms is accepted"
