"""What a stack file may say of the sensors system."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from apps.sensors.files import Format
from settings.base import ACCOUNT, Model, Recipients, Slug


class Uploads(Model):
    """The files that sensors, or gateways of theirs, upload."""

    formats: tuple[Annotated[Format, Field(strict=False)], ...] = Field(
        strict=False, min_length=1, description="What is worked on; other files go to the quarantine"
    )
    most_mb: int = Field(ge=1, le=500, description="Size of a file, at most; larger ones go to the quarantine")
    late_days: int = Field(ge=1, le=90, description="How long before the upload a reading may have been measured")
    skew_minutes: int = Field(ge=0, le=60, description="How far a sensor's clock may be ahead")
    expire_days: int = Field(ge=1, le=3650, description="Days after which a file that was worked on is removed")
    quarantine_days: int = Field(ge=14, le=3650, description="Days after which a file in quarantine is removed")


class Retention(Model):
    """Days that what the table has is kept, after the moment that it is of."""

    raw_days: int = Field(ge=16, le=3650, description="Single readings")
    hour_days: int = Field(ge=16, le=3650, description="Sums of hours")
    day_days: int = Field(ge=16, le=36500, description="Sums of days")


class Ingest(Model):
    """The function that works on files."""

    memory_mib: int = Field(
        ge=256, le=10_240, description="Memory, with which the function's share of processors grows"
    )
    timeout_seconds: int = Field(ge=60, le=900, description="What one batch of files may take")
    concurrency: int = Field(ge=2, le=1000, description="How many run at the same time, at most")


class Query(Model):
    """The API that readings are asked from."""

    rate: int = Field(ge=1, le=10_000, description="Requests a second, of all callers together, before 429 is answered")
    burst: int = Field(ge=1, le=5_000, description="Requests that may come at once")
    sign_in: Slug = Field(
        description="Where users sign in: <sign_in>.auth.<region>.amazoncognito.com; unique in a region"
    )


class Alarms(Recipients):
    """Who hears of alarms, and from which figures on."""

    silence_minutes: int = Field(ge=10, le=1440, description="How long no sensor may send anything")
    waiting_minutes: int = Field(ge=5, le=1440, description="How long a file may wait to be worked on")


class Sensors(Model):
    """The sensors system: files become readings, which an API and a dashboard show, in one region of AWS."""

    account: str = Field(pattern=ACCOUNT, description="The AWS account; credentials of another one are refused")
    region: str
    eu_only: bool = Field(
        description="true: the page comes from the region, too; false: its files come from CloudFront, whose places are "
        "chosen by where the viewer is"
    )
    readings_per_day: int = Field(ge=1, le=1_000_000_000, description="What arrives, by which cost and capacity count")
    uploads: Uploads
    retention: Retention
    ingest: Ingest
    query: Query
    alarms: Alarms
