"""Nothing stands alone: counts, zones, hosts and quorums of the whole stack."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from policies import places
from policies.model import Policy, Resource, Severity, Stack, Violation
from policies.roles import MACHINES, role_of, site_of
from policies.values import Requirement, at_least, on, one_of, unmet
from policies.wire import reveal

MINIMUM: Final = {"bastion": 1, "link": 2, "front": 2, "app": 2, "sql": 2, "database": 3, "files": 3, "vault": 3}
"""Machines of a role at a site, at least."""
MANAGED: Final = 2
"""Nodes of a managed store, at least."""
HEALTHY_PERCENT: Final = 50
"""Of the tasks that should run, what must stay up while a new release replaces them."""
QUORUM: Final = frozenset({"database", "files", "vault"})
"""Roles that vote: an even number of them survives no more failures than one fewer."""
SERVING: Final = ("front", "app", "sql", "database")
"""Where one of these runs at a site, the site serves, and needs all of them."""
LOAD_BALANCERS: Final = {
    "ovh:index/cloudLoadbalancer:CloudLoadbalancer": "availabilityZone",
    "scaleway:loadbalancers/loadBalancer:LoadBalancer": "zone",
}
GROUPS: Final = {
    "ovh:index/cloudInstanceGroup:CloudInstanceGroup": ("policy", "ANTI_AFFINITY"),
    "scaleway:instance/placementGroup:PlacementGroup": ("policyType", "max_availability"),
}
STORES: Final[Mapping[str, tuple[Requirement, ...]]] = {
    "ovh:CloudProject/database:Database": (
        Requirement(
            "nodes", lambda value: isinstance(value, list) and len(value) >= MANAGED, f"{MANAGED} nodes or more"
        ),
    ),
    "scaleway:databases/instance:Instance": (on("isHaCluster"),),
    "scaleway:redis/cluster:Cluster": (at_least("clusterSize", MANAGED),),
    "aws:rds/instance:Instance": (on("multiAz"),),
    "aws:elasticache/replicationGroup:ReplicationGroup": (on("multiAzEnabled"), on("automaticFailoverEnabled")),
    "aws:efs/fileSystem:FileSystem": (one_of("availabilityZoneName", None),),
    "aws:opensearch/domain:Domain": (
        on("clusterConfig.zoneAwarenessEnabled"),
        at_least("clusterConfig.instanceCount", 3),
    ),
    "aws:mq/broker:Broker": (one_of("deploymentMode", "ACTIVE_STANDBY_MULTI_AZ", "CLUSTER_MULTI_AZ"),),
    "aws:ecs/service:Service": (
        at_least("desiredCount", 2),
        Requirement(
            "deploymentMinimumHealthyPercent",
            lambda value: value is None or (isinstance(value, int) and value >= HEALTHY_PERCENT),
            f"{HEALTHY_PERCENT} or more, or nothing, which is 100",
        ),
    ),
    "aws:autoscaling/group:Group": (at_least("minSize", 2),),
    "aws:dms/replicationInstance:ReplicationInstance": (on("multiAz"),),
}
"""What managed stores and services must say, so that a zone can fail. AWS's tables, queues and buckets are in several."""
GROUP_KEYS: Final = {"ovh": "groupId", "scaleway": "placementGroupId"}


def check(resource: Resource) -> Iterator[Violation]:
    """Judge one managed store or service."""
    yield from unmet(resource, STORES)


def check_stack(stack: Stack) -> Iterator[Violation]:
    """Judge the stack as a whole."""
    sites: dict[str, dict[str, list[Resource]]] = defaultdict(lambda: defaultdict(list))
    for resource in stack.resources:
        if resource.type in MACHINES:
            role = role_of(resource)
            if role not in MINIMUM:
                yield Violation(
                    f"{resource.label} has no role that is known: its redundancy cannot be judged",
                    f"a name <organisation>-<environment>-<site>-<role>-<n> or a tag role, of {', '.join(MINIMUM)}",
                    resource.urn,
                )
            else:
                sites[site_of(resource)][role].append(resource)
    for site, roles in sites.items():
        yield from _counts(site, roles)
        for role, machines in roles.items():
            yield from _spread(f"{role} machines of {site}", machines, quorum=role in QUORUM)
            yield from _apart(stack, role, machines)
    balancers: dict[str, list[Resource]] = defaultdict(list)
    for resource in stack.of_type(*LOAD_BALANCERS):
        balancers[_region(resource) or ""].append(resource)
    for region, group in balancers.items():
        yield from _balancers(region, group)


