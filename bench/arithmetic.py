"""From single measurements to the numbers of the report."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Result:
    """What is reported of one measure; `runs` says how many measurements are behind it."""

    median: float
    min: float
    max: float
    unit: str
    runs: int

    def as_json(self) -> dict[str, float | int | str]:
        """The entry in build/bench.json, to four decimals."""
        return {key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(self).items()}


def summarise(values: Sequence[float], unit: str) -> Result:
    """Median and extremes of measurements in `unit`. Raises ValueError where there are none."""
    if not values:
        raise ValueError("no measurements to summarise")
    return Result(statistics.median(values), min(values), max(values), unit, len(values))


def ratios(measured: Sequence[float], base: Sequence[float]) -> list[float]:
    """`measured` over `base`, round by round: what slowed a round down slowed both of its measurements.

    Raises ValueError where the two have not the same number of rounds.
    """
    return [one / other for one, other in zip(measured, base, strict=True)]


def slope(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """The exponent k of seconds = c · size^k: the least squares slope of log(seconds) over log(size).

    1.0 is linear growth. Raises ValueError where there are fewer than two different sizes.
    """
    if len(set(sizes)) < 2:
        raise ValueError(f"growth needs two different sizes or more, not {list(sizes)}")
    return statistics.linear_regression([math.log(size) for size in sizes], [math.log(one) for one in seconds]).slope


def rotated(names: Sequence[str], round_number: int) -> list[str]:
    """The order of a round: each name is first, second, and so on equally often."""
    start = round_number % len(names)
    return [*names[start:], *names[:start]]
