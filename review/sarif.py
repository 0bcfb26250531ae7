"""Broken policies as SARIF 2.1.0, which code scanning shows beside the change.

The format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. A policy speaks of a resource, which is
in no file; the place that is shown is the stack's file, and the resource is the logical location.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from policies.__main__ import REGISTRY
from policies.model import Policy
from review.findings import Broken
from review.run import Reviewed

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(reviewed: Iterable[Reviewed]) -> dict[str, Any]:
    """One run with a rule a policy and a result a violation."""
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "platform-policies", "rules": [_rule(policy) for policy in REGISTRY]}},
                "results": [_result(result.stack, broken) for result in reviewed for broken in result.findings.broken],
            }
        ],
    }


def _rule(policy: Policy) -> dict[str, Any]:
    return {
        "id": policy.name,
        "shortDescription": {"text": policy.description},
        "fullDescription": {"text": policy.reason},
        "help": {"text": policy.remedy},
        "properties": {"clause": policy.clause, "severity": policy.severity.value},
    }


def _result(stack: str, broken: Broken) -> dict[str, Any]:
    return {
        "ruleId": broken.policy,
        "level": "error" if broken.mandatory else "warning",
        "message": {"text": broken.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": f"Pulumi.{stack}.yaml"},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [{"fullyQualifiedName": broken.urn or stack, "kind": "resource"}],
            }
        ],
        # The same violation of the same resource is one alert, run after run.
        "partialFingerprints": {"policyAndResource/v1": f"{stack}/{broken.policy}/{broken.urn}"},
    }
