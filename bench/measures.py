"""What is measured, and how: every measure in simulated clouds and workspaces of its own, in one folder.

Measurements that are compared are taken in rounds, one of each a round, in an order that rotates: what else happens
on the machine meets all of them alike, and ratios hold where seconds do not. A round before the first is not counted.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import yaml

from bench import messages, policies, readings, recording
from bench.arithmetic import Result, ratios, rotated, slope, summarise
from bench.processes import peak_memory
from bench.scaling import scaled
from engine.setup import ROOT
from engine.workspace import Workspace
from sandbox import daemon
from sandbox.chat import LocalChat
from sandbox.sensors import SensorsSystem, recently
from sandbox.session import POLICIES, prepare
from settings import read

STACK: Final = "prod"
OTHERS: Final = {"chat": "chat-prod", "sensors": "sensors-prod"}
"""Systems at AWS that are compared with flat programs, too, with their stacks."""
FACTORS: Final = (1, 4, 16)
IMPORT_LAZILY: Final = "from components.sdk import lazy as load"
IMPORT_WHOLE: Final = "from importlib import import_module as load"

Progress = Callable[[str], None]


class Bench:
    """All measurements; `folder` must not exist, and is left for the caller to remove after `close`."""

    def __init__(self, folder: Path, runs: int, progress: Progress) -> None:
        self._folder = folder
        self._runs = runs
        self._progress = progress
        self._clouds = folder / "clouds"
        self._made = 0

    def close(self) -> None:
        """End the simulated clouds."""
        daemon.stop(self._clouds)

    def results(self) -> dict[str, Result]:
        """Take every measurement. Raises EngineError or CalledProcessError where the engine or the program fails."""
        stack, state = self._brought_up(STACK)
        recorded = recording.resources(state)
        second = self._seconds(
            "second preview", {"second": lambda: self._preview(stack, STACK, "--expect-no-changes")}
        )["second"]
        return {
            **self._compared(recorded),
            "second_preview": summarise(second, "s"),
            "policy_ms_per_resource": self._policies(state),
            **self._memory(),
            **self._imports(sorted({resource["class"] for resource in recorded})),
            **self._growth(),
            **{name: result for system in OTHERS for name, result in self._other(system).items()},
            **self._readings(),
            **self._messages(),
        }

    # Measurements

    def _brought_up(self, name: str) -> tuple[Workspace, dict[str, Any]]:
        """A stack that is up, and its state with secrets in plain text."""
        self._progress(f"bringing {name} up, to record its resources")
        stack, _ = prepare(name, self._clouds)
        stack.run("up", "--yes", "--skip-preview", "--stack", name, quiet=True)
        exported = stack.run("stack", "export", "--show-secrets", "--stack", name, quiet=True).stdout
        state: dict[str, Any] = json.loads(exported)
        return stack, state

    def _other(self, system: str) -> dict[str, Result]:
        """A system's program against a flat one that has its region from the default provider."""
        stack = OTHERS[system]
        recorded = recording.resources(self._brought_up(stack)[1])
        config = {"aws:region": getattr(read(stack), system).region}
        flat = self._workspace(recording.write(self._folder / f"{system}-flat", recorded, "flat", config), "flat")
        program = self._workspace(ROOT, stack)
        seconds = self._seconds(
            f"previews of {len(recorded)} resources of {system}",
            {"program": lambda: self._preview(program, stack), "flat": lambda: self._preview(flat, "flat")},
        )
        return {
            f"{system}_preview_vs_flat": summarise(ratios(seconds["program"], seconds["flat"]), "ratio"),
            f"{system}_preview": summarise(seconds["program"], "s"),
            f"{system}_preview_flat": summarise(seconds["flat"], "s"),
        }

    def _readings(self) -> dict[str, Result]:
        """What the sensors' functions take a second, of a stack that `_other` has brought up."""
        _, state = self._brought_up(OTHERS["sensors"])
        (root,) = [one for one in state["deployment"]["resources"] if one["type"] == "pulumi:pulumi:Stack"]
        running = daemon.ensure_running(self._clouds)
        sensors = read(OTHERS["sensors"]).sensors
        if sensors is None:
            raise ValueError(f"{OTHERS['sensors']} has no sensors")
        system = SensorsSystem(running, self._clouds, root["outputs"], sensors.region)
        until = recently()
        rates: dict[str, list[float]] = {"parsed": [], "stored": []}
        for number in range(self._runs):
            self._progress(f"readings of the sensors, {number + 1} of {self._runs}")
            rates["parsed"].append(readings.parsed(until))
            rates["stored"].append(readings.stored(system, until - timedelta(hours=number)))
        return {f"sensor_readings_{name}": summarise(found, "1/s") for name, found in rates.items()}

    def _messages(self) -> dict[str, Result]:
        """What the reference chat takes for a message, and how many it passes on a second."""
        folder = self._folder / "chat"
        folder.mkdir()
        taken: list[dict[str, float]] = []
        with LocalChat(folder, bulk=1) as chat:
            for number in range(self._runs):
                self._progress(f"messages of the chat, {number + 1} of {self._runs}")
                taken.append(messages.measured(chat))
        names = {"messages_per_second": "1/s", "gateway_socket_kib": "KiB"}
        return {f"chat_{name}": summarise([one[name] for one in taken], names.get(name, "ms")) for name in taken[0]}

    def _compared(self, recorded: list[dict[str, Any]]) -> dict[str, Result]:
        """The program against a flat one and against itself with policies, and the engine with an empty program."""
        config = {"ovh:endpoint": "ovh-eu"}
        flat = self._workspace(recording.write(self._folder / "flat", recorded, "flat", config), "flat")
        empty = self._workspace(recording.write_empty(self._folder / "empty", "empty"), "empty")
        program = self._workspace(ROOT, STACK)
        seconds = self._seconds(
            f"previews of {len(recorded)} resources",
            {
                "program": lambda: self._preview(program, STACK),
                "flat": lambda: self._preview(flat, "flat"),
                "policies": lambda: self._preview(program, STACK, "--policy-pack", str(POLICIES)),
                "empty": lambda: self._preview(empty, "empty"),
            },
        )
        return {
            "preview_vs_flat": summarise(ratios(seconds["program"], seconds["flat"]), "ratio"),
            "policies_on_vs_off": summarise(ratios(seconds["policies"], seconds["program"]), "ratio"),
            "preview": summarise(seconds["program"], "s"),
            "preview_flat": summarise(seconds["flat"], "s"),
            "preview_policies_on": summarise(seconds["policies"], "s"),
            "engine_startup": summarise(seconds["empty"], "s"),
        }

    def _policies(self, state: Mapping[str, Any]) -> Result:
        """What the pack takes for each of many resources, none of which is like another."""
        asked = policies.questions(state)
        self._progress(f"policies on {policies.RESOURCES} resources")
        return summarise([policies.milliseconds_per_resource(asked) for _ in range(self._runs)], "ms")

    def _memory(self) -> dict[str, Result]:
        workspace = self._workspace(ROOT, STACK)
        peaks = []
        for number in range(self._runs):
            self._progress(f"memory of the program, {number + 1} of {self._runs}")
            with workspace.start("preview", "--stack", STACK, stdout=subprocess.DEVNULL) as engine:
                peaks.append(peak_memory(engine))
            if engine.returncode != 0:
                raise subprocess.CalledProcessError(engine.returncode, engine.args)
        return {"peak_memory": summarise(peaks, "MiB")}

    def _imports(self, classes: Sequence[str]) -> dict[str, Result]:
        """Seconds until every class that the program uses is there, in interpreters that have `pulumi` already."""
        seconds = self._seconds(
            "imports of the SDKs",
            {
                "lazy": lambda: _import_seconds(IMPORT_LAZILY, classes),
                "whole": lambda: _import_seconds(IMPORT_WHOLE, classes),
            },
        )
        return {
            "import_lazy": summarise(seconds["lazy"], "s"),
            "import_whole": summarise(seconds["whole"], "s"),
        }

    def _growth(self) -> dict[str, Result]:
        """The exponent of time over resources: a least squares line through the three sizes in every round.

        Time is that of the whole preview, the engine's start included; resources are what the preview counts.
        """
        document = yaml.safe_load((ROOT / f"Pulumi.{STACK}.yaml").read_text())
        workspace = self._workspace(ROOT, STACK)
        files = {}
        sizes = []
        for factor in FACTORS:
            files[factor] = self._folder / f"{factor}-times.yaml"
            files[factor].write_text(yaml.safe_dump(scaled(document, factor)))
            self._progress(f"counting the resources of {factor} times the machines")
            arguments = ("preview", "--json", "--stack", STACK, "--config-file", str(files[factor]))
            sizes.append(len(json.loads(workspace.run(*arguments, quiet=True).stdout)["steps"]))
        seconds = self._seconds(
            f"growth over {', '.join(map(str, sizes))} resources",
            {
                str(factor): lambda file=file: self._preview(workspace, STACK, "--config-file", str(file))  # type: ignore[misc]
                for factor, file in files.items()
            },
            warm_up=False,  # counting was that
        )
        rounds = zip(*(seconds[str(factor)] for factor in FACTORS), strict=True)
        return {
            "growth_exponent": summarise([slope(sizes, one) for one in rounds], "exponent"),
            **{
                name: result
                for factor, size in zip(FACTORS, sizes, strict=True)
                for name, result in (
                    (f"resources_{factor}x", summarise([size], "count")),
                    (f"preview_{factor}x", summarise(seconds[str(factor)], "s")),
                )
            },
        }

    # Tools

    def _seconds(
        self, title: str, actions: Mapping[str, Callable[[], float]], *, warm_up: bool = True
    ) -> dict[str, list[float]]:
        """What each action measures in every round."""
        taken: dict[str, list[float]] = {name: [] for name in actions}
        for number in range(-1 if warm_up else 0, self._runs):
            for name in rotated(list(actions), number):
                counted = f"{number + 1} of {self._runs}" if number >= 0 else "not counted"
                self._progress(f"{title}: {name}, {counted}")
                seconds = actions[name]()
                if number >= 0:
                    taken[name].append(seconds)
        return taken

    def _preview(self, workspace: Workspace, stack: str, *arguments: str) -> float:
        started = time.perf_counter()
        workspace.run("preview", "--stack", stack, *arguments, quiet=True)
        return time.perf_counter() - started

    def _workspace(self, project: Path, stack: str) -> Workspace:
        """A stack of its own that has never been up, in front of the simulated clouds."""
        self._made += 1
        running = daemon.ensure_running(self._clouds)
        workspace = Workspace(
            self._folder / f"workspace-{self._made}", project=project, environment=running.environment
        )
        workspace.prepare(stack)
        return workspace


def _import_seconds(load: str, classes: Iterable[str]) -> float:
    """Seconds of loading the packages and looking every class up, in a new interpreter."""
    paths = [name.partition(".") for name in classes]
    program = (
        f"import operator, pulumi\n{load}\nfrom time import perf_counter\n"
        "started = perf_counter()\n"
        f"for package, path in {[(package, path) for package, _, path in paths]!r}:\n"
        "    operator.attrgetter(path)(load(package))\n"
        "print(perf_counter() - started)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)
