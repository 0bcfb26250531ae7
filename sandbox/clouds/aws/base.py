"""What every AWS resource has in common: a declaration of the API's calls, and the life that follows from it."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import jmespath
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

import catalog
from sandbox import rules
from sandbox.cloud import AUTONAME_HEX_DIGITS, Call, CloudError, Kind, Reference
from sandbox.clouds.aws import shapes
from sandbox.clouds.aws.shapes import Converter, Renames
from sandbox.properties import UNKNOWN, Properties, Unknown, find, has_unknown
from sandbox.schema import Failure
from sandbox.servers.aws import Ask
from sandbox.servers.mending import ACCOUNT_ID
from sandbox.store import Row

CATALOG: Final = catalog.aws()
HOME_REGION: Final = "us-east-1"
"""Where services answer that are the same everywhere, such as IAM."""
GONE: Final = re.compile(
    r"NotFound|NoSuch|NotAttached|Not_?Exist|DoesNotExist|Unknown(Resource|Application)|Missing|\b404\b", re.I
)
_PLACE: Final = re.compile(r"\{([\w.]+)\}")

Template = Any
"""A text with {property} in it, a function of the properties, or a list or map of such."""


@dataclass(frozen=True)
class Api:
    """One of AWS's operations and what it is asked with.

    `arguments` are templates; with `mapped`, every input that the operation has a member for goes there besides. An
    operation that is not `held` is one that moto lacks: what it is asked with is checked, and only the sandbox's list
    keeps it. `takes` names the inputs that the functions among the arguments read; where those functions find nothing
    to say, the operation is not asked, unless `when` decides that. `unset` is asked where all that the operation takes
    was taken away.
    """

    operation: str
    arguments: Mapping[str, Template] = field(default_factory=dict)
    mapped: bool = False
    held: bool = True
    takes: tuple[str, ...] = ()
    unset: Api | None = None
    when: Callable[[Properties], bool] | None = None
    service: str = ""

    def idle(self, arguments: Mapping[str, Any], properties: Properties) -> bool:
        """Whether there is nothing to ask for."""
        if self.when is not None:
            return not self.when(properties)
        functions = [name for name, template in self.arguments.items() if callable(template)]
        return bool(functions) and not any(name in arguments for name in functions)

    def places(self) -> Iterator[str]:
        """The properties that stand in the templates."""
        yield from self.takes
        yield from _places(self.arguments)


@dataclass(frozen=True)
class Reading:
    """A call that finds a resource, and the JMESPath of where it is in the answer."""

    operation: str
    arguments: Mapping[str, Template]
    path: str = "@"
    service: str = ""


@dataclass(frozen=True)
class Named(Reference):
    """A reference by the output `output`, or by one of `also`, as AWS takes ids, names and ARNs for one another."""

    also: tuple[str, ...] = ()


class AwsKind(Kind):
    """A resource of one service; `service` is botocore's name of it."""

    service: ClassVar[str]
    creation: ClassVar[Api]
    identity: ClassVar[Template]
    """The id: a JMESPath in the creation's answer, or a template."""
    afterwards: ClassVar[tuple[Api, ...]] = ()
    """Always asked after the creation."""
    settings: ClassVar[tuple[Api, ...]] = ()
    """Asked after the creation where an input for it is given, and again when that changes."""
    changes: ClassVar[tuple[Api, ...]] = ()
    """Asked when an input that they take changes."""
    deletion: ClassVar[tuple[Api, ...]] = ()
    readings: ClassVar[tuple[Reading, ...]] = ()
    renames: ClassVar[Mapping[str, str]] = {}
    """Where a property goes whose name the API has another word for."""
    outputs: ClassVar[Mapping[str, Template]] = {}
    """Outputs that the API has another word for, or none: a template, or a JMESPath in what the readings find."""
    apart: ClassVar[frozenset[str]] = frozenset()
    """Inputs that are the provider's own business and no API's."""
    also_in: ClassVar[tuple[str, ...]] = ()
    """Regions besides those of the catalogue, where what all regions share is kept."""
    everywhere: ClassVar[bool] = False
    """Whether the service is the same in all regions."""
    naming: ClassVar[str] = "name"
    """The input that the provider invents where it is not given."""
    autoname = True
    one_vpc: ClassVar[bool] = True
    """Whether everything that it refers to must be in one VPC."""
    one_region: ClassVar[bool] = True
    """Whether everything that it refers to must be in its own region."""
    tag_operations: ClassVar[tuple[str, str] | None] = ("TagResource", "UntagResource")
    tagged_by: ClassVar[str] = "{arn}"

    # Where, and under which name

    def region(self, properties: Mapping[str, Any], call: Call) -> str:
        """Its own region, or the provider's."""
        if self.everywhere:
            return HOME_REGION
        given = properties.get("region")
        return str((given if rules.known(given) else None) or call.session.config.get("region") or "")

    def name_it(self, inputs: Properties, old: Properties, call: Call) -> Properties:
        """Fill in the name that the provider would invent, and keep it from then on."""
        field_of_name = self.schema.inputs.get(self.naming)
        if not self.autoname or field_of_name is None or field_of_name.required or inputs.get(self.naming) is not None:
            return inputs
        prefix = inputs.get(f"{self.naming}Prefix") or f"{call.logical_name}-"
        name = old.get(self.naming) or f"{prefix}{secrets.token_hex(4)[:AUTONAME_HEX_DIGITS]}"
        return {**inputs, self.naming: name}

    def _tags(self, inputs: Mapping[str, Any], call: Call) -> Properties:
        """The provider's default tags and the resource's own."""
        default = call.session.config.get("defaultTags") or {}
        default = json.loads(default) if isinstance(default, str) else default
        return {**(default.get("tags") or {}), **(inputs.get("tags") or {})}

    def _properties(
        self, identifier: Any, inputs: Mapping[str, Any], outputs: Mapping[str, Any], call: Call
    ) -> Properties:
        """Everything that templates may name."""
        found = {**outputs, **inputs, "id": identifier, "region": self.region(inputs, call), "account": ACCOUNT_ID}
        if "tags" in self.schema.inputs:
            found["tagsAll"] = self._tags(inputs, call)
        return found

    # What is refused without asking the API

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """What the service's model says, the region, and that every input has a place in the API."""
        accounts = call.session.config.get("allowedAccountIds") or []
        accounts = json.loads(accounts) if isinstance(accounts, str) else accounts
        if accounts and ACCOUNT_ID not in map(str, accounts):
            yield Failure("", f"the provider allows accounts {', '.join(map(str, accounts))}, but this is {ACCOUNT_ID}")
        regions = [HOME_REGION] if self.everywhere else [*CATALOG.regions, *self.also_in]
        yield from rules.one_of(inputs, "region", regions)
        region = self.region(inputs, call)
        if region not in regions and not rules.known(inputs.get("region")):
            said = "has no default region" if not region else f"is in {region}"
            yield Failure("region", f"the provider {said}, but accepted is one of {', '.join(regions)}")
        yield from self._check_against_model(inputs, call)

    def _check_against_model(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        properties = self._properties(UNKNOWN, inputs, dict.fromkeys(self.schema.outputs, UNKNOWN), call)
        failures: dict[Failure, None] = {}
        for api in (self.creation, *self.afterwards, *self.settings):
            if api not in self.settings or self._wanted(api, inputs):
                converter = Converter(Renames(self.renames))
                arguments = self._arguments(api, inputs, properties, converter)
                failures |= dict.fromkeys(converter.failures)
                shape = shapes.input_shape(api.service or self.service, api.operation)
                missing = [] if api.idle(arguments, properties) else shape.required_members
                missing = [name for name in missing if name not in arguments]
                failures |= {Failure(_lower(name), f"{api.operation} requires {name}"): None for name in missing}
        yield from failures
        taken = self._all_taken() | self.apart | {"region", "tags", "tagsAll", f"{self.naming}Prefix"}
        for name in sorted(inputs.keys() - taken):
            if inputs[name] is not None and name != "__defaults":
                yield Failure(name, f"has no place in the simulated {self.service}; declare it in sandbox/clouds/aws")

    def _all_taken(self) -> set[str]:
        return {
            name
            for api in (self.creation, *self.afterwards, *self.settings, *self.changes)
            for name in self._taken(api)
        }

    def _taken(self, api: Api) -> set[str]:
        """The inputs that an operation takes."""
        taken = {place.split(".")[0] for place in api.places()} & self.schema.inputs.keys()
        if api.mapped:
            shape = shapes.input_shape(api.service or self.service, api.operation)
            converter = Converter(Renames(self.renames))
            for name in self.schema.inputs:
                member = converter.member(shape, name)
                if member is not None and member not in api.arguments:
                    taken.add(name)
        return taken

    def _wanted(self, api: Api, inputs: Mapping[str, Any]) -> bool:
        return any(inputs.get(name) is not None for name in self._taken(api) - {self.naming})

    def targets(self, inputs: Properties, call: Call) -> list[Row]:
        """The resources that the inputs name: each must be there, in the same region, and in the same VPC."""
        found: list[Row] = []
        networks: dict[str, str] = {}
        for reference in self.references:
            for where, value in find(inputs, reference.path):
                if _foreign(value):
                    continue
                row = self._target(reference, where, value, inputs, call)
                found.append(row)
                self._same_region(row, where, inputs, call)
                network = row.id if row.token == VPC else row.outputs.get("vpcId")
                if network and self.one_vpc:
                    networks.setdefault(str(network), f"{where} ({row.name})")
        if len(networks) > 1:
            said = ", ".join(f"{where} is in {network}" for network, where in networks.items())
            raise CloudError(f"InvalidParameterValue: {said}; accepted are resources of one VPC")
        return found

    def _same_region(self, row: Row, where: str, inputs: Properties, call: Call) -> None:
        here, there = self.region(inputs, call), row.outputs.get("region")
        if there and self.one_region and not self.everywhere and here != there:
            raise CloudError(f"{where}: {row.name} is in region {there}, but this resource is in {here}")

    def _named(self, reference: Reference, value: Any, call: Call) -> Iterator[Row]:
        yield from super()._named(reference, value, call)
        for output in getattr(reference, "also", ()):
            for token in reference.tokens:
                yield from (row for row in call.rows(token) if {**row.outputs, "id": row.id}.get(output) == value)

    # Its life

    def new_id(self, inputs: Properties, call: Call) -> str:
        """AWS creates the resource, with all its settings, and gives it its id."""
        call.aws.sweep()
        given = self._properties(UNKNOWN, inputs, {}, call)
        if isinstance(self.identity, str) and _PLACE.search(self.identity):  # known before anything is changed
            self._must_be_new(str(resolved(self.identity, given)), call)
        answer = self._change(self.creation, inputs, given, call)
        identifier = self._identity(answer, given, call)
        self._must_be_new(identifier, call)
        properties = {**given, "id": identifier}
        try:
            properties |= self._outputs(properties, inputs, call)
            for api in self.afterwards:
                self._change(api, inputs, properties, call)
            for api in self.settings:
                if self._wanted(api, inputs) or "tagsAll" in set(api.places()):
                    self._change(api, inputs, properties, call)
            if properties.get("tagsAll") and not self._tags_at_creation:
                self._tag(properties, {}, call)
        except BaseException:
            call.aws.undo(self._asks(self.deletion, properties, call))
            raise
        call.aws.hold(self.token, identifier, self._asks(self.deletion, properties, call))
        return identifier

    def _must_be_new(self, identifier: str, call: Call) -> None:
        if call.store.get(call.provider, self.token, identifier) is not None:
            raise CloudError(f"409 there is a {self.token.rsplit(':', 1)[-1]} {identifier!r} already")

    def _identity(self, answer: Any, properties: Properties, call: Call) -> str:
        if callable(self.identity) or _PLACE.search(self.identity):
            return str(resolved(self.identity, properties))
        identifier = jmespath.search(self.identity, answer)
        if identifier is None:
            raise CloudError(f"{self.creation.operation}: {_without_metadata(answer)}")
        return str(identifier)

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """What AWS made of a new one; after a change, that is read when the change is done."""
        outputs: Properties = {}
        if existing is None:
            self._read_back(identifier, inputs, outputs, call)
        return outputs

    def on_update(self, row: Row, inputs: Properties, outputs: Properties, call: Call) -> None:
        """Ask for what changed."""
        drifted = self._drifted(row, call) or {}
        properties = self._properties(row.id, inputs, outputs, call) | {"before": {**row.inputs, **drifted}}
        changed = drifted.keys() | {
            name for name in row.inputs.keys() | inputs.keys() if row.inputs.get(name) != inputs.get(name)
        }
        for api in self.changes:
            if self._taken(api) & changed:
                self._change(api, inputs, properties, call)
        for api in self.settings:
            if self._taken(api) & changed or ("tagsAll" in set(api.places()) and "tags" in changed):
                self._change(api if self._wanted(api, inputs) else api.unset or api, inputs, properties, call)
        before = drifted.get("tags") or row.outputs.get("tagsAll") or {}
        if properties.get("tagsAll", {}) != before:
            self._tag(properties, before, call)
        self._read_back(row.id, inputs, outputs, call)

    def on_delete(self, row: Row, call: Call) -> None:
        """Let AWS remove it; what is gone already is as good as removed."""
        properties = self._properties(row.id, row.inputs, row.outputs, call)
        for ask in self._asks(self.deletion, properties, call):
            try:
                call.aws.change(ask)
            except ClientError as error:
                if not GONE.search(error.response["Error"]["Code"]):
                    raise CloudError(f"{ask.operation}: {error}") from None
            except (BotoCoreError, ResponseParserError) as error:
                raise CloudError(f"{ask.operation}: {error}") from None
        call.aws.release(self.token, row.id)

    def observe(self, row: Row, call: Call) -> Properties | None:
        """What AWS holds now; properties that are not what they were when the sandbox last wrote them have drifted."""
        drifted = self._drifted(row, call)
        if drifted is None:
            with call.store.transaction():
                call.store.delete(row)
                call.aws.release(self.token, row.id)
            return None
        return {**row.outputs, **drifted}

    def _drifted(self, row: Row, call: Call) -> Properties | None:
        """What is not as the sandbox had last made it; None where the resource is gone."""
        if not self.readings:
            return {}
        found = self._found(self._properties(row.id, row.inputs, row.outputs, call), call)
        if found is None:
            return None
        before, now = call.aws.seen(self.token, row.id), self._seen(row.inputs, found)
        renames = Renames(self.renames)
        return {
            name: None
            if now.get(name) is None
            else shapes.to_properties(now[name], self.schema.inputs[name].type, name, renames)
            for name in before.keys() | now.keys()
            if before.get(name) != now.get(name)
        }

    def replaces(self, changed: Collection[str], old: Properties, new: Properties) -> set[str]:
        """What no operation can change, and what the provider never changes in place."""
        changeable = {name for api in (*self.settings, *self.changes) for name in self._taken(api)}
        changeable |= self.apart | {"tags", "tagsAll"}
        fixed = self.replace_on | {self.naming}
        return {name for name in changed if name not in changeable or name in fixed}

    # Calls

    def _change(self, api: Api, inputs: Mapping[str, Any], properties: Properties, call: Call) -> Any:
        if not api.held:
            return {}
        converter = Converter(Renames(self.renames))
        arguments = self._arguments(api, inputs, properties, converter)
        if converter.failures:
            said = "; ".join(f"{failure.property}: {failure.reason}" for failure in converter.failures)
            raise CloudError(f"{api.operation}: {said}")
        if api.idle(arguments, properties):
            return {}
        try:
            return call.aws.change(self._ask(api, arguments, properties))
        except (ClientError, BotoCoreError, ResponseParserError) as error:
            raise CloudError(f"{api.operation}: {error}") from None

    def _ask(self, api: Api | Reading, arguments: Mapping[str, Any], properties: Properties) -> Ask:
        return Ask(api.service or self.service, properties["region"], api.operation, arguments)

    def _asks(self, apis: Collection[Api], properties: Properties, call: Call) -> list[Ask]:
        """The calls of a deletion; those that lack what they require have nothing to take away."""
        asks = []
        for api in apis:
            arguments = self._arguments(api, {}, properties, Converter(Renames(self.renames)))
            shape = shapes.input_shape(api.service or self.service, api.operation)
            whole = all(name in arguments for name in shape.required_members)
            if api.held and whole and not api.idle(arguments, properties):
                asks.append(self._ask(api, arguments, properties))
        return asks

    def _arguments(
        self, api: Api | Reading, inputs: Mapping[str, Any], properties: Properties, converter: Converter
    ) -> Properties:
        shape = shapes.input_shape(api.service or self.service, api.operation)
        arguments: Properties = {}
        if isinstance(api, Api) and api.mapped:
            sent = {**inputs, "tags": properties.get("tagsAll")} if properties.get("tagsAll") else inputs
            for name, value in sent.items():
                member = converter.member(shape, name) if value is not None else None
                if member and member not in api.arguments:
                    arguments[member] = converter.convert(value, shape.members[member], name, name)
        for member, template in api.arguments.items():
            value = _fill(template, shape.members[member], properties, converter, member)
            if value is not None:
                arguments[member] = value
        return arguments

    @property
    def _tags_at_creation(self) -> bool:
        shape = shapes.input_shape(self.creation.service or self.service, self.creation.operation)
        return (
            (self.creation.mapped and Converter(Renames(self.renames)).member(shape, "tags") is not None)
            or "tagsAll" in set(self.creation.places())
            or self.tag_operations is None
        )

    def _tag(self, properties: Properties, before: Mapping[str, str], call: Call) -> None:
        if self.tag_operations is None:
            return
        tags: Mapping[str, str] = properties["tagsAll"]
        gone = sorted(before.keys() - tags.keys())
        for operation, value in zip(self.tag_operations, (dict(tags), gone), strict=True):
            if value:
                self._change(self._tagging(operation), {}, {**properties, "_tags": value}, call)

    def _tagging(self, operation: str) -> Api:
        """The members of a tagging operation: one names the resource, the other has tags or their keys."""
        shape = shapes.input_shape(self.service, operation)
        arguments: dict[str, Template] = {}
        for name in shape.required_members or shape.members:
            member = shape.members[name]
            about_tags = "tag" in name.lower()
            arguments[name] = (
                "{_tags}" if about_tags else [self.tagged_by] if member.type_name == "list" else self.tagged_by
            )
        return Api(operation, arguments)

    # What AWS answers

    def _found(self, properties: Properties, call: Call) -> Properties | None:
        """What the readings find together; None where the first finds nothing."""
        found: Properties = {}
        for index, reading in enumerate(self.readings):
            part = self._find(reading, properties, call)
            if not part and index == 0:
                return None
            found |= _without_metadata(part or {})
        plain: Properties = json.loads(json.dumps(found, default=_as_text))
        return plain

    def _find(self, reading: Reading, properties: Properties, call: Call) -> Any:
        arguments = self._arguments(reading, {}, properties, Converter(Renames({})))
        try:
            answer = call.aws.read(self._ask(reading, arguments, properties))
        except ClientError as error:
            if not GONE.search(f"{error.response['Error']['Code']} {error}"):
                raise CloudError(f"{reading.operation}: {error}") from None
            return None
        except (BotoCoreError, ResponseParserError) as error:
            raise CloudError(f"{reading.operation}: {error}") from None
        return jmespath.search(str(resolved(reading.path, properties)), answer)

    def _seen(self, inputs: Mapping[str, Any], found: Properties) -> Properties:
        """What of the inputs can be found in the answer, as it stands there."""
        renames = Renames(self.renames)
        seen: Properties = {}
        for name in inputs.keys() & self.schema.inputs.keys() - self.write_only - self.hidden:
            key = shapes.key_of(found, name, renames, self.token.rsplit(":", 1)[-1])
            if key is not None:
                seen[name] = found[key]
        return seen

    def _read_back(self, identifier: str, inputs: Properties, outputs: Properties, call: Call) -> None:
        properties = self._properties(identifier, inputs, outputs, call)
        found = self._found(properties, call) or {}
        outputs |= self._outputs_of(found, properties, inputs)
        if "tagsAll" in self.schema.outputs:
            outputs["tagsAll"] = properties["tagsAll"]
        call.aws.see(self.token, identifier, self._seen(inputs, found))

    def _outputs(self, properties: Properties, inputs: Properties, call: Call) -> Properties:
        return self._outputs_of(self._found(properties, call) or {}, properties, inputs)

    def _outputs_of(self, found: Properties, properties: Properties, inputs: Properties) -> Properties:
        """Outputs that the answer has under their own names, and those that are declared."""
        by_plain = {shapes.plain(name): value for name, value in found.items()}
        outputs: Properties = {} if self.everywhere else {"region": properties["region"]}
        for name in self.schema.outputs - inputs.keys():
            value = by_plain.get(shapes.plain(name))
            if value is not None and _is_simple(value):
                given = self.schema.inputs.get(name)
                outputs[name] = value if given is None else shapes.to_properties(value, given.type, name, Renames({}))
        for name, template in self.outputs.items():
            if callable(template):
                value = template({**properties, **outputs, "found": found})
            elif _PLACE.search(template):
                value = resolved(template, {**properties, **outputs})
            else:
                value = jmespath.search(template, found)
            if value is not None:
                outputs[name] = value
        return {name: value for name, value in outputs.items() if name in self.schema.outputs or name in self.outputs}


VPC: Final = "aws:ec2/vpc:Vpc"


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]


