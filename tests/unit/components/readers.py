"""What a program declared at a provider, in words that both providers share, so that one test can speak of both."""

from __future__ import annotations

import abc
import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from components.network.firewall import Rule
from components.network.flows import Protocol
from settings import Provider
from tests.unit.components.recorder import Recording, Registration


@dataclass(frozen=True)
class Opening:
    """One thing that a firewall lets through; `ports` are None where the protocol has none or all are meant."""

    inbound: bool
    protocol: str
    ports: tuple[int, int] | None
    cidr: str


@dataclass(frozen=True)
class SeenNetwork:
    """A private network across the zones of a region, and the gateways that lead out of it."""

    name: str
    cidr: str
    region: str
    gateways: tuple[Registration, ...]


@dataclass(frozen=True)
class SeenMachine:
    """A machine with what is attached to it. `apart` is the id of the group whose members share no host."""

    registration: Registration
    name: str
    zone: str
    type: str
    private: tuple[str, ...]
    public: tuple[str, ...]
    openings: frozenset[Opening]
    denies_the_rest: bool
    apart: str
    user_data: str
    volumes: tuple[Registration, ...]
    shares: tuple[Registration, ...]


@dataclass(frozen=True)
class SeenVolume:
    """A block volume."""

    registration: Registration
    zone: str
    size_gb: int
    encrypted: bool


@dataclass(frozen=True)
class SeenBucket:
    """A bucket; `lock_days` is 0 without a lock, `noncurrent_days` 0 where replaced versions stay."""

    registration: Registration
    name: str
    region: str
    versioned: bool
    encrypted: bool
    lock_days: int
    noncurrent_days: int
    private: bool


@dataclass(frozen=True)
class SeenCredential:
    """Somebody with S3 keys: what it may do in which bucket, and which other rights it has."""

    name: str
    actions: Mapping[str, frozenset[str]]
    others: frozenset[str]
    keys: int


@dataclass(frozen=True)
class SeenBalancer:
    """A load balancer: public port → how it hands on, and to whom."""

    name: str
    zone: str
    public: tuple[str, ...]
    forwards: Mapping[int, SeenForward]


@dataclass(frozen=True)
class SeenForward:
    """The machines behind one port: protocol, addresses and ports, and how their health is asked for."""

    protocol: str
    proxy_protocol: bool
    targets: frozenset[tuple[str, int]]
    health: tuple[str, int]


@dataclass(frozen=True)
class SeenRecord:
    """A DNS record."""

    name: str
    zone: str
    kind: str
    value: str
    ttl: int


