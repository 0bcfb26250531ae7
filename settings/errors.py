"""Errors in a stack file, in the words of the person who wrote it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from enum import EnumMeta
from pathlib import Path as FilePath
from typing import Any, Final, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic_core import ErrorDetails

from settings.model import HOST, SEMVER, SLUG, Settings
from settings.rules import SECRET_KEY, SECRET_VALUE, Finding, Path

NAMESPACE: Final = "platform"
PATTERNS: Final[Mapping[str, str]] = {
    SLUG: "2 to 15 characters of a-z, 0-9 and -, beginning with a letter",
    HOST: "a host name such as alerte.example.eu",
    SEMVER: "a version such as 1.4.2",
    r"^https?://[^\s/]+$": "a URL such as https://vault.example.eu:8200",
    r"^\d{2}\.\d{2}\.\d+$": "a version such as 23.08.6",
    r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$": "a mail address",
    r"^[0-9a-f-]{32,36}$": "a project id: 32 hexadecimal digits at OVH, a UUID at Scaleway",
}
TYPES: Final[Mapping[str, str]] = {
    "string_type": "a string (in quotes where YAML would read a number)",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a map",
    "model_type": "a map",
    "mapping_type": "a map",
    "missing": "a value: the key is required",
    "float_type": "a number",
}


class SettingsError(Exception):
    """Everything that is wrong with a stack file; nothing has been declared."""

    def __init__(self, stack: str, findings: Iterable[Finding], lines: Mapping[Path, int]) -> None:
        self.findings = tuple(findings)
        file = f"Pulumi.{stack}.yaml"
        texts = [_text(finding, file, lines) for finding in self.findings]
        count = len(texts)
        super().__init__(f"{count} error{'s' * (count != 1)} in {file}:\n\n" + "\n\n".join(texts))


def _text(finding: Finding, file: str, lines: Mapping[Path, int]) -> str:
    path = finding.path
    while path and path not in lines:
        path = path[:-1]
    line = f":{lines[path]}" if path in lines else ""
    given = "is missing" if finding.value is None else f"is {_shown(finding)}"
    return f"  {key_path(finding.path)} ({file}{line})\n    {given}\n    accepted: {finding.accepted}"


def _shown(finding: Finding) -> str:
    if any(SECRET_KEY.search(str(step)) for step in finding.path) or SECRET_VALUE.search(str(finding.value)):
        return "not shown, since it looks like a secret"
    text = repr(finding.value) if isinstance(finding.value, str) else str(finding.value)
    return text if len(text) <= 120 else f"{text[:117]}…"


def key_path(path: Path) -> str:
    """A key as a person would write it: `platform:hosting.sites[0].zones[1]`."""
    text = f"{NAMESPACE}:"
    for index, step in enumerate(path):
        text += f"[{step}]" if isinstance(step, int) else f"{'.' if index else ''}{step}"
    return text


def findings_of(errors: Iterable[ErrorDetails]) -> list[Finding]:
    """What pydantic found, without its jargon."""
    found = list(errors)
    # A list whose entries are wrong is also said to be too short.
    inner = {error["loc"][:depth] for error in found for depth in range(len(error["loc"]))}
    return [_finding(error) for error in found if error["type"] != "too_short" or error["loc"] not in inner]


def _finding(error: ErrorDetails) -> Finding:
    path: Path = tuple(step for step in error["loc"] if step != "[key]")
    context, kind = error.get("ctx", {}), error["type"]
    value = None if kind == "missing" else error["input"]
    if kind == "extra_forbidden":
        return Finding(path, value, _known_keys(path))
    if kind == "enum":
        return Finding(path, value, _choice(str(value), re.findall(r"'([^']*)'", str(context["expected"]))))
    if kind == "string_pattern_mismatch":
        return Finding(path, value, PATTERNS[context["pattern"]])
    if kind == "value_error":
        return Finding(path, value, str(context["error"]))
    if kind in ("is_instance_of", "is_instance"):
        return Finding(path, value, "an IPv4 network such as 10.20.0.0/20")
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = f"{context['ge']} or more" if "ge" in context else f"{context['le']} or less"
        return Finding(path, value, f"a number of {bound}")
    if kind in ("too_short", "too_long"):
        bound = (
            f"{context['min_length']} entry or more" if kind == "too_short" else f"{context['max_length']} at the most"
        )
        return Finding(path, f"{context['actual_length']} entries", bound)
    return Finding(path, value, TYPES.get(kind, error["msg"]))


def _choice(given: str, choices: list[str]) -> str:
    near = difflib.get_close_matches(given, choices, 1)
    return f"one of {', '.join(choices)}" + (f" (did you mean {near[0]}?)" if near else "")


def _known_keys(path: Path) -> str:
    model: Any = Settings
    for step in path[:-1]:
        model = _inner(model, step)
    keys = list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []
    return f"no such key here; {_choice(str(path[-1]), keys)}"


def _inner(annotation: Any, step: str | int) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation.model_fields[str(step)].annotation
    arguments = get_args(annotation)
    origin = get_origin(annotation)
    if origin is tuple:
        return arguments[0]
    if len(arguments) == 2 and isinstance(arguments[0], EnumMeta):
        return arguments[1]
    return next((argument for argument in arguments if argument is not type(None)), annotation)


def lines_of(file: FilePath) -> dict[Path, int]:
    """On which line of a stack file each key below `config:` stands, counted from 1."""
    lines: dict[Path, int] = {}
    document = yaml.compose(file.read_text(), Loader=yaml.SafeLoader)
    if not isinstance(document, yaml.MappingNode):
        return lines
    for key, value in document.value:
        if key.value != "config" or not isinstance(value, yaml.MappingNode):
            continue
        for name, node in value.value:
            space, _, top = str(name.value).partition(":")
            if space == NAMESPACE:
                lines[(top,)] = name.start_mark.line + 1
                _collect(node, (top,), lines)
    return lines


def _collect(node: yaml.Node, path: Path, lines: dict[Path, int]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            lines[(*path, key.value)] = key.start_mark.line + 1
            _collect(value, (*path, key.value), lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines[(*path, index)] = value.start_mark.line + 1
            _collect(value, (*path, index), lines)
