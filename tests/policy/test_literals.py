"""Secrets in texts are found as the plain patterns would find them, only faster."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from policies import literals
from policies.literals import ASSIGNMENT, HINT, WORD, find, is_literal, is_secret_name
from tests.policy import recording


def texts() -> Iterator[str]:
    """Every text of the corpus, and what joins names of secrets in odd ways."""
    pending = [json.loads(recording.FILE.read_text())]
    while pending:
        value = pending.pop()
        if isinstance(value, dict | list):
            pending.extend(value.values() if isinstance(value, dict) else value)
        elif isinstance(value, str):
            yield value
    yield "password=password=x tokens: [a] my.api-key = 'b' key key_secret:secret_key:abcd auth_pass 1234 passpassword=1"
    yield "secret: token: a\npassword\n= b; x-password=c-password=d\n--token e --token=f 'client_secret':\"g\""


def test_assignments_are_those_of_the_plain_pattern() -> None:
    for text in texts():
        plain = [found.span() for found in ASSIGNMENT.finditer(text)]
        assert [found.span() for found in literals._assignments(text)] == plain, text


def test_every_name_of_a_secret_has_a_hint_in_it() -> None:
    for name in (
        "password",
        "passwd",
        "bind_pass",
        "secret",
        "token",
        "credential",
        "private_key",
        "api-key",
        "auth_pass",
    ):
        assert HINT.search(name)
    assert "keytab" in WORD


def test_tokens_of_vault_begin_a_word() -> None:
    token = "hvs." + "CAESIJ7mQ2vR9wXk4LbT1zYp8NcH"
    old = "s." + "aB3dE6gH9jK2mN5pQ8rT1vW4"
    for text, count in (
        (token, 1),
        (f"a: {token}", 1),
        (f"x{token}", 0),
        (f"x.{token} {token}", 1),
        (old, 1),
        (f"class.{old}", 0),
        (f"news.{old} {old}", 1),
        (f"{token} {old}", 2),
    ):
        assert sum(finding.kind == "a Vault token" for finding in find(text)) == count, text


@pytest.mark.parametrize(
    "name",
    ["password", "masterPassword", "DB_PASSWORD", "secretStringWo", "clientTlsKey", "bindpass", "api-key", "keytabWo"],
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["passwordPolicy", "secretId", "tokenTtl", "publicKey", "creationToken", "keyName"])
def test_names_of_other_things(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize("value", ["${x}", "{{ x }}", "/etc/x", "arn:aws:x", "true", "required", "abc", "<x>", "$(x)"])
def test_references_are_no_secrets(value: str) -> None:
    assert not is_literal(value)


def test_what_is_found_is_never_quoted() -> None:
    found = [str(finding) for finding in find('password = "Eshoh3ahb7ai"')]
    assert found == ["a value for password (line 1)"]
