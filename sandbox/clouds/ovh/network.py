"""Private networks."""

from __future__ import annotations

from typing import Final

from sandbox.cloud import Call, Kind, Reference
from sandbox.clouds.ovh.base import ProjectKind
from sandbox.properties import Properties
from sandbox.store import Row

NETWORK: Final = "ovh:index/cloudNetworkPrivateVrack:CloudNetworkPrivateVrack"
SUBNET: Final = "ovh:index/cloudNetworkPrivateVrackSubnet:CloudNetworkPrivateVrackSubnet"


class PrivateNetwork(ProjectKind):
    """A VLAN of the vRack in one region."""

    token = NETWORK
    replace_on = frozenset({"serviceName", "region", "vlanId", "description"})
    unique = frozenset({"name"})
    autoname = True

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """What the API reports."""
        return {"resourceStatus": "READY", "checksum": identifier[:8]}


class Subnet(ProjectKind):
    """An address range of a private network."""

    token = SUBNET
    replace_on = frozenset({"serviceName", "region", "networkId", "cidr"})
    references = (Reference("networkId", (NETWORK,), same=("region",)),)
    autoname = True


KINDS: Final[tuple[Kind, ...]] = (PrivateNetwork(), Subnet())
