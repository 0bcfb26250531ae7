"""The JSON schema of stack files, so that editors complete and check them while they are written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from settings.findings import NAMESPACE
from settings.model import Settings

FILE: Final = Path(__file__).with_name("stack.schema.json")


def schema() -> dict[str, Any]:
    """The schema of a whole `Pulumi.<stack>.yaml`."""
    model = Settings.model_json_schema(ref_template="#/$defs/{model}")
    definitions = model.pop("$defs")
    properties = {f"{NAMESPACE}:{name}": value for name, value in model["properties"].items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stack file of the platform",
        "type": "object",
        "properties": {
            "secretsprovider": {"type": "string"},
            "encryptedkey": {"type": "string"},
            "encryptionsalt": {"type": "string"},
            "environment": {},
            "config": {
                "type": "object",
                "properties": properties,
                "required": [f"{NAMESPACE}:{name}" for name in model["required"]],
                # Keys of other namespaces (aws:region …) belong to the providers.
                "patternProperties": {f"^(?!{NAMESPACE}:)[A-Za-z0-9_-]+:.+$": {}},
                "additionalProperties": False,
            },
        },
        "required": ["config"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def text() -> str:
    """The schema as it stands in the file."""
    return json.dumps(schema(), indent=2, sort_keys=True) + "\n"
