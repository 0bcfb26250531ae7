"""A stack file of the sensors with one mistake: the error names the key, the file and line, the value, what is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from settings import SettingsError, read
from tests.unit.settings.stack_files import REMOVED, complaints, write
from tests.unit.settings.test_bad_values import Bad


def one(key: str, value: Any, given: str, *accepted: str, at: str = "", stack: str = "sensors-sandbox") -> Bad:
    """A value below `platform:sensors` that is wrong, and is complained about where it stands."""
    return Bad(
        {f"sensors.{key}": value}, f"platform:sensors.{key}", given, accepted, at or key.rpartition(".")[2], stack
    )


UNKNOWN_KEYS: Final = {
    "of the system": one("regoin", "eu-west-3", "is 'eu-west-3'", "no such key", "did you mean region?"),
    "of uploads": one("uploads.format", "csv", "is 'csv'", "no such key", "did you mean formats?"),
    "of retention": one("retention.week_days", 90, "is 90", "no such key", "raw_days"),
    "of the query": one("query.signin", "a", "is 'a'", "no such key", "did you mean sign_in?"),
    "of alarms": one("alarms.email", [], "is a list", "no such key", "did you mean mail?"),
}
WRONG_TYPES: Final = {
    "a number for an account": one("account", 123456789012, "is 123456789012", "12 digits", "in quotes"),
    "text for a number": one("uploads.most_mb", "10", "is '10'", "a whole number of 1 to 500"),
    "a fraction": one("query.rate", 2.5, "is 2.5", "a whole number of 1 to 10000"),
    "text for a boolean": one("eu_only", "yes", "is 'yes'", "true or false"),
    "a text for formats": one("uploads.formats", "csv", "is 'csv'", "a list"),
    "a list for a map": one("retention", [], "is a list", "a map with raw_days, hour_days, day_days"),
    "nothing": one("region", None, "is empty", "a string"),
}
MISSING: Final = {
    "where data may be": one("eu_only", REMOVED, "is missing", "true or false", at="sensors"),
    "who hears": one("alarms.mail", REMOVED, "is missing", "a list", at="alarms"),
    "what is kept": one("retention", REMOVED, "is missing", "a map with raw_days", at="sensors"),
}
OUTSIDE_THE_EU: Final = {
    "London": one("region", "eu-west-2", "is 'eu-west-2'", "in the EU", "eu-west-3", "eu-central-1"),
    "Zurich": one("region", "eu-central-2", "is 'eu-central-2'", "in the EU"),
    "Virginia": one("region", "us-east-1", "is 'us-east-1'", "in the EU"),
    "a CDN in production": one(
        "eu_only", False, "is false", "true in prod", "CloudFront", "outside the EU", stack="sensors-prod"
    ),
}
FORMATS: Final = {
    "an unknown one": one("uploads.formats[1]", "xlsx", "is 'xlsx'", "csv, jsonl", at="xlsx"),
    "one twice": one("uploads.formats", ["csv", "csv"], "is csv, csv", "every format once"),
    "none": one("uploads.formats", [], "has 0 entries", "1 or more"),
}
KEPT: Final = {
    "hours shorter than readings": one("retention.hour_days", 60, "is 60", "90, which is raw_days, or more"),
    "days shorter than hours": one("retention.day_days", 100, "is 100", "365, which is hour_days, or more"),
    "readings shorter than they may be late": one(
        "retention.raw_days", 44, "is 44", "45 or more", "30 days late", "14 days as a dead letter"
    ),
    "files shorter than a dead letter": one("uploads.expire_days", 14, "is 14", "15 or more", "dead letter"),
    "a quarantine that nobody can look into": one("uploads.quarantine_days", 7, "is 7", "a whole number of 14 to 3650"),
    "no readings": one("retention.raw_days", 0, "is 0", "a whole number of 16 to 3650"),
}
LIMITS: Final = {
    "files that no function ends with": one(
        "uploads.most_mb", 13, "is 13", "12 or less", "in 120 s (ingest.timeout_seconds)"
    ),
    "files larger than any": one("uploads.most_mb", 501, "is 501", "a whole number of 1 to 500"),
    "a clock days ahead": one("uploads.skew_minutes", 1440, "is 1440", "a whole number of 0 to 60"),
    "memory": one("ingest.memory_mib", 128, "is 128", "a whole number of 256 to 10240"),
    "time": one("ingest.timeout_seconds", 1000, "is 1000", "a whole number of 60 to 900"),
    "concurrency": one("ingest.concurrency", 1, "is 1", "a whole number of 2 to 1000"),
    "functions for the readings": Bad(
        {"sensors.readings_per_day": 100_000_000},
        "platform:sensors.ingest.concurrency",
        "is 2",
        ("6 or more", "10 times the average of 100000000"),
        "concurrency",
        "sensors-sandbox",
    ),
    "no readings a day": one("readings_per_day", 0, "is 0", "a whole number of 1 to 1000000000"),
    "no throttle": one("query.rate", 0, "is 0", "a whole number of 1 to 10000"),
    "a burst below the rate": one("query.burst", 10, "is 10", "20, which is rate, or more"),
    "silence that is noise": one("alarms.silence_minutes", 1, "is 1", "a whole number of 10 to 1440"),
    "waiting for days": one("alarms.waiting_minutes", 5000, "is 5000", "a whole number of 5 to 1440"),
}
FORMS: Final = {
    "an account": one("account", "12345", "is '12345'", "12 digits"),
    "a name that Cognito keeps": one("query.sign_in", "my-aws", "is 'my-aws'", "without aws, amazon and cognito"),
    "a name for signing in": one("query.sign_in", "Our Page", "is 'Our Page'", "characters of a-z"),
    "a mail address": one("alarms.mail[0]", "duty", "is 'duty'", "a mail address", at="duty"),
    "a telephone": one("alarms.sms[0]", "0700000000", "is '0700000000'", "+33123456789", at="0700000000"),
    "a channel": one("alarms.slack.channel", "#alarms", "is '#alarms'", "an id of Slack"),
    "nobody to tell": one("alarms.mail", [], "has 0 entries", "1 or more"),
    "another stack's environment": Bad(
        {"environment": "dev"},
        "platform:environment",
        "is 'dev' in a stack named 'sensors-prod'",
        ("'prod', which the stack's name ends with",),
        "environment",
        "sensors-prod",
    ),
}
CATEGORIES: Final[Mapping[str, Mapping[str, Bad]]] = {
    "unknown keys": UNKNOWN_KEYS,
    "wrong types": WRONG_TYPES,
    "missing": MISSING,
    "outside the EU": OUTSIDE_THE_EU,
    "formats": FORMATS,
    "kept": KEPT,
    "limits": LIMITS,
    "forms": FORMS,
}
CASES: Final = [
    pytest.param(bad, id=f"{category}-{name}") for category, cases in CATEGORIES.items() for name, bad in cases.items()
]


@pytest.mark.parametrize("bad", CASES)
def test_one_mistake_is_one_clear_complaint(bad: Bad, tmp_path: Path) -> None:
    file = write(tmp_path, bad.stack, bad.patch)
    with pytest.raises(SettingsError) as caught:
        read(bad.stack, tmp_path)
    (complaint,) = complaints(str(caught.value))
    assert complaint.key == bad.key
    assert complaint.given == bad.given
    for words in bad.accepted:
        assert words in complaint.accepted
    assert complaint.file == file.name
    assert complaint.line is not None
    assert bad.at in file.read_text().splitlines()[complaint.line - 1]


def test_what_is_missing_hides_no_other_mistake(tmp_path: Path) -> None:
    patch = {"sensors.retention": REMOVED, "sensors.region": "eu-west-2", "sensors.query.burst": 1}
    write(tmp_path, "sensors-sandbox", patch)
    with pytest.raises(SettingsError) as caught:
        read("sensors-sandbox", tmp_path)
    assert {complaint.key.removeprefix("platform:") for complaint in complaints(str(caught.value))} == set(patch)
