"""What every resource of an OVHcloud Public Cloud project has in common."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import ClassVar, Final

import catalog
from sandbox import rules
from sandbox.cloud import Call, Kind, Reference
from sandbox.properties import Properties
from sandbox.schema import Failure
from sandbox.store import Row

CATALOG: Final = catalog.of("ovh")
NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,254}$"
NAME_IN_WORDS: Final = "1 to 255 of letters, digits, blank, . _ and -"
_NAMESPACE: Final = uuid.UUID("6f76682d-7075-626c-6963-2d636c6f7564")


def stable_id(*parts: str) -> str:
    """The UUID that the cloud gives something of its own in a region: the same at every call."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts)))


class ProjectKind(Kind):
    """A resource of a Public Cloud project (`serviceName`) in a region."""

    project_property: ClassVar[str] = "serviceName"
    region_property: ClassVar[str | None] = "region"
    autoname = True

    @property
    def regions(self) -> Iterable[str]:
        """The regions that offer the resource."""
        return CATALOG.regions

    def project(self, inputs: Properties, call: Call) -> str:
        """The Public Cloud project."""
        return str(inputs.get(self.project_property) or "")

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Project, region, zone and name must be ones that the API takes."""
        project = inputs.get(self.project_property)
        if project is None:
            yield Failure(self.project_property, "is required (the id of a Public Cloud project)")
        elif rules.known(project) and project not in call.session.account.projects:
            yield Failure(self.project_property, f"403 these credentials give no access to project {project!r}")
        if self.region_property is not None:
            yield from rules.one_of(inputs, self.region_property, self.regions)
        region, zone = CATALOG.regions.get(str(inputs.get("region"))), inputs.get("availabilityZone")
        if region is not None and rules.known(zone) and zone not in region.zones:
            yield Failure("availabilityZone", f"is {zone!r}, but accepted is one of {', '.join(region.zones)}")
        if "name" in self.schema.inputs:
            yield from rules.matches(inputs, "name", NAME, NAME_IN_WORDS)

    def elsewhere(self, reference: Reference, row: Row, inputs: Properties, call: Call) -> str | None:
        """Projects see nothing of each other, even where one account has both."""
        if row.project != self.project(inputs, call):
            return f"there is no {row.token.rsplit(':', 1)[-1]} {row.id!r} in this project"
        return super().elsewhere(reference, row, inputs, call)

    def observed(self, identifier: str, inputs: Properties, **state: object) -> Properties:
        """The outputs that all newer resources have around what they report of themselves."""
        found: Properties = {"resourceStatus": "READY", "checksum": stable_id(identifier)[:8], "currentState": state}
        return {name: value for name, value in found.items() if name in self.schema.outputs}
