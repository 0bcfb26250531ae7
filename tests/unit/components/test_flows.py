"""The flow matrix: all that may talk is in it, and it opens nothing that the system can do without."""

from __future__ import annotations

from itertools import product

import pytest

from components.network.flows import Flow, Party, Protocol, flows
from settings import DatabaseVariant, FilesKind, Role

APP_PORT = 8123
VARIANTS = list(product(DatabaseVariant, FilesKind, (False, True)))
OUTSIDE = frozenset({Party.WORLD, Party.ADMINS, Party.INTERNET, Party.OTHER_LINK})

Matrix = tuple[Flow, ...]


@pytest.fixture(params=VARIANTS, ids=lambda v: f"{v[0]}-{v[1]}-{'two sites' if v[2] else 'one site'}")
def variant(request: pytest.FixtureRequest) -> tuple[DatabaseVariant, FilesKind, bool]:
    chosen: tuple[DatabaseVariant, FilesKind, bool] = request.param
    return chosen


@pytest.fixture
def matrix(variant: tuple[DatabaseVariant, FilesKind, bool]) -> Matrix:
    database, files, linked = variant
    return flows(APP_PORT, database, files, linked=linked)


def _ports(matrix: Matrix, source: Role | Party, target: Role | Party) -> set[tuple[str, tuple[int, int] | None]]:
    return {
        (flow.protocol.value, flow.ports)
        for flow in matrix
        if (flow.source, flow.target) == (source, target)  # names of roles and parties differ
    }


def _tcp(*ports: int) -> set[tuple[str, tuple[int, int] | None]]:
    return {("tcp", (port, port)) for port in ports}


def test_the_world_reaches_only_the_load_balancers_by_http_and_https(matrix: Matrix) -> None:
    assert {(flow.target, flow.protocol, flow.ports) for flow in matrix if flow.source is Party.WORLD} == {
        (Party.ENTRY, Protocol.TCP, (80, 80)),
        (Party.ENTRY, Protocol.TCP, (443, 443)),
    }


def test_from_outside_only_administrators_and_the_other_site_reach_machines(matrix: Matrix) -> None:
    reached = {
        (flow.source, flow.target) for flow in matrix if flow.source in OUTSIDE and isinstance(flow.target, Role)
    }
    assert reached <= {(Party.ADMINS, Role.BASTION), (Party.OTHER_LINK, Role.LINK)}
    assert _ports(matrix, Party.ADMINS, Role.BASTION) == _tcp(22)


def test_ssh_leads_through_the_bastion_alone(matrix: Matrix) -> None:
    ssh = {(flow.source, flow.target) for flow in matrix if flow.ports is not None and _covers(flow, 22)}
    assert ssh == {(Party.ADMINS, Role.BASTION), *((Role.BASTION, role) for role in Role if role is not Role.BASTION)}


def _covers(flow: Flow, port: int) -> bool:
    assert flow.ports is not None
    return flow.ports[0] <= port <= flow.ports[1]


def test_load_balancers_reach_the_fronts_alone(matrix: Matrix) -> None:
    assert {flow.target for flow in matrix if flow.source is Party.ENTRY} == {Role.FRONT}
    assert _ports(matrix, Party.ENTRY, Role.FRONT) == _tcp(80, 443, 8404)


def test_requests_go_from_front_to_application_to_sql_to_database_and_skip_none(matrix: Matrix) -> None:
    chain = (Role.FRONT, Role.APP, Role.SQL, Role.DATABASE)
    assert _ports(matrix, Role.FRONT, Role.APP) == _tcp(APP_PORT)
    assert _ports(matrix, Role.APP, Role.SQL) == _tcp(3306, 3307)
    assert ("tcp", (3306, 3306)) in _ports(matrix, Role.SQL, Role.DATABASE)
    for position, source in enumerate(chain):
        for target in chain[position + 2 :]:
            assert _ports(matrix, source, target) == set(), f"{source} reaches {target} directly"
        for target in chain[:position]:
            assert _ports(matrix, source, target) == set(), f"{source} opens connections back to {target}"


def test_databases_take_connections_from_sql_routers_each_other_and_for_administration_alone(matrix: Matrix) -> None:
    sources = {flow.source for flow in matrix if flow.target is Role.DATABASE}
    assert sources == {Role.SQL, Role.DATABASE, Role.BASTION}


