"""Roles that AWS's services take on, each with the one policy that it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.sdk import lazy

aws = lazy("pulumi_aws")

Statement = Mapping[str, Any]


def allow(*actions: str, on: Sequence[pulumi.Input[str]], when: Mapping[str, Any] | None = None) -> Statement:
    """A statement that allows actions on resources (ARNs), under conditions where there are any.

    Raises ValueError for an action with a wildcard on every resource: nobody needs so much.
    """
    if "*" in on and any("*" in action for action in actions):
        raise ValueError(f"{', '.join(actions)} on every resource; name the actions or the resources")
    statement = {"Effect": "Allow", "Action": sorted(actions), "Resource": list(on)}
    return {**statement, "Condition": when} if when else statement


@dataclass(frozen=True)
class RoleArgs:
    """`name` has 64 characters at most; `service` takes the role on, such as ecs-tasks.amazonaws.com.

    It does so for `account` alone; a service that acts for us is not to be led to act for somebody else. Without
    `statements`, the role may do nothing.
    """

    name: str
    service: str
    account: str
    statements: Sequence[Statement] = field(default_factory=tuple)


class Role(pulumi.ComponentResource):
    """A role and its policy.

    Outputs: `arn`, `name`, and `ready`: what must exist before somebody takes the role on.
    """

    def __init__(self, args: RoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:Role", args.name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": args.service},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"aws:SourceAccount": args.account}},
                }
            ],
        }
        role = aws.iam.Role(
            args.name,
            name=args.name,
            assume_role_policy=pulumi.Output.json_dumps(trust, sort_keys=True),
            opts=child,
        )
        self.arn: pulumi.Output[str] = role.arn
        self.name: pulumi.Output[str] = role.name
        self.ready: list[pulumi.Resource] = [role]
        if args.statements:
            document = {"Version": "2012-10-17", "Statement": list(args.statements)}
            policy = aws.iam.RolePolicy(
                args.name,
                name=args.name,
                role=role.name,
                policy=pulumi.Output.json_dumps(document, sort_keys=True),
                opts=child,
            )
            self.ready.append(policy)
        self.register_outputs({"arn": self.arn, "name": self.name})
