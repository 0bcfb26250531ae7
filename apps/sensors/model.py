"""What a reading is, and when something is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

SENSOR: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)", re.ASCII)
NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
DIGITS: Final = 12
"""Of a value, before the point and behind it: far within what a database number keeps exactly (38 in all)."""
SHOWN: Final = 80
"""Characters of a value that an error repeats."""


class RejectedError(Exception):
    """One reading cannot be taken; the text names the field, the value and what is accepted."""


@dataclass(frozen=True)
class Reading:
    """What a sensor measured at a moment; the two together are its identity."""

    sensor: str
    at: datetime
    value: Decimal

    @property
    def hour(self) -> str:
        """The hour that it belongs to."""
        return hour_of(self.at)


@dataclass(frozen=True)
class Sensor:
    """A sensor that is known: only what it can measure is believed."""

    sensor: str
    name: str
    unit: str
    least: Decimal
    most: Decimal


@dataclass(frozen=True)
class Window:
    """The moments that are believed of a file, by when it was uploaded.

    Against that, and not against the clock, a file is judged the same whenever it is worked on again.
    """

    uploaded: datetime
    late_days: int
    skew_minutes: int

    def check(self, at: datetime) -> None:
        """Raises RejectedError for a moment outside."""
        if at > self.uploaded + timedelta(minutes=self.skew_minutes):
            accepted = f"at most {self.skew_minutes} minutes after the upload at {text_of(self.uploaded)}"
            raise RejectedError(f"at is {text_of(at)}; accepted: {accepted} (the sensor's clock is ahead)")
        if at < self.uploaded - timedelta(days=self.late_days):
            accepted = f"at most {self.late_days} days before the upload at {text_of(self.uploaded)}"
            raise RejectedError(f"at is {text_of(at)}; accepted: {accepted} (it comes too late)")


def reading_of(fields: Mapping[str, Any]) -> Reading:
    """A reading from a line's fields; raises RejectedError."""
    return Reading(_sensor(fields.get("sensor")), moment_of(fields.get("at")), _value(fields.get("value")))


def moment_of(value: Any, name: str = "at") -> datetime:
    """A moment from text, in UTC and whole milliseconds; raises RejectedError."""
    accepted = "a date and time with its offset from UTC, such as 2026-11-24T10:15:00Z"
    if not isinstance(value, str) or not MOMENT.fullmatch(value):
        raise RejectedError(f"{name} is {shown(value)}; accepted: {accepted}")
    try:
        moment = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise RejectedError(f"{name} is {shown(value)} ({error}); accepted: {accepted}") from None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def text_of(moment: datetime) -> str:
    """A moment as it is kept: texts are in the order of the moments."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def hour_of(moment: datetime) -> str:
    """The hour of a moment, such as 2026-11-24T10."""
    return moment.strftime("%Y-%m-%dT%H")


def shown(value: Any) -> str:
    """A value as an error repeats it."""
    text = "missing" if value is None else repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _sensor(value: Any) -> str:
    if not isinstance(value, str) or not SENSOR.fullmatch(value):
        raise RejectedError(f"sensor is {shown(value)}; accepted: 1 to 64 of a-z, 0-9, dots, dashes and underscores")
    return value


def _value(value: Any) -> Decimal:
    accepted = f"a number with up to {DIGITS} digits before and {DIGITS} behind the point"
    text = value if isinstance(value, str) else str(value) if isinstance(value, Decimal) else ""
    if not NUMBER.fullmatch(text):
        raise RejectedError(f"value is {shown(value)}; accepted: {accepted}")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise RejectedError(f"value is {shown(value)}; accepted: {accepted}") from None
    if number and not (number.adjusted() < DIGITS and number.normalize().as_tuple().exponent >= -DIGITS):  # type: ignore[operator]
        raise RejectedError(f"value is {shown(value)}; accepted: {accepted}")
    return number.normalize() if number else Decimal(0)
