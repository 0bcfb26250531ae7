"""What all simulated clouds have in common: kinds of resources, their references, and the rules of their life."""

from __future__ import annotations

import contextlib
import secrets
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final

from sandbox import schema
from sandbox.properties import UNKNOWN, Properties, find
from sandbox.schema import Failure
from sandbox.store import Account, Row, Store

if TYPE_CHECKING:
    from sandbox.servers.aws import Aws
    from sandbox.servers.object_storage import ObjectStorage

AUTONAME_HEX_DIGITS: Final = 7  # what the bridged providers append to a resource's name


class CloudError(Exception):
    """The cloud refuses; the text is what its user reads."""


@dataclass(frozen=True)
class Reference:
    """An input that names another resource of the same provider and account.

    `path` is where the input is (`networks[].networkId`), `tokens` the types that it may name, and `output` the
    property of the target that the value is compared with. Properties in `same` must be equal on both sides, e.g.
    the region: `("region",)`.
    """

    path: str
    tokens: tuple[str, ...]
    output: str = "id"
    same: tuple[str, ...] = ()


@dataclass(frozen=True)
class Session:
    """One configured provider of a Pulumi program: who it is, and its defaults."""

    account: Account
    config: Properties


@dataclass(frozen=True)
class Servers:
    """The real servers behind the simulated clouds."""

    object_storage: Mapping[str, ObjectStorage] = field(default_factory=dict)
    vault_address: str = ""
    aws: Aws | None = None


@dataclass(frozen=True)
class Call:
    """Everything that a resource's rules may look at during one call of the engine."""

    provider: str
    store: Store
    session: Session
    urn: str
    servers: Servers

    @property
    def object_storage(self) -> ObjectStorage:
        """The provider's S3 server."""
        return self.servers.object_storage[self.provider]

    @property
    def aws(self) -> Aws:
        """The AWS behind the simulated one."""
        if self.servers.aws is None:
            raise CloudError("this sandbox has no AWS")
        return self.servers.aws

    @property
    def logical_name(self) -> str:
        """The name that the program gave the resource."""
        return self.urn.rsplit("::", 1)[-1]

    def rows(self, token: str) -> list[Row]:
        """The account's resources of a type."""
        return [row for row in self.store.rows(self.provider, token) if row.project in self._projects]

    def get(self, token: str, identifier: str) -> Row | None:
        """One of the account's resources; those of others cannot be seen."""
        row = self.store.get(self.provider, token, identifier)
        return row if row is not None and row.project in self._projects else None

    @property
    def _projects(self) -> frozenset[str]:
        return self.session.account.projects | {""}


