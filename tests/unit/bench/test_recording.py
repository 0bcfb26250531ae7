"""The flat program that the program is measured against declares the same resources, with the same inputs."""

from __future__ import annotations

import json
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from bench import recording
from sandbox.properties import SECRET_SIGNATURE, SIGNATURE_KEY
from settings import DatabaseVariant, FilesKind, Provider
from tests.unit.components.recorder import CANARY, Recording, Registration, record
from tests.unit.stacks.variants import Variant, declared, projects

VARIANTS: Final = (
    Variant((Provider.OVH, Provider.SCALEWAY)),
    Variant((Provider.SCALEWAY, Provider.OVH), DatabaseVariant.GALERA, FilesKind.GLUSTER),
)


def _state(registrations: Recording) -> dict[str, Any]:
    """What `pulumi stack export --show-secrets` prints of a recording."""
    stack = {"urn": "urn:pulumi:prod::platform::pulumi:pulumi:Stack::platform-prod", "type": "pulumi:pulumi:Stack"}
    provider = {"urn": "urn:pulumi:prod::platform::pulumi:providers:ovh::default", "type": "pulumi:providers:ovh"}
    return {
        "deployment": {
            "resources": [
                {**stack, "custom": False},
                {**provider, "custom": True, "inputs": {"endpoint": "ovh-eu"}},
                *(_resource(one) for one in registrations.registrations),
            ]
        }
    }


def _resource(one: Registration) -> dict[str, Any]:
    if not one.custom:
        return {"urn": one.urn, "type": one.type, "custom": False}
    inputs = {key: _sealed(value) if key in one.secret else value for key, value in one.inputs.items()}
    return {"urn": one.urn, "type": one.type, "custom": True, "inputs": {**inputs, "__defaults": []}}


def _sealed(value: Any) -> dict[str, str]:
    return {SIGNATURE_KEY: SECRET_SIGNATURE, "plaintext": json.dumps(value)}


def _inputs(one: Registration) -> str:
    return json.dumps([one.type, one.inputs, sorted(one.secret)], sort_keys=True)


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_the_flat_program_declares_the_same_resources(variant: Variant, tmp_path: Path) -> None:
    original = declared(variant)
    folder = recording.write(tmp_path / "flat", recording.resources(_state(original)), "flat", {})

    def flat() -> Mapping[str, Any]:
        runpy.run_path(str(folder / "__main__.py"), run_name="__main__")
        return {}

    again = record(flat, stack="flat", projects=projects(variant.hosting))
    expected = [one for one in original.registrations if one.custom]
    assert len(expected) > 200
    assert sorted(map(_inputs, again.registrations)) == sorted(map(_inputs, expected))


def test_secrets_stay_secrets_and_are_taken_out_of_their_envelopes() -> None:
    recorded = recording.resources(_state(declared(VARIANTS[0])))
    plain = [one["class"] for one in recorded if CANARY in json.dumps(one["inputs"])]
    assert plain == []
    found = [one["secrets"] for one in recorded if one["secrets"]]
    assert any(CANARY in json.dumps(secrets) for secrets in found)
    assert SIGNATURE_KEY not in json.dumps(found)


def test_a_secret_within_a_value_hides_the_whole_value() -> None:
    inputs = {"keepersList": [{"a": _sealed({"deep": ["x"]})}, "y"], "length": 8}
    urn = "urn:pulumi:prod::platform::random:index/randomPassword:RandomPassword::p"
    resource = {"urn": urn, "type": "random:index/randomPassword:RandomPassword", "custom": True, "inputs": inputs}
    (found,) = recording.resources({"deployment": {"resources": [resource]}})
    assert found["inputs"] == {"length": 8}
    assert found["secrets"] == {"keepers_list": [{"a": {"deep": ["x"]}}, "y"]}
    assert found["class"] == "pulumi_random.RandomPassword"


def test_a_type_that_no_sdk_has_is_an_error() -> None:
    resource = {"urn": "urn:pulumi:a::b::ovh:index/none:None::n", "type": "ovh:index/none:None", "custom": True}
    with pytest.raises(KeyError, match="none:None"):
        recording.resources({"deployment": {"resources": [resource]}})


def test_programs_are_projects_of_their_own(tmp_path: Path) -> None:
    empty = recording.write_empty(tmp_path / "empty", "empty")
    flat = recording.write(tmp_path / "flat", [], "flat", {"ovh:endpoint": "ovh-eu"})
    for folder, name, config in ((empty, "empty", {}), (flat, "flat", {"ovh:endpoint": "ovh-eu"})):
        project = yaml.safe_load((folder / "Pulumi.yaml").read_text())
        assert (project["name"], project["runtime"]["name"]) == (name, "python")
        assert (Path(project["runtime"]["options"]["virtualenv"]) / "bin" / "python").exists()
        assert yaml.safe_load((folder / f"Pulumi.{name}.yaml").read_text()) == {"config": config}
        assert (folder / "__main__.py").exists()
