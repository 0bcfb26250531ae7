"""What an update has built, on one screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from catalog.cost import estimate
from settings import Settings


def show(console: Console, settings: Settings, outputs: dict[str, Any], state: dict[str, Any]) -> None:
    """Print systems, machines, addresses, buckets, cost and what the policies said."""
    resources = state["deployment"]["resources"]
    console.print(f"\n[bold]{settings.system}[/] in stack {settings.environment}: {len(resources)} resources")
    if "machines" in outputs:
        console.print(_machines(outputs["machines"]))
    if "services" in outputs:
        console.print(_services(outputs["services"]))
    table = Table("", "", show_header=False, box=None)
    for what, text in _facts(outputs):
        table.add_row(what, text)
    lines = estimate(settings, resources)
    for line in lines:
        table.add_row("cost", f"{line.eur:8.0f} € a month  {line.provider}: {line.count} {line.what}")
    total = sum(line.eur for line in lines)
    within = "within" if total <= settings.budget_eur_month else "[red]over[/]"
    budget = f"{within} the budget of {settings.budget_eur_month} €"
    table.add_row("", f"[bold]{total:8.0f} € a month[/]  by list prices without VAT, {budget}")
    table.add_row("policies", "[green]all passed[/] (a mandatory violation would have stopped the update)")
    console.print(table)


def _facts(outputs: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What a system has of that which is one line each."""
    entry = f"  →  {', '.join(outputs['entry'])}" if "entry" in outputs else ""
    yield "address", f"{outputs['url']}{entry}"
    if "name_servers" in outputs:
        yield "delegated to", ", ".join(outputs["name_servers"])
    if "app_version" in outputs:
        yield "release", outputs["app_version"]
    if "bastions" in outputs:
        yield "bastions", ", ".join(outputs["bastions"])
    for store in outputs.get("stores", ()):
        yield "store", f"{store['name']}  ({store['what']})"
    for bucket in outputs["buckets"]:
        yield "bucket", f"{bucket['name']}  ({bucket['provider']}, {bucket['region']})"
    if "dashboard" in outputs:
        yield "dashboard", outputs["dashboard"]


def _services(services: list[dict[str, Any]]) -> Table:
    table = Table("service", "tasks", "at most", title=f"{sum(service['tasks'] for service in services)} tasks")
    for service in services:
        table.add_row(service["name"], str(service["tasks"]), str(service["most"]))
    return table


def _machines(machines: list[dict[str, Any]]) -> Table:
    table = Table("role", "site", "zone", "machines", "addresses", title=f"{len(machines)} machines")
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for machine in machines:
        groups.setdefault((machine["site"], machine["role"], machine["zone"]), []).append(machine)
    for (site, role, zone), members in groups.items():
        table.add_row(role, site, zone, str(len(members)), ", ".join(member["address"] for member in members))
    return table
