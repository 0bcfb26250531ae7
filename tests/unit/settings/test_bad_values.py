"""A stack file with one mistake: the error names the key, the file and line, the value, and what is accepted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from settings import Settings, SettingsError, read
from settings.expected import PATTERNS
from tests.unit.settings.stack_files import REMOVED, complaints, write


@dataclass(frozen=True)
class Bad:
    """A mistake, and what its error must say; `at` is the text on the line that the error points to."""

    patch: Mapping[str, Any]
    key: str
    given: str
    accepted: tuple[str, ...]
    at: str
    stack: str = field(default="sandbox")


def one(key: str, value: Any, given: str, *accepted: str, at: str = "", stack: str = "sandbox") -> Bad:
    """A value that is wrong, and is complained about where it stands."""
    return Bad({key: value}, f"platform:{key}", given, accepted, at or key.rpartition(".")[2], stack)


REPLICAS: Final = "hosting.backups.replicas"
PAR: Final = "hosting.sites[0]"
AMS: Final = "hosting.sites[1]"

UNKNOWN_KEYS: Final = {
    "of the stack": one("organization", "x", "is 'x'", "no such key", "organisation", "did you mean organisation?"),
    "of the system": one("hosting.app_prot", 8000, "is 8000", "no such key", "did you mean app_port?"),
    "of a part": one("hosting.dns.time", 60, "is 60", "no such key", "provider, zone, ttl"),
    "of a replica": one(f"{REPLICAS}[1].lockdays", 7, "is 7", "no such key", "did you mean lock_days?"),
    "of a site": one(f"{AMS}.zone", "nl-ams-1", "is 'nl-ams-1'", "no such key", "did you mean zones?"),
    "of a group": one(f"{PAR}.machines.app.counts", 3, "is 3", "no such key", "did you mean count?"),
    "a role": one(
        f"{PAR}.machines.databse", {"count": 3, "type": "d2-4"}, "is 'databse'", "bastion", "did you mean database?"
    ),
    "a provider": one("hosting.accounts.aws", {"project": "1" * 32}, "is 'aws'", "one of ovh, scaleway"),
    "a whole map": one("hosting.cache", {"size_gb": 4}, "is a map", "no such key", "database"),
}
WRONG_TYPES: Final = {
    "text for a number": one("hosting.app_port", "8000", "is '8000'", "a whole number of 1024 to 65535"),
    "a fraction for a number": one("hosting.dns.ttl", 60.5, "is 60.5", "a whole number of 60 to 86400"),
    "a number for text": one("hosting.app_version", 1.4, "is 1.4", "a version such as 1.4.2", "in quotes"),
    "text for a boolean": one("hosting.vault.initialised", "yes", "is 'yes'", "true or false"),
    "text for a list": one(f"{PAR}.zones", "eu-west-par-a", "is 'eu-west-par-a'", "a list"),
    "a map for a list": one("hosting.sites", {"par": {}}, "is a map", "a list"),
    "a list for a map": one("hosting.dns", ["ovh"], "is a list", "a map with provider, zone, ttl"),
    "text for a map": one(
        "hosting.database", "galera", "is 'galera'", "a map with variant, maxscale_version, volume_gb"
    ),
    "text for a group": one(f"{PAR}.machines.app", "d2-4", "is 'd2-4'", "a map with count, type"),
    "a list for text": one("owner", ["hosting@example.eu"], "is a list", "a mail address"),
    "a boolean for a count": one(f"{PAR}.machines.app.count", True, "is true", "a whole number of 1 to 200"),
    "nothing": one("hosting.domain", None, "is empty", "a host name such as alerte.example.eu"),
    "a number for an address": one(f"{PAR}.cidr", 10, "is 10", "an IPv4 network such as 10.20.0.0/20"),
}
OUTSIDE_THE_EU: Final = {
    "machines in London": one(f"{PAR}.region", "UK1", "is 'UK1'", "in the EU", "GRA11", "EU-WEST-PAR"),
    "machines in Canada": one(f"{PAR}.region", "BHS5", "is 'BHS5'", "in the EU", "GRA11"),
    "backups in London": one(f"{REPLICAS}[0].region", "UK", "is 'UK'", "in the EU", "GRA", "WAW"),
    "backups in Canada": one(f"{REPLICAS}[0].region", "BHS", "is 'BHS'", "in the EU", "SBG"),
}
TOO_FEW_NODES: Final = {
    "databases": one(f"{PAR}.machines.database.count", 1, "is 1", "3 or more", at="count: 1"),
    "standby databases": one(f"{AMS}.machines.database.count", 1, "is 1", "3 or more", at="count: 1"),
    "applications": one(f"{PAR}.machines.app.count", 1, "is 1", "2 or more", at="count: 1"),
    "fronts": one(f"{AMS}.machines.front.count", 1, "is 1", "2 or more", at="count: 1"),
    "SQL routers": one(f"{PAR}.machines.sql.count", 1, "is 1", "2", at="count: 1"),
    "Vaults": one(f"{PAR}.machines.vault.count", 1, "is 1", "3 or more", at="count: 1"),
    "link machines": one(f"{AMS}.machines.link.count", 1, "is 1", "2", at="count: 1"),
    "file servers": one(f"{PAR}.machines.files.count", 1, "is 1", "3 or more", at="count: 1"),
    "no bastion": one(f"{PAR}.machines.bastion.count", 0, "is 0", "1 or more", at="count: 0"),
    "no front": one(f"{PAR}.machines.front.count", 0, "is 0", "2 or more", at="count: 0"),
    "less than none": one(f"{PAR}.machines.app.count", -2, "is -2", "2 or more", at="count: -2"),
    "far too many": one(f"{PAR}.machines.app.count", 2000, "is 2000", "a whole number of 1 to 200", at="count: 2000"),
    "three SQL routers": one(f"{PAR}.machines.sql.count", 3, "is 3", "2 (a pair", at="count: 3"),
    "three link machines": one(f"{PAR}.machines.link.count", 3, "is 3", "2 (a pair", at="count: 3"),
}
EVEN_QUORUMS: Final = {
    "two databases": one(f"{PAR}.machines.database.count", 2, "is 2", "an odd number of 3 or more", at="count: 2"),
    "four databases": one(f"{AMS}.machines.database.count", 4, "is 4", "an odd number", "majority", at="count: 4"),
    "four Vaults": one(f"{PAR}.machines.vault.count", 4, "is 4", "an odd number", "majority", at="count: 4"),
    "four file servers": one(f"{PAR}.machines.files.count", 4, "is 4", "an odd number", "majority", at="count: 4"),
}
NETWORKS: Final = {
    "the same twice": one(f"{AMS}.cidr", "10.20.0.0/20", "is '10.20.0.0/20'", "not overlap 10.20.0.0/20", "sites[0]"),
    "one inside another": one(f"{AMS}.cidr", "10.20.0.0/16", "is '10.20.0.0/16'", "not overlap", "sites[0]"),
    "host bits": one(f"{PAR}.cidr", "10.20.0.1/20", "is '10.20.0.1/20'", "an IPv4 network such as", "host bits set"),
    "no network": one(f"{PAR}.cidr", "ten", "is 'ten'", "an IPv4 network such as 10.20.0.0/20"),
    "public": one(f"{PAR}.cidr", "203.0.112.0/20", "is '203.0.112.0/20'", "private", "RFC 1918", "/16 to /20"),
    "too narrow": one(f"{PAR}.cidr", "10.20.0.0/24", "is '10.20.0.0/24'", "private", "/16 to /20"),
    "IPv6": one(f"{PAR}.cidr", "fd00::/20", "is 'fd00::/20'", "an IPv4 network such as 10.20.0.0/20"),
    "SSH for everybody": one(
        "hosting.admin_cidrs[0]", "0.0.0.0/0", "is '0.0.0.0/0'", "/16 or narrower", at="0.0.0.0/0"
    ),
}
NOT_OFFERED: Final = {
    "an instance type": one(f"{PAR}.machines.app.type", "b3-7", "is 'b3-7'", "instance types of ovh", "b3-8", "r3-64"),
    "the other provider's type": one(
        f"{AMS}.machines.app.type", "b3-8", "is 'b3-8'", "instance types of scaleway", "PRO2-XXS", "POP2-4C-16G"
    ),
    "a zone": one(
        f"{PAR}.zones[1]", "eu-west-par-d", "is 'eu-west-par-d'", "zones of EU-WEST-PAR", "eu-west-par-b", at="par-d"
    ),
    "a zone of another region": one(
        f"{AMS}.zones[0]", "fr-par-1", "is 'fr-par-1'", "zones of nl-ams", "nl-ams-1", at="fr-"
    ),
    "a region": one(f"{PAR}.region", "EU-WEST-LYS", "is 'EU-WEST-LYS'", "in the EU", "EU-WEST-PAR"),
    "the other provider's region": one(f"{PAR}.region", "nl-ams", "is 'nl-ams'", "in the EU", "EU-WEST-PAR"),
    "a region of backups": one(f"{REPLICAS}[2].region", "pl-kra", "is 'pl-kra'", "in the EU", "pl-waw"),
    "a provider of a site": one(f"{PAR}.provider", "ovhh", "is 'ovhh'", "one of ovh, scaleway", "did you mean ovh?"),
    "a provider of names": one("hosting.dns.provider", "gandi", "is 'gandi'", "one of ovh, scaleway"),
}
CONTRADICTIONS: Final = {
    "MaxScale's version at Galera": one(
        "hosting.database.maxscale_version", "23.08.6", "is '23.08.6'", "no maxscale_version", "variant maxscale"
    ),
    "MaxScale without a version": Bad(
        {"hosting.database.variant": "maxscale"},
        "platform:hosting.database.maxscale_version",
        "is missing",
        ("23.08.6", "since variant is maxscale"),
        "database:",
    ),
    "a domain of another zone": one("hosting.domain", "alerte.example.net", "is 'alerte.example.net'", "example.org"),
    "http beyond this machine": one(
        "hosting.vault.address", "http://vault.example.org:8200", "is 'http://vault.example.org:8200'", "https://"
    ),
    "http in production": one(
        "hosting.vault.address", "http://127.0.0.1:8200", "is 'http://127.0.0.1:8200'", "https://", stack="prod"
    ),
    "two primaries": Bad(
        {f"{AMS}.role": "primary", f"{AMS}.machines.vault": {"count": 3, "type": "DEV1-S"}},
        "platform:hosting.sites",
        "has the roles primary, primary",
        ("exactly one site with role primary",),
        "sites:",
    ),
    "no primary": Bad(
        {f"{PAR}.role": "secondary"},
        "platform:hosting.sites",
        "has the roles secondary, secondary",
        ("exactly one site with role primary",),
        "sites:",
    ),
    "a zone twice": one(
        f"{AMS}.zones", ["nl-ams-1", "nl-ams-1"], "is nl-ams-1, nl-ams-1", "every zone once", at="zones:"
    ),
    "one zone": one(f"{PAR}.zones", ["eu-west-par-a"], "is eu-west-par-a", "two zones or more", at="zones:"),
    "file servers for managed files": one(
        f"{PAR}.machines.files", {"count": 3, "type": "b3-8"}, "is given", "files.kind is managed", stack="prod"
    ),
    "link machines for one site": Bad(
        {"hosting.sites[0].machines.link": {"count": 2, "type": "d2-2"}},
        "platform:hosting.sites[0].machines.link",
        "is given",
        ("no link machines", "one site"),
        "link:",
        "dev",
    ),
    "a UUID for OVH": one(
        "hosting.accounts.ovh.project",
        "9c8b7a69-5847-4362-9180-7f6e5d4c3b2a",
        "is '9c8b7a69-5847-4362-9180-7f6e5d4c3b2a'",
        "32 hexadecimal digits",
    ),
    "who deploys, at OVH": one(
        "hosting.accounts.ovh.operator",
        "user_id:9c8b7a69-5847-4362-9180-7f6e5d4c3b2a",
        "is 'user_id:9c8b7a69-5847-4362-9180-7f6e5d4c3b2a'",
        "no operator at ovh",
    ),
    "no UUID for Scaleway": one("hosting.accounts.scaleway.project", "ab" * 16, f"is '{'ab' * 16}'", "a UUID"),
    "another stack's environment": one(
        "environment",
        "dev",
        "is 'dev' in a stack named 'prod'",
        "'prod', which the stack's name ends with",
        stack="prod",
    ),
}
NAMES: Final = {
    "capitals": one("organisation", "Alertes", "is 'Alertes'", "2 to 15 characters of a-z, 0-9 and -"),
    "a digit first": one(f"{PAR}.name", "1par", "is '1par'", "beginning with a letter"),
    "too long": one(f"{REPLICAS}[0].name", "a" * 16, f"is '{'a' * 16}'", "2 to 15 characters"),
    "a space": one(f"{AMS}.name", "am s", "is 'am s'", "2 to 15 characters"),
    "two sites": one(f"{AMS}.name", "par", "is 'par'", "a name of its own for each site", at="name: par"),
    "two replicas": one(f"{REPLICAS}[1].name", "near", "is 'near'", "a name of its own for each replica"),
    "an environment": one("environment", "prodd", "is 'prodd'", "one of dev, prod, sandbox", "did you mean prod?"),
    "an owner": one("owner", "hosting", "is 'hosting'", "a mail address"),
    "a domain": one("hosting.domain", "alerte_example.org", "is 'alerte_example.org'", "a host name such as"),
    "a version": one("hosting.app_version", "v1.4", "is 'v1.4'", "a version such as 1.4.2"),
    "a variant": one("hosting.database.variant", "galara", "is 'galara'", "maxscale, galera", "did you mean galera?"),
    "a kind of files": one("hosting.files.kind", "nfs", "is 'nfs'", "one of managed, gluster"),
    "a role of a site": one(f"{AMS}.role", "standby", "is 'standby'", "one of primary, secondary"),
    "a URL": one("hosting.vault.address", "vault:8200", "is 'vault:8200'", "a URL such as https://"),
    "a certificate": one("hosting.vault.ca", "/etc/ca.pem", "is '/etc/ca.pem'", "certificates in PEM", "BEGIN"),
    "who deploys": one("hosting.accounts.scaleway.operator", "me", "is 'me'", "application_id: or user_id:"),
    "an account": one("hosting.accounts.ovh.project", "mine", "is 'mine'", "a project id", "32 hexadecimal digits"),
}
MISSING: Final = {
    "the organisation": one("organisation", REMOVED, "is missing", "2 to 15 characters", at="config:"),
    "the sites": one("hosting.sites", REMOVED, "is missing", "a list", at="hosting:"),
    "a zone of names": one("hosting.dns.zone", REMOVED, "is missing", "a host name such as", at="dns:"),
    "a role of a site": one(f"{AMS}.role", REMOVED, "is missing", "one of primary, secondary", at="name: ams"),
    "a port": one("hosting.app_port", REMOVED, "is missing", "a whole number of 1024 to 65535", at="hosting:"),
    "a site's network": one(
        f"{AMS}.cidr", REMOVED, "is missing", "an IPv4 network such as 10.20.0.0/20", at="name: ams"
    ),
    "a group's type": one(f"{PAR}.machines.app.type", REMOVED, "is missing", "a string", at="app:"),
    "a role": one(f"{PAR}.machines.front", REMOVED, "is missing", "type and count", "2 or more", at="machines:"),
    "Vault at the primary": one(
        f"{PAR}.machines.vault", REMOVED, "is missing", "type and count", "odd number of 3", at="machines:"
    ),
    "a link between sites": one(
        f"{AMS}.machines.link", REMOVED, "is missing", "type and count", "a pair", at="machines:"
    ),
    "file servers": one(
        f"{PAR}.machines.files", REMOVED, "is missing", "type and count", "odd number of 3", at="machines:"
    ),
    "who deploys": one("hosting.accounts.scaleway.operator", REMOVED, "is missing", "application_id:", at="scaleway:"),
    "an account": one("hosting.accounts.scaleway", REMOVED, "is missing", "the account at scaleway", at="accounts:"),
    "every site": one("hosting.sites", [], "has 0 entries", "1 or more"),
    "every administrator": one("hosting.admin_cidrs", [], "has 0 entries", "1 or more"),
}
NEAR: Final = {"name": "near", "provider": "ovh", "region": "SBG", "lock_days": 0}
FAR: Final = {"name": "far", "provider": "scaleway", "region": "fr-par", "lock_days": 7}
BACKUPS: Final = {
    "two replicas": one(REPLICAS, [NEAR, FAR], "has 2 entries", "at least 3 replicas"),
    "one provider": one(
        REPLICAS,
        [FAR, FAR | {"name": "near"}, FAR | {"name": "third"}],
        "is at scaleway alone",
        "2 providers",
        "ovh, scaleway",
    ),
    "none locked": one(
        REPLICAS,
        [NEAR, FAR | {"lock_days": 0}, FAR | {"name": "third", "lock_days": 0}],
        "has no replica with a lock",
        "at least one replica with lock_days of 1 or more",
    ),
    "a lock of ever": one(f"{REPLICAS}[1].lock_days", 99_999, "is 99999", "a whole number of 0 to 3650"),
    "a lock of less than nothing": one(f"{REPLICAS}[1].lock_days", -1, "is -1", "a whole number of 0 to 3650"),
}
CATEGORIES: Final = {
    "unknown key": UNKNOWN_KEYS,
    "wrong type": WRONG_TYPES,
    "outside the EU": OUTSIDE_THE_EU,
    "too few nodes": TOO_FEW_NODES,
    "even quorum": EVEN_QUORUMS,
    "networks": NETWORKS,
    "not offered": NOT_OFFERED,
    "contradiction": CONTRADICTIONS,
    "names": NAMES,
    "missing": MISSING,
    "backups": BACKUPS,
}
CASES: Final = [
    pytest.param(bad, id=f"{category}-{name}") for category, cases in CATEGORIES.items() for name, bad in cases.items()
]


@pytest.mark.parametrize("bad", CASES)
def test_one_mistake_is_one_clear_complaint(bad: Bad, tmp_path: Path) -> None:
    file = write(tmp_path, bad.stack, bad.patch)
    with pytest.raises(SettingsError) as caught:
        read(bad.stack, tmp_path)
    (complaint,) = complaints(str(caught.value))
    assert complaint.key == bad.key
    assert complaint.given == bad.given
    for words in bad.accepted:
        assert words in complaint.accepted
    assert complaint.file == file.name
    assert complaint.line is not None
    assert bad.at in file.read_text().splitlines()[complaint.line - 1]


def test_a_stack_is_one_system(tmp_path: Path) -> None:
    write(tmp_path, "sandbox", {"hosting": REMOVED})
    with pytest.raises(SettingsError) as caught:
        read("sandbox", tmp_path)
    (complaint,) = complaints(str(caught.value))
    assert (complaint.key, complaint.given) == ("", "describes no system")
    assert complaint.accepted.startswith("the section of exactly one of platform:hosting")


def test_every_form_of_text_has_a_name() -> None:
    """A pattern is explained in words, never shown as it is; without a name its error could not be written."""
    patterns = set(re.findall(r'"pattern": ("(?:[^"\\\\]|\\\\.)*")', json.dumps(Settings.model_json_schema())))
    assert {json.loads(pattern) for pattern in patterns} == set(PATTERNS)
