"""Which role a machine or a firewall has, and at which site: from its tags, or else from its name.

Names are `<organisation>-<environment>-<site>-<role>-<n>` for machines, without the number for what belongs to a
role, with a zone at the end for what belongs to a role in a zone. OVH's machines have no tags.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from policies.model import Resource
from policies.wire import reveal

ROLES: Final = ("bastion", "link", "front", "app", "sql", "database", "files", "vault")
REACHABLE: Final = frozenset({"bastion", "link"})
"""Roles whose machines may have a public address: the way in for people, and the link to the other site."""
MACHINES: Final = frozenset(
    [
        "ovh:index/cloudInstance:CloudInstance",
        "ovh:CloudProject/instance:Instance",
        "scaleway:instance/server:Server",
        "scaleway:index/instanceServer:InstanceServer",
        "aws:ec2/instance:Instance",
    ]
)
_MACHINE: Final = re.compile(rf"(?P<place>.+)-(?P<role>{'|'.join(ROLES)})-\d+")
_PART: Final = re.compile(rf"(?P<place>.+)-(?P<role>{'|'.join(ROLES)})(?:-.+)?")


def tag(resource: Resource, key: str) -> str | None:
    """The value of a tag: of a mapping, or of a list of `key=value`."""
    tags = resource.get("tags")
    if isinstance(tags, Mapping):
        value = reveal(tags.get(key))
        return value if isinstance(value, str) else None
    if isinstance(tags, list):
        for text in map(reveal, tags):
            if isinstance(text, str) and text.startswith(f"{key}="):
                return text.removeprefix(f"{key}=")
    return None


def role_of(resource: Resource) -> str | None:
    """The role of a machine, or of what belongs to a role; None where nothing tells."""
    found = tag(resource, "role")
    if found is not None:
        return found
    match = _MACHINE.fullmatch(resource.label) or _PART.fullmatch(resource.label)
    return match["role"] if match else None


def site_of(resource: Resource) -> str:
    """What tells the sites of a stack apart: the name's part before the role, or empty where there is none."""
    match = _MACHINE.fullmatch(resource.label) or _PART.fullmatch(resource.label)
    return match["place"] if match else tag(resource, "site") or ""
