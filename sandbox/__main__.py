"""`python -m sandbox …`: the simulated clouds from a shell: start and stop, look, change behind the program's back, break.

Exit status: 0 done; 1 refused, or the engine failed; 2 a wrong command.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from engine.workspace import EngineError
from sandbox import daemon
from sandbox.daemon import DIRECTORY, SandboxError
from sandbox.store import Row, Store
from settings import SettingsError

CONSOLE: Final = Console()
PROVIDERS: Final = ("ovh", "scaleway", "aws", "vault", "random", "tls", "command")
FAULTS: Final = {
    "latency_ms": "milliseconds that every call takes longer",
    "error_rate": "share of calls that fail with 503, from 0 to 1",
    "outage": "1: the API does not answer",
    "quota": "how many of every type a project may have",
}
LARGEST: Final = {"latency_ms": 600_000, "error_rate": 1, "outage": 1, "quota": 1_000_000}


class RefusedError(Exception):
    """The command cannot be done; the text says why."""


def _store() -> Store:
    if not DIRECTORY.exists():
        raise RefusedError("there is no sandbox here; `make up` or `python -m sandbox start` makes one")
    return Store(DIRECTORY / "clouds.sqlite")


def _find(store: Store, identifier: str) -> Row:
    """A resource by its id, its name, or the beginning of either, as long as that is one resource."""
    rows = store.rows()
    for matches in (
        [row for row in rows if identifier in (row.id, row.name)],
        [row for row in rows if row.id.startswith(identifier) or row.name.startswith(identifier)],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            names = "\n  ".join(f"{row.id}  {row.token}  {row.name}" for row in matches[:10])
            raise RefusedError(f"{identifier!r} is {len(matches)} resources; give an id:\n  {names}")
    raise RefusedError(f"there is no resource {identifier!r}; `python -m sandbox list` shows them")


def _table(*columns: str, title: str | None = None) -> Table:
    """A table that shows every id whole, also on a narrow screen."""
    table = Table(title=title)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


# Commands


def start(_: argparse.Namespace) -> int:
    """Start the clouds."""
    running = daemon.ensure_running()
    CONSOLE.print(f"The simulated clouds are ready (process {running.pid}).")
    return 0


def stop(_: argparse.Namespace) -> int:
    """End the clouds; what they hold stays."""
    daemon.stop()
    CONSOLE.print("The simulated clouds are stopped.")
    return 0


def status(_: argparse.Namespace) -> int:
    """Say whether the clouds run, where, and what is broken."""
    running = daemon.running()
    if running is None:
        CONSOLE.print("The simulated clouds do not run.")
        return 1
    table = _table("service", "address", title=f"process {running.pid}")
    for provider, port in running.providers.items():
        table.add_row(f"provider {provider}", f"127.0.0.1:{port}")
    for provider, endpoint in running.object_storage.items():
        table.add_row(f"object storage of {provider}", endpoint)
    table.add_row("vault", running.vault)
    CONSOLE.print(table)
    return faults(_)


def list_(arguments: argparse.Namespace) -> int:
    """List what the clouds hold."""
    rows = [
        row
        for row in _store().rows(arguments.provider)
        if arguments.type is None or arguments.type.lower() in row.token.lower()
    ]
    if arguments.json:
        shown = [{"provider": r.provider, "type": r.token, "id": r.id, "name": r.name, "urn": r.urn} for r in rows]
        print(json.dumps(shown, indent=2))
        return 0
    table = _table("type", "name", "id", title=f"{len(rows)} resources")
    for row in rows:
        table.add_row(row.token, row.name, row.id)
    CONSOLE.print(table)
    return 0


def show(arguments: argparse.Namespace) -> int:
    """Show one resource as a read would find it."""
    row = _find(_store(), arguments.resource)
    print(json.dumps({"type": row.token, "id": row.id, "urn": row.urn, "properties": row.outputs}, indent=2))
    return 0


def set_(arguments: argparse.Namespace) -> int:
    """Change a resource behind the program's back, so that `pulumi refresh` has drift to find."""
    store = _store()
    row = _find(store, arguments.resource)
    name, separator, text = arguments.change.partition("=")
    if not separator or name not in row.outputs:
        raise RefusedError(f"{arguments.change!r} is not PROPERTY=VALUE with one of {', '.join(sorted(row.outputs))}")
    value, present = _value(text), row.outputs[name]
    if present is not None and type(value) is not type(present):
        raise RefusedError(f"{name} of {row.name} is {json.dumps(present)}; {text!r} is of another type")
    store.change(row, row.inputs, {**row.outputs, name: value})
    CONSOLE.print(f"{row.name}: {name} is now {text}")
    return 0


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def delete(arguments: argparse.Namespace) -> int:
    """Make a resource vanish from its cloud behind the program's back; its users keep their broken references."""
    from sandbox.cloud import CloudError
    from sandbox.removal import remove

    store = _store()
    row = _find(store, arguments.resource)
    try:
        remove(row, store, DIRECTORY)
    except CloudError as error:
        raise RefusedError(f"{row.name} stays: {error}") from None
    CONSOLE.print(f"{row.name} is gone.")
    return 0


