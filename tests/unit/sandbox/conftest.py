"""Simulated clouds inside the test's own process, as empty as on the first day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.sandbox.customer import Clouds, Customer


@pytest.fixture
def clouds(tmp_path: Path) -> Iterator[Clouds]:
    clouds = Clouds(tmp_path)
    yield clouds
    clouds.stop()


@pytest.fixture
def ovh(clouds: Clouds) -> Customer:
    return clouds.customer("ovh")


@pytest.fixture
def scaleway(clouds: Clouds) -> Customer:
    return clouds.customer("scaleway", zone="fr-par-1", region="fr-par")
