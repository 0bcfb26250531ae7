"""Rules that compare settings with each other and with what the providers offer; each yields all that is wrong."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import catalog
from settings.model import DatabaseVariant, Environment, FilesKind, Hosting, Role, Settings, Site, SiteRole

Path = tuple[str | int, ...]

LEAST: Final = {Role.BASTION: 1, Role.FRONT: 2, Role.APP: 2, Role.SQL: 2, Role.DATABASE: 3, Role.VAULT: 3}
"""Machines of a role that a site needs, so that the loss of one is not an outage."""
QUORUM: Final = frozenset({Role.DATABASE, Role.VAULT, Role.FILES})
"""Roles that decide by majority: an even number tolerates no more losses than one machine less."""
REPLICAS: Final = 3
PROVIDERS: Final = 2


@dataclass(frozen=True)
class Finding:
    """Something that is wrong: where, with which value, and what would be accepted."""

    path: Path
    value: Any
    accepted: str


def check(settings: Settings, stack: str) -> Iterator[Finding]:
    """Everything that is wrong with settings whose single values are all well."""
    if settings.environment != stack:
        yield Finding(("environment",), settings.environment.value, f"{stack!r}, the name of the stack")
    yield from _hosting(settings.hosting, settings.environment)


def _hosting(hosting: Hosting, environment: Environment) -> Iterator[Finding]:
    top: Path = ("hosting",)
    if hosting.domain != hosting.dns.zone and not hosting.domain.endswith(f".{hosting.dns.zone}"):
        yield Finding((*top, "domain"), hosting.domain, f"the zone {hosting.dns.zone} or a name below it")
    yield from _vault(hosting, environment)
    if hosting.database.variant is DatabaseVariant.GALERA and hosting.database.maxscale_version is not None:
        accepted = "no maxscale_version while variant is galera, or variant maxscale"
        yield Finding((*top, "database", "maxscale_version"), hosting.database.maxscale_version, accepted)
    if hosting.database.variant is DatabaseVariant.MAXSCALE and hosting.database.maxscale_version is None:
        yield Finding(
            (*top, "database", "maxscale_version"), None, "a version such as 23.08.6, since variant is maxscale"
        )
    yield from _backups(hosting)
    yield from _accounts(hosting)
    primaries = sum(site.role is SiteRole.PRIMARY for site in hosting.sites)
    if primaries != 1:
        roles = [site.role.value for site in hosting.sites]
        yield Finding((*top, "sites"), roles, "exactly one site with role primary, and at most one with secondary")
    for name, count in Counter(site.name for site in hosting.sites).items():
        if count > 1:
            yield Finding((*top, "sites"), name, "a name of its own for each site")
    for (i, one), (j, other) in combinations(enumerate(hosting.sites), 2):
        if one.cidr.overlaps(other.cidr):
            accepted = f"a network that does not overlap {one.cidr} of sites[{i}]"
            yield Finding((*top, "sites", j, "cidr"), str(other.cidr), accepted)
    for index, site in enumerate(hosting.sites):
        yield from _site(site, (*top, "sites", index), hosting, environment)


def _vault(hosting: Hosting, environment: Environment) -> Iterator[Finding]:
    address = hosting.vault.address
    local = re.match(r"^http://(127\.0\.0\.1|localhost)(:|$)", address)
    if address.startswith("http://") and not (local and environment is Environment.SANDBOX):
        yield Finding(
            ("hosting", "vault", "address"), address, "an https:// address (http only on loopback, in sandbox)"
        )


def _backups(hosting: Hosting) -> Iterator[Finding]:
    path: Path = ("hosting", "backups", "replicas")
    replicas = hosting.backups.replicas
    if len(replicas) < REPLICAS:
        yield Finding(path, f"{len(replicas)} replicas", f"at least {REPLICAS} replicas")
    providers = sorted({replica.provider.value for replica in replicas})
    if len(providers) < PROVIDERS:
        yield Finding(path, ", ".join(providers), f"replicas at {PROVIDERS} providers or more: ovh, scaleway")
    if all(replica.lock_days == 0 for replica in replicas):
        yield Finding(path, "lock_days 0 in all", "at least one replica with lock_days of 1 or more")
    for name, count in Counter(replica.name for replica in replicas).items():
        if count > 1:
            yield Finding(path, name, "a name of its own for each replica")
    for index, replica in enumerate(replicas):
        offered = catalog.of(replica.provider)
        if not offered.object_storage_in_eu(replica.region):
            known = [name for name in offered.object_storage_regions if offered.object_storage_in_eu(name)]
            yield Finding((*path, index, "region"), replica.region, _one_of(known, "in the EU"))


def _accounts(hosting: Hosting) -> Iterator[Finding]:
    needed = {site.provider for site in hosting.sites} | {replica.provider for replica in hosting.backups.replicas}
    for provider in sorted(needed | {hosting.dns.provider}):
        if provider not in hosting.accounts:
            accepted = f"the account at {provider}, since sites, backups or dns are there"
            yield Finding(("hosting", "accounts", provider.value), None, accepted)


def _site(site: Site, path: Path, hosting: Hosting, environment: Environment) -> Iterator[Finding]:
    offered = catalog.of(site.provider)
    region = offered.regions.get(site.region)
    inside = [name for name, found in offered.regions.items() if found.in_eu]
    if region is None or not region.in_eu:
        yield Finding((*path, "region"), site.region, _one_of(inside, "in the EU"))
    else:
        for index, zone in enumerate(site.zones):
            if zone not in region.zones:
                yield Finding((*path, "zones", index), zone, _one_of(region.zones, f"of {site.region}"))
    if len(set(site.zones)) < len(site.zones):
        yield Finding((*path, "zones"), list(site.zones), "every zone once")
    if len(site.zones) < 2 and environment is not Environment.DEV and site.role is SiteRole.PRIMARY:
        yield Finding((*path, "zones"), list(site.zones), "two zones or more: the primary site must outlive one")
    for role, group in site.machines.items():
        if group.type not in offered.instance_types:
            accepted = _one_of(offered.instance_types, f"offered by {site.provider}")
            yield Finding((*path, "machines", role.value, "type"), group.type, accepted)
    yield from _counts(site, path, hosting)


def _counts(site: Site, path: Path, hosting: Hosting) -> Iterator[Finding]:
    linked, gluster = len(hosting.sites) > 1, hosting.files.kind is FilesKind.GLUSTER
    least = LEAST | ({Role.LINK: 2} if linked else {}) | ({Role.FILES: 3} if gluster else {})
    for role, needed in least.items():
        if role is Role.VAULT and site.role is SiteRole.SECONDARY and role not in site.machines:
            continue  # one Vault serves both sites
        group = site.machines.get(role)
        if group is None or group.count < needed:
            given = None if group is None else group.count
            yield Finding((*path, "machines", role.value, "count"), given, f"{needed} or more")
    for role, group in site.machines.items():
        where = (*path, "machines", role.value)
        if role in QUORUM and group.count % 2 == 0:
            yield Finding((*where, "count"), group.count, "an odd number: this role decides by majority")
        if role is Role.LINK and not linked:
            yield Finding(where, f"{group.count} machines", "no link machines, since there is one site")
        if role is Role.LINK and linked and group.count > 2:
            yield Finding((*where, "count"), group.count, "2: a pair shares the address of the link")
        if role is Role.SQL and group.count > 2:
            yield Finding((*where, "count"), group.count, "2: a pair shares the address of the databases")
        if role is Role.FILES and not gluster:
            yield Finding(where, f"{group.count} machines", "no files machines, since files.kind is managed")


def _one_of(names: Any, where: str) -> str:
    return f"one {where}: {', '.join(sorted(names))}"


# Secrets that somebody wrote into a file

SECRET_KEY: Final = re.compile(r"(password|passwd|secret|token|private_?key|api_?key|credential)", re.IGNORECASE)
SECRET_VALUE: Final = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(AKIA|ASIA)[0-9A-Z]{16}\b|\bSCW[0-9A-Z]{17}\b|\bhv[sb]\.[\w-]{20,}"
    r"|\bs\.[A-Za-z0-9]{24}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|://[^/\s:@]+:[^/\s@]+@"
)
RANDOM_LENGTH: Final = 24
RANDOM_BITS: Final = 4.2
"""Bits of entropy a character from which a long word is no word: English text has about 4, base64 noise 5 and more."""


def secrets_in(value: Any, path: Path = ()) -> Iterator[Finding]:
    """Strings that look like secrets, by the name of their key, by known formats, or by their randomness."""
    if isinstance(value, dict):
        for key, child in value.items():
            if isinstance(child, str) and SECRET_KEY.search(str(key)):
                yield _secret((*path, key))
            else:
                yield from secrets_in(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from secrets_in(child, (*path, index))
    elif isinstance(value, str) and (SECRET_VALUE.search(value) or _is_random(value)):
        yield _secret(path)


def _secret(path: Path) -> Finding:
    return Finding(path, "(not shown)", "no secret in plain text: keep it in Vault, where machines read it")


def _is_random(value: str) -> bool:
    for word in re.findall(rf"[A-Za-z0-9+/_=]{{{RANDOM_LENGTH},}}", value):
        if re.fullmatch(r"[0-9a-f]+", word):  # identifiers and checksums of the providers
            continue
        frequencies = [count / len(word) for count in Counter(word).values()]
        if -sum(share * math.log2(share) for share in frequencies) > RANDOM_BITS:
            return True
    return False
