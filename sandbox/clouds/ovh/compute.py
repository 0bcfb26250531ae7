"""Instances, their groups and keys, and the functions that name flavors and images."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Function, Kind, Reference
from sandbox.clouds.ovh.base import CATALOG, ProjectKind, stable_id
from sandbox.clouds.ovh.network import (
    NETWORK,
    SECURITY_GROUP,
    SUBNET,
    floating_ip,
    must_be_unattached,
    subnet_in,
)
from sandbox.clouds.ovh.storage import SHARE, VOLUME
from sandbox.properties import Properties, find
from sandbox.schema import Failure
from sandbox.store import Row

INSTANCE: Final = "ovh:index/cloudInstance:CloudInstance"
GROUP: Final = "ovh:index/cloudInstanceGroup:CloudInstanceGroup"
SSH_KEY: Final = "ovh:index/cloudSSHKey:CloudSSHKey"
USER_DATA_BYTES: Final = 65535
"""OpenStack Nova's limit for user data, counted after base64."""


class SshKey(ProjectKind):
    """A public key that new instances take."""

    token = SSH_KEY
    replace_on = frozenset({"serviceName", "name", "publicKey"})
    unique = frozenset({"name"})
    region_property = None

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Keys are in OpenSSH's form."""
        yield from super().check(inputs, call)
        yield from rules.matches(
            inputs, "publicKey", r"^(ssh-(ed25519|rsa)|ecdsa-sha2-\S+) \S+", "an OpenSSH public key"
        )

    def new_id(self, inputs: Properties, call: Call) -> str:
        """Keys are known by their name."""
        return str(inputs["name"])


class InstanceGroup(ProjectKind):
    """Instances that must not share a host."""

    token = GROUP
    replace_on = frozenset({"serviceName", "region", "name", "policy"})

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Policies are the offered ones."""
        yield from super().check(inputs, call)
        policies = ("AFFINITY", "ANTI_AFFINITY", "SOFT_AFFINITY", "SOFT_ANTI_AFFINITY")
        yield from rules.one_of(inputs, "policy", policies)

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """What the API reports."""
        return self.observed(identifier, inputs)


class Instance(ProjectKind):
    """A machine."""

    token = INSTANCE
    replace_on = frozenset({"serviceName", "region", "availabilityZone", "groupId", "sshKeyName"})
    write_only = frozenset({"userData"})
    unique = frozenset({"name"})
    references = (
        Reference("groupId", (GROUP,), same=("region",)),
        Reference("networks[].networkId", (NETWORK,), same=("region",)),
        Reference("networks[].subnetId", (SUBNET,), same=("region",)),
        Reference("securityGroupIds[]", (SECURITY_GROUP,), same=("region",)),
        Reference("sshKeyName", (SSH_KEY,)),
        Reference("volumeIds[]", (VOLUME,), same=("region", "availabilityZone")),
        Reference("shares[].id", (SHARE,), same=("region",)),
    )

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Flavor and image must exist in the region, and the user data must fit."""
        yield from super().check(inputs, call)
        region = str(inputs.get("region"))
        for name, offered in (("flavorId", CATALOG.instance_types), ("imageId", CATALOG.images.values())):
            value = inputs.get(name)
            if rules.known(value) and value not in {stable_id(region, one) for one in offered}:
                yield Failure(name, f"is {value!r}, which {region} does not offer; look ids up by name in the region")
        for where, value in find(inputs, "userData"):
            if len(base64.b64encode(str(value).encode())) > USER_DATA_BYTES:
                yield Failure(where, f"has {len(value)} bytes; encoded in base64 it may have {USER_DATA_BYTES}")
        yield from rules.address(inputs, "networks[].ip")

    def targets(self, inputs: Properties, call: Call) -> list[Row]:
        """Also the floating addresses, which are named by themselves and not by their ids."""
        addresses = [floating_ip(call, str(ip)) for _, ip in find(inputs, "networks[].ip")]
        return [*super().targets(inputs, call), *(row for row in addresses if row is not None)]

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """Fixed addresses must be free in their subnet; other addresses must be free floating ones of the project."""
        others = [row for row in call.rows(INSTANCE) if existing is None or row.seq != existing.seq]
        own: list[tuple[str, str]] = []
        for interface in inputs.get("networks") or []:
            ip, subnet = interface.get("ip"), interface.get("subnetId")
            if subnet is None:
                continue
            found = subnet_in(call, subnet, interface.get("networkId")).outputs
            if ip is None:
                continue
            if IPv4Address(ip) in IPv4Network(found["cidr"]):
                pools = [(pool["start"], pool["end"]) for pool in found.get("allocationPools") or []]
                taken = [
                    (row.name, there["ip"])
                    for row in others
                    for there in row.outputs.get("networks") or []
                    if there.get("subnetId") == subnet and there.get("ip")
                ]
                rules.must_be_free(ip, found["cidr"], found.get("gatewayIp"), pools, [*taken, *own])
                own.append(("another interface of this instance", ip))
                continue
            address = floating_ip(call, ip)
            if address is None:
                raise CloudError(
                    f"400 the address {ip} is neither in the subnet {found['cidr']} nor a floating address"
                )
            must_be_unattached(address, call, existing)
        for volume in inputs.get("volumeIds") or []:
            for row in others:
                if volume in (row.outputs.get("volumeIds") or []):
                    raise CloudError(f"409 volume {volume} is attached to {row.name}")

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """Its interfaces with their addresses."""
        networks = [
            {
                "id": interface.get("networkId"),
                "subnetId": interface.get("subnetId"),
                "addresses": [{"ip": interface["ip"], "version": 4}] if interface.get("ip") else [],
            }
            for interface in inputs.get("networks") or []
        ]
        return self.observed(identifier, inputs, name=inputs.get("name"), powerState="ACTIVE", networks=networks)


