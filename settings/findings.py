"""What is wrong with a stack file, one thing at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from settings.plaintext import looks_secret

Path = tuple[str | int, ...]
"""Where a value stands below `config:`, without our namespace but with others'; empty for the file."""
NAMESPACE: Final = "platform"
LONGEST: Final = 120


@dataclass(frozen=True)
class Finding:
    """Something that is wrong: where, what is there in words ("is 3"), and what would be accepted."""

    path: Path
    given: str
    accepted: str


def missing(path: Path, accepted: str) -> Finding:
    """A key that is not there."""
    return Finding(path, "is missing", accepted)


def wrong(path: Path, value: Any, accepted: str) -> Finding:
    """A value that is not accepted; it is shown, unless it may be a secret or hold one."""
    return Finding(path, f"is {_shown(path, value)}", accepted)


def one_of(what: str, names: Iterable[str]) -> str:
    """What is accepted where names are offered by somebody."""
    return f"one of the {what}: {', '.join(sorted(names))}"


def secret(path: Path) -> Finding:
    """A secret in plain text."""
    accepted = "no secret in plain text: providers' credentials belong into the environment, all others into Vault"
    return Finding(path, "looks like a secret (not shown)", accepted)


def veiled(finding: Finding) -> Finding:
    """The same without the value: the engine has decrypted it."""
    return replace(finding, given="is not right (not shown, since the stack keeps it as a secret)")


def _shown(path: Path, value: Any) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return str(value).lower()
        case dict():
            return "a map"
        case list() | tuple():
            return "a list"
    if looks_secret(path, value):
        return "not shown, since it looks like a secret"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
