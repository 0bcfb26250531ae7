"""What a function is told by its environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from apps.sensors.files import Format
from apps.sensors.store import Retention, Store

THREADS = 16
"""Calls of DynamoDB that one function makes at the same time."""


@dataclass(frozen=True)
class Environment:
    """The names of tables and buckets, and what is accepted."""

    readings_table: str
    sensors_table: str
    metrics_namespace: str
    retention: Retention

    @classmethod
    def read(cls) -> Environment:
        """What is set; KeyError where something is missing."""
        days = (int(os.environ[name]) for name in ("RAW_DAYS", "HOUR_DAYS", "DAY_DAYS"))
        return cls(
            os.environ["READINGS_TABLE"],
            os.environ["SENSORS_TABLE"],
            os.environ["METRICS_NAMESPACE"],
            Retention(*days),
        )

    def store(self) -> Store:
        """The tables."""
        return Store(client("dynamodb"), self.readings_table, self.sensors_table, self.retention)


@dataclass(frozen=True)
class Intake:
    """What is accepted of files, and where others go."""

    quarantine_bucket: str
    formats: tuple[Format, ...]
    most_bytes: int
    late_days: int
    skew_minutes: int

    @classmethod
    def read(cls) -> Intake:
        """What is set; KeyError where something is missing."""
        return cls(
            os.environ["QUARANTINE_BUCKET"],
            tuple(Format(name) for name in os.environ["FORMATS"].split(",")),
            int(os.environ["MOST_BYTES"]),
            int(os.environ["LATE_DAYS"]),
            int(os.environ["SKEW_MINUTES"]),
        )


@cache
def client(service: str) -> Any:
    """A client, made once in a process: it keeps its connections."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 6}, max_pool_connections=THREADS)
    return boto3.client(service, config=config)
