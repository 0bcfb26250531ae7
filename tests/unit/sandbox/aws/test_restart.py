"""What AWS holds survives a restart with the same ids, and no secret of it is in a file in plain text."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from engine.setup import ROOT
from sandbox.servers.process import free_port

SECRETS = (b"very secret", b"a-long-password-of-a-test")


def life(folder: Path, port: int, step: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.unit.sandbox.aws.snapshot", str(folder), str(port), step]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_everything_is_there_again_after_a_restart(tmp_path: Path) -> None:
    port = free_port()
    before = life(tmp_path, port, "create")
    after = life(tmp_path, port, "look")
    assert len(before) > 100
    assert {name: one["id"] for name, one in after.items()} == {name: one["id"] for name, one in before.items()}
    assert {name for name, one in after.items() if one["drifted"]} == set()
    assert {name: one["seen"] for name, one in after.items()} == {name: one["seen"] for name, one in before.items()}
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert any(file.stat().st_size > 100_000 for file in files)
    assert [file for file in files for secret in SECRETS if secret in file.read_bytes()] == []
