"""The sums of hours and days, made anew from what they are of: however often and in whichever order files come.

Adding to a counter would count a file twice whose message is delivered twice. So the sums of an hour are always those of
all its readings, and the sums of a day those of its hours. Two that do so at the same time cannot undo each other: sums
are replaced only where nobody has replaced them since before their readings were read.
"""

from __future__ import annotations

import random
import time
from typing import Final

from apps.sensors.store import Step, Store, Summary

ATTEMPTS: Final = 20
PAUSE_SECONDS: Final = 0.02
FINER: Final = {Step.HOUR: Step.RAW, Step.DAY: Step.HOUR}


class ContendedError(Exception):
    """Others wrote the same sums all the time; the file is worked on again later."""


def roll_up(store: Store, sensor: str, step: Step, at: str) -> Summary:
    """Make the sums of one hour or day of a sensor anew, and return them; raises ContendedError."""
    for attempt in range(ATTEMPTS):
        version = store.version(sensor, step, at)
        summary = Summary()
        for point in store.within(sensor, FINER[step], at):
            summary = summary.joined(point.summary)
        if store.replace(sensor, step, at, summary, version):
            return summary
        time.sleep(PAUSE_SECONDS * random.uniform(0, attempt + 1))  # noqa: S311 - so that not all try again at once
    raise ContendedError(f"the sums of {sensor} in {at} are written by others all the time")
