"""The document database: DocumentDB, of which one instance writes and the others read and stand by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from components.aws.flows import DOCUMENTS_PORT
from components.sdk import lazy

aws = lazy("pulumi_aws")

VERSION: Final = "5.0.0"
FAMILY: Final = "docdb5.0"
PARAMETERS: Final = {"tls": "tls1.2+", "audit_logs": "all", "profiler": "enabled", "profiler_threshold_ms": "100"}
LOGS: Final = ("audit", "profiler")
AUTHORITY: Final = "rds-ca-rsa2048-g1"
BACKUP_WINDOW: Final = "01:00-01:30"
MAINTENANCE: Final = ("mon", "tue", "wed")
"""Instances are maintained on different days."""


@dataclass(frozen=True)
class DocumentsArgs:
    """`name` is unique in the region, 50 characters at most; `type` an instance class of DocumentDB, `instances` how
    many of it, spread over the `zones` of the `subnets`; `key` the ARN of the key for data at rest; `backup_days` 1 to
    35. With `protect`, AWS and the engine refuse to delete it. `after` is what must exist before, such as log groups."""

    name: str
    type: str
    instances: int
    zones: Sequence[str]
    subnets: Sequence[pulumi.Input[str]]
    group: pulumi.Input[str]
    key: pulumi.Input[str]
    backup_days: int
    protect: bool
    after: Sequence[pulumi.Resource] = ()


class Documents(pulumi.ComponentResource):
    """A DocumentDB cluster with TLS, encryption, an audit log and backups.

    Creates a subnet group, a parameter group, the cluster and its instances, each in the next zone. The password of the
    cluster's owner is made, kept and changed by AWS: no program reads it. Programs sign in with the role of their task
    (MONGODB-AWS), without any password.

    Outputs: `id`, `address` (the writer), `reader` (all others), `instances` (their identifiers).
    """

    def __init__(self, args: DocumentsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:Documents", args.name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        guarded = pulumi.ResourceOptions(parent=self, protect=args.protect)
        subnets = aws.docdb.SubnetGroup(args.name, name=args.name, subnet_ids=args.subnets, opts=child)
        parameters = aws.docdb.ClusterParameterGroup(
            args.name,
            name=args.name,
            family=FAMILY,
            description="TLS alone, and everything is audited",
            parameters=[
                {"name": name, "value": value, "apply_method": "pending-reboot"} for name, value in PARAMETERS.items()
            ],
            opts=child,
        )
        cluster = aws.docdb.Cluster(
            args.name,
            cluster_identifier=args.name,
            engine="docdb",
            engine_version=VERSION,
            port=DOCUMENTS_PORT,
            master_username="owner",
            manage_master_user_password=True,
            db_subnet_group_name=subnets.name,
            db_cluster_parameter_group_name=parameters.name,
            vpc_security_group_ids=[args.group],
            storage_encrypted=True,
            kms_key_id=args.key,
            backup_retention_period=args.backup_days,
            preferred_backup_window=BACKUP_WINDOW,
            preferred_maintenance_window="sun:02:00-sun:03:00",
            enabled_cloudwatch_logs_exports=list(LOGS),
            deletion_protection=args.protect,
            skip_final_snapshot=not args.protect,
            final_snapshot_identifier=f"{args.name}-final" if args.protect else None,
            apply_immediately=False,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect, depends_on=args.after),
        )
        self.instances = [f"{args.name}-{number}" for number in range(1, args.instances + 1)]
        for index, name in enumerate(self.instances):
            day = MAINTENANCE[index % len(MAINTENANCE)]
            aws.docdb.ClusterInstance(
                name,
                identifier=name,
                cluster_identifier=cluster.cluster_identifier,
                instance_class=args.type,
                engine="docdb",
                availability_zone=args.zones[index % len(args.zones)],
                promotion_tier=index,
                ca_cert_identifier=AUTHORITY,
                auto_minor_version_upgrade=True,
                preferred_maintenance_window=f"{day}:02:00-{day}:03:00",
                apply_immediately=False,
                opts=guarded,
            )
        self.id: pulumi.Output[str] = cluster.cluster_identifier
        self.address: pulumi.Output[str] = cluster.endpoint
        self.reader: pulumi.Output[str] = cluster.reader_endpoint
        self.register_outputs({"id": self.id, "address": self.address, "reader": self.reader})
