"""DNS records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sandbox import rules
from sandbox.cloud import Call, Kind
from sandbox.clouds.scaleway.base import ProjectKind
from sandbox.properties import Properties
from sandbox.schema import Failure

RECORD: Final = "scaleway:domain/record:Record"


class Record(ProjectKind):
    """A DNS record of a zone."""

    token = RECORD
    place = None
    replace_on = frozenset({"dnsZone", "type", "name", "projectId"})
    autoname = False

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Types and times are those of DNS."""
        kinds = ("A", "AAAA", "ALIAS", "CAA", "CNAME", "MX", "NS", "SRV", "TXT")
        failures = [failure for failure in super().check(inputs, call) if failure.property != "name"]
        yield from failures
        yield from rules.one_of(inputs, "type", kinds)
        yield from rules.matches(inputs, "name", r"^$|^[a-z0-9_*@]([a-z0-9_.-]*[a-z0-9])?$", "a DNS name")
        yield from rules.between(inputs, "ttl", 60, 2_592_000, "seconds")
        if inputs.get("type") == "A":
            yield from rules.address(inputs, "data")


KINDS: Final[tuple[Kind, ...]] = (Record(),)