def fault(arguments: argparse.Namespace) -> int:
    """Break something at a provider, or mend it with `off`."""
    value = None
    if arguments.value != "off":
        try:
            value = float(arguments.value)
        except ValueError:
            raise RefusedError(f"{arguments.value!r} is not a number and not 'off'") from None
        most = LARGEST[arguments.kind]
        if not 0 <= value <= most:
            raise RefusedError(
                f"{arguments.kind} is {FAULTS[arguments.kind]}; {arguments.value} is not between 0 and {most}"
            )
    _store().set_fault(arguments.provider, arguments.kind, value)
    return faults(arguments)


def faults(_: argparse.Namespace) -> int:
    """List what is broken on purpose."""
    broken = _store().faults()
    for (provider, kind), value in sorted(broken.items()):
        CONSOLE.print(f"{provider}: {kind} {value:g} ({FAULTS[kind]})")
    if not broken:
        CONSOLE.print("Nothing is broken.")
    return 0


def accounts(_: argparse.Namespace) -> int:
    """List who has credentials, without the secrets."""
    table = _table("provider", "account", "access key", "projects")
    for account in _store().accounts():
        table.add_row(account.provider, account.name, account.access, "\n".join(sorted(account.projects)))
    CONSOLE.print(table)
    return 0


def up(arguments: argparse.Namespace) -> int:
    """Bring a stack up and show what was built."""
    from sandbox import session

    return session.up(arguments.stack)


def preview(arguments: argparse.Namespace) -> int:
    """Preview a stack."""
    from sandbox import session

    return session.preview(arguments.stack)


def down(_: argparse.Namespace) -> int:
    """Destroy all stacks and remove the clouds."""
    from sandbox import session

    return session.down()


Command = Callable[[argparse.Namespace], int]
COMMANDS: Final[dict[str, Command]] = {
    "up": up,
    "preview": preview,
    "down": down,
    "start": start,
    "stop": stop,
    "status": status,
    "list": list_,
    "show": show,
    "set": set_,
    "delete": delete,
    "fault": fault,
    "faults": faults,
    "accounts": accounts,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="The simulated clouds.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Command) -> argparse.ArgumentParser:
        parser = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
        parser.set_defaults(run=run)
        return parser

    for name in ("up", "preview"):
        add(name, COMMANDS[name]).add_argument("--stack", default="sandbox", help="which Pulumi.<stack>.yaml")
    for name in ("down", "start", "stop", "status", "faults", "accounts"):
        add(name, COMMANDS[name])
    listing = add("list", COMMANDS["list"])
    listing.add_argument("--provider", choices=PROVIDERS)
    listing.add_argument("--type", help="part of a type's name")
    listing.add_argument("--json", action="store_true")
    for name in ("show", "set", "delete"):
        add(name, COMMANDS[name]).add_argument("resource", help="id or name, or its beginning")
    commands.choices["set"].add_argument("change", metavar="PROPERTY=VALUE")
    breaking = add("fault", COMMANDS["fault"])
    breaking.add_argument("provider", choices=PROVIDERS)
    breaking.add_argument("kind", choices=FAULTS, help="; ".join(f"{k}: {v}" for k, v in FAULTS.items()))
    breaking.add_argument("value", help="a number, or off")
    return parser


def main() -> None:
    """Run the command that the arguments name."""
    arguments = _parser().parse_args()
    try:
        sys.exit(arguments.run(arguments))
    except (EngineError, RefusedError, SandboxError, SettingsError) as error:
        CONSOLE.print(str(error), style="red", markup=False, highlight=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
