"""What the API answers: to good questions, and to every kind of bad one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

import pytest

from apps.sensors.page import Page
from apps.sensors.query import Query
from tests.unit.apps.sensors.world import KNOWN, UPLOADED, UPLOADS, World, ago, csv_of

SENSORS: Final = "GET /v1/sensors"
READINGS: Final = "GET /v1/sensors/{sensor}/readings"
DAY: Final = {"from": "2026-11-24T00:00:00Z", "to": "2026-11-24T12:00:00Z"}


def ask(world: World, route: str, sensor: str = "", **asked: str) -> tuple[int, Any]:
    event: dict[str, Any] = {"routeKey": route}
    if asked:
        event["queryStringParameters"] = asked
    if sensor:
        event["pathParameters"] = {"sensor": sensor}
    answer = Query(world.store, lambda: UPLOADED).handle(event)
    assert answer["headers"]["Content-Type"] == "application/json"
    assert answer["headers"]["Cache-Control"] == "no-store"
    return answer["statusCode"], json.loads(answer["body"])


def pages(world: World, sensor: str, asked: Mapping[str, str]) -> Iterator[Any]:
    following: str | None = None
    while True:
        status, said = ask(world, READINGS, sensor, **asked, **({"next": following} if following else {}))
        assert status == 200, said
        yield said
        following = said["next"]
        if following is None:
            return


def test_known_sensors_are_listed(world: World) -> None:
    status, said = ask(world, SENSORS)
    assert status == 200
    assert [one["sensor"] for one in said["sensors"]] == sorted(KNOWN)
    assert said["sensors"][0] == {"sensor": "cellar-1", "name": "Cellar-1", "unit": "°C"}
    assert said["next"] is None


def test_sensors_come_page_by_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.sensors.query.PAGE", 2)
    found: list[str] = []
    following = None
    while following or not found:
        _, said = ask(world, SENSORS, **({"next": following} if following else {}))
        found += [one["sensor"] for one in said["sensors"]]
        following = said["next"]
    assert sorted(found) == sorted(KNOWN)


def test_readings_are_in_the_order_of_time(world: World) -> None:
    world.work(world.upload("a.csv", csv_of([("roof-1", ago(minutes=n), n) for n in (30, 10, 20)])))
    (said,) = pages(world, "roof-1", {**DAY, "step": "raw"})
    assert [point["value"] for point in said["points"]] == [30, 20, 10]
    assert said["points"][0]["at"] == "2026-11-24T11:30:00.000Z"


def test_sums_have_mean_least_most_and_count(world: World) -> None:
    world.work(world.upload("a.csv", csv_of([("roof-1", ago(minutes=n), n) for n in (10, 20, 45)])))
    (hours,) = pages(world, "roof-1", {**DAY, "step": "hour"})
    assert hours["points"] == [{"at": "2026-11-24T11", "count": 3, "mean": 25.0, "least": 10.0, "most": 45.0}]
    (days,) = pages(world, "roof-1", {**DAY, "step": "day"})
    assert [point["at"] for point in days["points"]] == ["2026-11-24"]


@pytest.mark.parametrize("step", ["raw", "hour"])
def test_long_series_come_page_by_page_without_a_gap(world: World, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    monkeypatch.setattr("apps.sensors.query.PAGE", 3)
    world.work(world.upload("a.csv", csv_of([("roof-1", ago(minutes=60 * n), n) for n in range(1, 9)])))
    found = [point["at"] for said in pages(world, "roof-1", {**DAY, "step": step}) for point in said["points"]]
    assert len(found) == len(set(found)) == 8
    assert found == sorted(found)


def test_the_last_day_by_hours_is_what_nobody_asks_otherwise(world: World) -> None:
    rows = [("roof-1", UPLOADED - timedelta(hours=hours), hours) for hours in (1, 23, 30)]
    world.work(world.upload("a.csv", csv_of(rows)))
    _, said = ask(world, READINGS, "roof-1")
    assert said["step"] == "hour"
    assert [point["mean"] for point in said["points"]] == [23, 1]


def test_one_sensor_sees_nothing_of_another(world: World) -> None:
    world.work(world.upload("a.csv", csv_of([("roof-1", ago(minutes=1), 1), ("roof-2", ago(minutes=1), 2)])))
    (said,) = pages(world, "roof-2", {**DAY, "step": "raw"})
    assert [point["value"] for point in said["points"]] == [2]


BAD: Final = {
    "a step": ({"step": "week"}, "step is 'week'; accepted: raw, hour, day"),
    "a moment": ({"from": "yesterday"}, "from is 'yesterday'; accepted: a date and time"),
    "a moment without an offset": ({"to": "2026-11-24T10:00:00"}, "to is '2026-11-24T10:00:00'"),
    "an end before the beginning": (
        {"from": "2026-11-24T12:00:00Z", "to": "2026-11-24T11:00:00Z"},
        "a moment before to",
    ),
    "too long": ({"from": "2026-01-01T00:00:00Z", "step": "raw"}, "at most 2 days before it for step raw"),
    "another parameter": ({"form": "2026-01-01T00:00:00Z"}, "'form' is no parameter; accepted: from, to, step, next"),
    "a next that is none": ({"next": "'; DROP"}, "next is"),
}


@pytest.mark.parametrize(("asked", "reason"), BAD.values(), ids=BAD)
def test_a_bad_question_is_answered_with_what_is_accepted(world: World, asked: dict[str, str], reason: str) -> None:
    status, said = ask(world, READINGS, "roof-1", **asked)
    assert status == 400
    assert reason in said["error"]


@pytest.mark.parametrize("sensor", ["attic-9", "../known", "ROOF-1", "x" * 65])
def test_a_sensor_that_nobody_knows_is_not_found(world: World, sensor: str) -> None:
    assert ask(world, READINGS, sensor)[0] == 404


def test_a_route_that_nobody_knows_is_not_found(world: World) -> None:
    assert ask(world, "DELETE /v1/sensors")[0] == 404


# The page


@pytest.fixture
def page(world: World) -> Page:
    for key, kind in (("index.html", "text/html"), ("dashboard.js", "text/javascript")):
        world.s3.put_object(Bucket=UPLOADS, Key=key, Body=f"this is {key}".encode(), ContentType=kind)
    return Page(world.s3, UPLOADS, "default-src 'none'")


def fetch(page: Page, name: str = "", **headers: str) -> dict[str, Any]:
    return page.handle({"headers": headers, **({"pathParameters": {"file": name}} if name else {})})


def test_files_of_the_page_have_their_type_and_strict_headers(page: Page) -> None:
    for name, wanted, kind in (("", "index.html", "text/html"), ("dashboard.js", "dashboard.js", "text/javascript")):
        answer = fetch(page, name)
        assert (answer["statusCode"], answer["body"]) == (200, f"this is {wanted}")
        assert answer["headers"]["Content-Type"] == kind
        assert answer["headers"]["Content-Security-Policy"] == "default-src 'none'"
        assert answer["headers"]["X-Content-Type-Options"] == "nosniff"


def test_a_file_that_the_browser_has_is_not_sent_again(page: Page) -> None:
    known = fetch(page)["headers"]["ETag"]
    assert fetch(page, **{"if-none-match": known})["statusCode"] == 304
    assert fetch(page, **{"if-none-match": '"other"'})["statusCode"] == 200


@pytest.mark.parametrize("name", ["nothing.js", "../index.html", "index", ".html", "a b.js", "INDEX.HTML", "x" * 2000])
def test_other_files_are_not_found(page: Page, name: str) -> None:
    assert fetch(page, name)["statusCode"] == 404
