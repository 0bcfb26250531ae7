"""The sensors' buckets and tables in a simulated AWS of this process, and what can go wrong with them."""

from __future__ import annotations

import functools
import json
import random
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote_plus

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from moto import mock_aws

from apps.sensors.environment import Intake
from apps.sensors.files import Format
from apps.sensors.ingest import Ingest
from apps.sensors.model import Sensor, text_of
from apps.sensors.store import Retention, Step, Store, Summary, item_of

REGION: Final = "eu-west-3"
UPLOADS: Final = "uploads"
QUARANTINE: Final = "quarantine"
READINGS: Final = "readings"
SENSORS: Final = "sensors"
UPLOADED: Final = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
RETENTION: Final = Retention(raw_days=60, hour_days=400, day_days=3650)
INTAKE: Final = Intake(QUARANTINE, (Format.CSV, Format.JSONL), most_bytes=1_000_000, late_days=7, skew_minutes=5)
KNOWN: Final = ("cellar-1", "hall-1", "roof-1", "roof-2", "well-1")
ENOUGH_MS: Final = 600_000

ClientCall = Callable[[Any, str, Any], Any]


@dataclass
class Faults:
    """Lets calls of AWS fail: before they are made, or after, so that only the answer is lost."""

    random: random.Random
    rate: float = 0.0
    operations: frozenset[str] = frozenset({"PutItem", "GetItem", "Query", "GetObject", "PutObject", "DeleteObject"})
    failed: int = 0

    def around(self, call: ClientCall, client: Any, operation: str, arguments: Any) -> Any:
        """Make a call, or let it fail."""
        if operation not in self.operations or self.random.random() >= self.rate:
            return call(client, operation, arguments)
        self.failed += 1
        if self.random.random() < 0.5:
            call(client, operation, arguments)
        error = {"Code": "InternalServerError", "Message": "injected"}
        raise ClientError({"Error": error, "ResponseMetadata": {"HTTPStatusCode": 500}}, operation)


@dataclass
class World:
    """Buckets, tables, and the function that works on files."""

    ingest: Ingest
    store: Store
    s3: Any
    tables: Any
    faults: Faults

    def know(self, sensor: str) -> None:
        """Put a sensor into its table."""
        item = item_of(Sensor(sensor, sensor.title(), "°C", Decimal(-50), Decimal(60)))
        self.tables.put_item(TableName=SENSORS, Item=item)

    def upload(self, key: str, content: bytes, at: datetime = UPLOADED) -> dict[str, Any]:
        """Put a file into the bucket; the message about it."""
        answer = self.s3.put_object(Bucket=UPLOADS, Key=key, Body=content)
        return message(record(key, len(content), at, answer["VersionId"]))

    def work(self, *messages: Mapping[str, Any], remaining_ms: int = ENOUGH_MS) -> list[str]:
        """Hand messages to the function; the ids of those that failed."""
        answer = self.ingest.handle({"Records": list(messages)}, lambda: remaining_ms)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def readings(self) -> dict[tuple[str, str], Decimal]:
        """All readings of the table by sensor and moment; no key can be there twice."""
        found = {}
        for item in self._items():
            step, _, at = item["at"]["S"].partition("#")
            if step == Step.RAW:
                found[item["sensor"]["S"], at] = Decimal(item["value"]["N"])
        return found

    def sums(self, step: Step) -> dict[tuple[str, str], Summary]:
        """All sums of hours or days."""
        found = {}
        for item in self._items():
            kind, _, at = item["at"]["S"].partition("#")
            if kind == step:
                values = (Decimal(item[name]["N"]) for name in ("total", "least", "most"))
                found[item["sensor"]["S"], at] = Summary(int(item["count"]["N"]), *values)
        return found

    def _items(self) -> Iterator[Any]:
        for page in self.tables.get_paginator("scan").paginate(TableName=READINGS):
            yield from page["Items"]

    def quarantined(self) -> dict[str, str]:
        """The files in quarantine with their reasons."""
        found = {}
        for entry in self.s3.list_objects_v2(Bucket=QUARANTINE, Prefix="files/").get("Contents", []):
            head = self.s3.head_object(Bucket=QUARANTINE, Key=entry["Key"])
            found[entry["Key"].removeprefix("files/")] = head["Metadata"]["reason"]
        return found

    def rejected(self, key: str) -> dict[int, str]:
        """The lines of a file that were not taken, with their reasons."""
        body = self.s3.get_object(Bucket=QUARANTINE, Key=f"lines/{key}.json")["Body"].read()
        return {line["line"]: line["reason"] for line in json.loads(body)["lines"]}

    def uploads(self) -> list[str]:
        """The files that are still in the bucket."""
        return [entry["Key"] for entry in self.s3.list_objects_v2(Bucket=UPLOADS).get("Contents", [])]


def record(key: str, size: int, at: datetime = UPLOADED, version: str | None = None) -> dict[str, Any]:
    """What S3 says of one object."""
    entry = {"key": quote_plus(key), "size": size, **({"versionId": version} if version else {})}
    return {"eventTime": text_of(at), "s3": {"bucket": {"name": UPLOADS}, "object": entry}}


def message(*records: Mapping[str, Any]) -> dict[str, Any]:
    """A message of the queue, with what S3 said as its body."""
    return {"messageId": str(uuid.uuid4()), "body": json.dumps({"Records": records})}


def csv_of(rows: Iterable[tuple[str, Any, Any]]) -> bytes:
    """A file of readings."""
    lines = ["sensor,at,value", *(f"{sensor},{_text(at)},{value}" for sensor, at, value in rows)]
    return ("\n".join(lines) + "\n").encode()


def jsonl_of(rows: Iterable[tuple[str, Any, Any]]) -> bytes:
    """The same as lines of JSON."""
    lines = (json.dumps({"sensor": sensor, "at": _text(at), "value": value}) for sensor, at, value in rows)
    return ("\n".join(lines) + "\n").encode()


def ago(**since: float) -> datetime:
    """A moment before the upload."""
    return UPLOADED - timedelta(**since)


def _text(at: Any) -> str:
    return text_of(at) if isinstance(at, datetime) else str(at)


@contextmanager
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world of its own."""
    for name, value in (("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_REGION", REGION)):
        monkeypatch.setenv(name, value)
    faults = Faults(random.Random(0))
    turn = threading.Lock()
    real: ClientCall = BaseClient._make_api_call

    def one_at_a_time(client: Any, operation: str, arguments: Any) -> Any:
        with turn:  # the simulated AWS of this process is not made for threads, which the function has
            return faults.around(real, client, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", one_at_a_time)
    with mock_aws():
        s3, tables = _client("s3"), _client("dynamodb")
        for bucket in (UPLOADS, QUARANTINE):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        _table(tables, READINGS, "sensor", "at")
        _table(tables, SENSORS, "sensor")
        store = Store(tables, READINGS, SENSORS, RETENTION)
        world = World(Ingest(store, INTAKE, s3, "Sensors"), store, s3, tables, faults)
        for name in KNOWN:
            world.know(name)
        yield world


@functools.cache
def _client(service: str) -> Any:
    """A client that all worlds share: it takes longer to make than all that is in a world."""
    return boto3.client(service, region_name=REGION)


def _table(tables: Any, name: str, *keys: str) -> None:
    tables.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)],
    )
