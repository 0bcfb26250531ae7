"""The contract of sites and accounts: what holds of one provider holds of the other.

One program declares everything that the contract offers; each test looks at what that made of it, at OVHcloud and at
Scaleway. That inputs are such as the SDK and the provider's API take is checked while they are recorded.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any, Final

import pulumi
import pytest

import catalog
from components.network.addresses import AddressPlan
from components.network.firewall import Neighbourhood, Rule, rules
from components.network.flows import flows
from components.site import ACCOUNTS, SITES, Access, BucketArgs, Machine, MachineArgs, SiteArgs
from components.site.contract import S3_ACTIONS
from settings import AccountSettings, DatabaseVariant, FilesKind, Provider, Role
from tests.unit.components.readers import Reader, SeenMachine, readers_of
from tests.unit.components.recorder import PUBLIC_KEY, Recording, comparable, record

PLAN: Final = AddressPlan(IPv4Network("10.20.0.0/20"))
ADMINS: Final = (IPv4Network("203.0.113.0/28"),)
HEALTH_PORT: Final = 8404
OPERATOR: Final = "application_id:8e7d6c5b-4a39-4281-b706-f5e4d3c2b1a0"
USER_DATA: Final = "#cloud-config\n# for {name}\n"
PER_ROLE: Final = 4
"""One more than there are zones, so that one zone has two machines of a role."""


@dataclass(frozen=True)
class Place:
    """Where the contract is tried."""

    provider: Provider
    project: str
    region: str
    zones: tuple[str, ...]
    type: str
    storage: str


PLACES: Final = {
    Provider.OVH: Place(
        Provider.OVH,
        "0b1c2d3e4f5061728394a5b6c7d8e9f0",
        "EU-WEST-PAR",
        ("eu-west-par-a", "eu-west-par-b", "eu-west-par-c"),
        "b3-8",
        "SBG",
    ),
    Provider.SCALEWAY: Place(
        Provider.SCALEWAY,
        "6f1d2c3b-4a59-4687-8c9d-0e1f2a3b4c5d",
        "nl-ams",
        ("nl-ams-1", "nl-ams-2", "nl-ams-3"),
        "POP2-2C-8G",
        "fr-par",
    ),
}
MATRIX: Final = flows(8000, DatabaseVariant.GALERA, FilesKind.MANAGED, linked=False)
ROLES: Final = (Role.BASTION, Role.FRONT, Role.DATABASE, Role.APP)


def _rules(role: Role) -> tuple[Rule, ...]:
    return rules(MATRIX, role, Neighbourhood(PLAN, None, ADMINS, ()))


def _declare(place: Place) -> Mapping[str, Any]:
    """A site and an account with everything that the contract offers."""
    site = SITES[place.provider](
        SiteArgs(
            name="acme",
            region=place.region,
            zones=place.zones,
            project=place.project,
            plan=PLAN,
            image=catalog.image(place.provider.value, "Debian 12"),
            ssh_public_key=f"{PUBLIC_KEY} deploy",
            tags=("environment=test", "owner=hosting@example.eu"),
        ),
        None,
    )
    for role in ROLES:
        site.firewall(role, _rules(role))
    share = site.share("acme-files", 100, protect=True)
    machines: dict[str, Machine] = {}
    for role in ROLES:
        for index in range(1, PER_ROLE + 1):
            name, zone, guarded = f"acme-{role}-{index}", site.zone(index), role is Role.DATABASE
            machines[name] = site.machine(
                MachineArgs(
                    name=name,
                    role=role,
                    zone=zone,
                    address=PLAN.host(role, index),
                    type=place.type,
                    user_data=USER_DATA.format(name=name),
                    volume=site.volume(name, zone, 50 + index, protect=guarded) if guarded else None,
                    share=share if role is Role.APP else None,
                    public_address=site.public_address(name, zone) if role is Role.BASTION else None,
                    protect=guarded,
                    depends_on=[machines["acme-bastion-1"].resource] if name == "acme-front-1" else (),
                )
            )
    fronts = [machine for machine in machines.values() if machine.role is Role.FRONT]
    entry = site.entry("acme-entry", fronts, HEALTH_PORT)

    operator = OPERATOR if place.provider is Provider.SCALEWAY else None
    account = ACCOUNTS[place.provider](AccountSettings(project=place.project, operator=operator), site)
    plain = account.bucket(BucketArgs("acme-plain", place.storage, access=Access.READ), protect=False)
    buckets = [
        plain,
        account.bucket(BucketArgs("acme-media", place.storage, noncurrent_days=30, access=Access.WRITE), protect=True),
        account.bucket(BucketArgs("acme-backup", place.storage, lock_days=35, access=Access.APPEND), protect=True),
        account.bucket(BucketArgs("acme-closed", place.storage), protect=False),
    ]
    keys = [bucket.credential for bucket in buckets if bucket.credential is not None]
    account.record("api", "example.eu", "A", entry.addresses, 60)
    account.record("_acme-challenge", "example.eu", "TXT", ["once"], 300)
    return {
        "entry": entry.addresses,
        "secret keys": [key.secret_key for key in keys],
        "secret": pulumi.Output.all(*(key.secret_key.is_secret() for key in keys)),
        "endpoint": plain.endpoint,
        "share": [share.type, share.source],
        "bucket": plain.name,
    }


@functools.cache
def _recording(provider: Provider) -> Recording:
    place = PLACES[provider]
    return record(lambda: _declare(place), projects={provider.value: place.project})


@pytest.fixture(params=Provider, ids=str)
def place(request: pytest.FixtureRequest) -> Place:
    return PLACES[request.param]


@pytest.fixture
def seen(place: Place) -> Reader:
    return readers_of(_recording(place.provider))[place.provider]


def _of(seen: Reader, role: Role) -> list[SeenMachine]:
    found = [machine for machine in seen.machines() if machine.name.startswith(f"acme-{role}-")]
    assert len(found) == PER_ROLE
    return found


def test_sdk_and_provider_take_every_resource(seen: Reader) -> None:
    assert seen.recording.refusals == ()
    assert len(seen.recording.registrations) > 50


def test_everything_belongs_to_the_component_and_has_a_name_of_its_own(seen: Reader) -> None:
    (site,) = [one for one in seen.recording.registrations if not one.custom]
    resources = [one for one in seen.recording.registrations if one.custom]
    assert {one.parent for one in resources} == {site.urn}
    urns = [one.urn for one in resources]
    assert len(set(urns)) == len(urns)
    assert not [one.name for one in resources if not one.name.startswith(("acme", "api.", "_acme-challenge."))]


def test_everything_is_in_the_project_and_in_the_region(place: Place, seen: Reader) -> None:
    for one in seen.recording.registrations:
        for key in ("serviceName", "projectId"):
            assert one.inputs.get(key, place.project) == place.project, one.urn
        assert one.inputs.get("region", place.region) in (place.region, place.storage), one.urn
        for key in ("zone", "availabilityZone"):
            assert one.inputs.get(key, place.zones[0]) in (*place.zones, "example.eu"), one.urn


def test_one_private_network_spans_the_zones_with_one_way_out(place: Place, seen: Reader) -> None:
    (network,) = seen.networks()
    assert (network.name, network.cidr, network.region) == ("acme", str(PLAN.network), place.region)
    assert len(network.gateways) == 1


def test_a_machine_has_its_fixed_address_in_its_zone(place: Place, seen: Reader) -> None:
    for role in ROLES:
        for index in range(1, PER_ROLE + 1):
            machine = seen.machine(f"acme-{role}-{index}")
            assert machine.private == (str(PLAN.host(role, index)),)
            assert machine.zone == place.zones[(index - 1) % len(place.zones)]


def test_a_machine_boots_with_its_user_data_and_later_changes_of_that_do_not_replace_it(seen: Reader) -> None:
    for machine in seen.machines():
        assert machine.user_data == USER_DATA.format(name=machine.name)
        (ignored,) = machine.registration.ignore_changes
        assert machine.registration.inputs[ignored] == machine.user_data


def test_only_machines_that_were_given_one_have_a_public_address(seen: Reader) -> None:
    public = [address for machine in _of(seen, Role.BASTION) for address in machine.public]
    assert len(set(public)) == PER_ROLE
    assert not [machine.name for role in ROLES[1:] for machine in _of(seen, role) if machine.public]


def test_machines_of_a_role_share_no_host(place: Place, seen: Reader) -> None:
    for role in ROLES:
        for zone in place.zones:
            groups = {machine.apart for machine in _of(seen, role) if machine.zone == zone}
            assert len(groups) == 1, f"{role} in {zone}"
    groups_of = {role: {machine.apart for machine in _of(seen, role)} for role in ROLES}
    assert sum(map(len, groups_of.values())) == len(set.union(*groups_of.values())), "roles have groups of their own"


def test_a_firewall_opens_exactly_its_rules_and_drops_the_rest(seen: Reader) -> None:
    for role in ROLES:
        expected = {seen.opening(rule) for rule in _rules(role)}
        for machine in _of(seen, role):
            assert machine.openings == expected
            assert machine.denies_the_rest


def test_only_web_ports_and_no_machine_are_open_to_the_world(seen: Reader) -> None:
    for machine in seen.machines():
        assert not [one for one in machine.openings if one.inbound and one.cidr == "0.0.0.0/0"]


def test_a_machine_waits_for_what_it_depends_on(seen: Reader) -> None:
    bastion = seen.machine("acme-bastion-1").registration
    waits = {name: seen.machine(name).registration.dependencies for name in ("acme-front-1", "acme-front-2")}
    reached = {urn for urn in waits["acme-front-1"] - waits["acme-front-2"] if urn.endswith("::acme-bastion-1")}
    assert reached
    assert bastion.urn in reached or any(
        bastion.urn in one.dependencies for one in seen.recording.registrations if one.urn in reached
    )


def test_block_volumes_are_in_the_zone_of_their_machine_and_attached_to_it_alone(seen: Reader) -> None:
    by_urn = {volume.registration.urn: volume for volume in seen.volumes()}
    assert len(by_urn) == PER_ROLE
    attached = [(machine, volume.urn) for machine in seen.machines() for volume in machine.volumes]
    assert sorted(urn for _, urn in attached) == sorted(by_urn)
    for machine, urn in attached:
        assert by_urn[urn].zone == machine.zone
        assert by_urn[urn].size_gb == 50 + int(machine.name.rsplit("-", 1)[-1])


def test_a_site_says_whether_its_volumes_are_encrypted(place: Place, seen: Reader) -> None:
    # Where they are not, the machine encrypts: the facts of the machines are made from the same attribute.
    assert {volume.encrypted for volume in seen.volumes()} == {SITES[place.provider].encrypts_volumes}  # type: ignore[attr-defined]


def test_shared_files_are_attached_to_every_machine_that_was_given_them(seen: Reader) -> None:
    (share,) = seen.shares()
    assert share.size_gb == 100
    for role in ROLES:
        expected = (share.registration,) if role is Role.APP else ()
        assert all(machine.shares == expected for machine in _of(seen, role))
    kind, source = seen.recording.outputs["share"]
    assert kind in ("nfs", "virtiofs")
    assert source


def test_what_holds_data_is_protected_and_nothing_else(seen: Reader) -> None:
    data = {one.registration.urn for one in (*seen.volumes(), *seen.shares())}
    data |= {machine.registration.urn for machine in _of(seen, Role.DATABASE)}
    data |= {seen.bucket(name).registration.urn for name in ("acme-media", "acme-backup")}
    assert {one.urn for one in seen.recording.registrations if one.protect} == data


def test_buckets_keep_versions_are_encrypted_and_closed(place: Place, seen: Reader) -> None:
    assert {bucket.name for bucket in seen.buckets()} == {"acme-plain", "acme-media", "acme-backup", "acme-closed"}
    for bucket in seen.buckets():
        assert (bucket.versioned, bucket.encrypted, bucket.private) == (True, True, True)
        assert bucket.region == place.storage


def test_replaced_versions_expire_only_where_that_was_asked_for(seen: Reader) -> None:
    assert {one.name: one.noncurrent_days for one in seen.buckets()} == {
        "acme-plain": 0,
        "acme-media": 30,
        "acme-backup": 0,
        "acme-closed": 0,
    }


def test_a_lock_that_nobody_can_lift_is_only_where_it_was_asked_for(seen: Reader) -> None:
    assert {one.name: one.lock_days for one in seen.buckets()} == {
        "acme-plain": 0,
        "acme-media": 0,
        "acme-backup": 35,
        "acme-closed": 0,
    }


@pytest.mark.parametrize(
    ("bucket", "access"),
    [("acme-plain", Access.READ), ("acme-media", Access.WRITE), ("acme-backup", Access.APPEND)],
)
def test_a_credential_opens_one_bucket_for_one_use(seen: Reader, bucket: str, access: Access) -> None:
    (credential,) = [one for one in seen.credentials() if one.name == bucket]
    assert credential.actions == {bucket: frozenset(S3_ACTIONS[access])}
    assert credential.others == frozenset()
    assert credential.keys == 1


def test_a_bucket_that_nobody_asked_keys_for_is_open_to_none(seen: Reader) -> None:
    (closed,) = [one for one in seen.buckets() if one.name == "acme-closed"]
    assert closed.private
    assert not [one for one in seen.credentials() if "acme-closed" in one.actions]


def test_nobody_can_remove_what_no_longer_is_current_and_an_appender_nothing_at_all() -> None:
    everything = {action for actions in S3_ACTIONS.values() for action in actions}
    assert not {action for action in everything if "Version" in action or "*" in action or "Put" in action} - {
        "s3:PutObject"
    }
    assert not {action for action in S3_ACTIONS[Access.APPEND] if "Delete" in action}
    assert set(S3_ACTIONS[Access.READ]) == {"s3:GetObject", "s3:ListBucket"}


def test_secret_keys_are_marked_as_secret(seen: Reader) -> None:
    assert seen.recording.outputs["secret"] == [True, True, True]
    assert len(set(seen.recording.outputs["secret keys"])) == 3


def test_load_balancers_in_two_zones_hand_web_ports_on_to_all_fronts(place: Place, seen: Reader) -> None:
    balancers = seen.balancers()
    assert [balancer.zone for balancer in balancers] == list(place.zones[:2])
    fronts = {str(PLAN.host(Role.FRONT, index)) for index in range(1, PER_ROLE + 1)}
    for balancer in balancers:
        assert set(balancer.forwards) == {80, 443}
        for port, forward in balancer.forwards.items():
            assert (forward.protocol, forward.proxy_protocol) == ("tcp", True)
            assert forward.targets == {(front, port) for front in fronts}
            assert forward.health == ("/healthz", HEALTH_PORT)


def test_the_way_in_is_the_addresses_of_the_load_balancers(seen: Reader) -> None:
    public = [address for balancer in seen.balancers() for address in balancer.public]
    assert len(set(public)) == 2
    assert seen.recording.outputs["entry"] == public


def test_records_have_one_resource_a_value(seen: Reader) -> None:
    found = sorted((one.name, one.zone, one.kind, one.value, one.ttl) for one in seen.records())
    entry = sorted(seen.recording.outputs["entry"])
    assert found == [
        ("_acme-challenge", "example.eu", "TXT", "once", 300),
        *(("api", "example.eu", "A", address, 60) for address in entry),
    ]


def test_a_second_run_declares_the_same(place: Place) -> None:
    again = record(lambda: _declare(place), projects={place.provider.value: place.project})
    assert comparable(again) == comparable(_recording(place.provider))
