"""A browser for what the simulated AWS shows: Chromium, which finds AWS's names on loopback and nothing else anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from sandbox.daemon import SandboxError

CHROMIUM: Final = Path("/usr/bin/chromium")
"""Debian's; tests/debian-packages.txt names it."""
FLAGS: Final = (
    "--headless",
    "--no-sandbox",  # what it shows is this project's own, and it may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES: Final = ("*.amazonaws.com", "*.amazoncognito.com")
WIDTH: Final = 1280
HEIGHT: Final = 900


@contextmanager
def browser(folder: Path, gateway: int, certificate: Path) -> Iterator[Any]:
    """A page of a browser of its own, ended afterwards; `folder` gets its files, and is left for the caller to remove.

    `gateway` is the port that answers for AWS, with the `certificate` that alone is believed in besides the public
    ones. Raises SandboxError where Chromium is not installed.
    """
    from playwright.sync_api import sync_playwright

    if not CHROMIUM.exists():
        raise SandboxError(f"{CHROMIUM} is not there; `make debian-packages` installs it")
    rules = [*(f"MAP {name} 127.0.0.1:{gateway}" for name in NAMES), "MAP * ~NOTFOUND"]
    flags = [
        *FLAGS,
        f"--host-resolver-rules={', '.join(rules)}",
        f"--ignore-certificate-errors-spki-list={_fingerprint(certificate)}",
    ]
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            folder,
            executable_path=CHROMIUM,
            args=flags,
            viewport={"width": WIDTH, "height": HEIGHT},
            timezone_id="Europe/Paris",
            locale="en-GB",
        )
        try:
            yield context.new_page()
        finally:
            context.close()


def _fingerprint(certificate: Path) -> str:
    """The SHA-256 of a certificate's public key, as Chromium takes it."""
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(der).digest()).decode()
