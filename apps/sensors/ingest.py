"""The function that works on uploaded files: readings into their table, sums of the hours and days that they touch.

A message is delivered once or several times, and fails or succeeds as a whole, apart from the others of its batch. What
can be made well by trying again (a service that is down, throttled, or has no time left) fails, and comes again; after
some tries, SQS puts it into the dead-letter queue. What cannot (a file that is none) is moved to the quarantine, with the
reason, and succeeds: trying again would only keep others waiting. Of a file that is well in part, the good lines are
taken, and the others are written down in the quarantine, with their reasons.
"""

from __future__ import annotations

import itertools
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from urllib.parse import unquote_plus

from apps.sensors import metrics
from apps.sensors.environment import THREADS, Environment, Intake, client
from apps.sensors.files import Line, PoisonError, format_of, lines
from apps.sensors.model import Reading, RejectedError, Sensor, Window, moment_of, shown
from apps.sensors.rollup import roll_up
from apps.sensors.store import Step, Store, Stored

LOG: Final = logging.getLogger(__name__)
BATCH: Final = 500
"""Readings that are in memory at the same time."""
KEPT_REJECTS: Final = 1000
"""Lines of a file whose reasons are written down; the others are counted."""
MARGIN_MS: Final = 20_000
"""What is left of a function's time must be enough to end well."""
REASON_LENGTH: Final = 1000
"""S3 keeps 2 KB of metadata."""

Remaining = Callable[[], int]


class OutOfTimeError(Exception):
    """The function ends before the file does; it is worked on again, and what is there already goes by quickly."""


@dataclass(frozen=True)
class Upload:
    """A version of an object in the bucket, and when it came."""

    bucket: str
    key: str
    version: str | None
    size: int
    window: Window

    @property
    def reference(self) -> dict[str, str]:
        """As S3's operations name it."""
        named = {"Bucket": self.bucket, "Key": self.key}
        return {**named, "VersionId": self.version} if self.version else named


@dataclass
class Outcome:
    """What became of a file's lines."""

    counts: Counter[str] = field(default_factory=Counter)
    rejects: list[Mapping[str, Any]] = field(default_factory=list)
    touched: set[tuple[str, str]] = field(default_factory=set)
    """Sensor and hour of all readings, new or not: an attempt before may have ended between a reading and its sums."""

    def reject(self, number: int, reason: str) -> None:
        """Count a line that is not taken."""
        self.counts["ReadingsRejected"] += 1
        if len(self.rejects) < KEPT_REJECTS:
            self.rejects.append({"line": number, "reason": reason})

    def store(self, number: int, reading: Reading, stored: Stored) -> None:
        """Count a reading that has met the table."""
        self.touched.add((reading.sensor, reading.hour))
        if stored is Stored.CONFLICT:
            self.reject(
                number, f"value is {reading.value}, and another is there of that sensor and moment, which stays"
            )
        else:
            self.counts["ReadingsAccepted" if stored is Stored.NEW else "ReadingsDuplicate"] += 1


