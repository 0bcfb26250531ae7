"""What OVHcloud refuses, and what a program reads in the error."""

from __future__ import annotations

from typing import Any, Final

import pytest

from sandbox.clouds.ovh.base import stable_id
from sandbox.properties import UNKNOWN
from tests.unit.sandbox.customer import OVH_PROJECT, Clouds, Customer, RefusedError, Resource

NETWORK: Final = "ovh:index/cloudNetworkPrivateVrack:CloudNetworkPrivateVrack"
SUBNET: Final = "ovh:index/cloudNetworkPrivateVrackSubnet:CloudNetworkPrivateVrackSubnet"
GATEWAY: Final = "ovh:index/cloudGateway:CloudGateway"
FLOATING_IP: Final = "ovh:index/cloudFloatingIp:CloudFloatingIp"
SECURITY_GROUP: Final = "ovh:index/cloudSecurityGroup:CloudSecurityGroup"
INSTANCE: Final = "ovh:index/cloudInstance:CloudInstance"
GROUP: Final = "ovh:index/cloudInstanceGroup:CloudInstanceGroup"
SSH_KEY: Final = "ovh:index/cloudSSHKey:CloudSSHKey"
VOLUME: Final = "ovh:index/cloudStorageBlockVolume:CloudStorageBlockVolume"
SHARE_NETWORK: Final = "ovh:index/cloudStorageFileShareNetwork:CloudStorageFileShareNetwork"
SHARE: Final = "ovh:index/cloudStorageFileShare:CloudStorageFileShare"
SHARE_ACL: Final = "ovh:index/cloudStorageFileShareAcl:CloudStorageFileShareAcl"
BUCKET: Final = "ovh:index/cloudStorageObjectBucket:CloudStorageObjectBucket"
USER: Final = "ovh:CloudProject/user:User"
BALANCER: Final = "ovh:index/cloudLoadbalancer:CloudLoadbalancer"
POOL: Final = "ovh:index/cloudLoadbalancerPool:CloudLoadbalancerPool"
LISTENER: Final = "ovh:index/cloudLoadbalancerListener:CloudLoadbalancerListener"
MEMBER: Final = "ovh:index/cloudLoadbalancerPoolMember:CloudLoadbalancerPoolMember"
RECORD: Final = "ovh:Domain/zoneRecord:ZoneRecord"
REGION: Final = "EU-WEST-PAR"
PLACE: Final = {"serviceName": OVH_PROJECT, "region": REGION}
KEY: Final = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH0mGTpZ0bFkmuDTwPvJrHSjRwPNjV7MT6Q5eXkTvK2M"


def network(ovh: Customer, name: str = "net", **changed: Any) -> Resource:
    return ovh.create(NETWORK, name=name, **{**PLACE, **changed})


def subnet(ovh: Customer, of: Resource, cidr: str = "10.0.0.0/24", **changed: Any) -> Resource:
    return ovh.create(SUBNET, networkId=of.id, cidr=cidr, **{**PLACE, **changed})


def instance(ovh: Customer, name: str = "machine", **changed: Any) -> Resource:
    given = {"flavorId": stable_id(REGION, "b3-8"), "imageId": stable_id(REGION, "Debian 12"), **PLACE, **changed}
    return ovh.create(INSTANCE, name, name=name, **given)


def interface(of: Resource, inside: Resource, ip: str | None = None) -> dict[str, Any]:
    return {"networkId": of.id, "subnetId": inside.id, **({"ip": ip} if ip else {})}


def balancer(ovh: Customer, of: Resource, inside: Resource, name: str = "balancer", **changed: Any) -> Resource:
    place = {"id": of.id, "subnetId": inside.id, **changed}
    return ovh.create(BALANCER, name, name=name, flavorName="SMALL", network=place, **PLACE)


