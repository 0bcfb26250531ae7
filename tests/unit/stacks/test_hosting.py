"""What the hosting system declares, in each of its variants."""

from __future__ import annotations

import json
import multiprocessing
import re
import runpy
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from typing import Any, Final
from unittest import mock

import pulumi
import pytest

from components.compute.convergence import ORDER
from components.network.addresses import AddressPlan
from components.network.firewall import Neighbourhood, rules
from components.network.flows import flows
from components.secrets import paths_of
from components.secrets.vault import policy_text
from components.site import Access
from components.site.contract import S3_ACTIONS
from sandbox.clouds.ovh.base import stable_id
from settings import DatabaseVariant, Environment, FilesKind, Hosting, Provider, Role, Site, SiteRole
from settings.load import ROOT
from tests.unit.components.readers import Opening, Reader, SeenMachine, readers_of
from tests.unit.components.recorder import CANARY, Recording, Registration, attempt, comparable, record
from tests.unit.settings.stack_files import document_of, flat, patched
from tests.unit.stacks.variants import Variant, declare, declared, facts_in, facts_of

OVH, SCALEWAY = Provider.OVH, Provider.SCALEWAY
MAXSCALE, GALERA = DatabaseVariant
MANAGED, GLUSTER = FilesKind
ALONE: Final = (
    Variant((OVH,), MAXSCALE, MANAGED),
    Variant((OVH,), GALERA, GLUSTER),
    Variant((SCALEWAY,), MAXSCALE, GLUSTER),
    Variant((SCALEWAY,), GALERA, MANAGED),
)
BOTH: Final = (Variant((OVH, SCALEWAY), MAXSCALE, MANAGED), Variant((SCALEWAY, OVH), GALERA, GLUSTER))
DAY_0: Final = Variant((OVH, SCALEWAY), initialised=False)
STATEFUL: Final = (Role.DATABASE, Role.FILES, Role.VAULT)
COMMAND: Final = "command:remote:Command"


@pytest.fixture(params=[*ALONE, *BOTH], ids=str)
def variant(request: pytest.FixtureRequest) -> Variant:
    chosen: Variant = request.param
    return chosen


@pytest.fixture(params=BOTH, ids=str)
def two_sites(request: pytest.FixtureRequest) -> Variant:
    chosen: Variant = request.param
    return chosen


def _readers(recording: Recording) -> list[Reader]:
    return list(readers_of(recording).values())


def _machines(recording: Recording) -> list[SeenMachine]:
    return [machine for reader in _readers(recording) for machine in reader.machines()]


def _of(recording: Recording, site: Site, role: Role) -> list[SeenMachine]:
    """The machines of a role at a site, in the order of their numbers."""
    pattern = re.compile(rf"alertes-\w+-{site.name}-{role}-(\d+)")
    found = {int(match[1]): one for one in _machines(recording) if (match := pattern.fullmatch(one.name))}
    return [found[index] for index in sorted(found)]


def _role_of(machine: SeenMachine) -> Role:
    return Role(machine.name.split("-")[3])


def _ignored(registration: Registration) -> dict[str, Any]:
    """The inputs by which a change of the program would change the resource."""
    return {key: value for key, value in registration.inputs.items() if key not in registration.ignore_changes}


# Machines


def test_sdk_and_providers_take_every_resource(variant: Variant) -> None:
    assert declared(variant).refusals == ()


def test_every_site_has_the_machines_that_settings_ask_for(variant: Variant) -> None:
    recording, hosting = declared(variant), variant.hosting
    for site in hosting.sites:
        for role, group in site.machines.items():
            found = _of(recording, site, role)
            kind = stable_id(site.region, group.type) if site.provider is OVH else group.type
            assert [machine.type for machine in found] == [kind] * group.count, f"{role} at {site.name}"
    expected = sum(group.count for site in hosting.sites for group in site.machines.values())
    assert len(_machines(recording)) == expected


