"""A stack file with more machines in every role."""

from __future__ import annotations

import copy
from typing import Any, Final

from settings import Role
from settings.hosting.rules import PAIRS, QUORUM

MOST: Final = 200
"""What settings accept as the count of one role at one site."""


def count(role: Role, machines: int, factor: int) -> int:
    """Machines of a role at `factor` times the size; odd where the role decides by majority.

    Raises ValueError where settings would refuse the number.
    """
    if role in PAIRS:
        return machines
    scaled = machines * factor
    if role in QUORUM and scaled % 2 == 0:
        scaled -= 1
    if scaled > MOST:
        raise ValueError(f"{scaled} machines of role {role}, but settings accept {MOST} at most")
    return scaled


def scaled(document: dict[str, Any], factor: int) -> dict[str, Any]:
    """A copy of a stack file's content with `factor` times the machines."""
    larger = copy.deepcopy(document)
    for site in larger["config"]["platform:hosting"]["sites"]:
        for role, group in site["machines"].items():
            group["count"] = count(Role(role), group["count"], factor)
    return larger
