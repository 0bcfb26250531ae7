"""One life of a simulated AWS, as a process of its own: `python -m tests.unit.sandbox.aws.snapshot FOLDER PORT STEP`.

`create` makes every example, changes those that can be changed, and says what AWS then holds; `look` says what it
holds after a restart, and whether anything has drifted.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.unit.sandbox.aws.basics import BASICS
from tests.unit.sandbox.aws.serverless import SERVERLESS
from tests.unit.sandbox.aws.services import SERVICES
from tests.unit.sandbox.aws.stores import STORES
from tests.unit.sandbox.aws.world import Example, Examples, World, properties

ALL: dict[str, Example] = {**BASICS, **SERVERLESS, **STORES, **SERVICES}
APART = {"log_delivery", "logging"}
"""A bucket has one policy, and another example needs it."""


def create(world: World) -> None:
    """Make everything, with something deleted and made again in between."""
    examples = Examples(world, {name: example for name, example in ALL.items() if name not in APART})
    world.delete(examples.row("plain"))
    examples.rows.clear()
    for name in examples.examples:
        examples.row(name)
    for name, example in examples.examples.items():
        # Rules within a group and besides it are one list at AWS: what one changes has drifted for the other.
        if example.update and name != "group":
            world.update(examples.row(name), examples.inputs(example.update))


def held(world: World) -> dict[str, Any]:
    """Of every example its id, its outputs, and what boto3 finds."""
    found = {}
    for row in world.rows():
        name = row.urn.rsplit("::", 1)[-1]
        look = ALL[name].look if name in ALL else None
        seen = world.look(look, properties(row)) if look is not None else None
        found[name] = {"id": row.id, "seen": seen, "drifted": world.refresh(row) != row.outputs}
    return found


if __name__ == "__main__":
    folder, port, step = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    world = World(folder, port=port)
    world.aws.start()
    if step == "create":
        create(world)
    print(json.dumps(held(world), default=str))
