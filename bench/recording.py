"""From a stack's state to a flat program with the same resources."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from engine.setup import ROOT
from sandbox.properties import SECRET_SIGNATURE, SIGNATURE_KEY

PACKAGES: Final = (
    "pulumi_aws",
    "pulumi_command",
    "pulumi_ovh",
    "pulumi_random",
    "pulumi_tls",
    "pulumi_vault",
    "pulumiverse_scaleway",
)
FLAT: Final = ROOT / "bench" / "flat"


def classes() -> dict[str, str]:
    """Type token → class of the SDK, such as `pulumi_ovh.CloudInstance`, as the SDKs themselves register them."""
    found: dict[str, str] = {}
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"the SDK {package} is not installed; `make setup` installs it")
        registered = re.search(r'resource_modules="""(.*?)"""', Path(spec.origin).read_text(), re.DOTALL)
        if registered is None:
            raise ValueError(f"{spec.origin} does not register its resources as pulumi's SDKs do")
        for module in json.loads(registered[1]):
            found |= {token: f"{module['fqn']}.{name}" for token, name in module["classes"].items()}
    return found


def resources(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every resource of a state that a provider made: `class`, `name`, `inputs` and `secrets` (both literal).

    `state` is what `pulumi stack export --show-secrets` prints.
    """
    known = classes()
    recorded = []
    for index, resource in enumerate(state["deployment"]["resources"]):
        if not resource["custom"] or resource["type"].startswith("pulumi:"):
            continue
        inputs = {_argument(key): value for key, value in resource.get("inputs", {}).items() if key != "__defaults"}
        hidden = {key for key, value in inputs.items() if SECRET_SIGNATURE in json.dumps(value)}
        recorded.append(
            {
                "class": known[resource["type"]],
                # Names are unique in a type only; here nothing else tells them apart.
                "name": f"{resource['urn'].rpartition('::')[2]}-{index}",
                "inputs": {key: _plain(value) for key, value in inputs.items() if key not in hidden},
                "secrets": {key: _plain(inputs[key]) for key in sorted(hidden)},
            }
        )
    return recorded


def write(folder: Path, recorded: list[dict[str, Any]], stack: str, config: Mapping[str, Any]) -> Path:
    """The flat program as a project of its own, with one stack; the folder that it is in."""
    folder.mkdir()
    shutil.copy(FLAT / "__main__.py", folder)
    (folder / "resources.json").write_text(json.dumps(recorded))
    return _project(folder, "flat", stack, config)


def write_empty(folder: Path, stack: str) -> Path:
    """A program that declares nothing; the folder that it is in."""
    folder.mkdir()
    (folder / "__main__.py").write_text('"""Nothing: what is measured is the engine alone."""\n')
    return _project(folder, "empty", stack, {})


def _project(folder: Path, name: str, stack: str, config: Mapping[str, Any]) -> Path:
    runtime = {"name": "python", "options": {"virtualenv": str(ROOT / ".venv")}}
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": name, "runtime": runtime}))
    (folder / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": dict(config)}))
    return folder


def _argument(name: str) -> str:
    """`sizeInGb` is the argument size_in_gb of the SDK's class."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _plain(value: Any) -> Any:
    """A value whose secrets are taken out of the engine's envelopes, and whose files are found from everywhere."""
    if isinstance(value, list):
        return [_plain(child) for child in value]
    if not isinstance(value, dict):
        return value
    if value.get(SIGNATURE_KEY) == SECRET_SIGNATURE:
        return _plain(json.loads(value["plaintext"]))
    if SIGNATURE_KEY in value:  # a file or an archive; the engine counts its checksum anew
        value = {key: child for key, child in value.items() if key != "hash"}
        if value.get("path"):
            value["path"] = str(ROOT / value["path"])
    return {key: _plain(child) for key, child in value.items()}
