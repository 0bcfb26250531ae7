"""Values of properties: where they are, what they must be, and how they are shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.model import Resource, Violation
from policies.wire import UNKNOWN, reveal


def show(value: Any) -> str:
    """A value as a message names it: JSON, or what is special about it."""
    if value is None:
        return "missing"
    if value is UNKNOWN:
        return repr(value)
    return json.dumps(value, default=repr)


def at(value: Any, path: str, where: str = "") -> Iterator[tuple[str, Any]]:
    """Every value at a path such as `rules[].ebs.encrypted` with its place; None where the path ends too early.

    What is inside an unknown value is unknown. A list that is missing or empty has one missing value.
    """
    value = reveal(value)
    key, _, rest = path.partition(".")
    name = key.removesuffix("[]")
    place = f"{where}.{name}" if where else name
    found = UNKNOWN if value is UNKNOWN else reveal(value.get(name)) if isinstance(value, Mapping) else None
    if name == key:
        yield from at(found, rest, place) if rest else [(place, found)]
    elif isinstance(found, list) and found:
        for index, element in enumerate(found):
            yield from at(element, rest, f"{place}[{index}]") if rest else [(f"{place}[{index}]", reveal(element))]
    else:
        end = f"{place}.{rest.replace('[]', '')}" if rest else place
        yield end, UNKNOWN if found is UNKNOWN else None


@dataclass(frozen=True, slots=True)
class Requirement:
    """What the values at a path must be; `accepted` says it in words."""

    path: str
    holds: Callable[[Any], bool]
    accepted: str

    def unmet(self, resource: Resource) -> Iterator[Violation]:
        """The values that are not so."""
        for place, value in at(resource.inputs, self.path):
            if not self.holds(value):
                yield Violation(f"{place} is {show(value)}", self.accepted)


def unmet(resource: Resource, requirements: Mapping[str, Iterable[Requirement]]) -> Iterator[Violation]:
    """What a resource lacks of what is required of its type."""
    for requirement in requirements.get(resource.type, ()):
        yield from requirement.unmet(resource)


def on(path: str) -> Requirement:
    """A switch that must be on; left out, it is off."""
    return Requirement(path, lambda value: value is True, "true")


def not_off(path: str) -> Requirement:
    """A switch that is on unless it is turned off."""
    return Requirement(path, lambda value: value is True or value is None, "true")


def off(path: str) -> Requirement:
    """A switch that must not be on; left out, it is off."""
    return Requirement(path, lambda value: value is False or value is None, "false")


def given(path: str, accepted: str) -> Requirement:
    """Something that must be there, whatever it is; what is known later will be there."""
    return Requirement(path, lambda value: value not in (None, "", []), accepted)


def at_least(path: str, number: float, unit: str = "") -> Requirement:
    """A number that must be there and large enough."""
    text = f"{number:g} {unit}".strip()
    return Requirement(path, lambda value: _is_number(value) and value >= number, f"{text} or more")


def one_of(path: str, *accepted: Any) -> Requirement:
    """One of some values; None among them where the property may be left out."""
    shown = ", ".join(show(value) for value in accepted)
    return Requirement(path, lambda value: not isinstance(value, list | dict) and value in accepted, shown)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
