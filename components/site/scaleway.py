"""Scaleway behind the contract of sites and accounts."""

from __future__ import annotations

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

scaleway = lazy("pulumiverse_scaleway")

LOAD_BALANCER_TYPE: Final = "LB-S"
GATEWAY_TYPE: Final = "VPC-GW-S"
VOLUME_IOPS: Final = 15000
ROOT_GB: Final = 20
CHECK: Final = "5s"
# Scaleway's groups know no VRRP: between machines of one role every protocol is let through, the machines' own
# firewalls are exact.
PROTOCOLS: Final = {Protocol.TCP: "TCP", Protocol.UDP: "UDP", Protocol.VRRP: "ANY"}


class ScalewayAccount(Account):
    """A Scaleway project: buckets, IAM applications with keys, DNS zones."""

    def bucket(self, args: BucketArgs, *, protect: bool) -> Bucket:
        """Create the bucket, its encryption and, where asked for, its lock."""
        common = {"project_id": self.project, "region": args.region}
        expiry = {
            "id": "replaced-versions",
            "enabled": True,
            "noncurrent_version_expiration": {"noncurrent_days": args.noncurrent_days},
            "abort_incomplete_multipart_upload_days": 7,
        }
        bucket = scaleway.object.Bucket(
            args.name,
            name=args.name,
            versioning={"enabled": True},
            object_lock_enabled=bool(args.lock_days),
            lifecycle_rules=[expiry] if args.noncurrent_days else None,
            tags=args.tags_by_key,
            **common,
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(protect=protect)),
        )
        scaleway.object.BucketServerSideEncryptionConfiguration(
            args.name,
            bucket=bucket.name,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            **common,
            opts=self._child,
        )
        if args.lock_days:
            scaleway.object.BucketLockConfiguration(
                args.name,
                bucket=bucket.name,
                rule={"default_retention": {"mode": "COMPLIANCE", "days": args.lock_days}},
                **common,
                opts=self._child,
            )
        application, credential = None, None
        if args.access is not None:
            application, credential = self._credential(args.name, args.access)
        # Rights of IAM reach down to the project only: a bucket without a policy is open to every key of the project.
        scaleway.object.BucketPolicy(
            args.name,
            bucket=bucket.name,
            policy=pulumi.Output.all(bucket.name, application).apply(
                lambda known: _bucket_policy(str(known[0]), str(self.operator), known[1], args.access)
            ),
            **common,
            opts=self._child,
        )
        return Bucket(bucket.name, args.region, f"https://s3.{args.region}.scw.cloud", credential)

    def _credential(self, name: str, access: Access) -> tuple[pulumi.Output[str], Credential]:
        """Create an IAM application with a key; its id and the key."""
        application = scaleway.iam.Application(name, name=name, opts=self._child)
        scaleway.iam.Policy(
            name,
            name=name,
            application_id=application.id,
            rules=[{"project_ids": [self.project], "permission_set_names": _permission_sets(access)}],
            opts=self._child,
        )
        key = scaleway.iam.ApiKey(
            name,
            application_id=application.id,
            description=name,
            default_project_id=self.project,
            opts=self._child,
        )
        return application.id, Credential(key.access_key, key.secret_key)

    def record(self, name: str, zone: str, kind: str, values: Sequence[pulumi.Input[str]], ttl: int) -> None:
        """Create the records in a zone that the project holds at Scaleway."""
        for index, value in enumerate(values, start=1):
            scaleway.domain.Record(
                f"{name}.{zone}-{kind.lower()}-{index}",
                dns_zone=zone,
                name=name,
                type=kind,
                data=value,
                ttl=ttl,
                project_id=self.project,
                opts=self._child,
            )


def _permission_sets(access: Access) -> list[str]:
    sets = ["ObjectStorageBucketsRead", "ObjectStorageObjectsRead"]
    if access in (Access.WRITE, Access.APPEND):
        sets.append("ObjectStorageObjectsWrite")
    if access is Access.WRITE:
        sets.append("ObjectStorageObjectsDelete")
    return sets


def _bucket_policy(bucket: str, operator: str, application: str | None, access: Access | None) -> str:
    """Who deploys may do everything in the bucket, its application what it is for, and nobody else anything."""
    allowed: dict[str, tuple[str, Sequence[str]]] = {"who-deploys": (operator, ["s3:*"])}
    if application is not None and access is not None:
        allowed["the-application"] = (f"application_id:{application}", S3_ACTIONS[access])
    statements = [
        {
            "Sid": name,
            "Effect": "Allow",
            "Principal": {"SCW": principal},
            "Action": list(actions),
            "Resource": [bucket, f"{bucket}/*"],
        }
        for name, (principal, actions) in allowed.items()
    ]
    return json.dumps({"Version": "2023-04-17", "Id": bucket, "Statement": statements})


