"""A secret in plain text is refused, and no error ever repeats it."""

from __future__ import annotations

import base64
import hashlib
import traceback
from pathlib import Path
from typing import Any, Final

import pytest

from settings import SettingsError, load, read
from settings.load import ROOT
from tests.unit.settings.stack_files import complaints, document_of, flat, write, write_text

# Made up here, so that the checkout holds nothing that looks like a secret.
SHORT: Final = "correct-horse"
RANDOM: Final = base64.b64encode(hashlib.sha256(b"an example").digest()).decode().rstrip("=")
ACCESS_KEY: Final = "AKIA" + hashlib.sha256(b"key").hexdigest()[:16].upper()
VAULT_TOKEN: Final = "hvs." + "ab12" * 6
PRIVATE_KEY: Final = "-----BEGIN EC " + "PRIVATE KEY----- MHcCAQEE"

PLAIN: Final[dict[str, tuple[str, Any, str]]] = {
    "a password": ("hosting.database.password", SHORT, SHORT),
    "a password in a map of its own": ("hosting.smtp", {"user": "mail", "smtp_password": SHORT}, SHORT),
    "a token in a list": ("hosting.tokens", [SHORT], SHORT),
    "a secret of a provider": ("ovh:applicationSecret", SHORT, SHORT),
    "a secret key of a provider": ("scaleway:secretKey", SHORT, SHORT),
    "a token of a provider": ("vault:token", SHORT, SHORT),
    "an access key in a text": ("hosting.domain", ACCESS_KEY, ACCESS_KEY),
    "a token of Vault": ("owner", VAULT_TOKEN, VAULT_TOKEN),
    "a private key": ("hosting.certificate", PRIVATE_KEY, "MHcCAQEE"),
    "a password in a URL": ("hosting.vault.address", f"https://root:{SHORT}@vault.example.org:8200", SHORT),
    "random text": ("hosting.app_version", RANDOM, RANDOM),
    "random text where a number is expected": ("hosting.app_port", RANDOM, RANDOM),
    "random text in a list where text is expected": ("hosting.domain", [RANDOM], RANDOM),
    "random text in a site": ("hosting.sites[1].zones[2]", RANDOM, RANDOM),
}


def _told(error: pytest.ExceptionInfo[SettingsError]) -> str:
    """All that a person or a log could be shown of an error."""
    shown = [str(error.value), repr(error.value), *map(repr, error.value.findings)]
    return "".join([*shown, *traceback.format_exception(error.value)])


@pytest.mark.parametrize(("key", "value", "hidden"), PLAIN.values(), ids=PLAIN)
def test_secrets_are_found_and_not_repeated(key: str, value: Any, hidden: str, tmp_path: Path) -> None:
    file = write(tmp_path, "sandbox", {key: value})
    with pytest.raises(SettingsError) as caught:
        read("sandbox", tmp_path)
    secrets = [found for found in complaints(str(caught.value)) if found.given == "looks like a secret (not shown)"]
    (found,) = secrets
    assert found.key.startswith(key if key.split(":")[0] in {"ovh", "scaleway", "vault"} else f"platform:{key}")
    assert found.line is not None
    assert hidden in file.read_text().splitlines()[found.line - 1]
    assert "no secret in plain text" in found.accepted
    assert "environment" in found.accepted
    assert "Vault" in found.accepted
    assert hidden not in _told(caught)


BROKEN: Final = {
    "an open quote": f'password: "{SHORT}',
    "an open bracket": f"password: [{SHORT}",
    "a colon": f"password: a: {SHORT}",
    "an alias": f"password: *{SHORT}",
    "a tag": f"password: !{SHORT} x",
    "a twin": f"password: {SHORT}\n    password: {SHORT}",
    "a number": "password: 8005551234",
}


@pytest.mark.parametrize("line", BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_broken_at_a_secret_does_not_repeat_it(line: str, tmp_path: Path) -> None:
    text = (ROOT / "Pulumi.sandbox.yaml").read_text().replace("app_port: 8000", f"app_port: 8000\n    {line}")
    write_text(tmp_path, "sandbox", text)
    with pytest.raises(SettingsError) as caught:
        read("sandbox", tmp_path)
    told = _told(caught)
    assert SHORT not in told
    assert "8005551234" not in told


def test_what_the_engine_decrypted_is_not_shown() -> None:
    with pytest.raises(SettingsError) as caught:
        load("sandbox", flat(document_of("sandbox")) | {"platform:owner": SHORT}, ["platform:owner"])
    (found,) = complaints(str(caught.value))
    assert found.key == "platform:owner"
    assert "not shown" in found.given
    assert "a mail address" in found.accepted
    assert SHORT not in _told(caught)


def test_what_the_engine_encrypts_is_no_plain_text(tmp_path: Path) -> None:
    write(tmp_path, "sandbox", {"ovh:applicationSecret": {"secure": f"v1:{RANDOM}"}})
    assert read("sandbox", tmp_path).organisation == "alertes"
    assert load("sandbox", flat(document_of("sandbox")) | {"ovh:applicationSecret": SHORT}, ["ovh:applicationSecret"])


def test_a_certificate_is_public(tmp_path: Path) -> None:
    certificate = f"-----BEGIN CERTIFICATE-----\n{RANDOM}\n{RANDOM}\n-----END CERTIFICATE-----\n"
    write(tmp_path, "sandbox", {"hosting.vault.ca": certificate})
    hosting = read("sandbox", tmp_path).hosting
    assert hosting is not None
    assert hosting.vault.ca == certificate


def test_a_private_key_beside_a_certificate_is_none(tmp_path: Path) -> None:
    certificate = f"-----BEGIN CERTIFICATE-----\n{RANDOM}\n-----END CERTIFICATE-----\n"
    write(tmp_path, "sandbox", {"hosting.vault.ca": certificate + PRIVATE_KEY})
    with pytest.raises(SettingsError) as caught:
        read("sandbox", tmp_path)
    (found,) = complaints(str(caught.value))
    assert (found.key, found.given) == ("platform:hosting.vault.ca", "looks like a secret (not shown)")
    assert "MHcCAQEE" not in _told(caught)


def test_identifiers_and_switches_are_no_secrets(tmp_path: Path) -> None:
    write(tmp_path, "sandbox", {"vault:skipChildToken": "true", "aws:region": "eu-west-3"})
    assert read("sandbox", tmp_path).hosting
