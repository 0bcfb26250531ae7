"""Networks: VPCs, subnets, routes, endpoints, addresses and security groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network
from typing import Any, ClassVar, Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.aws.base import CATALOG, VPC, Api, AwsKind, Reading, added, always, known_only, removed
from sandbox.clouds.aws.tokens import BUCKET, LOG_GROUP, ROLE
from sandbox.properties import Properties, find
from sandbox.schema import Failure
from sandbox.store import Row

SUBNET: Final = "aws:ec2/subnet:Subnet"
INTERNET_GATEWAY: Final = "aws:ec2/internetGateway:InternetGateway"
EIP: Final = "aws:ec2/eip:Eip"
NAT_GATEWAY: Final = "aws:ec2/natGateway:NatGateway"
ROUTE_TABLE: Final = "aws:ec2/routeTable:RouteTable"
ENDPOINT: Final = "aws:ec2/vpcEndpoint:VpcEndpoint"
SECURITY_GROUP: Final = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_GROUP: Final = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
GROUPS: Final = (SECURITY_GROUP, DEFAULT_GROUP)
GATEWAY_SERVICES: Final = ("s3", "dynamodb")
SMALLEST, LARGEST = 28, 16
"""Prefix lengths of VPCs and subnets."""
EVERYTHING: Final = [
    {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
]


class Ec2Kind(AwsKind):
    """A resource of EC2's API, which tags all its resources in one way."""

    service = "ec2"
    tag_operations: ClassVar[tuple[str, str] | None] = ("CreateTags", "DeleteTags")
    tagged_by = "{id}"


def _size(inputs: Properties, name: str) -> Iterator[Failure]:
    failures = list(rules.network(inputs, name))
    yield from failures
    for where, value in [] if failures else find(inputs, name):
        if not LARGEST <= IPv4Network(value).prefixlen <= SMALLEST:
            yield Failure(where, f"is {value}, but accepted is a network of /{LARGEST} to /{SMALLEST}")


def _attribute(operation: str, key: str, member: str, name: str) -> Api:
    return Api(operation, {key: "{id}", member: {"Value": f"{{{name}}}"}})


