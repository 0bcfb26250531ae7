"""The two documents that a machine gets: its first user data, and later what `pulumi up` pushes."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import textwrap
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from machines.bundle import bundle, roles
from machines.facts import Facts

CLOUD_INIT: Final = Path(__file__).parent / "cloud-init"
LIMIT_BYTES: Final = 65535
"""OpenStack Nova takes so many bytes of user data, counted after base64; Scaleway takes twice as many."""


class UserDataError(ValueError):
    """The user data is larger than a provider takes."""


@functools.cache
def _environment() -> Environment:
    # The output is YAML and shell, which HTML's escapes would break.
    return Environment(  # noqa: S701
        loader=FileSystemLoader(CLOUD_INIT), undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True
    )


def user_data(facts: Facts, wrapped_token: str | None) -> str:
    """The cloud-init document with which a machine makes itself what `facts` say.

    It carries the Ansible roles and the facts, and no secret in plain text: `wrapped_token` is a response-wrapped
    Vault secret id that can be unwrapped once, within a day, from the machine's own network; None for machines that
    need no secrets. Raises UserDataError where it would be larger than providers take.
    """
    text = (
        _environment()
        .get_template("user-data.yaml.j2")
        .render(
            hostname=facts.machine.name,
            deploy_key=facts.deploy_key.strip(),
            converge=_indented("platform-converge"),
            network=_indented("platform-network"),
            bundle=_folded(bundle(facts.machine.role)),
            facts=_folded(facts.document().encode()),
            wrapped_token=wrapped_token,
        )
    )
    size = len(base64.b64encode(text.encode()))
    if size > LIMIT_BYTES:
        raise UserDataError(
            f"the user data of {facts.machine.name} has {size} bytes in base64, and OpenStack Nova takes {LIMIT_BYTES}: "
            f"make the roles {', '.join(roles(facts.machine.role))} in machines/ansible/roles smaller"
        )
    return text


def payload(facts: Facts) -> str:
    """What `platform-converge --payload -` reads: roles and facts with their checksum, in one JSON line."""
    packed = base64.b64encode(bundle(facts.machine.role)).decode()
    content = json.dumps({"bundle": packed, "facts": facts.document()}, sort_keys=True)
    checksum = hashlib.sha256(content.encode()).hexdigest()
    return json.dumps({"sha256": checksum, "content": content}) + "\n"


@functools.cache
def _indented(name: str) -> str:
    return textwrap.indent((CLOUD_INIT / name).read_text(), " " * 6).lstrip()


@functools.lru_cache(maxsize=4096)
def _folded(content: bytes) -> str:
    return "\n      ".join(textwrap.wrap(base64.b64encode(content).decode(), 110))