def test_machines_of_a_role_are_spread_over_the_zones(variant: Variant) -> None:
    for site in variant.hosting.sites:
        for role, group in site.machines.items():
            found = _of(declared(variant), site, role)
            per_zone = Counter(machine.zone for machine in found)
            assert set(per_zone) <= set(site.zones)
            assert len(per_zone) == min(group.count, len(site.zones)), f"{role} at {site.name}"
            assert max(per_zone.values()) - min(per_zone.values()) <= 1


def test_machines_of_a_role_share_no_host(variant: Variant) -> None:
    owners: dict[str, set[tuple[str, Role]]] = {}
    for site in variant.hosting.sites:
        for role in site.machines:
            groups: dict[str, set[str]] = {}
            for machine in _of(declared(variant), site, role):
                groups.setdefault(machine.zone, set()).add(machine.apart)
                owners.setdefault(machine.apart, set()).add((site.name, role))
            assert all(len(of_zone) == 1 for of_zone in groups.values()), f"{role} at {site.name}"
    assert all(len(owner) == 1 for owner in owners.values()), "a group keeps one role apart"


def test_machines_have_the_addresses_of_the_plan(variant: Variant) -> None:
    for site in variant.hosting.sites:
        plan = AddressPlan(site.cidr)
        for role in site.machines:
            for index, machine in enumerate(_of(declared(variant), site, role), start=1):
                assert machine.private == (str(plan.host(role, index)),)


def test_a_place_has_one_network_with_one_way_out(variant: Variant) -> None:
    found = {
        (network.cidr, network.region): len(network.gateways)
        for reader in _readers(declared(variant))
        for network in reader.networks()
    }
    assert found == {(str(site.cidr), site.region): 1 for site in variant.hosting.sites}


def test_only_bastions_and_links_have_a_public_address(variant: Variant) -> None:
    machines = _machines(declared(variant))
    assert {_role_of(one) for one in machines if one.public} <= {Role.BASTION, Role.LINK}
    exposed = [one for one in machines if _role_of(one) in (Role.BASTION, Role.LINK)]
    addresses = [address for one in exposed for address in one.public]
    assert len(set(addresses)) == len(addresses) == len(exposed)


def test_names_are_unique_and_begin_with_organisation_and_environment(variant: Variant) -> None:
    registrations = declared(variant).registrations
    assert max(Counter(one.urn for one in registrations).values()) == 1
    assert max(Counter(one.name for one in _machines(declared(variant))).values()) == 1
    # Secrets are named after their paths, and records after themselves.
    exceptions = {"SecretV2", "RandomPassword", "ZoneRecord"}
    assert not [
        one.name
        for one in registrations
        if not one.name.startswith("alertes-prod") and one.type.rsplit(":", 1)[-1] not in exceptions
    ]


# Firewalls


def _expected(reader: Reader, hosting: Hosting, site: Site, role: Role) -> set[Opening]:
    other = next((one for one in hosting.sites if one is not site), None)
    recording = reader.recording
    around = Neighbourhood(
        own=AddressPlan(site.cidr),
        other=AddressPlan(other.cidr) if other else None,
        admins=hosting.admin_cidrs,
        other_links=(),
    )
    matrix = flows(hosting.app_port, hosting.database.variant, hosting.files.kind, linked=other is not None)
    expected = {reader.opening(rule) for rule in rules(matrix, role, around)}
    if role is Role.LINK and other is not None:
        public = [address for machine in _of(recording, other, Role.LINK) for address in machine.public]
        assert len(public) == 2
        expected |= {
            Opening(inbound, "udp", (51820, 51821), f"{address}/32") for address in public for inbound in (True, False)
        }
    return expected


def test_firewalls_are_the_flow_matrix_and_drop_the_rest(variant: Variant) -> None:
    hosting, recording = variant.hosting, declared(variant)
    for site in hosting.sites:
        reader = readers_of(recording)[site.provider]
        for role in site.machines:
            expected = _expected(reader, hosting, site, role)
            for machine in _of(recording, site, role):
                assert machine.openings == expected, machine.name
                assert machine.denies_the_rest, machine.name


