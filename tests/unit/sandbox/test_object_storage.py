"""Object storage of OVH and of Scaleway is a real S3 server each: what is declared is enforced there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3
import botocore.client
import pytest
from botocore.exceptions import ClientError

from sandbox.cloud import CloudError, Servers
from sandbox.servers.object_storage import ObjectStorage
from tests.unit.sandbox import servers
from tests.unit.sandbox.customer import OVH_PROJECT, Clouds, Customer, RefusedError, Resource

READ: Final = ("s3:GetObject", "s3:ListBucket")
WRITE: Final = (*READ, "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion")


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, ObjectStorage]]:
    with servers.object_storage(tmp_path_factory.mktemp("storage")) as running:
        yield running


@pytest.fixture
def clouds(tmp_path: Path, storage: dict[str, ObjectStorage]) -> Iterator[Clouds]:
    clouds = Clouds(tmp_path, Servers(storage))
    yield clouds
    clouds.stop()


@dataclass(frozen=True)
class Site:
    """The same wishes in the words of one provider."""

    customer: Customer
    endpoint: str

    @property
    def is_ovh(self) -> bool:
        return self.customer.provider == "ovh"

    def bucket(self, name: str, *, versioned: bool = False, locked: bool = False, force: bool = False) -> Resource:
        if self.is_ovh:
            given: dict[str, Any] = {"versioning": {"status": "ENABLED"}} if versioned else {}
            given |= {"objectLock": {"mode": "COMPLIANCE", "retentionDays": 1}} if locked else {}
            return self.customer.create(
                "ovh:index/cloudStorageObjectBucket:CloudStorageObjectBucket",
                name=name,
                serviceName=OVH_PROJECT,
                region="GRA",
                **given,
            )
        made = self.customer.create(
            "scaleway:object/bucket:Bucket",
            name=name,
            versioning={"enabled": versioned},
            objectLockEnabled=locked,
            forceDestroy=force,
        )
        if locked:
            retention = {"mode": "COMPLIANCE", "days": 1}
            self.customer.create(
                "scaleway:object/bucketLockConfiguration:BucketLockConfiguration",
                bucket=name,
                rule={"defaultRetention": retention},
            )
        return made

    def key(self, name: str) -> tuple[str, Resource]:
        """Somebody, and a key pair of theirs."""
        if self.is_ovh:
            user = self.customer.create("ovh:CloudProject/user:User", name, serviceName=OVH_PROJECT, description=name)
            return user.id, self._ovh_key(user.id)
        somebody = self.customer.create("scaleway:iam/application:Application", name, name=name)
        return somebody.id, self._scaleway_key(somebody.id)

    def _ovh_key(self, user: str) -> Resource:
        return self.customer.create("ovh:CloudProject/s3Credential:S3Credential", serviceName=OVH_PROJECT, userId=user)

    def _scaleway_key(self, application: str) -> Resource:
        return self.customer.create("scaleway:iam/apiKey:ApiKey", applicationId=application)

    def another_key(self, somebody: str) -> Resource:
        return self._ovh_key(somebody) if self.is_ovh else self._scaleway_key(somebody)

    def allow(self, somebody: str, bucket: str, actions: Sequence[str]) -> Resource:
        resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"] if self.is_ovh else [bucket, f"{bucket}/*"]
        statement: dict[str, Any] = {"Effect": "Allow", "Action": list(actions), "Resource": resources}
        if self.is_ovh:
            return self.customer.create(
                "ovh:CloudProject/s3Policy:S3Policy",
                serviceName=OVH_PROJECT,
                userId=somebody,
                policy=json.dumps({"Statement": [statement]}),
            )
        statement["Principal"] = {"SCW": f"application_id:{somebody}"}
        return self.customer.create(
            "scaleway:object/bucketPolicy:BucketPolicy", bucket=bucket, policy=json.dumps({"Statement": [statement]})
        )

    def client(self, key: Resource) -> Any:
        access, secret = (
            ("accessKeyId", "secretAccessKey") if "accessKeyId" in key.outputs else ("accessKey", "secretKey")
        )
        return self.client_of(key.outputs[access], key.outputs[secret])

    def client_of(self, access: str, secret: str) -> Any:
        config = botocore.client.Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1})
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=access,
            aws_secret_access_key=secret,
            config=config,
        )


@pytest.fixture(params=["ovh", "scaleway"])
def site(request: pytest.FixtureRequest, clouds: Clouds, storage: dict[str, ObjectStorage]) -> Site:
    name = str(request.param)
    config = {"region": "fr-par", "zone": "fr-par-1"} if name == "scaleway" else {}
    return Site(clouds.customer(name, **config), storage[name].endpoint)


def refused(code: str) -> Any:
    return pytest.raises(ClientError, match=code)


def test_a_locked_version_cannot_be_deleted(site: Site) -> None:
    bucket = site.bucket("locked", versioned=True, locked=True)
    somebody, key = site.key("writer")
    site.allow(somebody, "locked", (*WRITE, "s3:GetObjectVersion"))
    s3 = site.client(key)
    version = s3.put_object(Bucket="locked", Key="backup", Body=b"precious")["VersionId"]
    with refused("AccessDenied"):
        s3.delete_object(Bucket="locked", Key="backup", VersionId=version)
    s3.delete_object(Bucket="locked", Key="backup")  # only hides it
    found = s3.get_object(Bucket="locked", Key="backup", VersionId=version)
    assert found["Body"].read() == b"precious"
    with pytest.raises(RefusedError, match=r"is in use by|409 \w+: bucket locked cannot be deleted; empty it first"):
        site.customer.delete(bucket)


def test_old_versions_stay(site: Site) -> None:
    site.bucket("versions", versioned=True)
    somebody, key = site.key("editor")
    site.allow(somebody, "versions", (*WRITE, "s3:GetObjectVersion"))
    s3 = site.client(key)
    first = s3.put_object(Bucket="versions", Key="page", Body=b"one")["VersionId"]
    s3.put_object(Bucket="versions", Key="page", Body=b"two")
    assert s3.get_object(Bucket="versions", Key="page", VersionId=first)["Body"].read() == b"one"
    assert s3.get_object(Bucket="versions", Key="page")["Body"].read() == b"two"


def test_versioning_is_read_from_the_server_and_switched_there(site: Site, storage: dict[str, ObjectStorage]) -> None:
    bucket = site.bucket("switch", versioned=True)
    server = storage[site.customer.provider]
    assert server.versioning("switch") == "ENABLED"
    server.set_versioning("switch", enabled=False)
    found = (site.customer.read(bucket) or {})["versioning"]
    assert found in ({"status": "SUSPENDED"}, {"enabled": False})
    site.customer.update(bucket)
    assert server.versioning("switch") == "ENABLED"
    server.delete_bucket("switch", force=False)
    assert site.customer.read(bucket) is None


def test_keys_open_what_their_policy_says_and_nothing_else(site: Site) -> None:
    site.bucket("mine")
    site.bucket("theirs")
    somebody, key = site.key("reader")
    s3 = site.client(key)
    with refused("AccessDenied"):
        s3.list_objects_v2(Bucket="mine")
    policy = site.allow(somebody, "mine", READ)
    assert s3.list_objects_v2(Bucket="mine")["KeyCount"] == 0
    with refused("AccessDenied"):
        s3.put_object(Bucket="mine", Key="page", Body=b"")
    with refused("AccessDenied"):
        s3.list_objects_v2(Bucket="theirs")
    with refused("AccessDenied"):
        s3.delete_bucket(Bucket="mine")
    assert site.client(site.another_key(somebody)).list_objects_v2(Bucket="mine")["KeyCount"] == 0
    site.customer.delete(policy)
    with refused("AccessDenied"):
        s3.list_objects_v2(Bucket="mine")
    site.customer.delete(key)
    with refused("InvalidAccessKeyId"):
        s3.list_objects_v2(Bucket="mine")


def test_keys_of_one_provider_are_none_at_the_other_and_wrong_secrets_are_refused(
    site: Site, storage: dict[str, ObjectStorage]
) -> None:
    site.bucket("here")
    _, key = site.key("somebody")
    elsewhere = next(one.endpoint for name, one in storage.items() if name != site.customer.provider)
    with refused("InvalidAccessKeyId"):
        Site(site.customer, elsewhere).client(key).list_buckets()
    with refused("SignatureDoesNotMatch"):
        site.client_of(key.id, "wrong").list_buckets()


def test_no_secret_is_in_the_cloud_s_own_list(site: Site, clouds: Clouds) -> None:
    _, key = site.key("secretive")
    secret = key.outputs.get("secretAccessKey") or key.outputs["secretKey"]
    assert secret not in str([(row.inputs, row.outputs) for row in clouds.store.rows()])
    assert secret in (site.customer.read(key) or {}).values()


def test_a_bucket_with_objects_stays(site: Site) -> None:
    bucket = site.bucket("full")
    somebody, key = site.key("filler")
    policy = site.allow(somebody, "full", WRITE)
    s3 = site.client(key)
    s3.put_object(Bucket="full", Key="page", Body=b"")
    site.customer.delete(policy)
    with pytest.raises(RefusedError, match="409 BucketNotEmpty: bucket full cannot be deleted; empty it first"):
        site.customer.delete(bucket)
    assert site.customer.read(bucket) is not None


def test_force_destroy_empties_a_bucket_but_never_a_locked_one(
    clouds: Clouds, storage: dict[str, ObjectStorage]
) -> None:
    config = {"region": "fr-par", "zone": "fr-par-1"}
    site = Site(clouds.customer("scaleway", **config), storage["scaleway"].endpoint)
    bucket = site.bucket("doomed", versioned=True, force=True)
    somebody, key = site.key("loser")
    policy = site.allow(somebody, "doomed", WRITE)
    for text in (b"one", b"two"):
        site.client(key).put_object(Bucket="doomed", Key="page", Body=text)
    site.customer.delete(policy)
    site.customer.delete(bucket)
    assert storage["scaleway"].versioning("doomed") is None


def test_names_are_shared_by_all_customers(site: Site, clouds: Clouds) -> None:
    site.bucket("popular")
    provider = site.customer.provider
    config = {"region": "fr-par", "zone": "fr-par-1"} if provider == "scaleway" else {}
    other = clouds.customer(provider, "other", **config)
    given: dict[str, Any] = {"serviceName": "0" * 31 + "2", "region": "GRA"} if provider == "ovh" else {}
    token = (
        "ovh:index/cloudStorageObjectBucket:CloudStorageObjectBucket"
        if provider == "ovh"
        else "scaleway:object/bucket:Bucket"
    )
    with pytest.raises(
        RefusedError, match="409 BucketAlreadyExists: popular; bucket names are shared by all customers"
    ):
        other.create(token, name="popular", **given)
    with pytest.raises(RefusedError, match="409 name 'popular' is taken"):
        site.bucket("popular")


def test_policies_are_about_buckets_of_the_account(site: Site) -> None:
    somebody, _ = site.key("stray")
    with pytest.raises(RefusedError, match=r"there is no [bB]ucket 'nowhere' in this account"):
        site.allow(somebody, "nowhere", READ)


@pytest.mark.parametrize("text", ["{", "[]", '{"Statement": [{"Effect": "Allow"}]}', '{"Statement": 1}'])
def test_policies_are_documents(site: Site, text: str) -> None:
    token, given = (
        ("ovh:CloudProject/s3Policy:S3Policy", {"serviceName": OVH_PROJECT, "userId": "1"})
        if site.is_ovh
        else ("scaleway:object/bucketPolicy:BucketPolicy", {"bucket": "any"})
    )
    failures = site.customer.failures(token, policy=text, **given)
    assert failures == {"policy": "is not a policy: accepted is JSON with Statement: [{Effect, Action, Resource}, …]"}


def test_only_a_bucket_that_was_made_for_it_can_be_locked(clouds: Clouds, storage: dict[str, ObjectStorage]) -> None:
    site = Site(clouds.customer("scaleway", region="fr-par"), storage["scaleway"].endpoint)
    site.bucket("plain")
    with pytest.raises(RefusedError, match="409 bucket plain was created without objectLockEnabled"):
        site.customer.create(
            "scaleway:object/bucketLockConfiguration:BucketLockConfiguration",
            bucket="plain",
            rule={"defaultRetention": {"mode": "GOVERNANCE", "days": 1}},
        )


def test_a_create_that_fails_half_way_leaves_no_bucket_and_no_key(
    clouds: Clouds, storage: dict[str, ObjectStorage], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(clouds.customer("ovh"), storage["ovh"].endpoint)

    def fail(*_: Any) -> None:
        raise CloudError("500 the machine room burns")

    monkeypatch.setattr(storage["ovh"], "lock_by_default", fail)
    with pytest.raises(RefusedError, match="500 the machine room burns"):
        site.bucket("half", versioned=True, locked=True)
    assert storage["ovh"].versioning("half") is None
    site.bucket("half-open")
    somebody, _ = site.key("half")
    site.allow(somebody, "half-open", READ)
    before = storage["ovh"].users()
    monkeypatch.setattr(storage["ovh"], "grant", fail)
    with pytest.raises(RefusedError, match="500 the machine room burns"):
        site.another_key(somebody)
    assert storage["ovh"].users() == before


def test_what_an_interrupted_create_has_left_is_taken_over_while_it_is_empty(
    site: Site, storage: dict[str, ObjectStorage]
) -> None:
    storage[site.customer.provider].create_bucket("left", versioned=False, locked=False)
    assert site.customer.read(site.bucket("left")) is not None


def test_buckets_and_keys_survive_a_restart_of_the_server(tmp_path: Path) -> None:
    with servers.object_storage(tmp_path / "servers") as running:
        clouds = Clouds(tmp_path / "clouds", Servers(running))
        site = Site(clouds.customer("ovh"), running["ovh"].endpoint)
        site.bucket("lasting", versioned=True)
        somebody, key = site.key("lasting")
        site.allow(somebody, "lasting", WRITE)
        site.client(key).put_object(Bucket="lasting", Key="page", Body=b"still here")
        clouds.stop()
    with servers.object_storage(tmp_path / "servers") as running:
        s3 = Site(site.customer, running["ovh"].endpoint).client(key)
        assert s3.get_object(Bucket="lasting", Key="page")["Body"].read() == b"still here"
