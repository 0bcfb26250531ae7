"""What the model and the simulation say, as pictures; the same numbers make the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from capacity.simulation import Flood, Lane

WINDOW_SECONDS: Final = 10
LEAST_MS: Final = 1.0
COLOURS: Final = {"priority": "#b5342a", "bulk": "#2a6db5"}
SIZE: Final = (8.0, 4.2)


def latency(
    path: Path, separate: Mapping[str, Lane], shared: Mapping[str, Lane], flood: Flood, accepted_ms: int
) -> None:
    """99 of 100 messages, by when they were sent, with a queue for each kind and with one for all."""
    figure, axes = _figure("Seconds since the beginning of the test", "ms until 99 of 100 messages were seen")
    for lanes, style, words in ((separate, "-", "a queue for each"), (shared, "--", "one queue for all")):
        for name, lane in lanes.items():
            times, values = _windows(lane)
            axes.plot(times, values, style, color=COLOURS[name], label=f"{name}, {words}", linewidth=1.3)
    axes.axvspan(flood.start, flood.end, color="#dddddd", label=f"flood of {flood.per_second:.0f} messages a second")
    axes.axhline(accepted_ms, color="#888888", linewidth=0.8, linestyle=":", label=f"alarm at {accepted_ms} ms")
    axes.set_yscale("log")
    _write(figure, path)


def waiting(path: Path, lanes: Mapping[str, Lane], flood: Flood) -> None:
    """How many messages are in each queue, by the second."""
    figure, axes = _figure("Seconds since the beginning of the test", "messages in the queue")
    times = np.arange(0, max(float(lane.seen.max()) for lane in lanes.values()) + 1)
    for name, lane in lanes.items():
        axes.plot(times, lane.waiting(times), color=COLOURS[name], label=name, linewidth=1.3)
    axes.axvspan(flood.start, flood.end, color="#dddddd", label=f"flood of {flood.per_second:.0f} messages a second")
    axes.set_yscale("symlog", linthresh=1)
    _write(figure, path)


def limits(path: Path, found: Mapping[str, float], targets: tuple[int, int]) -> None:
    """How many messages a second each part can do, the first that is full on top."""
    figure, axes = _figure("messages a second at which the part is busy all the time", "")
    names = sorted(found, key=lambda name: -found[name])
    axes.barh(names, [found[name] for name in names], color="#2a6db5")
    for target, style in zip(targets, (":", "--"), strict=True):
        axes.axvline(target, color="#b5342a", linewidth=1.2, linestyle=style, label=f"{target} messages a second")
    axes.set_xscale("log")
    _write(figure, path)


def _windows(lane: Lane) -> tuple[list[float], list[float]]:
    """The middle of every window with messages in it, and how long 99 of 100 of them took."""
    number = (lane.sent // WINDOW_SECONDS).astype(int)
    windows = [(float(one), lane.latency[number == one]) for one in np.unique(number)]
    return (
        [(one + 0.5) * WINDOW_SECONDS for one, _ in windows],
        [max(LEAST_MS, 1000 * float(np.percentile(values, 99))) for _, values in windows],
    )


def _figure(x: str, y: str) -> tuple[Figure, mpl.axes.Axes]:
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(visible=True, color="#eeeeee")
    axes.set_axisbelow(True)
    return figure, axes


def _write(figure: Figure, path: Path) -> None:
    """As text, with names and numbers that do not change: a picture that is new says something new."""
    figure.axes[0].legend(fontsize=8)
    with mpl.rc_context({"svg.hashsalt": "chat", "svg.fonttype": "none"}):
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    path.write_text("".join(f"{line.rstrip()}\n" for line in path.read_text().splitlines()))
