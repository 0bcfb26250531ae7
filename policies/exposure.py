"""Nothing is exposed: firewalls deny by default, and the only ways in are the front's load balancers and bastions."""

from __future__ import annotations

import functools
import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from policies.model import Policy, Resource, Severity, Violation
from policies.roles import MACHINES, REACHABLE, role_of
from policies.values import off, show
from policies.wire import UNKNOWN, reveal

PUBLIC_PORTS: Final = (80, 443)
SSH: Final = 22
WORLD: Final = ("0.0.0.0/0", "::/0", "*", "any")
PUBLIC_ACLS: Final = ("public-read", "public-read-write", "authenticated-read", "website")
OLD_TLS: Final = ("SSLV3", "TLSV1", "TLSV1.0", "TLSV1.1")
AWS_NEW_TLS: Final = re.compile(r"ELBSecurityPolicy-(?:TLS13|TLS|FS)-1-[23]\b")
"""The names of AWS's sets of ciphers say the oldest version of TLS that they take."""
NO_FIREWALL: Final = "the security group of the machine's role; one with no rules where nothing comes in"


def check(resource: Resource) -> Iterator[Violation]:
    """Judge one resource."""
    if resource.type in MACHINES:
        yield from _machine(resource)
    for types, judge in _JUDGES:
        if resource.type in types:
            yield from judge(resource)


# Machines


def _machine(resource: Resource) -> Iterator[Violation]:
    provider = resource.type.partition(":")[0]
    yield from {"ovh": _ovh_machine, "scaleway": _scaleway_machine, "aws": _aws_machine}[provider](resource)


def _ovh_machine(resource: Resource) -> Iterator[Violation]:
    if resource.type.startswith("ovh:CloudProject/"):
        network = reveal(resource.inputs.get("network"))
        public = reveal(network.get("public")) if isinstance(network, Mapping) else UNKNOWN
        if public is not False and public is not None:
            yield from _public(resource, "network.public", public)
        return
    if resource.get("securityGroupIds") is None:
        yield Violation("securityGroupIds is missing, so the project's default group applies", NO_FIREWALL)
    networks = resource.get("networks")
    if not isinstance(networks, list) or not networks:
        yield from _public(resource, "networks", networks)
        return
    for index, raw in enumerate(networks):
        network = reveal(raw)
        if not isinstance(network, Mapping):
            yield from _public(resource, f"networks[{index}]", network)
            continue
        address = reveal(network.get("ip"))
        if reveal(network.get("autoAssignPublicIp")):
            yield from _public(resource, f"networks[{index}].autoAssignPublicIp", True)
        elif reveal(network.get("networkId")) is None:
            yield from _public(resource, f"networks[{index}].networkId", None)
        elif address is UNKNOWN or (address is not None and not _is_private(address)):
            yield from _public(resource, f"networks[{index}].ip", address)


def _scaleway_machine(resource: Resource) -> Iterator[Violation]:
    if resource.get("securityGroupId") is None:
        yield Violation("securityGroupId is missing, so the project's default group applies", NO_FIREWALL)
    for key in ("ipId", "ipIds", "enableDynamicIp", "publicIps"):
        value = resource.inputs.get(key)
        if reveal(value) not in (None, "", [], False):
            yield from _public(resource, key, reveal(value))


def _aws_machine(resource: Resource) -> Iterator[Violation]:
    if resource.get("vpcSecurityGroupIds") is None and resource.get("networkInterfaces") is None:
        yield Violation("vpcSecurityGroupIds is missing, so the network's default group applies", NO_FIREWALL)
    if reveal(resource.inputs.get("associatePublicIpAddress")) not in (None, False):
        yield from _public(resource, "associatePublicIpAddress", True)


def _public(resource: Resource, path: str, value: Any) -> Iterator[Violation]:
    role = role_of(resource)
    if role in REACHABLE:
        return
    who = f"a machine of role {role}" if role else "a machine without a role"
    shown = "missing" if value is None else f"{show(value)}"
    yield Violation(
        f"{path} is {shown}: {who} would have a public address",
        f"private addresses only; public ones for the roles {' and '.join(sorted(REACHABLE))}",
    )


# Firewalls


