"""From the flow matrix to the rules of one role's machines at one site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

import pulumi

from components.network.addresses import AddressPlan
from components.network.flows import Flow, Party, Protocol
from settings import Role

ANYWHERE = IPv4Network("0.0.0.0/0")


@dataclass(frozen=True)
class Rule:
    """What a machine may receive (`inbound`) or send, from or to one range of addresses."""

    inbound: bool
    peer: Role | Party
    protocol: Protocol
    ports: tuple[int, int] | None
    cidr: pulumi.Input[str]
    reason: str


@dataclass(frozen=True)
class Neighbourhood:
    """The addresses that the flow matrix's names stand for, seen from one site."""

    own: AddressPlan
    other: AddressPlan | None
    admins: Sequence[IPv4Network]
    other_links: Sequence[pulumi.Input[str]]
    """Public addresses of the other site's link machines; empty where there is one site."""

    def cidrs(self, party: Role | Party, *, across: bool) -> list[pulumi.Input[str]]:
        """The address ranges of a role or party."""
        if isinstance(party, Role):
            blocks = list(self.own.block(party))
            if across and self.other is not None:
                blocks += self.other.block(party)
            return [str(block) for block in blocks]
        ranges: Mapping[Party, Iterable[pulumi.Input[str]]] = {
            Party.WORLD: [str(ANYWHERE)],
            Party.INTERNET: [str(ANYWHERE)],
            Party.ADMINS: [str(network) for network in self.admins],
            Party.ENTRY: [str(self.own.entry)],
            Party.SHARES: [str(self.own.pool)],
            Party.OTHER_LINK: [pulumi.Output.concat(address, "/32") for address in self.other_links],
        }
        return list(ranges[party])


def rules(matrix: Iterable[Flow], role: Role, around: Neighbourhood) -> tuple[Rule, ...]:
    """Everything that a role's machines may receive and send; the rest is dropped.

    Link machines pass on what crosses between the sites: their providers see it come from its source and go to its
    target, and so they may receive and send that too. What several flows open stands once: providers refuse a group
    that says the same twice.
    """
    found: dict[Any, Rule] = {}
    for flow in matrix:
        for inbound, here, peer in ((True, flow.target, flow.source), (False, flow.source, flow.target)):
            if here is role or (role is Role.LINK and flow.across):
                for cidr in around.cidrs(peer, across=flow.across):
                    rule = Rule(inbound, peer, flow.protocol, flow.ports, cidr, flow.reason)
                    found.setdefault((inbound, flow.protocol, flow.ports, cidr), rule)
    return tuple(found.values())
