"""Metrics as lines of the log, in CloudWatch's embedded metric format, which CloudWatch takes out of there by itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from apps.chat.messages import now

PERIOD_SECONDS: Final = 60.0
MOST_SAMPLES: Final = 100
"""What one line may have of a metric (CloudWatch user guide, "Embedded metric format", values of a target member)."""


class Unit(StrEnum):
    """CloudWatch's units."""

    COUNT = "Count"
    SECONDS = "Seconds"
    MILLISECONDS = "Milliseconds"


class Metrics:
    """Metrics with one set of dimensions, gathered and written once a period."""

    def __init__(self, namespace: str, dimensions: Mapping[str, str]) -> None:
        self._namespace = namespace
        self._dimensions = dimensions
        self._samples: dict[tuple[str, Unit], list[float]] = {}

    def add(self, name: str, unit: Unit, value: float) -> None:
        """Add to a sum."""
        sums = self._samples.setdefault((name, unit), [0.0])
        sums[0] += value

    def sample(self, name: str, unit: Unit, value: float) -> None:
        """One more value, of which statistics are made."""
        self._samples.setdefault((name, unit), []).append(value)

    def write(self) -> None:
        """Write what was gathered, and begin anew."""
        most = max(map(len, self._samples.values()), default=0)
        for start in range(0, most, MOST_SAMPLES):
            part = {key: values[start : start + MOST_SAMPLES] for key, values in self._samples.items()}
            print(json.dumps(self._line({key: values for key, values in part.items() if values})), flush=True)
        self._samples.clear()

    def _line(self, samples: Mapping[tuple[str, Unit], list[float]]) -> dict[str, Any]:
        directive = {
            "Namespace": self._namespace,
            "Dimensions": [list(self._dimensions)],
            "Metrics": [{"Name": name, "Unit": unit.value} for name, unit in samples],
        }
        return {
            "_aws": {"Timestamp": now(), "CloudWatchMetrics": [directive]},
            **self._dimensions,
            **{name: values for (name, _), values in samples.items()},
        }
