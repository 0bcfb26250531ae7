"""The network: public subnets for the load balancer alone, private ones without any way to the internet.

Tasks reach AWS's services by endpoints and nothing else, so that there is no NAT gateway: nothing can be fetched from
the internet or sent there, and three interface endpoints cost less than three NAT gateways (docs/chat.md has the sum).
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any, Final

import pulumi

from components.sdk import lazy

aws = lazy("pulumi_aws")

SERVICES: Final = ("ecr.api", "ecr.dkr", "logs")
"""What tasks need of AWS besides object storage: their image, and where their logs go."""
MOST_ZONES: Final = 3
IPV6_SUBNET: Final = 64


@dataclass(frozen=True)
class AddressPlan:
    """The parts of a network of /16 to /20: a quarter of it for the tasks of each zone; of the first quarter, half for
    the load balancer's subnets, half for the stores'."""

    network: IPv4Network

    def tasks(self, zone: int) -> IPv4Network:
        """The tasks' subnet in a zone, counted from 0."""
        return self._parts(2)[1 + zone]

    def public(self, zone: int) -> IPv4Network:
        """The load balancer's subnet in a zone."""
        return self._parts(5)[zone]

    def stores(self, zone: int) -> IPv4Network:
        """The stores' subnet in a zone."""
        return self._parts(5)[4 + zone]

    def _parts(self, bits: int) -> list[IPv4Network]:
        return list(self.network.subnets(prefixlen_diff=bits))


@dataclass(frozen=True)
class NetworkArgs:
    """`name` is the prefix of all names; `cidr` a network of /16 to /20; `zones` two or three of the `region`'s zones.

    `account` owns the buckets that can be reached; `flow_log` is the ARN of the bucket that keeps who talked to whom.
    """

    name: str
    account: str
    region: str
    cidr: IPv4Network
    zones: Sequence[str]
    flow_log: pulumi.Input[str]


