"""Rules of a whole stack, and those of its systems; each yields all that is wrong.

Rules compare with `==`, never with `is`: of settings that are wrong in part, they see stand-ins (`settings/partial.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

from settings.base import Environment
from settings.chat import rules as chat_rules
from settings.findings import Finding
from settings.hosting import rules as hosting_rules
from settings.model import Settings, System
from settings.partial import rule
from settings.sensors import rules as sensors_rules


def check(settings: Settings, stack: str) -> Iterator[Finding]:
    """Everything that is wrong with settings whose single values are well, or ABSENT."""
    yield from _stack(settings, stack)
    yield from _sections(settings)
    if settings.hosting is not None:
        yield from hosting_rules.check(settings.hosting, settings.environment)
    if settings.chat is not None:
        yield from chat_rules.check(settings.chat, settings.environment)
    if settings.sensors is not None:
        yield from sensors_rules.check(settings.sensors, settings.environment)


@rule
def _stack(settings: Settings, stack: str) -> Iterator[Finding]:
    """A stack is called as its environment, or as a system and its environment: `prod`, `chat-prod`."""
    given = settings.environment.value
    if stack not in {given, *(f"{system}-{given}" for system in System)}:
        meant = next((name for name in Environment if stack.endswith(name)), None)
        names = f"{', '.join(Environment)}, or a system and one of them: chat-dev"
        accepted = f"{meant.value!r}, which the stack's name ends with" if meant else f"a stack named {names}"
        yield Finding(("environment",), f"is {given!r} in a stack named {stack!r}", accepted)


@rule
def _sections(settings: Settings) -> Iterator[Finding]:
    if len(settings.sections) != 1:
        given = f"describes {' and '.join(settings.sections)}" if settings.sections else "describes no system"
        yield Finding(
            (), given, f"the section of exactly one of {', '.join(f'platform:{system}' for system in System)}"
        )
