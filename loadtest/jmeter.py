"""JMeter in .tools, as loadtest/pom.xml pins it: put together from Maven Central's artifacts, and run without a window."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from engine.setup import ROOT, TOOLS, SetupError

POM: Final = ROOT / "loadtest" / "pom.xml"
HOME: Final = TOOLS / "jmeter"
STAMP: Final = HOME / "pom.sha256"
HEAP: Final = "1g"
EXTENSIONS: Final = ("ApacheJMeter_", "jmeter-websocket-samplers")


class JMeterError(Exception):
    """JMeter did not run the plan to its end; the text has the end of its log."""


def setup() -> None:
    """Put JMeter into .tools, unless it is there already. Raises SetupError."""
    wanted = hashlib.sha256(POM.read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    maven = _program("mvn", "maven")
    _program("java", "default-jre-headless")
    print("Getting JMeter from Maven Central: about half a minute …", flush=True)
    shutil.rmtree(HOME, ignore_errors=True)
    (HOME / "lib" / "ext").mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="platform-jmeter-") as folder:
        command = [maven, "--batch-mode", "--quiet", "--file", str(POM), "dependency:copy-dependencies"]
        done = subprocess.run(
            [*command, f"-DoutputDirectory={folder}"],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode != 0:
            raise SetupError(f"JMeter could not be had from Maven Central:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        for jar in Path(folder).glob("*.jar"):
            _place(jar)
    STAMP.write_text(wanted)


def _place(jar: Path) -> None:
    """JMeter finds its parts by where they are."""
    if jar.name.startswith("ApacheJMeter_config"):
        with zipfile.ZipFile(jar) as archive:
            archive.extractall(HOME, [name for name in archive.namelist() if name.startswith("bin/")])
    elif jar.name.startswith("ApacheJMeter-"):
        (HOME / "bin").mkdir(exist_ok=True)
        shutil.copy(jar, HOME / "bin" / "ApacheJMeter.jar")
    else:
        shutil.copy(jar, HOME / "lib" / ("ext" if jar.name.startswith(EXTENSIONS) else ""))


def _program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise SetupError(f"{name} is not installed; install Debian's {package}")
    return found


def run(plan: Path, results: Path, properties: Mapping[str, str], seconds: float) -> None:
    """Run a plan; its samples go to `results`, its log beside them. Raises JMeterError, also after `seconds`."""
    log = results.with_name("jmeter.log")
    command = [
        _program("java", "default-jre-headless"),
        f"-Xmx{HEAP}",
        "-Djava.awt.headless=true",
        "-jar",
        str(HOME / "bin" / "ApacheJMeter.jar"),
        "--nongui",
        "--testfile",
        str(plan),
        "--logfile",
        str(results),
        "--jmeterlogfile",
        str(log),
        *(f"-J{name}={value}" for name, value in properties.items()),
    ]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        raise JMeterError(f"JMeter did not end within {seconds:.0f} s\n{_end(log)}") from None
    if done.returncode != 0 or not results.exists():
        raise JMeterError(
            f"JMeter ended with status {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}{_end(log)}"
        )


def _end(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:]) if log.exists() else ""