def test_the_world_reaches_no_machine_but_through_the_load_balancers(variant: Variant) -> None:
    for machine in _machines(declared(variant)):
        assert not [one for one in machine.openings if one.inbound and one.cidr == "0.0.0.0/0"], machine.name


def test_load_balancers_stand_before_the_fronts_of_the_primary_site_alone(variant: Variant) -> None:
    recording, primary = declared(variant), variant.hosting.primary
    balancers = [balancer for reader in _readers(recording) for balancer in reader.balancers()]
    fronts = {address for machine in _of(recording, primary, Role.FRONT) for address in machine.private}
    assert [balancer.zone for balancer in balancers] == list(primary.zones[:2])
    for balancer in balancers:
        assert set(balancer.forwards) == {80, 443}
        for port, forward in balancer.forwards.items():
            assert forward.targets == {(front, port) for front in fronts}


def test_the_name_of_the_api_leads_to_the_load_balancers(variant: Variant) -> None:
    recording, hosting = declared(variant), variant.hosting
    records = [entry for reader in _readers(recording) for entry in reader.records()]
    assert {f"{entry.name}.{entry.zone}" for entry in records} == {f"api.{hosting.domain}"}
    assert {(entry.kind, entry.ttl) for entry in records} == {("A", hosting.dns.ttl)}
    assert sorted(entry.value for entry in records) == sorted(recording.outputs["entry"])


# Data


def _guarded(recording: Recording) -> set[str]:
    """What holds data: machines, volumes, shares and buckets."""
    readers = _readers(recording)
    machines = {one.registration.urn for one in _machines(recording) if _role_of(one) in STATEFUL}
    files = {one.registration.urn for reader in readers for one in (*reader.volumes(), *reader.shares())}
    return machines | files | {bucket.registration.urn for reader in readers for bucket in reader.buckets()}


def test_what_holds_data_is_protected_and_nothing_else(variant: Variant) -> None:
    recording = declared(variant)
    assert {one.urn for one in recording.registrations if one.protect} == _guarded(recording)


@pytest.mark.parametrize("provider", Provider)
def test_development_can_be_removed(provider: Provider) -> None:
    recording = declared(Variant((provider,), environment="dev"))
    assert _guarded(recording)
    assert not [one.urn for one in recording.registrations if one.protect]


def test_every_machine_that_holds_data_has_a_volume_of_its_own(variant: Variant) -> None:
    recording, hosting = declared(variant), variant.hosting
    sizes = {Role.DATABASE: hosting.database.volume_gb, Role.FILES: hosting.files.size_gb, Role.VAULT: 20}
    volumes = {one.registration.urn: one for reader in _readers(recording) for one in reader.volumes()}
    attached = []
    for machine in _machines(recording):
        role = _role_of(machine)
        found = [volumes[volume.urn] for volume in machine.volumes]
        assert [volume.size_gb for volume in found] == ([sizes[role]] if role in STATEFUL else []), machine.name
        attached += [volume.registration.urn for volume in found]
    assert sorted(attached) == sorted(volumes)


def test_every_volume_is_encrypted_by_the_provider_or_by_its_machine(variant: Variant) -> None:
    recording = declared(variant)
    volumes = {one.registration.urn: one for reader in _readers(recording) for one in reader.volumes()}
    kept = {one.inputs["name"] for one in recording.of("SecretV2")}
    for machine in _machines(recording):
        for volume in machine.volumes:
            by_provider = volumes[volume.urn].encrypted
            assert facts_of(machine)["volume_encrypted"] is by_provider, machine.name
            if not by_provider and _role_of(machine) is not Role.VAULT:
                assert "volumes/luks" in facts_of(machine)["vault"]["paths"], machine.name
                assert "volumes/luks" in kept