class Reader(abc.ABC):
    """Reads a recording for one provider."""

    vrrp: ClassVar[str]
    """What the provider's firewalls call VRRP."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording

    def opening(self, rule: Rule) -> Opening:
        """What a firewall with this rule lets through; its range of addresses must be known."""
        protocol = self.vrrp if rule.protocol is Protocol.VRRP else rule.protocol.value
        return Opening(rule.inbound, protocol, rule.ports, str(rule.cidr))

    @abc.abstractmethod
    def networks(self) -> list[SeenNetwork]:
        """The private networks."""

    def machines(self) -> list[SeenMachine]:
        """The machines."""
        return self._machines

    @functools.cached_property
    def _machines(self) -> list[SeenMachine]:
        return list(self._read_machines())

    @abc.abstractmethod
    def _read_machines(self) -> Iterator[SeenMachine]:
        """The machines, read from the recording."""

    @abc.abstractmethod
    def volumes(self) -> list[SeenVolume]:
        """The block volumes."""

    @abc.abstractmethod
    def shares(self) -> list[SeenVolume]:
        """The managed file storage."""

    @abc.abstractmethod
    def buckets(self) -> list[SeenBucket]:
        """The buckets."""

    @abc.abstractmethod
    def credentials(self) -> list[SeenCredential]:
        """The S3 credentials."""

    @abc.abstractmethod
    def balancers(self) -> list[SeenBalancer]:
        """The load balancers."""

    @abc.abstractmethod
    def records(self) -> list[SeenRecord]:
        """The DNS records."""

    def machine(self, name: str) -> SeenMachine:
        """The machine of a name."""
        (found,) = [one for one in self.machines() if one.name == name]
        return found

    def bucket(self, name: str) -> SeenBucket:
        """The bucket of a name."""
        (found,) = [one for one in self.buckets() if one.name == name]
        return found

    def _ids(self, identifiers: Any) -> tuple[Registration, ...]:
        return tuple(self.recording.by_id(identifier) for identifier in identifiers or [])


class OvhReader(Reader):
    """OVHcloud Public Cloud."""

    vrrp = "vrrp"

    def networks(self) -> list[SeenNetwork]:
        gateways = self.recording.of("CloudGateway")
        return [
            SeenNetwork(
                name=self.recording.by_id(subnet.inputs["networkId"]).inputs["name"],
                cidr=subnet.inputs["cidr"],
                region=subnet.inputs["region"],
                gateways=tuple(
                    gateway
                    for gateway in gateways
                    if gateway.inputs["subnetIds"] == [subnet.id] and gateway.inputs["externalGateway"]["enabled"]
                ),
            )
            for subnet in self.recording.of("CloudNetworkPrivateVrackSubnet")
        ]

    def _read_machines(self) -> Iterator[SeenMachine]:
        floating = {one.outputs["currentState"]["ip"] for one in self.recording.of("CloudFloatingIp")}
        for one in self.recording.of("CloudInstance"):
            addresses = [interface["ip"] for interface in one.inputs["networks"]]
            groups = self._ids(one.inputs["securityGroupIds"])
            apart = self.recording.by_id(one.inputs["groupId"])
            assert apart.inputs["policy"] == "ANTI_AFFINITY"
            yield SeenMachine(
                registration=one,
                name=one.inputs["name"],
                zone=one.inputs["availabilityZone"],
                type=one.inputs["flavorId"],
                private=tuple(address for address in addresses if address not in floating),
                public=tuple(address for address in addresses if address in floating),
                openings=frozenset(self._openings(groups)),
                # A group drops what no rule lets in; an instance without one would be in `default`.
                denies_the_rest=len(groups) == 1,
                apart=apart.id,
                user_data=one.inputs["userData"],
                volumes=self._ids(one.inputs.get("volumeIds")),
                shares=self._ids(share["id"] for share in one.inputs.get("shares") or []),
            )

    def _openings(self, groups: tuple[Registration, ...]) -> Iterator[Opening]:
        for group in groups:
            for rule in group.inputs["rules"]:
                assert rule["ethernetType"] == "IPV4"
                ports = (rule["portRangeMin"], rule["portRangeMax"]) if "portRangeMin" in rule else None
                inbound = {"INGRESS": True, "EGRESS": False}[rule["direction"]]
                yield Opening(inbound, rule["protocol"].lower(), ports, rule["remoteIpPrefix"])

    def volumes(self) -> list[SeenVolume]:
        return [
            SeenVolume(one, one.inputs["availabilityZone"], one.inputs["size"], one.inputs["encryption"]["enabled"])
            for one in self.recording.of("CloudStorageBlockVolume")
        ]

    def shares(self) -> list[SeenVolume]:
        return [
            SeenVolume(one, one.inputs["availabilityZone"], one.inputs["size"], one.inputs["encryption"]["enabled"])
            for one in self.recording.of("CloudStorageFileShare")
        ]

    def buckets(self) -> list[SeenBucket]:
        kept = {
            one.inputs["containerName"]: rule["noncurrentVersionExpiration"]["noncurrentDays"]
            for one in self.recording.of("CloudProjectStorageObjectBucketLifecycleConfiguration")
            for rule in one.inputs["rules"]
            if rule["status"] == "enabled"
        }
        return [
            SeenBucket(
                registration=one,
                name=one.inputs["name"],
                region=one.inputs["region"],
                versioned=one.inputs["versioning"]["status"] == "ENABLED",
                encrypted=one.inputs["encryption"]["algorithm"] == "AES256",
                lock_days=_lock(one.inputs.get("objectLock"), "retentionDays"),
                noncurrent_days=kept.get(one.inputs["name"], 0),
                private=True,  # OVH knows no public buckets: who has no policy has no access
            )
            for one in self.recording.of("CloudStorageObjectBucket")
        ]

    def credentials(self) -> list[SeenCredential]:
        keys, policies = self.recording.of("S3Credential"), self.recording.of("S3Policy")
        return [
            SeenCredential(
                name=user.name,
                actions=_actions(
                    statement
                    for policy in policies
                    if policy.inputs["userId"] == user.id
                    for statement in json.loads(policy.inputs["policy"])["Statement"]
                ),
                others=frozenset(user.inputs["roleNames"]) - {"objectstore_operator"},
                keys=sum(key.inputs["userId"] == user.id for key in keys),
            )
            for user in self.recording.of("User")
        ]

    def balancers(self) -> list[SeenBalancer]:
        return [
            SeenBalancer(
                name=one.inputs["name"],
                zone=one.inputs["availabilityZone"],
                public=(one.inputs["network"]["ip"],),
                forwards={
                    listener.inputs["protocolPort"]: self._forward(listener)
                    for listener in self.recording.of("CloudLoadbalancerListener")
                    if listener.inputs["loadbalancerId"] == one.id
                },
            )
            for one in self.recording.of("CloudLoadbalancer")
        ]

    def _forward(self, listener: Registration) -> SeenForward:
        pool = self.recording.by_id(listener.inputs["defaultPoolId"])
        members = [
            one.inputs for one in self.recording.of("CloudLoadbalancerPoolMember") if one.inputs["poolId"] == pool.id
        ]
        monitor = pool.inputs["healthMonitor"]
        (port,) = {member["monitor"]["port"] for member in members}
        assert all(member["monitor"]["address"] == member["address"] for member in members)
        assert (monitor["type"], monitor["expectedCodes"]) == ("HTTP", "200")
        return SeenForward(
            protocol=listener.inputs["protocol"].lower(),
            proxy_protocol=pool.inputs["protocol"] == "PROXYV2",
            targets=frozenset((member["address"], member["protocolPort"]) for member in members),
            health=(monitor["urlPath"], port),
        )

    def records(self) -> list[SeenRecord]:
        return [
            SeenRecord(*(one.inputs[key] for key in ("subdomain", "zone", "fieldtype", "target", "ttl")))
            for one in self.recording.of("ZoneRecord")
        ]


class ScalewayReader(Reader):
    """Scaleway."""

    vrrp = "any"

    def networks(self) -> list[SeenNetwork]:
        joins = self.recording.of("GatewayNetwork")
        return [
            SeenNetwork(
                name=one.inputs["name"],
                cidr=one.inputs["ipv4Subnet"]["subnet"],
                region=one.inputs["region"],
                gateways=tuple(
                    self.recording.by_id(join.inputs["gatewayId"])
                    for join in joins
                    if join.inputs["privateNetworkId"] == one.id
                    and join.inputs["enableMasquerade"]
                    and join.inputs["ipamConfigs"] == [{"pushDefaultRoute": True}]
                ),
            )
            for one in self.recording.of("PrivateNetwork")
        ]

    def _read_machines(self) -> Iterator[SeenMachine]:
        for one in self.recording.of("Server"):
            cards = [card for card in self.recording.of("PrivateNic") if card.inputs["serverId"] == one.id]
            group = self.recording.by_id(one.inputs["securityGroupId"])
            apart = self.recording.by_id(one.inputs["placementGroupId"])
            assert apart.inputs["policyType"] == "max_availability"
            assert one.inputs["enableDynamicIp"] is False
            yield SeenMachine(
                registration=one,
                name=one.inputs["name"],
                zone=one.inputs["zone"],
                type=one.inputs["type"],
                private=tuple(
                    address.inputs["address"] for card in cards for address in self._ids(card.inputs["ipamIpIds"])
                ),
                public=tuple(address.outputs["address"] for address in self._ids(one.inputs.get("ipIds"))),
                openings=frozenset(self._openings(group)),
                denies_the_rest=group.inputs["stateful"]
                and {group.inputs[f"{way}DefaultPolicy"] for way in ("inbound", "outbound")} == {"drop"},
                apart=apart.id,
                user_data=one.inputs["cloudInit"],
                volumes=self._ids(one.inputs.get("additionalVolumeIds")),
                shares=self._ids(share["filesystemId"] for share in one.inputs.get("filesystems") or []),
            )

    def _openings(self, group: Registration) -> Iterator[Opening]:
        for way in ("inbound", "outbound"):
            for rule in group.inputs[f"{way}Rules"]:
                assert rule["action"] == "accept"
                ports = None
                if "port" in rule:
                    ports = (rule["port"], rule["port"])
                elif "portRange" in rule:
                    first, last = rule["portRange"].split("-")
                    ports = (int(first), int(last))
                yield Opening(way == "inbound", rule["protocol"].lower(), ports, rule["ipRange"])

    def volumes(self) -> list[SeenVolume]:
        # Scaleway has no input for encryption.
        return [
            SeenVolume(one, one.inputs["zone"], one.inputs["sizeInGb"], encrypted=False)
            for one in self.recording.of("scaleway:block/volume:Volume")
        ]

    def shares(self) -> list[SeenVolume]:
        return [
            SeenVolume(one, one.inputs["region"], one.inputs["sizeInGb"], encrypted=False)
            for one in self.recording.of("FileFilesystem")
        ]

    def buckets(self) -> list[SeenBucket]:
        encrypted = {
            one.inputs["bucket"]
            for one in self.recording.of("BucketServerSideEncryptionConfiguration")
            for rule in one.inputs["rules"]
            if rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}
        }
        locks = {
            one.inputs["bucket"]: _lock(one.inputs["rule"]["defaultRetention"], "days")
            for one in self.recording.of("BucketLockConfiguration")
        }
        # A bucket without a policy is open to every key of its project.
        closed = {one.inputs["bucket"] for one in self.recording.of("BucketPolicy") if _names_all(one.inputs["policy"])}
        found = []
        for one in self.recording.of("scaleway:object/bucket:Bucket"):
            name = one.inputs["name"]
            assert one.inputs["objectLockEnabled"] is (name in locks)
            lifecycle = [rule for rule in one.inputs.get("lifecycleRules") or [] if rule["enabled"]]
            found.append(
                SeenBucket(
                    registration=one,
                    name=name,
                    region=one.inputs["region"],
                    versioned=one.inputs["versioning"]["enabled"],
                    encrypted=name in encrypted,
                    lock_days=locks.get(name, 0),
                    noncurrent_days=max(
                        (rule["noncurrentVersionExpiration"]["noncurrentDays"] for rule in lifecycle), default=0
                    ),
                    private=one.inputs.get("acl", "private") == "private" and name in closed,
                )
            )
        return found

    def credentials(self) -> list[SeenCredential]:
        keys, policies, rights = (
            self.recording.of(kind) for kind in ("ApiKey", "BucketPolicy", "scaleway:iam/policy:Policy")
        )
        found = []
        for one in self.recording.of("Application"):
            sets = {
                name
                for policy in rights
                if policy.inputs["applicationId"] == one.id
                for rule in policy.inputs["rules"]
                for name in rule["permissionSetNames"]
            }
            found.append(
                SeenCredential(
                    name=one.name,
                    actions=_actions(
                        statement
                        for policy in policies
                        for statement in json.loads(policy.inputs["policy"])["Statement"]
                        if statement["Principal"] == {"SCW": f"application_id:{one.id}"}
                    ),
                    others=frozenset(name for name in sets if not name.startswith("ObjectStorage")),
                    keys=sum(key.inputs["applicationId"] == one.id for key in keys),
                )
            )
        return found

    def balancers(self) -> list[SeenBalancer]:
        return [
            SeenBalancer(
                name=one.inputs["name"],
                zone=one.inputs["zone"],
                public=tuple(address.outputs["ipAddress"] for address in self._ids(one.inputs["ipIds"])),
                forwards={
                    frontend.inputs["inboundPort"]: self._forward(self.recording.by_id(frontend.inputs["backendId"]))
                    for frontend in self.recording.of("Frontend")
                    if frontend.inputs["lbId"] == one.id
                },
            )
            for one in self.recording.of("LoadBalancer")
        ]

    def _forward(self, backend: Registration) -> SeenForward:
        given = backend.inputs
        check = given["healthCheckHttp"]
        assert (check["method"], check["code"]) == ("GET", 200)
        return SeenForward(
            protocol=given["forwardProtocol"],
            proxy_protocol=given["proxyProtocol"] == "v2",
            targets=frozenset((address, given["forwardPort"]) for address in given["serverIps"]),
            health=(check["uri"], given["healthCheckPort"]),
        )

    def records(self) -> list[SeenRecord]:
        return [
            SeenRecord(*(one.inputs[key] for key in ("name", "dnsZone", "type", "data", "ttl")))
            for one in self.recording.of("Record")
        ]


READERS: Mapping[Provider, type[Reader]] = {Provider.OVH: OvhReader, Provider.SCALEWAY: ScalewayReader}


@functools.cache
def readers_of(recording: Recording) -> Mapping[Provider, Reader]:
    """A reader for each provider."""
    return {provider: reader(recording) for provider, reader in READERS.items()}


def _names_all(policy: str) -> bool:
    """Whether a policy says of everybody whom it lets in who that is."""
    statements = json.loads(policy)["Statement"]
    return all(re.match(r"(application|user)_id:[0-9a-f-]{36}$", one["Principal"]["SCW"]) for one in statements)


def _lock(given: Mapping[str, Any] | None, days: str) -> int:
    """How many days a lock lasts that nobody can lift; 0 where there is none."""
    return int(given[days]) if given and given["mode"] == "COMPLIANCE" else 0


def _actions(statements: Iterator[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    """Bucket → what may be done there, in its objects and in itself."""
    found: dict[str, frozenset[str]] = {}
    for statement in statements:
        assert statement["Effect"] == "Allow"
        buckets = {resource.removeprefix("arn:aws:s3:::").split("/")[0] for resource in statement["Resource"]}
        for bucket in buckets:
            found[bucket] = found.get(bucket, frozenset()) | frozenset(statement["Action"])
    return found
