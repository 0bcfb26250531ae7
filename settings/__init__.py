"""Stack files as one strict, frozen model: what a file may say, and clear errors where it says something else."""

from __future__ import annotations

from settings.base import Environment
from settings.chat.model import Chat
from settings.errors import SettingsError
from settings.hosting.model import (
    AccountSettings,
    DatabaseVariant,
    FilesKind,
    Hosting,
    MachineGroup,
    Provider,
    Role,
    Site,
    SiteRole,
)
from settings.load import from_pulumi, load, read
from settings.model import Settings, System
from settings.sensors.model import Sensors

__all__ = [
    "AccountSettings",
    "Chat",
    "DatabaseVariant",
    "Environment",
    "FilesKind",
    "Hosting",
    "MachineGroup",
    "Provider",
    "Role",
    "Sensors",
    "Settings",
    "SettingsError",
    "Site",
    "SiteRole",
    "System",
    "from_pulumi",
    "load",
    "read",
]
