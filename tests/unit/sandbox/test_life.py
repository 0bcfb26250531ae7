"""What holds for every cloud: who may do what, what is kept, and what happens when something fails half-way."""

from __future__ import annotations

import stat
import threading
import time
from typing import Any, Final

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox.cloud import CloudError
from sandbox.clouds.ovh.network import PrivateNetwork
from sandbox.properties import Properties
from sandbox.server import Provider
from sandbox.store import Row, Store
from tests.unit.sandbox.customer import (
    CLOUDS,
    OTHER_OVH_PROJECT,
    OTHER_SCALEWAY_PROJECT,
    OVH_PROJECT,
    Clouds,
    Customer,
    RefusedError,
)

NETWORK: Final = "ovh:index/cloudNetworkPrivateVrack:CloudNetworkPrivateVrack"
SUBNET: Final = "ovh:index/cloudNetworkPrivateVrackSubnet:CloudNetworkPrivateVrackSubnet"
RECORD: Final = "ovh:Domain/zoneRecord:ZoneRecord"
VPC: Final = "scaleway:network/vpc:Vpc"
PLACE: Final = {"serviceName": OVH_PROJECT, "region": "GRA11"}


# Who


@pytest.mark.parametrize(
    "config", [{}, {"applicationKey": "key-of-operator"}, {"applicationSecret": "secret-of-other"}]
)
def test_wrong_credentials_are_refused_with_what_to_give(clouds: Clouds, config: Properties) -> None:
    given = {"applicationKey": "key-of-operator", "applicationSecret": "wrong", **config}
    with pytest.raises(RefusedError, match=r"UNAUTHENTICATED: ovh: 401 .*applicationSecret.*OVH_APPLICATION_SECRET"):
        Customer("ovh", clouds.port("ovh"), given)


def test_credentials_of_one_provider_are_none_at_another(clouds: Clouds) -> None:
    with pytest.raises(RefusedError, match="UNAUTHENTICATED: scaleway: 401"):
        Customer("scaleway", clouds.port("scaleway"), {"accessKey": "key-of-operator", "secretKey": "wrong"})


def test_the_environment_s_credentials_are_used_where_the_configuration_has_none(clouds: Clouds) -> None:
    clouds.environment = {"OVH_APPLICATION_KEY": "key-of-other", "OVH_APPLICATION_SECRET": "secret-of-other"}
    clouds.restart()
    customer = Customer("ovh", clouds.port("ovh"), {})
    assert customer.failures(NETWORK, serviceName=OTHER_OVH_PROJECT, region="GRA11") == {}
    assert "serviceName" in customer.failures(NETWORK, **PLACE)
    customer.close()


def test_projects_of_others_are_refused(ovh: Customer, clouds: Clouds) -> None:
    failures = ovh.failures(NETWORK, serviceName=OTHER_OVH_PROJECT, region="GRA11")
    assert failures == {"serviceName": f"403 these credentials give no access to project '{OTHER_OVH_PROJECT}'"}
    stranger = clouds.customer("scaleway", region="fr-par", projectId=OTHER_SCALEWAY_PROJECT)
    assert stranger.failures(VPC, name="vpc") == {
        "projectId": f"403 these credentials give no access to the provider's project '{OTHER_SCALEWAY_PROJECT}'"
    }


def test_resources_of_others_cannot_be_seen_used_changed_or_deleted(ovh: Customer, clouds: Clouds) -> None:
    net = ovh.create(NETWORK, name="net", **PLACE)
    other = clouds.customer("ovh", "other")
    assert other.read(net) is None
    with pytest.raises(
        RefusedError, match=f"networkId: there is no CloudNetworkPrivateVrack '{net.id}' in this account"
    ):
        other.create(SUBNET, serviceName=OTHER_OVH_PROJECT, region="GRA11", networkId=net.id, cidr="10.0.0.0/24")
    with pytest.raises(RefusedError, match=r"access to project|there is no"):
        other.update(net, name="mine")
    other.delete(net)
    assert (ovh.read(net) or {})["name"] == "net"
    other.create(NETWORK, name="net", serviceName=OTHER_OVH_PROJECT, region="GRA11")


