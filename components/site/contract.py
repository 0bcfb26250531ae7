"""The contract of a place where machines run (`Site`) and of a customer's account at a provider (`Account`).

A topology speaks only of what stands here. Each method creates the provider's resources, named after the arguments
with stable keys and never with positions, as children of the component that it belongs to; `tests/unit/components`
runs one set of tests against both implementations.
"""

from __future__ import annotations

import abc
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address
from typing import ClassVar, Literal

import pulumi

from components.network.addresses import AddressPlan
from components.network.firewall import Rule
from settings import AccountSettings, Role


class Access(StrEnum):
    """What a credential may do in one bucket."""

    READ = "read"
    """List and get."""
    WRITE = "write"
    """List, get, put and delete; versions that are no longer current stay out of reach."""
    APPEND = "append"
    """List, get and put: for backups, which their writer must not be able to remove."""


S3_ACTIONS: dict[Access, tuple[str, ...]] = {
    Access.READ: ("s3:GetObject", "s3:ListBucket"),
    Access.WRITE: ("s3:GetObject", "s3:ListBucket", "s3:PutObject", "s3:DeleteObject"),
    Access.APPEND: ("s3:GetObject", "s3:ListBucket", "s3:PutObject"),
}


@dataclass(frozen=True)
class BucketArgs:
    """A bucket with versions and encryption at rest, closed to the public.

    `name` is 3 to 63 characters of a-z, 0-9 and `-`; `region` the provider's name of an object storage region.
    `lock_days`, where it is not 0, keeps every version from deletion by anybody for so many days.
    `noncurrent_days`, where it is not 0, removes versions that have been replaced for so many days. `access` is for
    whom a key pair is made; without it, only who deploys has access. `tags` are `key=value`.
    """

    name: str
    region: str
    lock_days: int = 0
    noncurrent_days: int = 0
    access: Access | None = None
    tags: Sequence[str] = ()

    @property
    def tags_by_key(self) -> dict[str, str]:
        """The tags, for providers whose buckets have keys and values."""
        return dict(tag.split("=", 1) for tag in self.tags)


@dataclass(frozen=True)
class Credential:
    """An S3 key pair that opens one bucket, and nothing else, for one kind of use; the secret is marked so in the state."""

    access_key: pulumi.Output[str]
    secret_key: pulumi.Output[str]


@dataclass(frozen=True)
class Bucket:
    """A bucket that exists: where it is, the S3 endpoint that serves it, and the keys to it where some were asked for."""

    name: pulumi.Output[str]
    region: str
    endpoint: str
    credential: Credential | None


class Account(abc.ABC):
    """What a customer has at a provider independently of a place: buckets, S3 credentials, DNS records."""

    def __init__(self, settings: AccountSettings, parent: pulumi.Resource) -> None:
        """Speak for one project, with `parent` as the component that owns what is created."""
        self.project = settings.project
        self.operator = settings.operator
        self._child = pulumi.ResourceOptions(parent=parent)

    @abc.abstractmethod
    def bucket(self, args: BucketArgs, *, protect: bool) -> Bucket:
        """Create a bucket and, where asked for, the keys to it; with `protect`, the engine refuses to delete it."""

    @abc.abstractmethod
    def record(self, name: str, zone: str, kind: str, values: Sequence[pulumi.Input[str]], ttl: int) -> None:
        """Create DNS records `name`.`zone` of a kind (A, CNAME, TXT …), one a value; `ttl` in seconds, 60 or more."""


@dataclass(frozen=True)
class Volume:
    """A block volume."""

    id: pulumi.Output[str]
    size_gb: int


@dataclass(frozen=True)
class Share:
    """Managed shared file storage, which machines attach, and mount as a file system `type` from `source`."""

    id: pulumi.Output[str]
    size_gb: int
    type: Literal["nfs", "virtiofs"]
    source: pulumi.Output[str]


@dataclass(frozen=True)
class PublicAddress:
    """A public IPv4 address that is ours until we give it back."""

    id: pulumi.Output[str]
    address: pulumi.Output[str]


@dataclass(frozen=True)
class MachineArgs:
    """One machine.

    `name` is unique in the account; `role` decides its firewall and its anti-affinity group; `zone` is one of the
    site's; `address` its fixed private address; `type` the provider's instance type; `user_data` the cloud-init
    document. `public_address` makes it reachable from outside, as far as its firewall lets. With `protect`, engine
    and provider refuse to delete it.
    """

    name: str
    role: Role
    zone: str
    address: IPv4Address
    type: str
    user_data: pulumi.Input[str]
    volume: Volume | None = None
    share: Share | None = None
    public_address: PublicAddress | None = None
    protect: bool = False
    depends_on: Sequence[pulumi.Resource] = ()


@dataclass(frozen=True)
class Machine:
    """A machine that exists."""

    name: str
    role: Role
    zone: str
    address: IPv4Address
    resource: pulumi.Resource
    """What others that need the running machine depend on."""


@dataclass(frozen=True)
class Entry:
    """The public way in: a load balancer in each of two zones, each with an address; DNS names them all."""

    addresses: list[pulumi.Output[str]] = field(default_factory=list)


@dataclass(frozen=True)
class SiteArgs:
    """A place: `name` is a prefix for all that is in it, `region` and `zones` are the provider's names."""

    name: str
    region: str
    zones: Sequence[str]
    project: str
    plan: AddressPlan
    image: str
    ssh_public_key: pulumi.Input[str]
    tags: Sequence[str]


class Site(pulumi.ComponentResource, abc.ABC):
    """A place with a private network across its zones and a gateway for what goes out; nothing comes in by itself.

    Creating the component creates the network, its address range, the gateway and the SSH key of the deployment.
    """

    encrypts_volumes: ClassVar[bool]
    """Whether the provider encrypts block volumes; otherwise the machine does (LUKS)."""

    def __init__(self, token: str, args: SiteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(token, args.name, None, opts)
        self.args = args
        self._child = pulumi.ResourceOptions(parent=self)

    def zone(self, index: int) -> str:
        """The zone of the `index`th machine of a role, counted from 1: one zone after the other."""
        return self.args.zones[(index - 1) % len(self.args.zones)]

    @abc.abstractmethod
    def firewall(self, role: Role, rules: Sequence[Rule]) -> None:
        """Allow a role's machines exactly what the rules say; must precede the role's first machine."""

    @abc.abstractmethod
    def public_address(self, name: str, zone: str) -> PublicAddress:
        """Reserve a public address."""

    @abc.abstractmethod
    def volume(self, name: str, zone: str, size_gb: int, *, protect: bool) -> Volume:
        """Create a block volume."""

    @abc.abstractmethod
    def share(self, name: str, size_gb: int, *, protect: bool) -> Share:
        """Create managed shared file storage in the network."""

    @abc.abstractmethod
    def machine(self, args: MachineArgs) -> Machine:
        """Create a machine: in its zone, apart from others of its role, with its fixed address."""

    @abc.abstractmethod
    def entry(self, name: str, machines: Sequence[Machine], health_port: int) -> Entry:
        """Create the public load balancers, which hand TCP 80 and 443 on to machines with the PROXY protocol.

        A machine is used while `http://<machine>:<health_port>/healthz` answers 200.
        """
