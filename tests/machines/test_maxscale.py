"""MaxScale's configuration: documented parameters alone, and what no acknowledged write is lost by."""

from __future__ import annotations

import configparser

import pytest

from tests.machines.bodies import SECRETS, STACKS, Body, kinds
from tests.machines.maxscale import mistakes

pytestmark = pytest.mark.machines


def routers() -> list[Body]:
    found = [body for stack in STACKS for body in kinds(stack) if body.has("sql")]
    return [body for body in found if body.facts["database"]["variant"] == "maxscale"]


def configuration(body: Body) -> str:
    return body.render("sql", "maxscale.cnf.j2")


def test_every_parameter_is_documented() -> None:
    assert routers()
    for body in routers():
        assert mistakes(configuration(body)) == [], body.name


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        (
            "auto_failover=",
            "auto_failovers=",
            "[monitor] auto_failovers is not a parameter of mariadbmon; did you mean auto_failover?",
        ),
        ("failcount=3", "failcount=three", "[monitor] failcount is 'three', but accepted is a"),
        ("monitor_interval=1s", "monitor_interval=1", "[monitor] monitor_interval is '1', but accepted is a duration"),
        ("majority_of_all", "majority", "[monitor] cooperative_monitoring_locks is 'majority', but accepted is one of"),
        ("TLSv1.2,TLSv1.3", "TLSv1.2,TLSv1.4", "ssl_version is 'TLSv1.4', but accepted is one of"),
        (
            "service=write",
            "service=writes",
            "[write-listener] service names 'writes', and there is no service of that name",
        ),
        ("router=readconnroute", "router=schemarouter", "[read] is of a kind ('schemarouter')"),
        (
            "auto_rejoin=true",
            "auto_rejoin=yes please",
            "[monitor] auto_rejoin is 'yes please', but accepted is a boolean",
        ),
        ("router_options=slave", "router_options=replica", "router_options is 'replica', but accepted is one of"),
    ],
)
def test_mistakes_are_found_and_named(before: str, after: str, problem: str) -> None:
    text = configuration(routers()[0])
    assert before in text
    assert any(found.startswith(problem) or problem in found for found in mistakes(text.replace(before, after)))


def test_two_routers_never_make_two_primaries() -> None:
    for body in routers():
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_string(configuration(body))
        monitor = parser["monitor"]
        assert monitor["cooperative_monitoring_locks"] == "majority_of_all"
        assert len(monitor["servers"].split(",")) % 2 == 1
        # A replica's heartbeat must come more often than its silence is taken for the primary's death.
        assert "MASTER_HEARTBEAT_PERIOD=1" in monitor["replication_custom_options"]
        assert int(monitor["master_failure_timeout"].removesuffix("s")) > 1
        replay = int(parser["write"]["transaction_replay_timeout"].removesuffix("s"))
        bound = (int(monitor["monitor_interval"][:-1]) + int(monitor["backend_connect_timeout"][:-1])) * 3
        assert replay > bound + int(monitor["master_failure_timeout"][:-1]), "longer than a failover takes"


def test_passwords_come_from_vault() -> None:
    for body in routers():
        text = configuration(body)
        for path in ("database/monitor", "database/replication", "database/router"):
            assert path in body.facts["vault"]["paths"]
            assert SECRETS[path]["password"] in text
