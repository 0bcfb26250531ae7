"""DNS records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sandbox import rules
from sandbox.cloud import Call, Kind
from sandbox.properties import Properties
from sandbox.schema import Failure

RECORD: Final = "ovh:Domain/zoneRecord:ZoneRecord"


class Record(Kind):
    """A DNS record of a zone."""

    token = RECORD
    replace_on = frozenset({"zone", "fieldtype"})

    def project(self, inputs: Properties, call: Call) -> str:
        """Zones belong to the customer, whom the account's first project stands for."""
        return min(call.session.account.projects, default="")

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Types, names, targets and times are those of DNS."""
        kinds = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT")
        yield from rules.one_of(inputs, "fieldtype", kinds)
        yield from rules.matches(inputs, "subdomain", r"^$|^[a-z0-9_*]([a-z0-9_.-]*[a-z0-9])?$", "a DNS name")
        yield from rules.between(inputs, "ttl", 60, 2_147_483_647, "seconds")
        if inputs.get("fieldtype") == "A":
            yield from rules.address(inputs, "target")


KINDS: Final[tuple[Kind, ...]] = (Record(),)
