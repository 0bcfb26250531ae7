"""Nobody may do more than they need: no wildcards over everything, no rights of an administrator, keys that expire."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from policies.model import Policy, Resource, Severity, Violation
from policies.values import Requirement, at, given, show, unmet
from policies.wire import UNKNOWN

POLICY_TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "aws:iam/policy:Policy": ("policy",),
    "aws:iam/rolePolicy:RolePolicy": ("policy",),
    "aws:iam/userPolicy:UserPolicy": ("policy",),
    "aws:iam/groupPolicy:GroupPolicy": ("policy",),
    "aws:iam/role:Role": ("inlinePolicies[].policy",),
    "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": ("inlinePolicy",),
    "aws:iot/policy:Policy": ("policy",),
    "ovh:CloudProject/s3Policy:S3Policy": ("policy",),
}
"""Where a type says in JSON what somebody may do."""
TRUST: Final[Mapping[str, str]] = {"aws:iam/role:Role": "assumeRolePolicy"}
ATTACHMENTS: Final = {
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "policyArn",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": "policyArn",
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": "policyArn",
    "aws:iam/policyAttachment:PolicyAttachment": "policyArn",
    "aws:iam/role:Role": "managedPolicyArns[]",
    "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment": "managedPolicyArn",
}
TOO_MUCH: Final = re.compile(r":policy/(?:job-function/)?(?:\w*Administrator\w*|\w+FullAccess|PowerUserAccess)$")
"""AWS's own policies that allow everything, or everything of a service."""
SCALEWAY_TOO_MUCH: Final = re.compile(r"^All\w*FullAccess$|^IAMManager$|^OrganizationManager$")
SCALEWAY_POLICY: Final = "scaleway:iam/policy:Policy"
AWS_KEY: Final = "aws:iam/accessKey:AccessKey"
VAULT_POLICY: Final = "vault:index/policy:Policy"
TTL: Final = Requirement(
    "tokenMaxTtl",
    lambda value: isinstance(value, int | float) and 0 < value <= 24 * 3600,
    "seconds from 1 to 86400, after which a login ends",
)
REQUIREMENTS: Final[Mapping[str, tuple[Requirement, ...]]] = {
    "scaleway:iam/apiKey:ApiKey": (given("expiresAt", "a day on which the key expires"),),
    "vault:appRole/authBackendRole:AuthBackendRole": (
        TTL,
        given("tokenBoundCidrs[]", "the addresses that the role logs in from"),
        given("tokenPolicies[]", "the role's own policy"),
    ),
    "vault:jwt/authBackendRole:AuthBackendRole": (TTL,),
    "vault:index/token:Token": (given("ttl", "a time, after which the token ends"),),
}
VAULT_PATH: Final = re.compile(r'path\s+"(?P<path>[^"]*)"\s*\{(?P<body>[^}]*)\}')


def check(resource: Resource) -> Iterator[Violation]:
    """Judge one resource."""
    yield from unmet(resource, REQUIREMENTS)
    for path in POLICY_TEXTS.get(resource.type, ()):
        for place, value in at(resource.inputs, path):
            yield from _policy(place, value)
    if resource.type in TRUST:
        yield from _trust(TRUST[resource.type], resource.get(TRUST[resource.type]))
    if resource.type in ATTACHMENTS:
        for place, value in at(resource.inputs, ATTACHMENTS[resource.type]):
            if isinstance(value, str) and TOO_MUCH.search(value):
                yield Violation(f"{place} is {show(value)}: it allows more than any role needs", "a policy of its own")
    if resource.type == AWS_KEY:
        yield Violation("an access key of AWS never expires", "a role, whose keys end by themselves within hours")
    elif resource.type == SCALEWAY_POLICY:
        yield from _scaleway(resource)
    elif resource.type == VAULT_POLICY:
        yield from _vault(resource.get("policy"))


