"""What holds data is backed up: three replicas at two providers, in a region each, one of them locked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from policies.model import Policy, Resource, Severity, Stack, Violation
from policies.roles import MACHINES, role_of, tag
from policies.wire import UNKNOWN, reveal

REPLICAS: Final = 3
REPLICA_PROVIDERS: Final = 2
STATEFUL: Final = frozenset({"database", "files"})
"""Roles whose data must not be lost."""
BUCKETS: Final = frozenset(
    [
        "ovh:index/cloudStorageObjectBucket:CloudStorageObjectBucket",
        "scaleway:object/bucket:Bucket",
        "aws:s3/bucket:Bucket",
    ]
)
LOCKS: Final = frozenset(
    [
        "scaleway:object/bucketLockConfiguration:BucketLockConfiguration",
        "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
    ]
)


def check_stack(stack: Stack) -> Iterator[Violation]:
    """Judge the stack as a whole, where it holds data."""
    if any(resource.type in MACHINES and role_of(resource) in STATEFUL for resource in stack.resources):
        yield from _replicas(stack)


def _replicas(stack: Stack) -> Iterator[Violation]:
    buckets = [r for r in stack.resources if r.type in BUCKETS and _is_backup(r)]
    providers = sorted({bucket.type.partition(":")[0] for bucket in buckets})
    shown = ", ".join(bucket.label for bucket in buckets) or "none"
    if len(buckets) < REPLICAS:
        yield Violation(f"there are {len(buckets)} buckets for backups ({shown})", f"{REPLICAS}, each a replica")
    if len(providers) < REPLICA_PROVIDERS:
        yield Violation(
            f"the buckets for backups ({shown}) are at {' and '.join(providers) or 'no provider'}",
            f"{REPLICA_PROVIDERS} providers, so that the loss of an account loses no backup",
        )
    held = {place for bucket in buckets if (place := (bucket.type, bucket.get("region"))) and place[1] is not UNKNOWN}
    if len(held) < len(buckets):
        yield Violation(f"two of the buckets for backups ({shown}) are in one region", "a region each")
    locked = _locked(stack)
    if not any(bucket.urn in locked or _has_lock(bucket) for bucket in buckets):
        yield Violation(
            f"none of the buckets for backups ({shown}) has an object lock",
            "a lock of one day or more on at least one, so that an intruder cannot delete it",
        )


def _is_backup(bucket: Resource) -> bool:
    return tag(bucket, "role") == "backup" or "backup" in bucket.label.split("-")


def _has_lock(bucket: Resource) -> bool:
    lock = bucket.get("objectLock")
    return isinstance(lock, Mapping) and _days(lock, "retentionDays") >= 1


def _locked(stack: Stack) -> set[str]:
    """The buckets that a lock of their own resource protects, by URN."""
    found: set[str] = set()
    for lock in stack.resources:
        if lock.type in LOCKS and _retention(lock.get("rule")) >= 1:
            found.update(lock.dependencies.get("bucket", ()))
            name = lock.get("bucket")
            found.update(bucket.urn for bucket in stack.resources if bucket.type in BUCKETS and bucket.label == name)
    return found


def _retention(rule: Any) -> float:
    retention = reveal(rule.get("defaultRetention")) if isinstance(rule, Mapping) else None
    if not isinstance(retention, Mapping):
        return 0
    return _days(retention, "days") + 365 * _days(retention, "years")


def _days(lock: Mapping[str, Any], key: str) -> float:
    value = reveal(lock.get(key))
    return value if isinstance(value, int | float) else 0


POLICY: Final = Policy(
    name="backups",
    description="What holds data has three replicas at two providers, one of them locked.",
    reason="An account, a provider or an intruder must not be able to take the data and its backups at once.",
    clause="Everything is backed up: three replicas at two providers, one of them locked.",
    severity=Severity.CRITICAL,
    remedy="Add a replica at another provider or in another region under backups.replicas in the stack's settings, "
    "and give at least one of them lock_days.",
    check_stack=check_stack,
)
