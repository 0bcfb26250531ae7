"""Data is encrypted where it lies and where it travels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from policies.model import Policy, Resource, Severity, Stack, Violation
from policies.values import Requirement, at, given, not_off, on, one_of, unmet
from policies.wire import UNKNOWN

CIPHERS: Final = ("AES256", "aws:kms", "aws:kms:dsse")
KMS_KEY: Final = "a key of the key management service"
REQUIREMENTS: Final[Mapping[str, tuple[Requirement, ...]]] = {
    "ovh:index/cloudStorageBlockVolume:CloudStorageBlockVolume": (on("encryption.enabled"),),
    "ovh:index/cloudStorageFileShare:CloudStorageFileShare": (on("encryption.enabled"),),
    "ovh:index/cloudStorageObjectBucket:CloudStorageObjectBucket": (one_of("encryption.algorithm", *CIPHERS),),
    "ovh:CloudProject/storage:Storage": (one_of("encryption.sseAlgorithm", *CIPHERS),),
    "ovh:index/cloudLoadbalancerListener:CloudLoadbalancerListener": (
        one_of("protocol", "TCP", "UDP", "TERMINATED_HTTPS", "HTTPS"),
    ),
    "scaleway:databases/instance:Instance": (on("encryptionAtRest"),),
    "scaleway:redis/cluster:Cluster": (on("tlsEnabled"),),
    "scaleway:containers/container:Container": (one_of("httpOption", "redirected"),),
    "scaleway:functions/function:Function": (one_of("httpOption", "redirected"),),
    "aws:ebs/volume:Volume": (on("encrypted"),),
    "aws:ebs/snapshotCopy:SnapshotCopy": (on("encrypted"),),
    "aws:ec2/amiCopy:AmiCopy": (on("encrypted"),),
    "aws:ec2/instance:Instance": (on("rootBlockDevice.encrypted"),),
    "aws:ec2/launchTemplate:LaunchTemplate": (
        Requirement("blockDeviceMappings[].ebs.encrypted", lambda value: value in (True, "true"), "true"),
    ),
    "aws:efs/fileSystem:FileSystem": (on("encrypted"),),
    "aws:rds/instance:Instance": (on("storageEncrypted"),),
    "aws:rds/cluster:Cluster": (on("storageEncrypted"),),
    "aws:rds/globalCluster:GlobalCluster": (on("storageEncrypted"),),
    "aws:docdb/cluster:Cluster": (on("storageEncrypted"),),
    "aws:neptune/cluster:Cluster": (on("storageEncrypted"),),
    "aws:redshift/cluster:Cluster": (
        Requirement("encrypted", lambda value: value in (True, "true", None), "true"),  # on unless turned off
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": (
        on("atRestEncryptionEnabled"),
        on("transitEncryptionEnabled"),
    ),
    "aws:memorydb/cluster:Cluster": (not_off("tlsEnabled"),),
    "aws:opensearch/domain:Domain": (
        on("encryptAtRest.enabled"),
        on("nodeToNodeEncryption.enabled"),
        not_off("domainEndpointOptions.enforceHttps"),
    ),
    "aws:msk/cluster:Cluster": (
        one_of("encryptionInfo.encryptionInTransit.clientBroker", "TLS", None),
        not_off("encryptionInfo.encryptionInTransit.inCluster"),
    ),
    "aws:kinesis/stream:Stream": (one_of("encryptionType", "KMS"),),
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": (on("serverSideEncryption.enabled"),),
    "aws:sns/topic:Topic": (given("kmsMasterKeyId", KMS_KEY),),
    "aws:dms/endpoint:Endpoint": (one_of("sslMode", "require", "verify-ca", "verify-full"),),
    "aws:mq/broker:Broker": (not_off("encryptionOptions.useAwsOwnedKey"),),
    "aws:sagemaker/notebookInstance:NotebookInstance": (given("kmsKeyId", KMS_KEY),),
    "aws:cloudfront/distribution:Distribution": (
        one_of("defaultCacheBehavior.viewerProtocolPolicy", "https-only", "redirect-to-https"),
    ),
    "aws:cloudtrail/trail:Trail": (given("kmsKeyId", KMS_KEY),),
}
"""What types must say. AWS encrypts buckets, tables, logs, queues and registries by itself, and cannot be told not to."""
NOT_ENCRYPTED_BY_THE_PROVIDER: Final = {
    "scaleway:block/volume:Volume": "the machine encrypts it (LUKS, machines/ansible), with a key from Vault",
    "scaleway:index/fileFilesystem:FileFilesystem": "the provider encrypts what it stores, without a switch",
    "scaleway:instance/volume:Volume": "the machine encrypts it (LUKS, machines/ansible), with a key from Vault",
}
"""Stores whose types have no property for it, with what encrypts them."""
BUCKETS: Final = frozenset(["scaleway:object/bucket:Bucket"])
"""Buckets whose encryption is a resource of its own."""
BUCKET_ENCRYPTION: Final = (
    "scaleway:object/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
BUCKET_CIPHER: Final = one_of("rules[].applyServerSideEncryptionByDefault.sseAlgorithm", *CIPHERS)
HTTP_LISTENERS: Final = frozenset(["aws:lb/listener:Listener", "aws:alb/listener:Listener"])
QUEUE: Final = "aws:sqs/queue:Queue"


def check(resource: Resource) -> Iterator[Violation]:
    """Judge one resource."""
    yield from unmet(resource, REQUIREMENTS)
    if resource.type == BUCKET_ENCRYPTION:
        yield from BUCKET_CIPHER.unmet(resource)
    elif resource.type in HTTP_LISTENERS:
        yield from _listener(resource)
    elif resource.type == QUEUE and resource.get("kmsMasterKeyId") is None:
        yield from not_off("sqsManagedSseEnabled").unmet(resource)


def _listener(resource: Resource) -> Iterator[Violation]:
    protocol = resource.get("protocol")
    if protocol not in ("HTTP", UNKNOWN, None):
        return
    actions = list(at(resource.inputs, "defaultActions[].redirect.protocol"))
    if protocol != "HTTP" or not all(value == "HTTPS" for _, value in actions):
        shown = "HTTP" if protocol == "HTTP" else "not known"
        yield Violation(
            f"protocol is {shown}, and what comes in is not redirected to HTTPS",
            '"HTTPS" or "TLS", or a redirect to "HTTPS" as the only default action',
        )


def check_stack(stack: Stack) -> Iterator[Violation]:
    """Judge what is encrypted by a resource beside it."""
    encrypted: set[Any] = set()
    for resource in stack.of_type(BUCKET_ENCRYPTION):
        encrypted.update(resource.dependencies.get("bucket", ()))
        encrypted.add(resource.get("bucket"))
    for bucket in stack.of_type(*BUCKETS):
        if bucket.urn not in encrypted and bucket.label not in encrypted:
            yield Violation(
                f"{bucket.label} has no default encryption",
                "a BucketServerSideEncryptionConfiguration of the bucket",
                bucket.urn,
            )


POLICY: Final = Policy(
    name="encryption",
    description="Every store is encrypted at rest, and every connection in transit.",
    reason="A disk that is thrown away, a snapshot that is copied or a line that is tapped must tell nothing.",
    clause="Everything is encrypted, at rest and in transit.",
    severity=Severity.HIGH,
    remedy="Turn on the encryption that the message names; components/site does so for volumes, shares and buckets.",
    check=check,
    check_stack=check_stack,
)
