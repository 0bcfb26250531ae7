"""Takes the picture of the sensors' dashboard in the sandbox: `make up SYSTEM=sensors`, then `python -m docs.dashboard`.

It registers the sensors of the demonstration, uploads two days of their readings, waits until they have gone through
queue and function, signs in with a real browser, and writes docs/sensors-dashboard.png.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Final

from engine.setup import ROOT
from sandbox import daemon
from sandbox.sensors import SENSORS, SensorsSystem, demonstration, recently
from sandbox.session import prepare

STACK: Final = "sensors-sandbox"
FILE: Final = ROOT / "docs" / "sensors-dashboard.png"
DAYS: Final = 2
SHOWN: Final = 3


def take(system: SensorsSystem, file: Path, folder: Path) -> None:
    """Fill a system with readings, and write what its dashboard shows then; `folder` is for the browser's files."""
    files = demonstration(recently(), DAYS)
    system.register(SENSORS)
    for key, content in files.items():
        system.upload(key, content)
    system.wait_for(sum(content.count(b"\n") for content in files.values()))
    system.invite()
    with system.browser(folder) as page:
        system.sign_in(page)
        for sensor in SENSORS[:SHOWN]:
            page.get_by_label(sensor.name).check()
        page.get_by_text(f"of {SHOWN} sensors").wait_for()
        page.screenshot(path=file, full_page=True)


def main() -> None:
    """Take it of the stack that is up in this checkout's sandbox."""
    workspace, settings = prepare(STACK)
    running = daemon.running()
    if settings.sensors is None or running is None:
        raise SystemExit(f"{STACK} is not up; `make up SYSTEM=sensors` brings it up")
    outputs = json.loads(workspace.run("stack", "output", "--json", "--stack", STACK, quiet=True).stdout)
    system = SensorsSystem(running, daemon.DIRECTORY, outputs, settings.sensors.region)
    with tempfile.TemporaryDirectory() as folder:
        take(system, FILE, Path(folder))
    print(f"{FILE.relative_to(ROOT)} is written")


if __name__ == "__main__":
    main()
