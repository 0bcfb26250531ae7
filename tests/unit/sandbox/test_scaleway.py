"""What Scaleway refuses, and what a program reads in the error."""

from __future__ import annotations

from typing import Any, Final

import pytest

from sandbox.properties import UNKNOWN
from tests.unit.sandbox.customer import SCALEWAY_PROJECT, Clouds, Customer, RefusedError, Resource

VPC: Final = "scaleway:network/vpc:Vpc"
NETWORK: Final = "scaleway:network/privateNetwork:PrivateNetwork"
GATEWAY: Final = "scaleway:network/publicGateway:PublicGateway"
GATEWAY_IP: Final = "scaleway:network/publicGatewayIp:PublicGatewayIp"
GATEWAY_NETWORK: Final = "scaleway:network/gatewayNetwork:GatewayNetwork"
IPAM_IP: Final = "scaleway:ipam/ip:Ip"
IP: Final = "scaleway:instance/ip:Ip"
SERVER: Final = "scaleway:instance/server:Server"
NIC: Final = "scaleway:instance/privateNic:PrivateNic"
PLACEMENT_GROUP: Final = "scaleway:instance/placementGroup:PlacementGroup"
SECURITY_GROUP: Final = "scaleway:instance/securityGroup:SecurityGroup"
SSH_KEY: Final = "scaleway:iam/sshKey:SshKey"
VOLUME: Final = "scaleway:block/volume:Volume"
FILESYSTEM: Final = "scaleway:index/fileFilesystem:FileFilesystem"
BUCKET: Final = "scaleway:object/bucket:Bucket"
LOCK: Final = "scaleway:object/bucketLockConfiguration:BucketLockConfiguration"
ENCRYPTION: Final = "scaleway:object/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
POLICY: Final = "scaleway:iam/policy:Policy"
APPLICATION: Final = "scaleway:iam/application:Application"
BALANCER_IP: Final = "scaleway:loadbalancers/ip:Ip"
BALANCER: Final = "scaleway:loadbalancers/loadBalancer:LoadBalancer"
BACKEND: Final = "scaleway:loadbalancers/backend:Backend"
FRONTEND: Final = "scaleway:loadbalancers/frontend:Frontend"
RECORD: Final = "scaleway:domain/record:Record"
KEY: Final = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH0mGTpZ0bFkmuDTwPvJrHSjRwPNjV7MT6Q5eXkTvK2M"


def network(scaleway: Customer, name: str = "net", cidr: str = "10.1.0.0/24", **changed: Any) -> Resource:
    return scaleway.create(NETWORK, name=name, ipv4Subnet={"subnet": cidr}, **changed)


def server(scaleway: Customer, name: str = "machine", **changed: Any) -> Resource:
    return scaleway.create(SERVER, name, name=name, **{"type": "PRO2-XXS", "image": "debian_bookworm", **changed})


def booked(scaleway: Customer, inside: Resource, address: str | None = None, **changed: Any) -> Resource:
    given = {"address": address} if address else {}
    return scaleway.create(IPAM_IP, sources=[{"privateNetworkId": inside.id}], **given, **changed)


