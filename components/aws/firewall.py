"""From the flow matrix to security groups: one a role, with exactly the rules of its flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.aws.flows import Flow, Party, Role
from components.sdk import lazy

aws = lazy("pulumi_aws")

ANYWHERE: Final = {"ipv4": "0.0.0.0/0", "ipv6": "::/0"}


@dataclass(frozen=True)
class FirewallArgs:
    """`name` is the prefix of all names; `network` the VPC's id; `flows` all that may talk."""

    name: str
    network: pulumi.Input[str]
    flows: Sequence[Flow]


class Firewall(pulumi.ComponentResource):
    """The security groups of one network.

    Creates a group for every role that a flow names. `open` adds the rules: at the source's group one that lets
    connections out, at the target's one that lets them in. What no flow names is dropped.

    Outputs: `groups`, the id of each role's group.
    """

    def __init__(self, args: FirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:Firewall", args.name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        named = {end for flow in args.flows for end in (flow.source, flow.target)}
        self._groups = {role: self._group(role) for role in Role if role in named}
        self.groups: Mapping[Role, pulumi.Output[str]] = {role: group.id for role, group in self._groups.items()}
        self.register_outputs({"groups": {role.value: identifier for role, identifier in self.groups.items()}})

    def _group(self, role: Role) -> Any:
        name = f"{self._args.name}-{role}"
        return aws.ec2.SecurityGroup(
            name,
            name=name,
            description=f"What {role} may receive and send",
            vpc_id=self._args.network,
            tags={"Name": name, "role": role.value},
            opts=self._child,
        )

    def open(self, s3: pulumi.Input[str]) -> None:
        """Add the rules of all flows; `s3` is the prefix list of object storage."""
        for flow in self._args.flows:
            if isinstance(flow.source, Role):
                for suffix, peer in self._peers(flow.target, s3).items():
                    aws.vpc.SecurityGroupEgressRule(
                        f"{self._args.name}-{flow.name}{suffix}",
                        **self._rule(flow, flow.source),
                        **peer,
                        opts=self._child,
                    )
            if isinstance(flow.target, Role):
                for suffix, peer in self._peers(flow.source, s3).items():
                    aws.vpc.SecurityGroupIngressRule(
                        f"{self._args.name}-{flow.name}{suffix}",
                        **self._rule(flow, flow.target),
                        **peer,
                        opts=self._child,
                    )

    def _rule(self, flow: Flow, at: Role) -> dict[str, Any]:
        return {
            "security_group_id": self.groups[at],
            "ip_protocol": "tcp",
            "from_port": flow.port,
            "to_port": flow.port,
            "description": f"{flow.source} to {flow.target}: {flow.reason}",
            "tags": {"role": at.value},
        }

    def _peers(self, end: Role | Party, s3: pulumi.Input[str]) -> dict[str, dict[str, pulumi.Input[str]]]:
        """The other end of a rule, by what its name ends with: the world takes two rules."""
        if isinstance(end, Role):
            return {"": {"referenced_security_group_id": self.groups[end]}}
        if end is Party.S3:
            return {"": {"prefix_list_id": s3}}
        return {f"-{version}": {f"cidr_{version}": cidr} for version, cidr in ANYWHERE.items()}
