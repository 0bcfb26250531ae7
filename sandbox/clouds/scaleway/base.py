"""What every resource of a Scaleway project has in common."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, ClassVar, Final, Literal

import catalog
from sandbox import rules
from sandbox.cloud import Call, Kind, Reference
from sandbox.properties import Properties
from sandbox.schema import Failure
from sandbox.store import Row

CATALOG: Final = catalog.of("scaleway")
ZONES: Final = tuple(zone for region in CATALOG.regions.values() for zone in region.zones)
NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,254}$"
NAME_IN_WORDS: Final = "1 to 255 of letters, digits, blank, . _ and -"


class ProjectKind(Kind):
    """A resource of a project, in a zone, in a region, or in none."""

    place: ClassVar[Literal["zone", "region", None]] = "zone"
    autoname = True

    def where(self, inputs: Properties, call: Call) -> str:
        """The zone or region that the resource is in: its own, or the provider's default."""
        if self.place is None:
            return ""
        return str(inputs.get(self.place) or call.session.config.get(self.place) or "")

    def project(self, inputs: Properties, call: Call) -> str:
        """Its own project, or the provider's default, or that of what it belongs to."""
        given = inputs.get("projectId") or inputs.get("defaultProjectId") or call.session.config.get("projectId")
        if given:
            return str(given)
        owner = next(iter(self.targets(inputs, call)), None)
        return owner.project if owner is not None else min(call.session.account.projects, default="")

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Project, place and name must be ones that the API takes."""
        for name in ("projectId", "defaultProjectId"):
            project = inputs.get(name)
            if rules.known(project) and project not in call.session.account.projects:
                yield Failure(name, f"403 these credentials give no access to project {project!r}")
        default = call.session.config.get("projectId")
        if rules.known(default) and default not in call.session.account.projects:
            yield Failure("projectId", f"403 these credentials give no access to the provider's project {default!r}")
        yield from rules.one_of(inputs, "zone", ZONES)
        yield from rules.one_of(inputs, "region", CATALOG.regions)
        if self.place is not None and not rules.known(inputs.get(self.place)) and not self.where(inputs, call):
            yield Failure(self.place, f"is required, since the provider has no default {self.place}")
        if "name" in self.schema.inputs:
            yield from rules.matches(inputs, "name", NAME, NAME_IN_WORDS)

    def given(self, name: str, inputs: Properties, call: Call) -> Any:
        """Zone and region are the provider's where the resource says none."""
        return inputs.get(name) or (call.session.config.get(name) if name in ("zone", "region") else None)

    def elsewhere(self, reference: Reference, row: Row, inputs: Properties, call: Call) -> str | None:
        """What is in a zone reaches what is in the zone's region."""
        region, zone = row.outputs.get("region"), self.where(inputs, call)
        if self.place == "zone" and region and zone and not zone.startswith(f"{region}-"):
            return f"{row.name} is in {region}, but this resource is in {zone}; both must be in the same region"
        return super().elsewhere(reference, row, inputs, call)

    def new_id(self, inputs: Properties, call: Call) -> str:
        """Ids begin with the place: fr-par-1/<uuid>."""
        where = self.where(inputs, call)
        return f"{where}/{uuid.uuid4()}" if where else str(uuid.uuid4())

    def located(self, inputs: Properties, call: Call) -> Properties:
        """The place among the outputs, also where it was the provider's default."""
        return {self.place: self.where(inputs, call)} if self.place is not None else {}
