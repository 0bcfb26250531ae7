"""What every resource of an OVHcloud Public Cloud project has in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from sandbox.cloud import Call, Kind
from sandbox.properties import Properties, Unknown
from sandbox.schema import Failure


class ProjectKind(Kind):
    """A resource of a Public Cloud project (`serviceName`)."""

    project_property: ClassVar[str] = "serviceName"

    def project(self, inputs: Properties, call: Call) -> str:
        """The Public Cloud project."""
        return str(inputs.get(self.project_property) or "")

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """The project must be one that the credentials open."""
        project = inputs.get(self.project_property)
        if project is None or isinstance(project, Unknown) or project in call.session.account.projects:
            return
        yield Failure(self.project_property, f"403 these credentials give no access to project {project!r}")
