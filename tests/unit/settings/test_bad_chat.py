"""A stack file of the chat with one mistake: the error names the key, the file and line, the value, what is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from settings import SettingsError, read
from tests.unit.settings.stack_files import REMOVED, complaints, write
from tests.unit.settings.test_bad_values import Bad


def one(key: str, value: Any, given: str, *accepted: str, at: str = "", stack: str = "chat-sandbox") -> Bad:
    """A value below `platform:chat` that is wrong, and is complained about where it stands."""
    return Bad({f"chat.{key}": value}, f"platform:chat.{key}", given, accepted, at or key.rpartition(".")[2], stack)


SIZE: Final = {"cpu": 512, "memory_mib": 1024, "count": 2, "most": 4, "night": 2, "target": 5}
CONNECTION: Final = "arn:aws:codeconnections:{}:{}:connection/5f1c3f0e-3d0a-4d0e-8a57-7c5f5d1b1d3c"

UNKNOWN_KEYS: Final = {
    "of the system": one("regoin", "eu-west-3", "is 'eu-west-3'", "no such key", "did you mean region?"),
    "of the traffic": one("traffic.fanout", 3, "is 3", "no such key", "did you mean fan_out?"),
    "a service": one("services.gatway", SIZE, "is 'gatway'", "gateway, bulk", "did you mean gateway?"),
    "a queue": one("caches.fast", {"type": "cache.t4g.small", "replicas": 1}, "is 'fast'", "one of bulk, priority"),
    "of a service": one("services.bulk.tasks", 3, "is 3", "no such key", "count"),
    "of Vault": one(
        "vault.adress", "https://vault.example.org", "is 'https://vault.example.org'", "no such key", "address"
    ),
}
WRONG_TYPES: Final = {
    "a number for an account": one("account", 123456789012, "is 123456789012", "12 digits", "in quotes"),
    "text for a count": one("services.bulk.count", "3", "is '3'", "a whole number of 1 to 5000"),
    "text for zones": one("zones", "eu-west-3a", "is 'eu-west-3a'", "a list"),
    "a list for a map": one("caches", [], "is a list", "a map"),
    "text for a map": one("schedule", "always", "is 'always'", "a map with timezone, day, night"),
    "a fraction": one("traffic.fan_out", 2.5, "is 2.5", "a whole number of 1 to 100000"),
    "a boolean": one("cache", True, "is true", "no such key", "did you mean caches?"),
    "nothing": one("domain", None, "is empty", "a host name such as"),
}
OUTSIDE_THE_EU: Final = {
    "London": one("region", "eu-west-2", "is 'eu-west-2'", "in the EU", "eu-west-3", "eu-central-1"),
    "Zurich": one("region", "eu-central-2", "is 'eu-central-2'", "in the EU"),
    "Virginia": one("region", "us-east-1", "is 'us-east-1'", "in the EU"),
    "Vault elsewhere": one(
        "vault.endpoint_service",
        "com.amazonaws.vpce.us-east-1.vpce-svc-0a1b2c3d4e5f60718",
        "is 'com.amazonaws.vpce.us-east-1.vpce-svc-0a1b2c3d4e5f60718'",
        "a service in eu-west-3",
    ),
    "sources from elsewhere": one(
        "pipeline.connection",
        CONNECTION.format("us-east-1", "123456789012"),
        f"is '{CONNECTION.format('us-east-1', '123456789012')}'",
        "a connection in eu-west-3",
    ),
}
PLACES: Final = {
    "another region's zone": one("zones[1]", "eu-west-1b", "is 'eu-west-1b'", "zones of eu-west-3", at="eu-west-1b"),
    "a zone twice": one(
        "zones",
        ["eu-west-3a", "eu-west-3a", "eu-west-3b"],
        "is eu-west-3a, eu-west-3a, eu-west-3b",
        "every zone once",
    ),
    "two zones": one("zones", ["eu-west-3a", "eu-west-3b"], "is eu-west-3a, eu-west-3b", "3 zones or more"),
    "one zone in dev": one("zones", ["eu-west-3a"], "is eu-west-3a", "2 zones or more", stack="chat-dev"),
    "a public network": one("cidr", "203.0.112.0/20", "is '203.0.112.0/20'", "private", "RFC 1918"),
    "a narrow network": one("cidr", "10.52.0.0/24", "is '10.52.0.0/24'", "/16 to /20"),
    "host bits": one("cidr", "10.52.0.1/16", "is '10.52.0.1/16'", "host bits set"),
}
NOT_OFFERED: Final = {
    "a cache of another family": one("caches.bulk.type", "cache.x9.large", "is 'cache.x9.large'", "cache.r6g.large"),
    "an m5 for documents": one(
        "documents.type", "db.m5.large", "is 'db.m5.large'", "DocumentDB classes", "db.r6g.large"
    ),
    "a document class for users": one("users.type", "db.r6g.4xlarge", "is 'db.r6g.4xlarge'", "RDS classes", "db.m5"),
    "a cpu": one("services.gateway.cpu", 500, "is 500", "256, 512, 1024", "Fargate"),
    "a memory": one("services.gateway.memory_mib", 512, "is 512", "1024, 2048", "for cpu 512"),
    "a memory of another cpu": one("services.bulk.memory_mib", 16384, "is 16384", "8192", "for cpu 1024"),
}
TOO_FEW: Final = {
    "one gateway by night": one("services.gateway.night", 1, "is 1", "2 or more", "not an outage"),
    "fewer by day": one("services.bulk.count", 1, "is 1", "2, which is night, or more"),
    "fewer at most": one("services.bulk.most", 2, "is 2", "3, which is count, or more"),
    "no replica": one("caches.priority.replicas", 0, "is 0", "a whole number of 1 to 5"),
    "two documents": one("documents.instances", 2, "is 2", "3 or more", "takes its place"),
    "one document in dev": one("documents.instances", 1, "is 1", "2 or more", stack="chat-dev"),
    "no backups": one("users.backup_days", 0, "is 0", "a whole number of 1 to 35"),
    "gateways for the sockets": Bad(
        {"chat.services.gateway.target": 100},
        "platform:chat.services.gateway.most",
        "is 12",
        ("30 or more", "3000 sockets", "100 a task"),
        "most",
        "chat-sandbox",
    ),
    "nobody to tell": one("alarms.mail", [], "has 0 entries", "1 or more"),
    "nothing to upload": one("files.content_types", [], "has 0 entries", "1 or more"),
}
TOO_MANY: Final = {
    "tasks": one("services.gateway.most", 9000, "is 9000", "a whole number of 1 to 5000"),
    "replicas": one("caches.bulk.replicas", 6, "is 6", "a whole number of 1 to 5"),
    "documents": one("documents.instances", 16, "is 16", "a whole number of 1 to 15"),
    "days of backups": one("documents.backup_days", 36, "is 36", "a whole number of 1 to 35"),
    "priority": one("traffic.priority_percent", 100, "is 100", "a whole number of 1 to 99"),
    "megabytes": one("files.most_mb", 6000, "is 6000", "a whole number of 1 to 5000"),
}
CONTRADICTIONS: Final = {
    "storage that shrinks": one("users.most_storage_gb", 10, "is 10", "20, which is storage_gb, or more"),
    "http beyond this machine": one(
        "vault.address", "http://vault.example.org:8200", "is 'http://vault.example.org:8200'", "https://"
    ),
    "http in production": one(
        "vault.address", "http://127.0.0.1:8200", "is 'http://127.0.0.1:8200'", "https://", stack="chat-prod"
    ),
    "staging in production": one("pipeline.staging", "sandbox", "is 'sandbox'", "another stack than sandbox"),
    "another account's sources": one(
        "pipeline.connection",
        CONNECTION.format("eu-west-3", "210987654321"),
        f"is '{CONNECTION.format('eu-west-3', '210987654321')}'",
        "of account 123456789012",
    ),
    "another stack's environment": Bad(
        {"environment": "sandbox"},
        "platform:environment",
        "is 'sandbox' in a stack named 'chat-prod'",
        ("'prod', which the stack's name ends with",),
        "environment",
        "chat-prod",
    ),
}
FORMS: Final = {
    "an account": one("account", "12345", "is '12345'", "12 digits"),
    "a tag for a digest": one("images.chat", "1.4.2", "is '1.4.2'", "sha256: and 64 hexadecimal digits"),
    "a short digest": one("images.vault_agent", "sha256:abc", "is 'sha256:abc'", "64 hexadecimal digits"),
    "a domain": one("domain", "chat_example.org", "is 'chat_example.org'", "a host name such as"),
    "a long domain": one(
        "domain", f"{'a' * 60}.example.org", f"is '{'a' * 60}.example.org'", "64 characters or less", "certificate"
    ),
    "a mail address": one("alarms.mail[0]", "duty", "is 'duty'", "a mail address", at="duty"),
    "a telephone": one("alarms.sms[0]", "0700000000", "is '0700000000'", "+33123456789", at="0700000000"),
    "a channel": one("alarms.slack.channel", "#alarms", "is '#alarms'", "an id of Slack"),
    "a repository": one("pipeline.repository", "platform", "is 'platform'", "owner/name"),
    "a branch": one("pipeline.branch", "a branch", "is 'a branch'", "the name of a branch"),
    "an ARN": one("pipeline.connection", "connection", "is 'connection'", "arn:aws:codeconnections"),
    "an endpoint service": one("vault.endpoint_service", "vault", "is 'vault'", "com.amazonaws.vpce.<region>"),
    "a mount": one("vault.auth_mount", "/aws/", "is '/aws/'", "a path in Vault"),
    "a time": one("schedule.day", "6 o'clock", 'is "6 o\'clock"', "0 6 * * ? *"),
    "a time zone": one("schedule.timezone", "Europe/Pari", "is 'Europe/Pari'", "Europe/Paris"),
    "a media type": one("files.content_types[0]", "png", "is 'png'", "a media type such as image/png", at="png"),
    "a page to upload": one("files.content_types[0]", "text/html", "is 'text/html'", "does not run", at="text/html"),
    "a drawing with scripts": one(
        "files.content_types[1]", "image/svg+xml", "is 'image/svg+xml'", "does not run", at="image/svg+xml"
    ),
    "anything to upload": one(
        "files.content_types[2]",
        "application/octet-stream",
        "is 'application/octet-stream'",
        "says what it is",
        at="octet-stream",
    ),
    "a staging": one("pipeline.staging", "staging", "is 'staging'", "one of dev, prod, sandbox"),
}
MISSING: Final = {
    "the account": one("account", REMOVED, "is missing", "12 digits", at="chat:"),
    "the region": one("region", REMOVED, "is missing", "a string", at="chat:"),
    "a service": one("services.broadcaster", REMOVED, "is missing", "a map with cpu", "target", at="services:"),
    "the priority queue": one("caches.priority", REMOVED, "is missing", "a map with type", at="caches:"),
    "a target": one("services.bulk.target", REMOVED, "is missing", "a whole number of 1 or more", at="bulk:"),
    "the traffic": one("traffic", REMOVED, "is missing", "a map with users, connections", at="chat:"),
    "Vault": one("vault", REMOVED, "is missing", "a map with address, endpoint_service, auth_mount", at="chat:"),
    "a night": one("schedule.night", REMOVED, "is missing", "a time as EventBridge writes it", at="schedule:"),
}
SECRETS: Final = {
    "a password": Bad(
        {"chat.users.password": "hunter22"},
        "platform:chat.users.password",
        "looks like a secret (not shown)",
        ("no secret in plain text",),
        "password",
        "chat-prod",
    ),
    "a key of AWS": Bad(
        {"chat.pipeline.branch": "AKIA" + "A" * 16},
        "platform:chat.pipeline.branch",
        "looks like a secret (not shown)",
        ("no secret in plain text",),
        "branch",
        "chat-prod",
    ),
}
CATEGORIES: Final[Mapping[str, Mapping[str, Bad]]] = {
    "unknown key": UNKNOWN_KEYS,
    "wrong type": WRONG_TYPES,
    "outside the EU": OUTSIDE_THE_EU,
    "places": PLACES,
    "not offered": NOT_OFFERED,
    "too few": TOO_FEW,
    "too many": TOO_MANY,
    "contradiction": CONTRADICTIONS,
    "forms": FORMS,
    "missing": MISSING,
    "secrets": SECRETS,
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


def test_a_stack_of_two_systems_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "chat-sandbox", {"hosting": {}})
    with pytest.raises(SettingsError, match="platform:hosting"):
        read("chat-sandbox", tmp_path)


@pytest.mark.parametrize("stack", ["chat-dev", "chat-prod", "chat-sandbox"])
def test_the_gateways_hold_the_sockets_and_production_has_three_hundred(stack: str) -> None:
    chat = read(stack).chat
    assert chat is not None
    gateway = chat.services["gateway"]  # type: ignore[index] # keys are text, too
    assert gateway.most * gateway.target >= chat.traffic.connections
    assert stack != "chat-prod" or gateway.count == 300


def test_what_is_missing_hides_no_other_mistake(tmp_path: Path) -> None:
    patch = {"chat.services": REMOVED, "chat.caches.bulk.type": "cache.x9.large", "chat.users.type": "db.x9.large"}
    write(tmp_path, "chat-sandbox", patch)
    with pytest.raises(SettingsError) as caught:
        read("chat-sandbox", tmp_path)
    assert {complaint.key.removeprefix("platform:") for complaint in complaints(str(caught.value))} == set(patch)
