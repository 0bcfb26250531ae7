"""Stack files as one strict, frozen model: what a file may say, and clear errors where it says something else."""

from __future__ import annotations

from settings.errors import SettingsError
from settings.load import from_pulumi, load, read
from settings.model import (
    DatabaseVariant,
    Environment,
    FilesKind,
    Hosting,
    MachineGroup,
    Provider,
    Role,
    Settings,
    Site,
    SiteRole,
    System,
)

__all__ = [
    "DatabaseVariant",
    "Environment",
    "FilesKind",
    "Hosting",
    "MachineGroup",
    "Provider",
    "Role",
    "Settings",
    "SettingsError",
    "Site",
    "SiteRole",
    "System",
    "from_pulumi",
    "load",
    "read",
]
