"""`python deploy.py TARGET IMAGE`: put one image into all services of a stack, one after the other.

Each service gets the newest revision of its task definition, which the infrastructure's program has written, with the
image in it; ECS replaces its tasks, and goes back by itself where they do not become healthy or an alarm is raised. The
services that were deployed before the one that failed are then put back, too, so that no two releases run together.

Exit status: 0 deployed, 1 rolled back, 2 a wrong command.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, Final

import boto3

SERVICES: Final = ("broadcaster", "priority", "bulk", "gateway")
"""Whoever is asked is deployed before whoever asks: a release speaks with the one before it, not with one to come."""
POLL_SECONDS: Final = 10.0
REGISTERED: Final = (
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "containerDefinitions",
    "volumes",
    "placementConstraints",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "runtimePlatform",
    "ephemeralStorage",
)
"""What a task definition is made of; all else that AWS says of one is its own."""


class FailedError(Exception):
    """A service did not take the release; the text says which and why."""


def deploy(ecs: Any, target: str, image: str, say: Callable[[str], None]) -> None:
    """Deploy `image` to the services of `target` (prefix of a stack's names, and its cluster). Raises FailedError."""
    before: dict[str, str] = {}
    try:
        for service in SERVICES:
            name = f"{target}-{service}"
            before[name] = _service(ecs, target, name)["taskDefinition"]
            revision = _revision(ecs, name, service, image)
            say(f"{name}: {revision.rpartition('/')[2]}")
            ecs.update_service(cluster=target, service=name, taskDefinition=revision)
            _settle(ecs, target, name, revision)
    except FailedError:
        for name, revision in before.items():
            say(f"{name}: back to {revision.rpartition('/')[2]}")
            ecs.update_service(cluster=target, service=name, taskDefinition=revision)
        raise


def _revision(ecs: Any, family: str, container: str, image: str) -> str:
    """A new revision of the task definition, with the image in the program's container."""
    newest = ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]
    given = {key: newest[key] for key in REGISTERED if newest.get(key)}
    given["containerDefinitions"] = [
        {**one, "image": image} if one["name"] == container else one for one in newest["containerDefinitions"]
    ]
    revision: str = ecs.register_task_definition(**given)["taskDefinition"]["taskDefinitionArn"]
    return revision


def _settle(ecs: Any, cluster: str, name: str, revision: str) -> None:
    """Wait until the service runs the revision alone; the build project's time limit is the limit."""
    while True:
        service = _service(ecs, cluster, name)
        newest = next(one for one in service["deployments"] if one["status"] == "PRIMARY")
        state = newest.get("rolloutState")
        if state == "FAILED" or service["taskDefinition"] != revision:  # ECS is going back, or has done so
            reason = newest.get("rolloutStateReason", "ECS gives no reason")
            raise FailedError(f"{name} did not take {revision.rpartition('/')[2]}: {reason}")
        if state == "COMPLETED":
            return
        time.sleep(POLL_SECONDS)


def _service(ecs: Any, cluster: str, name: str) -> dict[str, Any]:
    found = ecs.describe_services(cluster=cluster, services=[name])["services"]
    if not found:
        raise FailedError(f"there is no service {name} in the cluster {cluster}")
    service: dict[str, Any] = found[0]
    return service


def main() -> None:
    """Deploy what the arguments name."""
    match sys.argv[1:]:
        case [target, image] if "@sha256:" in image:
            try:
                deploy(boto3.client("ecs"), target, image, print)
            except FailedError as error:
                print(f"Rolled back: {error}", file=sys.stderr)
                sys.exit(1)
        case _:
            print("usage: deploy.py TARGET REPOSITORY@sha256:DIGEST", file=sys.stderr)
            sys.exit(2)


if __name__ == "__main__":
    main()
