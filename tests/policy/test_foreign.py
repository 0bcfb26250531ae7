"""The pack serves a project that knows nothing of this one: its own folder, its own stack names, its own settings."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.workspace import Workspace
from sandbox.session import POLICIES
from tests.policy.clouds import every_type

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi
import pulumi_aws as aws

europe = aws.Provider(
    "europe",
    region="eu-west-1",
    default_tags={"tags": {"environment": "staging", "owner": "shop@example.com"}},
)
aws.ecs.TaskDefinition(
    "shop",
    family="shop",
    container_definitions='[{"name": "shop", "image": "registry.example/shop:latest"}]',
    opts=pulumi.ResourceOptions(provider=europe),
)
"""
SETTINGS = """config:
  policies:advisory: [supply-chain]
"""


@pytest.fixture
def foreign(tmp_path: Path) -> Iterator[Workspace]:
    project = tmp_path / "shop"
    project.mkdir()
    virtualenv = Path(__file__).parents[2] / ".venv"
    (project / "Pulumi.yaml").write_text(
        f"name: shop\nruntime:\n  name: python\n  options:\n    virtualenv: {virtualenv}\n"
    )
    (project / "__main__.py").write_text(PROGRAM)
    (project / "Pulumi.staging.yaml").write_text("{}")
    with every_type(tmp_path) as environment:
        workspace = Workspace(tmp_path / "pulumi", project, environment)
        workspace.prepare("staging")
        yield workspace


def test_a_foreign_project_is_judged_and_configures_the_pack_in_its_own_stack_file(foreign: Workspace) -> None:
    def preview() -> subprocess.CompletedProcess[str]:
        foreign.prepare("staging")
        return foreign.run("preview", "--policy-pack", str(POLICIES), "--stack", "staging", quiet=True, check=False)

    refused = preview()
    assert refused.returncode != 0, refused.stdout
    assert refused.stdout.count("[mandatory]") == 1
    assert 'containerDefinitions[0].image is "registry.example/shop:latest"' in refused.stdout

    (foreign.project / "Pulumi.staging.yaml").write_text(SETTINGS)
    advised = preview()
    assert advised.returncode == 0, advised.stdout + advised.stderr
    assert "[mandatory]" not in advised.stdout
    assert advised.stdout.count("[advisory]") == 1
    assert 'containerDefinitions[0].image is "registry.example/shop:latest"' in advised.stdout

    (foreign.project / "Pulumi.staging.yaml").write_text("config:\n  policies:advisory: [supply-chains]\n")
    mistaken = preview()
    assert mistaken.returncode != 0
    assert (
        'Pulumi.staging.yaml:\npolicies:advisory[0]: "supply-chains" is no policy' in mistaken.stdout + mistaken.stderr
    )