def test_galera_s_ports_are_open_only_with_galera(
    variant: tuple[DatabaseVariant, FilesKind, bool], matrix: Matrix
) -> None:
    among = _ports(matrix, Role.DATABASE, Role.DATABASE)
    if variant[0] is DatabaseVariant.GALERA:
        assert among == _tcp(3306, 4444, 4567, 4568) | {("udp", (4567, 4567))}
        assert _ports(matrix, Role.SQL, Role.DATABASE) == _tcp(3306, 9200)
    else:
        assert among == _tcp(3306)
        assert _ports(matrix, Role.SQL, Role.DATABASE) == _tcp(3306)


def test_shared_files_are_reached_where_they_are(
    variant: tuple[DatabaseVariant, FilesKind, bool], matrix: Matrix
) -> None:
    gluster: set[tuple[str, tuple[int, int] | None]] = {("tcp", (24007, 24008)), ("tcp", (49152, 49251))}
    own = variant[1] is FilesKind.GLUSTER
    assert _ports(matrix, Role.APP, Role.FILES) == (gluster if own else set())
    assert _ports(matrix, Role.FILES, Role.FILES) == (gluster if own else set())
    assert _ports(matrix, Role.APP, Party.SHARES) == (set() if own else _tcp(2049))
    assert {flow.source for flow in matrix if flow.target is Party.SHARES} <= {Role.APP}


def test_every_role_reaches_vault_and_only_vaults_their_raft(matrix: Matrix) -> None:
    for role in Role:
        own = _tcp(8201) if role is Role.VAULT else set()
        ssh = _tcp(22) if role is Role.BASTION else set()
        assert _ports(matrix, role, Role.VAULT) == _tcp(8200) | own | ssh


def test_pairs_agree_on_their_shared_address_and_nobody_else_speaks_vrrp(
    variant: tuple[DatabaseVariant, FilesKind, bool], matrix: Matrix
) -> None:
    pairs = {Role.FRONT, Role.SQL} | ({Role.LINK} if variant[2] else set())
    vrrp = [flow for flow in matrix if flow.protocol is Protocol.VRRP]
    assert {(flow.source, flow.target, flow.ports) for flow in vrrp} == {(role, role, None) for role in pairs}
    assert all(flow.ports is not None for flow in matrix if flow not in vrrp)


def test_a_second_site_is_reached_only_through_the_link(
    variant: tuple[DatabaseVariant, FilesKind, bool], matrix: Matrix
) -> None:
    across = {(flow.source, flow.target, flow.ports) for flow in matrix if flow.across}
    tunnel = _ports(matrix, Party.OTHER_LINK, Role.LINK)
    assert tunnel == _ports(matrix, Role.LINK, Party.OTHER_LINK)
    if not variant[2]:
        assert (across, tunnel) == (set(), set())
        return
    assert tunnel == {("udp", (51820, 51821))}
    replication = {(Role.DATABASE, Role.DATABASE, (3306, 3306))}
    secrets = {(role, Role.VAULT, (8200, 8200)) for role in Role}
    administration = {(Role.BASTION, role, (22, 22)) for role in Role if role is not Role.BASTION}
    assert across == replication | secrets | administration


def test_machines_ask_the_internet_for_packages_names_and_time_alone(matrix: Matrix) -> None:
    for role in Role:
        assert _ports(matrix, role, Party.INTERNET) == _tcp(80, 443, 53) | {("udp", (53, 53)), ("udp", (123, 123))}
    assert not [flow for flow in matrix if flow.source is Party.INTERNET], "servers on the internet open no connections"


def test_every_flow_stands_once_and_says_why(matrix: Matrix) -> None:
    keys = [(flow.source, flow.target, flow.protocol, flow.ports) for flow in matrix]
    assert len(set(keys)) == len(keys)
    assert all(flow.reason.strip() for flow in matrix)
    assert all(flow.ports is None or 1 <= flow.ports[0] <= flow.ports[1] <= 65535 for flow in matrix)


def test_roles_and_parties_have_names_of_their_own() -> None:
    # They are looked up in one table, by name.
    assert not {role.value for role in Role} & {party.value for party in Party}
