"""Whoever mends a stack file sees all its mistakes at once, and nothing is declared before they are mended."""

from __future__ import annotations

import asyncio
import contextvars
import runpy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pulumi
import pytest
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks, set_all_config, set_mocks
from pulumi.runtime.settings import set_root_resource
from pulumi.runtime.stack import run_in_stack

from settings import Hosting, Settings, SettingsError, load, read
from settings.load import ROOT
from tests.unit.settings.stack_files import REMOVED, complaints, document_of, flat, patched, write

MISTAKES: Final[dict[str, Any]] = {
    "organisation": "Alertes",
    "owners": ["hosting@example.eu"],
    "budget_eur_month": "plenty",
    "hosting.app_port": 80,
    "hosting.dns.zone": REMOVED,
    "hosting.vault.address": "http://vault.example.org:8200",
    "hosting.database.maxscale_version": "23.08.6",
    "hosting.database.password": "correct-horse",
    "hosting.backups.replicas[0].region": "UK",
    "hosting.backups.replicas[1].lock_days": "7",
    "hosting.backups.replicas[2].provider": "aws",
    "hosting.sites[0].region": "BHS5",
    "hosting.sites[0].machines.app.type": "b3-7",
    "hosting.sites[0].machines.database.count": 4,
    "hosting.sites[0].machines.databse": {"count": 3, "type": "b3-16"},
    "hosting.sites[1].cidr": "10.20.0.0/20",
    "hosting.sites[1].zones[2]": "nl-ams-4",
    "hosting.sites[1].machines.front": REMOVED,
    "hosting.sites[1].machines.link.count": 1,
}
"""Mistakes of every kind: of one value, of values that are compared, and of values that are compared with wrong ones."""


def test_all_mistakes_are_shown_at_once(tmp_path: Path) -> None:
    write(tmp_path, "sandbox", MISTAKES)
    with pytest.raises(SettingsError) as caught:
        read("sandbox", tmp_path)
    assert {found.key for found in complaints(str(caught.value))} == {f"platform:{key}" for key in MISTAKES}


def test_mistakes_are_shown_in_the_order_of_the_file(tmp_path: Path) -> None:
    write(tmp_path, "sandbox", MISTAKES)
    with pytest.raises(SettingsError) as caught:
        read("sandbox", tmp_path)
    lines = [found.line for found in complaints(str(caught.value))]
    assert None not in lines
    assert lines == sorted(lines, key=lambda line: line or 0)


def test_several_mistakes_at_one_key_are_all_shown(tmp_path: Path) -> None:
    replica = {"name": "near", "provider": "ovh", "region": "SBG", "lock_days": 0}
    write(tmp_path, "sandbox", {"hosting.backups.replicas": [replica, replica | {"name": "far"}]})
    with pytest.raises(SettingsError) as caught:
        read("sandbox", tmp_path)
    assert sorted(found.given for found in complaints(str(caught.value))) == [
        "has 2 entries",
        "has no replica with a lock",
        "is at ovh alone",
    ]


def _leaves(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, child in value.items():
            yield from _leaves(child, f"{key}.{name}" if key else name.removeprefix("platform:"))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _leaves(child, f"{key}[{index}]")
    else:
        yield key


LEAVES: Final = [key for key in _leaves(document_of("sandbox")["config"]) if ":" not in key]


@pytest.mark.parametrize("key", LEAVES)
def test_any_value_may_be_wrong_or_missing_and_others_are_still_checked(key: str, tmp_path: Path) -> None:
    """No rule stumbles over a value that is wrong itself, nor hides a mistake somewhere else."""
    elsewhere = "owner" if key == "organisation" else "organisation"
    for value in (None, 7.5, "\N{SNOWMAN}", [], {}, [{}], {"x": []}, *([] if key.endswith("]") else [REMOVED])):
        with pytest.raises(SettingsError) as caught:
            load("sandbox", flat(patched("sandbox", {key: value, elsewhere: "-"})), root=tmp_path)
        keys = {found.key for found in complaints(str(caught.value))}
        assert any(found.startswith(f"platform:{key}") for found in keys)
        assert f"platform:{elsewhere}" in keys


class Clouds(Mocks):
    """Takes every resource and remembers its type, but for the stack itself."""

    def __init__(self) -> None:
        self.declared: list[str] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if args.typ != "pulumi:pulumi:Stack":
            self.declared.append(args.typ)
        return f"{args.name}-id", dict(args.inputs)

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return dict(args.args), None


def _run(document: Mapping[str, Any], clouds: Clouds) -> None:
    """Runs the whole program on a stack file's content as the engine would."""

    def program() -> None:
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    def run() -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        set_all_config(flat(document))
        set_mocks(clouds, project="platform", stack="sandbox", preview=True)
        set_root_resource(None)  # type: ignore[arg-type] # the stack that mocks make is finished; the program gets one as the engine's does
        try:
            loop.run_until_complete(run_in_stack(program))
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    # The engine's SDK keeps its state in context variables: a copy leaves other tests alone.
    contextvars.copy_context().run(run)


def test_the_program_declares_nothing_while_settings_are_wrong() -> None:
    clouds = Clouds()
    with pytest.raises(pulumi.RunError) as caught:
        _run(patched("sandbox", MISTAKES), clouds)
    assert clouds.declared == []
    assert {found.key for found in complaints(str(caught.value))} == {f"platform:{key}" for key in MISTAKES}


class Small(pulumi.ComponentResource):
    """A system of one resource."""

    def __init__(self, settings: Settings, hosting: Hosting) -> None:
        super().__init__("test:index:Small", settings.organisation)
        self.outputs = {"domain": hosting.domain}


def test_the_program_declares_the_system_when_settings_are_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stacks.hosting.Hosting", Small)
    clouds = Clouds()
    _run(document_of("sandbox"), clouds)
    assert clouds.declared == ["test:index:Small"]
