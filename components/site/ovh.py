"""OVHcloud Public Cloud behind the contract of sites and accounts."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from typing import Any, Final

import pulumi

from components.network.firewall import Rule
from components.network.flows import Protocol
from components.sdk import lazy
from components.site.contract import (
    S3_ACTIONS,
    Access,
    Account,
    Bucket,
    BucketArgs,
    Credential,
    Entry,
    Machine,
    MachineArgs,
    PublicAddress,
    Share,
    Site,
    SiteArgs,
    Volume,
)
from settings import Role

ovh = lazy("pulumi_ovh")

LOAD_BALANCER_FLAVOR: Final = "SMALL"
GATEWAY_MODEL: Final = "S"
VOLUME_TYPE: Final = "HIGH_SPEED_GEN2"
SHARE_TYPE: Final = "STANDARD_1AZ"
PROTOCOLS: Final = {Protocol.TCP: "TCP", Protocol.UDP: "UDP", Protocol.VRRP: "VRRP"}
CHECK_SECONDS: Final = 5


class OvhAccount(Account):
    """A Public Cloud project: S3 buckets, S3 users, and the DNS zones of the same customer."""

    def bucket(self, args: BucketArgs, *, protect: bool) -> Bucket:
        """Create the bucket and, where replaced versions expire, its lifecycle."""
        opts = pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(protect=protect))
        lock = {"mode": "COMPLIANCE", "retention_days": args.lock_days} if args.lock_days else None
        bucket = ovh.CloudStorageObjectBucket(
            args.name,
            service_name=self.project,
            region=args.region,
            name=args.name,
            versioning={"status": "ENABLED"},
            encryption={"algorithm": "AES256"},
            object_lock=lock,
            tags=args.tags_by_key,
            opts=opts,
        )
        if args.noncurrent_days:
            ovh.CloudProjectStorageObjectBucketLifecycleConfiguration(
                args.name,
                service_name=self.project,
                region_name=args.region,
                container_name=bucket.name,
                rules=[
                    {
                        "id": "replaced-versions",
                        "status": "enabled",
                        "noncurrent_version_expiration": {"noncurrent_days": args.noncurrent_days},
                        "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
                    }
                ],
                opts=self._child,
            )
        credential = self._credential(args.name, bucket.name, args.access) if args.access is not None else None
        return Bucket(bucket.name, args.region, f"https://s3.{args.region.lower()}.io.cloud.ovh.net", credential)

    def _credential(self, name: str, bucket: pulumi.Output[str], access: Access) -> Credential:
        """Create an S3 user of its own: OVH attaches policies to users, not to keys or buckets."""
        user = ovh.cloudproject.User(
            name, service_name=self.project, description=name, role_names=["objectstore_operator"], opts=self._child
        )
        key = ovh.cloudproject.S3Credential(name, service_name=self.project, user_id=user.id, opts=self._child)
        ovh.cloudproject.S3Policy(
            name,
            service_name=self.project,
            user_id=user.id,
            policy=bucket.apply(functools.partial(_policy, actions=S3_ACTIONS[access])),
            opts=self._child,
        )
        return Credential(key.access_key_id, key.secret_access_key)

    def record(self, name: str, zone: str, kind: str, values: Sequence[pulumi.Input[str]], ttl: int) -> None:
        """Create the records in a zone that the customer holds at OVH."""
        for index, value in enumerate(values, start=1):
            ovh.domain.ZoneRecord(
                f"{name}.{zone}-{kind.lower()}-{index}",
                zone=zone,
                subdomain=name,
                fieldtype=kind,
                target=value,
                ttl=ttl,
                opts=self._child,
            )


def _policy(bucket: str, actions: Sequence[str]) -> str:
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    statement = {"Sid": "only-this-bucket", "Effect": "Allow", "Action": list(actions), "Resource": resources}
    return json.dumps({"Statement": [statement]})


class OvhSite(Site):
    """A Public Cloud region: a vRack network, a gateway, and machines that have only their private address."""

    encrypts_volumes = True

    def __init__(self, args: SiteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:site:Ovh", args, opts)
        self._common = {"service_name": args.project, "region": args.region}
        self._network = ovh.CloudNetworkPrivateVrack(args.name, name=args.name, **self._common, opts=self._child)
        pool = args.plan.pool
        self._subnet = ovh.CloudNetworkPrivateVrackSubnet(
            args.name,
            name=args.name,
            network_id=self._network.id,
            cidr=str(args.plan.network),
            gateway_ip=str(args.plan.gateway),
            dhcp_enabled=True,
            allocation_pools=[{"start": str(pool[1]), "end": str(pool[-2])}],
            **self._common,
            opts=self._child,
        )
        self._gateway = ovh.CloudGateway(
            args.name,
            name=args.name,
            subnet_ids=[self._subnet.id],
            external_gateway={"enabled": True, "model": GATEWAY_MODEL},
            **self._common,
            opts=self._child,
        )
        self._ssh_key = ovh.CloudSSHKey(
            args.name, name=args.name, service_name=args.project, public_key=args.ssh_public_key, opts=self._child
        )
        self._firewalls: dict[Role, Any] = {}
        self._groups: dict[Role, Any] = {}
        flavors = ovh.get_cloud_instance_flavors_output(**self._common)
        images = ovh.get_cloud_instance_images_output(**self._common)
        self._flavor_ids = flavors.apply(lambda found: {flavor.name: flavor.id for flavor in found.flavors})
        self._image_id = images.apply(lambda found: next(i.id for i in found.images if i.name == args.image))
        self.register_outputs({"network": self._network.id})

    def firewall(self, role: Role, rules: Sequence[Rule]) -> None:
        """Create the role's security group."""
        name = f"{self.args.name}-{role}"
        self._firewalls[role] = ovh.CloudSecurityGroup(
            name,
            name=name,
            rules=[_security_rule(rule) for rule in rules],
            **self._common,
            opts=self._child,
        )

    def public_address(self, name: str, zone: str) -> PublicAddress:
        """Reserve a floating address."""
        floating = ovh.CloudFloatingIp(name, description=name, availability_zone=zone, **self._common, opts=self._child)
        return PublicAddress(floating.id, floating.current_state.ip)

    def volume(self, name: str, zone: str, size_gb: int, *, protect: bool) -> Volume:
        """Create a volume that OVH encrypts (LUKS, keys at OVH)."""
        volume = ovh.CloudStorageBlockVolume(
            name,
            name=name,
            size=size_gb,
            volume_type=VOLUME_TYPE,
            availability_zone=zone,
            encryption={"enabled": True},
            **self._common,
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(protect=protect)),
        )
        return Volume(volume.id, size_gb)

    def share(self, name: str, size_gb: int, *, protect: bool) -> Share:
        """Create an NFS share in the site's network."""
        network = ovh.CloudStorageFileShareNetwork(
            name,
            name=name,
            network_id=self._network.id,
            subnet_id=self._subnet.id,
            **self._common,
            opts=self._child,
        )
        share = ovh.CloudStorageFileShare(
            name,
            name=name,
            protocol="NFS",
            size=size_gb,
            share_type=SHARE_TYPE,
            share_network_id=network.id,
            availability_zone=self.zone(1),
            encryption={"enabled": True},
            **self._common,
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(protect=protect)),
        )
        source = share.current_state.apply(lambda state: state.export_locations[0].path)
        return Share(share.id, size_gb, "nfs", source)

    def machine(self, args: MachineArgs) -> Machine:
        """Create the instance, on a host of its own within its role's group."""
        network: dict[str, pulumi.Input[str]] = {"network_id": self._network.id, "subnet_id": self._subnet.id}
        networks = [{**network, "ip": str(args.address)}]
        if args.public_address is not None:
            # An address outside the subnet's range is a floating one, which the provider then points at this port.
            networks.append({**network, "ip": args.public_address.address})
        instance = ovh.CloudInstance(
            args.name,
            name=args.name,
            flavor_id=self._flavor_ids[args.type],
            image_id=self._image_id,
            availability_zone=args.zone,
            group_id=self._group(args.role),
            security_group_ids=[self._firewalls[args.role].id],
            ssh_key_name=self._ssh_key.name,
            networks=networks,
            volume_ids=[args.volume.id] if args.volume else None,
            shares=[{"id": args.share.id, "access_level": "READ_WRITE"}] if args.share else None,
            user_data=args.user_data,
            **self._common,
            opts=_machine_options(self._child, args, "userData"),
        )
        return Machine(args.name, args.role, args.zone, args.address, instance)

    def entry(self, name: str, machines: Sequence[Machine], health_port: int) -> Entry:
        """Create a load balancer in each of two zones, each of which knows all the machines."""
        addresses = []
        for zone in list(dict.fromkeys(self.args.zones))[:2]:
            at = f"{name}-{zone}"
            public = self.public_address(at, zone)
            balancer = ovh.CloudLoadbalancer(
                at,
                name=at,
                flavor_name=LOAD_BALANCER_FLAVOR,
                availability_zone=zone,
                network={"id": self._network.id, "subnet_id": self._subnet.id, "ip": public.address},
                **self._common,
                opts=self._child,
            )
            for port in (80, 443):
                self._forward(f"{at}-{port}", balancer, port, machines, health_port)
            addresses.append(public.address)
        return Entry(addresses)

    def _forward(self, name: str, balancer: Any, port: int, machines: Sequence[Machine], health_port: int) -> None:
        common = {"service_name": self.args.project, "loadbalancer_id": balancer.id}
        pool = ovh.CloudLoadbalancerPool(
            name,
            name=name,
            protocol="PROXYV2",
            algorithm="LEAST_CONNECTIONS",
            health_monitor={
                "type": "HTTP",
                "url_path": "/healthz",
                "expected_codes": "200",
                "delay": CHECK_SECONDS,
                "timeout": CHECK_SECONDS - 2,
                "max_retries": 2,
                "max_retries_down": 2,
            },
            **common,
            opts=self._child,
        )
        ovh.CloudLoadbalancerListener(
            name, name=name, protocol="TCP", protocol_port=port, default_pool_id=pool.id, **common, opts=self._child
        )
        for machine in machines:
            ovh.CloudLoadbalancerPoolMember(
                f"{name}-{machine.name}",
                name=machine.name,
                pool_id=pool.id,
                address=str(machine.address),
                subnet_id=self._subnet.id,
                protocol_port=port,
                monitor={"address": str(machine.address), "port": health_port},
                **common,
                opts=self._child,
            )

    def _group(self, role: Role) -> Any:
        if role not in self._groups:
            name = f"{self.args.name}-{role}"
            group = ovh.CloudInstanceGroup(name, name=name, policy="ANTI_AFFINITY", **self._common, opts=self._child)
            self._groups[role] = group.id
        return self._groups[role]


def _security_rule(rule: Rule) -> dict[str, Any]:
    ports = {"port_range_min": rule.ports[0], "port_range_max": rule.ports[1]} if rule.ports else {}
    return {
        "direction": "INGRESS" if rule.inbound else "EGRESS",
        "ethernet_type": "IPV4",
        "protocol": PROTOCOLS[rule.protocol],
        "remote_ip_prefix": rule.cidr,
        "description": rule.reason,
        **ports,
    }


def _machine_options(child: pulumi.ResourceOptions, args: MachineArgs, user_data: str) -> pulumi.ResourceOptions:
    # New user data would reinstall the machine. What changes later reaches it by convergence instead.
    own = pulumi.ResourceOptions(
        protect=args.protect,
        ignore_changes=[user_data],
        depends_on=list(args.depends_on) or None,
        delete_before_replace=True,  # two machines cannot have one address
    )
    return pulumi.ResourceOptions.merge(child, own)
