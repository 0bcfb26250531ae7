"""The commands on machines, run for real in a mount namespace where /etc/platform and /run/platform are the test's."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import lzma
import os
import py_compile
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import hvac
import pytest

from engine.setup import ROOT
from sandbox.daemon import Running
from tests.machines.programs import PATH, find

pytestmark = pytest.mark.machines
ROLES = ROOT / "machines" / "ansible" / "roles"
CONVERGE = ROOT / "machines" / "cloud-init" / "platform-converge"
SECRETS = ROLES / "secrets" / "files" / "platform-secrets"


@dataclass(frozen=True)
class Place:
    """A machine's folders, each somewhere in the test's own."""

    folders: Mapping[str, Path]
    environment: Mapping[str, str]

    def path(self, path: str) -> Path:
        """Where a path of the machine really is."""
        target = next(target for target in self.folders if path.startswith(target))
        return self.folders[target] / path.removeprefix(target).lstrip("/")

    def run(self, *command: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command as root of a mount namespace, in which the folders are where the machine has them."""
        mounts = "".join(f"mkdir -p {at}; mount --bind {folder} {at}; " for at, folder in self.folders.items())
        prepare = f"set -e; mount -t tmpfs none /run; mkdir -p /run/platform; {mounts}"
        shell = [find("unshare"), "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]), "sh", "-c"]
        return subprocess.run(
            [*shell, f'{prepare} exec "$@"', "sh", *map(str, command)],
            input=stdin,
            env=dict(self.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    folders = {"/etc/platform": tmp_path / "etc", "/run/platform": tmp_path / "run", "/usr/local": tmp_path / "local"}
    for folder in folders.values():
        folder.mkdir()
    (tmp_path / "local" / "sbin").mkdir()
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{PATH}",
        "ANSIBLE_HOME": str(tmp_path / "ansible"),
        "OUT": str(tmp_path / "out"),
    }
    return Place(folders, environment)


def test_every_script_parses(tmp_path: Path) -> None:
    scripts = [
        file for file in [*ROLES.rglob("files/platform-*"), *CONVERGE.parent.glob("platform-*")] if file.is_file()
    ]
    assert len(scripts) >= 6
    for script in scripts:
        if "python" in script.read_text().splitlines()[0]:
            py_compile.compile(str(script), cfile=str(tmp_path / "compiled"), doraise=True)
        else:
            done = subprocess.run(["sh", "-n", str(script)], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr


# Convergence, with the real ansible-playbook


def bundle_of(task: str) -> bytes:
    play = f"- hosts: all\n  gather_facts: false\n  tasks:\n    - ansible.builtin.{task}\n"
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo("site.yml")
        entry.size = len(play)
        tar.addfile(entry, io.BytesIO(play.encode()))
    return lzma.compress(archive.getvalue())


def write_out(what: str) -> bytes:
    return bundle_of(f"copy: {{content: '{what} {{{{ platform.name }}}}', dest: \"{{{{ lookup('env', 'OUT') }}}}\"}}")


def facts(name: str) -> str:
    return json.dumps({"platform": {"name": name}})


def message(bundle: bytes, name: str) -> str:
    content = json.dumps({"bundle": base64.b64encode(bundle).decode(), "facts": facts(name)})
    return json.dumps({"sha256": hashlib.sha256(content.encode()).hexdigest(), "content": content})


@pytest.fixture
def converged(place: Place) -> Place:
    """A machine that has booted and converged."""
    place.path("/etc/platform/bundle.tar.xz").write_bytes(write_out("boot"))
    place.path("/etc/platform/machine.json").write_text(facts("first"))
    done = place.run(sys.executable, CONVERGE, "--boot")
    assert done.returncode == 0, done.stdout
    return place


def out(place: Place) -> str:
    return Path(place.environment["OUT"]).read_text()


def test_a_machine_converges_at_boot_with_what_its_user_data_brought(converged: Place) -> None:
    assert out(converged) == "boot first"


def test_a_pushed_payload_converges_it_anew(converged: Place) -> None:
    done = converged.run(sys.executable, CONVERGE, "--payload", "-", stdin=message(write_out("pushed"), "second"))
    assert done.returncode == 0, done.stdout
    assert out(converged) == "pushed second"
    assert "second" in converged.path("/etc/platform/machine.json").read_text()


def test_a_damaged_payload_changes_nothing(converged: Place) -> None:
    damaged = message(write_out("pushed"), "second").replace("second", "secund")
    done = converged.run(sys.executable, CONVERGE, "--payload", "-", stdin=damaged)
    assert done.returncode != 0
    assert "the payload is damaged: its checksum is another" in done.stdout
    assert out(converged) == "boot first"
    assert "first" in converged.path("/etc/platform/machine.json").read_text()


@pytest.mark.parametrize("stdin", ["", "not json", "[]", '{"sha256": "x"}'])
def test_what_is_no_payload_is_refused(converged: Place, stdin: str) -> None:
    done = converged.run(sys.executable, CONVERGE, "--payload", "-", stdin=stdin)
    assert done.returncode != 0
    assert "standard input is not a payload" in done.stdout
    assert out(converged) == "boot first"


def test_roles_that_fail_are_put_back_with_the_reason(converged: Place) -> None:
    done = converged.run(
        sys.executable, CONVERGE, "--payload", "-", stdin=message(bundle_of("fail: {msg: no such thing}"), "second")
    )
    assert done.returncode != 0
    assert "no such thing" in done.stdout
    assert "The state before has been put back." in done.stdout
    assert out(converged) == "boot first"


def test_a_machine_that_is_not_well_afterwards_is_put_back(converged: Place) -> None:
    health = converged.path("/usr/local/sbin/platform-health")
    health.write_text('#!/bin/sh\ngrep -q boot "$OUT" || { echo "the service does not answer"; exit 1; }\n')
    health.chmod(0o755)
    done = converged.run(sys.executable, CONVERGE, "--payload", "-", stdin=message(write_out("pushed"), "second"))
    assert done.returncode != 0
    assert "the service does not answer" in done.stdout
    assert out(converged) == "boot first", "the state before is there again"


def test_usage_is_said(converged: Place) -> None:
    assert "usage: platform-converge --boot | --payload -" in converged.run(sys.executable, CONVERGE, "--help").stdout


# Secrets, from a real Vault


def keep(client: hvac.Client, mount: str, path: str, secret: dict[str, str]) -> None:
    """Write a secret; a mount that was just made is not ready at once."""
    for _ in range(100):
        try:
            client.secrets.kv.v2.create_or_update_secret(path, secret, mount_point=mount)
        except hvac.exceptions.InvalidRequest as error:
            if "Upgrading" not in str(error):
                raise
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the mount {mount} is not ready after ten seconds")


@pytest.fixture
def vault(sandbox: Running, sandbox_directory: Path, tmp_path: Path) -> Iterator[hvac.Client]:
    """The sandbox's OpenBao with a mount and an AppRole of the test's own."""
    name = f"machines-{tmp_path.name}-{os.getpid()}"
    root = json.loads((sandbox_directory / "vault" / "init.json").read_text())["root_token"]
    client = hvac.Client(sandbox.vault, token=root)
    client.sys.enable_secrets_engine("kv", path=name, options={"version": "2"})
    client.sys.enable_auth_method("approle", path=name)
    keep(client, name, "database/app", {"password": "planted"})
    keep(client, name, "database/root", {"password": "not yours"})
    client.sys.create_or_update_policy(name, f'path "{name}/data/database/app" {{ capabilities = ["read"] }}')
    client.auth.approle.create_or_update_approle("app", token_policies=[name], mount_point=name)
    client.name = name
    yield client
    client.sys.disable_secrets_engine(name)
    client.sys.disable_auth_method(name)
    client.sys.delete_policy(name)


def prepared(place: Place, vault: hvac.Client, paths: list[str]) -> Place:
    role = vault.auth.approle
    wrapped = role.generate_secret_id("app", mount_point=vault.name, wrap_ttl="60s")["wrap_info"]["token"]
    place.path("/etc/platform/wrapped-token").write_text(wrapped)
    known = {
        "address": vault.url,
        "auth": vault.name,
        "mount": vault.name,
        "role_id": role.read_role_id("app", mount_point=vault.name)["data"]["role_id"],
        "paths": paths,
    }
    place.path("/etc/platform/machine.json").write_text(json.dumps({"platform": {"vault": known}}))
    shutil.copy(SECRETS, place.path("/usr/local/sbin/platform-secrets"))
    return place


def fetch(place: Place) -> subprocess.CompletedProcess[str]:
    return place.run(sys.executable, "/usr/local/sbin/platform-secrets")


def test_secrets_come_into_memory_for_root_alone(place: Place, vault: hvac.Client) -> None:
    prepared(place, vault, ["database/app"])
    done = fetch(place)
    assert (done.returncode, done.stdout) == (0, "changed\n")
    file = place.path("/run/platform/secrets.json")
    assert json.loads(file.read_text()) == {"database/app": {"password": "planted"}}
    assert file.stat().st_mode & 0o777 == 0o600
    assert not place.path("/etc/platform/wrapped-token").exists(), "it is worthless now"
    assert place.path("/etc/platform/secret-id").stat().st_mode & 0o777 == 0o600
    assert (fetch(place).returncode, fetch(place).stdout) == (0, ""), "a second time changes nothing"


def test_a_secret_that_does_not_exist_is_named(place: Place, vault: hvac.Client) -> None:
    vault.secrets.kv.v2.delete_metadata_and_all_versions("database/app", mount_point=vault.name)
    done = fetch(prepared(place, vault, ["database/app"]))
    assert done.returncode != 0
    assert f"has no secret at {vault.name}/database/app: run `pulumi up`" in done.stdout


def test_a_machine_cannot_read_what_is_not_its_own(place: Place, vault: hvac.Client) -> None:
    done = fetch(prepared(place, vault, ["database/app", "database/root"]))
    assert done.returncode != 0
    assert f"{vault.url} gives no secrets" in done.stdout
    assert "not yours" not in done.stdout
    assert not place.path("/run/platform/secrets.json").exists()


def test_a_token_that_somebody_else_has_used_is_an_alarm(place: Place, vault: hvac.Client) -> None:
    prepared(place, vault, ["database/app"])
    stolen = place.path("/etc/platform/wrapped-token").read_text()
    hvac.Client(vault.url, token=stolen).sys.unwrap()
    done = fetch(place)
    assert done.returncode != 0
    assert "somebody has its secret id: revoke it in Vault, and replace this machine" in done.stdout


def test_a_machine_without_any_token_says_so(place: Place, vault: hvac.Client) -> None:
    prepared(place, vault, ["database/app"])
    place.path("/etc/platform/wrapped-token").unlink()
    done = fetch(place)
    assert done.returncode != 0
    assert "replace this machine" in done.stdout


def test_a_vault_that_is_away_is_named(place: Place, vault: hvac.Client) -> None:
    prepared(place, vault, ["database/app"])
    file = place.path("/etc/platform/machine.json")
    file.write_text(file.read_text().replace(vault.url, "http://127.0.0.1:9"))
    done = fetch(place)
    assert done.returncode != 0
    assert "http://127.0.0.1:9 gives no secrets" in done.stdout
    assert place.path("/etc/platform/wrapped-token").exists(), "it can be tried again"
