"""Event logs of previews, as the engine writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

URN = "urn:pulumi:prod::platform::platform:system:Hosting$platform:site:Ovh$"
VOLUME = "ovh:index/cloudStorageBlockVolume:CloudStorageBlockVolume"
INSTANCE = "ovh:index/cloudInstance:CloudInstance"


def step(op: str, token: str, name: str, *, custom: bool = True, protect: bool = False) -> dict[str, Any]:
    """A step of the engine's: `op` on a resource."""
    urn = f"{URN}{token}::{name}"
    state = {"type": token, "urn": urn, "custom": custom, "protect": protect, "inputs": {"size": 10}}
    metadata = {
        "op": op,
        "urn": urn,
        "type": token,
        "old": None if op == "create" else state,
        "new": None if op == "delete" else state,
    }
    return {"resourcePreEvent": {"metadata": metadata, "planning": True}}


def broken(policy: str, urn: str = "", level: str = "mandatory") -> dict[str, Any]:
    """A policy that is broken."""
    message = "zone is a|b\nAccepted: another\nRemedy: change it\nClause: everything is apart\n"
    event = {
        "resourceUrn": urn,
        "message": message,
        "policyName": policy,
        "policyPackName": "platform",
        "enforcementLevel": level,
        "severity": "high",
    }
    return {"policyEvent": event}


def said(severity: str, message: str) -> dict[str, Any]:
    """Something that the engine said."""
    return {"diagnosticEvent": {"severity": severity, "message": f"{message}\n"}}


def write(folder: Path, *events: dict[str, Any]) -> Path:
    """An event log."""
    log = folder / "events"
    log.write_text("".join(f"{json.dumps({'sequence': n, **event})}\n" for n, event in enumerate(events)))
    return log
