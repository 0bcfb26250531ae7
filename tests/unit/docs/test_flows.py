"""The flow matrix as people read it: current, whole, and with the settings that each line depends on."""

from __future__ import annotations

from itertools import product

import pytest

from components.network.flows import Flow, Party, Protocol, flows
from docs.flows import APP_PORT, FILE, condition, conditions, ends, explained, lines, rows, text
from settings import DatabaseVariant, FilesKind, Role

VARIANTS = list(product(DatabaseVariant, FilesKind, (False, True)))


def test_the_file_is_current() -> None:
    assert FILE.read_text() == text(), "run: make docs"


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_the_lines_of_a_variant_are_its_flows(variant: tuple[DatabaseVariant, FilesKind, bool]) -> None:
    database, files, linked = variant
    holds = {
        "": True,
        f"`database.variant: {database}`": True,
        f"`files.kind: {files}`": True,
        "two sites" if linked else "one site": True,
    }
    told = {
        (source, target, line.protocol, line.ports)
        for line in lines()
        if holds.get(line.condition)
        for source in line.sources
        for target in line.targets
    }
    matrix = flows(APP_PORT, database, files, linked=linked)
    assert told == {(flow.source, flow.target, flow.protocol, flow.ports) for flow in matrix}


def test_what_crosses_between_sites_is_said() -> None:
    matrix = flows(APP_PORT, DatabaseVariant.GALERA, FilesKind.GLUSTER, linked=True)
    crossing = {flow for flow in matrix if flow.across}
    assert crossing
    assert {flow for flow in conditions() if flow.across} == crossing
    assert {row[4] for row in rows() if "between sites" in row[4]} == {
        f"{flow.reason}; between sites, too" for flow in crossing
    }


def test_the_port_of_the_application_is_the_settings() -> None:
    assert [row[:4] for row in rows() if row[3] == "`app_port`"] == [("front", "app", "tcp", "`app_port`")]
    assert ("app", "files", "tcp", "24007–24008") in {(row[0].split(", ")[0], *row[1:4]) for row in rows()}


def test_conditions_name_what_a_flow_depends_on() -> None:
    assert condition(set(VARIANTS)) == ""
    assert condition({v for v in VARIANTS if v[0] is DatabaseVariant.GALERA}) == "`database.variant: galera`"
    both = {v for v in VARIANTS if v[1] is FilesKind.MANAGED and v[2]}
    assert condition(both) == "`files.kind: managed`, two sites"
    with pytest.raises(ValueError, match="no settings by themselves"):
        condition({VARIANTS[0], VARIANTS[-1]})


def test_all_roles_are_called_so_and_all_but_one() -> None:
    assert ends(list(Role)) == "every role"
    assert ends([role for role in Role if role is not Role.VAULT]) == "every role but vault"
    assert ends([Role.APP, Role.FILES]) == "app, files"
    assert ends([Party.WORLD]) == "world"


def test_every_party_is_explained() -> None:
    assert [name for name, _ in explained()] == [party.value for party in Party]
    assert all(meaning.endswith(".") for _, meaning in explained())


def test_no_cell_breaks_the_table() -> None:
    assert all("|" not in cell and "\n" not in cell for row in [*rows(), *explained()] for cell in row)
    assert {row[2] for row in rows()} == {protocol.value for protocol in Protocol}


def test_a_flow_stands_on_one_line() -> None:
    told = [(s, t, line.protocol, line.ports) for line in lines() for s in line.sources for t in line.targets]
    assert len(told) == len(set(told)) == len(conditions())
    assert all(isinstance(flow, Flow) for flow in conditions())
