"""A key of one's own, which data at rest is encrypted with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

from components.sdk import lazy

aws = lazy("pulumi_aws")

ROTATION_DAYS: Final = 365
DELETION_DAYS: Final = 30
"""The longest time that AWS waits before a key, and all that it encrypted, is gone."""
LOGS: Final = "logs"


@dataclass(frozen=True)
class KeyArgs:
    """`name` is the alias without `alias/`; `account` owns the key, `region` is where it is.

    `services` are AWS's services that use the key for us without a role of ours, by the first part of their name, such
    as s3, sns, cloudwatch, cloudfront or logs. With `protect`, the engine refuses to delete the key.
    """

    name: str
    description: str
    account: str
    region: str
    protect: bool
    services: Sequence[str] = field(default_factory=tuple)


class Key(pulumi.ComponentResource):
    """A symmetric key that is changed every year, and its alias.

    Creates the key, which never leaves its region, and the alias. Its policy leaves it to the account's own roles who may
    use it, and lets the services use it for this account's resources alone.

    Outputs: `arn`, `id`, `alias`.
    """

    def __init__(self, args: KeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:Key", args.name, None, opts)
        key = aws.kms.Key(
            args.name,
            description=args.description,
            policy=pulumi.Output.json_dumps(_policy(args), sort_keys=True),
            enable_key_rotation=True,
            rotation_period_in_days=ROTATION_DAYS,
            deletion_window_in_days=DELETION_DAYS,
            multi_region=False,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        alias = aws.kms.Alias(
            args.name,
            name=f"alias/{args.name}",
            target_key_id=key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn: pulumi.Output[str] = key.arn
        self.id: pulumi.Output[str] = key.key_id
        self.alias: pulumi.Output[str] = alias.name
        self.register_outputs({"arn": self.arn, "alias": self.alias})


def _policy(args: KeyArgs) -> dict[str, Any]:
    """In a key's policy, `*` as the resource is this key."""
    statements: list[dict[str, Any]] = [
        {
            # Without it, a key whose users are gone could never be managed again (KMS developer guide, "Default key policy").
            "Sid": "account",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{args.account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ]
    named = [f"{service}.amazonaws.com" for service in sorted(args.services) if service != LOGS]
    if named:
        statements.append(
            {
                "Sid": "services",
                "Effect": "Allow",
                "Principal": {"Service": named},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:SourceAccount": args.account}},
            }
        )
    if LOGS in args.services:
        groups = f"arn:aws:logs:{args.region}:{args.account}:*"
        statements.append(
            {
                # CloudWatch Logs is a service of the region, and says for which group it asks, not for which account.
                "Sid": "logs",
                "Effect": "Allow",
                "Principal": {"Service": f"logs.{args.region}.amazonaws.com"},
                "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
                "Resource": "*",
                "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}
