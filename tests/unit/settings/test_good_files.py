"""The project's own stack files are accepted, the model cannot be changed, and editors know the same rules."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ValidationError

from settings import Environment, Hosting, Provider, Role, System, load, read
from settings.load import ROOT
from settings.schema import FILE, schema, text
from tests.unit.settings.stack_files import REMOVED, document_of, flat, patched

STACKS: Final = ("dev", "prod", "sandbox")


def hosting_of(stack: str) -> Hosting:
    hosting = read(stack).hosting
    assert hosting is not None
    return hosting


def test_every_system_has_a_stack_file_of_every_environment() -> None:
    found = {file.name.split(".")[1] for file in ROOT.glob("Pulumi.*.yaml")}
    names = {system: "" if system is System.HOSTING else f"{system}-" for system in System}
    assert found == {f"{name}{environment}" for name in names.values() for environment in Environment}
    for system, name in names.items():
        for environment in Environment:
            settings = read(f"{name}{environment}")
            assert (settings.system, settings.environment) == (system, environment)


@pytest.mark.parametrize("stack", STACKS)
def test_stack_files_are_accepted(stack: str) -> None:
    settings = read(stack)
    assert settings.environment == stack
    document = document_of(stack)["config"]["platform:hosting"]
    sites = hosting_of(stack).sites
    assert settings.system is System.HOSTING
    assert [site.name for site in sites] == [site["name"] for site in document["sites"]]
    assert [site.cidr for site in sites] == [IPv4Network(site["cidr"]) for site in document["sites"]]
    for site, given in zip(sites, document["sites"], strict=True):
        assert {role: group.count for role, group in site.machines.items()} == {
            Role(role): group["count"] for role, group in given["machines"].items()
        }


@pytest.mark.parametrize("stack", [*STACKS, "chat-dev", "chat-prod", "chat-sandbox"])
def test_the_engines_configuration_says_the_same_as_the_file(stack: str) -> None:
    assert load(stack, flat(document_of(stack))) == read(stack)


def test_the_sites_are_known_by_their_role() -> None:
    hosting = hosting_of("prod")
    assert hosting.primary.name == "par"
    assert hosting.secondary is not None
    assert hosting.secondary.name == "ams"
    assert hosting_of("dev").secondary is None


def _models(value: Any) -> list[BaseModel]:
    if isinstance(value, BaseModel):
        return [value, *(found for name in type(value).model_fields for found in _models(getattr(value, name)))]
    if isinstance(value, Mapping):
        return [found for child in value.values() for found in _models(child)]
    if isinstance(value, tuple):
        return [found for child in value for found in _models(child)]
    return []


def test_settings_cannot_be_changed() -> None:
    models = _models(read("sandbox"))
    assert {type(model).__name__ for model in models} >= {"Settings", "Hosting", "Site", "MachineGroup", "Database"}
    for model in models:
        for name in type(model).model_fields:
            with pytest.raises(ValidationError, match="frozen"):
                setattr(model, name, None)


def test_maps_in_settings_cannot_be_changed() -> None:
    site = hosting_of("sandbox").primary
    with pytest.raises(TypeError):
        site.machines[Role.APP] = site.machines[Role.VAULT]  # type: ignore[index]
    accounts = hosting_of("sandbox").accounts
    with pytest.raises(TypeError):
        del accounts[Provider.OVH]  # type: ignore[attr-defined]


def test_the_schema_file_is_current() -> None:
    assert FILE.read_text() == text(), "run: python -m settings schema"


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("stack", [*STACKS, "chat-dev", "chat-prod", "chat-sandbox"])
def test_stack_files_name_their_schema_and_are_valid_by_it(stack: str) -> None:
    file = ROOT / f"Pulumi.{stack}.yaml"
    assert file.read_text().startswith(f"# yaml-language-server: $schema={FILE.relative_to(ROOT)}\n")
    assert list(_validator().iter_errors(document_of(stack))) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("organization", "x"),
        ("hosting.app_prot", 8000),
        ("hosting.app_port", "8000"),
        ("hosting.app_port", 80),
        ("hosting.dns.zone", REMOVED),
        ("hosting.database.variant", "galara"),
        ("hosting.files.size_gb", 1),
        ("hosting.sites", []),
        ("hosting.sites[0].role", "standby"),
        ("hosting.sites[0].cidr", 10),
        ("hosting.sites[0].machines.databse", {"count": 3, "type": "b3-16"}),
        ("hosting.sites[0].machines.app.count", 0),
        ("hosting.accounts.aws", {"project": "1" * 32}),
        ("hosting.backups.replicas[1].lock_days", -1),
        ("hosting.backups.replicas[0].region", REMOVED),
        ("environment", "prodd"),
        ("owner", "hosting"),
    ],
)
def test_editors_see_mistakes_where_they_are(key: str, value: Any) -> None:
    """What is wrong by itself is wrong by the schema too, at the same place."""
    errors = list(_validator().iter_errors(patched("sandbox", {key: value})))
    assert errors
    path = f"platform:{key}".replace("[", ".").replace("]", "").split(".")
    for error in errors:
        place = [str(step) for step in error.absolute_path][1:]
        assert place == path[: len(place)]


def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(FILE.read_text()))


def test_the_check_command_names_good_and_bad_files() -> None:
    """`python -m settings check` is what a commit hook and the pipeline run."""
    command = [sys.executable, "-m", "settings", "check"]
    good = subprocess.run([*command, "prod"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (good.returncode, good.stdout) == (0, "Pulumi.prod.yaml is well\n")
    bad = subprocess.run([*command, "produ"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (bad.returncode, bad.stdout) == (1, "")
    assert "Pulumi.produ.yaml" in bad.stderr
    assert "Traceback" not in bad.stderr
