"""Property values as the engine sends them to a policy pack.

Pulumi's Python policy SDK unwraps secrets before a policy sees them, so that it cannot tell whether a password is
marked as one. Here both marks survive: `Secret` for what the state encrypts, `UNKNOWN` for what only a later step
of the deployment will tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2

# The engine's marks (pulumi/sdk: go/common/resource/sig and plugin/rpc.go): an unknown has its type's mark.
UNKNOWN_MARKS: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a type mark, not a secret


class Unknown:
    """A value that is known only when another resource exists."""

    def __repr__(self) -> str:
        return "not known before the deployment"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A value that is encrypted in the state and hidden in the engine's output."""

    value: Any

    def __repr__(self) -> str:
        return "[secret]"


def decode(message: struct_pb2.Struct) -> dict[str, Any]:
    """The properties of a message: plain values, lists and dicts, with `UNKNOWN` and `Secret` where they apply."""
    return {key: _decode(value) for key, value in message.fields.items()}


def _decode(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        return UNKNOWN if text in UNKNOWN_MARKS else text
    if kind == "struct_value":
        fields = decode(value.struct_value)
        return Secret(fields.get("value")) if fields.get(SIGNATURE_KEY) == SECRET_SIGNATURE else fields
    if kind == "list_value":
        return [_decode(element) for element in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return value.bool_value if kind == "bool_value" else None


def reveal(value: Any) -> Any:
    """The value without the mark of a secret."""
    while isinstance(value, Secret):
        value = value.value
    return value


def leaves(value: Any, path: str = "", *, secret: bool = False) -> Iterator[tuple[str, str, Any, bool]]:
    """Every value that is not a list or dict: its path, its last key, the value, and whether it is marked secret."""
    if isinstance(value, Secret):
        yield from leaves(value.value, path, secret=True)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else key, secret=secret)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{index}]", secret=secret)
    else:
        yield path, path.rpartition(".")[2].partition("[")[0], value, secret
