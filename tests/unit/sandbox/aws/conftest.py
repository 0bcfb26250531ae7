"""One simulated AWS a test process; every test leaves it empty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.sandbox.aws.world import World


@pytest.fixture(scope="session")
def session_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("aws"))
    # With the last resource AWS is emptied, which takes a second: one that stays spares every test that.
    world.keep(world.create("aws:cloudwatch/logGroup:LogGroup", {"name": "anchor"}))
    return world


@pytest.fixture
def world(session_world: World) -> Iterator[World]:
    yield session_world
    for row in reversed(session_world.rows()):
        session_world.store.delete(row)
    session_world.aws.sweep()
