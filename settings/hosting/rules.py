"""Rules that compare the hosting system's settings with each other and with what the providers offer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any, Final

import catalog
from settings.base import Environment
from settings.findings import Finding, Path, missing, one_of, wrong
from settings.hosting.model import DatabaseVariant, FilesKind, Hosting, Provider, Role, Site, SiteRole
from settings.partial import rule

LEAST: Final = {Role.BASTION: 1, Role.FRONT: 2, Role.APP: 2, Role.SQL: 2, Role.DATABASE: 3, Role.VAULT: 3}
"""Machines of a role that a site needs, so that the loss of one is not an outage."""
QUORUM: Final = frozenset({Role.DATABASE, Role.VAULT, Role.FILES})
"""Roles that decide by majority: an even number tolerates no more losses than one machine less."""
PAIRS: Final = {Role.LINK: "the link", Role.SQL: "the databases"}
"""Roles of which two machines share one address."""
REPLICAS: Final = 3
PROVIDERS: Final = 2
PROJECTS: Final = {
    Provider.OVH: (r"[0-9a-f]{32}", "a project id of OVH: 32 hexadecimal digits without dashes"),
    Provider.SCALEWAY: (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "a project id of Scaleway: a UUID with dashes"),
}


@rule
def check(hosting: Hosting, environment: Environment) -> Iterator[Finding]:
    """Everything that is wrong with the section `platform:hosting`."""
    yield from _domain(hosting)
    yield from _vault(hosting, environment)
    yield from _database(hosting)
    yield from _accounts(hosting)
    yield from _projects(hosting)
    yield from _operators(hosting)
    yield from _replicas(hosting)
    yield from _primary(hosting)
    yield from _names(hosting.sites, ("hosting", "sites"), "site")
    yield from _networks(hosting)
    for index, site in enumerate(hosting.sites):
        path: Path = ("hosting", "sites", index)
        yield from _place(site, path)
        yield from _zones(site, path, environment)
        yield from _machines(site, path, hosting)


@rule
def _domain(hosting: Hosting) -> Iterator[Finding]:
    if hosting.domain != hosting.dns.zone and not hosting.domain.endswith(f".{hosting.dns.zone}"):
        accepted = f"{hosting.dns.zone}, which is dns.zone, or a name below it"
        yield wrong(("hosting", "domain"), hosting.domain, accepted)


@rule
def _vault(hosting: Hosting, environment: Environment) -> Iterator[Finding]:
    address = hosting.vault.address
    if address.startswith("https://"):
        return
    if not re.match(r"^http://(127\.0\.0\.1|localhost)(:|$)", address) or environment != Environment.SANDBOX:
        accepted = "an https:// address (http only on loopback, in sandbox)"
        yield wrong(("hosting", "vault", "address"), address, accepted)


@rule
def _database(hosting: Hosting) -> Iterator[Finding]:
    path: Path = ("hosting", "database", "maxscale_version")
    variant, version = hosting.database.variant, hosting.database.maxscale_version
    if variant == DatabaseVariant.GALERA and version is not None:
        yield wrong(path, version, "no maxscale_version while variant is galera, or variant maxscale")
    if variant == DatabaseVariant.MAXSCALE and version is None:
        yield missing(path, "a version such as 23.08.6, since variant is maxscale")


@rule
def _accounts(hosting: Hosting) -> Iterator[Finding]:
    needed = {site.provider for site in hosting.sites} | {replica.provider for replica in hosting.backups.replicas}
    for provider in sorted(needed | {hosting.dns.provider}):
        if provider not in hosting.accounts:
            accepted = f"the account at {provider}, since sites, backups or dns are there"
            yield missing(("hosting", "accounts", provider.value), accepted)


@rule
def _projects(hosting: Hosting) -> Iterator[Finding]:
    for provider, account in hosting.accounts.items():
        pattern, accepted = PROJECTS[provider]
        if not re.fullmatch(pattern, str(account.project)):
            yield wrong(("hosting", "accounts", provider.value, "project"), account.project, accepted)


@rule
def _operators(hosting: Hosting) -> Iterator[Finding]:
    for provider, account in hosting.accounts.items():
        path: Path = ("hosting", "accounts", provider.value, "operator")
        if provider == Provider.SCALEWAY and account.operator is None:
            yield missing(path, "who deploys: application_id: or user_id:, and a UUID")
        if provider == Provider.OVH and account.operator is not None:
            yield wrong(path, account.operator, "no operator at ovh, whose policies are its users'")


@rule
def _replicas(hosting: Hosting) -> Iterator[Finding]:
    path: Path = ("hosting", "backups", "replicas")
    replicas = hosting.backups.replicas
    if len(replicas) < REPLICAS:
        yield Finding(path, f"has {len(replicas)} entries", f"at least {REPLICAS} replicas")
    if replicas:
        yield from _providers(hosting, path)
        yield from _locks(hosting, path)
    yield from _names(replicas, path, "replica")
    for index, replica in enumerate(replicas):
        yield from _object_storage(replica.provider, replica.region, (*path, index, "region"))


@rule
def _providers(hosting: Hosting, path: Path) -> Iterator[Finding]:
    providers = sorted({replica.provider.value for replica in hosting.backups.replicas})
    if len(providers) < PROVIDERS:
        accepted = f"replicas at {PROVIDERS} providers or more: {', '.join(sorted(Provider))}"
        yield Finding(path, f"is at {', '.join(providers)} alone", accepted)


@rule
def _locks(hosting: Hosting, path: Path) -> Iterator[Finding]:
    if all(replica.lock_days == 0 for replica in hosting.backups.replicas):
        yield Finding(path, "has no replica with a lock", "at least one replica with lock_days of 1 or more")


@rule
def _object_storage(provider: Provider, region: str, path: Path) -> Iterator[Finding]:
    offered = catalog.of(provider.value)
    if not offered.object_storage_in_eu(region):
        known = [name for name in offered.object_storage_regions if offered.object_storage_in_eu(name)]
        yield wrong(path, region, one_of(f"object storage regions of {provider} in the EU", known))


@rule
def _primary(hosting: Hosting) -> Iterator[Finding]:
    roles = [site.role.value for site in hosting.sites]
    if roles.count(SiteRole.PRIMARY) != 1:
        accepted = "exactly one site with role primary, and at most one with secondary"
        yield Finding(("hosting", "sites"), f"has the roles {', '.join(roles)}", accepted)


@rule
def _names(named: Iterable[Any], path: Path, what: str) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, entry in enumerate(named):
        if entry.name in seen:
            yield wrong((*path, index, "name"), entry.name, f"a name of its own for each {what}")
        seen.add(entry.name)


@rule
def _networks(hosting: Hosting) -> Iterator[Finding]:
    for (i, one), (j, other) in combinations(enumerate(hosting.sites), 2):
        if one.cidr.overlaps(other.cidr):
            accepted = f"a network that does not overlap {one.cidr} of sites[{i}]"
            yield wrong(("hosting", "sites", j, "cidr"), str(other.cidr), accepted)


@rule
def _place(site: Site, path: Path) -> Iterator[Finding]:
    offered = catalog.of(site.provider.value)
    for role, group in site.machines.items():
        yield from _instance_type(group.type, site.provider, (*path, "machines", role.value, "type"))
    region = offered.regions.get(site.region)
    if region is None or not region.in_eu:
        inside = [name for name, found in offered.regions.items() if found.in_eu]
        yield wrong((*path, "region"), site.region, one_of(f"regions of {site.provider} in the EU", inside))
        return
    for index, zone in enumerate(site.zones):
        if zone not in region.zones:
            yield wrong((*path, "zones", index), zone, one_of(f"zones of {site.region}", region.zones))


@rule
def _instance_type(name: str, provider: Provider, path: Path) -> Iterator[Finding]:
    offered = catalog.of(provider.value).instance_types
    if name not in offered:
        yield wrong(path, name, one_of(f"instance types of {provider}", offered))


@rule
def _zones(site: Site, path: Path, environment: Environment) -> Iterator[Finding]:
    given = f"is {', '.join(site.zones)}"
    if len(set(site.zones)) < len(site.zones):
        yield Finding((*path, "zones"), given, "every zone once")
    if len(set(site.zones)) < 2 and environment != Environment.DEV and site.role == SiteRole.PRIMARY:
        yield Finding((*path, "zones"), given, "two zones or more: the primary site must outlive one")


@rule
def _machines(site: Site, path: Path, hosting: Hosting) -> Iterator[Finding]:
    path = (*path, "machines")
    linked, gluster = len(hosting.sites) > 1, hosting.files.kind == FilesKind.GLUSTER
    least = LEAST | ({Role.LINK: 2} if linked else {}) | ({Role.FILES: 3} if gluster else {})
    if site.role == SiteRole.SECONDARY and Role.VAULT not in site.machines:
        del least[Role.VAULT]  # one Vault serves both sites
    for role, needed in least.items():
        yield from _count(site, role, needed, (*path, role.value))
    for role, why in ((Role.LINK, "there is one site"), (Role.FILES, "files.kind is managed")):
        if role in site.machines and role not in least:
            yield Finding((*path, role.value), "is given", f"no {role} machines, since {why}")


@rule
def _count(site: Site, role: Role, needed: int, path: Path) -> Iterator[Finding]:
    if role in PAIRS:
        accepted = f"{needed} (a pair shares the address of {PAIRS[role]})"
    elif role in QUORUM:
        accepted = f"an odd number of {needed} or more (this role decides by majority)"
    else:
        accepted = f"{needed} or more"
    if role not in site.machines:
        yield missing(path, f"a map with type and count; count: {accepted}")
        return
    count = site.machines[role].count
    if count < needed or (role in QUORUM and count % 2 == 0) or (role in PAIRS and count > needed):
        yield wrong((*path, "count"), count, accepted)
