"""Block volumes, NFS shares and object storage."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator
from typing import Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.ovh.base import CATALOG, ProjectKind
from sandbox.clouds.ovh.network import NETWORK, SUBNET
from sandbox.properties import Properties, Unknown
from sandbox.schema import Failure
from sandbox.store import Row

VOLUME: Final = "ovh:index/cloudStorageBlockVolume:CloudStorageBlockVolume"
SHARE_NETWORK: Final = "ovh:index/cloudStorageFileShareNetwork:CloudStorageFileShareNetwork"
SHARE: Final = "ovh:index/cloudStorageFileShare:CloudStorageFileShare"
SHARE_ACL: Final = "ovh:index/cloudStorageFileShareAcl:CloudStorageFileShareAcl"
BUCKET: Final = "ovh:index/cloudStorageObjectBucket:CloudStorageObjectBucket"
LIFECYCLE: Final = (
    "ovh:index/cloudProjectStorageObjectBucketLifecycleConfiguration:"
    "CloudProjectStorageObjectBucketLifecycleConfiguration"
)
USER: Final = "ovh:CloudProject/user:User"
S3_CREDENTIAL: Final = "ovh:CloudProject/s3Credential:S3Credential"
S3_POLICY: Final = "ovh:CloudProject/s3Policy:S3Policy"


class Volume(ProjectKind):
    """A block volume."""

    token = VOLUME
    replace_on = frozenset({"serviceName", "region", "availabilityZone", "createFrom", "encryption"})

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Sizes and types are the offered ones."""
        yield from super().check(inputs, call)
        yield from rules.between(inputs, "size", 10, 12_000, "GB")
        yield from rules.one_of(inputs, "volumeType", ("CLASSIC", "HIGH_SPEED", "HIGH_SPEED_GEN2"))

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """A volume can grow, but not shrink."""
        if existing is not None and inputs["size"] < existing.outputs["size"]:
            raise CloudError(
                f"400 size: a volume of {existing.outputs['size']} GB cannot shrink to {inputs['size']} GB"
            )

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """What the API reports."""
        return self.observed(identifier, inputs, size=inputs["size"])


class ShareNetwork(ProjectKind):
    """Where shares can be reached from."""

    token = SHARE_NETWORK
    replace_on = frozenset({"serviceName", "region", "networkId", "subnetId", "name", "description"})
    references = (
        Reference("networkId", (NETWORK,), same=("region",)),
        Reference("subnetId", (SUBNET,), same=("region", "networkId")),
    )

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """What the API reports."""
        return self.observed(identifier, inputs)