def test_shared_files_are_where_settings_want_them(variant: Variant) -> None:
    recording, hosting = declared(variant), variant.hosting
    shares = [share for reader in _readers(recording) for share in reader.shares()]
    managed = hosting.files.kind is MANAGED
    assert len(shares) == (len(hosting.sites) if managed else 0)
    assert all(share.size_gb == hosting.files.size_gb for share in shares)
    for site in hosting.sites:
        app, others = _of(recording, site, Role.APP), set(site.machines) - {Role.APP}
        attached = {tuple(share.urn for share in machine.shares) for machine in app}
        assert [len(shares) for shares in attached] == [1 if managed else 0], "one share for all of a site"
        assert not [one for role in others for one in _of(recording, site, role) if one.shares]
        assert bool(_of(recording, site, Role.FILES)) is not managed
        kinds = {facts_of(machine)["files"]["kind"] for machine in app}
        assert kinds == {hosting.files.kind.value}


def test_there_are_buckets_for_media_releases_and_three_backups(variant: Variant) -> None:
    recording, hosting = declared(variant), variant.hosting
    found = {
        bucket.name: (provider, bucket)
        for provider, reader in readers_of(recording).items()
        for bucket in reader.buckets()
    }
    primary = hosting.primary
    region = {"EU-WEST-PAR": "EU-WEST-PAR", "nl-ams": "nl-ams"}[primary.region]
    expected = {
        "alertes-prod-media": (primary.provider, region, 0, hosting.media.noncurrent_days),
        "alertes-prod-releases": (primary.provider, region, 0, 0),
    } | {
        f"alertes-prod-backup-{one.name}": (one.provider, one.region, one.lock_days, 0)
        for one in hosting.backups.replicas
    }
    assert {
        name: (provider, bucket.region, bucket.lock_days, bucket.noncurrent_days)
        for name, (provider, bucket) in found.items()
    } == expected
    assert all((one.versioned, one.encrypted, one.private) == (True, True, True) for _, one in found.values())
    assert len({provider for name, (provider, _) in found.items() if "backup" in name}) == 2


def test_credentials_open_one_bucket_each_for_what_it_is_for(variant: Variant) -> None:
    found = [one for reader in _readers(declared(variant)) for one in reader.credentials()]
    assert {one.name: dict(one.actions) for one in found} == {
        "alertes-prod-media": {"alertes-prod-media": frozenset(S3_ACTIONS[Access.WRITE])},
        "alertes-prod-releases": {"alertes-prod-releases": frozenset(S3_ACTIONS[Access.READ])},
    }
    assert all(one.others == frozenset() and one.keys == 1 for one in found)


# Databases


def test_databases_are_of_the_variant_that_settings_choose(variant: Variant) -> None:
    database = variant.hosting.database
    for machine in _machines(declared(variant)):
        given = facts_of(machine)["database"]
        assert (given["variant"], given["maxscale_version"]) == (database.variant.value, database.maxscale_version)
        cluster = [one for one in machine.openings if one.ports == (4567, 4567)]
        assert bool(cluster) is (_role_of(machine) is Role.DATABASE and database.variant is GALERA), machine.name


# Two sites


def test_each_site_knows_the_other_one(two_sites: Variant) -> None:
    recording, sites = declared(two_sites), two_sites.hosting.sites
    for site, other in ((sites[0], sites[1]), (sites[1], sites[0])):
        databases = [address for one in _of(recording, other, Role.DATABASE) for address in one.private]
        links = [address for one in _of(recording, other, Role.LINK) for address in one.public]
        for role in site.machines:
            for machine in _of(recording, site, role):
                assert facts_of(machine)["other_site"] == {
                    "name": other.name,
                    "cidr": str(other.cidr),
                    "databases": databases,
                    "links": links,
                }
                assert facts_of(machine)["site"]["role"] == site.role.value


