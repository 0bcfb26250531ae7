"""Object storage."""

from __future__ import annotations

from typing import Final

from sandbox.cloud import Call, Kind
from sandbox.clouds.ovh.base import ProjectKind
from sandbox.properties import Properties

BUCKET: Final = "ovh:index/cloudStorageObjectBucket:CloudStorageObjectBucket"


class Bucket(ProjectKind):
    """A bucket; its name is its id, and no two customers can have the same."""

    token = BUCKET
    replace_on = frozenset({"serviceName", "region", "name", "objectLock"})
    unique = frozenset({"name"})
    autoname = True

    def new_id(self, inputs: Properties, call: Call) -> str:
        """Its name."""
        return str(inputs["name"])


KINDS: Final[tuple[Kind, ...]] = (Bucket(),)
