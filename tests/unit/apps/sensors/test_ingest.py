"""What becomes of files: good ones, and every kind of bad one."""

from __future__ import annotations

import io
import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import IO, Any, Final, cast

import pytest

from apps.sensors.files import LINE_BYTES, Format, lines
from apps.sensors.ingest import KEPT_REJECTS
from apps.sensors.model import text_of
from apps.sensors.store import Step, Summary
from tests.unit.apps.sensors.world import (
    KNOWN,
    QUARANTINE,
    READINGS,
    RETENTION,
    UPLOADED,
    World,
    ago,
    csv_of,
    jsonl_of,
    message,
    record,
)

AT: Final = "2026-11-24T10:15:00.000Z"
GOOD: Final = ("roof-1", AT, "21.5")
STORED: Final = {("roof-1", AT): Decimal("21.5")}


def figures(printed: str) -> dict[str, int]:
    """The figures that were published, added up."""
    total: dict[str, int] = {}
    for line in printed.splitlines():
        said = json.loads(line)
        for metric in said["_aws"]["CloudWatchMetrics"][0]["Metrics"]:
            total[metric["Name"]] = total.get(metric["Name"], 0) + said[metric["Name"]]
    return total


# Files that are well


@pytest.mark.parametrize(("key", "content"), [("a.csv", csv_of([GOOD])), ("a.jsonl", jsonl_of([GOOD]))])
def test_readings_of_a_file_are_in_the_table(world: World, key: str, content: bytes) -> None:
    assert world.work(world.upload(key, content)) == []
    assert world.readings() == STORED


def test_sums_of_the_hour_and_the_day_are_those_of_their_readings(world: World) -> None:
    rows = [("roof-1", f"2026-11-24T{at}:00Z", value) for at, value in (("09:15", "-1.5"), ("10:15", 4), ("10:45", 2))]
    world.work(world.upload("a.csv", csv_of(rows)))
    assert world.sums(Step.HOUR) == {
        ("roof-1", "2026-11-24T09"): Summary(1, Decimal("-1.5"), Decimal("-1.5"), Decimal("-1.5")),
        ("roof-1", "2026-11-24T10"): Summary(2, Decimal(6), Decimal(2), Decimal(4)),
    }
    assert world.sums(Step.DAY) == {("roof-1", "2026-11-24"): Summary(3, Decimal("4.5"), Decimal("-1.5"), Decimal(4))}


def test_readings_and_sums_expire_when_settings_say(world: World) -> None:
    world.work(world.upload("a.csv", csv_of([GOOD])))
    items = world.tables.scan(TableName=READINGS)["Items"]
    expires = {item["at"]["S"]: datetime.fromtimestamp(int(item["expires"]["N"]), UTC) for item in items}
    day = datetime(2026, 11, 24, tzinfo=UTC)
    assert expires == {
        f"raw#{AT}": day + timedelta(days=RETENTION.raw_days, hours=10, minutes=15),
        "hour#2026-11-24T10": day + timedelta(days=RETENTION.hour_days, hours=10),
        "day#2026-11-24": day + timedelta(days=RETENTION.day_days),
    }


def test_moments_are_kept_in_utc_and_milliseconds(world: World) -> None:
    world.work(world.upload("a.csv", csv_of([("roof-1", "2026-11-24T11:15:00.0005+01:00", "21.5")])))
    assert world.readings() == STORED


def test_numbers_are_kept_to_the_last_digit(world: World) -> None:
    rows = [("roof-1", AT, 20.1), ("roof-2", AT, 0.000000000001), ("hall-1", AT, -0.0)]
    world.work(world.upload("a.jsonl", jsonl_of(rows)))
    assert sorted(world.readings().values()) == [Decimal(0), Decimal("0.000000000001"), Decimal("20.1")]


def test_columns_come_in_any_order_after_a_byte_order_mark_with_windows_line_ends(world: World) -> None:
    content = f"\ufeffvalue,Sensor,at\r\n21.5,roof-1,{AT}\r\n\r\n".encode()
    world.work(world.upload("a.csv", content))
    assert world.readings() == STORED


def test_a_last_line_without_an_end_counts(world: World) -> None:
    world.work(world.upload("a.csv", csv_of([GOOD]).rstrip(b"\n")))
    assert world.readings() == STORED


def test_names_with_blanks_plus_and_umlauts_are_found(world: World) -> None:
    assert world.work(world.upload("Über uns/a + b.csv", csv_of([GOOD]))) == []
    assert world.readings() == STORED