def test_zones_of_others_cannot_be_seen(ovh: Customer, clouds: Clouds) -> None:
    record = ovh.create(RECORD, zone="example.org", fieldtype="A", target="192.0.2.1")
    assert ovh.read(record) is not None
    assert clouds.customer("ovh", "other").read(record) is None


# What


@pytest.mark.parametrize("cloud", CLOUDS, ids=lambda cloud: cloud.name)
def test_types_and_functions_that_are_not_simulated_are_errors(clouds: Clouds, cloud: object) -> None:
    name = cloud.name  # type: ignore[attr-defined] # a Cloud; its class is not what matters here
    with grpc.insecure_channel(f"127.0.0.1:{clouds.port(name)}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        urn = f"urn:pulumi:test::unit::{name}:index/nobodyKnows:NobodyKnows::it"
        with pytest.raises(grpc.RpcError, match=f"the simulated {name} has no resource type {name}:index/nobody"):
            stub.Check(provider_pb2.CheckRequest(urn=urn))
        with pytest.raises(grpc.RpcError, match=f"the simulated {name} has no function {name}:index/getNobody; it has"):
            stub.Invoke(provider_pb2.InvokeRequest(tok=f"{name}:index/getNobody"))
        assert stub.GetPluginInfo(empty_pb2.Empty()).version[0].isdigit()


def test_a_provider_s_own_settings_are_checked(clouds: Clouds) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{clouds.port('ovh')}") as channel:
        request = provider_pb2.CheckRequest(urn="urn:pulumi:test::unit::pulumi:providers:ovh::it")
        request.news.update({"endpoint": "ovh-eu", "endpint": "ovh-eu"})
        answer = provider_pb2_grpc.ResourceProviderStub(channel).CheckConfig(request)
    assert [failure.property for failure in answer.failures] == ["endpint"]


def test_a_change_of_what_is_gone_is_refused_and_a_delete_is_done(ovh: Customer) -> None:
    net = ovh.create(NETWORK, name="net", **PLACE)
    ovh.delete(net)
    ovh.delete(net)
    with pytest.raises(RefusedError, match=f"404 there is no {NETWORK} {net.id}; run `pulumi refresh`"):
        ovh.update(net, name="other")


# How many


def test_a_quota_counts_what_a_project_has(ovh: Customer, clouds: Clouds) -> None:
    clouds.store.set_fault("ovh", "quota", 1)
    net = ovh.create(NETWORK, **PLACE)
    with pytest.raises(RefusedError, match=f"403 quota exceeded: project {OVH_PROJECT} may have 1 of {NETWORK}; ask"):
        ovh.create(NETWORK, **PLACE)
    ovh.delete(net)
    ovh.create(NETWORK, **PLACE)
    other = clouds.customer("ovh", "other")
    other.create(NETWORK, serviceName=OTHER_OVH_PROJECT, region="GRA11")


def test_every_cloud_s_own_quotas_are_about_types_that_it_has() -> None:
    for cloud in CLOUDS:
        assert cloud.quotas.keys() <= cloud.kinds.keys()
        assert all(limit > 0 for limit in cloud.quotas.values())
    assert {cloud.name for cloud in CLOUDS if cloud.quotas} == {"ovh", "scaleway"}


def test_creates_at_once_do_not_exceed_a_quota(ovh: Customer, clouds: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Provider._within_quota

    def slowly(*arguments: Any) -> None:
        counted(*arguments)
        time.sleep(0.05)  # long enough for all others to count, too, where they may

    monkeypatch.setattr(Provider, "_within_quota", slowly)
    clouds.store.set_fault("ovh", "quota", 3)
    start, refused = threading.Barrier(12), []

    def create(number: int) -> None:
        start.wait()
        try:
            ovh.create(NETWORK, f"net{number}", **PLACE)
        except RefusedError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=create, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(clouds.store.rows("ovh", NETWORK)) == 3
    assert len(refused) == 9


# Faults


def test_an_outage_says_that_nothing_was_done_and_ends(ovh: Customer, scaleway: Customer, clouds: Clouds) -> None:
    net = ovh.create(NETWORK, name="net", **PLACE)
    clouds.store.set_fault("ovh", "outage", 1)
    for action in (lambda: ovh.create(NETWORK, **PLACE), lambda: ovh.read(net), lambda: ovh.delete(net)):
        with pytest.raises(RefusedError, match=r"ovh: \w+ it: the API does not answer \(outage\); nothing was"):
            action()
    scaleway.create(VPC, name="vpc")
    clouds.store.set_fault("ovh", "outage", None)
    assert ovh.read(net) is not None
    assert len(clouds.store.rows("ovh")) == 1


def test_errors_at_random_leave_nothing(ovh: Customer, clouds: Clouds) -> None:
    clouds.store.set_fault("ovh", "error_rate", 0.5)
    made, texts = 0, set()
    for _ in range(60):
        try:
            ovh.create(NETWORK, **PLACE)
            made += 1
        except RefusedError as error:
            texts.add(str(error))
    assert made > 0
    assert texts == {
        "UNKNOWN: ovh: create it: 503 Service Unavailable; nothing was created. Run the same command again."
    }
    assert len(clouds.store.rows("ovh")) == made


# What is kept


def test_everything_survives_a_restart_but_who_was_connected(ovh: Customer, clouds: Clouds) -> None:
    net = ovh.create(NETWORK, name="net", **PLACE)
    sub = ovh.create(SUBNET, networkId=net.id, cidr="10.0.0.0/24", **PLACE)
    clouds.store.set_fault("ovh", "quota", 7)
    clouds.restart()
    again = clouds.customer("ovh")
    assert again.read(net) == net.outputs
    with pytest.raises(RefusedError, match="is in use by CloudNetworkPrivateVrackSubnet"):
        again.delete(net)
    again.delete(sub)
    again.delete(net)
    assert clouds.store.faults() == {("ovh", "quota"): 7.0}


def test_whoever_was_connected_before_a_restart_is_told(clouds: Clouds) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{clouds.port('ovh')}") as channel:
        request = provider_pb2.CheckRequest(urn=f"urn:pulumi:test::unit::{NETWORK}::it")
        with pytest.raises(
            grpc.RpcError, match="the simulated ovh was restarted during this run; run the same command"
        ):
            provider_pb2_grpc.ResourceProviderStub(channel).Check(request)


def test_the_file_with_credentials_is_nobody_else_s(clouds: Clouds) -> None:
    assert stat.S_IMODE((clouds.folder / "clouds.sqlite").stat().st_mode) == 0o600


def test_a_create_that_fails_half_way_leaves_nothing(
    ovh: Customer, clouds: Clouds, monkeypatch: pytest.MonkeyPatch
) -> None:
    undone = []

    def fail(_: PrivateNetwork, identifier: str, *rest: Any) -> None:
        assert rest[-1].store.get("ovh", NETWORK, identifier) is not None
        raise CloudError("500 the machine room burns")

    def undo(_: PrivateNetwork, row: Row, *__: Any) -> None:
        undone.append(row.id)

    monkeypatch.setattr(PrivateNetwork, "on_create", fail)
    monkeypatch.setattr(PrivateNetwork, "on_delete", undo)
    with pytest.raises(RefusedError, match="ovh: create it: 500 the machine room burns"):
        ovh.create(NETWORK, **PLACE)
    assert clouds.store.rows() == []
    assert len(undone) == 1


def test_a_transaction_is_kept_whole_or_not_at_all(clouds: Clouds) -> None:
    def row(identifier: str) -> Row:
        return Row(0, "ovh", NETWORK, identifier, OVH_PROJECT, "urn", {}, {})

    def interrupted() -> None:
        with clouds.store.transaction():
            clouds.store.insert(row("one"), [])
            with clouds.store.transaction():
                clouds.store.insert(row("two"), [])
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        interrupted()
    assert clouds.store.rows() == []
    with clouds.store.transaction():
        clouds.store.insert(row("one"), [])
    elsewhere = Store(clouds.folder / "clouds.sqlite")
    assert [found.id for found in elsewhere.rows()] == ["one"]
    elsewhere.close()


def test_drift_is_found(ovh: Customer, clouds: Clouds) -> None:
    net = ovh.create(NETWORK, name="net", vlanId=7, **PLACE)
    row = clouds.store.rows("ovh", NETWORK)[0]
    clouds.store.change(row, row.inputs, {**row.outputs, "vlanId": 8})
    assert (ovh.read(net) or {})["vlanId"] == 8
    clouds.store.delete(row)
    assert ovh.read(net) is None
