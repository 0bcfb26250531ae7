"""Who may read which secret: each role its own, and only to read."""

from __future__ import annotations

import re

import pytest

from components.secrets import Secret, paths_of
from components.secrets.vault import policy_text
from settings import Role

READERS = {
    "tls/database": {Role.DATABASE, Role.SQL},
    "database/replication": {Role.DATABASE, Role.SQL},
    "database/monitor": {Role.DATABASE, Role.SQL},
    "database/router": {Role.DATABASE, Role.SQL},
    "database/app": {Role.DATABASE, Role.APP},
    "volumes/luks": {Role.DATABASE, Role.FILES},
    "media/s3": {Role.APP},
    "releases/s3": {Role.APP},
    "link/wireguard": {Role.LINK},
}
"""Stands here a second time on purpose: whoever gives a role more to read says so in two places."""
RULE = re.compile(r'path "(?P<path>[^"]+)" \{\n  capabilities = \["read"\]\n\}')


def _rules(role: Role, mount: str = "secret") -> list[str]:
    """The paths of a policy that is nothing but rules to read."""
    text = policy_text(mount, role)
    assert RULE.sub("", text).strip() == "", f"the policy of {role} says more than what may be read"
    return [match["path"] for match in RULE.finditer(text)]


@pytest.mark.parametrize("role", Role)
def test_a_role_reads_its_own_secrets_and_nothing_else(role: Role) -> None:
    own = {path for path, readers in READERS.items() if role in readers}
    assert set(paths_of(role)) == own
    assert set(_rules(role, "acme-prod")) == {f"acme-prod/data/{path}" for path in own}


@pytest.mark.parametrize("role", Role)
def test_no_policy_has_a_pattern(role: Role) -> None:
    assert not [path for path in _rules(role) if "*" in path or "+" in path]


@pytest.mark.parametrize("role", [Role.BASTION, Role.FRONT, Role.VAULT])
def test_machines_that_need_no_secret_can_read_none(role: Role) -> None:
    assert paths_of(role) == ()
    assert policy_text("secret", role) == ""


def test_a_machine_that_the_world_talks_to_reads_no_credential_of_the_databases() -> None:
    exposed = {path for role in (Role.BASTION, Role.FRONT, Role.LINK) for path in paths_of(role)}
    assert exposed == {"link/wireguard"}


def test_the_application_has_its_own_account_and_none_that_administers() -> None:
    assert {path for path in paths_of(Role.APP) if path.startswith("database/")} == {"database/app"}


def test_every_secret_has_a_path_of_its_own_and_a_reader() -> None:
    paths = [secret.path for secret in Secret]
    assert len(set(paths)) == len(paths)
    assert all(secret.readers for secret in Secret)


def test_paths_are_sorted_so_that_policies_are_the_same_at_every_run() -> None:
    for role in Role:
        assert list(paths_of(role)) == sorted(paths_of(role))
        assert _rules(role) == sorted(_rules(role))
