"""A queue's cache: Valkey over several zones, of which nobody else uses anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from components.aws.flows import CACHE_PORT
from components.sdk import lazy

aws = lazy("pulumi_aws")

ENGINE: Final = "valkey"
VERSION: Final = "8.0"
FAMILY: Final = "valkey8"
PARAMETERS: Final = {
    # A queue that is full refuses messages, and their senders hear of it; what has been taken is never thrown away.
    "maxmemory-policy": "noeviction",
    "timeout": "0",
    "tcp-keepalive": "60",
}
SNAPSHOT_DAYS: Final = 7
COMMANDS: Final = "on ~chat:* resetchannels -@all +@connection +@read +@write +@stream +@scripting -@dangerous"
"""What users of the queue may do: read and write below `chat:`; nothing that empties, configures or watches it.
Scripts are how a lock is renewed only by who has it; they may do no more than their user."""
LOGS: Final = ("slow-log", "engine-log")


@dataclass(frozen=True)
class CacheArgs:
    """One queue.

    `name` has 37 characters at most (with what the users' names add, ElastiCache takes 40); `type` is a node type,
    `replicas` 1 to 5 copies of the primary in other zones. `key` is the ARN of the key that data at rest is encrypted
    with. `passwords` has the password of each user by the end of its name. `log_group` is a log group's name. The two
    windows are in UTC: `maintenance` such as sun:02:00-sun:03:00, `snapshots` such as 03:00-04:00.
    """

    name: str
    description: str
    type: str
    replicas: int
    subnets: Sequence[pulumi.Input[str]]
    group: pulumi.Input[str]
    key: pulumi.Input[str]
    passwords: Mapping[str, pulumi.Input[str]]
    log_group: pulumi.Input[str]
    maintenance: str
    snapshots: str
    protect: bool


class Cache(pulumi.ComponentResource):
    """A Valkey primary with replicas in other zones, TLS and users with passwords.

    Creates a subnet group, a parameter group (nothing is evicted), a user for everybody who uses the queue with a group
    of them, and the replication group with its logs. Two of these components have nothing in common but the zones: no
    parameters, users, keys or hours of maintenance; what overloads or breaks one leaves the other as it is.

    Outputs: `id`, `address` (host name of the primary), `nodes` (ids of the nodes, as CloudWatch names them).
    """

    def __init__(self, args: CacheArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:Cache", args.name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        subnets = aws.elasticache.SubnetGroup(
            args.name, name=args.name, description=args.description, subnet_ids=args.subnets, opts=child
        )
        parameters = aws.elasticache.ParameterGroup(
            args.name,
            name=args.name,
            family=FAMILY,
            description=args.description,
            parameters=[{"name": name, "value": value} for name, value in PARAMETERS.items()],
            opts=child,
        )
        users = [
            aws.elasticache.User(
                f"{args.name}-{user}",
                user_id=f"{args.name}-{user}",
                user_name=user,
                engine=ENGINE,
                access_string=COMMANDS,
                authentication_mode={"type": "password", "passwords": [pulumi.Output.secret(password)]},
                opts=child,
            )
            for user, password in args.passwords.items()
        ]
        group = aws.elasticache.UserGroup(
            args.name,
            user_group_id=args.name,
            engine=ENGINE,
            user_ids=[user.user_id for user in users],
            opts=child,
        )
        cache = aws.elasticache.ReplicationGroup(
            args.name,
            replication_group_id=args.name,
            description=args.description,
            engine=ENGINE,
            engine_version=VERSION,
            node_type=args.type,
            num_cache_clusters=1 + args.replicas,
            automatic_failover_enabled=True,
            multi_az_enabled=True,
            port=CACHE_PORT,
            subnet_group_name=subnets.name,
            parameter_group_name=parameters.name,
            security_group_ids=[args.group],
            user_group_ids=[group.user_group_id],
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            at_rest_encryption_enabled=True,
            kms_key_id=args.key,
            snapshot_retention_limit=SNAPSHOT_DAYS,
            snapshot_window=args.snapshots,
            maintenance_window=args.maintenance,
            auto_minor_version_upgrade=True,
            apply_immediately=False,
            final_snapshot_identifier=f"{args.name}-final" if args.protect else None,
            log_delivery_configurations=[
                {
                    "destination": args.log_group,
                    "destination_type": "cloudwatch-logs",
                    "log_format": "json",
                    "log_type": kind,
                }
                for kind in LOGS
            ],
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        self.id: pulumi.Output[str] = cache.replication_group_id
        self.address: pulumi.Output[str] = cache.primary_endpoint_address
        # ElastiCache numbers the nodes itself; alarms that name them must not wait for it.
        self.nodes = [f"{args.name}-{number:03}" for number in range(1, 2 + args.replicas)]
        self.register_outputs({"id": self.id, "address": self.address})