def _flavors(arguments: Properties, call: Call) -> Properties:
    region = _region(arguments, call)
    flavors = [
        {
            "id": stable_id(region, name),
            "name": name,
            "vcpus": flavor.vcpu,
            "ram": flavor.memory_gib * 1024,
            "disk": 50,
            "ephemeral": 0,
            "swap": 0,
            "isPublic": True,
            "description": "",
            "location": {"region": region, "availabilityZone": ""},
        }
        for name, flavor in CATALOG.instance_types.items()
    ]
    return {"id": stable_id(region, "flavors"), "flavors": flavors, **arguments}


def _images(arguments: Properties, call: Call) -> Properties:
    region = _region(arguments, call)
    images = [
        {
            "id": stable_id(region, name),
            "name": name,
            "minDisk": 0,
            "minRam": 0,
            "size": 2,
            "status": "ACTIVE",
            "visibility": "PUBLIC",
            "createdAt": "2026-01-01T00:00:00Z",
            "updatedAt": "2026-01-01T00:00:00Z",
            "location": {"region": region, "availabilityZone": ""},
        }
        for name in CATALOG.images.values()
    ]
    return {"id": stable_id(region, "images"), "images": images, **arguments}


def _region(arguments: Properties, call: Call) -> str:
    region, project = arguments.get("region"), arguments.get("serviceName")
    if region not in CATALOG.regions:
        raise CloudError(f"404 region {region!r}; accepted is one of {', '.join(CATALOG.regions)}")
    if project not in call.session.account.projects:
        raise CloudError(f"403 these credentials give no access to project {project!r}")
    return str(region)


FUNCTIONS: Final[dict[str, Function]] = {
    "ovh:index/getCloudInstanceFlavors:getCloudInstanceFlavors": _flavors,
    "ovh:index/getCloudInstanceImages:getCloudInstanceImages": _images,
}
KINDS: Final[tuple[Kind, ...]] = (SshKey(), InstanceGroup(), Instance())
