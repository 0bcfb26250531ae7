"""Rules that compare the sensors system's settings with each other and with what AWS offers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import catalog
from settings.base import Environment
from settings.findings import Finding, one_of, wrong
from settings.partial import rule
from settings.sensors.model import Sensors

DEAD_LETTER_DAYS: Final = 14
"""How long SQS keeps a message at most: so long may a file wait until somebody sends it back."""
READINGS_A_SECOND: Final = 2_000
"""What one function works on at least: 16 writes at a time, of 8 ms each."""
READING_BYTES: Final = 50
PEAK: Final = 10
"""How many times the average arrives at the busiest time, such as when a link that was down for hours is back."""


@rule
def check(sensors: Sensors, environment: Environment) -> Iterator[Finding]:
    """Everything that is wrong with the section `platform:sensors`."""
    yield from _region(sensors)
    yield from _production(sensors, environment)
    yield from _formats(sensors)
    yield from _kept(sensors)
    yield from _late(sensors)
    yield from _uploads(sensors)
    yield from _time(sensors)
    yield from _capacity(sensors)
    yield from _throttle(sensors)
    yield from _sign_in(sensors)


@rule
def _region(sensors: Sensors) -> Iterator[Finding]:
    regions = catalog.aws().regions
    region = regions.get(sensors.region)
    if region is None or not region.in_eu:
        inside = [name for name, found in regions.items() if found.in_eu]
        yield wrong(("sensors", "region"), sensors.region, one_of("regions of AWS in the EU", inside))


@rule
def _production(sensors: Sensors, environment: Environment) -> Iterator[Finding]:
    if environment == Environment.PROD and sensors.eu_only == False:  # noqa: E712 - a value that is wrong is neither
        accepted = "true in prod: CloudFront would see the addresses of viewers at places outside the EU, too"
        yield wrong(("sensors", "eu_only"), sensors.eu_only, accepted)


@rule
def _formats(sensors: Sensors) -> Iterator[Finding]:
    formats = sensors.uploads.formats
    if len(set(formats)) < len(formats):
        yield Finding(("sensors", "uploads", "formats"), f"is {', '.join(formats)}", "every format once")


@rule
def _kept(sensors: Sensors) -> Iterator[Finding]:
    kept = sensors.retention
    if kept.hour_days < kept.raw_days:
        accepted = f"{kept.raw_days}, which is raw_days, or more: sums outlive what they are of"
        yield wrong(("sensors", "retention", "hour_days"), kept.hour_days, accepted)
    if kept.day_days < kept.hour_days:
        accepted = f"{kept.hour_days}, which is hour_days, or more: sums outlive what they are of"
        yield wrong(("sensors", "retention", "day_days"), kept.day_days, accepted)


@rule
def _late(sensors: Sensors) -> Iterator[Finding]:
    """Sums are made anew from readings, and so those must all be there while a late one can still come."""
    least = sensors.uploads.late_days + DEAD_LETTER_DAYS + 1
    if sensors.retention.raw_days < least:
        accepted = (
            f"{least} or more: readings come {sensors.uploads.late_days} days late (uploads.late_days), "
            f"and a file may wait {DEAD_LETTER_DAYS} days as a dead letter"
        )
        yield wrong(("sensors", "retention", "raw_days"), sensors.retention.raw_days, accepted)


@rule
def _uploads(sensors: Sensors) -> Iterator[Finding]:
    if sensors.uploads.expire_days <= DEAD_LETTER_DAYS:
        accepted = f"{DEAD_LETTER_DAYS + 1} or more: a file may wait {DEAD_LETTER_DAYS} days as a dead letter"
        yield wrong(("sensors", "uploads", "expire_days"), sensors.uploads.expire_days, accepted)


@rule
def _time(sensors: Sensors) -> Iterator[Finding]:
    """One file must end within the function's time, or it would come again for ever."""
    most = sensors.ingest.timeout_seconds * READINGS_A_SECOND * READING_BYTES // 1_000_000
    if sensors.uploads.most_mb > most:
        accepted = (
            f"{most} or less: what a function works on in {sensors.ingest.timeout_seconds} s (ingest.timeout_seconds)"
        )
        yield wrong(("sensors", "uploads", "most_mb"), sensors.uploads.most_mb, accepted)


@rule
def _capacity(sensors: Sensors) -> Iterator[Finding]:
    needed = -(-PEAK * sensors.readings_per_day // (24 * 3600 * READINGS_A_SECOND))
    if sensors.ingest.concurrency < needed:
        accepted = (
            f"{needed} or more: {PEAK} times the average of {sensors.readings_per_day} readings a day (readings_per_day), "
            f"{READINGS_A_SECOND} a second each"
        )
        yield wrong(("sensors", "ingest", "concurrency"), sensors.ingest.concurrency, accepted)


@rule
def _throttle(sensors: Sensors) -> Iterator[Finding]:
    if sensors.query.burst < sensors.query.rate:
        accepted = f"{sensors.query.rate}, which is rate, or more: else the rate is never reached"
        yield wrong(("sensors", "query", "burst"), sensors.query.burst, accepted)


@rule
def _sign_in(sensors: Sensors) -> Iterator[Finding]:
    if re.search("aws|amazon|cognito", str(sensors.query.sign_in)):
        accepted = "a name without aws, amazon and cognito, which Cognito keeps for itself"
        yield wrong(("sensors", "query", "sign_in"), sensors.query.sign_in, accepted)