@pytest.mark.parametrize(
    ("token", "changed", "at", "reason"),
    [
        (SERVER, {"zone": "us-east-1"}, "zone", "is 'us-east-1', but accepted is one of fr-par-1, fr-par-2, "),
        (NETWORK, {"region": "de-fra"}, "region", "is 'de-fra', but accepted is one of fr-par, nl-ams, pl-waw"),
        (NETWORK, {"ipv4Subnet": {"subnet": "10.0.0.1/24"}}, "ipv4Subnet.subnet", "accepted is an IPv4 network"),
        (NETWORK, {"ipv4Subnet": {"subnet": "8.8.8.0/24"}}, "ipv4Subnet.subnet", "accepted is a private network"),
        (NETWORK, {"name": "net/1"}, "name", "is 'net/1', but accepted is 1 to 255 of letters, digits, "),
        (GATEWAY, {"type": "VPC-GW-XXS"}, "type", "accepted is one of VPC-GW-S, "),
        (GATEWAY_NETWORK, {"enableDhcp": True}, "enableDhcp", "belongs to legacy gateways"),
        (IPAM_IP, {"address": "10.1.0"}, "address", "is '10.1.0', but accepted is an IPv4 address"),
        (SERVER, {"type": "GP1-XXXL"}, "type", "is 'GP1-XXXL', but accepted is one of DEV1-S, "),
        (SERVER, {"image": "debian_sarge"}, "image", "is 'debian_sarge', but accepted is one of debian_bookworm"),
        (SERVER, {"state": "paused"}, "state", "accepted is one of started, stopped, standby"),
        (SERVER, {"cloudInit": "#" * 131_000}, "cloudInit", "has 131000 bytes; it may have 130048"),
        (IP, {"type": "nat"}, "type", "accepted is one of routed_ipv4, routed_ipv6"),
        (PLACEMENT_GROUP, {"policyType": "apart"}, "policyType", "accepted is one of low_latency, max_availability"),
        (SECURITY_GROUP, {"inboundDefaultPolicy": "deny"}, "inboundDefaultPolicy", "accepted is one of accept, drop"),
        (
            SECURITY_GROUP,
            {"inboundRules": [{"action": "accept", "port": 22, "portRange": "22-23"}]},
            "inboundRules[0]",
            "has port and portRange; accepted is one of them",
        ),
        (SSH_KEY, {"publicKey": "my key"}, "publicKey", "is 'my key', but accepted is an OpenSSH public key"),
        (VOLUME, {"iops": 10}, "iops", "is 10, but accepted is one of 5000, 15000"),
        (VOLUME, {"sizeInGb": 4}, "sizeInGb", "is 4, but accepted is 5 to 10000 GB"),
        (FILESYSTEM, {"sizeInGb": 24}, "sizeInGb", "is 24, but accepted is 25 to 10000 GB"),
        (BUCKET, {"name": "no"}, "name", "is 'no', but accepted is 3 to 63 of a-z, 0-9, . and -"),
        (BUCKET, {"acl": "mine"}, "acl", "accepted is one of private, public-read, "),
        (BUCKET, {"objectLockEnabled": True}, "versioning.enabled", "must be true in a bucket with objectLockEnabled"),
        (
            LOCK,
            {"rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 1, "years": 1}}},
            "rule.defaultRetention",
            "accepted is one of days and years",
        ),
        (POLICY, {"applicationId": "a", "userId": "u"}, "applicationId", "accepted is exactly one of applicationId"),
        (
            POLICY,
            {"rules": [{"permissionSetNames": ["ObjectStorageReadOnly"], "projectIds": ["another"]}]},
            "rules[0].projectIds[0]",
            "403 there is no project 'another' in this account",
        ),
        (BALANCER, {"type": "LB-XS"}, "type", "accepted is one of LB-S, LB-GP-M, "),
        (BACKEND, {"forwardProtocol": "udp"}, "forwardProtocol", "accepted is one of tcp, http"),
        (BACKEND, {"serverIps": ["machine"]}, "serverIps[0]", "is 'machine', but accepted is an IPv4 address"),
        (FRONTEND, {"inboundPort": 70_000}, "inboundPort", "is 70000, but accepted is 1 to 65535"),
        (RECORD, {"ttl": 1}, "ttl", "is 1, but accepted is 60 to 2592000 seconds"),
        (RECORD, {"data": "example.org"}, "data", "is 'example.org', but accepted is an IPv4 address"),
        (VOLUME, {"projectId": "another"}, "projectId", "403 these credentials give no access to project 'another'"),
    ],
    ids=lambda value: value.rsplit(":", 1)[-1] if isinstance(value, str) and ":" in value else "",
)
def test_values_that_the_api_does_not_take(
    scaleway: Customer, token: str, changed: dict[str, Any], at: str, reason: str
) -> None:
    good: dict[str, dict[str, Any]] = {
        SERVER: {"type": "PRO2-XXS", "image": "debian_bookworm"},
        NETWORK: {"ipv4Subnet": {"subnet": "10.1.0.0/24"}},
        GATEWAY: {"type": "VPC-GW-S"},
        GATEWAY_NETWORK: {"gatewayId": UNKNOWN, "privateNetworkId": UNKNOWN},
        IPAM_IP: {"sources": [{"privateNetworkId": UNKNOWN}]},
        IP: {},
        PLACEMENT_GROUP: {"policyType": "max_availability"},
        SECURITY_GROUP: {"inboundDefaultPolicy": "drop"},
        SSH_KEY: {"publicKey": KEY},
        VOLUME: {"iops": 5000, "sizeInGb": 5},
        FILESYSTEM: {"sizeInGb": 25},
        BUCKET: {"name": "media"},
        LOCK: {"bucket": "media", "rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 1}}},
        POLICY: {
            "applicationId": UNKNOWN,
            "rules": [{"permissionSetNames": ["ObjectStorageReadOnly"], "projectIds": [SCALEWAY_PROJECT]}],
        },
        BALANCER: {"type": "LB-S"},
        BACKEND: {"lbId": UNKNOWN, "forwardProtocol": "tcp", "forwardPort": 80},
        FRONTEND: {"lbId": UNKNOWN, "backendId": UNKNOWN, "inboundPort": 80},
        RECORD: {"dnsZone": "example.org", "name": "www", "type": "A", "data": "192.0.2.1"},
    }
    assert scaleway.failures(token, **good[token]) == {}
    failures = scaleway.failures(token, **{**good[token], **changed})
    assert failures.keys() == {at}
    assert reason in failures[at]


def test_the_place_is_the_provider_s_where_the_resource_names_none(clouds: Clouds) -> None:
    placeless = clouds.customer("scaleway")
    assert placeless.failures(IP) == {"zone": "is required, since the provider has no default zone"}
    assert placeless.failures(VPC) == {"region": "is required, since the provider has no default region"}
    placed = clouds.customer("scaleway", zone="nl-ams-1", region="nl-ams")
    address = placed.create(IP)
    assert address.id.startswith("nl-ams-1/")
    assert address.outputs["zone"] == "nl-ams-1"


def test_networks_of_a_vpc_are_apart(scaleway: Customer) -> None:
    first, second = (scaleway.create(VPC, name=name) for name in ("first", "second"))
    network(scaleway, "one", "10.1.0.0/24", vpcId=first.id)
    network(scaleway, "two", "10.1.0.0/24", vpcId=second.id)
    network(scaleway, "three", "10.1.0.0/24")
    network(scaleway, "four", "10.1.0.0/24", region="nl-ams")
    with pytest.raises(RefusedError, match=r"409 10\.1\.0\.0/16 overlaps 10\.1\.0\.0/24 of private network one"):
        network(scaleway, "five", "10.1.0.0/16", vpcId=first.id)


def test_references_lead_to_what_exists_in_the_zone(scaleway: Customer, ovh: Customer) -> None:
    there = scaleway.create(VOLUME, name="disk", iops=5000, sizeInGb=10, zone="fr-par-2")
    with pytest.raises(RefusedError, match=r"additionalVolumeIds\[0\]: disk is in zone fr-par-2, but .* fr-par-1"):
        server(scaleway, additionalVolumeIds=[there.id])
    foreign = ovh.create(
        "ovh:index/cloudStorageBlockVolume:CloudStorageBlockVolume", region="GRA11", serviceName="0" * 31 + "1", size=10
    )
    for nowhere in (foreign.id, "fr-par-1/none"):
        with pytest.raises(RefusedError, match=rf"additionalVolumeIds\[0\]: there is no Volume '{nowhere}'"):
            server(scaleway, additionalVolumeIds=[nowhere])


def test_what_is_in_a_zone_reaches_networks_of_its_region_only(scaleway: Customer) -> None:
    warsaw = network(scaleway, region="pl-waw")
    machine = server(scaleway)
    refusal = "net is in pl-waw, but this resource is in fr-par-1; both must be in the same region"
    with pytest.raises(RefusedError, match=f"privateNetworkId: {refusal}"):
        scaleway.create(NIC, serverId=machine.id, privateNetworkId=warsaw.id)
    gateway = scaleway.create(GATEWAY, name="gateway", type="VPC-GW-S")
    with pytest.raises(RefusedError, match=f"privateNetworkId: {refusal}"):
        scaleway.create(GATEWAY_NETWORK, gatewayId=gateway.id, privateNetworkId=warsaw.id)
    with pytest.raises(RefusedError, match=f"privateNetworks.0..privateNetworkId: {refusal}"):
        scaleway.create(BALANCER, name="lb", type="LB-S", privateNetworks=[{"privateNetworkId": warsaw.id}])


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("10.1.0.10", r"409 the address 10\.1\.0\.10 is taken by fr-par/"),
        ("10.1.0.1", r"400 the address 10\.1\.0\.1 is reserved"),
        ("10.1.0.255", r"400 the address 10\.1\.0\.255 is reserved"),
        ("10.2.0.10", r"400 the address 10\.2\.0\.10 is outside the network 10\.1\.0\.0/24"),
    ],
)
def test_an_address_is_booked_once_and_inside_its_network(scaleway: Customer, address: str, reason: str) -> None:
    net = network(scaleway)
    booked(scaleway, net, "10.1.0.10")
    with pytest.raises(RefusedError, match=reason):
        booked(scaleway, net, address)
    booked(scaleway, network(scaleway, "other", region="nl-ams"), "10.1.0.10", region="nl-ams")