class ScalewaySite(Site):
    """A Scaleway region: a VPC with one private network across the zones, and a public gateway for what goes out."""

    encrypts_volumes = False

    def __init__(self, args: SiteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:site:Scaleway", args, opts)
        self._project = {"project_id": args.project}
        tags = list(args.tags)
        vpc = scaleway.network.Vpc(
            args.name, name=args.name, region=args.region, tags=tags, **self._project, opts=self._child
        )
        self._network = scaleway.network.PrivateNetwork(
            args.name,
            name=args.name,
            vpc_id=vpc.id,
            region=args.region,
            ipv4_subnet={"subnet": str(args.plan.network)},
            tags=tags,
            **self._project,
            opts=self._child,
        )
        zone = self.zone(1)
        address = scaleway.network.PublicGatewayIp(args.name, zone=zone, tags=tags, **self._project, opts=self._child)
        gateway = scaleway.network.PublicGateway(
            args.name,
            name=args.name,
            type=GATEWAY_TYPE,
            zone=zone,
            ip_id=address.id,
            bastion_enabled=False,
            tags=tags,
            **self._project,
            opts=self._child,
        )
        self._gateway = scaleway.network.GatewayNetwork(
            args.name,
            gateway_id=gateway.id,
            private_network_id=self._network.id,
            enable_masquerade=True,
            ipam_configs=[{"push_default_route": True}],
            zone=zone,
            opts=self._child,
        )
        scaleway.iam.SshKey(
            args.name, name=args.name, public_key=args.ssh_public_key, **self._project, opts=self._child
        )
        self._rules: dict[Role, Sequence[Rule]] = {}
        self._firewalls: dict[tuple[Role, str], Any] = {}
        self._groups: dict[tuple[Role, str], Any] = {}
        self.register_outputs({"network": self._network.id})

    def firewall(self, role: Role, rules: Sequence[Rule]) -> None:
        """Remember the rules; groups belong to a zone and are created with the first machine there."""
        self._rules[role] = rules

    def public_address(self, name: str, zone: str) -> PublicAddress:
        """Reserve a flexible address for a machine."""
        address = scaleway.instance.Ip(
            name, zone=zone, type="routed_ipv4", tags=list(self.args.tags), **self._project, opts=self._child
        )
        return PublicAddress(address.id, address.address)

    def volume(self, name: str, zone: str, size_gb: int, *, protect: bool) -> Volume:
        """Create a block volume; Scaleway has no input for encryption, so the machine encrypts (LUKS)."""
        volume = scaleway.block.Volume(
            name,
            name=name,
            iops=VOLUME_IOPS,
            size_in_gb=size_gb,
            zone=zone,
            tags=list(self.args.tags),
            **self._project,
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(protect=protect)),
        )
        return Volume(volume.id, size_gb)

    def share(self, name: str, size_gb: int, *, protect: bool) -> Share:
        """Create a file system that machines attach."""
        share = scaleway.FileFilesystem(
            name,
            name=name,
            size_in_gb=size_gb,
            region=self.args.region,
            tags=list(self.args.tags),
            **self._project,
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(protect=protect)),
        )
        # Instances mount it by its id, without the region before it:
        # https://www.scaleway.com/en/docs/file-storage/how-to/mount-file-system/
        return Share(share.id, size_gb, "virtiofs", share.id.apply(lambda identifier: identifier.rsplit("/", 1)[-1]))

    def machine(self, args: MachineArgs) -> Machine:
        """Book the address, create the server without a public address, and attach the network with that address."""
        tags = [*self.args.tags, f"role={args.role}"]
        # Two machines cannot have one address.
        only_one = pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(delete_before_replace=True))
        address = scaleway.ipam.Ip(
            args.name,
            address=str(args.address),
            sources=[{"private_network_id": self._network.id}],
            region=self.args.region,
            tags=tags,
            **self._project,
            opts=only_one,
        )
        server = scaleway.instance.Server(
            args.name,
            name=args.name,
            type=args.type,
            image=self.args.image,
            zone=args.zone,
            security_group_id=self._firewall(args.role, args.zone),
            placement_group_id=self._group(args.role, args.zone),
            root_volume={"size_in_gb": ROOT_GB, "volume_type": "sbs_volume"},
            additional_volume_ids=[args.volume.id] if args.volume else None,
            filesystems=[{"filesystem_id": args.share.id}] if args.share else None,
            ip_ids=[args.public_address.id] if args.public_address else None,
            enable_dynamic_ip=False,
            cloud_init=pulumi.Output.secret(args.user_data),
            protected=args.protect,
            tags=tags,
            **self._project,
            opts=pulumi.ResourceOptions.merge(
                only_one,
                # New user data would only be read at a first boot. What changes later reaches the machine by
                # convergence instead.
                pulumi.ResourceOptions(
                    protect=args.protect,
                    ignore_changes=["cloudInit"],
                    depends_on=[self._gateway, *args.depends_on],
                ),
            ),
        )
        card = scaleway.instance.PrivateNic(
            args.name,
            server_id=server.id,
            private_network_id=self._network.id,
            ipam_ip_ids=[address.id],
            zone=args.zone,
            tags=tags,
            opts=only_one,
        )
        return Machine(args.name, args.role, args.zone, args.address, card)

    def entry(self, name: str, machines: Sequence[Machine], health_port: int) -> Entry:
        """Create a load balancer in each of two zones, each of which knows all the machines."""
        addresses = []
        for index, zone in enumerate(list(dict.fromkeys(self.args.zones))[:2], start=1):
            at = f"{name}-{zone}"
            tags = list(self.args.tags)
            public = scaleway.loadbalancers.Ip(at, zone=zone, tags=tags, **self._project, opts=self._child)
            private = scaleway.ipam.Ip(
                at,
                address=str(self.args.plan.entry[index]),
                sources=[{"private_network_id": self._network.id}],
                region=self.args.region,
                tags=tags,
                **self._project,
                opts=self._child,
            )
            balancer = scaleway.loadbalancers.LoadBalancer(
                at,
                name=at,
                type=LOAD_BALANCER_TYPE,
                zone=zone,
                ip_ids=[public.id],
                private_networks=[{"private_network_id": self._network.id, "ipam_ids": private.id}],
                ssl_compatibility_level="ssl_compatibility_level_modern",
                tags=tags,
                **self._project,
                opts=self._child,
            )
            for port in (80, 443):
                self._forward(f"{at}-{port}", balancer, port, machines, health_port)
            addresses.append(public.ip_address)
        return Entry(addresses)

    def _forward(self, name: str, balancer: Any, port: int, machines: Sequence[Machine], health_port: int) -> None:
        backend = scaleway.loadbalancers.Backend(
            name,
            name=name,
            lb_id=balancer.id,
            forward_protocol="tcp",
            forward_port=port,
            forward_port_algorithm="leastconn",
            proxy_protocol="v2",
            server_ips=[str(machine.address) for machine in machines],
            health_check_port=health_port,
            health_check_http={"uri": "/healthz", "method": "GET", "code": 200},
            health_check_delay=CHECK,
            health_check_timeout="3s",
            health_check_max_retries=2,
            opts=self._child,
        )
        scaleway.loadbalancers.Frontend(
            name, name=name, lb_id=balancer.id, backend_id=backend.id, inbound_port=port, opts=self._child
        )

    def _firewall(self, role: Role, zone: str) -> Any:
        if (role, zone) not in self._firewalls:
            name = f"{self.args.name}-{role}-{zone}"
            rules = self._rules[role]
            group = scaleway.instance.SecurityGroup(
                name,
                name=name,
                zone=zone,
                stateful=True,
                enable_default_security=True,
                inbound_default_policy="drop",
                outbound_default_policy="drop",
                inbound_rules=[_security_rule(rule) for rule in rules if rule.inbound],
                outbound_rules=[_security_rule(rule) for rule in rules if not rule.inbound],
                tags=list(self.args.tags),
                **self._project,
                opts=self._child,
            )
            self._firewalls[role, zone] = group.id
        return self._firewalls[role, zone]

    def _group(self, role: Role, zone: str) -> Any:
        if (role, zone) not in self._groups:
            name = f"{self.args.name}-{role}-{zone}"
            group = scaleway.instance.PlacementGroup(
                name,
                name=name,
                zone=zone,
                policy_type="max_availability",
                tags=list(self.args.tags),
                **self._project,
                opts=self._child,
            )
            self._groups[role, zone] = group.id
        return self._groups[role, zone]


def _security_rule(rule: Rule) -> dict[str, Any]:
    ports: dict[str, Any] = {}
    if rule.ports is not None:
        first, last = rule.ports
        ports = {"port": first} if first == last else {"port_range": f"{first}-{last}"}
    return {"action": "accept", "protocol": PROTOCOLS[rule.protocol], "ip_range": rule.cidr, **ports}
