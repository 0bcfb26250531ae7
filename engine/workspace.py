"""A place to run the engine in that leaves the checkout as it is.

The engine writes into the folder of `Pulumi.yaml`: the salt of a stack's secrets, for one. A workspace is a folder
of its own with copies of the project's files, whose `main` is the checkout; its state is beside it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from engine.setup import BIN, EXECUTOR, ROOT, official_pulumi, pulumi_binary

# What of a stack file belongs to the account that deploys it for real, and not to a local rehearsal.
ENCRYPTION_KEYS = ("secretsprovider", "encryptedkey", "encryptionsalt")


class EngineError(Exception):
    """An engine command failed; the text says which, and what the engine said."""


@dataclass(frozen=True)
class Workspace:
    """A local backend, a passphrase, and the project's files; `environment` is added to what the engine gets."""

    folder: Path
    project: Path = ROOT
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        """Where the local backend keeps stacks."""
        return self.folder / "state"

    @property
    def _files(self) -> Path:
        return self.folder / "project"

    @property
    def _passphrase(self) -> Path:
        return self.folder / "passphrase"

    def prepare(self, stack: str) -> None:
        """Make the workspace ready for a stack; what the engine has added to its file stays."""
        self.state.mkdir(parents=True, exist_ok=True)
        self._files.mkdir(exist_ok=True)
        if not self._passphrase.exists():
            unfinished = self._passphrase.with_suffix(".unfinished")
            unfinished.touch(0o600)
            unfinished.write_text(secrets.token_urlsafe(32))
            unfinished.replace(self._passphrase)
        description = yaml.safe_load((self.project / "Pulumi.yaml").read_text())
        options = description["runtime"].get("options", {})
        if "virtualenv" in options:
            options["virtualenv"] = str(self.project / options["virtualenv"])
        description["main"] = str(self.project)
        _write(self._files / "Pulumi.yaml", description)
        name = f"Pulumi.{stack}.yaml"
        wanted = yaml.safe_load((self.project / name).read_text())
        kept = self._files / name
        present = yaml.safe_load(kept.read_text()) if kept.exists() else {}
        for key in ENCRYPTION_KEYS:
            wanted.pop(key, None)
            if present and key in present:
                wanted[key] = present[key]
        _write(kept, wanted)
        if not self.has(stack):
            self.run("stack", "init", stack, "--no-select", quiet=True)

    def has(self, stack: str) -> bool:
        """Whether the backend knows the stack."""
        listed = self.run("stack", "ls", "--json", quiet=True).stdout
        return any(found["name"] == stack for found in json.loads(listed))

    def run(self, *arguments: str, quiet: bool = False, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `pulumi` here: with `quiet` its output is returned, otherwise it goes to the terminal.

        Raises EngineError where the engine fails and `check` is on.
        """
        done = subprocess.run(
            self.command(*arguments),
            cwd=self._files,
            env=self.variables(),
            text=True,
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.PIPE if quiet else None,
            check=False,
        )
        if check and done.returncode != 0:
            said = f"{done.stdout or ''}{done.stderr or ''}".strip()
            raise EngineError(f"`pulumi {' '.join(arguments)}` ended with status {done.returncode}:\n{said[-2000:]}")
        return done

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Start `pulumi` here without waiting for its end."""
        return subprocess.Popen(self.command(*arguments), cwd=self._files, env=self.variables(), text=True, **options)

    def command(self, *arguments: str) -> Sequence[str]:
        """The command line of an engine command."""
        return [str(pulumi_binary()), *arguments, "--non-interactive"]

    def variables(self) -> dict[str, str]:
        """The environment in which the engine runs here."""
        variables = {
            **os.environ,
            # Without the files beside each file that tell its content type: they are not written in one go, so that
            # an engine that is killed leaves half of one, and then no engine can read the state any more.
            "PULUMI_BACKEND_URL": f"{self.state.resolve().as_uri()}?metadata=skip",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self._passphrase.resolve()),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_HOME": str(self.folder / "home"),
            **self.environment,
        }
        variables.pop("PULUMI_CONFIG_PASSPHRASE", None)
        if official_pulumi() is None:
            variables["PATH"] = f"{BIN}{os.pathsep}{variables.get('PATH', '')}"
            variables["PULUMI_LANGUAGE_PYTHON_EXEC"] = str(BIN / EXECUTOR)
        return variables

    def export(self, stack: str) -> dict[str, Any]:
        """The stack's state; secrets stay encrypted."""
        exported = self.run("stack", "export", "--stack", stack, quiet=True).stdout
        state: dict[str, Any] = json.loads(exported)
        return state

    def remove(self) -> None:
        """Remove the workspace with all its stacks."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _write(path: Path, content: Mapping[str, Any]) -> None:
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
    unfinished.replace(path)
