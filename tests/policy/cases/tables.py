"""All cases, by policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tests.policy.cases import Case, System, backups, eu_residency, exposure, redundancy, secrets_from_vault

CASES: Final[Mapping[str, Sequence[Case]]] = {
    "eu-residency": eu_residency.CASES,
    "secrets-from-vault": secrets_from_vault.CASES,
    "exposure": exposure.CASES,
}
SYSTEMS: Final[Mapping[str, Sequence[System]]] = {
    "secrets-from-vault": secrets_from_vault.SYSTEMS,
    "redundancy": redundancy.SYSTEMS,
    "backups": backups.SYSTEMS,
}
