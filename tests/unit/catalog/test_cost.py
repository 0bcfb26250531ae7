"""The cost estimate: what costs is counted, by its size and at its provider's price."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest

import catalog
from catalog.cost import Line, estimate
from settings import DatabaseVariant, FilesKind, Provider, read
from stacks import build
from tests.unit.components.recorder import Recording, record
from tests.unit.stacks.variants import Variant, declared

PROD: Final = read("prod")
OVH, SCALEWAY = catalog.of("ovh").prices, catalog.of("scaleway").prices
BOTH: Final = (
    Variant((Provider.OVH, Provider.SCALEWAY)),
    Variant((Provider.SCALEWAY, Provider.OVH), DatabaseVariant.GALERA, FilesKind.GLUSTER),
)
FREE: Final = frozenset(
    [
        # By use, which the estimate leaves out:
        "CloudStorageObjectBucket",
        "scaleway:object/bucket:Bucket",
        # From settings:
        "CloudInstance",
        # Without a price of their own:
        *("CloudNetworkPrivateVrack", "CloudNetworkPrivateVrackSubnet", "CloudSSHKey", "CloudInstanceGroup"),
        *("CloudSecurityGroup", "CloudStorageFileShareNetwork", "CloudLoadbalancerPool"),
        *("CloudLoadbalancerListener", "CloudLoadbalancerPoolMember", "User", "S3Credential", "S3Policy", "ZoneRecord"),
        "CloudProjectStorageObjectBucketLifecycleConfiguration",
        *("Vpc", "PrivateNetwork", "GatewayNetwork", "SshKey", "SecurityGroup", "PlacementGroup", "PrivateNic"),
        *("scaleway:ipam/ip:Ip", "Backend", "Frontend", "Application", "scaleway:iam/policy:Policy", "ApiKey"),
        *("BucketPolicy", "BucketServerSideEncryptionConfiguration", "BucketLockConfiguration", "Record"),
    ]
)
"""Types that cost nothing, or are counted elsewhere."""


def _resource(type_: str, **inputs: Any) -> dict[str, Any]:
    return {"type": type_, "inputs": inputs}


def _lines(*resources: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    found = {(line.provider, line.what): (line.count, line.eur) for line in estimate(PROD, resources)}
    return {key: value for key, value in found.items() if key[1] != "machines"}


def test_machines_cost_what_their_types_cost() -> None:
    ovh, scaleway = estimate(PROD, [])
    # Production as it stands in Pulumi.prod.yaml, by hand.
    assert (ovh.provider, ovh.what, ovh.count) == ("ovh", "machines", 20)
    assert ovh.eur == pytest.approx(2 * 12 + 2 * 12 + 2 * 37 + 6 * 74 + 2 * 37 + 3 * 188 + 3 * 37)
    assert (scaleway.provider, scaleway.what, scaleway.count) == ("scaleway", "machines", 12)
    assert scaleway.eur == pytest.approx(1 * 19.7 + 2 * 19.7 + 2 * 53.7 + 2 * 107.3 + 2 * 53.7 + 3 * 150.4)


@pytest.mark.parametrize(
    ("resource", "line"),
    [
        (
            _resource("ovh:index/cloudStorageBlockVolume:CloudStorageBlockVolume", size=200),
            ("ovh", "block volumes", 200 * OVH.block_gb),
        ),
        (
            _resource("ovh:index/cloudStorageFileShare:CloudStorageFileShare", size=150),
            ("ovh", "shared files", 150 * OVH.share_gb),
        ),
        (_resource("ovh:index/cloudLoadbalancer:CloudLoadbalancer"), ("ovh", "load balancers", OVH.load_balancer)),
        (_resource("ovh:index/cloudGateway:CloudGateway"), ("ovh", "gateways", OVH.gateway)),
        (_resource("ovh:index/cloudFloatingIp:CloudFloatingIp"), ("ovh", "public addresses", OVH.public_address)),
        (
            _resource("scaleway:block/volume:Volume", sizeInGb=50),
            ("scaleway", "block volumes", 50 * SCALEWAY.block_gb),
        ),
        (
            _resource("scaleway:instance/server:Server", rootVolume={"sizeInGb": 20}),
            ("scaleway", "block volumes", 20 * SCALEWAY.block_gb),
        ),
        (
            _resource("scaleway:index/fileFilesystem:FileFilesystem", sizeInGb=25),
            ("scaleway", "shared files", 25 * SCALEWAY.share_gb),
        ),
        (_resource("scaleway:loadbalancers/ip:Ip"), ("scaleway", "public addresses", SCALEWAY.public_address)),
        (_resource("scaleway:instance/ip:Ip"), ("scaleway", "public addresses", SCALEWAY.public_address)),
        (_resource("scaleway:network/publicGateway:PublicGateway"), ("scaleway", "gateways", SCALEWAY.gateway)),
    ],
    ids=lambda given: given["type"] if isinstance(given, dict) else "",
)
def test_a_resource_costs_its_price_by_its_size(resource: Mapping[str, Any], line: tuple[str, str, float]) -> None:
    provider, what, eur = line
    assert _lines(resource) == {(provider, what): (1, pytest.approx(eur))}


def test_what_is_of_one_kind_at_one_provider_is_one_line() -> None:
    volume = _resource("ovh:index/cloudStorageBlockVolume:CloudStorageBlockVolume", size=100)
    other = _resource("scaleway:block/volume:Volume", sizeInGb=100)
    assert _lines(volume, other, volume) == {
        ("ovh", "block volumes"): (2, pytest.approx(200 * OVH.block_gb)),
        ("scaleway", "block volumes"): (1, pytest.approx(100 * SCALEWAY.block_gb)),
    }


def test_what_has_no_price_is_not_counted() -> None:
    assert _lines(_resource("scaleway:ipam/ip:Ip"), _resource("pulumi:pulumi:Stack")) == {}


def _as_state(recording: Recording) -> list[dict[str, Any]]:
    return [_resource(one.type, **one.inputs) for one in recording.registrations]


@pytest.mark.parametrize("variant", BOTH, ids=str)
def test_whatever_a_provider_may_charge_for_is_priced_or_known_to_be_free(variant: Variant) -> None:
    recording = declared(variant)
    types = {one.type for one in recording.registrations if one.type.startswith(("ovh:", "scaleway:"))}
    unpriced = {
        one["type"]
        for one in _as_state(recording)
        if one["type"] in types and not _lines(one) and not {one["type"], one["type"].rsplit(":", 1)[-1]} & FREE
    }
    assert unpriced == set()


@pytest.mark.parametrize("stack", ["dev", "prod", "sandbox"])
def test_a_machine_more_costs_its_price_more(stack: str) -> None:
    settings = read(stack)
    assert settings.hosting is not None
    site = settings.hosting.primary
    group = site.machines[next(iter(site.machines))]
    grown = group.model_copy(update={"count": group.count + 1})
    larger = site.model_copy(update={"machines": {**site.machines, next(iter(site.machines)): grown}})
    others = [one for one in settings.hosting.sites if one is not site]
    hosting = settings.hosting.model_copy(update={"sites": (larger, *others)})
    before, after = (_total(estimate(one, [])) for one in (settings, settings.model_copy(update={"hosting": hosting})))
    assert after - before == pytest.approx(catalog.of(site.provider.value).instance_types[group.type].eur_month)


@pytest.mark.parametrize("stack", ["sensors-dev", "sensors-prod", "sensors-sandbox"])
def test_readings_cost_what_settings_say_of_them_within_the_budget(stack: str) -> None:
    settings = read(stack)
    assert settings.sensors is not None
    recorded = record(lambda: build(settings), stack=stack, projects={})
    lines = {line.what: line for line in estimate(settings, _as_state(recorded))}
    daily, prices = settings.sensors.readings_per_day, catalog.aws().prices
    assert lines["million readings"].eur == pytest.approx(daily * 30 / 1e6 * prices["readings_million"])
    kept = daily * settings.sensors.retention.raw_days * 150 / 1e9
    assert lines["GB of readings"].eur == pytest.approx(kept * prices["table_gb"])
    assert lines["keys"].count == 4
    assert _total(list(lines.values())) <= settings.budget_eur_month


def _total(lines: list[Line]) -> float:
    return sum(line.eur for line in lines)