@pytest.mark.parametrize(
    ("token", "changed", "at", "reason"),
    [
        (NETWORK, {"region": "MARS1"}, "region", "is 'MARS1', but accepted is one of EU-WEST-PAR, "),
        (NETWORK, {"vlanId": 4095}, "vlanId", "is 4095, but accepted is 0 to 4094"),
        (NETWORK, {"name": "-net"}, "name", "is '-net', but accepted is 1 to 255 of letters, digits, "),
        (NETWORK, {"name": "n" * 256}, "name", "accepted is 1 to 255 of letters, digits, "),
        (SUBNET, {"cidr": "10.0.0.1/24"}, "cidr", "is '10.0.0.1/24', but accepted is an IPv4 network such as "),
        (SUBNET, {"gatewayIp": "10.0.1.1"}, "gatewayIp", "is 10.0.1.1, but accepted is an address in 10.0.0.0/24"),
        (
            SUBNET,
            {"allocationPools": [{"start": "10.0.0.9", "end": "10.0.1.9"}]},
            "allocationPools[0].end",
            "is 10.0.1.9, but accepted is an address in 10.0.0.0/24",
        ),
        (
            SUBNET,
            {"allocationPools": [{"start": "10.0.0.9", "end": "10.0.0.8"}]},
            "allocationPools[0]",
            "goes from 10.0.0.9 to 10.0.0.8; give the smaller address as start",
        ),
        (
            GATEWAY,
            {"externalGateway": {"enabled": True, "model": "XS"}},
            "externalGateway.model",
            "accepted is one of S",
        ),
        (GATEWAY, {"availabilityZone": "nova"}, "availabilityZone", "accepted is one of eu-west-par-a, eu-west-par-b"),
        (
            SECURITY_GROUP,
            {"rules": [{"direction": "INGRESS", "ethernetType": "IPV4", "portRangeMin": 80, "portRangeMax": 22}]},
            "rules[0]",
            "has ports 80 to 22; give both, the smaller one first",
        ),
        (
            SECURITY_GROUP,
            {"rules": [{"direction": "IN", "ethernetType": "IPV4"}]},
            "rules[0].direction",
            "is 'IN', but accepted is one of INGRESS, EGRESS",
        ),
        (INSTANCE, {"flavorId": "b9-1"}, "flavorId", "is 'b9-1', which EU-WEST-PAR does not offer; "),
        (INSTANCE, {"flavorId": stable_id("GRA11", "b3-8")}, "flavorId", "which EU-WEST-PAR does not offer"),
        (INSTANCE, {"imageId": "Debian 3"}, "imageId", "is 'Debian 3', which EU-WEST-PAR does not offer; "),
        (INSTANCE, {"userData": "#" * 60_000}, "userData", "has 60000 bytes; encoded in base64 it may have 65535"),
        (INSTANCE, {"availabilityZone": "GRA11"}, "availabilityZone", "is 'GRA11', but accepted is one of eu-west-"),
        (GROUP, {"policy": "APART"}, "policy", "accepted is one of AFFINITY, ANTI_AFFINITY, "),
        (SSH_KEY, {"publicKey": "my key"}, "publicKey", "is 'my key', but accepted is an OpenSSH public key"),
        (VOLUME, {"size": 9}, "size", "is 9, but accepted is 10 to 12000 GB"),
        (VOLUME, {"volumeType": "FLOPPY"}, "volumeType", "accepted is one of CLASSIC, HIGH_SPEED, HIGH_SPEED_GEN2"),
        (SHARE, {"protocol": "SMB"}, "protocol", "is 'SMB', but accepted is one of NFS"),
        (SHARE, {"size": 1}, "size", "is 1, but accepted is 10 to 10240 GB"),
        (SHARE_ACL, {"accessTo": "everybody"}, "accessTo", "accepted is an IPv4 network"),
        (SHARE_ACL, {"accessLevel": "ALL"}, "accessLevel", "accepted is one of READ_ONLY, READ_WRITE"),
        (BUCKET, {"name": "Media"}, "name", "is 'Media', but accepted is 3 to 63 of a-z, 0-9, . and -"),
        (BUCKET, {"region": "GRA11"}, "region", "is 'GRA11', but accepted is one of EU-WEST-PAR, EU-SOUTH-MIL, GRA, "),
        (BUCKET, {"encryption": {"algorithm": "ROT13"}}, "encryption.algorithm", "accepted is one of AES256"),
        (
            BUCKET,
            {"objectLock": {"mode": "COMPLIANCE", "retentionDays": 1}},
            "versioning.status",
            "must be ENABLED in a bucket with objectLock",
        ),
        (
            BUCKET,
            {"objectLock": {"mode": "COMPLIANCE", "retentionDays": 0}, "versioning": {"status": "ENABLED"}},
            "objectLock.retentionDays",
            "is 0, but accepted is 1 to 36500 days",
        ),
        (USER, {"roleNames": ["root"]}, "roleNames[0]", "is 'root', but accepted is one of administrator, "),
        (BALANCER, {"flavorName": "TINY"}, "flavorName", "accepted is one of SMALL, MEDIUM, LARGE, XL"),
        (POOL, {"protocol": "SMTP"}, "protocol", "accepted is one of HTTP, HTTPS, PROXY, "),
        (
            POOL,
            {"healthMonitor": {"delay": 5, "maxRetries": 3, "timeout": 5, "type": "HTTP"}},
            "healthMonitor.timeout",
            "is 5; it must be less than delay, which is 5",
        ),
        (LISTENER, {"protocolPort": 0}, "protocolPort", "is 0, but accepted is 1 to 65535"),
        (MEMBER, {"address": "10.0.0"}, "address", "is '10.0.0', but accepted is an IPv4 address"),
        (MEMBER, {"weight": 257}, "weight", "is 257, but accepted is 0 to 256"),
        (RECORD, {"fieldtype": "AA"}, "fieldtype", "is 'AA', but accepted is one of A, AAAA, "),
        (RECORD, {"ttl": 59}, "ttl", "is 59, but accepted is 60 to 2147483647 seconds"),
        (RECORD, {"target": "example.org"}, "target", "is 'example.org', but accepted is an IPv4 address"),
    ],
    ids=lambda value: value.rsplit(":", 1)[-1] if isinstance(value, str) and ":" in value else "",
)
def test_values_that_the_api_does_not_take(
    ovh: Customer, token: str, changed: dict[str, Any], at: str, reason: str
) -> None:
    good: dict[str, dict[str, Any]] = {
        NETWORK: {},
        SUBNET: {"networkId": UNKNOWN, "cidr": "10.0.0.0/24"},
        GATEWAY: {"externalGateway": {"enabled": True, "model": "S"}},
        SECURITY_GROUP: {},
        INSTANCE: {"flavorId": stable_id(REGION, "b3-8"), "imageId": stable_id(REGION, "Debian 12")},
        GROUP: {"policy": "ANTI_AFFINITY"},
        SSH_KEY: {"publicKey": KEY},
        VOLUME: {"size": 10},
        SHARE: {"protocol": "NFS", "size": 100, "shareNetworkId": UNKNOWN, "shareType": "STANDARD_1AZ"},
        SHARE_ACL: {"shareId": UNKNOWN, "accessTo": "10.0.0.0/24", "accessLevel": "READ_WRITE"},
        BUCKET: {"name": "media"},
        USER: {"roleNames": ["objectstore_operator"]},
        BALANCER: {"flavorName": "SMALL", "network": {"id": UNKNOWN, "subnetId": UNKNOWN}},
        POOL: {"loadbalancerId": UNKNOWN, "protocol": "HTTP", "algorithm": "ROUND_ROBIN"},
        LISTENER: {"loadbalancerId": UNKNOWN, "protocol": "HTTP", "protocolPort": 80},
        MEMBER: {"loadbalancerId": UNKNOWN, "poolId": UNKNOWN, "address": "10.0.0.9", "protocolPort": 80},
        RECORD: {"zone": "example.org", "fieldtype": "A", "target": "192.0.2.1"},
    }
    regionless = {SSH_KEY, SHARE_ACL, USER, POOL, LISTENER, MEMBER, RECORD}
    place = {"serviceName": OVH_PROJECT} if token in regionless else PLACE
    place = {} if token == RECORD else place
    assert ovh.failures(token, **{**place, **good[token]}) == {}
    failures = ovh.failures(token, **{**place, **good[token], **changed})
    assert failures.keys() == {at}
    assert reason in failures[at]


