"""Cases of redundancy: small systems at one provider, each with one thing wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.policy.cases import UNKNOWN, Case, Declared, Hidden, Kind, Of, System, bare

OVH: Final = {"service_name": "c" * 32, "region": "EU-WEST-PAR"}
ZONES: Final = ("eu-west-par-a", "eu-west-par-b", "eu-west-par-c")
SERVING: Final = {"front": 2, "app": 2, "sql": 2, "database": 3}
SCALEWAY_ZONES: Final = ("nl-ams-1", "nl-ams-2", "nl-ams-3")


def machine(role: str, number: int, zone: Any, **inputs: Any) -> Declared:
    given = {"name": f"acme-prod-par-{role}-{number}", "flavor_id": "f", "image_id": "i", "networks": []}
    return Declared(
        "ovh.CloudInstance", {**OVH, **given, "availability_zone": zone, "group_id": Of(f"{role}-group"), **inputs}
    )


def group(role: str, policy: Any = "ANTI_AFFINITY") -> Declared:
    return Declared("ovh.CloudInstanceGroup", {**OVH, "name": f"acme-prod-par-{role}", "policy": policy})


def site(counts: Mapping[str, int], zones: Mapping[str, Any] | None = None) -> dict[str, Declared]:
    """Machines by role, one zone after the other; `zones` names others for some roles."""
    made: dict[str, Declared] = {}
    for role, count in counts.items():
        made[f"{role}-group"] = group(role)
        for number in range(1, count + 1):
            among = (zones or {}).get(role, ZONES)
            made[f"{role}-{number}"] = machine(role, number, among[(number - 1) % len(among)])
    return made


def scaleway_site(counts: Mapping[str, int], policy: str = "max_availability", **inputs: Any) -> dict[str, Declared]:
    made: dict[str, Declared] = {}
    for role, count in counts.items():
        made[f"{role}-group"] = Declared("scaleway.instance.PlacementGroup", {"policy_type": policy})
        for number in range(1, count + 1):
            given = {
                "name": f"acme-prod-ams-{role}-{number}",
                "type": "DEV1-S",
                "zone": SCALEWAY_ZONES[(number - 1) % 3],
                "placement_group_id": Of(f"{role}-group"),
            }
            made[f"{role}-{number}"] = Declared("scaleway.instance.Server", {**given, **inputs})
    return made


def ovh_balancer(zone: Any) -> Declared:
    given = {"availability_zone": zone, "flavor_name": "SMALL", "network": {"id": "n", "subnet_id": "s"}}
    return Declared("ovh.CloudLoadbalancer", {**OVH, **given})


def scaleway_balancer(where: str | None, **provider: Any) -> Declared:
    inputs = {"type": "LB-S", **({"zone": where} if where else {})}
    return Declared("scaleway.loadbalancers.LoadBalancer", inputs, provider=provider or None)


def changed(base: dict[str, Declared], **replaced: Declared | None) -> dict[str, Declared]:
    """The system with some resources replaced, or left out where they are None."""
    merged = {**base, **{name.replace("_", "-"): declared for name, declared in replaced.items()}}
    return {name: declared for name, declared in merged.items() if declared is not None}


SYSTEMS: Final = (
    # Counts
    System(Kind.PASS, "a site that serves", site(SERVING)),
    System(Kind.PASS, "a site at the other provider", scaleway_site(SERVING)),
    System(Kind.PASS, "one bastion", site({"bastion": 1})),
    System(Kind.PASS, "five vaults", site({"vault": 5})),
    *(
        System(
            Kind.FAIL,
            f"a site with one {role}",
            site({**SERVING, role: 1}),
            [f"acme-prod-par has 1 of {role}"],
        )
        for role in ("front", "app", "sql")
    ),
    System(
        Kind.FAIL,
        "a site with two databases",
        site({**SERVING, "database": 2}),
        ["acme-prod-par has 2 of database", "of the 2 database machines of acme-prod-par, one"],
    ),
    *(
        System(
            Kind.FAIL,
            f"a site with four of {role}",
            site({role: 4} if role == "vault" else {**SERVING, role: 4}),
            [
                f"acme-prod-par has 4 of {role}: an even number of voters",
                f"of the 4 {role} machines of acme-prod-par, one",
            ],
        )
        for role in ("database", "files", "vault")
    ),
    *(
        System(
            Kind.MISSING,
            f"a site without {role}",
            site({other: count for other, count in SERVING.items() if other != role}),
            [f"acme-prod-par serves, but has no {role} machine"],
        )
        for role in SERVING
    ),
    System(
        Kind.FAIL,
        "a machine whose role nobody knows",
        {"web": machine("app", 1, ZONES[0], name="web", group_id=None)},
        ["web has no role that is known: its redundancy cannot be judged"],
    ),
    System(
        Kind.FAIL,
        "a machine with a role that is none",
        {"web": Declared("scaleway.instance.Server", {"type": "DEV1-S", "zone": "nl-ams-1", "tags": ["role=web"]})},
        ["has no role that is known"],
    ),
    System(
        Kind.FAIL,
        "two sites of which one has one link",
        {
            **site({"link": 2}),
            **{f"other-{name}": one for name, one in scaleway_site({"link": 1}).items() if "group" in name},
            "link-group-2": group("link"),
        }
        | {"lonely": machine("link", 1, ZONES[0], name="acme-prod-ams-link-1")},
        ["acme-prod-ams has 1 of link"],
    ),
    # Zones
    System(
        Kind.FAIL,
        "all fronts in one zone",
        site(SERVING, {"front": ZONES[:1]}),
        ["the 2 front machines of acme-prod-par are in 1 of 3 zones (eu-west-par-a: 2)"],
    ),
    System(
        Kind.FAIL,
        "three databases in two zones",
        site(SERVING, {"database": ZONES[:2]}),
        ["the 3 database machines of acme-prod-par are in 2 of 3 zones (eu-west-par-a: 2, eu-west-par-b: 1)"],
    ),
    System(
        Kind.FAIL,
        "five voters of which one zone has three",
        site({"vault": 5}, {"vault": (ZONES[0], ZONES[1], ZONES[2], ZONES[0], ZONES[0])}),
        ["of the 5 vault machines of acme-prod-par, one zone has half or more"],
    ),
    System(
        Kind.FAIL,
        "six apps in two zones",
        site({**SERVING, "app": 6}, {"app": ZONES[:2]}),
        ["the 6 app machines of acme-prod-par are in 2 of 3 zones"],
    ),
    System(
        Kind.UNKNOWN,
        "fronts whose zone is not known are in the region and no more",
        site(SERVING, {"front": (UNKNOWN,)}),
        ["the 2 front machines of acme-prod-par are in 1 of 3 zones (eu-west-par: 2)"],
    ),
    System(
        Kind.SECRET,
        "fronts whose hidden zones are one",
        site(SERVING, {"front": (Hidden(ZONES[0]), Hidden(ZONES[0]))}),
        ["are in 1 of 3 zones (eu-west-par-a: 2)"],
    ),
    System(
        Kind.PASS,
        "machines in a region of one zone",
        {
            name: Declared(one.type, {**one.inputs, "region": "GRA11", "availability_zone": "GRA11"})
            if one.type == "ovh.CloudInstance"
            else one
            for name, one in site(SERVING).items()
        },
    ),
    System(
        Kind.PASS,
        "one balancer in a region of one zone",
        {
            "a": Declared(
                "ovh.CloudLoadbalancer",
                {**OVH, "region": "GRA11", "flavor_name": "SMALL", "network": {"id": "n", "subnet_id": "s"}},
            )
        },
    ),
    System(
        Kind.PASS,
        "four fronts in three zones",
        site({**SERVING, "front": 4}),
    ),
    System(
        Kind.PASS,
        "machines of another provider, which has no groups",
        {
            f"link-{i}": Declared(
                "aws.ec2.Instance",
                {"ami": "a", "tags": {"role": "link", "site": "x"}, "availability_zone": f"eu-west-1{zone}"},
            )
            for i, zone in enumerate("ab")
        },
    ),
    # Hosts
    System(
        Kind.MISSING,
        "a front that may share a host",
        changed(site(SERVING), front_2=machine("front", 2, ZONES[1], group_id=None)),
        ["groupId is missing: acme-prod-par-front-2 may share a host with another of role front"],
    ),
    System(
        Kind.FAIL,
        "a group that keeps machines together",
        changed(site(SERVING), front_group=group("front", "AFFINITY")),
        [
            'policy of the group of acme-prod-par-front-1 is "AFFINITY"',
            'policy of the group of acme-prod-par-front-2 is "AFFINITY"',
        ],
    ),
    System(
        Kind.FAIL,
        "a placement group that keeps machines together",
        scaleway_site({"link": 2}, "low_latency"),
        [
            'policyType of the group of acme-prod-ams-link-1 is "low_latency"',
            'policyType of the group of acme-prod-ams-link-2 is "low_latency"',
        ],
    ),
    System(
        Kind.MISSING,
        "links that are in no placement group",
        scaleway_site({"link": 2}, placement_group_id=None),
        ["placementGroupId is missing: acme-prod-ams-link-1", "placementGroupId is missing: acme-prod-ams-link-2"],
    ),
    # Load balancers
    System(Kind.PASS, "two balancers in two zones", {"a": ovh_balancer(ZONES[0]), "b": ovh_balancer(ZONES[1])}),
    System(
        Kind.FAIL,
        "two balancers in one zone",
        {"a": ovh_balancer(ZONES[0]), "b": ovh_balancer(ZONES[0])},
        ["the 2 load balancers in EU-WEST-PAR are all in the zone eu-west-par-a"],
    ),
    System(Kind.FAIL, "one balancer", {"a": ovh_balancer(ZONES[0])}, ["there is one load balancer in EU-WEST-PAR"]),
    System(
        Kind.UNKNOWN,
        "two balancers whose zones are not known",
        {"a": ovh_balancer(UNKNOWN), "b": ovh_balancer(UNKNOWN)},
        ["the 2 load balancers in EU-WEST-PAR are all in the zone eu-west-par"],
    ),
    System(
        Kind.PASS,
        "two balancers at the other provider",
        {"a": scaleway_balancer("fr-par-1"), "b": scaleway_balancer("fr-par-2")},
    ),
    System(
        Kind.DEFAULT,
        "two balancers in the zone of their provider",
        {"a": scaleway_balancer(None, zone="fr-par-1"), "b": scaleway_balancer(None, zone="fr-par-1")},
        ["the 2 load balancers in fr-par are all in the zone fr-par-1"],
    ),
    System(
        Kind.DEFAULT,
        "a balancer in its provider's zone and one elsewhere",
        {"a": scaleway_balancer(None, zone="fr-par-1"), "b": scaleway_balancer("fr-par-3")},
    ),
)


def service(**inputs: Any) -> Declared:
    return Declared("aws.ecs.Service", inputs)


def nodes(*regions: str) -> Declared:
    given = {"service_name": "c" * 32, "engine": "mysql", "version": "8", "plan": "p", "flavor": "f"}
    return Declared("ovh.cloudproject.Database", {**given, "nodes": [{"region": region} for region in regions]})


CASES: Final = (
    *(
        Case(Kind.MISSING, f"bare {token}", bare(token), problems)
        for token, problems in {
            "scaleway:databases/instance:Instance": ["isHaCluster is missing"],
            "scaleway:redis/cluster:Cluster": ["clusterSize is missing"],
            "aws:rds/instance:Instance": ["multiAz is missing"],
            "aws:elasticache/replicationGroup:ReplicationGroup": [
                "multiAzEnabled is missing",
                "automaticFailoverEnabled is missing",
            ],
            "aws:opensearch/domain:Domain": [
                "clusterConfig.zoneAwarenessEnabled is missing",
                "clusterConfig.instanceCount is missing",
            ],
            "aws:mq/broker:Broker": ["deploymentMode is missing"],
            "aws:ecs/service:Service": ["desiredCount is missing"],
            "aws:autoscaling/group:Group": ["minSize is 1"],
            "aws:dms/replicationInstance:ReplicationInstance": ["multiAz is missing"],
        }.items()
    ),
    Case(Kind.PASS, "two tasks", service(desired_count=2)),
    Case(Kind.FAIL, "one task", service(desired_count=1), ["desiredCount is 1"]),
    Case(Kind.UNKNOWN, "tasks that are not counted", service(desired_count=UNKNOWN), ["desiredCount is not known"]),
    Case(Kind.SECRET, "tasks that are hidden", service(desired_count=Hidden(3))),
    Case(Kind.PASS, "tasks half of which stay up", service(desired_count=2, deployment_minimum_healthy_percent=50)),
    Case(
        Kind.FAIL,
        "tasks that all go at once",
        service(desired_count=2, deployment_minimum_healthy_percent=49),
        ["deploymentMinimumHealthyPercent is 49"],
    ),
    Case(Kind.PASS, "a database of two nodes", nodes("GRA", "GRA")),
    Case(Kind.FAIL, "a database of one node", nodes("GRA"), ['nodes is [{"region": "GRA"']),
    Case(Kind.PASS, "files in several zones", Declared("aws.efs.FileSystem", {})),
    Case(
        Kind.FAIL,
        "files in one zone",
        Declared("aws.efs.FileSystem", {"availability_zone_name": "eu-west-1a"}),
        ['availabilityZoneName is "eu-west-1a"'],
    ),
    Case(Kind.FAIL, "a group of one machine", bare("aws:autoscaling/group:Group", minSize=1), ["minSize is 1"]),
    Case(Kind.PASS, "a group of two machines", bare("aws:autoscaling/group:Group", minSize=2)),
    Case(
        Kind.NESTED,
        "a search of two nodes in two zones",
        bare("aws:opensearch/domain:Domain", clusterConfig={"zoneAwarenessEnabled": True, "instanceCount": 2}),
        ["clusterConfig.instanceCount is 2"],
    ),
)
