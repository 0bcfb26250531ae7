"""Cases of deletion-protection."""

from __future__ import annotations

from typing import Any, Final

from tests.policy.cases import UNKNOWN, Declared, Hidden, Kind, System, bare

PROD: Final = {"platform:environment": "prod"}
OVH: Final = {"service_name": "c" * 32, "region": "GRA11"}
BARE: Final = "is not protected against deletion"


def volume(**options: Any) -> Declared:
    return Declared("ovh.CloudStorageBlockVolume", {**OVH, "name": "data", "size": 10}, **options)


def table(**inputs: Any) -> Declared:
    given = {"attributes": [{"name": "i", "type": "S"}], "hash_key": "i", "name": "readings"}
    return Declared("aws.dynamodb.Table", {**given, **inputs})


def database(protect: bool = True, **inputs: Any) -> Declared:
    given = {"instance_class": "db.t3.micro", "engine": "mysql", "delete_automated_backups": False}
    return Declared("aws.rds.Instance", {**given, **inputs}, protect=protect)


def machine(role: str, **inputs: Any) -> Declared:
    return Declared("scaleway.instance.Server", {"name": f"acme-prod-ams-{role}-1", "type": "DEV1-S", **inputs})


def bucket(**inputs: Any) -> Declared:
    return Declared("aws.s3.Bucket", {"bucket": "media", **inputs}, protect=True)


def one(kind: Kind, title: str, declared: Declared, *refused: str, environment: str = "prod") -> System:
    return System(kind, title, {"it": declared}, refused, {"platform:environment": environment})


TYPES: Final = (
    "aws:backup/vault:Vault",
    "aws:cognito/userPool:UserPool",
    "aws:docdb/cluster:Cluster",
    "aws:dynamodb/table:Table",
    "aws:ebs/volume:Volume",
    "aws:efs/fileSystem:FileSystem",
    "aws:elasticache/replicationGroup:ReplicationGroup",
    "aws:kms/key:Key",
    "aws:neptune/cluster:Cluster",
    "aws:opensearch/domain:Domain",
    "aws:rds/cluster:Cluster",
    "aws:rds/globalCluster:GlobalCluster",
    "aws:rds/instance:Instance",
    "aws:s3/bucket:Bucket",
    "aws:timestreamwrite/table:Table",
    "ovh:CloudProject/database:Database",
    "ovh:CloudProject/storage:Storage",
    "ovh:index/cloudStorageBlockVolume:CloudStorageBlockVolume",
    "ovh:index/cloudStorageFileShare:CloudStorageFileShare",
    "ovh:index/cloudStorageObjectBucket:CloudStorageObjectBucket",
    "scaleway:block/volume:Volume",
    "scaleway:databases/instance:Instance",
    "scaleway:index/fileFilesystem:FileFilesystem",
    "scaleway:instance/volume:Volume",
    "scaleway:mongodb/instance:Instance",
    "scaleway:object/bucket:Bucket",
    "scaleway:redis/cluster:Cluster",
)
AUTOMATED_BACKUPS: Final = ("aws:rds/cluster:Cluster", "aws:rds/instance:Instance")
SYSTEMS: Final = (
    *(
        one(
            Kind.MISSING,
            f"bare {token}",
            bare(token),
            BARE,
            *(["deleteAutomatedBackups is missing"] if token in AUTOMATED_BACKUPS else []),
        )
        for token in TYPES
    ),
    *(
        one(Kind.PASS, f"protected {token}", bare(token, protect=True))
        for token in TYPES
        if token not in AUTOMATED_BACKUPS
    ),
    one(Kind.PASS, "a volume that the engine protects", volume(protect=True)),
    one(Kind.MISSING, "a volume that nobody protects", volume(), f"data {BARE}"),
    one(
        Kind.MISSING,
        "a volume that nobody protects in a stack of its own",
        volume(),
        f"data {BARE}",
        environment="hosting-prod",
    ),
    one(Kind.PASS, "a volume in development", volume(), environment="dev"),
    one(Kind.PASS, "a table that the provider protects", table(deletion_protection_enabled=True)),
    one(
        Kind.FAIL,
        "a table that the provider does not protect",
        table(deletion_protection_enabled=False),
        f"readings {BARE}",
    ),
    one(
        Kind.UNKNOWN,
        "a table that the provider may protect",
        table(deletion_protection_enabled=UNKNOWN),
        f"readings {BARE}",
    ),
    one(Kind.SECRET, "a table with a hidden protection", table(deletion_protection_enabled=Hidden(True))),
    one(Kind.PASS, "a database with a last snapshot", database()),
    one(
        Kind.FAIL, "a database without a last snapshot", database(skip_final_snapshot=True), "skipFinalSnapshot is true"
    ),
    one(
        Kind.FAIL,
        "a database that deletes its backups",
        database(delete_automated_backups=True),
        "deleteAutomatedBackups is true",
    ),
    one(
        Kind.MISSING,
        "a database that deletes its backups by default",
        database(delete_automated_backups=None),
        "deleteAutomatedBackups is missing",
    ),
    one(Kind.FAIL, "a bucket that is deleted with its content", bucket(force_destroy=True), "forceDestroy is true"),
    one(
        Kind.UNKNOWN,
        "a bucket that may be deleted with its content",
        bucket(force_destroy=UNKNOWN),
        "forceDestroy is not known before the deployment",
    ),
    one(Kind.PASS, "a bucket that is not deleted with its content", bucket(force_destroy=False)),
    one(
        Kind.MISSING, "a database machine that nobody protects", machine("database"), f"acme-prod-ams-database-1 {BARE}"
    ),
    one(Kind.PASS, "a database machine that the provider protects", machine("database", protected=True)),
    one(Kind.PASS, "a machine without data", machine("app")),
)
