from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.apps.sensors.world import World, opened


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with opened(monkeypatch) as found:
        yield found