def _statements(text: Any) -> list[Mapping[str, Any]]:
    """The statements of a policy; ValueError where it is none."""
    try:
        document = json.loads(text) if isinstance(text, str) else text
        statements = document["Statement"]
        found = statements if isinstance(statements, list) else [statements]
        if all(isinstance(statement, Mapping) for statement in found):
            return found
    except (TypeError, KeyError) as error:
        raise ValueError(str(error)) from None
    raise ValueError("a statement is no object")


def _policy(place: str, text: Any) -> Iterator[Violation]:
    if text is None or text is UNKNOWN:
        return  # it names what does not exist yet; it is judged again when it is known
    try:
        statements = _statements(text)
    except ValueError:
        yield Violation(f"{place} cannot be read as a policy", 'JSON with a list "Statement"')
        return
    for index, statement in enumerate(statements):
        if statement.get("Effect") != "Allow":
            continue
        where = f"{place}: statement {index}"
        wide = [one for one in _list(statement.get("Resource")) if set(str(one)) <= set("*:/")]
        actions = [one for one in _list(statement.get("Action")) if one == "*" or str(one).endswith(":*")]
        if "NotAction" in statement:
            yield Violation(f"{where} allows everything but some actions (NotAction)", "the actions that are needed")
        elif "NotResource" in statement:
            yield Violation(f"{where} allows everything but some resources", "the resources that are needed")
        elif "*" in actions:
            yield Violation(f"{where} allows every action", "the actions that are needed")
        elif actions and wide:
            yield Violation(
                f"{where} allows {', '.join(map(str, actions))} on every resource",
                "the actions that are needed, on the resources that they are needed on",
            )


def _trust(place: str, text: Any) -> Iterator[Violation]:
    if text is None or text is UNKNOWN:
        return
    try:
        statements = _statements(text)
    except ValueError:
        yield Violation(f"{place} cannot be read as a policy", 'JSON with a list "Statement"')
        return
    for index, statement in enumerate(statements):
        principal = statement.get("Principal")
        named = list(principal.values()) if isinstance(principal, Mapping) else [principal]
        everybody = any("*" in _list(one) for one in named)
        if statement.get("Effect") == "Allow" and everybody and not statement.get("Condition"):
            yield Violation(f"{place}: statement {index} trusts everybody", "principals by name")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _scaleway(resource: Resource) -> Iterator[Violation]:
    for place, value in at(resource.inputs, "rules[].permissionSetNames[]"):
        if isinstance(value, str) and SCALEWAY_TOO_MUCH.search(value):
            yield Violation(f"{place} is {show(value)}: it allows more than any role needs", "sets of single products")
    for place, value in at(resource.inputs, "rules[].organizationId"):
        if value is not None:
            yield Violation(f"{place} is given: the rule is for the whole organisation", "projectIds")


def _vault(text: Any) -> Iterator[Violation]:
    if not isinstance(text, str):
        if text is not UNKNOWN:
            yield Violation(f"policy is {show(text)}", "a policy of Vault")
        return
    for found in VAULT_PATH.finditer(text):
        path, body = found["path"], found["body"]
        if path.strip("*/+") == "":
            yield Violation(f'policy: path "{path}" is everything', "the paths of the role's own secrets")
        for capability in ("sudo", "root"):
            if f'"{capability}"' in body:
                yield Violation(f'policy: path "{path}" allows {capability}', "read, or what the role needs besides")
    if VAULT_PATH.search(text) is None:
        yield Violation("policy cannot be read as a policy of Vault", 'path "…" { capabilities = ["read"] }')


POLICY: Final = Policy(
    name="least-privilege",
    description="Nobody has wildcards over everything, an administrator's rights, or keys without an end.",
    reason="Who takes over a machine or finds a key gets what it may do, for as long as it may.",
    clause="Least privilege: no wildcard action on a wildcard resource, keys that expire.",
    severity=Severity.HIGH,
    remedy="Name the actions and the resources that are needed; take a role instead of a key, or let the key expire.",
    check=check,
)
