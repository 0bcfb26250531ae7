"""The relational database with the accounts: MySQL by RDS, with a standby in another zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from components.aws.flows import USERS_PORT
from components.sdk import lazy

aws = lazy("pulumi_aws")

VERSION: Final = "8.4"
FAMILY: Final = "mysql8.4"
PARAMETERS: Final = {
    "require_secure_transport": "1",
    "tls_version": "TLSv1.2,TLSv1.3",
    "slow_query_log": "1",
    "long_query_time": "0.5",
    "log_output": "FILE",
}
LOGS: Final = ("error", "slowquery")
AUTHORITY: Final = "rds-ca-rsa2048-g1"
DATABASE: Final = "chat"


@dataclass(frozen=True)
class UsersArgs:
    """`name` is unique in the region, 50 characters at most; `type` an instance class of RDS; storage grows by itself
    from `storage_gb` to `most_storage_gb`; `key` is the ARN of the key for data at rest; `backup_days` 1 to 35. With
    `protect`, AWS and the engine refuse to delete it. `after` is what must exist before, such as log groups."""

    name: str
    type: str
    storage_gb: int
    most_storage_gb: int
    subnets: Sequence[pulumi.Input[str]]
    group: pulumi.Input[str]
    key: pulumi.Input[str]
    backup_days: int
    protect: bool
    after: Sequence[pulumi.Resource] = ()


class Users(pulumi.ComponentResource):
    """A MySQL instance with a standby in another zone that takes over by itself.

    Creates a subnet group, a parameter group (TLS alone), and the instance. The password of its owner is made, kept and
    changed by AWS: no program reads it. Programs sign in with the role of their task, without any password.

    Outputs: `id`, `address`, `resource` (the id by which policies name it).
    """

    def __init__(self, args: UsersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:Users", args.name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        subnets = aws.rds.SubnetGroup(args.name, name=args.name, subnet_ids=args.subnets, opts=child)
        parameters = aws.rds.ParameterGroup(
            args.name,
            name=args.name,
            family=FAMILY,
            description="TLS alone, and slow statements are logged",
            parameters=[{"name": name, "value": value} for name, value in PARAMETERS.items()],
            opts=child,
        )
        instance = aws.rds.Instance(
            args.name,
            identifier=args.name,
            engine="mysql",
            engine_version=VERSION,
            instance_class=args.type,
            db_name=DATABASE,
            port=USERS_PORT,
            username="owner",
            manage_master_user_password=True,
            master_user_secret_kms_key_id=args.key,
            iam_database_authentication_enabled=True,
            multi_az=True,
            publicly_accessible=False,
            storage_type="gp3",
            allocated_storage=args.storage_gb,
            max_allocated_storage=args.most_storage_gb,
            storage_encrypted=True,
            kms_key_id=args.key,
            db_subnet_group_name=subnets.name,
            parameter_group_name=parameters.name,
            vpc_security_group_ids=[args.group],
            ca_cert_identifier=AUTHORITY,
            backup_retention_period=args.backup_days,
            backup_window="00:30-01:00",
            maintenance_window="thu:02:00-thu:03:00",
            copy_tags_to_snapshot=True,
            delete_automated_backups=not args.protect,
            auto_minor_version_upgrade=True,
            enabled_cloudwatch_logs_exports=list(LOGS),
            deletion_protection=args.protect,
            skip_final_snapshot=not args.protect,
            final_snapshot_identifier=f"{args.name}-final" if args.protect else None,
            apply_immediately=False,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect, depends_on=args.after),
        )
        self.id: pulumi.Output[str] = instance.identifier
        self.address: pulumi.Output[str] = instance.address
        self.resource: pulumi.Output[str] = instance.resource_id
        self.register_outputs({"id": self.id, "address": self.address})