def _without_metadata(answer: Mapping[str, Any]) -> Properties:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def _as_text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _is_simple(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(element, str | int | float | bool) for element in value)
    return isinstance(value, str | int | float | bool)


def _foreign(value: Any) -> bool:
    """Whether something is not the account's own: AWS's, or another account's."""
    parts = str(value).split(":")
    return str(value).startswith("alias/aws/") or (
        len(parts) > 5 and parts[0] == "arn" and parts[4] not in ("", ACCOUNT_ID)
    )


def _places(template: Template) -> Iterator[str]:
    if isinstance(template, str):
        yield from _PLACE.findall(template)
    elif isinstance(template, Mapping):
        for inner in template.values():
            yield from _places(inner)
    elif isinstance(template, list):
        for inner in template:
            yield from _places(inner)


def value_at(properties: Mapping[str, Any], path: str) -> Any:
    """The value of a property such as `versioningConfiguration.status`; None where it is missing."""
    value: Any = properties
    for step in path.split("."):
        if isinstance(value, Unknown):
            return value
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def resolved(template: Template, properties: Mapping[str, Any]) -> Any:
    """A template with its properties filled in; None where the only one of them is missing."""
    if callable(template):
        return template(properties)
    if not isinstance(template, str):
        return template
    whole = _PLACE.fullmatch(template)
    if whole:
        return value_at(properties, whole[1])
    values = {place: value_at(properties, place) for place in _PLACE.findall(template)}
    if has_unknown(list(values.values())):
        return UNKNOWN
    return _PLACE.sub(lambda found: str(values[found[1]]), template)


