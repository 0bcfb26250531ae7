"""Cases of exposure."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.policy.cases import UNKNOWN, Case, Declared, Hidden, Kind, bare

OVH: Final = {"service_name": "c" * 32, "region": "EU-WEST-PAR"}
PRIVATE: Final = {"network_id": "n", "subnet_id": "s", "ip": "10.20.4.5"}
WORLD: Final = "the whole world may reach"


def ovh_machine(role: str, *networks: Any, **inputs: Any) -> Declared:
    given = {"name": f"acme-prod-par-{role}-1", "flavor_id": "f", "image_id": "i", "security_group_ids": ["g"]}
    return Declared("ovh.CloudInstance", {**OVH, **given, "networks": list(networks), **inputs})


def scaleway_machine(role: str, **inputs: Any) -> Declared:
    given = {"type": "DEV1-S", "image": "debian_bookworm", "zone": "nl-ams-1", "security_group_id": "g"}
    return Declared("scaleway.instance.Server", {"name": f"acme-prod-ams-{role}-1", **given, **inputs})


def aws_machine(role: str, **inputs: Any) -> Declared:
    given = {"ami": "ami-1", "instance_type": "t3.micro", "tags": {"role": role}, "vpc_security_group_ids": ["g"]}
    return Declared("aws.ec2.Instance", {**given, **inputs})


def ovh_rule(cidr: Any, first: int | None = 3306, last: int | None = None, **rule: Any) -> dict[str, Any]:
    ports = {} if first is None else {"port_range_min": first, "port_range_max": first if last is None else last}
    source = {} if cidr is None else {"remote_ip_prefix": cidr}
    return {"direction": "INGRESS", "ethernet_type": "IPV4", "protocol": "TCP", **ports, **source, **rule}


def ovh_group(role: str, *rules: Any) -> Declared:
    return Declared("ovh.CloudSecurityGroup", {**OVH, "name": f"acme-prod-par-{role}", "rules": list(rules)})


def scaleway_group(role: str, **inputs: Any) -> Declared:
    closed = {"inbound_default_policy": "drop", "outbound_default_policy": "drop"}
    return Declared("scaleway.instance.SecurityGroup", {"name": f"acme-prod-ams-{role}", **closed, **inputs})


def scaleway_rule(**rule: Any) -> dict[str, Any]:
    return {"action": "accept", "protocol": "TCP", **rule}


def aws_group(role: str, *ingress: Any) -> Declared:
    return Declared("aws.ec2.SecurityGroup", {"tags": {"role": role}, "ingress": list(ingress)})


def aws_ingress(first: int, last: int, **sources: Any) -> dict[str, Any]:
    return {"protocol": "tcp", "from_port": first, "to_port": last, **sources}


def ovh_listener(**inputs: Any) -> Declared:
    given = {"service_name": "c" * 32, "loadbalancer_id": "l", "name": "l", "protocol": "TCP", "protocol_port": 443}
    return Declared("ovh.CloudLoadbalancerListener", {**given, **inputs})


def aws_listener(**inputs: Any) -> Declared:
    return Declared("aws.lb.Listener", {"load_balancer_arn": "a", "default_actions": [{"type": "forward"}], **inputs})


def bucket_policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


ALLOW: Final = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
PUBLIC_DATABASES: Final = (
    "aws:rds/instance:Instance",
    "aws:rds/clusterInstance:ClusterInstance",
    "aws:redshift/cluster:Cluster",
    "aws:dms/replicationInstance:ReplicationInstance",
    "aws:mq/broker:Broker",
)
WIDE: Final = {"fromPort": 22, "toPort": 22, "protocol": "tcp", "cidrBlocks": ["0.0.0.0/0"]}

CASES: Final = (
    # Machines
    Case(Kind.PASS, "ovh machine with a private address", ovh_machine("app", PRIVATE)),
    Case(
        Kind.FAIL,
        "ovh machine with a public address by itself",
        ovh_machine("app", {**PRIVATE, "auto_assign_public_ip": True}),
        ["networks[0].autoAssignPublicIp is true: a machine of role app would have a public address"],
    ),
    Case(Kind.PASS, "ovh bastion with a public address", ovh_machine("bastion", {"auto_assign_public_ip": True})),
    Case(Kind.PASS, "ovh link with a public address", ovh_machine("link", {"network_id": "n", "ip": "198.51.100.7"})),
    Case(
        Kind.FAIL,
        "ovh database at a public address",
        ovh_machine("database", {**PRIVATE, "ip": "198.51.100.7"}),
        ['networks[0].ip is "198.51.100.7": a machine of role database'],
    ),
    Case(
        Kind.UNKNOWN,
        "ovh database at an address that is not known",
        ovh_machine("database", {**PRIVATE, "ip": UNKNOWN}),
        ["networks[0].ip is not known before the deployment"],
    ),
    Case(
        Kind.MISSING,
        "ovh machine without networks",
        ovh_machine("app"),
        ["networks is []: a machine of role app would have a public address"],
    ),
    Case(
        Kind.NESTED,
        "ovh machine with a public network beside the private one",
        ovh_machine("sql", PRIVATE, {"ip": "10.0.0.1"}),
        ["networks[1].networkId is missing: a machine of role sql"],
    ),
    Case(
        Kind.MISSING,
        "ovh machine without a security group",
        ovh_machine("app", PRIVATE, security_group_ids=None),
        ["securityGroupIds is missing, so the project's default group applies"],
    ),
    Case(
        Kind.FAIL,
        "ovh machine without a role at a public address",
        ovh_machine("app", {"auto_assign_public_ip": True}, name="web"),
        ["a machine without a role would have a public address"],
    ),
    Case(
        Kind.FAIL,
        "ovh machine of the older type on the public network",
        Declared(
            "ovh.cloudproject.Instance",
            {
                **OVH,
                "name": "acme-prod-par-app-1",
                "billing_period": "hourly",
                "boot_from": {"image_id": "i"},
                "flavor": {"flavor_id": "f"},
                "network": {"public": True},
            },
        ),
        ["network.public is true: a machine of role app"],
    ),
    Case(
        Kind.PASS,
        "ovh machine of the older type on a private network",
        Declared(
            "ovh.cloudproject.Instance",
            {
                **OVH,
                "name": "acme-prod-par-app-1",
                "billing_period": "hourly",
                "boot_from": {"image_id": "i"},
                "flavor": {"flavor_id": "f"},
                "network": {"public": False},
            },
        ),
    ),
    Case(Kind.PASS, "scaleway machine without an address", scaleway_machine("app")),
    *(
        Case(
            Kind.FAIL,
            f"scaleway database with {key}",
            scaleway_machine("database", **{key: value}),
            [f"{wire} is {shown}: a machine of role database"],
        )
        for key, wire, value, shown in (
            ("ip_id", "ipId", "nl-ams-1/x", '"nl-ams-1/x"'),
            ("ip_ids", "ipIds", ["nl-ams-1/x"], '["nl-ams-1/x"]'),
            ("enable_dynamic_ip", "enableDynamicIp", True, "true"),
        )
    ),
    Case(
        Kind.UNKNOWN,
        "scaleway database with an address that is not known",
        scaleway_machine("database", ip_ids=[UNKNOWN]),
        ["ipIds is"],
    ),
    Case(Kind.PASS, "scaleway bastion with an address", scaleway_machine("bastion", ip_ids=[UNKNOWN])),
    Case(Kind.PASS, "scaleway database that refuses an address", scaleway_machine("database", enable_dynamic_ip=False)),
    Case(
        Kind.SECRET,
        "scaleway database with a hidden address",
        scaleway_machine("database", ip_id=Hidden("nl-ams-1/x")),
        ["ipId is"],
    ),
    Case(
        Kind.PASS,
        "scaleway machine with the role in a tag",
        scaleway_machine("app", name="way-in", tags=["role=bastion"], ip_id="x"),
    ),
    Case(
        Kind.MISSING,
        "scaleway machine without a security group",
        scaleway_machine("app", security_group_id=None),
        ["securityGroupId is missing, so the project's default group applies"],
    ),
    Case(Kind.PASS, "aws machine without an address", aws_machine("app")),
    Case(
        Kind.FAIL,
        "aws machine with an address",
        aws_machine("app", associate_public_ip_address=True),
        ["associatePublicIpAddress is true: a machine of role app"],
    ),
    Case(
        Kind.UNKNOWN,
        "aws machine with an address or not",
        aws_machine("app", associate_public_ip_address=UNKNOWN),
        ["associatePublicIpAddress is"],
    ),
    Case(Kind.PASS, "aws machine that refuses an address", aws_machine("app", associate_public_ip_address=False)),
    Case(
        Kind.MISSING,
        "aws machine without a security group",
        aws_machine("app", vpc_security_group_ids=None),
        ["vpcSecurityGroupIds is missing, so the network's default group applies"],
    ),
    Case(
        Kind.UNKNOWN,
        "ovh machine whose network is not known",
        ovh_machine("app", UNKNOWN),
        ["networks[0] is not known before the deployment"],
    ),
    *(
        Case(
            Kind.FAIL,
            f"{token} that the world may reach",
            bare(token, publiclyAccessible=True),
            ["publiclyAccessible is true"],
        )
        for token in PUBLIC_DATABASES
    ),
    Case(Kind.PASS, "aws database in its network", bare(PUBLIC_DATABASES[0], publiclyAccessible=False)),
    Case(
        Kind.UNKNOWN,
        "aws database that the world may reach or not",
        bare(PUBLIC_DATABASES[0], publiclyAccessible=UNKNOWN),
        ["publiclyAccessible is not known before the deployment"],
    ),
    # OVH's firewalls
    Case(Kind.PASS, "ovh database open to the sql routers", ovh_group("database", ovh_rule("10.20.4.0/24"))),
    Case(Kind.PASS, "ovh database open to its own group", ovh_group("database", ovh_rule(None, remote_group_id="g"))),
    Case(
        Kind.PASS, "ovh group may let out to the world", ovh_group("front", ovh_rule("0.0.0.0/0", direction="EGRESS"))
    ),
    *(
        Case(
            Kind.FAIL,
            f"ovh database open to {title}",
            ovh_group("database", ovh_rule(cidr)),
            [f'rules[0].remoteIpPrefix is "{cidr}": {WORLD} port 3306'],
        )
        for title, cidr in (("the world", "0.0.0.0/0"), ("the world of version 6", "::/0"))
    ),
    Case(
        Kind.MISSING,
        "ovh database open to whoever asks",
        ovh_group("database", ovh_rule(None)),
        [f"rules[0].remoteIpPrefix is missing, which means anybody: {WORLD} port 3306"],
    ),
    Case(
        Kind.FAIL,
        "ovh database open to an address outside",
        ovh_group("database", ovh_rule("203.0.113.0/28")),
        ['rules[0].remoteIpPrefix is "203.0.113.0/28": addresses outside may reach port 3306'],
    ),
    Case(Kind.PASS, "ovh bastion open to administrators", ovh_group("bastion", ovh_rule("203.0.113.0/28", 22))),
    Case(
        Kind.FAIL,
        "ovh bastion open to the world",
        ovh_group("bastion", ovh_rule("0.0.0.0/0", 22)),
        [f'"0.0.0.0/0": {WORLD} port 22'],
    ),
    Case(
        Kind.FAIL,
        "ovh bastion open at more than ssh",
        ovh_group("bastion", ovh_rule("203.0.113.0/28", 22, 443)),
        ["addresses outside may reach ports 22 to 443 of a bastion"],
    ),
    Case(
        Kind.FAIL,
        "ovh bastion open at every port",
        ovh_group("bastion", ovh_rule("203.0.113.0/28", None)),
        ["addresses outside may reach every port of a bastion"],
    ),
    Case(Kind.PASS, "ovh link open to the other site", ovh_group("link", ovh_rule("203.0.113.9/32", 51820))),
    Case(
        Kind.UNKNOWN, "ovh link open to an address that is not known yet", ovh_group("link", ovh_rule(UNKNOWN, 51820))
    ),
    Case(
        Kind.UNKNOWN,
        "ovh app open to an address that is not known yet",
        ovh_group("app", ovh_rule(UNKNOWN, 8000)),
        ["rules[0].remoteIpPrefix is not known before the deployment (port 8000)"],
    ),
    Case(
        Kind.SECRET,
        "ovh app open to a hidden world",
        ovh_group("app", ovh_rule(Hidden("0.0.0.0/0"), 8000)),
        [f"{WORLD} port 8000"],
    ),
    Case(
        Kind.NESTED,
        "ovh app with one bad rule of three",
        ovh_group("app", ovh_rule("10.0.0.0/8", 8000), ovh_rule("0.0.0.0/0", 9000), ovh_rule("10.0.0.0/8", 22)),
        ["rules[1].remoteIpPrefix"],
    ),
    Case(
        Kind.UNKNOWN,
        "ovh app with a rule that is not known",
        Declared("ovh.CloudSecurityGroup", {**OVH, "name": "acme-prod-par-app", "rules": UNKNOWN}),
        ["rules is not known before the deployment"],
    ),
    Case(Kind.PASS, "ovh group without rules", ovh_group("app")),
    # Scaleway's firewalls
    Case(Kind.PASS, "scaleway group that drops", scaleway_group("app")),
    Case(
        Kind.MISSING,
        "scaleway group without default policies",
        scaleway_group("app", inbound_default_policy=None, outbound_default_policy=None),
        ['inboundDefaultPolicy is missing, which means "accept"', "outboundDefaultPolicy is missing"],
    ),
    Case(
        Kind.FAIL,
        "scaleway group that accepts what comes in",
        scaleway_group("app", inbound_default_policy="accept"),
        ['inboundDefaultPolicy is "accept"'],
    ),
    Case(
        Kind.FAIL,
        "scaleway group that lets its machines reach the internet",
        scaleway_group("app", outbound_default_policy="accept"),
        ['outboundDefaultPolicy is "accept"'],
    ),
    Case(
        Kind.UNKNOWN,
        "scaleway group whose policy is not known",
        scaleway_group("app", inbound_default_policy=UNKNOWN),
        ["inboundDefaultPolicy is not known before the deployment"],
    ),
    Case(
        Kind.PASS,
        "scaleway group open to a private range",
        scaleway_group("app", inbound_rules=[scaleway_rule(port=8000, ip_range="10.30.0.0/20")]),
    ),
    Case(
        Kind.PASS,
        "scaleway group that drops the world",
        scaleway_group("app", inbound_rules=[scaleway_rule(action="drop", port=8000, ip_range="0.0.0.0/0")]),
    ),
    Case(
        Kind.FAIL,
        "scaleway group open to the world",
        scaleway_group("app", inbound_rules=[scaleway_rule(port=8000, ip_range="0.0.0.0/0")]),
        [f'inboundRules[0].ipRange is "0.0.0.0/0": {WORLD} port 8000'],
    ),
    Case(
        Kind.MISSING,
        "scaleway group open to whoever asks",
        scaleway_group("app", inbound_rules=[scaleway_rule(port_range="8000-8010")]),
        [f"inboundRules[0].ipRange is missing, which means anybody: {WORLD} ports 8000 to 8010"],
    ),
    Case(
        Kind.FAIL,
        "scaleway bastion open at more than ssh",
        scaleway_group("bastion", inbound_rules=[scaleway_rule(port_range="22-23", ip_range="203.0.113.0/28")]),
        ["addresses outside may reach ports 22 to 23 of a bastion"],
    ),
    Case(
        Kind.PASS,
        "scaleway bastion open to administrators",
        scaleway_group("bastion", inbound_rules=[scaleway_rule(port_range="22", ip_range="203.0.113.0/28")]),
    ),
    Case(
        Kind.PASS,
        "scaleway group whose rules are elsewhere",
        scaleway_group("app", external_rules=True),
    ),
    Case(
        Kind.FAIL,
        "scaleway rules elsewhere open to the world",
        Declared(
            "scaleway.instance.SecurityGroupRules",
            {"security_group_id": "g", "inbound_rules": [scaleway_rule(port=5432, ip_range="0.0.0.0/0")]},
        ),
        [f"{WORLD} port 5432"],
    ),
    Case(
        Kind.UNKNOWN,
        "scaleway group with rules that are not known",
        scaleway_group("app", inbound_rules=UNKNOWN),
        ["inboundRules is not known before the deployment"],
    ),
    Case(
        Kind.PASS,
        "scaleway group open at every port to a private range",
        scaleway_group("app", inbound_rules=[scaleway_rule(ip_range="10.30.0.0/20")]),
    ),
    Case(
        Kind.FAIL,
        "scaleway group open at every port to the world",
        scaleway_group("app", inbound_rules=[scaleway_rule(ip_range="0.0.0.0/0")]),
        [f"{WORLD} every port"],
    ),
    Case(
        Kind.FAIL,
        "scaleway bastion open at a range that is none",
        scaleway_group("bastion", inbound_rules=[scaleway_rule(port_range="ssh", ip_range="203.0.113.0/28")]),
        ["of a bastion"],
    ),
    # AWS's firewalls
    Case(
        Kind.UNKNOWN,
        "aws group with rules that are not known",
        Declared("aws.ec2.SecurityGroup", {"tags": {"role": "app"}, "ingress": UNKNOWN}),
        ["ingress is not known before the deployment"],
    ),
    Case(
        Kind.FAIL,
        "aws app open to what is no range",
        aws_group("app", aws_ingress(443, 443, cidr_blocks=["everywhere"])),
        ['ingress[0].cidrBlocks[0] is "everywhere"'],
    ),
    Case(
        Kind.PASS,
        "aws front open to the world at 443",
        aws_group("front", aws_ingress(443, 443, cidr_blocks=["0.0.0.0/0"])),
    ),
    Case(
        Kind.FAIL,
        "aws front open to the world at more",
        aws_group("front", aws_ingress(80, 443, cidr_blocks=["0.0.0.0/0"])),
        [f'ingress[0].cidrBlocks[0] is "0.0.0.0/0": {WORLD} ports 80 to 443'],
    ),
    Case(
        Kind.FAIL,
        "aws app open to the world at 443",
        aws_group("app", aws_ingress(443, 443, cidr_blocks=["10.0.0.0/8", "0.0.0.0/0"])),
        [f'ingress[0].cidrBlocks[1] is "0.0.0.0/0": {WORLD} port 443'],
    ),
    Case(
        Kind.FAIL,
        "aws app open to the world of version 6",
        aws_group("app", aws_ingress(443, 443, ipv6_cidr_blocks=["::/0"])),
        ['ingress[0].ipv6CidrBlocks[0] is "::/0"'],
    ),
    Case(Kind.PASS, "aws app open to another group", aws_group("app", aws_ingress(80, 80, security_groups=["sg-1"]))),
    Case(
        Kind.FAIL,
        "aws rule open to the world",
        Declared(
            "aws.vpc.SecurityGroupIngressRule",
            {"security_group_id": "g", "ip_protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_ipv4": "0.0.0.0/0"},
        ),
        [f'cidrIpv4 is "0.0.0.0/0": {WORLD} port 22'],
    ),
    Case(
        Kind.PASS,
        "aws rule for what goes out",
        Declared(
            "aws.ec2.SecurityGroupRule",
            {
                "security_group_id": "g",
                "type": "egress",
                "protocol": "tcp",
                "from_port": 443,
                "to_port": 443,
                "cidr_blocks": ["0.0.0.0/0"],
            },
        ),
    ),
    Case(
        Kind.FAIL,
        "aws rule for what comes in",
        Declared(
            "aws.ec2.SecurityGroupRule",
            {
                "security_group_id": "g",
                "type": "ingress",
                "protocol": "tcp",
                "from_port": 443,
                "to_port": 443,
                "cidr_blocks": ["0.0.0.0/0"],
            },
        ),
        [f"{WORLD} port 443"],
    ),
    *(
        Case(Kind.FAIL, f"rules of {token}", bare(token, **inputs), [problem])
        for token, inputs, problem in (
            ("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", {"ingress": [WIDE]}, "ingress[0].cidrBlocks[0]"),
            ("aws:ec2/securityGroupRule:SecurityGroupRule", {"ipv6CidrBlocks": ["::/0"]}, 'ipv6CidrBlocks is "::/0"'),
            ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", {"cidrIpv6": "::/0"}, 'cidrIpv6 is "::/0"'),
            (
                "scaleway:index/instanceSecurityGroupRules:InstanceSecurityGroupRules",
                {"inboundRules": [{"action": "accept", "port": 22}]},
                "inboundRules[0].ipRange is missing",
            ),
            (
                "scaleway:index/loadbalancer:Loadbalancer",
                {"sslCompatibilityLevel": "old"},
                'sslCompatibilityLevel is "old"',
            ),
            ("scaleway:index/loadbalancerFrontend:LoadbalancerFrontend", {"inboundPort": 22}, "inboundPort is 22"),
            ("scaleway:index/objectBucket:ObjectBucket", {"acl": "public-read"}, 'acl is "public-read"'),
            ("scaleway:index/objectBucketAcl:ObjectBucketAcl", {"acl": "public-read"}, 'acl is "public-read"'),
            ("aws:s3/bucket:Bucket", {"acl": "website"}, 'acl is "website"'),
            ("aws:s3/bucketV2:BucketV2", {"acl": "public-read"}, 'acl is "public-read"'),
            ("aws:s3/bucketAclV2:BucketAclV2", {"acl": "public-read"}, 'acl is "public-read"'),
            ("scaleway:object/bucketPolicy:BucketPolicy", {"policy": "x"}, "policy cannot be read"),
            ("scaleway:index/objectBucketPolicy:ObjectBucketPolicy", {"policy": "x"}, "policy cannot be read"),
        )
    ),
    Case(
        Kind.MISSING,
        "scaleway group of the older type without default policies",
        bare("scaleway:index/instanceSecurityGroup:InstanceSecurityGroup"),
        ["inboundDefaultPolicy is missing", "outboundDefaultPolicy is missing"],
    ),
    *(
        Case(Kind.PASS, f"ovh app open to {cidr}", ovh_group("app", ovh_rule(cidr, 8000)))
        for cidr in ("10.1.2.3/32", "172.16.5.0/24", "192.168.0.0/24", "100.64.1.0/24", "fd00::/8")
    ),
    Case(
        Kind.FAIL,
        "ovh app open to addresses of documents",
        ovh_group("app", ovh_rule("192.0.2.0/24", 8000)),
        ["addresses outside may reach port 8000"],
    ),
    Case(
        Kind.MISSING,
        "aws listener of the older type without a policy",
        bare("aws:alb/listener:Listener", port=443, protocol="TLS"),
        ["sslPolicy is missing"],
    ),
    *(
        Case(
            Kind.FAIL,
            f"ovh listener with {version}",
            ovh_listener(protocol="TERMINATED_HTTPS", tls_versions=[version, "TLSv1.3"]),
            ["tlsVersions is"],
        )
        for version in ("SSLv3", "TLSv1", "TLSv1.0", "TLSv1.1")
    ),
    Case(
        Kind.PASS,
        "scaleway balancer for most clients",
        Declared(
            "scaleway.loadbalancers.LoadBalancer",
            {"type": "LB-S", "ssl_compatibility_level": "ssl_compatibility_level_intermediate"},
        ),
    ),
    # Load balancers
    *(Case(Kind.PASS, f"ovh listener at {port}", ovh_listener(protocol_port=port)) for port in (80, 443)),
    Case(
        Kind.FAIL,
        "ovh listener at another port",
        ovh_listener(protocol_port=3306),
        ["protocolPort is 3306: open to the world"],
    ),
    Case(
        Kind.PASS,
        "ovh listener at another port for private ranges",
        ovh_listener(protocol_port=3306, allowed_cidrs=["10.0.0.0/8", "192.168.1.0/24"]),
    ),
    Case(
        Kind.FAIL,
        "ovh listener at another port for a range outside",
        ovh_listener(protocol_port=3306, allowed_cidrs=["10.0.0.0/8", "203.0.113.0/28"]),
        ["protocolPort is 3306"],
    ),
    Case(
        Kind.PASS,
        "ovh listener with new TLS",
        ovh_listener(protocol="TERMINATED_HTTPS", tls_versions=["TLSv1.2", "TLSv1.3"]),
    ),
    Case(
        Kind.FAIL,
        "ovh listener with old TLS",
        ovh_listener(protocol="TERMINATED_HTTPS", tls_versions=["TLSv1.1", "TLSv1.2"]),
        ['tlsVersions is ["TLSv1.1", "TLSv1.2"]'],
    ),
    Case(
        Kind.MISSING,
        "ovh listener without versions of TLS",
        ovh_listener(protocol="TERMINATED_HTTPS"),
        ["tlsVersions is missing"],
    ),
    Case(
        Kind.UNKNOWN,
        "ovh listener with an unknown version of TLS",
        ovh_listener(protocol="TERMINATED_HTTPS", tls_versions=[UNKNOWN]),
        ["tlsVersions is"],
    ),
    Case(
        Kind.PASS,
        "scaleway balancer with the default level",
        Declared("scaleway.loadbalancers.LoadBalancer", {"type": "LB-S"}),
    ),
    Case(
        Kind.FAIL,
        "scaleway balancer for old clients",
        Declared(
            "scaleway.loadbalancers.LoadBalancer",
            {"type": "LB-S", "ssl_compatibility_level": "ssl_compatibility_level_old"},
        ),
        ['sslCompatibilityLevel is "ssl_compatibility_level_old"'],
    ),
    Case(
        Kind.PASS,
        "scaleway balancer for modern clients",
        Declared(
            "scaleway.loadbalancers.LoadBalancer",
            {"type": "LB-S", "ssl_compatibility_level": "ssl_compatibility_level_modern"},
        ),
    ),
    Case(
        Kind.FAIL,
        "scaleway frontend at another port",
        Declared("scaleway.loadbalancers.Frontend", {"lb_id": "l", "backend_id": "b", "inbound_port": 8080}),
        ["inboundPort is 8080: open to the world"],
    ),
    Case(
        Kind.PASS,
        "scaleway frontend at 443",
        Declared("scaleway.loadbalancers.Frontend", {"lb_id": "l", "backend_id": "b", "inbound_port": 443}),
    ),
    *(
        Case(Kind.PASS, f"aws listener with {policy}", aws_listener(port=443, protocol="HTTPS", ssl_policy=policy))
        for policy in (
            "ELBSecurityPolicy-TLS13-1-2-2021-06",
            "ELBSecurityPolicy-TLS13-1-3-2021-06",
            "ELBSecurityPolicy-FS-1-2-Res-2020-10",
            "ELBSecurityPolicy-TLS-1-2-2017-01",
        )
    ),
    *(
        Case(
            Kind.FAIL,
            f"aws listener with {policy}",
            aws_listener(port=443, protocol="HTTPS", ssl_policy=policy),
            [f'sslPolicy is "{policy}"'],
        )
        for policy in (
            "ELBSecurityPolicy-2016-08",
            "ELBSecurityPolicy-TLS-1-1-2017-01",
            "ELBSecurityPolicy-TLS13-1-0-2021-06",
            "ELBSecurityPolicy-TLS13-1-1-2021-06",
        )
    ),
    Case(
        Kind.MISSING,
        "aws listener without a policy",
        aws_listener(port=443, protocol="HTTPS"),
        ["sslPolicy is missing"],
    ),
    Case(Kind.FAIL, "aws listener at another port", aws_listener(port=9200, protocol="TCP"), ["port is 9200: open"]),
    # Buckets
    *(
        Case(
            Kind.FAIL,
            f"aws bucket {acl}",
            Declared("aws.s3.BucketAcl", {"bucket": "b", "acl": acl}),
            [f'acl is "{acl}": the bucket would be public'],
        )
        for acl in ("public-read", "public-read-write", "authenticated-read")
    ),
    Case(Kind.PASS, "aws bucket private", Declared("aws.s3.BucketAcl", {"bucket": "b", "acl": "private"})),
    Case(
        Kind.UNKNOWN,
        "aws bucket with an acl that is not known",
        Declared("aws.s3.BucketAcl", {"bucket": "b", "acl": UNKNOWN}),
        ["acl is not known before the deployment"],
    ),
    Case(
        Kind.FAIL,
        "scaleway bucket public",
        Declared("scaleway.object.Bucket", {"name": "b", "acl": "public-read"}),
        ['acl is "public-read"'],
    ),
    Case(Kind.PASS, "scaleway bucket without an acl", Declared("scaleway.object.Bucket", {"name": "b"})),
    Case(
        Kind.FAIL,
        "scaleway bucket public by its own resource",
        Declared("scaleway.object.BucketAcl", {"bucket": "b", "acl": "public-read"}),
        ['acl is "public-read"'],
    ),
    Case(
        Kind.PASS,
        "aws bucket policy for one",
        Declared(
            "aws.s3.BucketPolicy",
            {
                "bucket": "b",
                "policy": bucket_policy({**ALLOW, "Principal": {"AWS": "arn:aws:iam::123456789012:role/app"}}),
            },
        ),
    ),
    *(
        Case(
            Kind.FAIL,
            f"aws bucket policy for everybody as {title}",
            Declared(
                "aws.s3.BucketPolicy", {"bucket": "b", "policy": bucket_policy({**ALLOW, "Principal": principal})}
            ),
            ["policy: statement 0 has the principal *"],
        )
        for title, principal in (("a star", "*"), ("an account", {"AWS": "*"}), ("a list", {"AWS": ["x", "*"]}))
    ),
    Case(
        Kind.PASS,
        "aws bucket policy that denies everybody",
        Declared(
            "aws.s3.BucketPolicy",
            {"bucket": "b", "policy": bucket_policy({**ALLOW, "Effect": "Deny", "Principal": "*"})},
        ),
    ),
    Case(
        Kind.NESTED,
        "aws bucket policy whose second statement is for everybody",
        Declared(
            "aws.s3.BucketPolicy",
            {"bucket": "b", "policy": bucket_policy({**ALLOW, "Principal": {"AWS": "x"}}, {**ALLOW, "Principal": "*"})},
        ),
        ["policy: statement 1 has the principal *"],
    ),
    Case(
        Kind.FAIL,
        "aws bucket policy that is no policy",
        Declared("aws.s3.BucketPolicy", {"bucket": "b", "policy": "everybody"}),
        ["policy cannot be read as a bucket policy"],
    ),
    Case(
        Kind.UNKNOWN,
        "aws bucket policy that is judged when it is known",
        Declared("aws.s3.BucketPolicy", {"bucket": "b", "policy": UNKNOWN}),
    ),
    Case(
        Kind.PASS,
        "aws bucket that blocks all that is public",
        Declared(
            "aws.s3.BucketPublicAccessBlock",
            {
                "bucket": "b",
                "block_public_acls": True,
                "block_public_policy": True,
                "ignore_public_acls": True,
                "restrict_public_buckets": True,
            },
        ),
    ),
    Case(
        Kind.MISSING,
        "aws bucket that blocks some that is public",
        Declared(
            "aws.s3.BucketPublicAccessBlock", {"bucket": "b", "block_public_acls": True, "block_public_policy": False}
        ),
        ["blockPublicPolicy is false", "ignorePublicAcls is missing", "restrictPublicBuckets is missing"],
    ),
)