def test_the_project_must_be_named(ovh: Customer) -> None:
    failures = ovh.failures(FLOATING_IP, region=REGION)
    assert failures == {"serviceName": "is required (the id of a Public Cloud project)"}


def test_names_are_invented_where_none_is_given_and_stay(ovh: Customer) -> None:
    made = ovh.create(NETWORK, "front", **PLACE)
    assert made.inputs["name"].startswith("front-")
    given = {name: value for name, value in made.inputs.items() if name != "name"}
    assert ovh.checked(NETWORK, given, "front", made.inputs)[0]["name"] == made.inputs["name"]


def test_subnets_of_a_network_are_apart(ovh: Customer) -> None:
    net = network(ovh)
    subnet(ovh, net, "10.0.0.0/24", name="first")
    subnet(ovh, net, "10.0.1.0/24")
    subnet(ovh, network(ovh, "elsewhere"), "10.0.0.0/24")
    with pytest.raises(RefusedError, match=r"409 10\.0\.0\.128/25 overlaps 10\.0\.0\.0/24 of subnet first"):
        subnet(ovh, net, "10.0.0.128/25")


def test_references_lead_to_what_exists_in_the_region(ovh: Customer, scaleway: Customer) -> None:
    gra = network(ovh, region="GRA11")
    with pytest.raises(RefusedError, match="networkId: net is in region GRA11, but this resource is in EU-WEST-PAR"):
        subnet(ovh, gra)
    vpc = scaleway.create("scaleway:network/vpc:Vpc", name="vpc")
    for nowhere in (vpc.id, "no-such-id", subnet(ovh, gra, region="GRA11").id):
        with pytest.raises(RefusedError, match=f"networkId: there is no CloudNetworkPrivateVrack '{nowhere}'"):
            ovh.create(SUBNET, networkId=nowhere, cidr="10.0.0.0/24", **PLACE)


