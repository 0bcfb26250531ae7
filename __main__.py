"""The program: reads the stack's settings and builds the system that it is."""

from __future__ import annotations

import pulumi

from settings import SettingsError, from_pulumi
from stacks import build

try:
    settings = from_pulumi()
except SettingsError as error:
    # A RunError is shown as it is, without a traceback; nothing has been declared.
    raise pulumi.RunError(str(error)) from None

for key, value in build(settings).items():
    pulumi.export(key, value)
