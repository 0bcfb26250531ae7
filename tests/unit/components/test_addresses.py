"""The address plan: every role has a part of a site's network for itself, and addresses that never move."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from itertools import combinations

import pytest

from components.network.addresses import FIRST_HOST, AddressPlan, AddressPlanError, Shared
from settings import Role

SMALL = IPv4Network("10.20.0.0/20")
LARGE = IPv4Network("172.16.0.0/16")
ROOM = {role: 1024 - 1 - FIRST_HOST if role is Role.APP else 256 - 1 - FIRST_HOST for role in Role}


@pytest.fixture(params=[SMALL, LARGE], ids=str)
def plan(request: pytest.FixtureRequest) -> AddressPlan:
    return AddressPlan(request.param)


def _parts(plan: AddressPlan) -> dict[str, IPv4Network]:
    roles = {role.value: block for role in Role for block in plan.block(role)}
    return {**roles, "entry": plan.entry, "pool": plan.pool}


def test_the_parts_of_a_network_are_inside_it_and_apart_from_each_other(plan: AddressPlan) -> None:
    parts = _parts(plan)
    assert all(part.subnet_of(plan.network) for part in parts.values())
    overlapping = [(a, b) for a, b in combinations(parts, 2) if parts[a].overlaps(parts[b])]
    assert overlapping == []


def test_a_firewall_can_name_each_role_by_exactly_its_addresses(plan: AddressPlan) -> None:
    for role in Role:
        outside = [block for name, block in _parts(plan).items() if name != role.value]
        for index in (1, ROOM[role]):
            address = plan.host(role, index)
            assert any(address in block for block in plan.block(role))
            assert not any(address in block for block in outside)


@pytest.mark.parametrize("role", Role)
def test_a_role_has_room_for_so_many_machines_and_no_more(plan: AddressPlan, role: Role) -> None:
    addresses = [plan.host(role, index) for index in range(1, ROOM[role] + 1)]
    assert len(set(addresses)) == ROOM[role]
    reserved = {block.network_address for block in plan.block(role)} | {
        block.broadcast_address for block in plan.block(role)
    }
    assert not reserved & set(addresses)
    with pytest.raises(AddressPlanError, match=rf"^{role} {ROOM[role] + 1} has no address in .* {ROOM[role]} machines"):
        plan.host(role, ROOM[role] + 1)


@pytest.mark.parametrize("index", [0, -1, -245])
def test_machines_count_from_one(plan: AddressPlan, index: int) -> None:
    with pytest.raises(AddressPlanError):
        plan.host(Role.DATABASE, index)


def test_gateway_and_shared_addresses_are_no_machines(plan: AddressPlan) -> None:
    reserved = [plan.gateway, *(plan.shared(which) for which in Shared)]
    machines = {plan.host(role, index) for role in Role for index in range(1, ROOM[role] + 1)}
    assert len(set(reserved)) == 4
    assert not machines & set(reserved)
    assert not any(address in part for address in reserved for part in (plan.entry, plan.pool))


@pytest.mark.parametrize("which", Shared)
def test_a_shared_address_is_in_the_part_of_the_pair_that_shares_it(plan: AddressPlan, which: Shared) -> None:
    assert any(plan.shared(which) in block for block in plan.block(Role(which.value)))


def test_addresses_are_part_of_the_interface() -> None:
    # Machines that run keep theirs: a change here would create all of them anew.
    plan = AddressPlan(SMALL)
    assert plan.gateway == IPv4Address("10.20.0.1")
    assert {role: str(plan.host(role, 1)) for role in Role} == {
        Role.BASTION: "10.20.1.10",
        Role.LINK: "10.20.2.10",
        Role.FRONT: "10.20.3.10",
        Role.SQL: "10.20.4.10",
        Role.DATABASE: "10.20.5.10",
        Role.FILES: "10.20.6.10",
        Role.VAULT: "10.20.7.10",
        Role.APP: "10.20.8.10",
    }
    assert {which: str(plan.shared(which)) for which in Shared} == {
        Shared.FRONT: "10.20.3.5",
        Shared.SQL: "10.20.4.5",
        Shared.LINK: "10.20.2.5",
    }
    assert (plan.entry, plan.pool) == (IPv4Network("10.20.14.0/24"), IPv4Network("10.20.15.0/24"))
