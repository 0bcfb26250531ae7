"""Pulumi's properties and AWS's parameters: the same things under almost the same names.

botocore's service models name every member of every operation, with its type, its limits and the values that it takes.
So nobody writes down what the API says itself: `cidrBlock` finds `CidrBlock`, `subnetIds` finds `SubnetIds` or
`Subnets`, `name` finds `FunctionName` in `CreateFunctionRequest`, and a map of tags becomes a list of pairs. Only names
that differ by more are declared, a kind its own.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, get_args, get_origin

import botocore.session

from sandbox import schema
from sandbox.properties import UNKNOWN, Unknown
from sandbox.schema import Failure

Shape = Any  # botocore has no types
NOT_SENT: Final = ""
"""What a name stands for that the API does not have at this place."""
_PAIR: Final = (("key", "value"), ("tagkey", "tagvalue"), ("name", "value"), ("key", "values"))
_SHOWN: Final = 60


@functools.cache
def _session() -> Any:
    return botocore.session.get_session()


@functools.cache
def service_model(service: str) -> Any:
    """What botocore knows of a service."""
    return _session().get_service_model(service)


@functools.cache
def input_shape(service: str, operation: str) -> Shape:
    """What an operation such as `CreateVpc` takes."""
    return service_model(service).operation_model(operation).input_shape


@functools.cache
def plain(name: str) -> str:
    """A name without case and punctuation."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


@functools.cache
def _variants(name: str) -> tuple[str, ...]:
    """A name, and its singular and plural."""
    bare = plain(name)
    others = [f"{bare}s", f"{bare}es"]
    if bare.endswith("ies"):
        others.append(f"{bare[:-3]}y")
    if bare.endswith("y"):
        others.append(f"{bare[:-1]}ies")
    if bare.endswith("s"):
        others.append(bare[:-1])
    return (bare, *others)


def match(name: str, candidates: Iterable[str], owner: str = "") -> str | None:
    """The candidate that means the same: in singular or plural, or with words of its owner's name before it."""
    by_plain = {plain(candidate): candidate for candidate in candidates}
    for variant in _variants(name):
        if variant in by_plain:
            return by_plain[variant]
    bare_owner = plain(owner)
    for variant in _variants(name):
        for found, candidate in by_plain.items():
            if found.endswith(variant) and found != variant and found[: -len(variant)] in bare_owner:
                return candidate
    return None


@functools.cache
def _member(shape: Shape, name: str) -> str | None:
    return match(name, shape.members, shape.name)


