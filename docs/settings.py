"""`python -m docs.settings` writes docs/settings.md: every key of a stack file, from the editors' schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from docs.table import table
from settings.errors import key_path
from settings.expected import expected
from settings.findings import NAMESPACE
from settings.findings import Path as KeyPath
from settings.model import System
from settings.schema import schema

FILE: Final = Path(__file__).with_name("settings.md")
HEAD: Final = """# Settings

Every key of a `Pulumi.<stack>.yaml`, below `config:`. Besides, there are rules that compare keys with each other and
with what the providers offer; an error says what is accepted. Written by `make docs` from the
[schema](../settings/stack.schema.json) that editors check stack files with; a test keeps it current.

"""


def rows() -> Iterator[tuple[str, str, str, str]]:
    """A row for every key that holds a value: path, what is accepted, whether it must be there, and what it means."""
    whole = schema()
    config = whole["properties"]["config"]
    for name, place in config["properties"].items():
        key = name.removeprefix(f"{NAMESPACE}:")
        # A stack has the section of one system, and needs what is required there.
        yield from _rows(whole["$defs"], (key,), place, name in config["required"] or key in list(System))


def _rows(
    definitions: Mapping[str, Any], path: KeyPath, place: Mapping[str, Any], required: bool
) -> Iterator[tuple[str, str, str, str]]:
    meaning = place.get("description", "")
    if "anyOf" in place:  # a value that may be left out
        place = next(kind for kind in place["anyOf"] if kind.get("type") != "null")
    if "$ref" in place:
        place = definitions[place["$ref"].rpartition("/")[2]]
    if "properties" in place:
        for name, inner in place["properties"].items():
            yield from _rows(definitions, (*path, name), inner, required and name in place["required"])
    elif "propertyNames" in place:
        names = definitions[place["propertyNames"]["$ref"].rpartition("/")[2]]
        yield from _rows(definitions, (*path, f"<{names['title'].lower()}>"), place["additionalProperties"], True)
    elif "items" in place and "properties" in definitions.get(place["items"].get("$ref", "").rpartition("/")[2], ()):
        yield from _rows(definitions, (*path, 0), place["items"], True)
    elif "items" in place:
        accepted = expected((*path, 0))
        yield _shown(path), f"a list, each {accepted}", "yes" if required else "no", meaning
    else:
        yield _shown(path), expected(path), "yes" if required else "no", meaning


def _shown(path: KeyPath) -> str:
    return f"`{key_path(path).replace('[0]', '[]')}`"


def text() -> str:
    """The content of docs/settings.md."""
    return HEAD + table(("Key", "Accepted", "Required", "Meaning"), *rows())


if __name__ == "__main__":
    FILE.write_text(text())
