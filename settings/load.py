"""From a stack's configuration to the model, or to one error that names everything that is wrong."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from settings.base import PARTIAL
from settings.document import Document, UnreadableError
from settings.errors import SettingsError, findings_of
from settings.findings import NAMESPACE, Finding, secret, veiled
from settings.findings import Path as KeyPath
from settings.model import Settings
from settings.partial import without
from settings.plaintext import secrets_in
from settings.rules import check

OURS: Final = f"{NAMESPACE}:"
ROOT: Final = Path(__file__).resolve().parent.parent


def from_pulumi() -> Settings:
    """The settings of the stack that the engine runs; SettingsError where any is wrong."""
    # The engine's SDK is imported here, so that tools that only read files do without it.
    import pulumi
    from pulumi.runtime import config

    given = config.CONFIG.get()
    return load(pulumi.get_stack(), given, [key for key in given if config.is_config_secret(key)])


def load(stack: str, config: Mapping[str, str], secret_keys: Collection[str] = (), root: Path = ROOT) -> Settings:
    """The settings in a flat Pulumi configuration: `platform:hosting` → JSON text.

    `secret_keys` are keys that the engine decrypted. Raises SettingsError.
    """
    file = root / f"Pulumi.{stack}.yaml"
    given = {key: _value(text) for key, text in config.items()}
    try:
        lines = Document(file).lines
    except (OSError, UnreadableError):
        lines = {}  # the engine has read the settings from elsewhere
    return _validated(stack, given, secret_keys, lines)


def read(stack: str, root: Path = ROOT) -> Settings:
    """The settings in `Pulumi.<stack>.yaml`, for tools that run without the engine. Raises SettingsError."""
    file = root / f"Pulumi.{stack}.yaml"
    if not file.exists():
        known = ", ".join(sorted(found.name.split(".")[1] for found in root.glob("Pulumi.*.yaml")))
        raise SettingsError(stack, [Finding((), "is missing", f"a stack that has a file: {known}")], {})
    try:
        document = Document(file)
    except UnreadableError as error:
        raise SettingsError(stack, [error.finding], error.lines) from None
    return _validated(stack, document.config, (), document.lines, document.repeated)


def _value(text: str) -> Any:
    """A value of the flat configuration: objects and lists are JSON there, and so are numbers and booleans."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value


def _validated(
    stack: str,
    config: Mapping[str, Any],
    secret_keys: Collection[str],
    lines: Mapping[KeyPath, int],
    repeated: Iterable[Finding] = (),
) -> Settings:
    # Other namespaces belong to the providers' programs: only secrets are looked for there.
    given = {key.removeprefix(OURS): value for key, value in config.items() if key.startswith(OURS)}
    plain = {key.removeprefix(OURS): value for key, value in config.items() if key not in secret_keys}
    findings = [*repeated, *(secret(path) for key, value in plain.items() for path in secrets_in(value, (key,)))]
    known = {finding.path for finding in findings}
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        findings += [finding for finding in findings_of(errors) if finding.path not in known]
        settings = Settings.model_validate(without(given, errors), context=PARTIAL)
    known = {finding.path for finding in findings}
    findings += [finding for finding in check(settings, stack) if finding.path not in known]
    if findings:
        hidden = {(key.removeprefix(OURS),) for key in secret_keys}
        raise SettingsError(stack, [veiled(it) if it.path[:1] in hidden else it for it in findings], lines)
    return settings