def _fill(template: Template, shape: Any, properties: Properties, converter: Converter, where: str) -> Any:
    """A template in the form of a shape; None where nothing is there to fill in."""
    if isinstance(template, Mapping):
        inner = {
            name: _fill(
                part,
                shape.members[name] if shape.type_name == "structure" else shape.value,
                properties,
                converter,
                where,
            )
            for name, part in template.items()
        }
        kept = {name: value for name, value in inner.items() if value is not None}
        return kept or (None if template else {})
    if isinstance(template, list):
        listed = [_fill(part, shape.member, properties, converter, where) for part in template]
        return [value for value in listed if value is not None] or None
    value = resolved(template, properties)
    if value is None:
        return None
    whole = _PLACE.fullmatch(template) if isinstance(template, str) else None
    path = whole[1] if whole else where
    return converter.convert(value, shape, path, path)


Function = Callable[[Properties, Call], Properties]


# Parts of declarations


def always(_: Properties) -> bool:
    """For operations that are asked also where their functions have nothing to say."""
    return True


def added(name: str) -> Callable[[Properties], list[Any] | None]:
    """What a list has now and had not before."""
    return lambda p: _without(p.get(name), (p.get("before") or {}).get(name))


def removed(name: str) -> Callable[[Properties], list[Any] | None]:
    """What a list had before and has not now."""
    return lambda p: _without((p.get("before") or {}).get(name), p.get(name))


