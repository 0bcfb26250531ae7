"""Block volumes, file systems and object storage."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.scaleway.base import ProjectKind
from sandbox.properties import Properties, find
from sandbox.schema import Failure
from sandbox.store import Row

VOLUME: Final = "scaleway:block/volume:Volume"
FILESYSTEM: Final = "scaleway:index/fileFilesystem:FileFilesystem"
BUCKET: Final = "scaleway:object/bucket:Bucket"
LOCK: Final = "scaleway:object/bucketLockConfiguration:BucketLockConfiguration"
ENCRYPTION: Final = "scaleway:object/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
BUCKET_POLICY: Final = "scaleway:object/bucketPolicy:BucketPolicy"
APPLICATION: Final = "scaleway:iam/application:Application"
POLICY: Final = "scaleway:iam/policy:Policy"
API_KEY: Final = "scaleway:iam/apiKey:ApiKey"


class Volume(ProjectKind):
    """A block volume."""

    token = VOLUME
    replace_on = frozenset({"zone", "projectId", "snapshotId", "instanceVolumeId"})

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Sizes and speeds are the offered ones."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "iops", (5000, 15000))
        yield from rules.between(inputs, "sizeInGb", 5, 10_000, "GB")

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """A volume can grow, but not shrink."""
        if existing is not None and inputs.get("sizeInGb", 0) < existing.outputs.get("sizeInGb", 0):
            raise CloudError(f"400 sizeInGb: a volume of {existing.outputs['sizeInGb']} GB cannot shrink")

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """Where it is."""
        return self.located(inputs, call)


class FileFilesystem(ProjectKind):
    """Shared files that servers attach."""

    token = FILESYSTEM
    place = "region"
    replace_on = frozenset({"region", "projectId"})

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """The smallest has 25 GB."""
        yield from super().check(inputs, call)
        yield from rules.between(inputs, "sizeInGb", 25, 10_000, "GB")

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """Where it is."""
        return {"status": "available", **self.located(inputs, call)}


class Bucket(ProjectKind):
    """A bucket; no two customers can have the same name."""

    token = BUCKET
    place = "region"
    replace_on = frozenset({"region", "projectId", "name", "objectLockEnabled"})
    unique = frozenset({"name"})

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Names are those of S3; locked buckets keep versions."""
        yield from super().check(inputs, call)
        yield from rules.matches(inputs, "name", rules.BUCKET_NAME, "3 to 63 of a-z, 0-9, . and -")
        yield from rules.one_of(inputs, "acl", ("private", "public-read", "public-read-write", "authenticated-read"))
        versioning = inputs.get("versioning")
        enabled = versioning.get("enabled") if isinstance(versioning, dict) else versioning
        if inputs.get("objectLockEnabled") is True and not enabled:  # what is not known yet counts as given
            yield Failure("versioning.enabled", "must be true in a bucket with objectLockEnabled")

    def new_id(self, inputs: Properties, call: Call) -> str:
        """Its region and name."""
        return f"{self.where(inputs, call)}/{inputs['name']}"

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """No other customer may have the name."""
        if existing is None and any(
            row.outputs["name"] == inputs["name"] for row in call.store.rows("scaleway", BUCKET)
        ):
            raise CloudError(f"409 BucketAlreadyExists: {inputs['name']}; bucket names are shared by all customers")

    def on_create(self, identifier: str, inputs: Properties, outputs: Properties, call: Call) -> None:
        """Make it in the S3 server."""
        call.object_storage.create_bucket(
            inputs["name"],
            versioned=bool((inputs.get("versioning") or {}).get("enabled")),
            locked=bool(inputs.get("objectLockEnabled")),
        )

    def on_update(self, row: Row, inputs: Properties, outputs: Properties, call: Call) -> None:
        """Change it in the S3 server."""
        enabled = bool((inputs.get("versioning") or {}).get("enabled"))
        call.object_storage.set_versioning(inputs["name"], enabled=enabled)

    def undo(self, row: Row, call: Call) -> None:
        """Never empty what may be another's."""
        call.object_storage.delete_bucket(row.outputs["name"], force=False)

    def on_delete(self, row: Row, call: Call) -> None:
        """Remove it from the S3 server, which refuses while objects are in it, unless that was asked for."""
        call.object_storage.delete_bucket(row.outputs["name"], force=bool(row.outputs.get("forceDestroy")))

    def observe(self, row: Row, call: Call) -> Properties | None:
        """Gone, if the S3 server has it no more; else its versioning as it is there."""
        found = call.object_storage.versioning(row.outputs["name"])
        if found is None:
            return None
        return (
            {**row.outputs, "versioning": {"enabled": found == "ENABLED"}}
            if "versioning" in row.outputs
            else row.outputs
        )

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """Where it answers."""
        endpoint = call.object_storage.endpoint
        return {"endpoint": f"{endpoint}/{inputs['name']}", "apiEndpoint": endpoint, **self.located(inputs, call)}


class _BucketPart(ProjectKind):
    place = "region"
    replace_on = frozenset({"region", "projectId", "bucket"})
    references = (Reference("bucket", (BUCKET,), output="name", same=("region",)),)
    autoname = False

    def new_id(self, inputs: Properties, call: Call) -> str:
        """A bucket has one."""
        return f"{self.where(inputs, call)}/{inputs['bucket']}"

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """Where it is."""
        return self.located(inputs, call)


