"""Conditions of buckets' policies: moto reads policies without them, and so would refuse what comes over TLS, too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

REQUEST: Final[Mapping[str, str]] = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}
"""What is true of every request here: what stays on loopback counts as TLS of the newest version."""


def heed_conditions() -> None:
    """Let moto's buckets leave out the statements whose conditions do not hold, or that it knows nothing of."""
    from moto.iam.access_control import IAMPolicy, PermissionResult
    from moto.s3.models import FakeBucket

    def permission(bucket: Any, action: str, resource: str) -> Any:
        if bucket.policy is None:
            return PermissionResult.NEUTRAL
        document = json.loads(bucket.policy)
        held = [one for one in document["Statement"] if _holds(one.get("Condition") or {})]
        return IAMPolicy(json.dumps({**document, "Statement": held})).is_action_permitted(action, resource)

    FakeBucket.get_permission = permission


def _holds(condition: Mapping[str, Mapping[str, Any]]) -> bool:
    return all(
        key in REQUEST and _compared(operator, REQUEST[key], str(wanted))
        for operator, pairs in condition.items()
        for key, wanted in pairs.items()
    )


def _compared(operator: str, given: str, wanted: str) -> bool:
    match operator:
        case "Bool" | "StringEquals" | "NumericEquals":
            return given == wanted
        case "NumericLessThan":
            return float(given) < float(wanted)
        case _:
            return False
