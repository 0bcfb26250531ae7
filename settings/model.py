"""What may stand in a stack file, as one strict and frozen model: what all systems share, and the section of one.

A stack is one system in one environment, so that what breaks, is locked or is paid for is one system's alone.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from settings.base import MAIL, Environment, Model, Slug
from settings.chat.model import Chat
from settings.hosting.model import Hosting
from settings.sensors.model import Sensors


class System(StrEnum):
    """What a stack can be made of; each has a section of its name."""

    HOSTING = "hosting"
    CHAT = "chat"
    SENSORS = "sensors"


class Settings(Model):
    """A whole stack: every key below `config:` that begins with `platform:`."""

    organisation: Slug = Field(description="Prefix of every name")
    environment: Environment = Field(strict=False, description="What the stack's name ends with")
    owner: str = Field(pattern=MAIL, description="Mail address, put into tags")
    budget_eur_month: int = Field(ge=1, description="What the stack may cost by the estimate, without VAT")
    hosting: Hosting | None = Field(default=None, description="The API on redundant machines")
    chat: Chat | None = Field(default=None, description="The chat: sockets, queues, workers and stores at AWS")
    sensors: Sensors | None = Field(default=None, description="Readings of sensors: files, functions and tables at AWS")

    @property
    def sections(self) -> tuple[System, ...]:
        """The systems that the stack has a section of: exactly one, where settings are well."""
        return tuple(system for system in System if getattr(self, system) is not None)

    @property
    def system(self) -> System:
        """The system that the stack is."""
        (system,) = self.sections
        return system
