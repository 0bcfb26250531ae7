"""One simulated AWS a test process; every test leaves it empty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.sandbox.aws.world import World


@pytest.fixture(scope="session")
def session_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("aws"))


@pytest.fixture
def world(session_world: World) -> Iterator[World]:
    yield session_world
    for row in reversed(session_world.store.rows("aws")):
        session_world.store.delete(row)
    session_world.aws.sweep()
