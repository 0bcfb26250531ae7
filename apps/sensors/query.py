"""The function that answers the API: which sensors there are, and what they measured.

API Gateway has checked the caller's token before; what is asked for is checked here.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from apps.sensors.environment import Environment
from apps.sensors.model import SENSOR, RejectedError, hour_of, moment_of, shown, text_of
from apps.sensors.store import Point, Step, Store, now

LOG: Final = logging.getLogger(__name__)
PAGE: Final = 1000
MOST_DAYS: Final = {Step.RAW: 2, Step.HOUR: 62, Step.DAY: 3660}
"""What one question may span, so that an answer takes a few pages at most."""
HEADERS: Final = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
}


class BadRequestError(Exception):
    """A question that has no answer; the text names the parameter, the value and what is accepted."""


class NotFoundError(Exception):
    """Nothing is there."""


class Query:
    """Answers requests of an HTTP API, in its payload format 2.0."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = now) -> None:
        self._store = store
        self._clock = clock

    def handle(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The response."""
        asked: Mapping[str, str] = event.get("queryStringParameters") or {}
        path: Mapping[str, str] = event.get("pathParameters") or {}
        try:
            match event["routeKey"]:
                case "GET /v1/sensors":
                    return _response(200, self._sensors(asked))
                case "GET /v1/sensors/{sensor}/readings":
                    return _response(200, self._readings(path["sensor"], asked))
                case other:
                    raise NotFoundError(f"there is no {other}")
        except BadRequestError as error:
            return _response(400, {"error": str(error)})
        except NotFoundError as error:
            return _response(404, {"error": str(error)})

    def _sensors(self, asked: Mapping[str, str]) -> Any:
        _only(asked, ("next",))
        after = asked.get("next")
        if after is not None and not SENSOR.fullmatch(after):
            raise BadRequestError(f"next is {shown(after)}; accepted: what the page before said")
        sensors, following = self._store.sensors(after, PAGE)
        listed = [
            {"sensor": one.sensor, "name": one.name, "unit": one.unit}
            for one in sorted(sensors, key=lambda one: one.sensor)
        ]
        return {"sensors": listed, "next": following}

    def _readings(self, name: str, asked: Mapping[str, str]) -> Any:
        _only(asked, ("from", "to", "step", "next"))
        sensor = self._store.sensor(name) if SENSOR.fullmatch(name) else None
        if sensor is None:
            raise NotFoundError(f"there is no sensor {shown(name)}")
        step = _step(asked.get("step", Step.HOUR.value))
        last = _moment(asked, "to", self._clock())
        first = _moment(asked, "from", last - timedelta(days=1))
        if not timedelta(0) <= last - first <= timedelta(days=MOST_DAYS[step]):
            accepted = f"a moment before to, and at most {MOST_DAYS[step]} days before it for step {step}"
            raise BadRequestError(f"from is {text_of(first)}, to is {text_of(last)}; accepted for from: {accepted}")
        begin = _moment(asked, "next", first, _parse_next(step))
        points, following = self._store.series(sensor.sensor, step, _stamp(step, begin), _stamp(step, last), PAGE)
        if following is not None:
            following = _next(step, following)
        return {
            "sensor": sensor.sensor,
            "name": sensor.name,
            "unit": sensor.unit,
            "step": step.value,
            "points": [_point(step, point) for point in points],
            "next": following,
        }


def _parse_next(step: Step) -> str:
    return {Step.RAW: "{}", Step.HOUR: "{}:00Z", Step.DAY: "{}T00:00Z"}[step]


def _next(step: Step, last: str) -> str:
    """The first moment after a point, as a request gives it."""
    moment = moment_of(_parse_next(step).format(last))
    length = {Step.RAW: timedelta(milliseconds=1), Step.HOUR: timedelta(hours=1), Step.DAY: timedelta(days=1)}
    return _stamp(step, moment + length[step])


def _moment(asked: Mapping[str, str], name: str, default: datetime, form: str = "{}") -> datetime:
    if name not in asked:
        return default
    try:
        return moment_of(form.format(asked[name]), name)
    except RejectedError as error:
        raise BadRequestError(str(error)) from None


def _step(value: str) -> Step:
    if value not in list(Step):
        raise BadRequestError(f"step is {shown(value)}; accepted: {', '.join(Step)}")
    return Step(value)


def _only(asked: Mapping[str, str], known: tuple[str, ...]) -> None:
    for name in asked:
        if name not in known:
            raise BadRequestError(f"{shown(name)} is no parameter; accepted: {', '.join(known)}")


def _stamp(step: Step, moment: datetime) -> str:
    """A moment as the table has it for a step."""
    match step:
        case Step.RAW:
            return text_of(moment)
        case Step.HOUR:
            return hour_of(moment)
        case Step.DAY:
            return hour_of(moment).partition("T")[0]


def _point(step: Step, point: Point) -> dict[str, Any]:
    """Values are numbers of JSON; the digits that a float has are more than a sensor's."""
    sums = point.summary
    if step is Step.RAW:
        return {"at": point.at, "value": float(sums.total)}
    return {
        "at": point.at,
        "count": sums.count,
        "mean": float(sums.total / sums.count),
        "least": float(sums.least),
        "most": float(sums.most),
    }


def _response(status: int, body: Any) -> dict[str, Any]:
    return {"statusCode": status, "headers": HEADERS, "body": json.dumps(body)}


@cache
def _query() -> Query:
    return Query(Environment.read().store())


def handler(event: Mapping[str, Any], _context: Any) -> dict[str, Any]:
    """What Lambda calls with a request."""
    return _query().handle(event)
