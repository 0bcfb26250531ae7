"""Keys that encrypt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sandbox import rules
from sandbox.cloud import Call, Kind
from sandbox.clouds.aws.base import Api, AwsKind, Named, Reading, policy
from sandbox.clouds.aws.tokens import KEY
from sandbox.properties import Properties
from sandbox.schema import Failure

ALIAS: Final = "aws:kms/alias:Alias"


def key(path: str) -> Named:
    """A reference to a key, by any of the names that AWS takes."""
    return Named(path, (KEY, ALIAS), output="arn", also=("keyId", "id", "name"))


class Key(AwsKind):
    """A key; deleting it is scheduled, and it cannot be used from then on."""

    token = KEY
    service = "kms"
    autoname = False
    tagged_by = "{keyId}"
    renames = {"customerMasterKeySpec": "KeySpec"}
    replace_on = frozenset({"customerMasterKeySpec", "keyUsage", "multiRegion", "customKeyStoreId", "xksKeyId"})
    apart = frozenset({"deletionWindowInDays", "bypassPolicyLockoutSafetyCheck"})
    creation = Api("CreateKey", mapped=True)
    identity = "KeyMetadata.KeyId"
    settings = (
        Api(
            "EnableKeyRotation",
            {"KeyId": "{id}", "RotationPeriodInDays": "{rotationPeriodInDays}"},
            takes=("enableKeyRotation",),
            when=lambda p: bool(p.get("enableKeyRotation")),
        ),
        Api(
            "DisableKeyRotation",
            {"KeyId": "{id}"},
            takes=("enableKeyRotation",),
            when=lambda p: p.get("enableKeyRotation") is False,
        ),
        Api("DisableKey", {"KeyId": "{id}"}, takes=("isEnabled",), when=lambda p: p.get("isEnabled") is False),
        Api("EnableKey", {"KeyId": "{id}"}, takes=("isEnabled",), when=lambda p: bool(p.get("isEnabled"))),
    )
    changes = (
        Api("UpdateKeyDescription", {"KeyId": "{id}", "Description": "{description}"}),
        Api("PutKeyPolicy", {"KeyId": "{id}", "PolicyName": "default", "Policy": "{policy}"}),
    )
    deletion = (Api("ScheduleKeyDeletion", {"KeyId": "{id}", "PendingWindowInDays": "{deletionWindowInDays}"}),)
    readings = (
        Reading("DescribeKey", {"KeyId": "{id}"}, "(KeyMetadata.KeyState != 'PendingDeletion') && KeyMetadata"),
        Reading("GetKeyPolicy", {"KeyId": "{id}", "PolicyName": "default"}, "{Policy: Policy}"),
        Reading(
            "GetKeyRotationStatus",
            {"KeyId": "{id}"},
            "{EnableKeyRotation: KeyRotationEnabled, RotationPeriodInDays: RotationPeriodInDays}",
        ),
    )

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Deletion waits for 7 to 30 days."""
        yield from super().check(inputs, call)
        yield from rules.between(inputs, "deletionWindowInDays", 7, 30, "days")
        yield from policy(inputs, "policy", "Principal", "Resource")


class Alias(AwsKind):
    """A key's name."""

    token = ALIAS
    service = "kms"
    references = (Named("targetKeyId", (KEY,), output="arn", also=("keyId",)),)
    tag_operations = None
    unique = frozenset({"name"})
    creation = Api("CreateAlias", {"AliasName": "{name}", "TargetKeyId": "{targetKeyId}"})
    identity = "{name}"
    changes = (Api("UpdateAlias", {"AliasName": "{id}", "TargetKeyId": "{targetKeyId}"}),)
    deletion = (Api("DeleteAlias", {"AliasName": "{id}"}),)
    readings = (Reading("ListAliases", {}, "Aliases[?AliasName=='{id}'] | [0]"),)
    outputs = {"arn": "AliasArn", "targetKeyArn": "arn:aws:kms:{region}:{account}:key/{targetKeyId}"}

    def name_it(self, inputs: Properties, old: Properties, call: Call) -> Properties:
        """Invented names begin like all others."""
        named = super().name_it(inputs, old, call)
        name = named.get("name")
        return named if not rules.known(name) or str(name).startswith("alias/") else {**named, "name": f"alias/{name}"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """AWS keeps a part of the names for itself."""
        yield from super().check(inputs, call)
        accepted = "alias/ and 1 to 250 of letters, digits, / _ -, but not alias/aws/"
        yield from rules.matches(inputs, "name", r"^alias/(?!aws/)[\w/-]{1,250}$", accepted)


class KeyPolicy(AwsKind):
    """Who may do what with a key; the last one stays when this is deleted."""

    token = "aws:kms/keyPolicy:KeyPolicy"
    service = "kms"
    references = (Named("keyId", (KEY,), output="arn", also=("keyId",)),)
    tag_operations = None
    apart = frozenset({"bypassPolicyLockoutSafetyCheck"})
    replace_on = frozenset({"keyId"})
    creation = Api("PutKeyPolicy", {"KeyId": "{keyId}", "PolicyName": "default", "Policy": "{policy}"})
    changes = (creation,)
    identity = "{keyId}"
    readings = (Reading("GetKeyPolicy", {"KeyId": "{keyId}", "PolicyName": "default"}),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Policies of keys say who."""
        yield from super().check(inputs, call)
        yield from policy(inputs, "policy", "Principal", "Resource")


KINDS: Final[tuple[Kind, ...]] = (Key(), Alias(), KeyPolicy())
