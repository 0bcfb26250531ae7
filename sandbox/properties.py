"""Property values as the engine sends them and as we answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from google.protobuf import struct_pb2

# The engine's marks for values that a protobuf Struct has no type for (pulumi/sdk: resource/plugin and sig).
UNKNOWN_MARK: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a type mark, not a secret
ASSET_SIGNATURE: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE_SIGNATURE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"


class Unknown:
    """A value that is known only after another resource was created."""

    def __repr__(self) -> str:
        return "<known after up>"


UNKNOWN: Final = Unknown()

Properties = dict[str, Any]


def decode(message: struct_pb2.Struct) -> Properties:
    """The properties of a message; secrets unwrapped, whole numbers as int, values not yet known as UNKNOWN."""
    return {key: _decode(value) for key, value in message.fields.items()}


def _decode(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value == UNKNOWN_MARK else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_decode(element) for element in value.list_value.values]
        case "struct_value":
            fields = decode(value.struct_value)
            return fields["value"] if fields.get(SIGNATURE_KEY) == SECRET_SIGNATURE else fields
        case _:
            return None


def encode(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """Properties as a message."""
    message = struct_pb2.Struct()
    message.update({key: _encode(value) for key, value in properties.items()})
    return message


def _encode(value: Any) -> Any:
    if isinstance(value, Unknown):
        return UNKNOWN_MARK
    if isinstance(value, Mapping):
        return {key: _encode(element) for key, element in value.items()}
    if isinstance(value, list | tuple):
        return [_encode(element) for element in value]
    return value


def has_unknown(value: Any) -> bool:
    """Whether anything in a value is not known yet."""
    if isinstance(value, Unknown):
        return True
    if isinstance(value, Mapping):
        return any(has_unknown(element) for element in value.values())
    if isinstance(value, list | tuple):
        return any(has_unknown(element) for element in value)
    return False


def find(properties: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value at a path such as `networks[].networkId`, with the exact path where it was found.

    Values that are missing or not known yet are not returned.
    """
    yield from _find(properties, path.split("."), "")


def _find(value: Any, steps: list[str], where: str) -> Iterator[tuple[str, Any]]:
    if value is None or isinstance(value, Unknown):
        return
    if not steps:
        yield where, value
        return
    step, rest = steps[0], steps[1:]
    name, is_list = (step[:-2], True) if step.endswith("[]") else (step, False)
    if not isinstance(value, Mapping) or name not in value:
        return
    found, path = value[name], f"{where}.{name}" if where else name
    if not is_list:
        yield from _find(found, rest, path)
    elif isinstance(found, list):
        for index, element in enumerate(found):
            yield from _find(element, rest, f"{path}[{index}]")