def test_an_object_that_was_replaced_is_read_in_the_version_of_the_message(world: World) -> None:
    first = world.upload("a.csv", csv_of([GOOD]))
    world.upload("a.csv", csv_of([("roof-2", AT, 3)]))
    world.work(first)
    assert world.readings() == STORED


def test_one_message_may_speak_of_several_files(world: World) -> None:
    bodies = {"a.csv": csv_of([GOOD]), "b.csv": csv_of([("roof-2", AT, 3)])}
    for key, content in bodies.items():
        world.upload(key, content)
    assert world.work(message(*(record(key, len(content)) for key, content in bodies.items()))) == []
    assert len(world.readings()) == 2


# Again, late, out of order


def test_a_duplicate_message_changes_nothing(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    sent = world.upload("a.csv", csv_of([GOOD]))
    world.work(sent, sent)
    before = world.readings(), world.sums(Step.HOUR)
    world.work(sent)
    assert (world.readings(), world.sums(Step.HOUR)) == before
    assert figures(capsys.readouterr().out) == {"FilesAccepted": 3, "ReadingsAccepted": 1, "ReadingsDuplicate": 2}


def test_a_duplicate_reading_of_another_file_counts_once(world: World) -> None:
    world.work(world.upload("a.csv", csv_of([GOOD])), world.upload("b.jsonl", jsonl_of([GOOD])))
    assert world.readings() == STORED
    assert world.sums(Step.HOUR)["roof-1", "2026-11-24T10"].count == 1


def test_a_duplicate_line_of_the_same_file_counts_once(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.work(world.upload("a.csv", csv_of([GOOD, GOOD])))
    assert world.readings() == STORED
    assert figures(capsys.readouterr().out)["ReadingsDuplicate"] == 1


def test_a_conflict_leaves_the_first_value_and_is_written_down(world: World) -> None:
    world.work(world.upload("a.csv", csv_of([GOOD])))
    world.work(world.upload("b.csv", csv_of([("roof-1", AT, 22), ("roof-2", AT, 1)])))
    assert world.readings()["roof-1", AT] == Decimal("21.5")
    assert "another is there" in world.rejected("b.csv")[2]


def test_a_conflict_within_one_file_leaves_the_first_value(world: World) -> None:
    world.work(world.upload("a.csv", csv_of([GOOD, ("roof-1", AT, 22)])))
    assert world.readings() == STORED
    assert "another is there" in world.rejected("a.csv")[3]


def test_reordered_files_end_in_the_same_table(world: World) -> None:
    rows = [("roof-1", ago(minutes=minutes), minutes % 50) for minutes in range(1, 121)]
    files = [world.upload(f"{number}.csv", csv_of(rows[number::4])) for number in range(4)]
    assert world.work(*reversed(files)) == []
    assert world.readings() == {(sensor, text_of(at)): Decimal(value) for sensor, at, value in rows}
    total = Decimal(sum(value for _, _, value in rows))
    assert world.sums(Step.DAY) == {("roof-1", "2026-11-24"): Summary(120, total, Decimal(0), Decimal(49))}


def test_reordered_lines_end_in_the_same_sums(world: World) -> None:
    rows = [("roof-1", ago(minutes=minutes), minutes % 50) for minutes in (5, 90, 1, 30)]
    world.work(world.upload("a.csv", csv_of(rows)))
    hour = {at: sums.count for (_, at), sums in world.sums(Step.HOUR).items()}
    assert hour == {"2026-11-24T11": 3, "2026-11-24T10": 1}


def test_a_late_reading_changes_the_sums_of_its_own_day(world: World) -> None:
    world.work(world.upload("a.csv", csv_of([GOOD])))
    world.work(world.upload("b.csv", csv_of([("roof-1", ago(days=6), 3)])))
    assert set(world.sums(Step.DAY)) == {("roof-1", "2026-11-24"), ("roof-1", "2026-11-18")}


def test_a_reading_that_is_too_late_is_not_taken(world: World) -> None:
    world.work(world.upload("a.csv", csv_of([GOOD, ("roof-1", ago(days=7, seconds=1), 3)])))
    assert world.readings() == STORED
    assert "at most 7 days before the upload" in world.rejected("a.csv")[3]


def test_a_clock_that_is_a_little_ahead_is_believed(world: World) -> None:
    world.work(world.upload("a.csv", csv_of([("roof-1", UPLOADED + timedelta(minutes=5), 3)])))
    assert len(world.readings()) == 1


def test_a_clock_that_is_far_ahead_is_not_believed(world: World) -> None:
    world.work(world.upload("a.csv", csv_of([GOOD, ("roof-1", UPLOADED + timedelta(minutes=5, seconds=1), 3)])))
    assert world.readings() == STORED
    assert "clock is ahead" in world.rejected("a.csv")[3]


def test_a_file_is_judged_by_its_upload_and_not_by_when_it_is_worked_on(world: World) -> None:
    """A message that waited in the dead-letter queue for two weeks finds the same readings good."""
    old = UPLOADED - timedelta(days=14)
    world.work(world.upload("a.csv", csv_of([("roof-1", old - timedelta(days=6), 3)]), at=old))
    assert len(world.readings()) == 1


# Lines that are not taken: the others are

BAD_LINES: Final = {
    "an unknown sensor": (f"attic-9,{AT},1", "'attic-9', which nobody knows"),
    "a sensor's name that is none": (f"Roof 1!,{AT},1", "sensor is 'Roof 1!'; accepted: 1 to 64 of a-z"),
    "no sensor": (f",{AT},1", "sensor is ''"),
    "a moment without an offset": ("roof-1,2026-11-24T10:15:00,1", "its offset from UTC"),
    "a moment that does not exist": ("roof-1,2026-02-30T10:15:00Z,1", "day is out of range"),
    "a moment in words": ("roof-1,yesterday,1", "at is 'yesterday'"),
    "a moment at the end of time": ("roof-1,9999-12-31T23:59:59-12:00,1", "at is '9999-12-31T23:59:59-12:00'"),
    "a value in words": (f"roof-1,{AT},warm", "value is 'warm'; accepted: a number"),
    "no value": (f"roof-1,{AT},", "value is ''"),
    "a value that is no number": (f"roof-1,{AT},NaN", "value is 'NaN'"),
    "an infinite value": (f"roof-1,{AT},-Infinity", "value is '-Infinity'"),
    "a value with a comma": (f'roof-1,{AT},"21,5"', "value is '21,5'"),
    "a value that no table keeps": (f"roof-1,{AT},1e-200", "value is '1e-200'"),
    "a value beyond all numbers": (f"roof-1,{AT},1e999", "value is '1e999'"),
    "more digits than can be kept": (f"roof-1,{AT},0.0000000000001", "12 digits before and 12 behind"),
    "digits of another script": (f"roof-1,{AT},٢١", "accepted: a number"),
    "a value that the sensor cannot measure": (f"roof-1,{AT},60.1", "-50 to 60 °C, what it can measure"),
    "too few columns": (f"roof-1,{AT}", "has 2 columns"),
    "too many columns": (f"roof-1,{AT},1,2", "has 4 columns"),
    "an open quotation": (f'"roof-1,{AT},1', "is no CSV"),
}


@pytest.mark.parametrize(("line", "reason"), BAD_LINES.values(), ids=BAD_LINES)
def test_a_bad_line_is_written_down_and_the_others_are_taken(world: World, line: str, reason: str) -> None:
    content = csv_of([GOOD]) + f"{line}\n".encode() + csv_of([("roof-2", AT, 1)]).partition(b"\n")[2]
    assert world.work(world.upload("a.csv", content)) == []
    assert world.readings() == {**STORED, ("roof-2", AT): Decimal(1)}
    assert list(world.rejected("a.csv")) == [3]
    assert reason in world.rejected("a.csv")[3]
    assert world.quarantined() == {}


BAD_JSON: Final = {
    "a corrupt line": ('{"sensor": "roof-1", "at"', "is no JSON"),
    "a list": ("[1, 2]", "accepted: an object"),
    "another key": (f'{{"sensor": "roof-1", "at": "{AT}", "value": 1, "unit": "K"}}', "has 'unit'"),
    "a truth for a value": (f'{{"sensor": "roof-1", "at": "{AT}", "value": true}}', "value is True"),
    "a number for a sensor": (f'{{"sensor": 7, "at": "{AT}", "value": 1}}', "sensor is Decimal('7')"),
    "NaN": (f'{{"sensor": "roof-1", "at": "{AT}", "value": NaN}}', "value is 'NaN'"),
    "a deep nest": ("[" * 4000, "is no JSON"),
}


@pytest.mark.parametrize(("line", "reason"), BAD_JSON.values(), ids=BAD_JSON)
def test_a_bad_line_of_json_is_written_down(world: World, line: str, reason: str) -> None:
    assert world.work(world.upload("a.jsonl", jsonl_of([GOOD]) + line.encode())) == []
    assert world.readings() == STORED
    assert reason in world.rejected("a.jsonl")[2]


def test_a_corrupt_middle_costs_no_other_line(world: World) -> None:
    content = csv_of([GOOD]) + b"\xff\xfe\x00garbage\x80\n" + b"\x00" * 50 + b"\n" + csv_of([("roof-2", AT, 1)])[16:]
    world.work(world.upload("a.csv", content))
    assert len(world.readings()) == 2
    assert "is not UTF-8" in world.rejected("a.csv")[3]


def test_the_reasons_of_many_bad_lines_are_counted_and_not_all_written_down(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = KEPT_REJECTS + 100
    world.work(world.upload("a.csv", csv_of([GOOD] + [("attic-9", AT, number) for number in range(bad)])))
    assert len(world.rejected("a.csv")) == KEPT_REJECTS
    assert figures(capsys.readouterr().out)["ReadingsRejected"] == bad


# Files that are none

POISON: Final[dict[str, tuple[str, bytes, str]]] = {
    "an empty file": ("a.csv", b"", "the file is empty"),
    "blank lines": ("a.csv", b"\n\r\n  \n", "the file has no readings"),
    "a header alone": ("a.csv", b"sensor,at,value\n", "the file has no readings"),
    "no header": ("a.csv", f"roof-1,{AT},21.5\n".encode(), "accepted: a header with the columns sensor, at, value"),
    "a header with a quotation that is open": ("a.csv", b'"sensor,at,value\n', "accepted: a header"),
    "another encoding": ("a.csv", csv_of([GOOD]).decode().encode("utf-16"), "line 1 is not UTF-8"),
    "another format": ("a.xlsx", b"PK\x03\x04", "the file's name ends with 'xlsx'; accepted: .csv, .jsonl"),
    "no format": ("readings", csv_of([GOOD]), "the file's name ends with ''"),
    "a picture": ("a.jsonl", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "no line can be taken; the first, 1"),
    "unknown sensors alone": ("a.csv", csv_of([("attic-9", AT, 1)]), "no line can be taken; the first, 2: sensor is"),
    "a line without end": ("a.jsonl", b"[" * (LINE_BYTES + 1), f"line 1 is longer than {LINE_BYTES} bytes"),
    "too many bytes": ("a.csv", csv_of([GOOD]) + b"\n" * 1_000_000, "accepted: 1000000 at most"),
}


@pytest.mark.parametrize(("key", "content", "reason"), POISON.values(), ids=POISON)
def test_a_poison_file_is_moved_to_the_quarantine_and_nobody_waits(
    world: World, key: str, content: bytes, reason: str
) -> None:
    poison, good = world.upload(key, content), world.upload("good.csv", csv_of([GOOD]))
    assert world.work(poison, good) == []
    assert reason in world.quarantined()[key]
    assert world.s3.get_object(Bucket=QUARANTINE, Key=f"files/{key}")["Body"].read() == content
    assert world.uploads() == ["good.csv"]
    assert world.readings() == STORED


def test_a_poison_file_is_quarantined_once_however_often_it_is_told(world: World) -> None:
    poison = world.upload("a.csv", b"")
    assert world.work(poison, poison) == []
    assert world.work(poison) == []
    assert list(world.quarantined()) == ["a.csv"]


def test_what_stands_before_the_poison_is_summed_up(world: World) -> None:
    rows = [("roof-1", ago(seconds=second), 1) for second in range(600)]
    world.work(world.upload("a.csv", csv_of(rows) + b"x" * (LINE_BYTES + 1)))
    assert "longer than" in world.quarantined()["a.csv"]
    assert sum(sums.count for sums in world.sums(Step.HOUR).values()) == len(world.readings()) == 500


def test_a_reason_with_every_script_fits_into_a_header(world: World) -> None:
    world.work(world.upload("a.csv", "größe,名前\n".encode()))
    assert "gr\\xf6\\xdfe" in world.quarantined()["a.csv"]


# Huge files


class Endless(io.RawIOBase):
    """A file of so many lines that nobody has them all; it is made while it is read."""

    def __init__(self, wanted: int) -> None:
        self._left = wanted
        self._pending = b"sensor,at,value\n"

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while len(self._pending) < len(buffer) and self._left:
            self._pending += f"roof-1,{AT},{self._left % 60}\n".encode()
            self._left -= 1
        part, self._pending = self._pending[: len(buffer)], self._pending[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


def test_a_huge_file_takes_no_more_memory_than_a_small_one() -> None:
    def peak(wanted: int) -> int:
        tracemalloc.start()
        assert sum(line.reading is not None for line in lines(cast(IO[bytes], Endless(wanted)), Format.CSV)) == wanted
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    small, huge = peak(10_000), peak(40_000)  # 0.4 and 1.5 MB; what is read ahead is 0.25 MB
    assert huge < small * 1.5


def test_a_huge_file_is_in_memory_batch_by_batch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.sensors.ingest.BATCH", 50)
    rows = [("roof-1", ago(seconds=second), 1) for second in range(330)]
    sizes: list[int] = []
    pool = world.ingest._pool
    monkeypatch.setattr(
        world.ingest, "_pool", type("Pool", (), {"map": lambda _, call, items: _sized(pool, call, items, sizes)})()
    )
    world.work(world.upload("a.csv", csv_of(rows)))
    assert sizes[:7] == [50] * 6 + [30]
    assert len(world.readings()) == 330


def _sized(pool: Any, call: Any, items: Any, sizes: list[int]) -> Any:
    listed = list(items)
    sizes.append(len(listed))
    return pool.map(call, listed)


def test_a_file_that_time_runs_out_on_comes_again_and_ends_well(world: World) -> None:
    sent = world.upload("a.csv", csv_of([("roof-1", ago(seconds=second), 1) for second in range(600)]))
    assert world.work(sent, remaining_ms=1000) == [sent["messageId"]]
    assert world.work(sent) == []
    assert len(world.readings()) == 600


# Messages


def test_of_a_batch_only_what_failed_comes_again(world: World) -> None:
    broken = {"messageId": "broken", "body": "{"}
    good = [world.upload(f"{sensor}.csv", csv_of([(sensor, AT, 1)])) for sensor in KNOWN]
    assert world.work(good[0], broken, *good[1:]) == ["broken"]
    assert len(world.readings()) == len(KNOWN)


@pytest.mark.parametrize("body", ["{", "[]", "{}", '{"Records": [{}]}', "null"])
def test_a_message_that_is_none_of_s3_fails_and_goes_to_the_dead_letters(world: World, body: str) -> None:
    assert world.work({"messageId": "odd", "body": body}) == ["odd"]


def test_the_test_message_of_s3_is_nothing_to_work_on(world: World) -> None:
    body = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "uploads"})
    assert world.work({"messageId": "test", "body": body}) == []


def test_a_file_that_is_gone_is_counted_and_not_tried_again(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert world.work(message(record("gone.csv", 10))) == []
    assert figures(capsys.readouterr().out) == {"FilesGone": 1}


def test_a_bucket_that_cannot_be_read_fails_and_comes_again(world: World) -> None:
    sent = world.upload("a.csv", csv_of([GOOD]))
    world.faults.rate, world.faults.operations = 1.0, frozenset({"GetObject"})
    assert world.work(sent) == [sent["messageId"]]
    world.faults.rate = 0.0
    assert world.work(sent) == []
    assert world.readings() == STORED


def test_a_table_that_fails_lets_the_message_come_again(world: World) -> None:
    sent = world.upload("a.csv", csv_of([GOOD]))
    world.faults.rate, world.faults.operations = 1.0, frozenset({"PutItem"})
    assert world.work(sent) == [sent["messageId"]]


def test_a_quarantine_that_fails_loses_no_file(world: World) -> None:
    sent = world.upload("a.csv", b"")
    world.faults.rate, world.faults.operations = 1.0, frozenset({"CopyObject"})
    assert world.work(sent) == [sent["messageId"]]
    assert world.uploads() == ["a.csv"]


def test_sums_that_were_not_made_are_made_by_the_next_attempt(world: World) -> None:
    """The function ended between the readings and their sums: all readings are duplicates the next time."""
    sent = world.upload("a.csv", csv_of([GOOD]))
    world.faults.rate, world.faults.operations = 1.0, frozenset({"Query"})
    assert world.work(sent) == [sent["messageId"]]
    assert world.readings() == STORED
    assert world.sums(Step.HOUR) == {}
    world.faults.rate = 0.0
    assert world.work(sent) == []
    assert world.sums(Step.HOUR)["roof-1", "2026-11-24T10"].count == 1