def test_projects_of_one_account_are_apart(clouds: Clouds) -> None:
    clouds.store.open_project("ovh", "second", "operator")
    ovh = clouds.customer("ovh")
    net = network(ovh, serviceName="second")
    with pytest.raises(RefusedError, match=r"there is no CloudNetworkPrivateVrack .* in this project"):
        subnet(ovh, net)


def test_volumes_are_in_the_zone_of_their_machine_and_attached_once(ovh: Customer) -> None:
    volume = ovh.create(VOLUME, name="disk", size=10, availabilityZone="eu-west-par-a", **PLACE)
    with pytest.raises(RefusedError, match=r"volumeIds\[0\]: disk is in availabilityZone eu-west-par-a, but"):
        instance(ovh, availabilityZone="eu-west-par-b", volumeIds=[volume.id])
    first = instance(ovh, "first", availabilityZone="eu-west-par-a", volumeIds=[volume.id])
    with pytest.raises(RefusedError, match=f"409 volume {volume.id} is attached to first"):
        instance(ovh, "second", availabilityZone="eu-west-par-a", volumeIds=[volume.id])
    ovh.update(first, volumeIds=[])
    instance(ovh, "second", availabilityZone="eu-west-par-a", volumeIds=[volume.id])


def test_volumes_do_not_shrink(ovh: Customer) -> None:
    volume = ovh.create(VOLUME, size=20, **PLACE)
    ovh.update(volume, size=30)
    with pytest.raises(RefusedError, match="a volume of 30 GB cannot shrink to 10 GB"):
        ovh.update(volume, size=10)


@pytest.mark.parametrize(
    ("ip", "reason"),
    [
        ("10.0.0.10", "409 the address 10.0.0.10 is taken by first"),
        ("10.0.0.1", "400 the address 10.0.0.1 is reserved"),
        ("10.0.0.0", "400 the address 10.0.0.0 is reserved"),
        ("10.0.0.255", "400 the address 10.0.0.255 is reserved"),
        ("10.0.0.210", "409 the address 10.0.0.210 is in the pool 10.0.0.200-10.0.0.250"),
        ("10.0.1.10", "400 the address 10.0.1.10 is neither in the subnet 10.0.0.0/24 nor a floating address"),
    ],
)
def test_fixed_addresses_are_free_and_inside(ovh: Customer, ip: str, reason: str) -> None:
    net = network(ovh)
    pools = [{"start": "10.0.0.200", "end": "10.0.0.250"}]
    sub = subnet(ovh, net, gatewayIp="10.0.0.1", allocationPools=pools)
    instance(ovh, "first", networks=[interface(net, sub, "10.0.0.10")])
    instance(ovh, "dynamic", networks=[interface(net, sub)])
    with pytest.raises(RefusedError, match=reason):
        instance(ovh, "second", networks=[interface(net, sub, ip)])


def test_a_machine_has_an_address_once_and_keeps_it_over_updates(ovh: Customer) -> None:
    net = network(ovh)
    sub = subnet(ovh, net)
    with pytest.raises(RefusedError, match=r"10\.0\.0\.10 is taken by another interface of this instance"):
        instance(ovh, networks=[interface(net, sub, "10.0.0.10"), interface(net, sub, "10.0.0.10")])
    made = instance(ovh, networks=[interface(net, sub, "10.0.0.10")])
    assert ovh.update(made, flavorId=stable_id(REGION, "b3-16")).outputs["networks"][0]["ip"] == "10.0.0.10"


