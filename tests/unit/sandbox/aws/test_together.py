"""The sandbox's list and AWS agree, whatever fails or is struck out in between."""

from __future__ import annotations

import pytest

from sandbox.cloud import CloudError
from tests.unit.sandbox.aws.snapshot import ALL
from tests.unit.sandbox.aws.world import Examples, Look, World, properties

PROFILE = Look("iam", "GetInstanceProfile", {"InstanceProfileName": "machine"}, "InstanceProfile.Arn")
BUCKETS = Look("s3", "ListBuckets", {}, "Buckets[].Name")


def test_a_create_that_fails_half_way_leaves_nothing(world: World) -> None:
    examples = Examples(world, ALL)
    role = examples.row("role")
    world.client("iam").delete_role(RoleName=role.id)
    with pytest.raises(CloudError, match="AddRoleToInstanceProfile"):
        examples.row("profile")
    assert world.look(PROFILE, {}) is None
    assert [row for row in world.rows() if row.token == ALL["profile"].token] == []


def test_what_the_list_has_lost_leaves_aws_before_anything_new_comes(world: World) -> None:
    examples = Examples(world, ALL)
    lost = examples.row("bucket")
    world.store.delete(lost)
    assert "uploads-of-ours" in world.look(BUCKETS, {})
    examples.rows.clear()
    assert examples.row("bucket").id == lost.id, "its name is free"
    world.store.delete(examples.row("bucket"))
    examples.rows.clear()
    examples.row("logs_bucket")
    assert world.look(BUCKETS, {}) == ["logs-of-ours"]


def test_a_bucket_that_is_not_empty_stays(world: World) -> None:
    row = Examples(world, ALL).row("bucket")
    world.client("s3").put_object(Bucket=row.id, Key="precious", Body=b"x")
    with pytest.raises(CloudError, match=r"BucketNotEmpty: bucket uploads-of-ours holds 'precious'"):
        world.delete(row)
    world.client("s3").delete_object(Bucket=row.id, Key="precious")
    world.delete(row)


def test_a_bucket_that_may_be_emptied_goes_with_all_versions(world: World) -> None:
    row = world.create("aws:s3/bucket:Bucket", {"bucket": "versions-of-ours", "forceDestroy": True})
    status = {"bucket": row.id, "versioningConfiguration": {"status": "Enabled"}}
    versioning = world.create("aws:s3/bucketVersioning:BucketVersioning", status)
    for text in (b"a", b"b"):
        world.client("s3").put_object(Bucket=row.id, Key="page", Body=text)
    world.client("s3").delete_object(Bucket=row.id, Key="page")
    world.delete(versioning)
    world.delete(row)
    assert row.id not in (world.look(BUCKETS, {}) or [])


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("table", {"deletionProtectionEnabled": True}),
        ("pool", {"deletionProtection": "ACTIVE"}),
        ("balancer", {"enableDeletionProtection": True}),
        ("documents", {"deletionProtection": True}),
        ("sql", {"deletionProtection": True}),
        ("log_group", {"deletionProtectionEnabled": True}),
    ],
)
def test_what_is_protected_stays(name: str, change: dict[str, object], world: World) -> None:
    examples = Examples(world, ALL)
    row = world.update(examples.row(name), change)
    with pytest.raises(CloudError, match=r"is protected; set deletionProtection|is protected; set enableDeletion"):
        world.delete(row)
    assert world.store.get("aws", row.token, row.id) is not None
    off = "INACTIVE" if name == "pool" else False
    world.update(row, dict.fromkeys(change, off))
    examples.remove()
    assert world.rows() == []


def test_what_others_use_stays(world: World) -> None:
    examples = Examples(world, ALL)
    examples.row("subnet")
    with pytest.raises(CloudError, match="is in use by Subnet"):
        world.delete(examples.row("vpc"))
    examples.remove()


def test_default_tags_reach_aws(world: World) -> None:
    world.session.config["defaultTags"] = '{"tags": {"system": "chat"}}'
    try:
        row = Examples(world, ALL).row("eip")
        looked = Look("ec2", "DescribeAddresses", {"AllocationIds": ["{id}"]}, "Addresses[0].Tags")
        tags = {tag["Key"]: tag["Value"] for tag in world.look(looked, properties(row))}
        assert tags == row.outputs["tagsAll"] == {"system": "chat", "Name": "nat"}
        assert row.outputs["tags"] == {"Name": "nat"}
    finally:
        del world.session.config["defaultTags"]


def test_names_are_invented_once(world: World) -> None:
    first = world.create("aws:sns/topic:Topic", {}, "alarms")
    assert first.outputs["name"].startswith("alarms-")
    again = world.create("aws:sns/topic:Topic", {}, "alarms")
    assert again.outputs["name"] != first.outputs["name"]
    assert world.update(first, {"displayName": "x"}).outputs["name"] == first.outputs["name"]


def test_other_accounts_are_refused(world: World) -> None:
    world.session.config["allowedAccountIds"] = '["999999999999"]'
    try:
        failures = world.check("aws:sns/topic:Topic", {"name": "a"})
        assert ["allows accounts 999999999999, but this is 123456789012" in one.reason for one in failures] == [True]
    finally:
        del world.session.config["allowedAccountIds"]
