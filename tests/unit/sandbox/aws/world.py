"""A simulated AWS without the engine: kinds are asked directly, and moto is looked into with boto3."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import jmespath
from botocore import xform_name
from botocore.exceptions import ClientError

from sandbox.cloud import Call, CloudError, Servers, Session
from sandbox.clouds.aws import CLOUD
from sandbox.properties import Properties
from sandbox.schema import Failure
from sandbox.servers.aws import Aws
from sandbox.servers.process import free_port
from sandbox.store import Account, Row, Store

REGION = "eu-west-3"


@dataclass(frozen=True)
class Look:
    """A call of AWS and where in its answer to look; `{id}` and `{property}` are those of the resource."""

    service: str
    operation: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    path: str = "@"
    region: str = REGION


@dataclass(frozen=True)
class Example:
    """A resource, what it needs (`{name.property}` in its inputs names other examples), and what its life looks like.

    `look` finds `created` in moto after the creation and `updated` after `update`; it finds nothing after the
    deletion. `drift` is done with boto3, and a refresh then finds `drifted`.
    """

    token: str
    inputs: Properties
    look: Look | None = None
    created: Any = None
    update: Properties = field(default_factory=dict)
    updated: Any = None
    drift: Look | None = None
    drifted: Properties = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    """Examples that no input names."""
    stays: bool = False
    """Whether what is looked at is still there after the deletion."""


class World:
    """The simulated AWS of a test session."""

    def __init__(self, folder: Path, config: Properties | None = None, port: int = 0) -> None:
        self.store = Store(folder / "clouds.sqlite")
        self.aws = Aws(self.store, port or free_port(), folder / "aws.key")
        account = Account("aws", "operator", "", "", frozenset())
        self.kept: set[int] = set()
        self.session = Session(account, {"region": REGION, **(config or {})})

    def call(self, name: str) -> Call:
        urn = f"urn:pulumi:test::small::type$of::{name}"
        return Call("aws", self.store, self.session, urn, Servers(aws=self.aws))

    def check(self, token: str, inputs: Properties, name: str = "x") -> list[Failure]:
        kind = CLOUD.kinds[token]
        named = kind.name_it(inputs, {}, self.call(name))
        return list(kind.schema.check(named)) or list(kind.check(named, self.call(name)))

    def create(self, token: str, inputs: Properties, name: str = "x") -> Row:
        kind, call = CLOUD.kinds[token], self.call(name)
        named = kind.name_it(inputs, {}, call)
        failures = list(kind.schema.check(named)) or list(kind.check(named, call))
        if failures:
            raise CloudError("; ".join(f"{failure.property}: {failure.reason}" for failure in failures))
        identifier, _ = kind.create(named, call)
        return self.row(token, identifier)

    def keep(self, row: Row) -> None:
        """Leave a resource out of what tests see."""
        self.kept.add(row.seq)

    def rows(self) -> list[Row]:
        return [row for row in self.store.rows("aws") if row.seq not in self.kept]

    def row(self, token: str, identifier: str) -> Row:
        found = self.store.get("aws", token, identifier)
        assert found is not None
        return found

    def update(self, row: Row, change: Properties) -> Row:
        row = self.row(row.token, row.id)
        inputs = {name: value for name, value in {**row.inputs, **change}.items() if value is not None}
        kind, call = CLOUD.kinds[row.token], self.call("x")
        failures = list(kind.schema.check(inputs)) or list(kind.check(inputs, call))
        assert failures == []
        kind.update(row, inputs, call)
        return self.row(row.token, row.id)

    def refresh(self, row: Row) -> Properties | None:
        return CLOUD.kinds[row.token].observe(row, self.call("x"))

    def delete(self, row: Row) -> None:
        CLOUD.kinds[row.token].delete(row, self.call("x"))

    def client(self, service: str, region: str = REGION) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.aws.endpoint,
            region_name=region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def look(self, look: Look, properties: Mapping[str, Any]) -> Any:
        """What moto answers; None where there is no such thing."""
        arguments = filled(look.arguments, properties)
        try:
            answer = getattr(self.client(look.service, look.region), xform_name(look.operation))(**arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if re.search(r"NotFound|NoSuch|NotExist|NonExist|404|NotConfigured|Unknown", code + str(error), re.I):
                return None
            raise
        return jmespath.search(filled(look.path, properties), answer)


class Examples:
    """Creates examples with all that they need, and removes them in the other order."""

    def __init__(self, world: World, examples: Mapping[str, Example]) -> None:
        self.world = world
        self.examples = examples
        self.rows: dict[str, Row] = {}

    def row(self, name: str) -> Row:
        if name not in self.rows:
            example = self.examples[name]
            for needed in example.needs:
                self.row(needed)
            self.rows[name] = self.world.create(example.token, self.inputs(example.inputs), name)
        return self.rows[name]

    def inputs(self, value: Any) -> Any:
        """Inputs with the properties of other examples filled in."""
        if isinstance(value, Mapping):
            return {key: self.inputs(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.inputs(inner) for inner in value]
        if isinstance(value, str):
            return re.sub(r"\{(\w+)\.([\w.]+)\}", lambda found: self._property(found[1], found[2]), value)
        return value

    def _property(self, name: str, which: str) -> str:
        found: Any = {**self.row(name).outputs, "id": self.row(name).id}
        for step in which.split("."):
            found = found[int(step) if step.isdigit() else step]
        return str(found)

    def remove(self) -> None:
        for name in reversed(self.rows):
            row = self.world.store.get("aws", self.rows[name].token, self.rows[name].id)
            if row is not None:
                self.world.delete(row)
        self.rows.clear()


def properties(row: Row) -> Properties:
    return {**row.inputs, **row.outputs, "id": row.id}


def filled(value: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return {key: filled(inner, known) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, known) for inner in value]
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda found: str(known[found[1]]), value)
    return value


def named(*groups: Mapping[str, Example]) -> Iterator[tuple[str, Example]]:
    for group in groups:
        yield from group.items()
