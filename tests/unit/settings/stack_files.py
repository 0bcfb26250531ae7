"""Stack files that are good but for a small patch, and the parts of the error that is told about one."""

from __future__ import annotations

import copy
import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from settings.load import ROOT

REMOVED: Final = object()
"""Given in a patch for a key that shall not be there."""

ENTRY: Final = re.compile(
    r"  ((?P<key>\S+) \()?(?P<file>Pulumi\.[\w-]+\.yaml)(:(?P<line>\d+))?(?(key)\))"
    r"\n    (?P<given>.+)\n    accepted: (?P<accepted>.+)"
)


@dataclass(frozen=True)
class Complaint:
    """One entry of an error: which key on which line of the file, and what is said of it.

    `key` is empty where the file as a whole is meant, `line` is None where no line is named.
    """

    key: str
    file: str
    line: int | None
    given: str
    accepted: str


@functools.cache
def _document_of(stack: str) -> Any:
    return yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())


def document_of(stack: str) -> Any:
    """The content of a stack file of this project."""
    return copy.deepcopy(_document_of(stack))


def patched(stack: str, patch: Mapping[str, Any]) -> Any:
    """A stack's content with values set or REMOVED: `{"hosting.sites[1].cidr": "10.20.0.0/20"}`."""
    document = document_of(stack)
    for key, value in patch.items():
        *parents, last = _steps(key)
        target = document["config"]
        for step in parents:
            target = target[step]
        if value is REMOVED:
            del target[last]
        else:
            target[last] = value
    return document


def flat(document: Any) -> dict[str, str]:
    """A stack file's configuration as the engine hands it over: JSON, but for texts."""
    config = document["config"]
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}


def write(folder: Path, stack: str, patch: Mapping[str, Any]) -> Path:
    """Writes `Pulumi.<stack>.yaml` with a patch into a folder."""
    return write_text(folder, stack, yaml.safe_dump(patched(stack, patch), sort_keys=False))


def write_text(folder: Path, stack: str, text: str) -> Path:
    """Writes `Pulumi.<stack>.yaml` as it is given."""
    file = folder / f"Pulumi.{stack}.yaml"
    file.write_text(text)
    return file


def complaints(text: str) -> list[Complaint]:
    """The entries of an error's text; fails where the text has another shape."""
    head, *entries = text.split("\n\n")
    found = []
    for entry in entries:
        match = ENTRY.fullmatch(entry)
        assert match, f"not an entry of an error:\n{entry}"
        line = int(match["line"]) if match["line"] else None
        found.append(Complaint(match["key"] or "", match["file"], line, match["given"], match["accepted"]))
    assert re.match(rf"{len(found)} errors? in Pulumi\.[\w-]+\.yaml:$", head), head
    return found


def _steps(key: str) -> list[str | int]:
    steps: list[str | int] = []
    for word in key.split("."):
        name, *indexes = re.findall(r"[^\[\]]+", word)
        steps += [name, *map(int, indexes)]
    return [f"platform:{steps[0]}" if ":" not in str(steps[0]) else steps[0], *steps[1:]]
