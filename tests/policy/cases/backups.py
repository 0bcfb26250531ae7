"""Cases of backups."""

from __future__ import annotations

from typing import Any, Final

from tests.policy.cases import UNKNOWN, Declared, Hidden, Kind, Of, System
from tests.policy.cases.redundancy import ZONES, group, machine

NAMES: Final = ("acme-prod-backup-near", "acme-prod-backup-far", "acme-prod-backup-third")


def ovh_bucket(name: str, region: Any = "SBG", **inputs: Any) -> Declared:
    given = {"service_name": "c" * 32, "name": name, "region": region}
    return Declared("ovh.CloudStorageObjectBucket", {**given, **inputs})


def scaleway_bucket(name: str, region: Any = "fr-par", **inputs: Any) -> Declared:
    return Declared("scaleway.object.Bucket", {"name": name, "region": region, **inputs})


def lock(bucket: Any, **retention: Any) -> Declared:
    rule = {"default_retention": {"mode": "COMPLIANCE", **retention}}
    return Declared("scaleway.object.BucketLockConfiguration", {"bucket": bucket, "rule": rule})


HELD: Final = {"database-group": group("database"), "database-1": machine("database", 1, ZONES[0])}
NEAR: Final = {"near": ovh_bucket(NAMES[0])}
FAR: Final = {"far": scaleway_bucket(NAMES[1]), "third": scaleway_bucket(NAMES[2], "pl-waw")}
LOCK: Final = {"lock": lock(Of("far", "name"), days=35)}
WHOLE: Final = {**HELD, **NEAR, **FAR, **LOCK}


def without(*names: str) -> dict[str, Declared]:
    return {name: declared for name, declared in WHOLE.items() if name not in names}


UNLOCKED: Final = "has an object lock"
SYSTEMS: Final = (
    System(Kind.PASS, "three replicas at two providers, one locked", WHOLE),
    System(Kind.PASS, "nothing is held, nothing is backed up", {"front": machine("front", 1, ZONES[0], group_id=None)}),
    System(
        Kind.MISSING,
        "data without a backup",
        HELD,
        [
            "there are 0 buckets for backups (none)",
            "the buckets for backups (none) are at no provider",
            f"none of the buckets for backups (none) {UNLOCKED}",
        ],
    ),
    System(
        Kind.FAIL,
        "two replicas",
        without("third"),
        [f"there are 2 buckets for backups ({NAMES[0]}, {NAMES[1]})"],
    ),
    System(
        Kind.FAIL,
        "three replicas at one provider",
        {
            **HELD,
            **{
                f"b{i}": ovh_bucket(name, region)
                for i, (name, region) in enumerate(zip(NAMES, ("SBG", "GRA", "DE"), strict=True))
            },
        },
        [
            f"the buckets for backups ({', '.join(NAMES)}) are at ovh",
            UNLOCKED,
        ],
    ),
    System(
        Kind.FAIL,
        "three replicas of which two share a region",
        {**without("third"), "third": scaleway_bucket(NAMES[2])},
        ["two of the buckets for backups"],
    ),
    System(
        Kind.MISSING,
        "three replicas of which two do not say where they are",
        {
            **HELD,
            **NEAR,
            "far": Declared("scaleway.object.Bucket", {"name": NAMES[1]}),
            "third": Declared("scaleway.object.Bucket", {"name": NAMES[2]}),
            **LOCK,
        },
        ["two of the buckets for backups"],
    ),
    System(
        Kind.UNKNOWN,
        "three replicas of which one's place is not known",
        {**without("third"), "third": scaleway_bucket(NAMES[2], UNKNOWN)},
        ["two of the buckets for backups"],
    ),
    System(Kind.FAIL, "three replicas without a lock", without("lock"), [UNLOCKED]),
    System(Kind.FAIL, "a lock of no time", {**WHOLE, "lock": lock(Of("far", "name"), days=0)}, [UNLOCKED]),
    System(Kind.PASS, "a lock of years", {**WHOLE, "lock": lock(Of("far", "name"), years=1)}),
    System(
        Kind.UNKNOWN,
        "a lock of a time that is not known",
        {**WHOLE, "lock": lock(Of("far", "name"), days=UNKNOWN)},
        [UNLOCKED],
    ),
    System(Kind.SECRET, "a lock of a hidden time", {**WHOLE, "lock": lock(Of("far", "name"), days=Hidden(7))}),
    System(Kind.PASS, "a lock that names its bucket", {**WHOLE, "lock": lock(NAMES[2], days=7)}),
    System(
        Kind.FAIL,
        "a lock of another bucket",
        {**WHOLE, "media": scaleway_bucket("acme-prod-media"), "lock": lock(Of("media", "name"), days=7)},
        [UNLOCKED],
    ),
    System(
        Kind.NESTED,
        "a lock of the bucket itself",
        {
            **without("near", "lock"),
            "near": ovh_bucket(NAMES[0], object_lock={"mode": "COMPLIANCE", "retention_days": 7}),
        },
    ),
    System(
        Kind.NESTED,
        "a lock of the bucket itself of no time",
        {
            **without("near", "lock"),
            "near": ovh_bucket(NAMES[0], object_lock={"mode": "COMPLIANCE", "retention_days": 0}),
        },
        [UNLOCKED],
    ),
    System(
        Kind.PASS,
        "replicas that a tag tells",
        {
            **HELD,
            **{
                name: Declared(declared.type, {**declared.inputs, "name": f"acme-{name}", "tags": {"role": "backup"}})
                for name, declared in FAR.items()
            },
            **LOCK,
            "aws": Declared("aws.s3.Bucket", {"region": "eu-west-1", "tags": {"role": "backup"}}),
        },
    ),
)