def _without(some: Any, others: Any) -> list[Any] | None:
    if isinstance(some, Unknown) or isinstance(others, Unknown):
        return None
    return [one for one in some or [] if one not in (others or [])] or None


def known_only(function: Callable[[Properties], Any], *names: str) -> Callable[[Properties], Any]:
    """A function that is UNKNOWN while one of the inputs that it reads is."""
    return lambda p: UNKNOWN if any(has_unknown(p.get(name)) for name in names) else function(p)


def policy(inputs: Properties, name: str, *needs: str) -> Iterator[Failure]:
    """Policies are documents whose statements say effect and action, and, as `needs` names them, more."""
    document = inputs.get(name)
    if not rules.known(document) or has_unknown(document):
        return
    try:
        found: Any = json.loads(document) if isinstance(document, str) else document
        statements: Any = found["Statement"]
        listed = [statements] if isinstance(statements, Mapping) else list(statements)
    except (ValueError, KeyError, TypeError):
        yield Failure(name, "is not a policy: accepted is JSON with Statement: [{Effect, Action, …}, …]")
        return
    for index, statement in enumerate(listed):
        where = f"{name}: Statement[{index}]"
        if not isinstance(statement, Mapping) or statement.get("Effect") not in ("Allow", "Deny"):
            yield Failure(name, f"{where} has no Effect of Allow or Deny")
            continue
        for need in ("Action", *needs):
            if not statement.get(need) and not statement.get(f"Not{need}"):
                yield Failure(name, f"{where} has no {need}")