def _ovh_firewall(resource: Resource) -> Iterator[Violation]:
    rules = resource.get("rules")
    for path, rule in _rules(rules, "rules"):
        if rule is UNKNOWN:
            yield _unknown_rule(path)
        elif str(reveal(rule.get("direction"))).upper() == "INGRESS" and reveal(rule.get("remoteGroupId")) is None:
            ports = (reveal(rule.get("portRangeMin")), reveal(rule.get("portRangeMax")))
            yield from _inbound(resource, f"{path}.remoteIpPrefix", reveal(rule.get("remoteIpPrefix")), ports)


def _scaleway_firewall(resource: Resource) -> Iterator[Violation]:
    for key in ("inboundDefaultPolicy", "outboundDefaultPolicy"):
        value = resource.get(key)
        if value != "drop":
            shown = 'missing, which means "accept"' if value is None else show(value)
            yield Violation(f"{key} is {shown}", '"drop", with rules for the flows that are needed')
    if reveal(resource.inputs.get("externalRules")) is not True:
        yield from _scaleway_rules(resource)


def _scaleway_rules(resource: Resource) -> Iterator[Violation]:
    for path, rule in _rules(resource.get("inboundRules"), "inboundRules"):
        if rule is UNKNOWN:
            yield _unknown_rule(path)
        elif reveal(rule.get("action")) != "drop":
            port = reveal(rule.get("port"))
            ports = (port, port) if port is not None else _port_range(reveal(rule.get("portRange")))
            yield from _inbound(resource, f"{path}.ipRange", reveal(rule.get("ipRange")), ports)


def _aws_firewall(resource: Resource) -> Iterator[Violation]:
    for path, rule in _rules(resource.get("ingress"), "ingress"):
        if rule is UNKNOWN:
            yield _unknown_rule(path)
            continue
        ports = (reveal(rule.get("fromPort")), reveal(rule.get("toPort")))
        for key in ("cidrBlocks", "ipv6CidrBlocks"):
            for index, source in enumerate(reveal(rule.get(key)) or ()):
                yield from _inbound(resource, f"{path}.{key}[{index}]", reveal(source), ports)


def _aws_rule(resource: Resource) -> Iterator[Violation]:
    if resource.type == "aws:ec2/securityGroupRule:SecurityGroupRule" and resource.get("type") == "egress":
        return
    ports = (resource.get("fromPort"), resource.get("toPort"))
    for key in ("cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6"):
        value = resource.get(key)
        for source in value if isinstance(value, list) else [value]:
            if source is not None:
                yield from _inbound(resource, key, reveal(source), ports)


def _inbound(resource: Resource, path: str, source: Any, ports: tuple[Any, Any]) -> Iterator[Violation]:
    role = role_of(resource)
    what = _show_ports(ports)
    if source is UNKNOWN:
        # The other site's link addresses are known only when they exist; what is then known is judged again.
        if role != "link":
            yield Violation(f"{path} is {UNKNOWN!r} ({what})", "a range of addresses that the settings name")
    elif source is None or source in WORLD or _is_world(source):
        # On AWS the load balancer has a security group of its own; at OVH and Scaleway it stands before all groups.
        if not (role == "front" and resource.type.startswith("aws:") and _within(ports, PUBLIC_PORTS)):
            shown = "missing, which means anybody" if source is None else f'"{source}"'
            yield Violation(
                f"{path} is {shown}: the whole world may reach {what}",
                "ranges of this system; the world reaches ports 80 and 443 of the front's load balancers alone",
            )
    elif not _is_private(source):
        if role == "bastion" and not _within(ports, (SSH,)):
            yield Violation(f'{path} is "{source}": addresses outside may reach {what} of a bastion', "port 22 alone")
        elif role not in REACHABLE:
            yield Violation(
                f'{path} is "{source}": addresses outside may reach {what}',
                "private ranges; administrators come in by port 22 of the bastions",
            )


def _unknown_rule(path: str) -> Violation:
    return Violation(f"{path} is {UNKNOWN!r}", "rules that are known before the deployment")


