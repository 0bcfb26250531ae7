"""The tables: one of the sensors that are known, one of their readings with the sums of hours and days.

A reading's key is the sensor and the moment, so that it is in the table once however often it arrives. In the same
partition are the sums: `raw#2026-11-24T10:15:00.000Z`, `hour#2026-11-24T10`, `day#2026-11-24`; a range of any kind is
one query.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from apps.sensors.model import Reading, Sensor, moment_of, text_of

Item = Mapping[str, Any]
CONDITION_FAILED: Final = "ConditionalCheckFailedException"
_ZERO: Final = Decimal(0)


class Step(StrEnum):
    """What a point of a series stands for."""

    RAW = "raw"
    HOUR = "hour"
    DAY = "day"


class Stored(StrEnum):
    """What became of a reading."""

    NEW = "new"
    DUPLICATE = "duplicate"
    """It was there already, with the same value."""
    CONFLICT = "conflict"
    """It was there already, with another value, which stays."""


@dataclass(frozen=True)
class Retention:
    """How many days readings, and the sums of hours and days, are kept after the moment that they are of."""

    raw_days: int
    hour_days: int
    day_days: int

    def expires(self, step: Step, at: datetime) -> int:
        """When something is removed, in seconds since 1970, which is how DynamoDB wants it."""
        days = {Step.RAW: self.raw_days, Step.HOUR: self.hour_days, Step.DAY: self.day_days}[step]
        return int((at + timedelta(days=days)).timestamp())


@dataclass(frozen=True)
class Summary:
    """The sums of an hour or a day."""

    count: int = 0
    total: Decimal = _ZERO
    least: Decimal = _ZERO
    most: Decimal = _ZERO

    def with_value(self, value: Decimal) -> Summary:
        """The sums with one reading more."""
        return self.joined(Summary(1, value, value, value))

    def joined(self, other: Summary) -> Summary:
        """The sums of both."""
        if not self.count or not other.count:
            return self if self.count else other
        return Summary(
            self.count + other.count,
            self.total + other.total,
            min(self.least, other.least),
            max(self.most, other.most),
        )


@dataclass(frozen=True)
class Point:
    """One point of a series: a reading, where `summary` counts one, or the sums of an hour or a day."""

    at: str
    summary: Summary


class Store:
    """Both tables; `client` is boto3's of DynamoDB, and can be used by several threads."""

    def __init__(self, client: Any, readings: str, sensors: str, retention: Retention) -> None:
        self._client = client
        self._readings = readings
        self._sensors = sensors
        self._retention = retention

    # Sensors

    def sensor(self, sensor: str) -> Sensor | None:
        """A sensor, if it is known."""
        found = self._client.get_item(TableName=self._sensors, Key={"sensor": {"S": sensor}}).get("Item")
        return _sensor_of(found) if found else None

    def sensors(self, after: str | None, limit: int) -> tuple[list[Sensor], str | None]:
        """Known sensors, and after which one the next come, if there are more."""
        start = {"ExclusiveStartKey": {"sensor": {"S": after}}} if after else {}
        answer = self._client.scan(TableName=self._sensors, Limit=limit, **start)
        last = answer.get("LastEvaluatedKey")
        return [_sensor_of(item) for item in answer["Items"]], last["sensor"]["S"] if last else None

    # Readings

    def put(self, reading: Reading) -> Stored:
        """Keep a reading, unless there is one of that sensor and moment; what became of it."""
        item = {
            **_key(reading.sensor, Step.RAW, text_of(reading.at)),
            "value": _number(reading.value),
            "expires": {"N": str(self._retention.expires(Step.RAW, reading.at))},
        }
        try:
            self._client.put_item(
                TableName=self._readings,
                Item=item,
                ConditionExpression="attribute_not_exists(sensor)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            before = error.response["Item"]["value"]["N"]
            return Stored.DUPLICATE if Decimal(before) == reading.value else Stored.CONFLICT
        return Stored.NEW

    def series(self, sensor: str, step: Step, first: str, last: str, limit: int) -> tuple[list[Point], str | None]:
        """Points of a sensor from `first` to `last`, both included, and where the next begin, if there are more."""
        answer = self._client.query(**self._range(sensor, step, first, last), Limit=limit)
        points = [_point_of(item) for item in answer["Items"]]
        more = answer.get("LastEvaluatedKey")
        return points, _stamp(more) if more else None

    def _range(self, sensor: str, step: Step, first: str, last: str) -> dict[str, Any]:
        return {
            "TableName": self._readings,
            "KeyConditionExpression": "sensor = :sensor AND #at BETWEEN :first AND :last",
            "ExpressionAttributeNames": {"#at": "at"},
            "ExpressionAttributeValues": {
                ":sensor": {"S": sensor},
                ":first": {"S": f"{step}#{first}"},
                ":last": {"S": f"{step}#{last}"},
            },
        }

    # Sums

    def within(self, sensor: str, step: Step, prefix: str) -> Iterator[Point]:
        """All points of an hour or a day as they are now, not as a copy of the table had them a moment ago."""
        pages = self._client.get_paginator("query").paginate(
            **self._range(sensor, step, prefix, f"{prefix}~"), ConsistentRead=True
        )
        for page in pages:
            yield from map(_point_of, page["Items"])

    def version(self, sensor: str, step: Step, at: str) -> int:
        """How often the sums of an hour or a day have been written."""
        answer = self._client.get_item(
            TableName=self._readings, Key=_key(sensor, step, at), ConsistentRead=True, ProjectionExpression="version"
        )
        return int(answer["Item"]["version"]["N"]) if "Item" in answer else 0

    def replace(self, sensor: str, step: Step, at: str, summary: Summary, version: int) -> bool:
        """Write the sums of an hour or a day, unless somebody has done so since that version; whether they are written."""
        begins = moment_of(f"{at}:00Z" if step is Step.HOUR else f"{at}T00:00Z")
        item = {
            **_key(sensor, step, at),
            "count": {"N": str(summary.count)},
            "total": _number(summary.total),
            "least": _number(summary.least),
            "most": _number(summary.most),
            "version": {"N": str(version + 1)},
            "expires": {"N": str(self._retention.expires(step, begins))},
        }
        try:
            self._client.put_item(
                TableName=self._readings,
                Item=item,
                ConditionExpression="version = :seen" if version else "attribute_not_exists(sensor)",
                **({"ExpressionAttributeValues": {":seen": {"N": str(version)}}} if version else {}),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def item_of(sensor: Sensor) -> Item:
    """A sensor as it is in its table."""
    fields = dataclasses.asdict(sensor)
    return {name: _number(value) if isinstance(value, Decimal) else {"S": value} for name, value in fields.items()}


def now() -> datetime:
    """The moment."""
    return datetime.now(UTC)


def _key(sensor: str, step: Step, at: str) -> dict[str, Any]:
    return {"sensor": {"S": sensor}, "at": {"S": f"{step}#{at}"}}


def _stamp(item: Item) -> str:
    return str(item["at"]["S"]).partition("#")[2]


def _number(value: Decimal) -> dict[str, str]:
    return {"N": format(value, "f")}


def _sensor_of(item: Item) -> Sensor:
    return Sensor(
        item["sensor"]["S"],
        item["name"]["S"],
        item["unit"]["S"],
        Decimal(item["least"]["N"]),
        Decimal(item["most"]["N"]),
    )


def _point_of(item: Item) -> Point:
    if "value" in item:
        return Point(_stamp(item), Summary().with_value(Decimal(item["value"]["N"])))
    values = (Decimal(item[name]["N"]) for name in ("total", "least", "most"))
    return Point(_stamp(item), Summary(int(item["count"]["N"]), *values))
