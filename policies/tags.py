"""Everything that costs money or holds data says whose it is, and of which environment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from policies.model import Policy, Resource, Severity, Stack, Violation
from policies.roles import tag
from policies.wire import reveal

KEYS: Final = ("environment", "owner")
TAGGED: Final = frozenset(
    [
        "ovh:index/cloudStorageObjectBucket:CloudStorageObjectBucket",
        "ovh:CloudProject/storage:Storage",
        "scaleway:instance/server:Server",
        "scaleway:instance/ip:Ip",
        "scaleway:instance/securityGroup:SecurityGroup",
        "scaleway:block/volume:Volume",
        "scaleway:index/fileFilesystem:FileFilesystem",
        "scaleway:object/bucket:Bucket",
        "scaleway:databases/instance:Instance",
        "scaleway:redis/cluster:Cluster",
        "scaleway:loadbalancers/loadBalancer:LoadBalancer",
        "scaleway:network/vpc:Vpc",
        "scaleway:network/privateNetwork:PrivateNetwork",
        "scaleway:network/publicGateway:PublicGateway",
        "aws:s3/bucket:Bucket",
        "aws:ec2/instance:Instance",
        "aws:ec2/vpc:Vpc",
        "aws:ebs/volume:Volume",
        "aws:efs/fileSystem:FileSystem",
        "aws:rds/instance:Instance",
        "aws:rds/cluster:Cluster",
        "aws:docdb/cluster:Cluster",
        "aws:dynamodb/table:Table",
        "aws:elasticache/replicationGroup:ReplicationGroup",
        "aws:opensearch/domain:Domain",
        "aws:ecs/cluster:Cluster",
        "aws:ecs/service:Service",
        "aws:lambda/function:Function",
        "aws:lb/loadBalancer:LoadBalancer",
        "aws:kinesis/stream:Stream",
        "aws:sqs/queue:Queue",
        "aws:sns/topic:Topic",
        "aws:kms/key:Key",
        "aws:secretsmanager/secret:Secret",
        "aws:backup/vault:Vault",
    ]
)
"""What costs money or holds data. OVH's machines, volumes and shares have no tags: their names tell."""


def check_stack(stack: Stack) -> Iterator[Violation]:
    """Judge the tags of every resource, also those that its provider adds by default."""
    wanted = {"environment": stack.deployment.environment, "owner": stack.deployment.owner}
    for resource in stack.resources:
        if resource.type in TAGGED:
            for key in KEYS:
                yield from _tag(resource, key, wanted[key])


def _tag(resource: Resource, key: str, wanted: str | None) -> Iterator[Violation]:
    value = tag(resource, key) or _default(resource, key)
    accepted = f'"{wanted}"' if wanted else f"the {key}"
    if not value:
        yield Violation(f"tag {key} is missing", accepted, resource.urn)
    elif wanted and value != wanted:
        yield Violation(f'tag {key} is "{value}"', accepted, resource.urn)


def _default(resource: Resource, key: str) -> str | None:
    """The tag that AWS's provider puts on everything."""
    defaults = reveal(resource.provider.properties.get("defaultTags")) if resource.provider is not None else None
    try:
        # A provider's nested configuration travels as JSON.
        tags = json.loads(defaults)["tags"] if isinstance(defaults, str) else None
        value = tags.get(key) if isinstance(tags, Mapping) else None
    except (ValueError, KeyError, TypeError):
        return None
    return value if isinstance(value, str) else None


POLICY: Final = Policy(
    name="tags",
    description="What costs money or holds data is tagged with its environment and its owner.",
    reason="What nobody owns is not looked after, and what is in no environment is deleted with the wrong one.",
    clause="Everything has an owner and an environment.",
    severity=Severity.LOW,
    remedy="Give the resource the tags `environment` and `owner`; components/site puts them on whatever takes tags, and "
    "AWS's provider takes default_tags.",
    check_stack=check_stack,
)
