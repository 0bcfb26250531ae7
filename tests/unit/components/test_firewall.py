"""Firewall rules come from the flow matrix, whole and alone, and name addresses as narrowly as the plan allows."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network
from itertools import product

import pulumi
import pytest

from components.network.addresses import AddressPlan
from components.network.firewall import ANYWHERE, Neighbourhood, Rule, rules
from components.network.flows import Flow, Party, Protocol, flows
from settings import DatabaseVariant, FilesKind, Role
from tests.unit.components.recorder import end

HERE = AddressPlan(IPv4Network("10.20.0.0/20"))
THERE = AddressPlan(IPv4Network("10.30.0.0/20"))
ADMINS = (IPv4Network("203.0.113.0/28"), IPv4Network("198.51.100.7/32"))
ALONE = Neighbourhood(HERE, None, ADMINS, ())
LINKED = Neighbourhood(HERE, THERE, ADMINS, ("192.0.2.1", "192.0.2.2"))
VARIANTS = [
    (flows(8000, variant, files, linked=around is LINKED), around)
    for variant, files, around in product(DatabaseVariant, FilesKind, (ALONE, LINKED))
]

Known = tuple[bool, str, Protocol, tuple[int, int] | None, str]


@pytest.fixture(autouse=True)
def loop() -> Iterator[None]:
    """Outputs want an event loop, of which no other test shall see anything."""
    own = asyncio.new_event_loop()
    asyncio.set_event_loop(own)
    yield
    end(own)
    asyncio.set_event_loop_policy(None)


def _known(found: Iterable[Rule]) -> list[Known]:
    return [(rule.inbound, str(rule.peer), rule.protocol, rule.ports, _text(rule.cidr)) for rule in found]


def _text(cidr: pulumi.Input[str]) -> str:
    return str(asyncio.get_event_loop().run_until_complete(pulumi.Output.from_input(cidr).future()))


@pytest.mark.parametrize("role", Role)
def test_nothing_is_allowed_without_a_flow(role: Role) -> None:
    assert rules((), role, LINKED) == ()


@pytest.mark.parametrize("role", Role)
def test_flows_of_others_open_nothing(role: Role) -> None:
    others = [other for other in Role if other is not role]
    matrix = [Flow(one, two, Protocol.TCP, (1000, 1000), "") for one, two in product(others, others)]
    assert rules(matrix, role, LINKED) == ()


def test_a_flow_opens_one_direction_at_each_end() -> None:
    matrix = [Flow(Role.APP, Role.SQL, Protocol.TCP, (3306, 3306), "SQL")]
    assert rules(matrix, Role.APP, ALONE) == (Rule(False, Role.SQL, Protocol.TCP, (3306, 3306), "10.20.4.0/24", "SQL"),)
    assert rules(matrix, Role.SQL, ALONE) == (Rule(True, Role.APP, Protocol.TCP, (3306, 3306), "10.20.8.0/22", "SQL"),)


def test_machines_of_one_role_need_both_directions_among_themselves() -> None:
    matrix = [Flow(Role.DATABASE, Role.DATABASE, Protocol.TCP, (3306, 3306), "replication")]
    assert _known(rules(matrix, Role.DATABASE, ALONE)) == [
        (inbound, "database", Protocol.TCP, (3306, 3306), "10.20.5.0/24") for inbound in (True, False)
    ]


def test_only_what_goes_across_names_the_other_site() -> None:
    local = Flow(Role.SQL, Role.DATABASE, Protocol.TCP, (3306, 3306), "")
    across = Flow(Role.SQL, Role.DATABASE, Protocol.TCP, (3306, 3306), "", across=True)
    for flow, sources in ((local, ["10.20.4.0/24"]), (across, ["10.20.4.0/24", "10.30.4.0/24"])):
        assert [cidr for *_, cidr in _known(rules([flow], Role.DATABASE, LINKED))] == sources


def test_link_machines_pass_on_what_goes_across_and_nothing_else() -> None:
    across = Flow(Role.BASTION, Role.APP, Protocol.TCP, (22, 22), "", across=True)
    local = Flow(Role.APP, Role.SQL, Protocol.TCP, (3306, 3306), "")
    assert set(_known(rules([across, local], Role.LINK, LINKED))) == {
        (True, "bastion", Protocol.TCP, (22, 22), "10.20.1.0/24"),
        (True, "bastion", Protocol.TCP, (22, 22), "10.30.1.0/24"),
        (False, "app", Protocol.TCP, (22, 22), "10.20.8.0/22"),
        (False, "app", Protocol.TCP, (22, 22), "10.30.8.0/22"),
    }


@pytest.mark.parametrize(
    ("party", "around", "expected"),
    [
        (Party.WORLD, LINKED, ["0.0.0.0/0"]),
        (Party.INTERNET, LINKED, ["0.0.0.0/0"]),
        (Party.ADMINS, LINKED, ["203.0.113.0/28", "198.51.100.7/32"]),
        (Party.ENTRY, LINKED, ["10.20.14.0/24"]),
        (Party.SHARES, LINKED, ["10.20.15.0/24"]),
        (Party.OTHER_LINK, LINKED, ["192.0.2.1/32", "192.0.2.2/32"]),
        (Party.OTHER_LINK, ALONE, []),
    ],
)
def test_a_party_stands_for_these_addresses(party: Party, around: Neighbourhood, expected: list[str]) -> None:
    assert [_text(cidr) for cidr in around.cidrs(party, across=False)] == expected


@pytest.mark.parametrize(("matrix", "around"), VARIANTS)
def test_the_world_reaches_no_machine(matrix: tuple[Flow, ...], around: Neighbourhood) -> None:
    # It reaches the load balancers, which are the provider's and have no rules of ours.
    for role in Role:
        assert not [rule for rule in rules(matrix, role, around) if rule.inbound and rule.cidr == str(ANYWHERE)]


@pytest.mark.parametrize(("matrix", "around"), VARIANTS)
def test_ssh_comes_from_bastions_and_to_bastions_from_administrators(
    matrix: tuple[Flow, ...], around: Neighbourhood
) -> None:
    bastions = {str(block) for plan in (around.own, around.other) if plan for block in plan.block(Role.BASTION)}
    for role in Role:
        ssh = {rule.cidr for rule in rules(matrix, role, around) if rule.inbound and rule.ports == (22, 22)}
        # A link machine also passes on SSH that crosses it.
        assert ssh == ({str(network) for network in ADMINS} if role is Role.BASTION else bastions), role


@pytest.mark.parametrize(("matrix", "around"), VARIANTS)
def test_all_rules_together_are_the_matrix(matrix: tuple[Flow, ...], around: Neighbourhood) -> None:
    for role in set(Role) - {Role.LINK}:
        expected = {
            (inbound, str(peer), flow.protocol, flow.ports, _text(cidr))
            for flow in matrix
            for inbound, own, peer in ((True, flow.target, flow.source), (False, flow.source, flow.target))
            if own is role
            for cidr in around.cidrs(peer, across=flow.across)
        }
        assert set(_known(rules(matrix, role, around))) == expected


@pytest.mark.parametrize(("matrix", "around"), VARIANTS)
@pytest.mark.parametrize("role", Role)
def test_no_rule_stands_twice(matrix: tuple[Flow, ...], around: Neighbourhood, role: Role) -> None:
    # Providers refuse a group with a rule that it has already, whoever the peer is and whatever the reason.
    openings = Counter(
        (inbound, protocol, ports, cidr) for inbound, _, protocol, ports, cidr in _known(rules(matrix, role, around))
    )
    assert [opening for opening, count in openings.items() if count > 1] == []
