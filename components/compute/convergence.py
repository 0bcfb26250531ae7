"""Changes reach running machines one after the other, over SSH through the bastion, while the service goes on.

A machine pulls its first state from its user data. Later, `pulumi up` pushes what has changed: the machine's bundle of
roles and its facts travel as the standard input of one command, which converges the machine and then asks it whether
it is well. A machine that is not stops the rollout there, with the reason, before the next one is touched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.sdk import lazy
from components.site import Machine
from settings import Role

command = lazy("pulumi_command")

ORDER: Final = (
    Role.BASTION,
    Role.LINK,
    Role.VAULT,
    Role.DATABASE,
    Role.FILES,
    Role.SQL,
    Role.APP,
    Role.FRONT,
)
"""What others depend on comes first."""
USER: Final = "deploy"
CONVERGE: Final = "sudo /usr/local/sbin/platform-converge --payload -"
DIAL_SECONDS: Final = 15
DIAL_ERROR_LIMIT: Final = 40
"""A machine that has just been created needs some minutes until it answers: 40 tries of 15 seconds are ten minutes."""


@dataclass(frozen=True)
class ConvergenceArgs:
    """`payload` is what the machine's converge command reads; `host` its address and `bastion` the one that leads there.

    Bastions are reached directly, and so `bastion` is None for them.
    """

    machine: Machine
    host: pulumi.Input[str]
    payload: pulumi.Output[str]
    bastion: pulumi.Input[str] | None
    private_key: pulumi.Output[str]


class Convergence:
    """Rolls changes over machines, in the order in which they are handed over, each after the one before."""

    def __init__(self, parent: pulumi.Resource, after: Sequence[pulumi.Resource] = ()) -> None:
        self._parent = parent
        self._before: list[pulumi.Resource] = list(after)

    def roll(self, args: ConvergenceArgs) -> None:
        """Converge one machine when all before it are well."""
        common = {
            "user": USER,
            "private_key": args.private_key,
            "dial_error_limit": DIAL_ERROR_LIMIT,
            "per_dial_timeout": DIAL_SECONDS,
        }
        connection: dict[str, Any] = {"host": args.host, **common}
        if args.bastion is not None:
            connection["proxy"] = {"host": args.bastion, **common}
        step = command.remote.Command(
            args.machine.name,
            connection=connection,
            create=CONVERGE,
            update=CONVERGE,
            stdin=args.payload,
            triggers=[args.payload.apply(_checksum)],
            opts=pulumi.ResourceOptions(
                parent=self._parent,
                depends_on=[args.machine.resource, *self._before],
                additional_secret_outputs=["stdout", "stderr"],
            ),
        )
        self._before = [step]


def _checksum(payload: str) -> str:
    return hashlib.sha256(payload.encode()).hexdigest()
