"""Roles and what they may do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.aws.base import Api, AwsKind, Reading, always, policy
from sandbox.clouds.aws.tokens import ROLE
from sandbox.properties import Properties
from sandbox.schema import Failure
from sandbox.store import Row

POLICY: Final = "aws:iam/policy:Policy"
PROFILE: Final = "aws:iam/instanceProfile:InstanceProfile"
NAME: Final = r"^[\w+=,.@-]{1,%d}$"
POLICY_BYTES: Final = 10_240
"""What all inline policies of a role may have together."""


class IamKind(AwsKind):
    """A resource of IAM, which is the same in all regions."""

    service = "iam"
    everywhere = True
    longest = 128

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Names are IAM's."""
        yield from super().check(inputs, call)
        accepted = f"1 to {self.longest} of letters, digits and +=,.@_-"
        yield from rules.matches(inputs, "name", NAME % self.longest, accepted)


class Role(IamKind):
    """A role that services take on."""

    token = ROLE
    longest = 64
    unique = frozenset({"name"})
    replace_on = frozenset({"path"})
    renames = {"assumeRolePolicy": "AssumeRolePolicyDocument"}
    apart = frozenset({"forceDetachPolicies"})
    tag_operations = ("TagRole", "UntagRole")
    tagged_by = "{id}"
    creation = Api("CreateRole", mapped=True)
    identity = "{name}"
    changes = (
        Api("UpdateAssumeRolePolicy", {"RoleName": "{id}", "PolicyDocument": "{assumeRolePolicy}"}),
        Api(
            "UpdateRole",
            {"RoleName": "{id}", "Description": "{description}", "MaxSessionDuration": "{maxSessionDuration}"},
        ),
        Api("PutRolePermissionsBoundary", {"RoleName": "{id}", "PermissionsBoundary": "{permissionsBoundary}"}),
    )
    deletion = (Api("DeleteRole", {"RoleName": "{id}"}),)
    readings = (
        Reading(
            "GetRole",
            {"RoleName": "{id}"},
            "Role.{RoleName: RoleName, Arn: Arn, Path: Path, UniqueId: RoleId, CreateDate: CreateDate, Tags: Tags, "
            "AssumeRolePolicyDocument: AssumeRolePolicyDocument, Description: Description, "
            "MaxSessionDuration: MaxSessionDuration, PermissionsBoundary: PermissionsBoundary.PermissionsBoundaryArn}",
        ),
    )

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Who may take it on is a policy."""
        yield from super().check(inputs, call)
        yield from policy(inputs, "assumeRolePolicy", "Principal")


class RolePolicy(IamKind):
    """What a role may do."""

    token = "aws:iam/rolePolicy:RolePolicy"
    references = (Reference("role", (ROLE,)),)
    replace_on = frozenset({"role"})
    tag_operations = None
    creation = Api("PutRolePolicy", {"RoleName": "{role}", "PolicyName": "{name}", "PolicyDocument": "{policy}"})
    changes = (creation,)
    identity = "{role}:{name}"
    renames = {"policy": "PolicyDocument"}
    deletion = (Api("DeleteRolePolicy", {"RoleName": "{role}", "PolicyName": "{name}"}),)
    readings = (Reading("GetRolePolicy", {"RoleName": "{role}", "PolicyName": "{name}"}),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Policies say what, and of which resources."""
        yield from super().check(inputs, call)
        yield from policy(inputs, "policy", "Resource")

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """All inline policies of a role have room for so much."""
        others = [
            row.inputs["policy"]
            for row in call.rows(self.token)
            if row.inputs["role"] == inputs["role"] and (existing is None or row.seq != existing.seq)
        ]
        size = sum(len("".join(str(text).split())) for text in [*others, inputs["policy"]])
        if size > POLICY_BYTES:
            raise CloudError(
                f"LimitExceeded: policy: all inline policies of role {inputs['role']} have {size} characters without "
                f"blanks; accepted are {POLICY_BYTES}"
            )


