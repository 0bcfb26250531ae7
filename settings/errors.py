"""Errors in a stack file, in the words of the person who wrote it."""

from __future__ import annotations

import difflib
import re
from collections import abc
from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from settings.findings import NAMESPACE, Finding, Path, missing, wrong
from settings.model import CERTIFICATES, HOST, NETWORK, SEMVER, SLUG, Settings

PATTERNS: Final[Mapping[str, str]] = {
    CERTIFICATES: "certificates in PEM: -----BEGIN CERTIFICATE----- … -----END CERTIFICATE-----",
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
    "float_type": "a number",
}


class SettingsError(Exception):
    """Everything that is wrong with a stack file, from its top to its end; nothing has been declared."""

    def __init__(self, stack: str, findings: Iterable[Finding], lines: Mapping[Path, int]) -> None:
        self.findings = tuple(sorted(findings, key=lambda finding: (_line(finding.path, lines), str(finding.path))))
        file = f"Pulumi.{stack}.yaml"
        texts = [_text(finding, file, lines) for finding in self.findings]
        count = len(texts)
        super().__init__(f"{count} error{'s' * (count != 1)} in {file}:\n\n" + "\n\n".join(texts))


def _text(finding: Finding, file: str, lines: Mapping[Path, int]) -> str:
    line = _line(finding.path, lines)
    where = f"{file}:{line}" if line else file
    place = f"{key_path(finding.path)} ({where})" if finding.path else where
    return f"  {place}\n    {finding.given}\n    accepted: {finding.accepted}"


def _line(path: Path, lines: Mapping[Path, int]) -> int:
    """The line of a key, or of the nearest one that it would be below; 0 where the file has none."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 0)


def key_path(path: Path) -> str:
    """A key as a person would write it: `platform:hosting.sites[0].zones[1]`."""
    text = "" if ":" in str(path[0]) else f"{NAMESPACE}:"
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
    context, kind, value = error.get("ctx", {}), error["type"], error["input"]
    match kind:
        case "missing":
            return missing(path, "a value: the key is required")
        case "extra_forbidden" | "invalid_key":
            return wrong(path, value, _known_keys(path))
        case "enum":
            return wrong(path, value, _choice(str(value), re.findall(r"'([^']*)'", str(context["expected"]))))
        case "string_pattern_mismatch":
            return wrong(path, value, PATTERNS[context["pattern"]])
        case "value_error":
            return wrong(path, value, str(context["error"]))
        case "is_instance_of":
            return wrong(path, value, NETWORK)
        case "greater_than_equal":
            return wrong(path, value, f"a number of {context['ge']} or more")
        case "less_than_equal":
            return wrong(path, value, f"a number of {context['le']} or less")
        case "too_short":
            return Finding(path, f"has {context['actual_length']} entries", f"{context['min_length']} or more")
        case "too_long":
            return Finding(path, f"has {context['actual_length']} entries", f"{context['max_length']} or less")
    return wrong(path, value, TYPES.get(kind, error["msg"]))


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
    if origin is abc.Mapping:
        return arguments[1]
    return next((argument for argument in arguments if argument is not type(None)), annotation)