class BucketLock(_BucketPart):
    """How long new versions are locked."""

    token = LOCK

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Modes are the offered ones; a lock lasts days or years."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "rule.defaultRetention.mode", ("COMPLIANCE", "GOVERNANCE"))
        for where, retention in find(inputs, "rule.defaultRetention"):
            if ("days" in retention) == ("years" in retention):
                yield Failure(where, "accepted is one of days and years")

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """Only a bucket that was created for it can be locked."""
        bucket = next(row for row in call.rows(BUCKET) if row.outputs["name"] == inputs["bucket"])
        if not bucket.outputs.get("objectLockEnabled"):
            raise CloudError(f"409 bucket {bucket.name} was created without objectLockEnabled")

    def on_create(self, identifier: str, inputs: Properties, outputs: Properties, call: Call) -> None:
        """Set it in the S3 server."""
        retention = inputs["rule"]["defaultRetention"]
        days = int(retention.get("days") or 365 * retention["years"])
        call.object_storage.lock_by_default(inputs["bucket"], retention["mode"], days)

    def on_update(self, row: Row, inputs: Properties, outputs: Properties, call: Call) -> None:
        """Change it in the S3 server."""
        self.on_create(row.id, inputs, outputs, call)


class BucketEncryption(_BucketPart):
    """How objects are encrypted at rest (recorded; the S3 server here does not encrypt)."""

    token = ENCRYPTION

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Algorithms are the offered ones."""
        yield from super().check(inputs, call)
        yield from rules.one_of(
            inputs, "rules[].applyServerSideEncryptionByDefault.sseAlgorithm", ("AES256", "aws:kms")
        )


class BucketPolicy(_BucketPart):
    """Who may do what in a bucket."""

    token = BUCKET_POLICY

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Policies are documents of statements."""
        yield from super().check(inputs, call)
        yield from rules.policy_document(inputs, "policy")

    def on_create(self, identifier: str, inputs: Properties, outputs: Properties, call: Call) -> None:
        """Let the named applications' keys into the bucket."""
        for statement in json.loads(inputs["policy"])["Statement"]:
            if statement["Effect"] == "Allow":
                call.object_storage.grant(inputs["bucket"], self._keys(statement, call), statement["Action"])

    def on_update(self, row: Row, inputs: Properties, outputs: Properties, call: Call) -> None:
        """Change what the keys open."""
        self.on_delete(row, call)
        self.on_create(row.id, inputs, outputs, call)

    def on_delete(self, row: Row, call: Call) -> None:
        """Shut the bucket to the keys."""
        for statement in json.loads(row.inputs["policy"])["Statement"]:
            call.object_storage.withdraw(row.inputs["bucket"], self._keys(statement, call))

    def _keys(self, statement: Properties, call: Call) -> list[str]:
        applications = applications_of(statement)
        return [row.id for row in call.rows(API_KEY) if row.inputs.get("applicationId") in applications]


def applications_of(statement: Properties) -> set[str]:
    """The applications that a statement is about."""
    principals = statement.get("Principal", {}).get("SCW", [])
    named = [principals] if isinstance(principals, str) else principals
    return {str(principal).removeprefix("application_id:") for principal in named}


class _OrganisationKind(ProjectKind):
    place = None

    def project(self, inputs: Properties, call: Call) -> str:
        """IAM belongs to the organisation, which the account's first project stands for."""
        return min(call.session.account.projects, default="")


class Application(_OrganisationKind):
    """A program that has rights of its own."""

    token = APPLICATION
    replace_on = frozenset({"organizationId"})
    unique = frozenset({"name"})


class Policy(_OrganisationKind):
    """What somebody may do in which projects."""

    token = POLICY
    replace_on = frozenset({"organizationId"})
    unique = frozenset({"name"})
    references = (Reference("applicationId", (APPLICATION,)),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """A policy is one principal's, and its rules name projects of the account."""
        yield from super().check(inputs, call)
        principals = [name for name in ("applicationId", "groupId", "userId", "noPrincipal") if name in inputs]
        if len(principals) != 1:
            yield Failure("applicationId", "accepted is exactly one of applicationId, groupId, userId, noPrincipal")
        for where, project in find(inputs, "rules[].projectIds[]"):
            if project not in call.session.account.projects:
                yield Failure(where, f"403 there is no project {project!r} in this account")


class ApiKey(_OrganisationKind):
    """An application's key pair."""

    token = API_KEY
    replace_on = frozenset({"applicationId", "userId", "expiresAt"})
    references = (Reference("applicationId", (APPLICATION,)),)
    autoname = False

    def new_id(self, inputs: Properties, call: Call) -> str:
        """The access key."""
        return f"SCW{secrets.token_hex(9).upper()[:17]}"

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """The S3 server keeps the secret; the cloud's own list does not."""
        return {"accessKey": identifier}

    def handed_over(self, row: Row, call: Call) -> Properties:
        """The secret, which the real API hands out once and the engine's state keeps encrypted."""
        return {"secretKey": call.object_storage.secret_of(row.id)}

    def on_create(self, identifier: str, inputs: Properties, outputs: Properties, call: Call) -> None:
        """Make the account in the S3 server; what its application may do already, the new key may do, too."""
        call.object_storage.create_user(identifier, secrets.token_urlsafe(24))
        for policy in call.rows(BUCKET_POLICY):
            for statement in json.loads(policy.inputs["policy"])["Statement"]:
                if statement["Effect"] == "Allow" and inputs.get("applicationId") in applications_of(statement):
                    call.object_storage.grant(policy.inputs["bucket"], [identifier], statement["Action"])

    def on_delete(self, row: Row, call: Call) -> None:
        """Remove the account from the S3 server."""
        call.object_storage.delete_user(row.id)


KINDS: Final[tuple[Kind, ...]] = (
    Volume(),
    FileFilesystem(),
    Bucket(),
    BucketLock(),
    BucketEncryption(),
    BucketPolicy(),
    Application(),
    Policy(),
    ApiKey(),
)
