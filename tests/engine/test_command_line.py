"""`python -m sandbox …`: the clouds can be looked at, changed and broken from a shell, and bad input is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.setup import ROOT
from sandbox import daemon
from sandbox.daemon import Running
from sandbox.store import Store
from tests.unit.sandbox.customer import Customer, RefusedError, Resource

pytestmark = pytest.mark.engine

PROJECT = "c" * 32
NETWORK = "ovh:index/cloudNetworkPrivateVrack:CloudNetworkPrivateVrack"
BUCKET = "ovh:index/cloudStorageObjectBucket:CloudStorageObjectBucket"
PLACE = {"serviceName": PROJECT, "region": "GRA11"}
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def cli(sandbox_directory: Path, store: Store) -> Iterator[Command]:
    def run(*arguments: str, directory: Path = sandbox_directory) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "sandbox", *arguments],
            cwd=ROOT,
            env={**os.environ, "SANDBOX_DIR": str(directory), "COLUMNS": "80"},
            capture_output=True,
            text=True,
            check=False,
        )

    yield run
    for provider, kind in store.faults():
        store.set_fault(provider, kind, None)


@pytest.fixture
def ovh(sandbox: Running, store: Store, open_projects: Callable[..., None]) -> Iterator[Customer]:
    """The operator at OVH; what a test makes is removed."""
    open_projects(ovh=PROJECT)
    account = next(one for one in store.accounts("ovh") if one.name == daemon.OPERATOR)
    config = {"applicationKey": account.access, "applicationSecret": account.secret}
    customer = Customer("ovh", sandbox.providers["ovh"], config)
    yield customer
    for row in reversed([row for row in store.rows("ovh") if row.project == PROJECT]):
        customer.delete(Resource(row.token, "it", row.id, row.inputs, row.outputs))
    customer.close()


def text(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join((done.stdout + done.stderr).split())


def test_what_the_clouds_hold_is_listed_and_shown(cli: Command, ovh: Customer) -> None:
    net = ovh.create(NETWORK, name="cli-net", vlanId=7, **PLACE)
    listed = json.loads(cli("list", "--provider", "ovh", "--type", "networkprivate", "--json").stdout)
    assert {"provider": "ovh", "type": NETWORK, "id": net.id, "name": "cli-net"}.items() <= listed[-1].items()
    assert json.loads(cli("list", "--provider", "scaleway", "--type", "networkprivate", "--json").stdout) == []
    table = cli("list").stdout
    assert "cli-net" in table
    assert "…" not in table, "ids are shown whole, also on a narrow screen"
    for name in ("cli-net", net.id, net.id[:13]):
        shown = json.loads(cli("show", name).stdout)
        assert shown["id"] == net.id
        assert shown["properties"]["vlanId"] == 7


def test_a_resource_can_be_changed_and_deleted_behind_the_program_s_back(cli: Command, ovh: Customer) -> None:
    net = ovh.create(NETWORK, name="cli-net", vlanId=7, **PLACE)
    assert "cli-net: vlanId is now 8" in text(cli("set", "cli-net", "vlanId=8"))
    assert (ovh.read(net) or {})["vlanId"] == 8
    assert "cli-net is gone." in text(cli("delete", "cli-net"))
    assert ovh.read(net) is None


def test_a_deleted_bucket_is_gone_from_its_server_too(cli: Command, ovh: Customer) -> None:
    given: dict[str, Any] = {
        "name": "cli-bucket",
        "serviceName": PROJECT,
        "region": "GRA",
        "versioning": {"status": "ENABLED"},
    }
    ovh.create(BUCKET, **given)
    assert cli("delete", "cli-bucket").returncode == 0
    assert ovh.read(ovh.create(BUCKET, **given)) is not None


def test_faults_are_felt_listed_and_mended(cli: Command, ovh: Customer) -> None:
    for kind, value, shown in (
        ("latency_ms", "1", "ovh: latency_ms 1 (milliseconds that every call takes longer)"),
        ("error_rate", "1", "ovh: error_rate 1 (share of calls that fail with 503, from 0 to 1)"),
    ):
        assert shown in text(cli("fault", "ovh", kind, value))
    with pytest.raises(RefusedError, match="503 Service Unavailable"):
        ovh.create(NETWORK, **PLACE)
    cli("fault", "ovh", "error_rate", "off")
    cli("fault", "ovh", "outage", "1")
    with pytest.raises(RefusedError, match="outage"):
        ovh.create(NETWORK, **PLACE)
    status = text(cli("status"))
    assert "ovh: outage 1 (1: the API does not answer)" in status
    assert "provider ovh" in status
    assert "object storage of scaleway" in status
    cli("fault", "ovh", "outage", "off")
    cli("fault", "ovh", "quota", "0")
    with pytest.raises(RefusedError, match="403 quota exceeded"):
        ovh.create(NETWORK, **PLACE)
    for kind in ("latency_ms", "quota"):
        cli("fault", "ovh", kind, "off")
    assert text(cli("faults")) == "Nothing is broken."
    ovh.create(NETWORK, **PLACE)


def test_accounts_are_listed_without_their_secrets(cli: Command, store: Store) -> None:
    listed = text(cli("accounts"))
    for account in store.accounts():
        assert account.provider in listed
        assert account.name in listed
        assert account.secret not in listed


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        (("show", "no-such-thing"), 1, "there is no resource 'no-such-thing'; `python -m sandbox list` shows them"),
        (("show", "cli-"), 1, "'cli-' is 2 resources; give an id:"),
        (("set", "cli-one", "vlanId"), 1, "'vlanId' is not PROPERTY=VALUE with one of "),
        (("set", "cli-one", "nobodyKnows=1"), 1, "'nobodyKnows=1' is not PROPERTY=VALUE with one of "),
        (("set", "cli-one", "vlanId=many"), 1, "vlanId of cli-one is 7; 'many' is of another type"),
        (("delete", "no-such-thing"), 1, "there is no resource 'no-such-thing'"),
        (
            ("fault", "ovh", "error_rate", "2"),
            1,
            "error_rate is share of calls that fail with 503, from 0 to 1; 2 is not",
        ),
        (("fault", "ovh", "error_rate", "nan"), 1, "nan is not between 0 and 1"),
        (("fault", "ovh", "latency_ms", "inf"), 1, "inf is not between 0 and 600000"),
        (("fault", "ovh", "latency_ms", "slow"), 1, "'slow' is not a number and not 'off'"),
        (("fault", "ovh", "gremlins", "1"), 2, "invalid choice: 'gremlins' (choose from"),
        (("fault", "nobody", "outage", "1"), 2, "invalid choice: 'nobody' (choose from"),
        (("list", "--provider", "nobody"), 2, "invalid choice: 'nobody' (choose from"),
        (("dance",), 2, "invalid choice: 'dance' (choose from"),
        ((), 2, "the following arguments are required: COMMAND"),
        (("preview", "--stack", "nowhere"), 1, "Pulumi.nowhere.yaml"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_input_is_refused_with_what_is_accepted(
    cli: Command, ovh: Customer, arguments: tuple[str, ...], status: int, reason: str
) -> None:
    if arguments and arguments[0] in ("show", "set"):
        for name in ("cli-one", "cli-two"):
            ovh.create(NETWORK, name, name=name, vlanId=7, **PLACE)
    done = cli(*arguments)
    assert done.returncode == status
    assert reason in text(done)
    assert "Traceback" not in text(done)


def test_without_a_sandbox_the_way_to_one_is_said(cli: Command, tmp_path: Path) -> None:
    for command in (("list",), ("faults",), ("delete", "x"), ("accounts",)):
        done = cli(*command, directory=tmp_path / "nowhere")
        assert done.returncode == 1
        assert "there is no sandbox here; `make up` or `python -m sandbox start` makes one" in text(done)
    assert "do not run" in text(cli("status", directory=tmp_path / "nowhere"))
    assert not (tmp_path / "nowhere").exists()