class Network(pulumi.ComponentResource):
    """A VPC with IPv4 and IPv6 over its zones.

    Creates the VPC; its default security group without rules; a subnet a zone for the load balancer (`public`, dual
    stack, with an internet gateway), for tasks (`tasks`) and for stores (`stores`), the last two without a default
    route; the gateway endpoint of object storage; and the flow log. `connect` adds the interface endpoints.

    Outputs: `id`, `s3` (the prefix list of object storage), `public`, `tasks` and `stores` (ids of the subnets).
    """

    def __init__(self, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        if not 2 <= len(args.zones) <= MOST_ZONES:
            raise ValueError(f"zones has {len(args.zones)} entries; accepted are 2 to {MOST_ZONES}")
        super().__init__("platform:aws:Network", args.name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._plan = AddressPlan(args.cidr)
        self._vpc = aws.ec2.Vpc(
            args.name,
            cidr_block=str(args.cidr),
            assign_generated_ipv6_cidr_block=True,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags={"Name": args.name},
            opts=self._child,
        )
        self.id: pulumi.Output[str] = self._vpc.id
        aws.ec2.DefaultSecurityGroup(args.name, vpc_id=self.id, ingress=[], egress=[], opts=self._child)
        self.public = self._public()
        private = aws.ec2.RouteTable(f"{args.name}-private", vpc_id=self.id, **self._tags("private"), opts=self._child)
        self.tasks = [self._private("tasks", i, self._plan.tasks(i), private) for i in range(len(args.zones))]
        self.stores = [self._private("stores", i, self._plan.stores(i), private) for i in range(len(args.zones))]
        endpoint = aws.ec2.VpcEndpoint(
            f"{args.name}-s3",
            vpc_id=self.id,
            vpc_endpoint_type="Gateway",
            service_name=f"com.amazonaws.{args.region}.s3",
            route_table_ids=[private.id],
            policy=json.dumps(_own_buckets(args.account, args.region)),
            **self._tags("s3"),
            opts=self._child,
        )
        self.s3: pulumi.Output[str] = endpoint.prefix_list_id
        aws.ec2.FlowLog(
            args.name,
            vpc_id=self.id,
            traffic_type="ALL",
            log_destination_type="s3",
            log_destination=pulumi.Output.concat(args.flow_log, "/network"),
            destination_options={
                "file_format": "parquet",
                "hive_compatible_partitions": False,
                "per_hour_partition": True,
            },
            **self._tags("flows"),
            opts=self._child,
        )
        self.register_outputs(
            {"id": self.id, "s3": self.s3, "public": self.public, "tasks": self.tasks, "stores": self.stores}
        )

    def _tags(self, part: str) -> dict[str, Any]:
        return {"tags": {"Name": f"{self._args.name}-{part}"}}

    def _public(self) -> list[pulumi.Output[str]]:
        name = self._args.name
        gateway = aws.ec2.InternetGateway(name, vpc_id=self.id, tags={"Name": name}, opts=self._child)
        table = aws.ec2.RouteTable(f"{name}-public", vpc_id=self.id, **self._tags("public"), opts=self._child)
        for version, target in (
            ("ipv4", {"destination_cidr_block": "0.0.0.0/0"}),
            ("ipv6", {"destination_ipv6_cidr_block": "::/0"}),
        ):
            aws.ec2.Route(
                f"{name}-public-{version}", route_table_id=table.id, gateway_id=gateway.id, **target, opts=self._child
            )
        subnets = []
        for index, zone in enumerate(self._args.zones):
            subnet = aws.ec2.Subnet(
                f"{name}-public-{zone}",
                vpc_id=self.id,
                availability_zone=zone,
                cidr_block=str(self._plan.public(index)),
                ipv6_cidr_block=self._vpc.ipv6_cidr_block.apply(lambda cidr, index=index: _ipv6_subnet(cidr, index)),
                map_public_ip_on_launch=False,
                **self._tags(f"public-{zone}"),
                opts=self._child,
            )
            self._associate(f"{name}-public-{zone}", subnet, table)
            subnets.append(subnet.id)
        return subnets

    def _private(self, part: str, index: int, cidr: IPv4Network, table: Any) -> pulumi.Output[str]:
        name = f"{self._args.name}-{part}-{self._args.zones[index]}"
        subnet = aws.ec2.Subnet(
            name,
            vpc_id=self.id,
            availability_zone=self._args.zones[index],
            cidr_block=str(cidr),
            map_public_ip_on_launch=False,
            tags={"Name": name},
            opts=self._child,
        )
        self._associate(name, subnet, table)
        identifier: pulumi.Output[str] = subnet.id
        return identifier

    def _associate(self, name: str, subnet: Any, table: Any) -> None:
        aws.ec2.RouteTableAssociation(name, subnet_id=subnet.id, route_table_id=table.id, opts=self._child)

    def connect(self, group: pulumi.Input[str], vault_service: str, vault_group: pulumi.Input[str]) -> None:
        """Add the interface endpoints: AWS's services behind the security group `group`, Vault behind its own."""
        for service in SERVICES:
            self._interface(service.replace(".", "-"), f"com.amazonaws.{self._args.region}.{service}", group)
        self._interface("vault", vault_service, vault_group)

    def _interface(self, part: str, service: str, group: pulumi.Input[str]) -> None:
        aws.ec2.VpcEndpoint(
            f"{self._args.name}-{part}",
            vpc_id=self.id,
            vpc_endpoint_type="Interface",
            service_name=service,
            subnet_ids=self.tasks,
            security_group_ids=[group],
            private_dns_enabled=True,
            **self._tags(part),
            opts=self._child,
        )


def _ipv6_subnet(cidr: str, index: int) -> str:
    """The `index`th /64 of the VPC's /56."""
    subnets = ipaddress.IPv6Network(cidr).subnets(new_prefix=IPV6_SUBNET)
    return str(next(subnet for number, subnet in enumerate(subnets) if number == index))


def _own_buckets(account: str, region: str) -> dict[str, Any]:
    """Who gets into a task shall not carry anything off: the account's own buckets, and layers of images to read."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OwnBuckets",
                "Effect": "Allow",
                "Principal": "*",
                "Action": ["s3:GetObject", "s3:GetObjectTagging", "s3:PutObject", "s3:ListBucket"],
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:ResourceAccount": account}},
            },
            {
                "Sid": "LayersOfImages",
                "Effect": "Allow",
                "Principal": "*",
                "Action": ["s3:GetObject"],
                "Resource": f"arn:aws:s3:::prod-{region}-starport-layer-bucket/*",
            },
        ],
    }