def test_one_site_has_no_link_and_knows_no_other() -> None:
    for variant in ALONE:
        recording = declared(variant)
        assert {facts_of(machine)["other_site"] for machine in _machines(recording)} == {None}
        assert Role.LINK not in {_role_of(machine) for machine in _machines(recording)}
        assert "link/wireguard" not in {one.inputs["name"] for one in recording.of("SecretV2")}


def test_links_of_two_sites_have_a_key_each(two_sites: Variant) -> None:
    (secret,) = [one for one in declared(two_sites).of("SecretV2") if one.inputs["name"] == "link/wireguard"]
    keys = json.loads(secret.inputs["dataJson"])
    assert set(keys) == {site.name for site in two_sites.hosting.sites}
    assert len(set(keys.values())) == 2


# Secrets


def test_no_secret_leaves_the_program_unmarked(variant: Variant) -> None:
    plain = [
        f"{one.type} {one.name}: {key}"
        for one in declared(variant).registrations
        for key, value in one.inputs.items()
        if CANARY in json.dumps(value) and key not in one.secret
    ]
    assert plain == []


def test_machines_are_told_no_secret_but_their_wrapped_token(variant: Variant) -> None:
    for machine in _machines(declared(variant)):
        assert CANARY not in json.dumps(facts_of(machine))
        tokens = re.findall(rf"{CANARY}-\S+", machine.user_data)
        expected = [f"{CANARY}-{machine.name}"] if paths_of(_role_of(machine)) else []
        assert tokens == expected


def test_convergence_pushes_no_secret(variant: Variant) -> None:
    pushed = declared(variant).of(COMMAND)
    assert pushed
    assert not [one.name for one in pushed if CANARY in one.inputs["stdin"]]


def test_every_role_with_secrets_reads_its_own_from_its_own_addresses(variant: Variant) -> None:
    recording, hosting = declared(variant), variant.hosting
    policies = {one.inputs["name"]: one.inputs["policy"] for one in recording.of("vault:index/policy:Policy")}
    logins = {one.inputs["roleName"]: one.inputs for one in recording.of("AuthBackendRole")}
    readers = [role for role in Role if paths_of(role)]
    assert policies == {f"alertes-prod-{role}": policy_text("alertes-prod", role) for role in readers}
    assert set(logins) == set(readers)
    for role in readers:
        blocks = {str(block) for site in hosting.sites for block in AddressPlan(site.cidr).block(role)}
        login = logins[role]
        assert login["tokenPolicies"] == [f"alertes-prod-{role}"]
        assert login["tokenNoDefaultPolicy"] is True
        assert set(login["tokenBoundCidrs"]) == set(login["secretIdBoundCidrs"]) == blocks


def test_secrets_that_machines_fetch_are_kept(variant: Variant) -> None:
    recording = declared(variant)
    kept = {one.inputs["name"] for one in recording.of("SecretV2")}
    fetched = {path for machine in _machines(recording) for path in facts_of(machine)["vault"]["paths"]}
    volumes_encrypted = all(facts_of(machine)["volume_encrypted"] for machine in _machines(recording))
    # Volumes that the provider encrypts need no key of ours.
    assert fetched - kept == ({"volumes/luks"} if volumes_encrypted else set())
    assert kept <= fetched


# Releases and rollout


def test_the_release_of_the_settings_reaches_every_application_machine(variant: Variant) -> None:
    recording, hosting = declared(variant), variant.hosting
    app = [machine for site in hosting.sites for machine in _of(recording, site, Role.APP)]
    pushed = {one.name: json.loads(one.inputs["stdin"])["content"] for one in recording.of(COMMAND)}
    for machine in app:
        assert facts_of(machine)["app_version"] == hosting.app_version
        assert facts_in(json.loads(pushed[machine.name])["facts"])["app_version"] == hosting.app_version
    assert recording.outputs["app_version"] == hosting.app_version


