"""After a kill: make the state and the simulated clouds agree again, so that the next `up` starts from the truth.

An engine that is killed leaves its lock, and may leave resources that a cloud has created and the state does not
know. Nothing can refer to such a resource yet (its id was never handed out), so it is removed from the cloud. With
real accounts this decision is a person's: see "When an update was interrupted" in the README.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from engine.workspace import Workspace
from sandbox.store import Row, Store


def recover(workspace: Workspace, stack: str, store: Store, directory: Path) -> list[str]:
    """Mend what an interrupted run left behind; returns what was done, a line each."""
    done = []
    if _remove_stale_locks(workspace.state):
        done.append("removed the lock of an engine that is gone")
    state = workspace.export(stack)
    deployment = state.get("deployment") or {}
    orphans = list(_orphans(deployment, stack, store))
    if orphans:
        from sandbox.removal import remove  # the clouds take a second to import, and mostly there is nothing to remove
    for row in reversed(orphans):  # what refers to others was created after them
        remove(row, store, directory)
        done.append(f"removed {row.token.rsplit(':', 1)[-1]} {row.name}, which an interrupted run had created")
    if deployment.get("pending_operations"):
        count = len(deployment.pop("pending_operations"))
        _import(workspace, stack, state)
        done.append(f"cleared {count} operation(s) that an interrupted run had begun")
    return done


def _remove_stale_locks(state: Path) -> bool:
    removed = False
    for lock in state.glob("**/locks/**/*.json"):
        try:
            owner = int(json.loads(lock.read_text()).get("pid", 0))
        except (ValueError, OSError):
            owner = 0
        if not owner or not psutil.pid_exists(owner):
            lock.unlink(missing_ok=True)
            removed = True
    return removed


def _orphans(deployment: dict[str, Any], stack: str, store: Store) -> Iterator[Row]:
    known = {(resource["type"], resource.get("id")) for resource in deployment.get("resources") or []}
    for row in store.rows():
        if row.urn.startswith(f"urn:pulumi:{stack}::") and (row.token, row.id) not in known:
            yield row


def _import(workspace: Workspace, stack: str, state: dict[str, Any]) -> None:
    file = workspace.folder / "recovered.json"
    file.touch(0o600)
    file.write_text(json.dumps(state))
    try:
        workspace.run("stack", "import", "--stack", stack, "--file", str(file.resolve()), quiet=True)
    finally:
        file.unlink()
