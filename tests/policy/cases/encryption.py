"""Cases of encryption."""

from __future__ import annotations

from typing import Any, Final

from tests.policy.cases import UNKNOWN, Case, Declared, Hidden, Kind, Of, System, bare

OVH: Final = {"service_name": "c" * 32, "region": "GRA11", "name": "x"}
NOT_YET: Final = "is not known before the deployment"


def volume(encryption: Any = None) -> Declared:
    return Declared("ovh.CloudStorageBlockVolume", {**OVH, "size": 10, "encryption": encryption})


def share(encryption: Any = None) -> Declared:
    given = {"size": 10, "protocol": "NFS", "share_type": "t", "share_network_id": "n"}
    return Declared("ovh.CloudStorageFileShare", {**OVH, **given, "encryption": encryption})


def bucket(encryption: Any = None) -> Declared:
    return Declared("ovh.CloudStorageObjectBucket", {**OVH, "encryption": encryption})


def ebs(**inputs: Any) -> Declared:
    return Declared("aws.ebs.Volume", {"availability_zone": "eu-west-1a", "size": 8, **inputs})


def rds(**inputs: Any) -> Declared:
    return Declared("aws.rds.Instance", {"instance_class": "db.t3.micro", "engine": "mysql", **inputs})


def cache(**inputs: Any) -> Declared:
    return Declared("aws.elasticache.ReplicationGroup", {"description": "d", **inputs})


def template(*encrypted: Any) -> Declared:
    mappings = [{"device_name": f"d{i}", "ebs": {"encrypted": one}} for i, one in enumerate(encrypted)]
    return Declared("aws.ec2.LaunchTemplate", {"block_device_mappings": mappings})


def listener(protocol: Any, *actions: Any) -> Declared:
    return Declared(
        "aws.lb.Listener",
        {"load_balancer_arn": "a", "port": 80, "protocol": protocol, "default_actions": list(actions)},
    )


def redirect(protocol: str) -> dict[str, Any]:
    return {"type": "redirect", "redirect": {"protocol": protocol, "port": "443", "status_code": "HTTP_301"}}


def scaleway_bucket(name: str = "media") -> Declared:
    return Declared("scaleway.object.Bucket", {"name": name})


def bucket_encryption(bucket: Any, algorithm: str = "AES256") -> Declared:
    rules = [{"apply_server_side_encryption_by_default": {"sse_algorithm": algorithm}}]
    return Declared("scaleway.object.BucketServerSideEncryptionConfiguration", {"bucket": bucket, "rules": rules})