def test_a_new_release_changes_what_is_pushed_to_application_machines_and_no_machine() -> None:
    before, after = ALONE[0], Variant(ALONE[0].providers, patch=(("app_version", "1.5.0"),))
    old, new = declared(before), declared(after)
    changed = _changed(old, new)
    assert {one.type for one in changed} == {COMMAND}
    assert {one.name for one in changed} == {
        machine.name for site in before.hosting.sites for machine in _of(old, site, Role.APP)
    }
    assert new.outputs["app_version"] == "1.5.0"


def _changed(old: Recording, new: Recording) -> list[Registration]:
    """What an update from one to the other would change or remove; new resources are not among it."""
    later = {one.urn: one for one in new.registrations}
    return [one for one in old.registrations if one.urn not in later or _ignored(one) != _ignored(later[one.urn])]


def test_changes_reach_one_machine_after_the_other_and_what_others_need_first(variant: Variant) -> None:
    recording = declared(variant)
    steps = {one.urn: one for one in recording.of(COMMAND)}
    machines = {machine.name: machine for machine in _machines(recording)}
    assert {one.name for one in steps.values()} == set(machines)
    before = {urn: [other for other in one.dependencies if other in steps] for urn, one in steps.items()}
    (first,) = [urn for urn, found in before.items() if not found]
    order = [first]
    while len(order) < len(steps):
        (following,) = [urn for urn, found in before.items() if found == [order[-1]]]
        order.append(following)
    roles = [_role_of(machines[steps[urn].name]) for urn in order]
    assert roles == sorted(roles, key=ORDER.index)


def test_machines_are_reached_through_the_bastion_of_their_site(variant: Variant) -> None:
    recording = declared(variant)
    commands = {one.name: one.inputs["connection"] for one in recording.of(COMMAND)}
    for site in variant.hosting.sites:
        bastion = _of(recording, site, Role.BASTION)[0]
        for role in site.machines:
            for machine in _of(recording, site, role):
                connection = commands[machine.name]
                if role is Role.BASTION:
                    assert (connection["host"], connection.get("proxy")) == (machine.public[0], None)
                else:
                    assert (connection["host"], connection["proxy"]["host"]) == (machine.private[0], bastion.public[0])


# Day 0


def test_before_vault_is_initialised_only_bastions_and_vaults_run() -> None:
    recording, sites = declared(DAY_0), DAY_0.hosting.sites
    assert recording.refusals == ()
    names = {machine.name for machine in _machines(recording)}
    primary = next(site for site in sites if site.role is SiteRole.PRIMARY)
    assert names == {
        *(
            f"alertes-prod-{site.name}-bastion-{n}"
            for site in sites
            for n in range(1, site.machines[Role.BASTION].count + 1)
        ),
        *(f"alertes-prod-{primary.name}-vault-{n}" for n in (1, 2, 3)),
    }
    assert {one.name for one in recording.of(COMMAND)} == names


def test_before_vault_is_initialised_there_is_no_secret_to_keep_and_no_way_in() -> None:
    recording = declared(DAY_0)
    assert not [one.urn for one in recording.registrations if one.type.startswith("vault:")]
    assert not [one.urn for one in recording.registrations if CANARY in json.dumps(one.inputs) and not one.secret]
    assert not [balancer for reader in _readers(recording) for balancer in reader.balancers()]
    assert not [entry for reader in _readers(recording) for entry in reader.records()]
    assert not [share for reader in _readers(recording) for share in reader.shares()]
    assert not [credential for reader in _readers(recording) for credential in reader.credentials()]
    assert recording.outputs["entry"] == []


def test_initialising_vault_keeps_what_day_0_has_built() -> None:
    changed = _changed(declared(DAY_0), declared(BOTH[0]))
    # Machines learn of their new neighbours, and firewalls of the other site's links.
    assert {one.type.rsplit(":", 1)[-1] for one in changed} <= {"Command"}


# Growing


