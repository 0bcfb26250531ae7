"""Cases of tags."""

from __future__ import annotations

from typing import Any, Final

from tests.policy.cases import UNKNOWN, Declared, Hidden, Kind, System, bare

CONFIG: Final = {"platform:environment": "dev", "platform:owner": "team@example.eu"}
GOOD: Final = {"environment": "dev", "owner": "team@example.eu"}


def bucket(tags: Any = None, **options: Any) -> Declared:
    return Declared("aws.s3.Bucket", {"tags": tags}, **options)


def server(*tags: str) -> Declared:
    return Declared("scaleway.instance.Server", {"type": "DEV1-S", "tags": list(tags)})


def one(kind: Kind, title: str, declared: Declared, *refused: str) -> System:
    return System(kind, title, {"it": declared}, refused, CONFIG)


TYPES: Final = (
    "aws:backup/vault:Vault",
    "aws:docdb/cluster:Cluster",
    "aws:dynamodb/table:Table",
    "aws:ebs/volume:Volume",
    "aws:ec2/instance:Instance",
    "aws:ec2/vpc:Vpc",
    "aws:ecs/cluster:Cluster",
    "aws:ecs/service:Service",
    "aws:efs/fileSystem:FileSystem",
    "aws:elasticache/replicationGroup:ReplicationGroup",
    "aws:kinesis/stream:Stream",
    "aws:kms/key:Key",
    "aws:lambda/function:Function",
    "aws:lb/loadBalancer:LoadBalancer",
    "aws:opensearch/domain:Domain",
    "aws:rds/cluster:Cluster",
    "aws:rds/instance:Instance",
    "aws:s3/bucket:Bucket",
    "aws:secretsmanager/secret:Secret",
    "aws:sns/topic:Topic",
    "aws:sqs/queue:Queue",
    "ovh:CloudProject/storage:Storage",
    "ovh:index/cloudStorageObjectBucket:CloudStorageObjectBucket",
    "scaleway:block/volume:Volume",
    "scaleway:databases/instance:Instance",
    "scaleway:index/fileFilesystem:FileFilesystem",
    "scaleway:instance/ip:Ip",
    "scaleway:instance/securityGroup:SecurityGroup",
    "scaleway:instance/server:Server",
    "scaleway:loadbalancers/loadBalancer:LoadBalancer",
    "scaleway:network/privateNetwork:PrivateNetwork",
    "scaleway:network/publicGateway:PublicGateway",
    "scaleway:network/vpc:Vpc",
    "scaleway:object/bucket:Bucket",
    "scaleway:redis/cluster:Cluster",
)
SYSTEMS: Final = (
    *(
        one(Kind.MISSING, f"bare {token}", bare(token), "tag environment is missing", "tag owner is missing")
        for token in TYPES
    ),
    one(Kind.PASS, "a bucket with tags", bucket(GOOD)),
    one(Kind.MISSING, "a bucket without tags", bucket(), "tag environment is missing", "tag owner is missing"),
    one(Kind.MISSING, "a bucket without an owner", bucket({"environment": "dev"}), "tag owner is missing"),
    one(
        Kind.FAIL,
        "a bucket of another environment",
        bucket({**GOOD, "environment": "prod"}),
        'tag environment is "prod"',
    ),
    one(
        Kind.FAIL,
        "a bucket of somebody else",
        bucket({**GOOD, "owner": "me@example.eu"}),
        'tag owner is "me@example.eu"',
    ),
    one(Kind.MISSING, "a bucket of nobody", bucket({**GOOD, "owner": ""}), "tag owner is missing"),
    one(Kind.UNKNOWN, "a bucket whose owner is not known", bucket({**GOOD, "owner": UNKNOWN}), "tag owner is missing"),
    one(
        Kind.UNKNOWN,
        "a bucket whose tags are not known",
        bucket(UNKNOWN),
        "tag environment is missing",
        "tag owner is missing",
    ),
    one(Kind.SECRET, "a bucket whose tags are hidden", bucket(Hidden(GOOD))),
    one(Kind.NESTED, "a bucket one of whose tags is hidden", bucket({**GOOD, "owner": Hidden("team@example.eu")})),
    one(Kind.PASS, "a server with tags", server("environment=dev", "owner=team@example.eu", "role=app")),
    one(
        Kind.FAIL,
        "a server of another environment",
        server("environment=prod", "owner=team@example.eu"),
        'tag environment is "prod"',
    ),
    one(Kind.MISSING, "a server without tags", server(), "tag environment is missing", "tag owner is missing"),
    one(
        Kind.DEFAULT,
        "a bucket that its provider tags",
        bucket(provider={"region": "eu-west-1", "default_tags": {"tags": GOOD}}),
    ),
    one(
        Kind.DEFAULT,
        "a bucket that its provider tags with half",
        bucket(provider={"region": "eu-west-1", "default_tags": {"tags": {"environment": "dev"}}}),
        "tag owner is missing",
    ),
    one(Kind.PASS, "what takes no tags", Declared("random.RandomPet", {})),
    System(
        Kind.PASS,
        "a stack that does not say whose it is, but its bucket does",
        {"it": bucket(GOOD)},
        (),
        {"platform:environment": "dev"},
    ),
)
