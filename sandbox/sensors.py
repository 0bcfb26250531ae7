"""The sensors system of the sandbox from outside: as those who register sensors, upload files, and look at charts."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import boto3

from apps.sensors.model import Sensor, text_of
from apps.sensors.store import Step, item_of
from sandbox.browser import browser
from sandbox.daemon import Running, SandboxError

USER: Final = "visitor@example.org"
WAIT_SECONDS: Final = 60
POLL_SECONDS: Final = 0.25
MINUTES: Final = 10
"""Between two readings of a sensor of the demonstration."""
SENSORS: Final = (
    Sensor("town-hall-roof", "Town hall, roof", "°C", Decimal(-40), Decimal(60)),
    Sensor("town-hall-cellar", "Town hall, cellar", "°C", Decimal(-40), Decimal(60)),
    Sensor("river-bridge", "River at the bridge", "cm", Decimal(0), Decimal(900)),
    Sensor("school-yard", "School yard", "dB", Decimal(0), Decimal(140)),
)
_WAVES: Final[Mapping[str, tuple[float, float, float]]] = {
    "town-hall-roof": (9, 6, 15),
    "town-hall-cellar": (13, 0.8, 18),
    "river-bridge": (310, 42, 4),
    "school-yard": (48, 17, 11),
}
"""Of each sensor: the middle, how far it swings, and the hour at which it is highest."""


class SensorsSystem:
    """What the outputs of a stack name, in a sandbox that runs; `folder` is the sandbox's."""

    def __init__(self, running: Running, folder: Path, outputs: Mapping[str, Any], region: str) -> None:
        self._running = running
        self._folder = folder
        self.outputs = outputs
        self._region = region
        self.password = f"{secrets.token_urlsafe(18)}aA1!"

    def aws(self, service: str) -> Any:
        """A client of the simulated AWS."""
        return boto3.client(
            service,
            endpoint_url=self._running.aws,
            region_name=self._region,
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",  # noqa: S106 - moto asks for some
        )

    def register(self, sensors: Iterable[Sensor]) -> None:
        """Make sensors known."""
        tables = self.aws("dynamodb")
        for sensor in sensors:
            tables.put_item(TableName=self.outputs["tables"]["sensors"], Item=item_of(sensor))

    def upload(self, key: str, content: bytes) -> None:
        """Put a file where sensors put theirs."""
        self.aws("s3").put_object(Bucket=self.outputs["uploads"], Key=key, Body=content)

    def readings(self) -> int:
        """How many readings the table has."""
        pages = self.aws("dynamodb").get_paginator("scan").paginate(TableName=self.outputs["tables"]["readings"])
        return sum(item["at"]["S"].startswith(f"{Step.RAW}#") for page in pages for item in page["Items"])

    def wait_for(self, readings: int) -> None:
        """Wait until the table has so many readings; SandboxError where that takes too long."""
        deadline = time.monotonic() + WAIT_SECONDS
        while (found := self.readings()) < readings:
            if time.monotonic() > deadline:
                raise SandboxError(
                    f"after {WAIT_SECONDS} s, {found} of {readings} readings are in the table; "
                    f"{self._folder / 'functions'} has what the functions said"
                )
            time.sleep(POLL_SECONDS)

    def invite(self) -> None:
        """Let the user USER sign in with `password`."""
        users, pool = self.aws("cognito-idp"), self.outputs["users"]
        attributes = [{"Name": "email", "Value": USER}, {"Name": "email_verified", "Value": "true"}]
        if users.list_users(UserPoolId=pool, Filter=f'email = "{USER}"')["Users"] == []:
            users.admin_create_user(UserPoolId=pool, Username=USER, UserAttributes=attributes)
        users.admin_set_user_password(UserPoolId=pool, Username=USER, Password=self.password, Permanent=True)

    def browser(self, folder: Path) -> AbstractContextManager[Any]:
        """A page of a browser that finds this system; `folder` gets its files."""
        return browser(folder, self._running.gateway, self._folder / "gateway.pem")

    def sign_in(self, page: Any) -> None:
        """Open the dashboard, and sign in as USER."""
        page.goto(self.outputs["url"])
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("Mail address").fill(USER)
        page.get_by_label("Password").fill(self.password)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("group", name="Sensors").wait_for()


def demonstration(until: datetime, days: int) -> dict[str, bytes]:
    """Files of readings that look like something, one a sensor; the same for the same moment."""
    files = {}
    count = days * 24 * 60 // MINUTES
    for sensor, (middle, swing, highest) in _WAVES.items():
        lines = ["sensor,at,value"]
        for number in range(count):
            at = until - timedelta(minutes=number * MINUTES)
            hour = at.hour + at.minute / 60
            wave = math.cos((hour - highest) / 24 * 2 * math.pi) + 0.2 * math.sin(number / 7) + 0.1 * math.sin(number)
            lines.append(f"{sensor},{text_of(at)},{middle + swing * wave:.2f}")
        files[f"{sensor}/{until:%Y-%m-%d}.csv"] = "\n".join(lines).encode()
    return files


def recently() -> datetime:
    """The last full ten minutes."""
    now = datetime.now(UTC)
    return now.replace(minute=now.minute // MINUTES * MINUTES, second=0, microsecond=0)
