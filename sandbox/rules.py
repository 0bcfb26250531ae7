"""Rules that the APIs of several clouds share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError, summarize_address_range
from typing import Any, Final

from sandbox.cloud import CloudError
from sandbox.properties import Properties, Unknown, find
from sandbox.schema import Failure
from sandbox.store import Row

BUCKET_NAME: Final = r"^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
DOCUMENTATION_NETWORKS: Final = tuple(
    IPv4Network(network) for network in ("198.51.100.0/24", "192.0.2.0/24", "203.0.113.0/24")
)
"""Where the simulated clouds take public addresses from: nobody is there (RFC 5737)."""


def known(value: Any) -> bool:
    """Whether a value was given and is known already."""
    return value is not None and not isinstance(value, Unknown)


def matches(inputs: Properties, name: str, pattern: str, accepted: str) -> Iterator[Failure]:
    """A text must have a form."""
    value = inputs.get(name)
    if known(value) and not re.search(pattern, str(value)):
        yield Failure(name, f"is {str(value)[:80]!r}, but accepted is {accepted}")


def one_of(inputs: Properties, path: str, choices: Iterable[Any]) -> Iterator[Failure]:
    """Values must be among those that the API knows."""
    accepted = list(choices)
    for where, value in find(inputs, path):
        if value not in accepted:
            yield Failure(where, f"is {value!r}, but accepted is one of {', '.join(map(str, accepted))}")


def between(inputs: Properties, path: str, least: int, most: int, unit: str = "") -> Iterator[Failure]:
    """Numbers must be in a range."""
    for where, value in find(inputs, path):
        if not least <= value <= most:
            yield Failure(where, f"is {value}, but accepted is {least} to {most}{f' {unit}' if unit else ''}")


def network(inputs: Properties, path: str) -> Iterator[Failure]:
    """Address ranges must be networks without host bits."""
    for where, value in find(inputs, path):
        try:
            IPv4Network(value)
        except (AddressValueError, NetmaskValueError, ValueError):
            yield Failure(where, f"is {value!r}, but accepted is an IPv4 network such as 10.0.0.0/24")


def address(inputs: Properties, path: str) -> Iterator[Failure]:
    """Addresses must be addresses."""
    for where, value in find(inputs, path):
        try:
            IPv4Address(value)
        except AddressValueError:
            yield Failure(where, f"is {value!r}, but accepted is an IPv4 address")


def free_public_address(everything: Iterable[Row]) -> str:
    """The first public address that nobody has, at any provider."""
    paths = ("currentState.ip", "currentState.externalIp", "address", "ipAddress")
    used = {str(address) for row in everything for path in paths for _, address in find(row.outputs, path)}
    for block in DOCUMENTATION_NETWORKS:
        for candidate in block.hosts():
            if str(candidate) not in used:
                return str(candidate)
    raise CloudError("503 there is no public address left in this region")


def must_not_overlap(cidr: str, others: Iterable[Row], describe: str, path: str) -> None:
    """A new network must be apart from those that exist."""
    wanted = IPv4Network(cidr)
    for row in others:
        for _, there in find(row.outputs, path):
            if wanted.overlaps(IPv4Network(there)):
                raise CloudError(
                    f"409 {cidr} overlaps {there} of {describe} {row.name}; choose a network apart from it"
                )


def must_be_free(
    ip: str,
    cidr: str,
    gateway: str | None,
    pools: Iterable[tuple[str, str]],
    taken: Iterable[tuple[str, str]],
) -> None:
    """A fixed address must be inside its network, no reserved one, outside the DHCP pools, and nobody else's."""
    wanted, inside = IPv4Address(ip), IPv4Network(cidr)
    if wanted not in inside:
        raise CloudError(f"400 the address {ip} is outside the network {cidr}")
    if wanted in (inside.network_address, inside.broadcast_address) or ip == gateway:
        raise CloudError(f"400 the address {ip} is reserved in {cidr} (network, broadcast or gateway)")
    for start, end in pools:
        for part in summarize_address_range(IPv4Address(start), IPv4Address(end)):
            if wanted in part:
                raise CloudError(f"409 the address {ip} is in the pool {start}-{end} that DHCP gives out")
    for owner, there in taken:
        if there == ip:
            raise CloudError(f"409 the address {ip} is taken by {owner}")


def policy_document(inputs: Properties, name: str) -> Iterator[Failure]:
    """S3 policies are JSON documents whose statements say effect, action and resource."""
    text = inputs.get(name)
    if not known(text):
        return
    try:
        statements = json.loads(str(text))["Statement"]
        whole = all({"Effect", "Action", "Resource"} <= statement.keys() for statement in statements)
    except (ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        yield Failure(name, "is not a policy: accepted is JSON with Statement: [{Effect, Action, Resource}, …]")


def buckets_of(statement: Properties) -> list[str]:
    """The buckets that a statement is about."""
    resources = statement["Resource"]
    listed = [resources] if isinstance(resources, str) else resources
    return sorted({str(resource).removeprefix("arn:aws:s3:::").split("/")[0] for resource in listed})
