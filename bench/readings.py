"""How many readings a second the sensors' functions take: alone, and as a whole chain in the simulated AWS."""

from __future__ import annotations

import io
import time
from datetime import datetime, timedelta
from typing import Final

from apps.sensors.files import Format, lines
from apps.sensors.model import text_of
from sandbox.sensors import SENSORS, SensorsSystem

PARSED: Final = 100_000
STORED: Final = 1_000


def content(count: int, until: datetime) -> bytes:
    """A file of readings of all sensors, a second apart, which are other ones for every `until`."""
    rows = (
        f"{SENSORS[number % len(SENSORS)].sensor},{text_of(until - timedelta(seconds=number))},{number % 50}.25"
        for number in range(count)
    )
    return "\n".join(["sensor,at,value", *rows]).encode()


def parsed(until: datetime) -> float:
    """Readings a second from the bytes of a file to readings that were checked, in one thread."""
    body = io.BytesIO(content(PARSED, until))
    started = time.perf_counter()
    good = sum(line.reading is not None for line in lines(body, Format.CSV))
    if good != PARSED:
        raise ValueError(f"{PARSED - good} of {PARSED} readings were not taken")
    return PARSED / (time.perf_counter() - started)


def stored(system: SensorsSystem, until: datetime) -> float:
    """Readings a second from the upload of a file until all of them are in the table: bucket, topic, queue, function.

    What is measured is the simulated AWS more than the function; it says when one of them has become slower.
    """
    system.register(SENSORS)
    before = system.readings()
    file = content(STORED, until)
    started = time.perf_counter()
    system.upload(f"bench-{text_of(until)}.csv", file)
    system.wait_for(before + STORED)
    return STORED / (time.perf_counter() - started)
