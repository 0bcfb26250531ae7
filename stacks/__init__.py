"""The systems, a module each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from settings import Settings


def build(settings: Settings) -> Mapping[str, Any]:
    """Declare the system that the stack is; what it exports.

    A system's module is imported only where it is built: each brings the SDKs of its own providers.
    """
    if settings.hosting is not None:
        from stacks.hosting import Hosting

        return Hosting(settings, settings.hosting).outputs
    if settings.chat is not None:
        from stacks.chat import Chat

        return Chat(settings, settings.chat).outputs
    if settings.sensors is not None:
        from stacks.sensors import Sensors

        return Sensors(settings, settings.sensors).outputs
    raise AssertionError("settings have exactly one section")