def test_a_booked_address_is_one_card_s_and_of_its_network(scaleway: Customer) -> None:
    net, other = network(scaleway), network(scaleway, "other", "10.2.0.0/24")
    address = booked(scaleway, net, "10.1.0.10")
    first, second = server(scaleway, "first"), server(scaleway, "second")
    with pytest.raises(RefusedError, match=r"400 ipamIpIds: 10\.1\.0\.10 is booked in another private network"):
        scaleway.create(NIC, serverId=first.id, privateNetworkId=other.id, ipamIpIds=[address.id])
    card = scaleway.create(NIC, serverId=first.id, privateNetworkId=net.id, ipamIpIds=[address.id])
    assert card.outputs["privateIps"] == [{"id": address.id, "address": "10.1.0.10"}]
    with pytest.raises(RefusedError, match=r"409 ipamIpIds: .* is taken by the card"):
        scaleway.create(NIC, serverId=second.id, privateNetworkId=net.id, ipamIpIds=[address.id])


def test_volumes_and_addresses_belong_to_one_server(scaleway: Customer) -> None:
    volume = scaleway.create(VOLUME, iops=5000, sizeInGb=10)
    address = scaleway.create(IP)
    first = server(scaleway, "first", additionalVolumeIds=[volume.id], ipIds=[address.id])
    assert first.outputs["publicIps"][0]["address"] == address.outputs["address"]
    for given in ({"additionalVolumeIds": [volume.id]}, {"ipIds": [address.id]}):
        with pytest.raises(RefusedError, match=r"409 .* is attached to first"):
            server(scaleway, "second", **given)