class Renames:
    """The names that a kind declares itself, by the path of a property (`attributes.name`) or by its last part."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def of(self, path: str) -> str | None:
        """The declared name; NOT_SENT where it goes nowhere; None where nothing is declared."""
        return self._names.get(path, self._names.get(path.rsplit(".", 1)[-1]) if "." in path else None)


class Converter:
    """Turns properties into what an operation takes, and lists what it would refuse."""

    def __init__(self, renames: Renames) -> None:
        self._renames = renames
        self.failures: list[Failure] = []

    def member(self, shape: Shape, path: str) -> str | None:
        """The member that a property goes to: NOT_SENT where that is nowhere, None where there is none."""
        declared = self._renames.of(path)
        if declared is not None and (declared == NOT_SENT or declared in shape.members):
            return declared
        return _member(shape, path.rsplit(".", 1)[-1])

    def convert(self, value: Any, shape: Shape, path: str, where: str) -> Any:
        """A value in the form of a shape; `path` is without indexes, `where` with them."""
        if isinstance(value, Unknown):
            return value
        if shape.type_name in ("structure", "list", "map") and isinstance(value, str):
            value = self._parsed(value, where)
        match shape.type_name:
            case "structure":
                return self._structure(value, shape, path, where)
            case "list":
                return self._list(value, shape, path, where)
            case "map":
                return {
                    str(k): self.convert(v, shape.value, path, f"{where}.{k}") for k, v in dict(value or {}).items()
                }
        return self._scalar(value, shape, where)

    def _parsed(self, text: str, where: str) -> Any:
        try:
            return json.loads(text)
        except ValueError:
            self.failures.append(Failure(where, "is not JSON"))
            return UNKNOWN

    def _structure(self, value: Any, shape: Shape, path: str, where: str) -> Any:
        if {"Quantity", "Items"} <= shape.members.keys() and isinstance(value, list):
            return {"Quantity": len(value), "Items": self.convert(value, shape.members["Items"], path, where)}
        if shape.members.keys() == {"Items"}:
            return {"Items": self.convert(value, shape.members["Items"], path, where)}
        if isinstance(value, list):
            value = value[0] if value else {}
        if not isinstance(value, Mapping):
            return value
        if {"Quantity", "Items"} <= shape.members.keys() and isinstance(value.get("items"), list):
            value = {**value, "quantity": len(value["items"])}
        found: dict[str, Any] = {}
        for name, inner in value.items():
            if inner is None or name == "__defaults":
                continue
            member = self.member(shape, f"{path}.{name}")
            if member == NOT_SENT:
                continue
            if member is None:
                accepted = ", ".join(sorted(shape.members))
                self.failures.append(Failure(f"{where}.{name}", f"goes nowhere in {shape.name}; it takes {accepted}"))
                continue
            found[member] = self.convert(inner, shape.members[member], f"{path}.{name}", f"{where}.{name}")
        for name in shape.required_members:
            if name not in found and value:
                self.failures.append(Failure(where, f"lacks {name}, which AWS requires"))
        return found

    def _list(self, value: Any, shape: Shape, path: str, where: str) -> Any:
        if isinstance(value, Mapping):
            pair = _pair_of(shape.member)
            if pair is not None:
                key, held = pair
                member = shape.member.members[held]
                return [{key: k, held: self.convert(v, member, path, f"{where}.{k}")} for k, v in sorted(value.items())]
            value = [value]
        if not isinstance(value, list | tuple):
            value = [value]
        self._limits(len(value), shape, where, "elements")
        pair = _pair_of(shape.member)
        if pair is not None and all(isinstance(element, str) for element in value):  # keys alone
            return [{pair[0]: element} for element in value]
        return [self.convert(element, shape.member, path, f"{where}[{i}]") for i, element in enumerate(value)]

    def _scalar(self, value: Any, shape: Shape, where: str) -> Any:
        match shape.type_name:
            case "string":
                if isinstance(value, Mapping | list):
                    value = json.dumps(value)
                text = str(value).lower() if isinstance(value, bool) else str(value)
                self._text(text, shape, where)
                return text
            case "integer" | "long" | "double" | "float":
                return self._number(value, shape, where)
            case "boolean":
                return value == "true" if isinstance(value, str) else bool(value)
            case "blob":
                return value if isinstance(value, bytes) else str(value).encode()
        return value

    def _number(self, value: Any, shape: Shape, where: str) -> Any:
        kind = int if shape.type_name in ("integer", "long") else float
        try:
            number = kind(value)
        except (TypeError, ValueError):
            self.failures.append(Failure(where, f"is {str(value)[:_SHOWN]!r}, but accepted is a number"))
            return UNKNOWN
        self._limits(number, shape, where, "")
        return number

    def _text(self, text: str, shape: Shape, where: str) -> None:
        if shape.enum and text not in shape.enum:
            accepted = ", ".join(shape.enum)
            self.failures.append(Failure(where, f"is {text[:_SHOWN]!r}, but accepted is one of {accepted}"))
            return
        self._limits(len(text), shape, where, "characters")
        pattern = _pattern(shape.metadata.get("pattern", ""))
        if pattern is not None and not pattern(text):
            wanted = shape.metadata["pattern"]
            self.failures.append(Failure(where, f"is {text[:_SHOWN]!r}, but accepted is what matches {wanted}"))

    def _limits(self, size: float, shape: Shape, where: str, unit: str) -> None:
        least, most = shape.metadata.get("min"), shape.metadata.get("max")
        if (least is not None and size < least) or (most is not None and size > most):
            has = f"has {size} {unit}" if unit else f"is {size}"
            limits = (
                f"at least {least}" if most is None else f"at most {most}" if least is None else f"{least} to {most}"
            )
            self.failures.append(Failure(where, f"{has}, but accepted is {limits}"))


def _pair_of(shape: Shape) -> tuple[str, str] | None:
    """The two members of a structure that holds one entry of a map."""
    if shape.type_name != "structure":
        return None
    by_plain = {plain(name): name for name in shape.members}
    for key, value in _PAIR:
        if key in by_plain and value in by_plain:
            return by_plain[key], by_plain[value]
    found = {part: name for part in ("name", "value") for bare, name in by_plain.items() if bare.endswith(part)}
    return (found["name"], found["value"]) if len(found) == len(by_plain) == 2 else None


@functools.cache
def _pattern(pattern: str) -> Callable[[str], Any] | None:
    """A model's pattern; some are not Python's, and those the API checks alone."""
    if not pattern:
        return None
    try:
        compiled = re.compile(pattern, re.DOTALL)
    except re.error:
        return None
    return compiled.search if pattern.startswith("^") or pattern.endswith("$") else compiled.fullmatch


# The other way


def key_of(found: Mapping[str, Any], name: str, renames: Renames, owner: str = "") -> str | None:
    """Under which name an answer has a property, if at all."""
    declared = renames.of(name)
    if declared and declared in found:
        return declared
    return match(name.rsplit(".", 1)[-1], found, owner)


def to_properties(value: Any, expected: Any, path: str, renames: Renames) -> Any:
    """What an answer says, in the form of a property of the SDK's type."""
    if isinstance(value, Mapping) and {"Quantity", "Items"} >= value.keys() and "Quantity" in value:
        value = value.get("Items", [])
    arguments = [one for one in get_args(expected) if one is not type(None)]
    if get_origin(expected) is list:
        listed = value if isinstance(value, list) else [value]
        return [to_properties(element, arguments[0], path, renames) for element in listed]
    if get_origin(expected) is dict:
        return dict(_pairs(value)) if isinstance(value, list) else value
    if getattr(expected, "__name__", "").endswith("Args"):
        found = value[0] if isinstance(value, list) and value else value
        return dict(_fields(found, expected, path, renames)) if isinstance(found, Mapping) else found
    return _plain_value(value, expected)


def _fields(found: Mapping[str, Any], expected: Any, path: str, renames: Renames) -> Iterator[tuple[str, Any]]:
    for name, field in schema.fields_of(expected).items():
        key = key_of(found, f"{path}.{name}", renames, expected.__name__)
        if key is not None:
            yield name, to_properties(found[key], field.type, f"{path}.{name}", renames)


def _pairs(value: list[Any]) -> Iterator[tuple[str, Any]]:
    for entry in value:
        key, held = sorted(entry, key=lambda name: not plain(name).endswith(("key", "name")))[:2]
        yield entry[key], entry[held]


def _plain_value(value: Any, expected: Any) -> Any:
    if expected is bool:
        return value == "true" if isinstance(value, str) else bool(value)
    if expected in (int, float) and isinstance(value, str):
        return expected(value)
    if (expected is str or str in get_args(expected)) and not isinstance(value, str):
        return json.dumps(value, default=str) if isinstance(value, Mapping | list) else str(value)
    return value