def _counts(site: str, roles: Mapping[str, list[Resource]]) -> Iterator[Violation]:
    if any(role in roles for role in SERVING):
        for role in SERVING:
            if role not in roles:
                yield Violation(f"{site} serves, but has no {role} machine", f"at least {MINIMUM[role]}")
    for role, machines in roles.items():
        count = len(machines)
        if count < MINIMUM[role]:
            yield Violation(f"{site} has {count} of {role}", f"at least {MINIMUM[role]}", machines[0].urn)
        elif role in QUORUM and count % 2 == 0:
            yield Violation(f"{site} has {count} of {role}: an even number of voters", "3, 5 or 7", machines[0].urn)


def _zone(resource: Resource) -> str | None:
    for key in ("availabilityZone", "zone", "region"):
        value = resource.get(key)
        if isinstance(value, str) and value:
            return value.lower()
    if resource.provider is not None:
        value = reveal(resource.provider.properties.get("zone"))
        return value if isinstance(value, str) else None
    return None


def _region(resource: Resource) -> str | None:
    zone = _zone(resource)
    return places.region(resource.type.partition(":")[0], zone) if zone else None


def _available(resources: Iterable[Resource]) -> int:
    """How many zones there are where the resources are; 1 where that is not known."""
    return max((len(places.zones(r.type.partition(":")[0], _zone(r) or "")) for r in resources), default=1) or 1


def _spread(who: str, machines: list[Resource], *, quorum: bool) -> Iterator[Violation]:
    count, available = len(machines), _available(machines)
    if count < 2 or available < 2:
        return
    used = Counter(_zone(machine) or "no zone" for machine in machines)
    needed = min(count, available)
    shown = ", ".join(f"{zone}: {number}" for zone, number in sorted(used.items()))
    if len(used) < needed:
        yield Violation(
            f"the {count} {who} are in {len(used)} of {available} zones ({shown})",
            f"{needed} zones",
            machines[0].urn,
        )
    elif quorum and available > 2 and max(used.values()) * 2 >= count:
        yield Violation(
            f"of the {count} {who}, one zone has half or more ({shown}): its failure stops the rest",
            "fewer than half in any one zone",
            machines[0].urn,
        )


def _apart(stack: Stack, role: str, machines: list[Resource]) -> Iterator[Violation]:
    """Machines of a role that can meet on one host must be in a group that keeps them apart."""
    if len(machines) < 2:
        return
    groups = {group.urn: group for group in stack.of_type(*GROUPS)}
    for machine in machines:
        key = GROUP_KEYS.get(machine.type.partition(":")[0])
        if key is None:
            continue
        if machine.get(key) in (None, ""):
            yield Violation(
                f"{key} is missing: {machine.label} may share a host with another of role {role}",
                "an anti-affinity group of the role",
                machine.urn,
            )
            continue
        for urn in machine.dependencies.get(key, ()):
            group = groups.get(urn)
            if group is not None:
                name, wanted = GROUPS[group.type]
                if group.get(name) != wanted:
                    yield Violation(
                        f'{name} of the group of {machine.label} is "{group.get(name)}"', f'"{wanted}"', group.urn
                    )


def _balancers(region: str, balancers: list[Resource]) -> Iterator[Violation]:
    where = region or "a place that is not known"
    if _available(balancers) < 2:
        return
    zones = sorted({_zone(balancer) or "no zone" for balancer in balancers})
    if len(balancers) < 2:
        yield Violation(f"there is one load balancer in {where}", "two, in two zones", balancers[0].urn)
    elif len(zones) < 2:
        yield Violation(
            f"the {len(balancers)} load balancers in {where} are all in the zone {zones[0]}",
            "two zones",
            balancers[0].urn,
        )


POLICY: Final = Policy(
    name="redundancy",
    description="Every role and every managed store is in several zones, with enough machines on several hosts.",
    reason="A machine, a host or a zone that fails must not stop the service.",
    clause="Everything is redundant.",
    severity=Severity.HIGH,
    remedy="Raise the counts or name more zones in the stack's settings (sites.machines, sites.zones); "
    "components/site makes the anti-affinity groups. Let managed stores be in several zones.",
    check=check,
    check_stack=check_stack,
)
