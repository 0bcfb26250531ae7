"""`python -m bench [--runs N]`: measure, print a table, and write build/bench.json.

Exit status: 0 measured, whether goals are met or not; 1 a measurement failed. Nothing else is left behind.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.arithmetic import Result
from bench.measures import Bench
from engine.setup import ROOT
from engine.workspace import EngineError
from sandbox.daemon import SandboxError

CONSOLE: Final = Console()
REPORT: Final = ROOT / "build" / "bench.json"
GOALS: Final = {
    "preview_vs_flat": 1.15,
    "policies_on_vs_off": 1.15,
    "policy_ms_per_resource": 1.0,
    "growth_exponent": 1.0,
    "chat_preview_vs_flat": 1.15,
    "sensors_preview_vs_flat": 1.15,
}
"""The most that the median may be."""


def table(results: Mapping[str, Result]) -> Table:
    """The results beside their goals."""
    shown = Table(title="Measured side by side in one run", box=None, padding=(0, 1, 0, 0))
    for column in ("measure", "median", "min", "max", "unit", "runs", "goal"):
        shown.add_column(column, justify="left" if column in ("measure", "unit", "goal") else "right")
    for name, result in results.items():
        numbers = (f"{number:.3f}" for number in (result.median, result.min, result.max))
        shown.add_row(name, *numbers, result.unit, str(result.runs), judged(name, result))
    return shown


def judged(name: str, result: Result) -> str:
    """Whether the median meets the goal; nothing where there is no goal."""
    goal = GOALS.get(name)
    if goal is None:
        return ""
    return f"≤ {goal} [green]ok[/]" if result.median <= goal else f"≤ {goal} [red]missed[/]"


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number}, but accepted is 1 or more")
    return number


def main() -> int:
    """Measure and report; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure time and memory.")
    parser.add_argument("--runs", type=_positive, default=5, help="measurements of each, 1 or more (default: 5)")
    runs = parser.parse_args().runs
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="platform-bench-") as folder, CONSOLE.status("Starting …") as status:

        def progress(step: str) -> None:
            if CONSOLE.is_terminal:
                status.update(step)
            else:
                CONSOLE.print(step, style="dim")

        try:
            with closing(Bench(Path(folder), runs, progress)) as bench:
                results = bench.results()
        except subprocess.CalledProcessError as error:
            output = f"{error.stdout or ''}{error.stderr or ''}"
            CONSOLE.print(f"[red]A measurement failed:[/] {error}", output[-3000:], sep="\n", markup=True)
            return 1
        except EngineError as error:
            CONSOLE.print("[red]A measurement failed:[/]")
            CONSOLE.print(str(error), markup=False)
            return 1
        except SandboxError as error:
            CONSOLE.print(f"[red]A measurement failed:[/] {error}")
            return 1
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps({name: result.as_json() for name, result in results.items()}, indent=2) + "\n")
    CONSOLE.print(table(results))
    CONSOLE.print(f"Written to {REPORT.relative_to(ROOT)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
