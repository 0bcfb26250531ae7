"""What the engine's event log says of one preview."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from policies.deletion_protection import STORES

CHANGES: Final = {
    "create": "create",
    "import": "create",
    "update": "update",
    "replace": "replace",
    "create-replacement": "replace",
    "delete-replaced": "replace",
    "delete": "delete",
}
"""The engine's steps by what they are to a reviewer; all others leave a resource as it is."""
LOSSES: Final = ("replace", "delete")
PROVIDERS: Final = "pulumi:providers:"
ENDED: Final = "preview failed"
"""What the engine says last, after the reason."""


@dataclass(frozen=True, order=True)
class Change:
    """A resource that the change creates, updates, replaces or deletes.

    `stateful` says whether it holds data: its type is a store, or the stack protects it.
    """

    kind: str
    urn: str
    stateful: bool

    @property
    def label(self) -> str:
        """Type and name."""
        return label(self.urn)


@dataclass(frozen=True, order=True)
class Broken:
    """A policy that is broken: by which resource, how bad it is, and what the policy says about it."""

    policy: str
    urn: str
    mandatory: bool
    severity: str
    message: str


@dataclass(frozen=True)
class Findings:
    """What a preview found; `errors` are those of the program, the providers and the engine."""

    changes: tuple[Change, ...]
    broken: tuple[Broken, ...]
    errors: tuple[str, ...]
    resources: tuple[Mapping[str, Any], ...]
    """Every resource as it would be afterwards, as a state has it."""

    @property
    def counts(self) -> Mapping[str, int]:
        """How many resources meet each kind of change."""
        return Counter(change.kind for change in self.changes)

    @property
    def mandatory(self) -> tuple[Broken, ...]:
        """The broken policies that stop a deployment."""
        return tuple(broken for broken in self.broken if broken.mandatory)

    @property
    def losses(self) -> tuple[Change, ...]:
        """The resources with data that would be replaced or deleted."""
        return tuple(change for change in self.changes if change.stateful and change.kind in LOSSES)


def label(urn: str) -> str:
    """A resource's type and name: `CloudInstance alertes-prod-par-app-1`; the whole stack for an empty URN."""
    if not urn:
        return "the stack"
    *_, types, name = urn.split("::")
    return f"{types.rpartition(':')[2]} {name}"


def read(log: Path) -> Findings:
    """The findings in an event log, as `pulumi preview --event-log` writes it."""
    return _findings(json.loads(line) for line in log.read_text().splitlines())


def _findings(events: Iterable[Mapping[str, Any]]) -> Findings:
    changes: dict[str, Change] = {}
    broken: list[Broken] = []
    errors: list[str] = []
    after: dict[str, Mapping[str, Any]] = {}
    for event in events:
        if "resourcePreEvent" in event:
            step = event["resourcePreEvent"]["metadata"]
            if step["new"] is not None:
                after[step["urn"]] = step["new"]
            changes |= {change.urn: change for change in _change(step)}
        elif "policyEvent" in event:
            broken.append(_broken(event["policyEvent"]))
        elif "diagnosticEvent" in event:
            said = event["diagnosticEvent"]
            if said["severity"] == "error" and said["message"].strip() != ENDED:
                errors.append(said["message"].strip())
    return Findings(tuple(sorted(changes.values())), tuple(sorted(broken)), tuple(errors), tuple(after.values()))


def _change(step: Mapping[str, Any]) -> Iterator[Change]:
    kind = CHANGES.get(step["op"])
    states = [state for state in (step["old"], step["new"]) if state is not None]
    # Components and providers are nothing by themselves.
    if kind is None or step["type"].startswith(PROVIDERS) or not any(state.get("custom") for state in states):
        return
    stateful = step["type"] in STORES or any(state.get("protect") for state in states)
    yield Change(kind, step["urn"], stateful)


def _broken(event: Mapping[str, Any]) -> Broken:
    return Broken(
        policy=event["policyName"],
        urn=event.get("resourceUrn", ""),
        mandatory=event["enforcementLevel"] == "mandatory",
        severity=event.get("severity", ""),
        message=event["message"].strip(),
    )
