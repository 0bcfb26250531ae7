"""What a resource type takes and gives, read from the types of the Pulumi SDKs themselves.

Nothing is written down twice: the SDKs' `…Args` classes name the inputs, their types and which are required, the
resource classes' properties name the outputs.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import re
import threading
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ForwardRef, Union, get_args, get_origin

import pulumi

from sandbox.properties import ARCHIVE_SIGNATURE, ASSET_SIGNATURE, SIGNATURE_KEY, Unknown

SDK_PACKAGES: Mapping[str, str] = {
    "aws": "pulumi_aws",
    "command": "pulumi_command",
    "ovh": "pulumi_ovh",
    "random": "pulumi_random",
    "scaleway": "pulumiverse_scaleway",
    "tls": "pulumi_tls",
    "vault": "pulumi_vault",
}

_IMPORTING = threading.Lock()
"""The SDKs' modules import each other, so that a second thread may be given one that is half imported."""


class UnknownTypeError(Exception):
    """The SDK has no such resource type or function."""


@dataclass(frozen=True)
class Failure:
    """One thing that is wrong with one property."""

    property: str
    reason: str


@dataclass(frozen=True)
class Field:
    """An input property: its wire name, Python type and whether it must be given."""

    name: str
    type: Any
    required: bool


@dataclass(frozen=True)
class Schema:
    """A resource type's or function's inputs and outputs, by their names on the wire."""

    token: str
    inputs: Mapping[str, Field]
    outputs: frozenset[str]

    def check(self, properties: Mapping[str, Any]) -> Iterator[Failure]:
        """What of the given inputs the SDK does not know, misses, or has another type for."""
        yield from _check_fields(self.inputs, properties, "")


@functools.cache
def of_resource(token: str) -> Schema:
    """The schema of a resource type such as `ovh:index/cloudInstance:CloudInstance`."""
    with _IMPORTING:
        module, name = _module_of(token)
    # Where an input of another type has the same name, the SDK calls the resource's own arguments by another.
    args = getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args", None)
    resource = getattr(module, name, None)
    if args is None or resource is None:
        raise UnknownTypeError(f"{token}: {module.__name__} has no class {name}")
    return Schema(token, fields_of(args), frozenset(_getters(resource)))


@functools.cache
def of_provider(name: str) -> Schema:
    """The schema of a provider's own configuration."""
    with _IMPORTING:
        module = importlib.import_module(f"{SDK_PACKAGES[name]}.provider")
    return Schema(f"pulumi:providers:{name}", fields_of(module.ProviderArgs), frozenset())


def _module_of(token: str) -> tuple[types.ModuleType, str]:
    """The SDK's module that defines a type: `ovh:CloudProject/user:User` is in `pulumi_ovh.cloudproject.user`."""
    parts = re.fullmatch(r"(\w+):(\w+)(?:/(\w+))?:(\w+)", token)
    if parts is None or parts[1] not in SDK_PACKAGES:
        raise UnknownTypeError(f"{token} is not a type of {', '.join(SDK_PACKAGES)}")
    package, folder, file, name = SDK_PACKAGES[parts[1]], parts[2], parts[3], parts[4]
    base = importlib.import_module(package)
    if folder not in ("index", ""):
        candidates = (folder.lower(), f"{folder.lower()}_", _snake(folder))
        found = next((c for c in candidates if importlib.util.find_spec(f"{package}.{c}") is not None), None)
        if found is None:
            raise UnknownTypeError(f"{token}: {package} has no module {folder.lower()}")
        base = importlib.import_module(f"{package}.{found}")
    if hasattr(base, f"{name}Args"):
        owner = getattr(base, name).__module__
        return importlib.import_module(owner), name
    raise UnknownTypeError(f"{token}: {base.__name__} (file {file}) has no class {name}")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _getters(cls: type) -> dict[str, types.FunctionType]:
    """Wire name → getter of every property of an SDK class."""
    found = {}
    for _, member in inspect.getmembers(cls, lambda m: isinstance(m, property)):
        wire = getattr(member.fget, "_pulumi_name", None)
        if wire is not None:
            found[wire] = member.fget
    return found


@functools.cache
def fields_of(args: Any) -> dict[str, Field]:
    """The properties of one of the SDK's `…Args` classes."""
    module = importlib.import_module(args.__module__)
    fields = {}
    for wire, getter in _getters(args).items():
        annotation = getter.__annotations__["return"]
        required = not _is_optional(annotation)
        fields[wire] = Field(wire, _plain(annotation, module), required)
    return fields


def _is_optional(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation)


