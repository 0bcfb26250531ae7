"""Exceptions end: one that has expired, or that nothing needs any more, must go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.model import Policy, Severity, Stack, Violation


def check_stack(stack: Stack) -> Iterator[Violation]:
    """Judge the exceptions of the stack's configuration, after all other policies."""
    deployment = stack.deployment
    for exemption in deployment.exemptions:
        what = f"the exception of {exemption.policy} for {exemption.resource} ({exemption.owner})"
        if exemption.expires < deployment.today:
            yield Violation(f"{what} expired on {exemption.expires}", "an exception that has not expired, or none")
        elif exemption not in deployment.used:
            yield Violation(f"{what} excepts nothing: there is no such violation", "exceptions that are needed")


POLICY: Final = Policy(
    name="exceptions",
    description="Every exception is needed, and has not expired.",
    reason="An exception that outlives its reason is a hole that nobody looks at.",
    clause="Exceptions are explicit, named, and expire.",
    severity=Severity.HIGH,
    remedy="Mend what is excepted and remove the exception from the stack's file (policies:exceptions), or argue for "
    "it anew with another day.",
    check_stack=check_stack,
)
