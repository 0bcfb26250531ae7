"""Secrets are held in Vault: none is written down in a program, a setting, user data, a tag or an output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from policies.literals import find, formats, is_literal, is_secret_name
from policies.model import Policy, Resource, Severity, Stack, Violation
from policies.wire import SIGNATURE_KEY, leaves

USER_DATA: Final = frozenset(["userData", "userDataBase64", "cloudInit"])
"""What a machine gets at its first boot: everybody on the machine, and the provider, can read it."""
TEXTS: Final = frozenset(
    [
        "buildspec",
        "commands",
        "containerDefinitions",
        "create",
        "definition",
        "delete",
        "environment",
        "environmentVariables",
        "keepers",
        "labels",
        "metadata",
        "script",
        "startupScript",
        "stdin",
        "tags",
        "tagsAll",
        "triggers",
        "update",
        "variables",
    ]
)
"""Where people write down settings of programs, and with them secrets; what is marked secret is not searched."""
SECRETS_BY_TYPE: Final = {
    ("vault:kv/secretV2:SecretV2", "dataJson"),
    ("vault:kv/secret:Secret", "dataJson"),
    ("vault:generic/secret:Secret", "dataJson"),
    ("vault:appRole/authBackendRoleSecretId:AuthBackendRoleSecretId", "secretId"),
    ("vault:appRole/authBackendLogin:AuthBackendLogin", "secretId"),
    ("scaleway:secrets/version:Version", "data"),
    ("ovh:Okms/secret:Secret", "data"),
}
"""Properties that hold a secret, though their names do not say so."""
MARKED: Final = "a value from Vault, marked as secret (pulumi.Output.secret)"
IN_VAULT: Final = "a path in Vault that the machine or program reads by itself; user data may carry one wrapped token"


def check(resource: Resource) -> Iterator[Violation]:
    """Judge what a program declares."""
    for key, value in resource.inputs.items():
        if key in USER_DATA:
            for path, _, text, _ in leaves(value, key):
                if isinstance(text, str):
                    yield from _found(path, text, wrapped_token=True)
        else:
            yield from _judge(resource, value, key, searched=key in TEXTS)


def check_stack(stack: Stack) -> Iterator[Violation]:
    """Judge what resources, components and the stack itself report."""
    for resource in stack.resources:
        for key, value in resource.outputs.items():
            if key not in resource.inputs and key not in USER_DATA:
                for violation in _judge(resource, value, key, searched=False):
                    yield Violation(f"output {violation.problem}", violation.accepted, resource.urn)


def _judge(resource: Resource, value: Any, key: str, *, searched: bool) -> Iterator[Violation]:
    holds_secret = (resource.type, key) in SECRETS_BY_TYPE
    for path, name, text, secret in leaves(value, key):
        if secret or not isinstance(text, str) or name == SIGNATURE_KEY:
            continue
        if (holds_secret or is_secret_name(name)) and is_literal(text):
            yield Violation(
                f"{path} holds a secret that is not marked as one: it would be readable in the state", MARKED
            )
        elif searched or _carries_text(name):
            yield from _found(path, text, wrapped_token=False)
        else:
            for kind in formats(text):
                yield Violation(f"{path} contains a secret in plain text: {kind}", IN_VAULT)


def _carries_text(name: str) -> bool:
    return name in TEXTS or name in USER_DATA


def _found(path: str, text: str, *, wrapped_token: bool) -> Iterator[Violation]:
    for finding in find(text, wrapped_token=wrapped_token):
        yield Violation(f"{path} contains a secret in plain text: {finding}", IN_VAULT)


POLICY: Final = Policy(
    name="secrets-from-vault",
    description="No secret is written down: programs and machines read them from Vault.",
    reason="A secret in user data, a tag, a log or a state file is read by more people than it was meant for, and "
    "cannot be taken back.",
    clause="Secrets are held in Vault.",
    severity=Severity.CRITICAL,
    remedy="Put the secret into Vault (components/secrets) and let the machine read it with its AppRole; mark what the "
    "program itself must handle with pulumi.Output.secret; replace what was already published.",
    check=check,
    check_stack=check_stack,
)
