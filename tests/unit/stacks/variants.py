"""The hosting system in its variants, and what each of them declares."""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from settings import DatabaseVariant, FilesKind, Provider, Settings, load
from settings import Hosting as HostingSettings
from stacks.hosting import Hosting
from tests.unit.components.readers import SeenMachine
from tests.unit.components.recorder import Recording, record
from tests.unit.settings.stack_files import document_of, flat

TYPES: Final = {Provider.OVH: "b3-8", Provider.SCALEWAY: "POP2-2C-8G"}


@dataclass(frozen=True)
class Variant:
    """Providers of the primary and, where there are two, the secondary site; how databases replicate; whose the files."""

    providers: tuple[Provider, ...]
    database: DatabaseVariant = DatabaseVariant.MAXSCALE
    files: FilesKind = FilesKind.MANAGED
    environment: str = "prod"
    initialised: bool = True
    patch: tuple[tuple[str, Any], ...] = ()
    """Further values of the hosting system: (key, value)."""

    def __str__(self) -> str:
        parts = ["+".join(self.providers), self.database.value, self.files.value, self.environment]
        return "-".join([*parts, *([] if self.initialised else ["day 0"])])

    @property
    def document(self) -> Any:
        """A stack file's content: production's, with the sites that the variant has."""
        document = document_of("prod")
        config = document["config"]
        hosting = config["platform:hosting"]
        config["platform:environment"] = self.environment
        if self.database is DatabaseVariant.GALERA:
            del hosting["database"]["maxscale_version"]
        hosting["database"]["variant"] = self.database.value
        hosting["files"]["kind"] = self.files.value
        hosting["vault"]["initialised"] = self.initialised
        hosting["sites"] = [
            self._site(provider, index, next(site for site in hosting["sites"] if site["provider"] == provider))
            for index, provider in enumerate(self.providers)
        ]
        hosting.update(self.patch)
        return document

    def _site(self, provider: Provider, index: int, site: dict[str, Any]) -> dict[str, Any]:
        machines = site["machines"]
        machines["app"]["count"] = 4 if index == 0 else 2
        if len(self.providers) == 1:
            del machines["link"]
        if index == 0:
            machines["vault"] = {"count": 3, "type": TYPES[provider]}
        if self.files is FilesKind.GLUSTER:
            machines["files"] = {"count": 3, "type": TYPES[provider]}
        return {**site, "role": ("primary", "secondary")[index]}

    @property
    def settings(self) -> Settings:
        """The variant as the program sees it."""
        return load(self.environment, flat(self.document))

    @property
    def hosting(self) -> HostingSettings:
        """The section of the hosting system."""
        hosting = self.settings.hosting
        assert hosting is not None
        return hosting


def projects(hosting: HostingSettings) -> dict[str, str]:
    """The projects that the operator's credentials open."""
    return {provider.value: account.project for provider, account in hosting.accounts.items()}


def declare(variant: Variant) -> Recording:
    """Run the hosting system's program for a variant."""
    settings, hosting = variant.settings, variant.hosting
    return record(lambda: Hosting(settings, hosting).outputs, stack=variant.environment, projects=projects(hosting))


@functools.cache
def declared(variant: Variant) -> Recording:
    """What a variant declares; it is run once in a process."""
    return declare(variant)


def facts_of(machine: SeenMachine) -> Mapping[str, Any]:
    """What a machine learns of itself with its user data."""
    return _facts(machine.user_data)


@functools.cache
def _facts(user_data: str) -> Mapping[str, Any]:
    written = {file["path"]: file for file in yaml.load(user_data, yaml.CSafeLoader)["write_files"]}
    return facts_in(base64.b64decode(written["/etc/platform/machine.json"]["content"]).decode())


def facts_in(document: str) -> Mapping[str, Any]:
    """The facts in a `machine.json`."""
    facts: dict[str, Any] = json.loads(document)["platform"]
    return facts
