"""Secrets: which there are, who may read which, and Vault that keeps them."""

from __future__ import annotations

from components.secrets.paths import Secret, paths_of
from components.secrets.vault import Vault, VaultArgs

__all__ = ["Secret", "Vault", "VaultArgs", "paths_of"]
