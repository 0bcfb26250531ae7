"""Every kind of resource is created, read back from AWS with boto3, changed, found drifted, and deleted."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.clouds.aws import CLOUD
from sandbox.store import Row
from tests.unit.sandbox.aws.basics import BASICS
from tests.unit.sandbox.aws.serverless import SERVERLESS
from tests.unit.sandbox.aws.services import SERVICES
from tests.unit.sandbox.aws.stores import STORES
from tests.unit.sandbox.aws.world import Example, Examples, World, properties

EXAMPLES: dict[str, Example] = {**BASICS, **SERVERLESS, **STORES, **SERVICES}


def test_there_is_an_example_of_every_kind() -> None:
    assert {example.token for example in EXAMPLES.values()} == CLOUD.kinds.keys()


def seen(world: World, example: Example, row: Row) -> Any:
    return None if example.look is None else world.look(example.look, properties(row))


@pytest.mark.parametrize("name", EXAMPLES)
def test_life(name: str, world: World) -> None:
    examples = Examples(world, EXAMPLES)
    example = EXAMPLES[name]
    row = examples.row(name)
    assert seen(world, example, row) == example.created
    assert world.refresh(row) == row.outputs, "what nobody changed has not drifted"

    if example.update:
        change = examples.inputs(example.update)
        assert not CLOUD.kinds[row.token].replaces(change, row.inputs, {**row.inputs, **change})
        row = world.update(row, change)
        assert seen(world, example, row) == example.updated
        assert world.refresh(row) == row.outputs

    if example.drift is not None:
        before = seen(world, example, row)
        world.look(example.drift, properties(row))
        found = world.refresh(row)
        if example.drifted:
            assert found is not None
            assert {key: value for key, value in found.items() if value != row.outputs.get(key)} == example.drifted
            row = world.update(row, {})
            assert world.refresh(row) == row.outputs, "the next update mends what has drifted"
            assert seen(world, example, row) == before
        else:
            assert found is None, "what somebody has removed is gone"
            assert world.store.get("aws", row.token, row.id) is None

    if world.store.get("aws", row.token, row.id) is not None:
        world.delete(row)
    if not example.stays:
        assert seen(world, example, row) in (None, [], [None, None])
    examples.remove()
    assert world.rows() == []
