"""A table of a database that nobody has to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from components.sdk import lazy

aws = lazy("pulumi_aws")

RECOVERY_DAYS: Final = 35
"""The most that DynamoDB has."""


@dataclass(frozen=True)
class TableArgs:
    """`name` is unique in the region; `keys` are texts: what an item is found by, and what items are in order of, where
    there is a second; `key` is the ARN of the key that data is encrypted with; `expiry` the attribute that says when an
    item is removed, in seconds since 1970. With `protect`, AWS and the engine refuse to delete the table."""

    name: str
    keys: Sequence[str]
    key: pulumi.Input[str]
    protect: bool
    expiry: str | None = None


class Table(pulumi.ComponentResource):
    """A DynamoDB table, paid by request.

    Creates the table: encrypted, and able to be restored to any second of the last 35 days.

    Outputs: `arn`, `name`.
    """

    def __init__(self, args: TableArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:Table", args.name, None, opts)
        first, *others = args.keys
        table = aws.dynamodb.Table(
            args.name,
            name=args.name,
            billing_mode="PAY_PER_REQUEST",
            attributes=[{"name": name, "type": "S"} for name in args.keys],
            hash_key=first,
            range_key=others[0] if others else None,
            ttl={"attribute_name": args.expiry, "enabled": True} if args.expiry else None,
            server_side_encryption={"enabled": True, "kms_key_arn": args.key},
            point_in_time_recovery={"enabled": True, "recovery_period_in_days": RECOVERY_DAYS},
            deletion_protection_enabled=args.protect,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        self.arn: pulumi.Output[str] = table.arn
        self.name: pulumi.Output[str] = table.name
        self.register_outputs({"arn": self.arn, "name": self.name})