class Vpc(Ec2Kind):
    """A virtual network."""

    token = VPC
    creation = Api("CreateVpc", mapped=True)
    identity = "Vpc.VpcId"
    renames = {"assignGeneratedIpv6CidrBlock": "AmazonProvidedIpv6CidrBlock"}
    settings = (
        _attribute("ModifyVpcAttribute", "VpcId", "EnableDnsSupport", "enableDnsSupport"),
        _attribute("ModifyVpcAttribute", "VpcId", "EnableDnsHostnames", "enableDnsHostnames"),
        _attribute(
            "ModifyVpcAttribute", "VpcId", "EnableNetworkAddressUsageMetrics", "enableNetworkAddressUsageMetrics"
        ),
    )
    deletion = (Api("DeleteVpc", {"VpcId": "{id}"}),)
    readings = (
        Reading("DescribeVpcs", {"VpcIds": ["{id}"]}, "Vpcs[0]"),
        Reading(
            "DescribeVpcAttribute",
            {"VpcId": "{id}", "Attribute": "enableDnsSupport"},
            "{EnableDnsSupport: EnableDnsSupport.Value}",
        ),
        Reading(
            "DescribeVpcAttribute",
            {"VpcId": "{id}", "Attribute": "enableDnsHostnames"},
            "{EnableDnsHostnames: EnableDnsHostnames.Value}",
        ),
        Reading(
            "DescribeRouteTables",
            {"Filters": [{"Name": "vpc-id", "Values": ["{id}"]}, {"Name": "association.main", "Values": ["true"]}]},
            "RouteTables[0].{MainRouteTableId: RouteTableId, DefaultRouteTableId: RouteTableId}",
        ),
        Reading(
            "DescribeSecurityGroups",
            {"Filters": [{"Name": "vpc-id", "Values": ["{id}"]}, {"Name": "group-name", "Values": ["default"]}]},
            "{DefaultSecurityGroupId: SecurityGroups[0].GroupId}",
        ),
        Reading(
            "DescribeNetworkAcls",
            {"Filters": [{"Name": "vpc-id", "Values": ["{id}"]}, {"Name": "default", "Values": ["true"]}]},
            "{DefaultNetworkAclId: NetworkAcls[0].NetworkAclId}",
        ),
    )
    outputs = {
        "arn": "arn:aws:ec2:{region}:{account}:vpc/{id}",
        "ipv6CidrBlock": "Ipv6CidrBlockAssociationSet[0].Ipv6CidrBlock",
        "ipv6AssociationId": "Ipv6CidrBlockAssociationSet[0].AssociationId",
    }

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Networks are of /16 to /28."""
        yield from super().check(inputs, call)
        yield from _size(inputs, "cidrBlock")


class Subnet(Ec2Kind):
    """An address range of a VPC in one zone."""

    token = SUBNET
    references = (Reference("vpcId", (VPC,)),)
    creation = Api("CreateSubnet", mapped=True)
    identity = "Subnet.SubnetId"
    settings = tuple(
        _attribute("ModifySubnetAttribute", "SubnetId", name[0].upper() + name[1:], name)
        for name in (
            "mapPublicIpOnLaunch",
            "assignIpv6AddressOnCreation",
            "enableDns64",
            "enableResourceNameDnsARecordOnLaunch",
            "enableResourceNameDnsAaaaRecordOnLaunch",
        )
    )
    renames = {"enableResourceNameDnsAaaaRecordOnLaunch": "EnableResourceNameDnsAAAARecordOnLaunch"}
    deletion = (Api("DeleteSubnet", {"SubnetId": "{id}"}),)
    readings = (Reading("DescribeSubnets", {"SubnetIds": ["{id}"]}, "Subnets[0]"),)
    outputs = {
        "arn": "arn:aws:ec2:{region}:{account}:subnet/{id}",
        "ipv6CidrBlockAssociationId": "Ipv6CidrBlockAssociationSet[0].AssociationId",
    }

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """The zone must be one of the region's."""
        yield from super().check(inputs, call)
        yield from _size(inputs, "cidrBlock")
        region = CATALOG.regions.get(self.region(inputs, call))
        yield from rules.one_of(inputs, "availabilityZone", region.zones if region else ())

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """The range must be inside the VPC's, and apart from those of its other subnets."""
        vpc = call.get(VPC, inputs["vpcId"])
        others = [
            row
            for row in call.rows(SUBNET)
            if row.outputs.get("vpcId") == inputs["vpcId"] and (existing is None or row.seq != existing.seq)
        ]
        if vpc is None:
            return
        if inputs.get("cidrBlock"):
            _must_be_inside(IPv4Network, inputs["cidrBlock"], vpc, "cidrBlock")
            rules.must_not_overlap(inputs["cidrBlock"], others, "subnet", "cidrBlock")
        if inputs.get("ipv6CidrBlock"):
            _must_be_inside(IPv6Network, inputs["ipv6CidrBlock"], vpc, "ipv6CidrBlock")
            for row in others:
                if row.outputs.get("ipv6CidrBlock") == inputs["ipv6CidrBlock"]:
                    raise CloudError(f"409 ipv6CidrBlock: {inputs['ipv6CidrBlock']} is that of subnet {row.id}")


def _must_be_inside(version: Any, cidr: str, vpc: Row, name: str) -> None:
    whole = vpc.outputs.get(name)
    if not whole or not version(cidr).subnet_of(version(whole)):
        raise CloudError(
            f"InvalidSubnet.Range: {name}: {cidr} is not in {whole or 'any'}, the {name} of {vpc.id}; "
            "accepted is a part of it"
        )


