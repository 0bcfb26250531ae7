"""Ten thousand readings, and everything that goes wrong with messages and calls: each is in the table exactly once."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from apps.sensors.model import text_of
from apps.sensors.store import Step, Summary
from tests.unit.apps.sensors.world import ENOUGH_MS, UPLOADED, World, csv_of, jsonl_of

READINGS: Final = 10_000
FILES: Final = 40
GROUP: Final = 5
"""Sensors of one file; every group has two files, which overlap."""
OVERLAP: Final = 10
FAULT_RATE: Final = 0.001
"""Of 280 calls for a file, one fails every fourth time."""
SEED: Final = 20261124

Row = tuple[str, datetime, Decimal]


def _files() -> list[list[Row]]:
    """The lines of each file, shuffled."""
    chosen = random.Random(SEED)
    share = 2 * READINGS // FILES
    files = []
    for group in range(FILES // 2):
        sensors = [f"roof-{group}-{number}" for number in range(GROUP)]
        rows = [
            (sensors[n % GROUP], UPLOADED - timedelta(seconds=n * 13), Decimal(chosen.randint(-500, 600)) / 10)
            for n in range(share)
        ]
        for part in (rows[: share // 2 + OVERLAP], rows[share // 2 :]):
            chosen.shuffle(part)
            files.append(part)
    return files


def test_ten_thousand_readings_are_in_the_table_exactly_once_whatever_fails(world: World) -> None:
    chosen, files = random.Random(SEED), _files()
    rows = {(sensor, text_of(at)): value for part in files for sensor, at, value in part}
    assert len(rows) == READINGS
    for sensor in {sensor for sensor, _ in rows}:
        world.know(sensor)
    queue: list[Mapping[str, Any]] = []
    for number, part in enumerate(files):
        as_json = [(sensor, at, float(value)) for sensor, at, value in part]
        kind, content = ("csv", csv_of(part)) if number % 2 else ("jsonl", jsonl_of(as_json))
        queue.append(world.upload(f"{number}.{kind}", content))
    queue += chosen.sample(queue, 3)  # SQS delivers at least once
    chosen.shuffle(queue)
    world.faults.random, world.faults.rate = random.Random(SEED), FAULT_RATE
    deliveries = 0
    while queue:
        batch, queue = queue[:10], queue[10:]
        deliveries += len(batch)
        assert deliveries < FILES * 20, "messages fail for ever"
        failed = set(world.work(*batch, remaining_ms=0 if chosen.random() < 0.2 else ENOUGH_MS))
        queue += [message for message in batch if message["messageId"] in failed]
        chosen.shuffle(queue)

    world.faults.rate = 0.0
    assert world.faults.failed > 5, "nothing was injected"
    assert deliveries > FILES + 10, "nothing was delivered again"
    assert world.readings() == rows
    assert world.quarantined() == {}
    assert world.sums(Step.HOUR) == _sums(rows, "2026-11-24T10")
    assert world.sums(Step.DAY) == _sums(rows, "2026-11-24")


def _sums(rows: Mapping[tuple[str, str], Decimal], like: str) -> dict[tuple[str, str], Summary]:
    found: dict[tuple[str, str], Summary] = {}
    for (sensor, at), value in rows.items():
        key = (sensor, at[: len(like)])
        found[key] = found.get(key, Summary()).with_value(value)
    return found


@pytest.mark.parametrize("step", [Step.HOUR, Step.DAY])
def test_sums_are_not_replaced_by_older_ones(world: World, step: Step) -> None:
    """Somebody sums up, is held up, and writes when others have summed up more: that is refused."""
    at = {Step.HOUR: "2026-11-24T10", Step.DAY: "2026-11-24"}[step]
    seen = world.store.version("roof-1", step, at)
    newer = Summary(2, Decimal(3), Decimal(1), Decimal(2))
    assert world.store.replace("roof-1", step, at, newer, seen)
    assert not world.store.replace("roof-1", step, at, Summary(1, Decimal(1), Decimal(1), Decimal(1)), seen)
    assert world.sums(step) == {("roof-1", at): newer}
