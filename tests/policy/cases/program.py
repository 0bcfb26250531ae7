"""The Pulumi program that declares every case: run by the real engine, with the real SDKs."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Union, cast, get_args, get_origin

import pulumi

from components.sdk import lazy
from sandbox import schema
from tests.policy.cases import UNKNOWN, Declared, Hidden, Of
from tests.policy.cases.tables import CASES, SYSTEMS

SEPARATOR = " / "
SDKS = {
    "aws": "pulumi_aws",
    "command": "pulumi_command",
    "ovh": "pulumi_ovh",
    "random": "pulumi_random",
    "scaleway": "pulumiverse_scaleway",
    "vault": "pulumi_vault",
}


class _Program:
    def __init__(self) -> None:
        self._unknown = lazy("pulumi_random").RandomPet("unknown").id

    def declare(self) -> None:
        for policy, cases in CASES.items():
            for case in cases:
                self.resource(SEPARATOR.join((policy, case.title)), case.resource, _no_other)
        for policy, systems in SYSTEMS.items():
            for system in systems:
                _System(self, SEPARATOR.join((policy, system.title)), system.resources).declare()

    def resource(self, name: str, declared: Declared, other: Callable[[str], Any]) -> Any:
        if ":" in declared.type:
            inputs = {**required(declared.type), **self._value(declared.inputs, other)}
            options = pulumi.ResourceOptions(protect=declared.protect or None)
            return pulumi.CustomResource(declared.type, name, inputs, options)
        package, *path = declared.type.split(".")
        cls = lazy(SDKS[package])
        for part in path:
            cls = getattr(cls, part)
        options = pulumi.ResourceOptions(protect=declared.protect or None)
        if declared.provider is not None:
            inputs = self._value(declared.provider, other)
            options.provider = lazy(SDKS[package]).Provider(f"{name}{SEPARATOR}provider", **inputs)
        return cls(name, **self._value(declared.inputs, other), opts=options)

    def _value(self, value: Any, other: Callable[[str], Any]) -> Any:
        if value is UNKNOWN:
            return self._unknown
        if isinstance(value, Hidden):
            return pulumi.Output.secret(self._value(value.value, other))
        if isinstance(value, Of):
            return getattr(other(value.resource), value.output)
        if isinstance(value, Mapping):
            return {key: self._value(inner, other) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._value(inner, other) for inner in value]
        return value


def required(token: str) -> dict[str, Any]:
    """The least that a type takes, by the types of its SDK."""
    return {name: _least(field.type) for name, field in schema.of_resource(token).inputs.items() if field.required}


def _least(kind: Any) -> Any:
    kind = get_args(kind)[0] if get_origin(kind) in (Union, types.UnionType) else kind
    if get_origin(kind) in (list, dict):
        return get_origin(kind)()
    if kind in (int, float, bool):
        return kind(1)
    if kind is str or not inspect.isclass(kind):
        return "x"
    if issubclass(kind, str):  # an enumeration
        return next(iter(cast(Any, kind))).value
    return {name: _least(field.type) for name, field in schema.fields_of(cast(Any, kind)).items() if field.required}


@dataclass(frozen=True)
class _System:
    """Declares resources when they are first needed, so that they may refer to each other in any order."""

    program: _Program
    name: str
    resources: Mapping[str, Declared]
    made: dict[str, Any] = field(default_factory=dict)

    def declare(self) -> None:
        for name in self.resources:
            self._of(name)

    def _of(self, name: str) -> Any:
        if name not in self.made:
            full = SEPARATOR.join((self.name, name))
            self.made[name] = self.program.resource(full, self.resources[name], self._of)
        return self.made[name]


def _no_other(name: str) -> Any:
    raise KeyError(f"a resource on its own cannot refer to {name}")


def declare() -> None:
    """Declare every resource of every case."""
    _Program().declare()
