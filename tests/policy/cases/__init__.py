"""What the policies are asked: resources and whole systems as programs declare them, with the verdict to expect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class Kind(StrEnum):
    """What a case tries."""

    PASS = "pass"
    FAIL = "fail"
    MISSING = "missing"
    """A property that must be there is not."""
    UNKNOWN = "unknown"
    """The value is known only after the preview."""
    SECRET = "secret"
    """The value is marked as a secret."""
    NESTED = "nested"
    """The value is inside another one."""
    DEFAULT = "default"
    """The provider settles what the resource leaves out."""


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()
"""A value that only the deployment will tell."""


@dataclass(frozen=True)
class Hidden:
    """A value that the program marks as a secret."""

    value: Any


@dataclass(frozen=True)
class Of:
    """The id, or another output, of another resource of the same system."""

    resource: str
    output: str = "id"


@dataclass(frozen=True)
class Declared:
    """A resource: its class in an SDK, e.g. `ovh.CloudInstance`, and its arguments; or a type's token (see `bare`).

    `protect` is the engine's own protection; `provider` the configuration of an explicit provider.
    """

    type: str
    inputs: Mapping[str, Any]
    protect: bool = False
    provider: Mapping[str, Any] | None = None


def bare(token: str, *, protect: bool = False, **inputs: Any) -> Declared:
    """A resource of a type, by its token, with what the type requires and inputs by their names on the wire.

    The SDK's class has no part in it, and marks nothing as secret.
    """
    return Declared(token, inputs, protect)


@dataclass(frozen=True)
class Case:
    """One resource, and what the policy says of it: a part of each problem that it names, in its order."""

    kind: Kind
    title: str
    resource: Declared
    refused: Sequence[str] = ()


@dataclass(frozen=True)
class System:
    """Resources that are judged together, by name, and what the policy says of them."""

    kind: Kind
    title: str
    resources: Mapping[str, Declared]
    refused: Sequence[str] = ()
    config: Mapping[str, str] = field(default_factory=dict)
