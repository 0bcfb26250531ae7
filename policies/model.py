"""What a policy is, what it sees and what it says."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from policies.wire import UNKNOWN, reveal

STACK: Final = "stack"
"""What stands for the whole where a resource is named."""


class Severity(Enum):
    """How bad a violation is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Provider:
    """The provider resource that a resource is created with."""

    type: str
    name: str
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: what the program declared (`inputs`) and, after its step, what the provider says (`outputs`).

    `dependencies` names, property by property, the URNs of the resources that the value comes from. `protect` is the
    engine's own protection against deletion.
    """

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any]
    provider: Provider | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)
    dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    protect: bool = False

    def get(self, key: str) -> Any:
        """A property without a secret's mark: declared, or else reported; None where it is missing.

        What is not declared and will be reported one day is missing: nobody has asked for it.
        """
        value = reveal(self.inputs.get(key))
        if value is None or value is UNKNOWN:
            reported = reveal(self.outputs.get(key))
            return value if reported is None or reported is UNKNOWN else reported
        return value

    @property
    def label(self) -> str:
        """The provider's own name of the resource, or else the program's."""
        for key in ("name", "bucket"):
            name = self.get(key)
            if isinstance(name, str):
                return name
        return self.name

    def __str__(self) -> str:
        return f"{self.type} {self.name}"


@dataclass(frozen=True, slots=True)
class Exemption:
    """What is tolerated until a day, that one included: a policy's violations by one resource (`<type>::<name>`)."""

    policy: str
    resource: str
    reason: str
    owner: str
    expires: datetime.date

    def covers(self, policy: str, urn: str | None) -> bool:
        """Whether it is about a violation; `urn` is None for one of the stack as a whole."""
        if self.policy != policy:
            return False
        if urn is None:
            return self.resource == STACK
        kind, _, name = urn.split("::", 2)[-1].partition("::")
        return self.resource == f"{kind.rpartition('$')[2]}::{name}"


@dataclass(frozen=True, slots=True)
class Deployment:
    """What is deployed: its environment, and what the stack's configuration says of it as a whole.

    `config` is the stack's configuration as the engine has it: texts, JSON where they are more. `today` decides which
    exceptions have expired; `used` are those that have met a violation.
    """

    stack: str = ""
    environment: str = ""
    owner: str | None = None
    config: Mapping[str, str] = field(default_factory=dict)
    exemptions: tuple[Exemption, ...] = ()
    today: datetime.date = datetime.date.min
    used: set[Exemption] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Stack:
    """All resources of a deployment, at its end."""

    resources: tuple[Resource, ...]
    deployment: Deployment = field(default_factory=Deployment)

    def of_type(self, *types: str) -> list[Resource]:
        """The resources of some types."""
        return [resource for resource in self.resources if resource.type in types]


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is wrong: `problem` names property and value, `accepted` says what would be right.

    `urn` is the resource that a stack's policy speaks of; None means the stack as a whole, or the resource at hand.
    """

    problem: str
    accepted: str
    urn: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """A rule, with everything that somebody who has broken it needs.

    `name` is a slug; `description` one line; `reason` why the rule exists; `clause` what it enforces of the brief;
    `remedy` what to do about a violation. `check` looks at one resource before its step, `check_stack` at all of
    them at the end; a policy has one of them or both.
    """

    name: str
    description: str
    reason: str
    clause: str
    severity: Severity
    remedy: str
    check: Callable[[Resource], Iterable[Violation]] | None = None
    check_stack: Callable[[Stack], Iterable[Violation]] | None = None

    def message(self, violation: Violation) -> str:
        """What the engine shows of a violation."""
        return f"{violation.problem}\nAccepted: {violation.accepted}\nRemedy: {self.remedy}\nClause: {self.clause}"
