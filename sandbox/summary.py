"""What an update has built, on one screen."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from catalog.cost import estimate
from settings import Settings


def show(console: Console, settings: Settings, outputs: dict[str, Any], state: dict[str, Any]) -> None:
    """Print systems, machines, addresses, buckets, cost and what the policies said."""
    resources = state["deployment"]["resources"]
    console.print(f"\n[bold]{settings.system}[/] in stack {settings.environment}: {len(resources)} resources")
    console.print(_machines(outputs["machines"]))
    table = Table("", "", show_header=False, box=None)
    table.add_row("address", f"{outputs['url']}  →  {', '.join(outputs['entry'])}")
    table.add_row("release", outputs["app_version"])
    table.add_row("bastions", ", ".join(outputs["bastions"]))
    for bucket in outputs["buckets"]:
        table.add_row("bucket", f"{bucket['name']}  ({bucket['provider']}, {bucket['region']})")
    lines = estimate(settings, resources)
    for line in lines:
        table.add_row("cost", f"{line.eur:8.0f} € a month  {line.provider}: {line.count} {line.what}")
    total = sum(line.eur for line in lines)
    within = "within" if total <= settings.budget_eur_month else "[red]over[/]"
    budget = f"{within} the budget of {settings.budget_eur_month} €"
    table.add_row("", f"[bold]{total:8.0f} € a month[/]  by list prices without VAT, {budget}")
    table.add_row("policies", "[green]all passed[/] (a mandatory violation would have stopped the update)")
    console.print(table)


def _machines(machines: list[dict[str, Any]]) -> Table:
    table = Table("role", "site", "zone", "machines", "addresses", title=f"{len(machines)} machines")
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for machine in machines:
        groups.setdefault((machine["site"], machine["role"], machine["zone"]), []).append(machine)
    for (site, role, zone), members in groups.items():
        table.add_row(role, site, zone, str(len(members)), ", ".join(member["address"] for member in members))
    return table
