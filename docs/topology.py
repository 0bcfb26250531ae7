"""What stands where, read from the state of a stack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from settings import Provider, Role

SITES: Final = {"platform:site:Ovh": Provider.OVH, "platform:site:Scaleway": Provider.SCALEWAY}
SYSTEM: Final = "platform:system:Hosting"
STACK: Final = "pulumi:pulumi:Stack"

# Resource type → the path of the property that is asked for. What belongs to a machine, a load balancer, a bucket or a
# site has its name in the program.
NETWORKS: Final = {
    "ovh:index/cloudNetworkPrivateVrackSubnet:CloudNetworkPrivateVrackSubnet": "cidr",
    "scaleway:network/privateNetwork:PrivateNetwork": "ipv4Subnet.subnet",
}
REGIONS: Final = dict.fromkeys(NETWORKS, "region")
EGRESS: Final = {
    "ovh:index/cloudGateway:CloudGateway": "currentState.externalIp",
    "scaleway:network/publicGatewayIp:PublicGatewayIp": "address",
}
PUBLIC_ADDRESSES: Final = {
    "ovh:index/cloudFloatingIp:CloudFloatingIp": "currentState.ip",
    "scaleway:instance/ip:Ip": "address",
    "scaleway:loadbalancers/ip:Ip": "ipAddress",
}
BALANCERS: Final = {
    "ovh:index/cloudLoadbalancer:CloudLoadbalancer": "availabilityZone",
    "scaleway:loadbalancers/loadBalancer:LoadBalancer": "zone",
}
VOLUMES: Final = {
    "ovh:index/cloudStorageBlockVolume:CloudStorageBlockVolume": "size",
    "scaleway:block/volume:Volume": "sizeInGb",
}
SHARES: Final = {
    "ovh:index/cloudStorageFileShare:CloudStorageFileShare": "size",
    "scaleway:index/fileFilesystem:FileFilesystem": "sizeInGb",
}
LOCKS: Final = {
    "ovh:index/cloudStorageObjectBucket:CloudStorageObjectBucket": "objectLock.retentionDays",
    "scaleway:object/bucketLockConfiguration:BucketLockConfiguration": "rule.defaultRetention.days",
}
APP_ROLES: Final = {"vault:appRole/authBackendRole:AuthBackendRole": "roleName"}


class StateError(Exception):
    """A state that has no hosting system in it; the text says what to do."""


@dataclass(frozen=True)
class Machine:
    """A machine; `public` is its public address, `volume_gb` the size of its volume, where it has them."""

    name: str
    role: Role
    zone: str
    address: str
    public: str | None
    volume_gb: int | None


@dataclass(frozen=True)
class Balancer:
    """A public load balancer."""

    name: str
    zone: str
    public: str


@dataclass(frozen=True)
class Site:
    """A place with its machines; `egress` is the public address of its gateway, `share_gb` of its managed files."""

    name: str
    provider: Provider
    region: str
    cidr: str
    egress: str
    machines: tuple[Machine, ...]
    balancers: tuple[Balancer, ...]
    share_gb: int | None

    @property
    def zones(self) -> list[str]:
        """Where its machines are."""
        return sorted({machine.zone for machine in self.machines})

    def of(self, role: Role) -> list[Machine]:
        """The machines of a role."""
        return [machine for machine in self.machines if machine.role is role]


@dataclass(frozen=True)
class Bucket:
    """A bucket; `lock_days` is 0 where versions can be deleted."""

    name: str
    provider: Provider
    region: str
    lock_days: int


@dataclass(frozen=True)
class Topology:
    """A hosting system: where it is, where it keeps what, and under which name it is reached."""

    name: str
    url: str
    sites: tuple[Site, ...]
    buckets: tuple[Bucket, ...]
    app_roles: tuple[str, ...]


def topology(state: Mapping[str, Any]) -> Topology:
    """The hosting system of an exported state.

    Raises StateError where there is none.
    """
    resources = (state.get("deployment") or {}).get("resources") or []
    outputs: Mapping[str, Any] = next((r.get("outputs") or {} for r in resources if r["type"] == STACK), {})
    system = next((_name(r) for r in resources if r["type"] == SYSTEM), None)
    if system is None or not outputs.get("machines"):
        raise StateError("there is no hosting system in the state of the stack")
    locks, public = _values(resources, LOCKS), _values(resources, PUBLIC_ADDRESSES)
    networks, regions, egress = (_values(resources, table) for table in (NETWORKS, REGIONS, EGRESS))
    volumes, shares, balancers = (_values(resources, table) for table in (VOLUMES, SHARES, BALANCERS))
    sites = []
    for resource in resources:
        if resource["type"] in SITES:
            full, site = _name(resource), _name(resource).removeprefix(f"{system}-")
            sites.append(
                Site(
                    name=site,
                    provider=SITES[resource["type"]],
                    region=regions[full],
                    cidr=networks[full],
                    egress=egress[full],
                    machines=tuple(
                        Machine(
                            name=machine["name"],
                            role=Role(machine["role"]),
                            zone=machine["zone"],
                            address=machine["address"],
                            public=public.get(machine["name"]),
                            volume_gb=volumes.get(machine["name"]),
                        )
                        for machine in outputs["machines"]
                        if machine["site"] == site
                    ),
                    balancers=tuple(
                        Balancer(name, zone, public[name])
                        for name, zone in sorted(balancers.items())
                        if name.startswith(f"{full}-")
                    ),
                    share_gb=shares.get(f"{full}-files"),
                )
            )
    return Topology(
        name=system,
        url=outputs["url"],
        # Who serves comes first; the order of a state is that of an update.
        sites=tuple(sorted(sites, key=lambda site: (not site.balancers, site.name))),
        buckets=tuple(
            Bucket(
                name=bucket["name"].removeprefix(f"{system}-"),
                provider=Provider(bucket["provider"]),
                region=bucket["region"],
                lock_days=int(locks.get(bucket["name"]) or 0),
            )
            for bucket in outputs["buckets"]
        ),
        app_roles=tuple(sorted(_values(resources, APP_ROLES).values())),
    )


def _name(resource: Mapping[str, Any]) -> str:
    return str(resource["urn"]).rsplit("::", 1)[-1]


def _values(resources: Iterable[Mapping[str, Any]], table: Mapping[str, str]) -> dict[str, Any]:
    """Of the resources whose types are in a table, by name: the property that the table says."""
    return {_name(r): _at(r.get("outputs") or {}, table[r["type"]]) for r in resources if r["type"] in table}


def _at(value: Any, path: str) -> Any:
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