SWITCHES: Final = (
    ("ovh volume", volume, "encryption", {"enabled": True}, "encryption.enabled"),
    ("ovh share", share, "encryption", {"enabled": True}, "encryption.enabled"),
    ("ovh bucket", bucket, "encryption", {"algorithm": "AES256"}, "encryption.algorithm"),
    ("aws volume", ebs, "encrypted", True, "encrypted"),
    ("aws database", rds, "storage_encrypted", True, "storageEncrypted"),
)
BARE: Final = {
    "aws:cloudfront/distribution:Distribution": ['defaultCacheBehavior.viewerProtocolPolicy is "x"'],
    "aws:cloudtrail/trail:Trail": ["kmsKeyId is missing"],
    "aws:dms/endpoint:Endpoint": ["sslMode is missing"],
    "aws:docdb/cluster:Cluster": ["storageEncrypted is missing"],
    "aws:ebs/snapshotCopy:SnapshotCopy": ["encrypted is missing"],
    "aws:ebs/volume:Volume": ["encrypted is missing"],
    "aws:ec2/amiCopy:AmiCopy": ["encrypted is missing"],
    "aws:ec2/instance:Instance": ["rootBlockDevice.encrypted is missing"],
    "aws:ec2/launchTemplate:LaunchTemplate": ["blockDeviceMappings.ebs.encrypted is missing"],
    "aws:efs/fileSystem:FileSystem": ["encrypted is missing"],
    "aws:elasticache/replicationGroup:ReplicationGroup": [
        "atRestEncryptionEnabled is missing",
        "transitEncryptionEnabled is missing",
    ],
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": ["serverSideEncryption.enabled is missing"],
    "aws:kinesis/stream:Stream": ["encryptionType is missing"],
    "aws:neptune/cluster:Cluster": ["storageEncrypted is missing"],
    "aws:opensearch/domain:Domain": ["encryptAtRest.enabled is missing", "nodeToNodeEncryption.enabled is missing"],
    "aws:rds/cluster:Cluster": ["storageEncrypted is missing"],
    "aws:rds/globalCluster:GlobalCluster": ["storageEncrypted is missing"],
    "aws:rds/instance:Instance": ["storageEncrypted is missing"],
    "aws:sagemaker/notebookInstance:NotebookInstance": ["kmsKeyId is missing"],
    "aws:sns/topic:Topic": ["kmsMasterKeyId is missing"],
    "ovh:CloudProject/storage:Storage": ["encryption.sseAlgorithm is missing"],
    "ovh:index/cloudLoadbalancerListener:CloudLoadbalancerListener": ['protocol is "x"'],
    "ovh:index/cloudStorageBlockVolume:CloudStorageBlockVolume": ["encryption.enabled is missing"],
    "ovh:index/cloudStorageFileShare:CloudStorageFileShare": ["encryption.enabled is missing"],
    "ovh:index/cloudStorageObjectBucket:CloudStorageObjectBucket": ["encryption.algorithm is missing"],
    "scaleway:containers/container:Container": ["httpOption is missing"],
    "scaleway:databases/instance:Instance": ["encryptionAtRest is missing"],
    "scaleway:functions/function:Function": ["httpOption is missing"],
    "scaleway:redis/cluster:Cluster": ["tlsEnabled is missing"],
}
CASES: Final = (
    *(Case(Kind.MISSING, f"bare {token}", bare(token), problems) for token, problems in BARE.items()),
    *(Case(Kind.PASS, f"{title} with encryption", make(**{key: good})) for title, make, key, good, _ in SWITCHES),
    *(
        Case(Kind.MISSING, f"{title} without encryption", make(), [f"{path} is missing"])
        for title, make, _, _, path in SWITCHES
    ),
    *(
        Case(Kind.UNKNOWN, f"{title} with encryption that is not known", make(**{key: UNKNOWN}), [f"{path} {NOT_YET}"])
        for title, make, key, _, path in SWITCHES
    ),
    *(
        Case(Kind.SECRET, f"{title} with hidden encryption", make(**{key: Hidden(good)}))
        for title, make, key, good, _ in SWITCHES
    ),
    Case(Kind.FAIL, "ovh volume with encryption off", volume({"enabled": False}), ["encryption.enabled is false"]),
    Case(Kind.FAIL, "ovh bucket with no cipher", bucket({"algorithm": "none"}), ['encryption.algorithm is "none"']),
    Case(Kind.FAIL, "aws database with encryption off", rds(storage_encrypted=False), ["storageEncrypted is false"]),
    Case(
        Kind.FAIL,
        "aws cache that encrypts half",
        cache(at_rest_encryption_enabled=True),
        ["transitEncryptionEnabled is missing"],
    ),
    Case(
        Kind.PASS,
        "aws cache that encrypts all",
        cache(at_rest_encryption_enabled=True, transit_encryption_enabled=True),
    ),
    Case(Kind.NESTED, "aws template whose disks are encrypted", template("true", "true")),
    Case(
        Kind.NESTED,
        "aws template with one disk that is not encrypted",
        template("true", "false"),
        ['blockDeviceMappings[1].ebs.encrypted is "false"'],
    ),
    Case(Kind.MISSING, "aws template without disks", template(), ["blockDeviceMappings.ebs.encrypted is missing"]),
    Case(
        Kind.NESTED,
        "aws machine whose disk is not encrypted",
        Declared("aws.ec2.Instance", {"ami": "a", "root_block_device": {"volume_size": 8}}),
        ["rootBlockDevice.encrypted is missing"],
    ),
    Case(
        Kind.FAIL,
        "aws topic without a key",
        Declared("aws.sns.Topic", {}),
        ["kmsMasterKeyId is missing"],
    ),
    Case(Kind.UNKNOWN, "aws topic with a key that comes", Declared("aws.sns.Topic", {"kms_master_key_id": UNKNOWN})),
    Case(Kind.PASS, "aws queue as it is", Declared("aws.sqs.Queue", {})),
    Case(
        Kind.FAIL,
        "aws queue that is not encrypted",
        Declared("aws.sqs.Queue", {"sqs_managed_sse_enabled": False}),
        ["sqsManagedSseEnabled is false"],
    ),
    Case(
        Kind.PASS,
        "aws queue with its own key",
        Declared("aws.sqs.Queue", {"kms_master_key_id": "k", "sqs_managed_sse_enabled": False}),
    ),
    Case(Kind.PASS, "aws listener for https", listener("HTTPS", {"type": "forward"})),
    Case(Kind.PASS, "aws listener that redirects", listener("HTTP", redirect("HTTPS"))),
    Case(
        Kind.FAIL,
        "aws listener for http",
        listener("HTTP", {"type": "forward"}),
        ["protocol is HTTP, and what comes in is not redirected"],
    ),
    Case(Kind.FAIL, "aws listener that redirects to http", listener("HTTP", redirect("HTTP")), ["protocol is HTTP"]),
    Case(
        Kind.FAIL,
        "aws listener that redirects some",
        listener("HTTP", redirect("HTTPS"), {"type": "forward"}),
        ["protocol is HTTP"],
    ),
    Case(
        Kind.MISSING, "aws listener without a protocol", listener(None, {"type": "forward"}), ["protocol is not known"]
    ),
    Case(
        Kind.UNKNOWN,
        "aws listener whose protocol is not known",
        listener(UNKNOWN, {"type": "forward"}),
        ["protocol is not known"],
    ),
    Case(
        Kind.FAIL,
        "ovh listener for http",
        Declared(
            "ovh.CloudLoadbalancerListener",
            {"service_name": "c", "loadbalancer_id": "l", "name": "l", "protocol": "HTTP", "protocol_port": 80},
        ),
        ['protocol is "HTTP"'],
    ),
    Case(
        Kind.PASS,
        "scaleway volume, which its machine encrypts",
        Declared("scaleway.block.Volume", {"iops": 5000, "size_in_gb": 10}),
    ),
    Case(
        Kind.FAIL,
        "scaleway cache without tls",
        Declared("scaleway.redis.Cluster", {"node_type": "n", "version": "7", "user_name": "u", "password": "p"}),
        ["tlsEnabled is missing"],
    ),
    Case(Kind.FAIL, "scaleway bucket with another cipher", bucket_encryption("b", "none"), ['sseAlgorithm is "none"']),
)
SYSTEMS: Final = (
    System(
        Kind.PASS, "a bucket with its encryption", {"b": scaleway_bucket(), "e": bucket_encryption(Of("b", "name"))}
    ),
    System(Kind.PASS, "a bucket that its encryption names", {"b": scaleway_bucket(), "e": bucket_encryption("media")}),
    System(Kind.MISSING, "a bucket without encryption", {"b": scaleway_bucket()}, ["media has no default encryption"]),
    System(
        Kind.FAIL,
        "two buckets and one encryption",
        {"a": scaleway_bucket("other"), "b": scaleway_bucket(), "e": bucket_encryption(Of("b", "name"))},
        ["other has no default encryption"],
    ),
)
