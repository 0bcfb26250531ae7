"""Every secret of the hosting system and the roles that may read it, from this one place.

Vault's policies and what each machine fetches are both made from this table; a role reads its own secrets and
nothing else.
"""

from __future__ import annotations

from enum import Enum

from settings import Role


class Secret(Enum):
    """A path below the hosting system's KV mount, with its readers."""

    TLS_DATABASE = ("tls/database", {Role.DATABASE, Role.SQL})
    DATABASE_REPLICATION = ("database/replication", {Role.DATABASE, Role.SQL})
    DATABASE_MONITOR = ("database/monitor", {Role.DATABASE, Role.SQL})
    DATABASE_ROUTER = ("database/router", {Role.DATABASE, Role.SQL})
    DATABASE_APP = ("database/app", {Role.DATABASE, Role.APP})
    VOLUMES = ("volumes/luks", {Role.DATABASE, Role.FILES})
    MEDIA = ("media/s3", {Role.APP})
    RELEASES = ("releases/s3", {Role.APP})
    LINK = ("link/wireguard", {Role.LINK})

    def __init__(self, path: str, readers: set[Role]) -> None:
        self.path = path
        self.readers = frozenset(readers)


def paths_of(role: Role) -> tuple[str, ...]:
    """The paths that a role may read, sorted."""
    return tuple(sorted(secret.path for secret in Secret if role in secret.readers))
