"""What holds data in production cannot be deleted by mistake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.model import Policy, Resource, Severity, Stack, Violation
from policies.roles import MACHINES, role_of
from policies.values import Requirement, off, one_of

PRODUCTION: Final = "prod"
STATEFUL_ROLES: Final = frozenset({"database", "files", "vault"})
STORES: Final[Mapping[str, str | None]] = {
    "ovh:index/cloudStorageBlockVolume:CloudStorageBlockVolume": None,
    "ovh:index/cloudStorageFileShare:CloudStorageFileShare": None,
    "ovh:index/cloudStorageObjectBucket:CloudStorageObjectBucket": None,
    "ovh:CloudProject/storage:Storage": None,
    "ovh:CloudProject/database:Database": "deletionProtection",
    "scaleway:block/volume:Volume": None,
    "scaleway:instance/volume:Volume": None,
    "scaleway:index/fileFilesystem:FileFilesystem": None,
    "scaleway:object/bucket:Bucket": None,
    "scaleway:databases/instance:Instance": None,
    "scaleway:mongodb/instance:Instance": None,
    "scaleway:redis/cluster:Cluster": None,
    "aws:s3/bucket:Bucket": None,
    "aws:ebs/volume:Volume": None,
    "aws:efs/fileSystem:FileSystem": None,
    "aws:rds/instance:Instance": "deletionProtection",
    "aws:rds/cluster:Cluster": "deletionProtection",
    "aws:rds/globalCluster:GlobalCluster": "deletionProtection",
    "aws:docdb/cluster:Cluster": "deletionProtection",
    "aws:neptune/cluster:Cluster": "deletionProtection",
    "aws:dynamodb/table:Table": "deletionProtectionEnabled",
    "aws:timestreamwrite/table:Table": None,
    "aws:opensearch/domain:Domain": None,
    "aws:elasticache/replicationGroup:ReplicationGroup": None,
    "aws:backup/vault:Vault": None,
    "aws:kms/key:Key": None,
    "aws:cognito/userPool:UserPool": "deletionProtection",
}
"""Types that hold data, and their own switch against deletion where they have one."""
NO_SHORTCUTS: Final[Mapping[str, tuple[Requirement, ...]]] = {
    "scaleway:object/bucket:Bucket": (off("forceDestroy"),),
    "aws:s3/bucket:Bucket": (off("forceDestroy"),),
    "aws:backup/vault:Vault": (off("forceDestroy"),),
    "aws:rds/instance:Instance": (off("skipFinalSnapshot"), one_of("deleteAutomatedBackups", False)),
    "aws:rds/cluster:Cluster": (off("skipFinalSnapshot"), one_of("deleteAutomatedBackups", False)),
    "aws:docdb/cluster:Cluster": (off("skipFinalSnapshot"),),
    "aws:neptune/cluster:Cluster": (off("skipFinalSnapshot"),),
}
"""Ways to lose everything with one deletion."""
ON: Final = (True, "ACTIVE")


def check_stack(stack: Stack) -> Iterator[Violation]:
    """Judge production's stores and the machines that hold data."""
    if stack.deployment.environment.rpartition("-")[2] != PRODUCTION:
        return
    for resource in stack.resources:
        if resource.type in STORES:
            yield from _protected(resource, STORES[resource.type])
            for requirement in NO_SHORTCUTS.get(resource.type, ()):
                yield from (
                    Violation(found.problem, found.accepted, resource.urn) for found in requirement.unmet(resource)
                )
        elif resource.type in MACHINES and role_of(resource) in STATEFUL_ROLES:
            yield from _protected(resource, "protected" if resource.type.startswith("scaleway:") else None)


def _protected(resource: Resource, switch: str | None) -> Iterator[Violation]:
    # The engine's protection is enough: who deletes behind its back means it. A switch of the provider is, too.
    if resource.protect or (switch is not None and resource.get(switch) in ON):
        return
    accepted = "protect=True among the resource's options"
    if switch is not None:
        accepted += f", or {switch}"
    yield Violation(f"{resource.label} is not protected against deletion", accepted, resource.urn)


POLICY: Final = Policy(
    name="deletion-protection",
    description="What holds data in production is protected against deletion.",
    reason="A wrong word in a settings file must not take the data with it.",
    clause="Data in production is protected against deletion.",
    severity=Severity.HIGH,
    remedy="Protect the resource (components/site does so for whatever holds data, in all environments but dev); "
    "remove what would delete the data without a last snapshot.",
    check_stack=check_stack,
)
