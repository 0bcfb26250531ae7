"""The engine path is whole: every command that people use, on the real engine and the simulated clouds."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.store import Store

pytestmark = pytest.mark.engine
Pulumi = Callable[..., subprocess.CompletedProcess[str]]

PROJECT = "a" * 32
PROGRAM = f"""
import pulumi
import pulumi_ovh as ovh
import pulumi_random as random

network = ovh.CloudNetworkPrivateVrack("net", name="net-{{name}}", service_name="{PROJECT}", region="GRA11", vlan_id=12)
subnet = ovh.CloudNetworkPrivateVrackSubnet(
    "sub", service_name="{PROJECT}", region="GRA11", network_id=network.id, cidr="10.0.0.0/24"
)
password = random.RandomPassword("password", length=24)
pulumi.export("subnet", subnet.id)
pulumi.export("password", password.result)
"""

UNKNOWN_TYPE = """
import pulumi
pulumi.CustomResource("ovh:index/nobodyKnows:NobodyKnows", "x", {})
"""


def program(name: str) -> str:
    return PROGRAM.replace("{name}", name)


def test_every_command_of_a_stacks_life(
    pulumi: Pulumi, project: Callable[[str], Path], open_projects: Callable[..., None], store: Store
) -> None:
    open_projects(ovh=PROJECT)
    folder = project(program("life"))
    preview = pulumi(folder, "preview")
    assert preview.returncode == 0, preview.stdout + preview.stderr
    assert "4 to create" in preview.stdout
    assert not [row for row in store.rows("ovh") if row.name == "net-life"], "a preview creates nothing"

    up = pulumi(folder, "up", "--yes", "--skip-preview")
    assert up.returncode == 0, up.stdout + up.stderr
    assert [row.name for row in store.rows("ovh") if row.name == "net-life"] == ["net-life"]
    assert pulumi(folder, "preview", "--expect-no-changes").returncode == 0

    state = json.loads(pulumi(folder, "stack", "export").stdout)
    password = next(r for r in state["deployment"]["resources"] if r["type"].endswith("RandomPassword"))
    assert "ciphertext" in json.dumps(password["outputs"]["result"]), "secrets are encrypted in the state"
    shown = pulumi(folder, "stack", "output", "--json", "--show-secrets")
    secret = json.loads(shown.stdout)["password"]
    assert len(secret) == 24
    assert secret not in up.stdout
    assert secret not in json.dumps(state)

    assert pulumi(folder, "refresh", "--yes", "--skip-preview").returncode == 0
    destroyed = pulumi(folder, "destroy", "--yes", "--skip-preview")
    assert destroyed.returncode == 0, destroyed.stdout
    assert not [row for row in store.rows("ovh") if row.name == "net-life"]


def test_refresh_finds_what_was_changed_behind_the_programs_back(
    pulumi: Pulumi, project: Callable[[str], Path], open_projects: Callable[..., None], store: Store
) -> None:
    open_projects(ovh=PROJECT)
    folder = project(program("drift"))
    assert pulumi(folder, "up", "--yes", "--skip-preview").returncode == 0
    row = next(row for row in store.rows("ovh") if row.name == "net-drift")
    store.change(row, row.inputs, {**row.outputs, "vlanId": 99})
    drift = pulumi(folder, "preview", "--refresh", "--expect-no-changes", "--diff")
    assert drift.returncode != 0
    assert "vlanId" in drift.stdout
    store.delete(
        next(row for row in store.rows("ovh") if row.outputs.get("cidr") == "10.0.0.0/24" and "test" in row.urn)
    )
    again = pulumi(folder, "up", "--yes", "--skip-preview", "--refresh")
    assert again.returncode == 0, again.stdout
    assert next(row for row in store.rows("ovh") if row.name == "net-drift").outputs["vlanId"] == 12


def test_an_error_in_the_program_shows_its_traceback(pulumi: Pulumi, project: Callable[[str], Path]) -> None:
    done = pulumi(project("def broken():\n    return 1 / 0\n\nbroken()\n"), "preview")
    assert done.returncode != 0
    assert "ZeroDivisionError" in done.stdout
    assert "in broken" in done.stdout


def test_a_missing_virtualenv_is_named(pulumi: Pulumi, project: Callable[[str], Path]) -> None:
    folder = project("")
    file = folder / "Pulumi.yaml"
    file.write_text(file.read_text().split("virtualenv:")[0] + "virtualenv: /nowhere/venv\n")
    done = pulumi(folder, "preview")
    assert done.returncode != 0
    assert "virtualenv is '/nowhere/venv'" in done.stdout + done.stderr


def test_the_virtualenv_of_the_project_runs_the_program(
    pulumi: Pulumi, project: Callable[[str], Path], tmp_path: Path
) -> None:
    virtualenv = tmp_path / "own-venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(virtualenv)], check=True)
    (packages,) = virtualenv.glob("lib/python*/site-packages")
    (packages / "only_here.py").write_text("ANSWER = 42\n")
    (packages / "shared.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    folder = project("import sys\nimport only_here\nimport pulumi\npulumi.export('prefix', sys.prefix)\n")
    file = folder / "Pulumi.yaml"
    file.write_text(file.read_text().split("virtualenv:")[0] + f"virtualenv: {virtualenv}\n")
    done = pulumi(folder, "up", "--yes", "--skip-preview")
    assert done.returncode == 0, done.stdout
    assert pulumi(folder, "stack", "output", "prefix").stdout.strip() == str(virtualenv)


def test_an_exported_state_can_be_imported_again_with_its_secrets(
    pulumi: Pulumi, project: Callable[[str], Path], open_projects: Callable[..., None], tmp_path: Path
) -> None:
    open_projects(ovh=PROJECT)
    folder = project(program("export"))
    assert pulumi(folder, "up", "--yes", "--skip-preview").returncode == 0
    before = pulumi(folder, "stack", "output", "password", "--show-secrets").stdout
    file = tmp_path / "exported.json"
    assert pulumi(folder, "stack", "export", "--file", str(file)).returncode == 0
    state = json.loads(file.read_text())
    assert len(state["deployment"]["resources"]) >= 4

    empty = tmp_path / "empty.json"
    empty.write_text(json.dumps({**state, "deployment": {**state["deployment"], "resources": []}}))
    assert pulumi(folder, "stack", "import", "--file", str(empty)).returncode == 0
    assert pulumi(folder, "preview", "--expect-no-changes").returncode != 0
    assert pulumi(folder, "stack", "import", "--file", str(file)).returncode == 0
    assert pulumi(folder, "preview", "--expect-no-changes").returncode == 0
    assert pulumi(folder, "stack", "output", "password", "--show-secrets").stdout == before


def test_a_secret_of_the_configuration_stays_secret(pulumi: Pulumi, project: Callable[[str], Path]) -> None:
    folder = project(
        "import pulumi\n"
        "secret = pulumi.Config().require_secret('token')\n"
        "pulumi.export('token', secret)\n"
        "secret.apply(lambda value: pulumi.log.info(f'it has {len(value)} letters'))\n"
    )
    canary = "canary-7d1f0c2b9e"
    assert pulumi(folder, "config", "set", "--secret", "token", canary).returncode == 0
    done = pulumi(folder, "up", "--yes", "--skip-preview")
    assert done.returncode == 0, done.stdout
    assert f"it has {len(canary)} letters" in done.stdout
    assert "[secret]" in done.stdout
    for shown in (done.stdout, done.stderr, pulumi(folder, "stack", "export").stdout, pulumi(folder, "config").stdout):
        assert canary not in shown
    assert pulumi(folder, "stack", "output", "token", "--show-secrets").stdout.strip() == canary


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            'region="GRA99", vlan_id=1',
            "property region value {GRA99} has a problem: is 'GRA99', but accepted is one of",
        ),
        (
            'region="GRA11", vlan_id=5000',
            "property vlanId value {5000} has a problem: is 5000, but accepted is 0 to 4094",
        ),
    ],
)
def test_what_the_api_would_refuse_is_refused_with_the_reason(
    pulumi: Pulumi, project: Callable[[str], Path], open_projects: Callable[..., None], arguments: str, message: str
) -> None:
    open_projects(ovh=PROJECT)
    source = f'import pulumi_ovh as ovh\novh.CloudNetworkPrivateVrack("n", service_name="{PROJECT}", {arguments})\n'
    done = pulumi(project(source), "preview")
    assert done.returncode != 0
    assert message in " ".join(done.stdout.split())


def test_projects_of_others_are_refused(pulumi: Pulumi, project: Callable[[str], Path]) -> None:
    source = 'import pulumi_ovh as ovh\novh.CloudNetworkPrivateVrack("n", service_name="b" * 32, region="GRA11")\n'
    done = pulumi(project(source), "preview")
    assert done.returncode != 0
    assert "403 these credentials give no access to project" in done.stdout


def test_unknown_types_and_functions_are_errors(pulumi: Pulumi, project: Callable[[str], Path]) -> None:
    done = pulumi(project(UNKNOWN_TYPE), "preview")
    assert done.returncode != 0
    assert "has no resource type" in done.stdout