def test_another_machine_changes_none_that_runs() -> None:
    variant = ALONE[0]
    settings = variant.document
    machines = settings["config"]["platform:hosting"]["sites"][0]["machines"]
    machines["app"]["count"] += 1
    grown = Variant(variant.providers, patch=(("sites", settings["config"]["platform:hosting"]["sites"]),))
    old, new = declared(variant), declare(grown)
    assert {one.type for one in _changed(old, new)} == {COMMAND}
    assert len(_machines(new)) == len(_machines(old)) + 1


# The program


def _program() -> Mapping[str, Any]:
    """Run the program; what it exports."""
    with mock.patch.object(pulumi, "run"):  # the stack that mocks make takes no entry point any more
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")
    stack: Any = pulumi.runtime.get_root_resource()
    exported: dict[str, Any] = stack.outputs
    return exported


@pytest.mark.parametrize("environment", Environment)
def test_the_program_builds_what_its_stack_file_says_and_exports_what_was_built(environment: Environment) -> None:
    document = document_of(environment)
    recording = record(_program, stack=environment, projects=_projects(document), config=flat(document))
    assert recording.refusals == ()
    hosting = document["config"]["platform:hosting"]
    asked = Counter(
        {(site["name"], role): group["count"] for site in hosting["sites"] for role, group in site["machines"].items()}
    )
    assert Counter((one["site"], one["role"]) for one in recording.outputs["machines"]) == asked
    assert {one["name"] for one in recording.outputs["machines"]} == {one.name for one in _machines(recording)}
    assert {one["name"] for one in recording.outputs["buckets"]} == {
        bucket.name for reader in _readers(recording) for bucket in reader.buckets()
    }
    assert recording.outputs["app_version"] == hosting["app_version"]


def _projects(document: Mapping[str, Any]) -> dict[str, str]:
    accounts: dict[str, dict[str, str]] = document["config"]["platform:hosting"]["accounts"]
    return {provider: account["project"] for provider, account in accounts.items()}


@pytest.mark.parametrize(
    "patch",
    [
        {"hosting.sites[0].zones": ["eu-west-par-a"]},
        {"hosting.sites[0].machines.database.count": 2},
        {"hosting.admin_cidrs": ["0.0.0.0/0"]},
        {"hosting.backups.replicas": []},
        {"hosting.app_version": "latest"},
        {"environment": "dev"},
    ],
    ids=lambda patch: next(iter(patch)),
)
def test_bad_settings_end_the_program_before_anything_is_declared(patch: Mapping[str, Any]) -> None:
    document = patched("prod", patch)
    recording, error = attempt(_program, stack="prod", projects=_projects(document), config=flat(document))
    assert isinstance(error, pulumi.RunError)
    assert f"platform:{next(iter(patch)).split('.')[0]}" in str(error)
    assert recording.registrations == ()


def test_outputs_name_what_was_built(variant: Variant) -> None:
    recording, hosting = declared(variant), variant.hosting
    outputs = recording.outputs
    assert {one["name"]: (one["zone"], one["address"]) for one in outputs["machines"]} == {
        machine.name: (machine.zone, machine.private[0]) for machine in _machines(recording)
    }
    bastions = [one.public[0] for site in hosting.sites for one in _of(recording, site, Role.BASTION)]
    assert outputs["bastions"] == bastions
    assert outputs["url"] == f"https://api.{hosting.domain}"
    assert CANARY not in json.dumps(outputs)


@pytest.mark.parametrize("variant", [ALONE[0], BOTH[1]], ids=str)
def test_two_runs_declare_the_same_to_the_byte(variant: Variant, monkeypatch: pytest.MonkeyPatch) -> None:
    # In a process of its own, since the order of sets differs from process to process.
    monkeypatch.setenv("PYTHONHASHSEED", "1")
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        again = process.submit(declare, variant).result()
    assert comparable(again) == comparable(declared(variant))
    assert [machine.user_data for machine in _machines(again)] == [
        machine.user_data for machine in _machines(declared(variant))
    ]
