"""Machines as tests see them: what their user data says, and their templates rendered as Ansible renders them."""

from __future__ import annotations

import base64
import functools
import io
import json
import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from engine.setup import ROOT
from tests.machines.programs import CARD

STACKS: Final = ("dev", "prod", "sandbox")
SECRETS: Final[dict[str, dict[str, str]]] = {
    "database/app": {"user": "app", "password": "planted-app", "ca": "planted-ca"},
    "database/monitor": {"user": "monitor", "password": "planted-monitor"},
    "database/replication": {"user": "replication", "password": "planted-replication"},
    "database/router": {"user": "router", "password": "planted-router"},
    "link/wireguard": {
        "par": "cGxhbnRlZCBrZXkgb2YgdGhlIHNpdGUgbmFtZWQgcGE=",
        "ams": "cGxhbnRlZCBrZXkgb2YgdGhlIHNpdGUgbmFtZWQgYW0=",
    },
    "tls/database": {"certificate": "planted-certificate", "private_key": "planted-key"},
}


@dataclass(frozen=True)
class Body:
    """A machine of a stack, by its user data."""

    stack: str
    name: str
    user_data: str

    @functools.cached_property
    def document(self) -> dict[str, Any]:
        """The cloud-init document."""
        return dict(yaml.safe_load(self.user_data))

    def file(self, path: str) -> bytes:
        """What the user data writes to a path."""
        (entry,) = [entry for entry in self.document["write_files"] if entry["path"] == path]
        content = str(entry["content"])
        return base64.b64decode(content) if entry.get("encoding") == "base64" else content.encode()

    @functools.cached_property
    def facts(self) -> dict[str, Any]:
        """The one variable that the roles read."""
        return dict(json.loads(self.file("/etc/platform/machine.json"))["platform"])

    @property
    def role(self) -> str:
        """What the machine is."""
        return str(self.facts["machine"]["role"])

    @property
    def address(self) -> str:
        """Where it is in its private network."""
        return str(self.facts["machine"]["address"])

    def unpack(self, folder: Path) -> Path:
        """Its roles and its playbook, as they arrive on it."""
        with tarfile.open(fileobj=io.BytesIO(self.file("/etc/platform/bundle.tar.xz")), mode="r:xz") as archive:
            archive.extractall(folder, filter="data")
        return folder

    @functools.cached_property
    def _archive(self) -> dict[str, str]:
        with tarfile.open(fileobj=io.BytesIO(self.file("/etc/platform/bundle.tar.xz")), mode="r:xz") as archive:
            return {name: archive.extractfile(name).read().decode() for name in archive.getnames()}  # type: ignore[union-attr]

    def has(self, role: str) -> bool:
        """Whether an Ansible role runs on it."""
        return any(name.startswith(f"roles/{role}/") for name in self._archive)

    def text(self, path: str) -> str:
        """A file of its bundle."""
        return self._archive[path]

    def templates(self) -> list[tuple[str, str]]:
        """Every (role, template) of its bundle."""
        parts = [name.split("/templates/") for name in self._archive if "/templates/" in name]
        return [(role.removeprefix("roles/"), template) for role, template in parts]

    def render(self, role: str, template: str, **variables: Any) -> str:
        """A template of one of its roles, as Ansible's template module writes it."""
        defaults = self._archive.get(f"roles/{role}/defaults/main.yml")
        known = {
            **(yaml.safe_load(defaults) if defaults else {}),
            "platform": self.facts,
            "secret": {path: SECRETS[path] for path in self.facts["vault"]["paths"] if path in SECRETS},
            "ansible_facts": {"memtotal_mb": 8000, "processor_vcpus": 4},
            "common_interface": CARD,
            "link_index": 0,
            "link_public_key": {"stdout": "cGxhbnRlZCBwdWJsaWMga2V5IG9mIHRoZSBvdGhlcnM="},
            **variables,
        }
        trusted = {key: trust_as_template(value) if isinstance(value, str) else value for key, value in known.items()}
        source = trust_as_template(self.text(f"roles/{role}/templates/{template}"))
        # What the template module sets, and Templar alone does not.
        overrides = {"trim_blocks": True, "lstrip_blocks": False}
        return str(Templar(loader=DataLoader(), variables=trusted).template(source, overrides=overrides))


@functools.cache
def recorded(stack: str, hash_seed: str = "0") -> dict[str, dict[str, str]]:
    """User data and payloads of a stack's machines, from a run of the program with mocked providers."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.machines.recorder", stack],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, str]] = json.loads(done.stdout)
    return found


@functools.cache
def bodies(stack: str) -> tuple[Body, ...]:
    """Every machine of a stack."""
    return tuple(Body(stack, name, text) for name, text in recorded(stack)["user_data"].items())


def kinds(stack: str) -> list[Body]:
    """One machine of each role at each site: the others differ from it in names and addresses only."""
    found: dict[tuple[str, str], Body] = {}
    for body in bodies(stack):
        found.setdefault((body.facts["site"]["name"], body.role), body)
    return list(found.values())