class Policy(IamKind):
    """What roles may do that it is attached to."""

    token = POLICY
    unique = frozenset({"name"})
    replace_on = frozenset({"path", "description"})
    renames = {"policy": "PolicyDocument"}
    apart = frozenset({"delayAfterPolicyCreationInMs"})
    tag_operations = ("TagPolicy", "UntagPolicy")
    creation = Api("CreatePolicy", mapped=True)
    identity = "Policy.Arn"
    changes = (
        Api(
            "CreatePolicyVersion",
            {"PolicyArn": "{id}", "PolicyDocument": "{policy}", "SetAsDefault": lambda _: True},
            when=always,
        ),
    )
    deletion = (Api("DeletePolicy", {"PolicyArn": "{id}"}),)
    readings = (
        Reading("GetPolicy", {"PolicyArn": "{id}"}, "Policy"),
        Reading(
            "ListPolicyVersions", {"PolicyArn": "{id}"}, "{PolicyDocument: Versions[?IsDefaultVersion] | [0].Document}"
        ),
    )

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Policies say what, and of which resources."""
        yield from super().check(inputs, call)
        yield from policy(inputs, "policy", "Resource")

    def on_update(self, row: Row, inputs: Properties, outputs: Properties, call: Call) -> None:
        """A policy has five versions at most: the old ones go."""
        super().on_update(row, inputs, outputs, call)
        self._drop_old_versions(row, call)

    def on_delete(self, row: Row, call: Call) -> None:
        """Old versions go first."""
        self._drop_old_versions(row, call)
        super().on_delete(row, call)

    def _drop_old_versions(self, row: Row, call: Call) -> None:
        properties = self._properties(row.id, row.inputs, row.outputs, call)
        listing = Reading("ListPolicyVersions", {"PolicyArn": "{id}"}, "{Old: Versions[?!IsDefaultVersion].VersionId}")
        for version in (self._find(listing, properties, call) or {}).get("Old") or []:
            api = Api("DeletePolicyVersion", {"PolicyArn": "{id}", "VersionId": "{version}"})
            self._change(api, {}, {**properties, "version": version}, call)


class RolePolicyAttachment(IamKind):
    """A policy that a role has."""

    token = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    references = (Reference("role", (ROLE,)), Reference("policyArn", (POLICY,)))
    tag_operations = None
    autoname = False
    creation = Api("AttachRolePolicy", {"RoleName": "{role}", "PolicyArn": "{policyArn}"})
    identity = "{role}/{policyArn}"
    deletion = (Api("DetachRolePolicy", {"RoleName": "{role}", "PolicyArn": "{policyArn}"}),)
    readings = (
        Reading(
            "ListAttachedRolePolicies",
            {"RoleName": "{role}"},
            "AttachedPolicies[?PolicyArn=='{policyArn}'] | [0]",
        ),
    )


class InstanceProfile(IamKind):
    """A role for instances."""

    token = PROFILE
    references = (Reference("role", (ROLE,)),)
    unique = frozenset({"name"})
    replace_on = frozenset({"path", "role"})
    tag_operations = ("TagInstanceProfile", "UntagInstanceProfile")
    tagged_by = "{id}"
    creation = Api("CreateInstanceProfile", mapped=True)
    identity = "{name}"
    settings = (Api("AddRoleToInstanceProfile", {"InstanceProfileName": "{id}", "RoleName": "{role}"}),)
    deletion = (
        Api("RemoveRoleFromInstanceProfile", {"InstanceProfileName": "{id}", "RoleName": "{role}"}),
        Api("DeleteInstanceProfile", {"InstanceProfileName": "{id}"}),
    )
    readings = (
        Reading(
            "GetInstanceProfile",
            {"InstanceProfileName": "{id}"},
            "InstanceProfile.{Arn: Arn, Path: Path, CreateDate: CreateDate, UniqueId: InstanceProfileId, Tags: Tags, "
            "Role: Roles[0].RoleName}",
        ),
    )


def get_policy_document(arguments: Properties, _: Call) -> Properties:
    """A policy from its parts, as the provider itself writes it, without asking anybody."""
    statements = [_statement(one) for one in arguments.get("statements") or []]
    document: Properties = {"Version": arguments.get("version") or "2012-10-17"}
    if arguments.get("policyId"):
        document["Id"] = arguments["policyId"]
    sources = [json.loads(text)["Statement"] for text in arguments.get("sourcePolicyDocuments") or []]
    document["Statement"] = [*(one for source in sources for one in source), *statements]
    text = json.dumps(document, indent=2)
    return {
        **arguments,
        "id": str(int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)),
        "json": text,
        "minifiedJson": json.dumps(document, separators=(",", ":")),
    }


def _statement(given: Properties) -> Properties:
    statement: Properties = {"Sid": given["sid"]} if given.get("sid") else {}
    statement["Effect"] = given.get("effect") or "Allow"
    for name, member in (
        ("actions", "Action"),
        ("notActions", "NotAction"),
        ("resources", "Resource"),
        ("notResources", "NotResource"),
    ):
        if given.get(name):
            statement[member] = _one_or_all(given[name])
    for name, member in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        for principal in given.get(name) or []:
            if principal["type"] == "*" and principal["identifiers"] == ["*"]:
                statement[member] = "*"
            else:
                statement.setdefault(member, {})[principal["type"]] = _one_or_all(principal["identifiers"])
    for condition in given.get("conditions") or []:
        tests = statement.setdefault("Condition", {}).setdefault(condition["test"], {})
        tests[condition["variable"]] = _one_or_all(condition["values"])
    return statement


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else sorted(values)


KINDS: Final[tuple[Kind, ...]] = (Role(), RolePolicy(), Policy(), RolePolicyAttachment(), InstanceProfile())
