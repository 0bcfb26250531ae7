"""All cases, by policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tests.policy.cases import (
    Case,
    System,
    audit,
    backups,
    deletion_protection,
    encryption,
    eu_residency,
    exposure,
    least_privilege,
    redundancy,
    secrets_from_vault,
    supply_chain,
    tags,
)

CASES: Final[Mapping[str, Sequence[Case]]] = {
    "eu-residency": eu_residency.CASES,
    "secrets-from-vault": secrets_from_vault.CASES,
    "exposure": exposure.CASES,
    "redundancy": redundancy.CASES,
    "encryption": encryption.CASES,
    "audit": audit.CASES,
    "least-privilege": least_privilege.CASES,
    "supply-chain": supply_chain.CASES,
}
SYSTEMS: Final[Mapping[str, Sequence[System]]] = {
    "secrets-from-vault": secrets_from_vault.SYSTEMS,
    "redundancy": redundancy.SYSTEMS,
    "encryption": encryption.SYSTEMS,
    "backups": backups.SYSTEMS,
    "audit": audit.SYSTEMS,
    "deletion-protection": deletion_protection.SYSTEMS,
    "tags": tags.SYSTEMS,
}