class Share(ProjectKind):
    """An NFS share."""

    token = SHARE
    replace_on = frozenset(
        {"serviceName", "region", "availabilityZone", "protocol", "shareNetworkId", "shareType", "encryption"}
    )
    references = (Reference("shareNetworkId", (SHARE_NETWORK,), same=("region",)),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Sizes and protocols are the offered ones."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "protocol", ("NFS",))
        yield from rules.between(inputs, "size", 10, 10_240, "GB")

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """What the API reports."""
        # Somewhere in what DHCP gives out, where the real file servers are too.
        network = call.get(SHARE_NETWORK, inputs.get("shareNetworkId") or "")
        subnet = call.get(SUBNET, network.inputs["subnetId"]) if network else None
        host = subnet.inputs["allocationPools"][0]["end"] if subnet else "0.0.0.0"  # noqa: S104 - no address
        locations = [{"path": f"{host}:/shares/{identifier}", "preferred": True}]
        return self.observed(identifier, inputs, size=inputs.get("size"), exportLocations=locations)


class ShareAcl(ProjectKind):
    """Who may mount a share."""

    token = SHARE_ACL
    replace_on = frozenset({"serviceName", "shareId", "accessTo", "accessLevel"})
    references = (Reference("shareId", (SHARE,)),)
    region_property = None
    autoname = False

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Levels are the offered ones, and clients are networks."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "accessLevel", ("READ_ONLY", "READ_WRITE"))
        yield from rules.network(inputs, "accessTo")


class _ObjectStorageKind(ProjectKind):
    @property
    def regions(self) -> Iterable[str]:
        """Object storage has regions of its own."""
        return CATALOG.object_storage_regions


class Bucket(_ObjectStorageKind):
    """A bucket; its name is its id, and no two customers can have the same."""

    token = BUCKET
    replace_on = frozenset({"serviceName", "region", "name", "objectLock"})
    unique = frozenset({"name"})

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Names are those of S3; locked buckets keep versions."""
        yield from super().check(inputs, call)
        yield from rules.matches(inputs, "name", rules.BUCKET_NAME, "3 to 63 of a-z, 0-9, . and -")
        yield from rules.one_of(inputs, "versioning.status", ("ENABLED", "SUSPENDED", "DISABLED"))
        yield from rules.one_of(inputs, "encryption.algorithm", ("AES256",))
        yield from rules.one_of(inputs, "objectLock.mode", ("COMPLIANCE", "GOVERNANCE"))
        yield from rules.between(inputs, "objectLock.retentionDays", 1, 36_500, "days")
        locked, versioning = inputs.get("objectLock") is not None, inputs.get("versioning")
        status = versioning.get("status") if isinstance(versioning, dict) else versioning
        if locked and status != "ENABLED" and not isinstance(status, Unknown):
            yield Failure("versioning.status", "must be ENABLED in a bucket with objectLock")

    def new_id(self, inputs: Properties, call: Call) -> str:
        """Its name."""
        return str(inputs["name"])

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """No other customer may have the name."""
        if existing is None and call.store.get(call.provider, BUCKET, inputs["name"]) is not None:
            raise CloudError(f"409 BucketAlreadyExists: {inputs['name']}; bucket names are shared by all customers")

    def on_create(self, identifier: str, inputs: Properties, outputs: Properties, call: Call) -> None:
        """Make it in the S3 server."""
        lock = inputs.get("objectLock") or {}
        versioned = (inputs.get("versioning") or {}).get("status") == "ENABLED"
        store = call.object_storage
        store.create_bucket(identifier, versioned=versioned, locked=bool(lock))
        if lock:
            store.lock_by_default(identifier, lock["mode"], int(lock["retentionDays"]))

    def on_update(self, row: Row, inputs: Properties, outputs: Properties, call: Call) -> None:
        """Change it in the S3 server."""
        call.object_storage.set_versioning(row.id, enabled=(inputs.get("versioning") or {}).get("status") == "ENABLED")

    def on_delete(self, row: Row, call: Call) -> None:
        """Remove it from the S3 server, which refuses while objects are in it."""
        call.object_storage.delete_bucket(row.id, force=False)

    def observe(self, row: Row, call: Call) -> Properties | None:
        """Gone, if the S3 server has it no more; else its versioning as it is there."""
        found = call.object_storage.versioning(row.id)
        if found is None:
            return None
        return {**row.outputs, "versioning": {"status": found}} if row.outputs.get("versioning") else row.outputs

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """Where it answers."""
        return self.observed(identifier, inputs, name=identifier, virtualHost=call.object_storage.endpoint)


class Lifecycle(_ObjectStorageKind):
    """When versions of objects are removed."""

    token = LIFECYCLE
    replace_on = frozenset({"serviceName", "regionName", "containerName"})
    references = (Reference("containerName", (BUCKET,), output="name"),)
    region_property = "regionName"
    autoname = False

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Rules are on or off."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "rules[].status", ("enabled", "disabled"))

    def new_id(self, inputs: Properties, call: Call) -> str:
        """A bucket has one."""
        return f"{inputs['serviceName']}/{inputs['regionName']}/{inputs['containerName']}"


class User(ProjectKind):
    """Somebody who can have S3 keys."""

    token = USER
    replace_on = frozenset({"serviceName", "description", "roleName", "roleNames"})
    region_property = None
    autoname = False

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Roles are the offered ones."""
        yield from super().check(inputs, call)
        roles = ("administrator", "compute_operator", "network_operator", "objectstore_operator", "volume_operator")
        yield from rules.one_of(inputs, "roleNames[]", roles)

    def new_id(self, inputs: Properties, call: Call) -> str:
        """Users are numbered."""
        return str(
            100_000 + max((int(row.id) - 100_000 for row in call.store.rows(call.provider, USER)), default=0) + 1
        )

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """Its name; the password that OVH also makes opens OpenStack, which is not simulated."""
        return {"username": f"user-{identifier}", "status": "ok"}


class S3Credential(ProjectKind):
    """A user's S3 key pair."""

    token = S3_CREDENTIAL
    replace_on = frozenset({"serviceName", "userId"})
    references = (Reference("userId", (USER,)),)
    region_property = None
    autoname = False

    def new_id(self, inputs: Properties, call: Call) -> str:
        """The access key."""
        return secrets.token_hex(16)

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """The S3 server keeps the secret; the cloud's own list does not."""
        return {"accessKeyId": identifier}

    def handed_over(self, row: Row, call: Call) -> Properties:
        """The secret is handed out by the API at every read."""
        return {"secretAccessKey": call.object_storage.secret_of(row.id)}

    def on_create(self, identifier: str, inputs: Properties, outputs: Properties, call: Call) -> None:
        """Make the account in the S3 server; what its user may do already, the new key may do, too."""
        call.object_storage.create_user(identifier, secrets.token_hex(16))
        for policy in call.rows(S3_POLICY):
            if policy.inputs["userId"] == inputs["userId"]:
                let_in(policy.inputs, [identifier], call)

    def on_delete(self, row: Row, call: Call) -> None:
        """Remove the account from the S3 server."""
        call.object_storage.delete_user(row.id)


class S3Policy(ProjectKind):
    """What a user may do with buckets."""

    token = S3_POLICY
    replace_on = frozenset({"serviceName", "userId"})
    references = (Reference("userId", (USER,)),)
    region_property = None
    autoname = False

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Policies are documents of statements."""
        yield from super().check(inputs, call)
        yield from rules.policy_document(inputs, "policy")

    def new_id(self, inputs: Properties, call: Call) -> str:
        """A user has one."""
        return f"{inputs['serviceName']}/{inputs['userId']}"

    def on_create(self, identifier: str, inputs: Properties, outputs: Properties, call: Call) -> None:
        """Let the user's keys into the buckets that the policy names."""
        let_in(inputs, self._keys(inputs, call), call)

    def on_update(self, row: Row, inputs: Properties, outputs: Properties, call: Call) -> None:
        """Change what the user's keys open."""
        self._withdraw(row.inputs, call)
        let_in(inputs, self._keys(inputs, call), call)

    def on_delete(self, row: Row, call: Call) -> None:
        """Shut the buckets to the user's keys."""
        self._withdraw(row.inputs, call)

    def _keys(self, inputs: Properties, call: Call) -> list[str]:
        return [row.id for row in call.rows(S3_CREDENTIAL) if row.inputs["userId"] == inputs["userId"]]

    def _withdraw(self, inputs: Properties, call: Call) -> None:
        for statement in json.loads(inputs["policy"])["Statement"]:
            for bucket in rules.buckets_of(statement):
                call.object_storage.withdraw(bucket, self._keys(inputs, call))


def let_in(inputs: Properties, keys: list[str], call: Call) -> None:
    """Let keys into the buckets that a policy names, which must be the account's own."""
    for statement in json.loads(inputs["policy"])["Statement"]:
        if statement["Effect"] == "Allow":
            for bucket in rules.buckets_of(statement):
                if call.get(BUCKET, bucket) is None:
                    raise CloudError(f"404 policy: there is no bucket {bucket!r} in this account")
                call.object_storage.grant(bucket, keys, statement["Action"])


KINDS: Final[tuple[Kind, ...]] = (
    Volume(),
    ShareNetwork(),
    Share(),
    ShareAcl(),
    Bucket(),
    Lifecycle(),
    User(),
    S3Credential(),
    S3Policy(),
)
