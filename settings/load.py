"""From a stack's configuration to the model, or to one error that names everything that is wrong."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from settings.errors import NAMESPACE, SettingsError, findings_of, lines_of
from settings.model import Settings
from settings.rules import Finding, check, secrets_in

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

    `secret_keys` are keys that the engine decrypted; other programs' keys are left alone. Raises SettingsError.
    """
    given: dict[str, Any] = {}
    for key, text in config.items():
        space, _, name = key.partition(":")
        if space == NAMESPACE:
            given[name] = _value(text)
    hidden = {key.partition(":")[2] for key in secret_keys}
    return _validated(stack, given, hidden, root / f"Pulumi.{stack}.yaml")


def read(stack: str, root: Path = ROOT) -> Settings:
    """The settings in `Pulumi.<stack>.yaml`, for tools that run without the engine. Raises SettingsError."""
    file = root / f"Pulumi.{stack}.yaml"
    if not file.exists():
        known = ", ".join(sorted(found.name.split(".")[1] for found in root.glob("Pulumi.*.yaml")))
        raise SettingsError(stack, [Finding((), f"no file {file.name}", f"a stack that has a file: {known}")], {})
    try:
        document = yaml.safe_load(file.read_text()) or {}
    except yaml.YAMLError as error:
        raise SettingsError(stack, [Finding((), "not YAML", " ".join(str(error).split()))], {}) from None
    config = document.get("config") if isinstance(document, dict) else None
    given = {
        str(key).partition(":")[2]: value
        for key, value in (config or {}).items()
        if str(key).partition(":")[0] == NAMESPACE
    }
    hidden = {key for key, value in given.items() if isinstance(value, dict) and "secure" in value}
    return _validated(stack, given, hidden, file)


def _value(text: str) -> Any:
    """A value of the flat configuration: objects and lists are JSON there, and so are numbers and booleans."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value


def _validated(stack: str, given: Mapping[str, Any], hidden: Collection[str], file: Path) -> Settings:
    findings = [
        finding for name, value in given.items() if name not in hidden for finding in secrets_in(value, (name,))
    ]
    try:
        settings = Settings.model_validate(dict(given))
    except ValidationError as error:
        findings += findings_of(error.errors(include_url=False))
    else:
        findings += check(settings, stack)
        if not findings:
            return settings
    seen = {finding.path: finding for finding in reversed(findings)}
    ordered = [seen[path] for path in sorted(seen, key=str)]
    raise SettingsError(stack, ordered, lines_of(file) if file.exists() else {})