def test_a_subnet_belongs_to_the_network_that_is_named_with_it(ovh: Customer) -> None:
    net, other = network(ovh), network(ovh, "other")
    sub = subnet(ovh, net, name="sub")
    refusal = f"400 subnet sub is not one of the private network {other.id}"
    with pytest.raises(RefusedError, match=refusal):
        instance(ovh, networks=[interface(other, sub)])
    with pytest.raises(RefusedError, match=refusal):
        balancer(ovh, other, sub)
    with pytest.raises(RefusedError, match=f"subnetId: sub is in networkId {net.id}, but this resource is in"):
        ovh.create(SHARE_NETWORK, networkId=other.id, subnetId=sub.id, **PLACE)


def test_a_floating_address_leads_to_one_thing_and_stays_while_it_does(ovh: Customer) -> None:
    net = network(ovh)
    sub = subnet(ovh, net)
    first, second = (ovh.create(FLOATING_IP, **PLACE) for _ in range(2))
    ip, other = (one.outputs["currentState"]["ip"] for one in (first, second))
    assert ip != other
    instance(ovh, "bastion", networks=[interface(net, sub, ip)])
    lb = balancer(ovh, net, sub, ip=other)
    for taken, owner in ((ip, "bastion"), (other, "balancer")):
        with pytest.raises(RefusedError, match=f"409 the address {taken} belongs to {owner}"):
            instance(ovh, "another", networks=[interface(net, sub, taken)])
        with pytest.raises(RefusedError, match=f"409 the address {taken} belongs to {owner}"):
            balancer(ovh, net, sub, "another", ip=taken)
    with pytest.raises(RefusedError, match="is in use by CloudInstance bastion; delete or change that first"):
        ovh.delete(first)
    ovh.delete(lb)
    ovh.delete(second)
    with pytest.raises(RefusedError, match=f"404 network.ip: the project has no floating address {other}"):
        balancer(ovh, net, sub, ip=other)


def test_a_port_is_open_once_and_leads_to_a_pool_of_the_same_load_balancer(ovh: Customer) -> None:
    net = network(ovh)
    sub = subnet(ovh, net)
    lb, other = balancer(ovh, net, sub), balancer(ovh, net, sub, "other")
    common = {"serviceName": OVH_PROJECT, "loadbalancerId": lb.id, "protocol": "HTTP"}
    foreign = ovh.create(POOL, "p", name="p", **{**common, "loadbalancerId": other.id}, algorithm="ROUND_ROBIN")
    ovh.create(LISTENER, "web", name="web", protocolPort=80, **common)
    with pytest.raises(RefusedError, match="409 port 80 is taken by listener web"):
        ovh.create(LISTENER, protocolPort=80, **common)
    with pytest.raises(RefusedError, match=f"defaultPoolId: p is in loadbalancerId {other.id}, but this"):
        ovh.create(LISTENER, protocolPort=81, defaultPoolId=foreign.id, **common)


def test_what_is_in_use_cannot_be_deleted(ovh: Customer) -> None:
    net = network(ovh)
    sub = subnet(ovh, net, name="sub")
    group = ovh.create(GROUP, name="apart", policy="ANTI_AFFINITY", **PLACE)
    rules = ovh.create(SECURITY_GROUP, name="rules", **PLACE)
    key = ovh.create(SSH_KEY, name="key", publicKey=KEY, serviceName=OVH_PROJECT)
    volume = ovh.create(VOLUME, name="disk", size=10, **PLACE)
    used: dict[str, Any] = {
        "groupId": group.id,
        "securityGroupIds": [rules.id],
        "sshKeyName": key.id,
        "volumeIds": [volume.id],
    }
    machine = instance(ovh, networks=[interface(net, sub)], **used)
    for resource in (net, sub, group, rules, key, volume):
        with pytest.raises(RefusedError, match=r"is in use by (CloudInstance machine|.*Subnet sub)"):
            ovh.delete(resource)
    ovh.delete(machine)
    for resource in (sub, net, group, rules, key, volume):
        ovh.delete(resource)
        assert ovh.read(resource) is None


def test_names_that_must_be_the_only_ones(ovh: Customer) -> None:
    network(ovh)
    with pytest.raises(RefusedError, match="409 name 'net' is taken by"):
        network(ovh)
    instance(ovh)
    with pytest.raises(RefusedError, match="409 name 'machine' is taken by"):
        instance(ovh)