def test_a_placement_group_keeps_only_so_many_apart(scaleway: Customer) -> None:
    group = scaleway.create(PLACEMENT_GROUP, name="apart", policyType="max_availability")
    machines = [server(scaleway, f"m{number}", placementGroupId=group.id) for number in range(20)]
    with pytest.raises(RefusedError, match="403 placementGroupId: a placement group keeps 20 servers apart"):
        server(scaleway, "one-more", placementGroupId=group.id)
    scaleway.delete(machines[0])
    server(scaleway, "one-more", placementGroupId=group.id)


def test_a_protected_server_stays(scaleway: Customer) -> None:
    machine = server(scaleway, protected=True)
    with pytest.raises(RefusedError, match="412 machine is protected; set protected to false first"):
        scaleway.delete(machine)
    scaleway.delete(scaleway.update(machine, protected=False))
    assert scaleway.read(machine) is None


def test_what_is_in_use_cannot_be_deleted(scaleway: Customer) -> None:
    net = network(scaleway)
    address, public = booked(scaleway, net), scaleway.create(IP)
    rules = scaleway.create(SECURITY_GROUP, name="rules")
    group = scaleway.create(PLACEMENT_GROUP, name="apart", policyType="max_availability")
    volume = scaleway.create(VOLUME, iops=5000, sizeInGb=10)
    used: dict[str, Any] = {
        "securityGroupId": rules.id,
        "placementGroupId": group.id,
        "additionalVolumeIds": [volume.id],
    }
    machine = server(scaleway, ipIds=[public.id], **used)
    card = scaleway.create(NIC, serverId=machine.id, privateNetworkId=net.id, ipamIpIds=[address.id])
    for resource in (net, address, public, rules, group, volume, machine):
        with pytest.raises(RefusedError, match=r"is in use by (Server machine|PrivateNic|Ip)"):
            scaleway.delete(resource)
    for resource in (card, machine, address, net, public, rules, group, volume):
        scaleway.delete(resource)
        assert scaleway.read(resource) is None


