"""Errors in a stack file, in the words of the person who wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pydantic_core import ErrorDetails

from settings.expected import choice, expected, known_keys
from settings.findings import NAMESPACE, Finding, Path, missing, wrong


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
            return missing(path, expected(path))
        case "extra_forbidden" | "invalid_key":
            return wrong(path, value, known_keys(path))
        case "enum":
            return wrong(path, value, choice(str(value), re.findall(r"'([^']*)'", str(context["expected"]))))
        case "value_error":
            return wrong(path, value, str(context["error"]))
        case "too_short":
            return Finding(path, f"has {context['actual_length']} entries", f"{context['min_length']} or more")
        case "too_long":
            return Finding(path, f"has {context['actual_length']} entries", f"{context['max_length']} or less")
        case "string_type" if isinstance(value, int | float):
            return wrong(path, value, f"{expected(path)}, in quotes where YAML would read a number")
    return wrong(path, value, expected(path))