def _plain(annotation: Any, module: types.ModuleType) -> Any:
    """An annotation without Optional, Input and the TypedDict twins of args classes."""
    if isinstance(annotation, str | ForwardRef):
        name = annotation if isinstance(annotation, str) else annotation.__forward_arg__
        return _plain(_lookup(name, module), module)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        kept = []
        for argument in arguments:
            name = _name(argument)
            if argument is type(None) or name.startswith(("Awaitable", "Output[")) or name.endswith("ArgsDict"):
                continue
            plain = _plain(argument, module)
            if plain not in kept:
                kept.append(plain)
        return kept[0] if len(kept) == 1 else Union[tuple(kept)]  # noqa: UP007 - built at run time
    if origin is not None and issubclass(origin, Sequence):
        return list[_plain(arguments[0], module)]  # type: ignore[misc] # built at run time
    if origin is not None and issubclass(origin, Mapping):
        return dict[str, _plain(arguments[1], module)]  # type: ignore[misc] # built at run time
    return annotation


def _name(annotation: Any) -> str:
    if isinstance(annotation, ForwardRef):
        return annotation.__forward_arg__
    if get_origin(annotation) is pulumi.Output:
        return "Output[]"
    return str(getattr(get_origin(annotation) or annotation, "__name__", annotation))


def _lookup(expression: str, module: types.ModuleType) -> Any:
    return eval(expression, {**vars(typing), **vars(module), "pulumi": pulumi})  # noqa: S307 - the SDK's own annotation


def _check_fields(fields: Mapping[str, Field], given: Mapping[str, Any], where: str) -> Iterator[Failure]:
    prefix = f"{where}." if where else ""
    for name, value in given.items():
        if name == "__defaults":
            continue
        field = fields.get(name)
        if field is None:
            yield Failure(f"{prefix}{name}", f"is not a property; accepted are {', '.join(sorted(fields))}")
        elif value is not None:
            yield from _check_value(field.type, value, f"{prefix}{name}")
    for name, field in fields.items():
        if field.required and given.get(name) is None:
            yield Failure(f"{prefix}{name}", f"is required ({describe(field.type)})")


def _check_value(expected: Any, value: Any, where: str) -> Iterator[Failure]:
    if isinstance(value, Unknown) or expected is Any:
        return
    origin = get_origin(expected)
    if origin in (Union, types.UnionType):
        alternatives = [list(_check_value(one, value, where)) for one in get_args(expected)]
        if not any(alternative == [] for alternative in alternatives):
            yield min(alternatives, key=len)[0]
        return
    if origin is list:
        if not isinstance(value, list):
            yield Failure(where, f"is {_shown(value)}, but accepted is {describe(expected)}")
            return
        for index, element in enumerate(value):
            yield from _check_value(get_args(expected)[0], element, f"{where}[{index}]")
        return
    if origin is dict:
        if not isinstance(value, Mapping):
            yield Failure(where, f"is {_shown(value)}, but accepted is {describe(expected)}")
            return
        for key, element in value.items():
            yield from _check_value(get_args(expected)[1], element, f"{where}.{key}")
        return
    if inspect.isclass(expected) and getattr(expected, "__name__", "").endswith("Args"):
        if not isinstance(value, Mapping):
            yield Failure(where, f"is {_shown(value)}, but accepted is {describe(expected)}")
            return
        yield from _check_fields(fields_of(typing.cast(Any, expected)), value, where)
        return
    if not _is_a(expected, value):
        yield Failure(where, f"is {_shown(value)}, but accepted is {describe(expected)}")


def _is_a(expected: Any, value: Any) -> bool:
    if isinstance(value, Mapping) and value.get(SIGNATURE_KEY) in (ASSET_SIGNATURE, ARCHIVE_SIGNATURE):
        return expected in (pulumi.Asset, pulumi.Archive)
    if expected is bool or isinstance(value, bool):
        return expected is bool and isinstance(value, bool)
    if expected is float:
        return isinstance(value, int | float)
    if expected in (int, str):
        return isinstance(value, expected)
    if inspect.isclass(expected) and issubclass(expected, str):  # an SDK's enumeration
        return value in {member.value for member in expected}  # type: ignore[attr-defined]
    return not inspect.isclass(expected) or isinstance(value, expected)


def describe(expected: Any) -> str:
    """A type in the words of a user."""
    origin = get_origin(expected)
    if origin in (Union, types.UnionType):
        return " or ".join(describe(one) for one in get_args(expected))
    if origin is list:
        return f"a list of {describe(get_args(expected)[0])}"
    if origin is dict:
        return f"a map of {describe(get_args(expected)[1])}"
    if inspect.isclass(expected) and expected.__name__.endswith("Args"):
        return f"an object with {', '.join(sorted(fields_of(typing.cast(Any, expected))))}"
    names = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}
    return names.get(expected, getattr(expected, "__name__", str(expected)))


def _shown(value: Any) -> str:
    """A value's type and, where it is short and no secret could hide in it, the value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the string {value!r}" if len(value) <= 40 else f"a string of {len(value)} characters"
    return "a list" if isinstance(value, list) else "an object"