def test_load_balancers_addresses_ports_and_backends_are_their_own(scaleway: Customer) -> None:
    address = scaleway.create(BALANCER_IP)
    first = scaleway.create(BALANCER, "first", name="first", type="LB-S", ipIds=[address.id])
    assert first.outputs["ipAddress"] == address.outputs["ipAddress"]
    with pytest.raises(RefusedError, match=r"409 ipIds: .* belongs to first"):
        scaleway.create(BALANCER, name="second", type="LB-S", ipIds=[address.id])
    second = scaleway.create(BALANCER, "second", name="second", type="LB-S")
    backends = [
        scaleway.create(BACKEND, name=f"of-{lb.name}", lbId=lb.id, forwardProtocol="tcp", forwardPort=80)
        for lb in (first, second)
    ]
    scaleway.create(FRONTEND, name="web", lbId=first.id, backendId=backends[0].id, inboundPort=80)
    with pytest.raises(RefusedError, match="409 port 80 is taken by frontend web"):
        scaleway.create(FRONTEND, lbId=first.id, backendId=backends[0].id, inboundPort=80)
    with pytest.raises(RefusedError, match="backendId: of-second is in lbId"):
        scaleway.create(FRONTEND, lbId=first.id, backendId=backends[1].id, inboundPort=81)


def test_volumes_do_not_shrink(scaleway: Customer) -> None:
    volume = scaleway.create(VOLUME, iops=5000, sizeInGb=20)
    with pytest.raises(RefusedError, match="a volume of 20 GB cannot shrink"):
        scaleway.update(volume, sizeInGb=10)


@pytest.mark.parametrize(
    ("token", "replacing", "kept"),
    [
        (VPC, {"region", "projectId"}, {"name", "tags"}),
        (NETWORK, {"region", "vpcId", "ipv4Subnet"}, {"name", "tags"}),
        (GATEWAY, {"zone", "type", "ipId"}, {"name", "allowedIpRanges"}),
        (IPAM_IP, {"sources", "address"}, {"tags"}),
        (SERVER, {"zone", "image"}, {"type", "cloudInit", "ipIds", "additionalVolumeIds", "protected"}),
        (NIC, {"serverId", "privateNetworkId", "ipamIpIds"}, {"tags"}),
        (VOLUME, {"zone"}, {"sizeInGb", "iops"}),
        (BUCKET, {"name", "region", "objectLockEnabled"}, {"versioning", "lifecycleRules", "forceDestroy"}),
        (BALANCER, {"zone", "ipId"}, {"type", "ipIds", "privateNetworks"}),
        (FRONTEND, {"lbId", "backendId"}, {"inboundPort", "enableAccessLogs"}),
        (BACKEND, {"lbId"}, {"serverIps", "forwardPort"}),
        ("scaleway:iam/apiKey:ApiKey", {"applicationId", "expiresAt"}, {"description"}),
        (RECORD, {"dnsZone", "type", "name"}, {"data", "ttl"}),
        (SSH_KEY, {"publicKey"}, {"name"}),
    ],
    ids=lambda value: value.rsplit(":", 1)[-1] if isinstance(value, str) else "",
)
def test_a_change_replaces_where_the_provider_does(
    scaleway: Customer, token: str, replacing: set[str], kept: set[str]
) -> None:
    for name in replacing:
        assert list(scaleway.diff(token, {name: "old"}, {name: "new"}).replaces) == [name]
    for name in kept:
        answer = scaleway.diff(token, {name: "old"}, {name: "new"})
        assert list(answer.diffs) == [name]
        assert list(answer.replaces) == []
