"""What an update has built, on one screen."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from settings import Settings


def show(console: Console, settings: Settings, outputs: dict[str, Any], state: dict[str, Any]) -> None:
    """Print systems, machines, addresses, buckets, cost and what the policies said."""
    console.print(outputs)