def _rules(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if value is None:
        return
    if not isinstance(value, list):
        yield path, UNKNOWN
        return
    for index, raw in enumerate(value):
        rule = reveal(raw)
        yield f"{path}[{index}]", rule if isinstance(rule, Mapping) else UNKNOWN


# Load balancers


def _ovh_listener(resource: Resource) -> Iterator[Violation]:
    allowed = resource.get("allowedCidrs")
    private = isinstance(allowed, list) and bool(allowed) and all(_is_private(reveal(one)) for one in allowed)
    if not private:
        yield from _public_port("protocolPort", resource.get("protocolPort"))
    if resource.get("protocol") == "TERMINATED_HTTPS":
        versions = resource.get("tlsVersions")
        known = isinstance(versions, list) and bool(versions) and UNKNOWN not in versions
        if not known or any(str(reveal(version)).upper() in OLD_TLS for version in versions):
            yield Violation(f"tlsVersions is {show(versions)}", '["TLSv1.2", "TLSv1.3"] or ["TLSv1.3"]')


def _scaleway_balancer(resource: Resource) -> Iterator[Violation]:
    level = resource.get("sslCompatibilityLevel")
    accepted = ("ssl_compatibility_level_modern", "ssl_compatibility_level_intermediate")
    # Left out, the provider takes intermediate: TLS 1.2 and newer.
    if level is not None and level not in accepted:
        yield Violation(f"sslCompatibilityLevel is {show(level)}", " or ".join(accepted))


def _scaleway_frontend(resource: Resource) -> Iterator[Violation]:
    yield from _public_port("inboundPort", resource.get("inboundPort"))


def _aws_listener(resource: Resource) -> Iterator[Violation]:
    yield from _public_port("port", resource.get("port"))
    if resource.get("protocol") in ("HTTPS", "TLS"):
        policy = resource.get("sslPolicy")
        if not isinstance(policy, str) or AWS_NEW_TLS.match(policy) is None:
            yield Violation(f"sslPolicy is {show(policy)}", "ELBSecurityPolicy-TLS13-1-2-2021-06 or newer")


def _public_port(path: str, port: Any) -> Iterator[Violation]:
    if port not in PUBLIC_PORTS:
        yield Violation(f"{path} is {show(port)}: open to the world", "80 and 443")


# Buckets


def _bucket(resource: Resource) -> Iterator[Violation]:
    for key in ("acl", "cannedAcl"):
        value = resource.get(key)
        if value is UNKNOWN or value in PUBLIC_ACLS:
            yield Violation(f"{key} is {show(value)}: the bucket would be public", '"private"')


def _bucket_policy(resource: Resource) -> Iterator[Violation]:
    text = resource.get("policy")
    if text is UNKNOWN or text is None:
        return  # it names a principal that does not exist yet; it is judged again when it is known
    try:
        statements = json.loads(text)["Statement"] if isinstance(text, str) else text["Statement"]
        for index, statement in enumerate(statements if isinstance(statements, list) else [statements]):
            principal = statement.get("Principal")
            everybody = principal == "*" or (isinstance(principal, Mapping) and _names_all(principal))
            if statement.get("Effect") != "Deny" and everybody:
                yield Violation(f"policy: statement {index} has the principal *", "principals by name")
    except (ValueError, KeyError, TypeError, AttributeError):
        yield Violation("policy cannot be read as a bucket policy", 'JSON with a list "Statement"')


def _names_all(principal: Mapping[str, Any]) -> bool:
    return any("*" in (named if isinstance(named, list) else [named]) for named in principal.values())


def _public_access_block(resource: Resource) -> Iterator[Violation]:
    for key in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"):
        if resource.get(key) is not True:
            yield Violation(f"{key} is {show(resource.get(key))}", "true")


# Databases


def _aws_database(resource: Resource) -> Iterator[Violation]:
    yield from off("publiclyAccessible").unmet(resource)


# Values


def _is_private(source: Any) -> bool:
    network = _network(source)
    # Documentation ranges count as private to Python, and as somebody's addresses to us.
    return network is not None and any(
        network.version == own.version and network.subnet_of(own) for own in _private_ranges()
    )


def _is_world(source: Any) -> bool:
    network = _network(source)
    return network is None or network.prefixlen == 0


@functools.cache
def _private_ranges() -> tuple[Any, ...]:
    ranges = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
    return tuple(ipaddress.ip_network(one) for one in ranges)


@functools.lru_cache(maxsize=4096)
def _network(source: Any) -> Any:
    """A range of addresses; None where the text is none."""
    try:
        return ipaddress.ip_network(source, strict=False)
    except ValueError:
        return None


def _port_range(text: Any) -> tuple[Any, Any]:
    if not isinstance(text, str):
        return (None, None) if text is None else (text, text)
    first, _, last = text.partition("-")
    return (int(first), int(last or first)) if first.isdigit() and (last or first).isdigit() else (UNKNOWN, UNKNOWN)


def _within(ports: tuple[Any, Any], allowed: tuple[int, ...]) -> bool:
    first, last = ports
    return first in allowed and (last == first or last is None)


def _show_ports(ports: tuple[Any, Any]) -> str:
    first, last = ports
    if first is None:
        return "every port"
    return f"port {first}" if last in (first, None) else f"ports {first} to {last}"


_JUDGES: Final[tuple[tuple[frozenset[str], Callable[[Resource], Iterator[Violation]]], ...]] = (
    (frozenset(["ovh:index/cloudSecurityGroup:CloudSecurityGroup"]), _ovh_firewall),
    (
        frozenset(
            [
                "scaleway:instance/securityGroup:SecurityGroup",
                "scaleway:index/instanceSecurityGroup:InstanceSecurityGroup",
            ]
        ),
        _scaleway_firewall,
    ),
    (
        frozenset(
            [
                "scaleway:instance/securityGroupRules:SecurityGroupRules",
                "scaleway:index/instanceSecurityGroupRules:InstanceSecurityGroupRules",
            ]
        ),
        _scaleway_rules,
    ),
    (
        frozenset(["aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"]),
        _aws_firewall,
    ),
    (
        frozenset(
            [
                "aws:ec2/securityGroupRule:SecurityGroupRule",
                "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            ]
        ),
        _aws_rule,
    ),
    (frozenset(["ovh:index/cloudLoadbalancerListener:CloudLoadbalancerListener"]), _ovh_listener),
    (
        frozenset(
            [
                "scaleway:loadbalancers/loadBalancer:LoadBalancer",
                "scaleway:index/loadbalancer:Loadbalancer",
            ]
        ),
        _scaleway_balancer,
    ),
    (
        frozenset(
            [
                "scaleway:loadbalancers/frontend:Frontend",
                "scaleway:index/loadbalancerFrontend:LoadbalancerFrontend",
            ]
        ),
        _scaleway_frontend,
    ),
    (frozenset(["aws:lb/listener:Listener", "aws:alb/listener:Listener"]), _aws_listener),
    (
        frozenset(
            [
                "scaleway:object/bucket:Bucket",
                "scaleway:index/objectBucket:ObjectBucket",
                "scaleway:object/bucketAcl:BucketAcl",
                "scaleway:index/objectBucketAcl:ObjectBucketAcl",
                "aws:s3/bucket:Bucket",
                "aws:s3/bucketV2:BucketV2",
                "aws:s3/bucketAcl:BucketAcl",
                "aws:s3/bucketAclV2:BucketAclV2",
            ]
        ),
        _bucket,
    ),
    (
        frozenset(
            [
                "scaleway:object/bucketPolicy:BucketPolicy",
                "scaleway:index/objectBucketPolicy:ObjectBucketPolicy",
                "aws:s3/bucketPolicy:BucketPolicy",
            ]
        ),
        _bucket_policy,
    ),
    (
        frozenset(
            [
                "aws:rds/instance:Instance",
                "aws:rds/clusterInstance:ClusterInstance",
                "aws:redshift/cluster:Cluster",
                "aws:dms/replicationInstance:ReplicationInstance",
                "aws:mq/broker:Broker",
            ]
        ),
        _aws_database,
    ),
    (frozenset(["aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"]), _public_access_block),
)

POLICY: Final = Policy(
    name="exposure",
    description="Only the front's load balancers (80, 443) and the bastions' SSH can be reached from outside.",
    reason="What cannot be reached cannot be attacked: one way in for users, one for administrators, no third.",
    clause="Nothing is exposed: default deny, SSH by bastion, no public addresses on app and data layers.",
    severity=Severity.CRITICAL,
    remedy="Take the flow from components/network/flows.py, which makes the security groups; give the machine the "
    "group of its role and a private address; let clients come in by the front's load balancer.",
    check=check,
)