class Ingest:
    """Works on batches of messages; `s3` is boto3's client."""

    def __init__(self, store: Store, intake: Intake, s3: Any, namespace: str) -> None:
        self._store = store
        self._intake = intake
        self._s3 = s3
        self._namespace = namespace
        self._pool = ThreadPoolExecutor(THREADS)

    def handle(self, event: Mapping[str, Any], remaining_ms: Remaining) -> dict[str, Any]:
        """Work on every message; the answer names those that failed, and only those come again."""
        failed = []
        for message in event["Records"]:
            try:
                for upload in self._uploads(message["body"]):
                    self._work_on(upload, remaining_ms)
            except Exception:
                LOG.exception("message %s failed, and comes again", message["messageId"])
                failed.append(message["messageId"])
        return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}

    def _uploads(self, body: str) -> Iterator[Upload]:
        """The objects that a message of S3 speaks of; raises ValueError or KeyError where it is none."""
        said = json.loads(body)
        if said.get("Event") == "s3:TestEvent":  # S3 sends one when the notification is made
            return
        for record in said["Records"]:
            entry = record["s3"]["object"]
            window = Window(moment_of(record["eventTime"]), self._intake.late_days, self._intake.skew_minutes)
            key = unquote_plus(entry["key"])
            yield Upload(record["s3"]["bucket"]["name"], key, entry.get("versionId"), int(entry["size"]), window)

    # A file

    def _work_on(self, upload: Upload, remaining_ms: Remaining) -> None:
        outcome = Outcome()
        try:
            body = self._s3.get_object(**upload.reference)["Body"]
        except (self._s3.exceptions.NoSuchKey, self._s3.exceptions.ClientError) as error:
            if error.response["Error"]["Code"] not in ("NoSuchKey", "NoSuchVersion"):
                raise
            # It was deleted, by its owner or by an attempt before that moved it to the quarantine.
            metrics.publish(self._namespace, {"FilesGone": 1}, file=upload.key)
            return
        try:
            self._check(upload)
            self._read(lines(body, format_of(upload.key, self._intake.formats)), upload.window, outcome, remaining_ms)
        except PoisonError as error:
            self._sum(outcome)  # of what stands before the poison
            self._quarantine(upload, str(error))
            metrics.publish(
                self._namespace, {**outcome.counts, "FilesQuarantined": 1}, file=upload.key, reason=str(error)
            )
            return
        finally:
            body.close()
        self._sum(outcome)
        if outcome.rejects:
            self._write_rejects(upload, outcome)
        metrics.publish(self._namespace, {**outcome.counts, "FilesAccepted": 1}, file=upload.key)

    def _check(self, upload: Upload) -> None:
        if upload.size == 0:
            raise PoisonError("the file is empty; accepted: one reading or more")
        if upload.size > self._intake.most_bytes:
            raise PoisonError(f"the file has {upload.size} bytes; accepted: {self._intake.most_bytes} at most")

    def _read(self, found: Iterator[Line], window: Window, outcome: Outcome, remaining_ms: Remaining) -> None:
        any_good, any_line = False, False
        sensors = cache(self._store.sensor)
        while batch := list(itertools.islice(found, BATCH)):
            if remaining_ms() < MARGIN_MS:
                raise OutOfTimeError(f"{remaining_ms()} ms are left")
            any_line = True
            good: dict[tuple[str, Any], tuple[int, Reading]] = {}
            for line in batch:
                reason = line.rejected or (line.reading and _doubt(line.reading, sensors, window)) or ""
                if line.reading is None or reason:
                    outcome.reject(line.number, reason)
                    continue
                identity = (line.reading.sensor, line.reading.at)
                earlier = good.setdefault(identity, (line.number, line.reading))[1]
                if earlier is not line.reading:  # twice in one batch: two threads must not race for it
                    same = earlier.value == line.reading.value
                    outcome.store(line.number, line.reading, Stored.DUPLICATE if same else Stored.CONFLICT)
            any_good = any_good or bool(good)
            stored = self._pool.map(self._store.put, (reading for _, reading in good.values()))
            for (number, reading), what in zip(good.values(), stored, strict=True):
                outcome.store(number, reading, what)
        if not any_line:
            raise PoisonError("the file has no readings; accepted: one or more")
        if not any_good:
            raise PoisonError(
                f"no line can be taken; the first, {outcome.rejects[0]['line']}: {outcome.rejects[0]['reason']}"
            )

    def _sum(self, outcome: Outcome) -> None:
        """Make the sums of all hours anew, and then those of their days."""
        days = {(sensor, hour.partition("T")[0]) for sensor, hour in outcome.touched}
        for step, touched in ((Step.HOUR, outcome.touched), (Step.DAY, days)):
            self._roll_up(step, touched)

    def _roll_up(self, step: Step, touched: Iterable[tuple[str, str]]) -> None:
        for _ in self._pool.map(lambda one: roll_up(self._store, one[0], step, one[1]), sorted(touched)):
            pass

    # What is not taken

    def _quarantine(self, upload: Upload, reason: str) -> None:
        """Move a file: it is copied before it is deleted, and its key in the quarantine is the same again."""
        metadata = {"reason": reason.encode("ascii", "backslashreplace").decode()[:REASON_LENGTH]}
        self._s3.copy(
            upload.reference,
            self._intake.quarantine_bucket,
            f"files/{upload.key}",
            ExtraArgs={"Metadata": metadata, "MetadataDirective": "REPLACE"},
        )
        self._s3.delete_object(Bucket=upload.bucket, Key=upload.key)
        LOG.warning("%s is in quarantine: %s", upload.key, reason)

    def _write_rejects(self, upload: Upload, outcome: Outcome) -> None:
        report = {
            "file": upload.key,
            "version": upload.version,
            "rejected": outcome.counts["ReadingsRejected"],
            "lines": outcome.rejects,
        }
        self._s3.put_object(
            Bucket=self._intake.quarantine_bucket,
            Key=f"lines/{upload.key}.json",
            Body=json.dumps(report, indent=1).encode(),
            ContentType="application/json",
        )


def _doubt(reading: Reading, sensors: Callable[[str], Sensor | None], window: Window) -> str:
    """Why a reading is not believed; empty where it is."""
    sensor = sensors(reading.sensor)
    if sensor is None:
        return f"sensor is {shown(reading.sensor)}, which nobody knows; accepted: a sensor of the table of sensors"
    if not sensor.least <= reading.value <= sensor.most:
        return f"value is {reading.value}; accepted: {sensor.least} to {sensor.most} {sensor.unit}, what it can measure"
    try:
        window.check(reading.at)
    except RejectedError as error:
        return str(error)
    return ""


@cache
def _ingest() -> Ingest:
    environment = Environment.read()
    return Ingest(environment.store(), Intake.read(), client("s3"), environment.metrics_namespace)


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """What Lambda calls with a batch of messages."""
    return _ingest().handle(event, context.get_remaining_time_in_millis)
