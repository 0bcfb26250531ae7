"""One address plan for every site: which part of its network belongs to whom.

A site's network is a /20 or larger. Its first sixteen /24 blocks are given out as below, so that a firewall rule can
name a role by its block, and adding a machine never moves another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from settings import Role

BLOCK_PREFIX: Final = 24
FIRST_HOST: Final = 10
"""Machines of a role count from here; what is below is kept for the provider and for shared addresses."""

# Block numbers within the site's network; applications have four, for autoscaling.
_BLOCKS: Final[dict[Role, tuple[int, ...]]] = {
    Role.BASTION: (1,),
    Role.LINK: (2,),
    Role.FRONT: (3,),
    Role.SQL: (4,),
    Role.DATABASE: (5,),
    Role.FILES: (6,),
    Role.VAULT: (7,),
    Role.APP: (8, 9, 10, 11),
}
_ENTRY_BLOCK: Final = 14
_POOL_BLOCK: Final = 15


class AddressPlanError(ValueError):
    """More machines than a role's part of the network has addresses for."""


class Shared(StrEnum):
    """Addresses that belong to a pair of machines, held by one of them at a time (keepalived)."""

    FRONT = "front"
    SQL = "sql"
    LINK = "link"


_SHARED_HOST: Final[dict[Shared, tuple[Role, int]]] = {
    Shared.FRONT: (Role.FRONT, 5),
    Shared.SQL: (Role.SQL, 5),
    Shared.LINK: (Role.LINK, 5),
}


@dataclass(frozen=True)
class AddressPlan:
    """The addresses of one site, computed from its network alone."""

    network: IPv4Network

    @property
    def gateway(self) -> IPv4Address:
        """Where machines send what is not for their own network: the provider's gateway."""
        return self.network[1]

    def block(self, role: Role) -> tuple[IPv4Network, ...]:
        """The part of the network that a role's machines are in."""
        numbers = _BLOCKS[role]
        if len(numbers) == 1:
            return (self._block(numbers[0]),)
        first = self._block(numbers[0]).network_address
        widened = BLOCK_PREFIX - (len(numbers) - 1).bit_length()
        return (IPv4Network((first, widened)),)

    @property
    def entry(self) -> IPv4Network:
        """Where the provider's load balancers take their private addresses from."""
        return self._block(_ENTRY_BLOCK)

    @property
    def pool(self) -> IPv4Network:
        """What the provider's DHCP may give out; no machine of ours is in it."""
        return self._block(_POOL_BLOCK)

    def host(self, role: Role, index: int) -> IPv4Address:
        """The address of a role's machine; `index` counts from 1.

        Raises AddressPlanError where the role has no address left.
        """
        (block,) = self.block(role)
        position = FIRST_HOST + index - 1
        if not index >= 1 or position >= block.num_addresses - 1:
            raise AddressPlanError(
                f"{role} {index} has no address in {block}: a site has room for "
                f"{block.num_addresses - 1 - FIRST_HOST} machines of that role"
            )
        return block[position]

    def shared(self, which: Shared) -> IPv4Address:
        """The address that a pair of machines shares."""
        role, position = _SHARED_HOST[which]
        return self.block(role)[0][position]

    def _block(self, number: int) -> IPv4Network:
        first = self.network.network_address + number * 2 ** (32 - BLOCK_PREFIX)
        return IPv4Network((first, BLOCK_PREFIX))