class InternetGateway(Ec2Kind):
    """A VPC's way to the internet."""

    token = INTERNET_GATEWAY
    references = (Reference("vpcId", (VPC,)),)
    unique = frozenset({"vpcId"})
    replace_on = frozenset({"vpcId"})
    creation = Api("CreateInternetGateway")
    identity = "InternetGateway.InternetGatewayId"
    settings = (Api("AttachInternetGateway", {"InternetGatewayId": "{id}", "VpcId": "{vpcId}"}),)
    deletion = (
        Api("DetachInternetGateway", {"InternetGatewayId": "{id}", "VpcId": "{vpcId}"}),
        Api("DeleteInternetGateway", {"InternetGatewayId": "{id}"}),
    )
    readings = (
        Reading(
            "DescribeInternetGateways",
            {"InternetGatewayIds": ["{id}"]},
            "InternetGateways[0].{VpcId: Attachments[0].VpcId, Tags: Tags, OwnerId: OwnerId}",
        ),
    )
    outputs = {"arn": "arn:aws:ec2:{region}:{account}:internet-gateway/{id}"}


class Eip(Ec2Kind):
    """A public address."""

    token = EIP
    creation = Api("AllocateAddress", mapped=True)
    identity = "AllocationId"
    deletion = (Api("ReleaseAddress", {"AllocationId": "{id}"}),)
    readings = (Reading("DescribeAddresses", {"AllocationIds": ["{id}"]}, "Addresses[0]"),)
    outputs = {"arn": "arn:aws:ec2:{region}:{account}:elastic-ip/{id}"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Addresses are for VPCs."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "domain", ("vpc",))


class NatGateway(Ec2Kind):
    """A way out of private subnets, with address translation."""

    token = NAT_GATEWAY
    references = (Reference("subnetId", (SUBNET,)), Reference("allocationId", (EIP,)))
    unique = frozenset({"allocationId"})
    creation = Api("CreateNatGateway", mapped=True)
    identity = "NatGateway.NatGatewayId"
    deletion = (Api("DeleteNatGateway", {"NatGatewayId": "{id}"}),)
    readings = (Reading("DescribeNatGateways", {"NatGatewayIds": ["{id}"]}, "NatGateways[?State!='deleted'] | [0]"),)
    outputs = {
        "publicIp": "NatGatewayAddresses[0].PublicIp",
        "privateIp": "NatGatewayAddresses[0].PrivateIp",
        "networkInterfaceId": "NatGatewayAddresses[0].NetworkInterfaceId",
    }

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """A public one has an address."""
        yield from super().check(inputs, call)
        if inputs.get("connectivityType", "public") == "public" and inputs.get("allocationId") is None:
            yield Failure("allocationId", "is required for connectivityType public: the id of an Eip")


class RouteTable(Ec2Kind):
    """Where packets go."""

    token = ROUTE_TABLE
    references = (Reference("vpcId", (VPC,)),)
    creation = Api("CreateRouteTable", mapped=True)
    identity = "RouteTable.RouteTableId"
    deletion = (Api("DeleteRouteTable", {"RouteTableId": "{id}"}),)
    readings = (Reading("DescribeRouteTables", {"RouteTableIds": ["{id}"]}, "RouteTables[0]"),)
    outputs = {"arn": "arn:aws:ec2:{region}:{account}:route-table/{id}"}


_DESTINATIONS: Final = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")
_WAYS: Final = (
    "gatewayId",
    "natGatewayId",
    "vpcEndpointId",
    "egressOnlyGatewayId",
    "networkInterfaceId",
    "transitGatewayId",
    "vpcPeeringConnectionId",
    "carrierGatewayId",
    "localGatewayId",
    "coreNetworkArn",
)
_DESTINATION: Final = {
    "RouteTableId": "{routeTableId}",
    **{name[0].upper() + name[1:]: f"{{{name}}}" for name in _DESTINATIONS},
}


def _destination(properties: Properties) -> str:
    return str(next((properties[name] for name in _DESTINATIONS if properties.get(name)), ""))


class Route(Ec2Kind):
    """One route of a table."""

    token = "aws:ec2/route:Route"
    references = (
        Reference("routeTableId", (ROUTE_TABLE,)),
        Reference("gatewayId", (INTERNET_GATEWAY, ENDPOINT)),
        Reference("natGatewayId", (NAT_GATEWAY,)),
        Reference("vpcEndpointId", (ENDPOINT,)),
    )
    replace_on = frozenset({"routeTableId", *_DESTINATIONS})
    renames = {"egressOnlyGatewayId": "EgressOnlyInternetGatewayId"}
    creation = Api("CreateRoute", mapped=True)
    identity = staticmethod(lambda p: f"r-{p['routeTableId']}_{_destination(p)}")
    changes = (Api("ReplaceRoute", mapped=True),)
    deletion = (Api("DeleteRoute", _DESTINATION),)
    readings = (
        Reading(
            "DescribeRouteTables",
            {"RouteTableIds": ["{routeTableId}"]},
            "RouteTables[0].Routes[?DestinationCidrBlock=='{destinationCidrBlock}' || "
            "DestinationIpv6CidrBlock=='{destinationIpv6CidrBlock}' || "
            "DestinationPrefixListId=='{destinationPrefixListId}'] | [0]",
        ),
    )

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """A route has one destination and one way."""
        yield from super().check(inputs, call)
        for names in (_DESTINATIONS, _WAYS):
            if sum(inputs.get(name) is not None for name in names) != 1:
                yield Failure(names[0], f"exactly one of {', '.join(names)} is accepted")
        yield from rules.network(inputs, "destinationCidrBlock")


class RouteTableAssociation(Ec2Kind):
    """The table that a subnet follows."""

    token = "aws:ec2/routeTableAssociation:RouteTableAssociation"
    references = (
        Reference("routeTableId", (ROUTE_TABLE,)),
        Reference("subnetId", (SUBNET,)),
        Reference("gatewayId", (INTERNET_GATEWAY,)),
    )
    unique = frozenset({"subnetId"})
    tag_operations = None
    creation = Api("AssociateRouteTable", mapped=True)
    identity = "AssociationId"
    deletion = (Api("DisassociateRouteTable", {"AssociationId": "{id}"}),)
    readings = (
        Reading(
            "DescribeRouteTables",
            {"RouteTableIds": ["{routeTableId}"]},
            "RouteTables[0].Associations[?RouteTableAssociationId=='{id}'] | [0]",
        ),
    )


class VpcEndpoint(Ec2Kind):
    """A private way to a service."""

    token = ENDPOINT
    references = (
        Reference("vpcId", (VPC,)),
        Reference("subnetIds[]", (SUBNET,)),
        Reference("securityGroupIds[]", GROUPS),
        Reference("routeTableIds[]", (ROUTE_TABLE,)),
    )
    replace_on = frozenset({"vpcId", "serviceName", "vpcEndpointType"})
    renames = {"policy": "PolicyDocument"}
    apart = frozenset({"autoAccept"})
    creation = Api(
        "CreateVpcEndpoint",
        {"VpcEndpointType": lambda p: p.get("vpcEndpointType") or "Gateway"},
        mapped=True,
        takes=("vpcEndpointType",),
    )
    identity = "VpcEndpoint.VpcEndpointId"
    changes = (
        Api(
            "ModifyVpcEndpoint",
            {
                "VpcEndpointId": "{id}",
                "PolicyDocument": "{policy}",
                "PrivateDnsEnabled": "{privateDnsEnabled}",
                "AddSubnetIds": added("subnetIds"),
                "RemoveSubnetIds": removed("subnetIds"),
                "AddRouteTableIds": added("routeTableIds"),
                "RemoveRouteTableIds": removed("routeTableIds"),
                "AddSecurityGroupIds": added("securityGroupIds"),
                "RemoveSecurityGroupIds": removed("securityGroupIds"),
            },
            takes=("subnetIds", "routeTableIds", "securityGroupIds"),
            when=always,
        ),
    )
    deletion = (Api("DeleteVpcEndpoints", {"VpcEndpointIds": ["{id}"]}),)
    readings = (
        Reading("DescribeVpcEndpoints", {"VpcEndpointIds": ["{id}"]}, "VpcEndpoints[?State!='deleted'] | [0]"),
        Reading(
            "DescribePrefixLists",
            {"Filters": [{"Name": "prefix-list-name", "Values": ["{serviceName}"]}]},
            "PrefixLists[0].{PrefixListId: PrefixListId, CidrBlocks: Cidrs}",
        ),
    )
    outputs = {
        "arn": "arn:aws:ec2:{region}:{account}:vpc-endpoint/{id}",
        "dnsEntries": "DnsEntries[].{dnsName: DnsName, hostedZoneId: HostedZoneId}",
    }

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Services are the region's; gateways are for two of them, and need route tables, not cards."""
        yield from super().check(inputs, call)
        name, region = inputs.get("serviceName"), self.region(inputs, call)
        if not rules.known(name):
            return
        own, of_others = f"com.amazonaws.{region}.", f"com.amazonaws.vpce.{region}.vpce-svc-"
        if not str(name).startswith((own, of_others)):
            yield Failure("serviceName", f"is {name!r}, but accepted is {own}<service> or {of_others}<id>")
        if inputs.get("vpcEndpointType", "Gateway") == "Gateway":
            if str(name).removeprefix(own) not in GATEWAY_SERVICES:
                accepted = ", ".join(own + service for service in GATEWAY_SERVICES)
                yield Failure("serviceName", f"is {name!r}; a Gateway endpoint accepts one of {accepted}")
            for wrong in ("subnetIds", "securityGroupIds"):
                if inputs.get(wrong):
                    yield Failure(wrong, "a Gateway endpoint has routeTableIds instead")
        elif inputs.get("routeTableIds"):
            yield Failure("routeTableIds", "an Interface endpoint has subnetIds and securityGroupIds instead")

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """Private names need a VPC that resolves names; a zone has one card of an endpoint."""
        vpc = call.get(VPC, inputs["vpcId"])
        if inputs.get("privateDnsEnabled") and vpc is not None and not vpc.outputs.get("enableDnsHostnames"):
            raise CloudError(
                f"InvalidParameter: privateDnsEnabled needs enableDnsSupport and enableDnsHostnames of {vpc.id}"
            )
        one_a_zone(inputs.get("subnetIds") or [], call, "subnetIds")


def one_a_zone(subnets: Iterable[str], call: Call, name: str) -> set[str]:
    """The zones of subnets; CloudError where two are in one."""
    zones: dict[str, str] = {}
    for identifier in subnets:
        row = call.get(SUBNET, identifier)
        zone = str(row.outputs.get("availabilityZone")) if row is not None else identifier
        if zone in zones:
            raise CloudError(
                f"DuplicateSubnetsInSameZone: {name}: {zones[zone]} and {identifier} are both in {zone}; "
                "accepted is one subnet a zone"
            )
        zones[zone] = identifier
    return set(zones)


def _watched(p: Properties) -> list[str] | None:
    return next(([p[name]] for name in ("vpcId", "subnetId", "eniId", "transitGatewayId") if p.get(name)), None)


def _watched_type(p: Properties) -> str:
    kinds = {"vpcId": "VPC", "subnetId": "Subnet", "eniId": "NetworkInterface", "transitGatewayId": "TransitGateway"}
    return next((kind for name, kind in kinds.items() if p.get(name)), "VPC")


def _destination_of_logs(p: Properties) -> str | None:
    destination = p.get("logDestination")
    return str(destination).split("/")[0] if destination and p.get("logDestinationType") == "s3" else destination


class FlowLog(Ec2Kind):
    """Who talked to whom, in a bucket or a log group; moto knows buckets alone, and no folders in them."""

    token = "aws:ec2/flowLog:FlowLog"
    references = (
        Reference("vpcId", (VPC,)),
        Reference("subnetId", (SUBNET,)),
        Reference("iamRoleArn", (ROLE,), output="arn"),
    )
    renames = {"iamRoleArn": "DeliverLogsPermissionArn"}
    creation = Api(
        "CreateFlowLogs",
        {
            "ResourceIds": _watched,
            "ResourceType": _watched_type,
            "LogDestination": known_only(_destination_of_logs, "logDestination"),
        },
        mapped=True,
        takes=("vpcId", "subnetId", "eniId", "transitGatewayId", "logDestination"),
    )
    identity = "FlowLogIds[0]"
    deletion = (Api("DeleteFlowLogs", {"FlowLogIds": ["{id}"]}),)
    readings = (Reading("DescribeFlowLogs", {"FlowLogIds": ["{id}"]}, "FlowLogs[0]"),)
    outputs = {"arn": "arn:aws:ec2:{region}:{account}:vpc-flow-log/{id}"}

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """Where it goes must be there."""
        destination = str(inputs.get("logDestination") or "")
        bucket = destination.removeprefix("arn:aws:s3:::").split("/")[0]
        if inputs.get("logDestinationType") == "s3" and call.get(BUCKET, bucket) is None:
            raise CloudError(f"logDestination: there is no Bucket {bucket!r} in this account")
        if inputs.get("logDestinationType", "cloud-watch-logs") == "cloud-watch-logs":
            groups = [row.outputs.get("arn") for row in call.rows(LOG_GROUP)]
            if destination.removesuffix(":*") not in groups:
                raise CloudError(f"logDestination: there is no LogGroup {destination!r} in this account")


def _permission(rule: Properties) -> Properties:
    """An inline rule of a group as the API writes it."""
    described = {"Description": rule["description"]} if rule.get("description") else {}
    ranges = [{"CidrIp": cidr, **described} for cidr in rule.get("cidrBlocks") or []]
    ranges6 = [{"CidrIpv6": cidr, **described} for cidr in rule.get("ipv6CidrBlocks") or []]
    lists = [{"PrefixListId": name, **described} for name in rule.get("prefixListIds") or []]
    groups = [{"GroupId": name, **described} for name in rule.get("securityGroups") or []]
    found: Properties = {"IpProtocol": str(rule["protocol"])}
    if found["IpProtocol"] != "-1":
        found |= {"FromPort": rule["fromPort"], "ToPort": rule["toPort"]}
    parts = {"IpRanges": ranges, "Ipv6Ranges": ranges6, "PrefixListIds": lists, "UserIdGroupPairs": groups}
    return found | {name: part for name, part in parts.items() if part}


def _inline(direction: str) -> tuple[Api, Api]:
    """Rules within a group: what went is revoked, what came is authorised."""
    way = direction.capitalize()

    def permissions(which: Any) -> Any:
        def made(p: Properties) -> list[Properties] | None:
            return [
                _permission(rule) | ({"UserIdGroupPairs": [{"GroupId": p["id"]}]} if rule.get("self") else {})
                for rule in which(direction)(p) or []
            ] or None

        return known_only(made, direction)

    return (
        Api(
            f"RevokeSecurityGroup{way}", {"GroupId": "{id}", "IpPermissions": permissions(removed)}, takes=(direction,)
        ),
        Api(
            f"AuthorizeSecurityGroup{way}", {"GroupId": "{id}", "IpPermissions": permissions(added)}, takes=(direction,)
        ),
    )


def _check_inline(inputs: Properties) -> Iterator[Failure]:
    for direction in ("ingress", "egress"):
        yield from rules.network(inputs, f"{direction}[].cidrBlocks[]")
        yield from rules.between(inputs, f"{direction}[].fromPort", -1, 65535)
        yield from rules.between(inputs, f"{direction}[].toPort", -1, 65535)


class SecurityGroup(Ec2Kind):
    """Rules for what reaches and leaves network cards; the provider takes the rule away that lets everything out."""

    token = SECURITY_GROUP
    references = (
        Reference("vpcId", (VPC,)),
        Reference("ingress[].securityGroups[]", GROUPS),
        Reference("egress[].securityGroups[]", GROUPS),
    )
    unique = frozenset({"name"})
    apart = frozenset({"revokeRulesOnDelete"})
    creation = Api(
        "CreateSecurityGroup",
        {
            "GroupName": "{name}",
            "Description": lambda p: p.get("description") or "Managed by Pulumi",
            "VpcId": "{vpcId}",
        },
        takes=("description",),
    )
    identity = "GroupId"
    afterwards = (Api("RevokeSecurityGroupEgress", {"GroupId": "{id}", "IpPermissions": lambda _: EVERYTHING}),)
    settings = (*_inline("ingress"), *_inline("egress"))
    deletion = (Api("DeleteSecurityGroup", {"GroupId": "{id}"}),)
    readings = (Reading("DescribeSecurityGroups", {"GroupIds": ["{id}"]}, "SecurityGroups[0]"),)
    renames = {"ingress": "IpPermissions", "egress": "IpPermissionsEgress", "name": "GroupName"}
    outputs = {"arn": "arn:aws:ec2:{region}:{account}:security-group/{id}"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Names are EC2's."""
        yield from super().check(inputs, call)
        accepted = "1 to 255 of letters, digits, blank and ._-:/()#,@[]+=&;{}!$*, not beginning with sg-"
        yield from rules.matches(inputs, "name", r"^(?!sg-)[\w .:/()#,@\[\]+=&;{}!$*-]{1,255}$", accepted)
        yield from _check_inline(inputs)


class DefaultSecurityGroup(Ec2Kind):
    """The group that a VPC has from the start, taken over: it has the rules that are given here, and no others."""

    token = DEFAULT_GROUP
    references = (Reference("vpcId", (VPC,)),)
    unique = frozenset({"vpcId"})
    apart = frozenset({"revokeRulesOnDelete"})
    replace_on = frozenset({"vpcId"})
    creation = Api(
        "DescribeSecurityGroups",
        {"Filters": [{"Name": "vpc-id", "Values": ["{vpcId}"]}, {"Name": "group-name", "Values": ["default"]}]},
    )
    identity = "SecurityGroups[0].GroupId"
    afterwards = SecurityGroup.afterwards
    settings = SecurityGroup.settings
    readings = SecurityGroup.readings
    renames = SecurityGroup.renames
    outputs = {**SecurityGroup.outputs, "name": "GroupName"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Rules are EC2's."""
        yield from super().check(inputs, call)
        yield from _check_inline(inputs)


_SOURCES: Final = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")


def _one_rule(p: Properties) -> list[Properties]:
    described = {"Description": p["description"]} if p.get("description") else {}
    found: Properties = {"IpProtocol": p["ipProtocol"]}
    found |= {member: p[name] for name, member in (("fromPort", "FromPort"), ("toPort", "ToPort")) if name in p}
    members = {
        "cidrIpv4": ("IpRanges", "CidrIp"),
        "cidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
        "prefixListId": ("PrefixListIds", "PrefixListId"),
        "referencedSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    }
    for name, (ranges, member) in members.items():
        if p.get(name):
            found[ranges] = [{member: p[name], **described}]
    return [found]


class _GroupRule(Ec2Kind):
    replace_on = frozenset({"securityGroupId"})
    references = (
        Reference("securityGroupId", GROUPS),
        Reference("referencedSecurityGroupId", GROUPS),
    )
    autoname = False
    identity = "SecurityGroupRules[0].SecurityGroupRuleId"
    renames = {"referencedSecurityGroupId": "ReferencedGroupInfo"}
    changes = (
        Api(
            "ModifySecurityGroupRules",
            {
                "GroupId": "{securityGroupId}",
                "SecurityGroupRules": [
                    {
                        "SecurityGroupRuleId": "{id}",
                        "SecurityGroupRule": {
                            "IpProtocol": "{ipProtocol}",
                            "FromPort": "{fromPort}",
                            "ToPort": "{toPort}",
                            "CidrIpv4": "{cidrIpv4}",
                            "CidrIpv6": "{cidrIpv6}",
                            "PrefixListId": "{prefixListId}",
                            "ReferencedGroupId": "{referencedSecurityGroupId}",
                            "Description": "{description}",
                        },
                    }
                ],
            },
        ),
    )
    readings = (Reading("DescribeSecurityGroupRules", {"SecurityGroupRuleIds": ["{id}"]}, "SecurityGroupRules[0]"),)
    outputs = {
        "arn": "arn:aws:ec2:{region}:{account}:security-group-rule/{id}",
        "securityGroupRuleId": "{id}",
    }

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """A rule has one other side, and ports where its protocol has them."""
        yield from super().check(inputs, call)
        if sum(inputs.get(name) is not None for name in _SOURCES) != 1:
            yield Failure("cidrIpv4", f"exactly one of {', '.join(_SOURCES)} is accepted")
        yield from rules.network(inputs, "cidrIpv4")
        protocol, ports = inputs.get("ipProtocol"), (inputs.get("fromPort"), inputs.get("toPort"))
        if protocol in ("tcp", "udp", "6", "17"):
            yield from rules.between(inputs, "fromPort", 0, 65535)
            yield from rules.between(inputs, "toPort", 0, 65535)
            first, last = ports
            if None in ports or (isinstance(first, int) and isinstance(last, int) and first > last):
                yield Failure("fromPort", f"is {ports[0]} with toPort {ports[1]}; give both, the smaller one first")
        elif protocol == "-1" and ports != (None, None):
            yield Failure("fromPort", "all protocols (-1) have no ports")

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """A group has a rule once."""
        names = ("securityGroupId", "ipProtocol", "fromPort", "toPort", *_SOURCES)
        wanted = [inputs.get(name) for name in names]
        for row in call.rows(self.token):
            if [row.inputs.get(name) for name in names] == wanted and (existing is None or row.seq != existing.seq):
                raise CloudError(
                    f"InvalidPermission.Duplicate: {row.id} is the same rule of {inputs['securityGroupId']}"
                )


_READ_BY_RULE: Final = ("securityGroupId", "ipProtocol", "fromPort", "toPort", "description", *_SOURCES)


class IngressRule(_GroupRule):
    """One thing that a group lets in."""

    token = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    creation = Api(
        "AuthorizeSecurityGroupIngress",
        {"GroupId": "{securityGroupId}", "IpPermissions": known_only(_one_rule, *_READ_BY_RULE)},
        takes=_READ_BY_RULE,
    )
    deletion = (Api("RevokeSecurityGroupIngress", {"GroupId": "{securityGroupId}", "SecurityGroupRuleIds": ["{id}"]}),)


class EgressRule(_GroupRule):
    """One thing that a group lets out."""

    token = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
    creation = Api(
        "AuthorizeSecurityGroupEgress",
        {"GroupId": "{securityGroupId}", "IpPermissions": known_only(_one_rule, *_READ_BY_RULE)},
        takes=_READ_BY_RULE,
    )
    deletion = (Api("RevokeSecurityGroupEgress", {"GroupId": "{securityGroupId}", "SecurityGroupRuleIds": ["{id}"]}),)


KINDS: Final[tuple[Kind, ...]] = (
    Vpc(),
    Subnet(),
    InternetGateway(),
    Eip(),
    NatGateway(),
    RouteTable(),
    Route(),
    RouteTableAssociation(),
    VpcEndpoint(),
    FlowLog(),
    SecurityGroup(),
    DefaultSecurityGroup(),
    IngressRule(),
    EgressRule(),
)
