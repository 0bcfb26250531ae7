"""What machines get: documents that cloud-init takes, always the same bytes, small enough, and without a secret."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from machines.documents import LIMIT_BYTES
from tests.machines.bodies import STACKS, Body, bodies, kinds, recorded
from tests.machines.recorder import CANARY

pytestmark = pytest.mark.machines


def schema(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "user-data"
    file.write_text(text)
    command = ["/usr/bin/cloud-init", "schema", "--config-file", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("stack", STACKS)
def test_cloud_init_takes_the_user_data_of_every_kind_of_machine(stack: str, tmp_path: Path) -> None:
    for body in kinds(stack):
        done = schema(body.user_data, tmp_path)
        assert done.returncode == 0, f"{body.name}: {done.stdout}{done.stderr}"


def test_cloud_init_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    done = schema(bodies("dev")[0].user_data.replace("lock_passwd: true", "lock_passwd: 5"), tmp_path)
    assert done.returncode != 0
    assert "lock_passwd" in done.stdout + done.stderr


@pytest.mark.parametrize("stack", STACKS)
def test_the_same_settings_give_the_same_bytes(stack: str) -> None:
    assert recorded(stack, "1") == recorded(stack, "2"), "nothing depends on the order of a set"


@pytest.mark.parametrize("stack", STACKS)
def test_every_document_is_within_the_smallest_limit(stack: str) -> None:
    sizes = {body.name: len(base64.b64encode(body.user_data.encode())) for body in bodies(stack)}
    assert {name: size for name, size in sizes.items() if size > LIMIT_BYTES} == {}


@pytest.mark.parametrize("stack", STACKS)
def test_no_secret_is_in_user_data_or_payloads(stack: str) -> None:
    def unpacked(body: Body) -> str:
        return body.user_data + json.dumps(body.facts) + "".join(body.text(name) for name in body._archive)

    told = [unpacked(body) for body in bodies(stack)] + list(recorded(stack)["payloads"].values())
    assert told
    assert [text for text in told if CANARY in text] == []


@pytest.mark.parametrize("stack", STACKS)
def test_a_payload_is_what_user_data_brought_with_its_checksum(stack: str) -> None:
    for body in bodies(stack):
        message = json.loads(recorded(stack)["payloads"][body.name])
        assert hashlib.sha256(message["content"].encode()).hexdigest() == message["sha256"]
        parts = json.loads(message["content"])
        assert base64.b64decode(parts["bundle"]) == body.file("/etc/platform/bundle.tar.xz")
        assert parts["facts"].encode() == body.file("/etc/platform/machine.json")


@pytest.mark.parametrize("stack", STACKS)
def test_a_wrapped_token_goes_to_machines_that_read_secrets_and_to_no_other(stack: str) -> None:
    for body in bodies(stack):
        written = [entry["path"] for entry in body.document["write_files"]]
        assert ("/etc/platform/wrapped-token" in written) == bool(body.facts["vault"]["paths"]), body.name
        assert body.has("secrets") or not body.facts["vault"]["paths"], f"{body.name} could not unwrap it"


def test_a_document_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from machines import documents
    from machines.facts import Facts

    facts = Facts.model_validate(bodies("dev")[0].facts)
    monkeypatch.setattr(documents, "LIMIT_BYTES", 10_000)
    with pytest.raises(
        documents.UserDataError, match=rf"{facts.machine.name} has \d+ bytes .* takes 10000: make the roles"
    ):
        documents.user_data(facts, None)
