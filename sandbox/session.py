"""What `make up`, `make preview` and `make down` do: the engine on one side, the simulated clouds on the other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import boto3
from rich.console import Console

from engine.setup import ROOT
from engine.workspace import Workspace
from sandbox import daemon
from sandbox.recovery import recover
from sandbox.store import Row, Store
from sandbox.summary import show
from settings import Settings, read

POLICIES: Final = ROOT / "policies"
CONSOLE: Final = Console()
BUCKET: Final = "aws:s3/bucket:Bucket"
UNPROTECTED: Final[Mapping[str, Any]] = {
    "protected": False,
    "deletionProtection": False,
    "deletionProtectionEnabled": False,
    "enableDeletionProtection": False,
}
"""How providers call their protection, and what they take for none."""
AT_AWS: Final[Mapping[str, tuple[str, str, Callable[[Row], dict[str, Any]]]]] = {
    "aws:lb/loadBalancer:LoadBalancer": (
        "elbv2",
        "modify_load_balancer_attributes",
        lambda row: {
            "LoadBalancerArn": row.outputs["arn"],
            "Attributes": [{"Key": "deletion_protection.enabled", "Value": "false"}],
        },
    ),
    "aws:rds/instance:Instance": (
        "rds",
        "modify_db_instance",
        lambda row: {"DBInstanceIdentifier": row.id, "DeletionProtection": False, "ApplyImmediately": True},
    ),
    "aws:dynamodb/table:Table": (
        "dynamodb",
        "update_table",
        lambda row: {"TableName": row.id, "DeletionProtectionEnabled": False},
    ),
}
"""What moto protects by itself, and how it is asked to let go."""


def prepare(stack: str, directory: Path = daemon.DIRECTORY) -> tuple[Workspace, Settings]:
    """Start the clouds, give the stack's projects to the operator, and make the workspace ready."""
    settings = read(stack)
    with CONSOLE.status("Starting the simulated clouds …"):
        running = daemon.ensure_running(directory)
    store = Store(directory / "clouds.sqlite")
    if settings.hosting is not None:
        for provider, account in settings.hosting.accounts.items():
            store.open_project(provider.value, account.project, daemon.OPERATOR)
    workspace = Workspace(directory / "pulumi", environment=running.environment)
    workspace.prepare(stack)
    for line in recover(workspace, stack, store, directory):
        CONSOLE.print(f"Recovery: {line}")
    store.close()
    return workspace, settings


def up(stack: str, directory: Path = daemon.DIRECTORY) -> int:
    """Bring a stack up, policies on, and show what was built; the exit status of the engine."""
    workspace, settings = prepare(stack, directory)
    done = workspace.run(
        "up", "--yes", "--stack", stack, "--skip-preview", "--suppress-outputs", *_policies(), check=False
    )
    if done.returncode != 0:
        CONSOLE.print(
            "\n[bold red]The update did not finish.[/] What failed stands above; what was done is kept. "
            "Run the same command again when the cause is gone."
        )
        return done.returncode
    outputs = json.loads(workspace.run("stack", "output", "--json", "--stack", stack, quiet=True).stdout)
    show(CONSOLE, settings, outputs, workspace.export(stack))
    return 0


def preview(stack: str, directory: Path = daemon.DIRECTORY) -> int:
    """Preview a stack, policies on; the exit status of the engine."""
    workspace, _ = prepare(stack, directory)
    return workspace.run("preview", "--stack", stack, *_policies(), check=False).returncode


def down(directory: Path = daemon.DIRECTORY) -> int:
    """Destroy every stack that is in the simulated clouds, end them, and remove their folder."""
    if not directory.exists():
        CONSOLE.print("There is no sandbox here.")
        return 0
    state = directory / "pulumi"
    if state.exists():
        running = daemon.ensure_running(directory)
        workspace = Workspace(state, environment=running.environment)
        for found in json.loads(workspace.run("stack", "ls", "--json", quiet=True).stdout):
            stack = found["name"]
            prepare(stack, directory)
            workspace.run("state", "unprotect", "--all", "--yes", "--stack", stack, quiet=True)
            _unprotect(directory, running)
            done = workspace.run("destroy", "--yes", "--stack", stack, "--skip-preview", check=False)
            if done.returncode != 0:
                return done.returncode
    daemon.stop(directory)
    shutil.rmtree(directory)
    CONSOLE.print("The sandbox is removed.")
    return 0


def _unprotect(directory: Path, running: daemon.Running) -> None:
    """Take off the protection that a provider itself knows, and that for real only a person may take off."""
    store = Store(directory / "clouds.sqlite")
    for row in store.rows():
        taken_off = {name: value for name, value in UNPROTECTED.items() if row.outputs.get(name)}
        if row.token == BUCKET:
            taken_off["forceDestroy"] = True  # moto writes access logs, and logs of buckets are in buckets
        if row.token in AT_AWS and taken_off:
            service, operation, arguments = AT_AWS[row.token]
            client = boto3.client(
                service,
                endpoint_url=running.aws,
                region_name=row.outputs["region"],
                aws_access_key_id="sandbox",
                aws_secret_access_key="sandbox",  # noqa: S106 - moto asks for some
            )
            getattr(client, operation)(**arguments(row))
        if taken_off:
            store.change(row, {**row.inputs, **taken_off}, {**row.outputs, **taken_off})
    store.close()


def _policies() -> list[str]:
    return ["--policy-pack", str(POLICIES)]