class Kind:
    """A type of resource: subclasses state its rules, and override what is special about its life."""

    token: ClassVar[str]
    replace_on: ClassVar[frozenset[str]] = frozenset()
    """Inputs whose change makes the real provider create the resource anew."""
    references: ClassVar[tuple[Reference, ...]] = ()
    write_only: ClassVar[frozenset[str]] = frozenset()
    """Inputs that the real API never reads back, so that drift in them stays unseen."""
    hidden: ClassVar[frozenset[str]] = frozenset()
    """Properties that the cloud's own list must not keep, because they are secrets."""
    local: ClassVar[bool] = False
    """Whether the resource is only in the program's state, because no cloud has it (a random value, a key)."""
    unique: ClassVar[frozenset[str]] = frozenset()
    """Inputs, e.g. `name`, that no two resources of the type in one account may share."""
    autoname: ClassVar[bool] = False
    """Whether the provider invents a `name` where none is given."""

    @property
    def schema(self) -> schema.Schema:
        """Inputs and outputs, from the SDK."""
        return schema.of_resource(self.token)

    def project(self, inputs: Properties, call: Call) -> str:
        """The project that pays for the resource; empty where the provider has none."""
        return ""

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """What the provider's API would refuse, seen from the inputs alone; values may be UNKNOWN."""
        yield from ()

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """Raise CloudError where the cloud as it is now cannot take the resource; `existing` is None on create."""

    def new_id(self, inputs: Properties, call: Call) -> str:
        """The id of a new resource."""
        return str(uuid.uuid4())

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """The outputs that the cloud adds to the inputs."""
        return {}

    # Kinds with a real server behind them override these; they run inside the store's transaction.

    def on_create(self, identifier: str, inputs: Properties, outputs: Properties, call: Call) -> None:
        """Do it for real."""

    def undo(self, row: Row, call: Call) -> None:
        """Remove what a create that failed half-way has left."""
        self.on_delete(row, call)

    def on_update(self, row: Row, inputs: Properties, outputs: Properties, call: Call) -> None:
        """Change it for real."""

    def on_delete(self, row: Row, call: Call) -> None:
        """Remove it for real."""

    def observe(self, row: Row, call: Call) -> Properties | None:
        """What a read finds; None where the resource is gone."""
        return row.outputs

    def handed_over(self, row: Row, call: Call) -> Properties:
        """Secrets that the API hands out and the cloud's own list does not keep."""
        return {}

    # Local kinds, of which no cloud knows anything, override these.

    def on_local_update(self, old: Properties, inputs: Properties, call: Call) -> Properties:
        """What a change of inputs does to the outputs."""
        return {}

    def on_local_delete(self, state: Properties, call: Call) -> None:
        """What is left to do at the end."""

    # The life of a resource

    def replaces(self, changed: Collection[str], old: Properties, new: Properties) -> set[str]:
        """Which of the changed inputs force the resource to be created anew."""
        return set(changed) & self.replace_on

    def deletes_first(self, old: Properties, new: Properties) -> bool:
        """Whether the old one must go before a new one can be: they would share what must be unique."""
        return any(old.get(name) is not None and old.get(name) == new.get(name) for name in self.unique)

    def name_it(self, inputs: Properties, old: Properties, call: Call) -> Properties:
        """Fill in the name that the provider would invent, and keep it from then on."""
        if not self.autoname or inputs.get("name") is not None:
            return inputs
        name = old.get("name") or f"{call.logical_name}-{secrets.token_hex(4)[:AUTONAME_HEX_DIGITS]}"
        return {**inputs, "name": name}

    def targets(self, inputs: Properties, call: Call) -> list[Row]:
        """The resources that the inputs name; CloudError where one is missing or elsewhere."""
        found: list[Row] = []
        for reference in self.references:
            for where, value in find(inputs, reference.path):
                found.append(self._target(reference, where, value, inputs, call))
        return found

    def _target(self, reference: Reference, where: str, value: Any, inputs: Properties, call: Call) -> Row:
        complaint = None
        # A name, unlike an id, may be one of several resources, each in a place of its own.
        for row in self._named(reference, value, call):
            complaint = self.elsewhere(reference, row, inputs, call)
            if complaint is None:
                return row
        if complaint is not None:
            raise CloudError(f"{where}: {complaint}")
        kinds = " or ".join(token.rsplit(":", 1)[-1] for token in reference.tokens)
        raise CloudError(f"{where}: there is no {kinds} {value!r} in this account")

    def _named(self, reference: Reference, value: Any, call: Call) -> Iterator[Row]:
        for token in reference.tokens:
            if reference.output != "id":
                yield from (row for row in call.rows(token) if row.outputs.get(reference.output) == value)
            elif (row := call.get(token, str(value))) is not None:
                yield row

    def elsewhere(self, reference: Reference, row: Row, inputs: Properties, call: Call) -> str | None:
        """Why a target is in the wrong place; None where it is in the right one."""
        for name in reference.same:
            here, there = self.given(name, inputs, call), row.outputs.get(name)
            if here is not None and there is not None and here != there:
                return (
                    f"{row.name} is in {name} {there}, but this resource is in {here}; both must be in the same {name}"
                )
        return None

    def given(self, name: str, inputs: Properties, call: Call) -> Any:
        """An input, or what the provider takes where there is none."""
        return inputs.get(name)

    def _admit_unique(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        for name in sorted(self.unique):
            value = inputs.get(name)
            for row in call.rows(self.token) if value is not None else ():
                if row.outputs.get(name) == value and (existing is None or row.seq != existing.seq):
                    raise CloudError(f"409 {name} {value!r} is taken by {row.id}; choose another or delete that one")

    def create(self, inputs: Properties, call: Call) -> tuple[str, Properties]:
        """Create the resource and return its id and outputs, or raise CloudError and leave everything as it was."""
        if self.local:
            identifier = self.new_id(inputs, call)
            return identifier, {**inputs, **self.computed(identifier, inputs, call, None)}
        with call.store.transaction():
            targets = self.targets(inputs, call)
            self._admit_unique(inputs, call, None)
            self.admit(inputs, call, None)
            identifier = self.new_id(inputs, call)
            if call.store.get(call.provider, self.token, identifier) is not None:
                raise CloudError(f"409 there is a {self.token.rsplit(':', 1)[-1]} {identifier} already")
            outputs = {**inputs, **self.computed(identifier, inputs, call, None)}
            kept = self._kept(inputs), self._kept(outputs)
            project = self.project(inputs, call)
            row = call.store.insert(Row(0, call.provider, self.token, identifier, project, call.urn, *kept), targets)
            try:
                self.on_create(identifier, inputs, outputs, call)
                call.store.change(row, self._kept(inputs), self._kept(outputs))  # with what the server has added
                return identifier, {**outputs, **self.handed_over(row, call)}
            except BaseException:
                with contextlib.suppress(CloudError):  # what failed first is what the user must read
                    self.undo(row, call)
                raise

    def _kept(self, properties: Properties) -> Properties:
        return {name: value for name, value in properties.items() if name not in self.hidden}

    def update(self, row: Row, inputs: Properties, call: Call) -> Properties:
        """Change the resource in place and return its new outputs."""
        with call.store.transaction():
            targets = self.targets(inputs, call)
            self._admit_unique(inputs, call, row)
            self.admit(inputs, call, row)
            removed = row.inputs.keys() - inputs.keys()
            kept = {key: value for key, value in row.outputs.items() if key not in removed}
            outputs = {**kept, **inputs, **self.computed(row.id, inputs, call, row)}
            self.on_update(row, inputs, outputs, call)
            call.store.change(row, self._kept(inputs), self._kept(outputs), targets)
            return {**outputs, **self.handed_over(row, call)}

    def delete(self, row: Row, call: Call) -> None:
        """Remove the resource, unless others use it."""
        with call.store.transaction():
            users = call.store.users_of(row)
            if users:
                named = ", ".join(f"{user.token.rsplit(':', 1)[-1]} {user.name}" for user in users[:5])
                raise CloudError(f"{row.name} is in use by {named}; delete or change that first")
            self.on_delete(row, call)
            call.store.delete(row)

    def preview(self, inputs: Properties) -> Properties:
        """What is known before the create: the inputs; everything else comes later."""
        return {**dict.fromkeys(self.schema.outputs, UNKNOWN), **inputs}


Function = Callable[[Properties, Call], Properties]


@dataclass(frozen=True)
class Cloud:
    """A provider: its kinds, its functions, and how it knows its customers."""

    name: str
    kinds: Mapping[str, Kind]
    functions: Mapping[str, Function] = field(default_factory=dict)
    credentials: tuple[str, str] | None = None
    """The configuration properties that hold an access key and a secret; None where there is nobody to know."""
    variables: tuple[str, str] = ("", "")
    """The environment variables that the provider reads where the configuration has no credentials."""
    quotas: Mapping[str, int] = field(default_factory=dict)
    """How many resources of a type one project may have."""


def by_token(*kinds: Kind) -> dict[str, Kind]:
    """Kinds by their token."""
    return {kind.token: kind for kind in kinds}
