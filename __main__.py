"""The program: reads the stack's settings and builds the systems that it names."""

from __future__ import annotations

import pulumi

from settings import SettingsError, System, from_pulumi
from stacks.hosting import Hosting

SYSTEMS = {System.HOSTING: Hosting}

try:
    settings = from_pulumi()
except SettingsError as error:
    # A RunError is shown as it is, without a traceback; nothing has been declared.
    raise pulumi.RunError(str(error)) from None

for name in settings.systems:
    for key, value in SYSTEMS[name](settings).outputs.items():
        pulumi.export(key, value)
