"""The program: reads the stack's settings and builds the system that it is."""

from __future__ import annotations

import asyncio

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

# The SDK waits one by one for registrations that have begun, but over and over for all outputs of those that have not,
# which takes most of the time where there are a thousand resources. One turn of the event loop lets them begin.
pulumi.run(lambda: asyncio.sleep(0))