def test_flavors_and_images_are_looked_up_by_region(ovh: Customer) -> None:
    function = "ovh:index/getCloudInstanceFlavors:getCloudInstanceFlavors"
    found = ovh.invoke(function, region=REGION, serviceName=OVH_PROJECT)["flavors"]
    assert {"id": stable_id(REGION, "b3-8"), "name": "b3-8", "vcpus": 2, "ram": 8192}.items() <= found[3].items()
    with pytest.raises(RefusedError, match="404 region 'MARS1'; accepted is one of EU-WEST-PAR"):
        ovh.invoke(function, region="MARS1", serviceName=OVH_PROJECT)
    with pytest.raises(RefusedError, match="403 these credentials give no access to project 'another'"):
        ovh.invoke(function, region=REGION, serviceName="another")


@pytest.mark.parametrize(
    ("token", "replacing"),
    [
        (NETWORK, {"vlanId", "description", "region"}),
        (SUBNET, {"cidr", "networkId", "region"}),
        (GATEWAY, {"region", "serviceName", "availabilityZone"}),
        (FLOATING_IP, {"region", "availabilityZone", "serviceName"}),
        (INSTANCE, {"region", "serviceName", "availabilityZone", "groupId", "sshKeyName"}),
        (GROUP, {"name", "policy", "region", "serviceName"}),
        (SECURITY_GROUP, {"region", "serviceName"}),
        (BALANCER, {"flavorName", "network", "availabilityZone"}),
        (LISTENER, {"protocol", "protocolPort"}),
        (MEMBER, {"address", "protocolPort"}),
        (VOLUME, {"region", "encryption"}),
        (SHARE_NETWORK, {"name", "description", "networkId", "region", "subnetId", "serviceName"}),
        (SHARE, {"protocol", "region", "serviceName", "shareNetworkId", "shareType", "encryption"}),
        (SHARE_ACL, {"accessLevel", "accessTo", "shareId", "serviceName"}),
        (BUCKET, {"region", "name", "objectLock"}),
        (SSH_KEY, {"name", "publicKey"}),
    ],
    ids=lambda value: value.rsplit(":", 1)[-1] if isinstance(value, str) else "",
)
def test_a_change_replaces_where_the_provider_says_so(ovh: Customer, token: str, replacing: set[str]) -> None:
    for name in replacing:
        answer = ovh.diff(token, {name: "old"}, {name: "new"})
        assert list(answer.replaces) == [name]


@pytest.mark.parametrize(
    ("token", "kept"),
    [
        (NETWORK, {"name"}),
        (SUBNET, {"allocationPools", "gatewayIp", "name"}),
        (INSTANCE, {"flavorId", "imageId", "userData", "networks", "volumeIds", "securityGroupIds"}),
        (SECURITY_GROUP, {"rules"}),
        (VOLUME, {"size", "volumeType", "name"}),
        (SHARE, {"name", "description", "size"}),
        (BUCKET, {"versioning", "encryption"}),
        (POOL, {"healthMonitor", "algorithm"}),
        (MEMBER, {"weight"}),
        (RECORD, {"target", "ttl"}),
    ],
    ids=lambda value: value.rsplit(":", 1)[-1] if isinstance(value, str) else "",
)
def test_other_changes_are_made_in_place(ovh: Customer, token: str, kept: set[str]) -> None:
    for name in kept:
        answer = ovh.diff(token, {name: "old"}, {name: "new"})
        assert list(answer.diffs) == [name]
        assert list(answer.replaces) == []


def test_the_old_one_goes_first_where_both_would_have_one_name(ovh: Customer) -> None:
    old = {"name": "machine", "region": "GRA11"}
    assert ovh.diff(INSTANCE, old, {**old, "region": REGION}).deleteBeforeReplace
    assert not ovh.diff(INSTANCE, old, {"name": "other", "region": REGION}).deleteBeforeReplace
    assert not ovh.diff(VOLUME, old, {**old, "region": REGION}).deleteBeforeReplace


def test_user_data_is_never_read_back(ovh: Customer) -> None:
    made = instance(ovh, userData="#cloud-config\n")
    assert (ovh.read(made) or {})["userData"] == "#cloud-config\n"
    changed = Resource(made.token, made.name, made.id, made.inputs, {**made.outputs, "userData": "other"})
    assert (ovh.read(changed) or {})["userData"] == "other"
