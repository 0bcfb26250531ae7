"""Inputs of every type of every provider are checked against the SDK's own types, whatever is not known yet."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin

import pytest

from sandbox import schema
from sandbox.cloud import Call, Kind, Servers, Session
from sandbox.properties import UNKNOWN, Properties
from sandbox.schema import Schema, UnknownTypeError
from sandbox.store import Account, Store
from tests.unit.sandbox.customer import CLOUDS, Customer

KINDS = [kind for cloud in CLOUDS for kind in cloud.kinds.values()]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=[kind.token for kind in KINDS])
INSTANCE = "ovh:index/cloudInstance:CloudInstance"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store(tmp_path_factory.mktemp("schema") / "clouds.sqlite")
    yield store
    store.close()


def call(kind: Kind, store: Store) -> Call:
    provider = kind.token.split(":")[0]
    account = Account(provider, "somebody", "", "", frozenset({"project"}))
    return Call(provider, store, Session(account, {}), "urn:pulumi:test::unit::t::it", Servers())


def unknown(expected: Any, depth: int = 0) -> Any:
    """A value of a type of which every leaf is known only later."""
    origin, arguments = get_origin(expected), get_args(expected)
    if origin in (Union, types.UnionType):
        return unknown(arguments[0], depth)
    if origin is list:
        return [unknown(arguments[0], depth)]
    if origin is dict:
        return {"key": unknown(arguments[1], depth)}
    if getattr(expected, "__name__", "").endswith("Args") and depth < 3:
        return {name: unknown(field.type, depth + 1) for name, field in schema.fields_of(expected).items()}
    return UNKNOWN


@every_kind
def test_rules_are_about_properties_that_the_sdk_has(kind: Kind) -> None:
    known = kind.schema.inputs.keys()
    assert kind.replace_on <= known
    assert kind.unique <= known
    assert kind.write_only | kind.hidden <= known | kind.schema.outputs
    for reference in kind.references:
        assert reference.path.replace("[]", "").split(".")[0] in known
        assert set(reference.same) <= known


@every_kind
def test_a_property_that_the_sdk_does_not_have_is_named_with_those_that_it_has(kind: Kind) -> None:
    failures = {one.property: one.reason for one in kind.schema.check({"nobodyKnows": 1})}
    assert failures["nobodyKnows"] == f"is not a property; accepted are {', '.join(sorted(kind.schema.inputs))}"


@every_kind
def test_every_required_property_is_asked_for(kind: Kind) -> None:
    missing = {one.property for one in kind.schema.check({}) if one.reason.startswith("is required (")}
    assert missing == {name for name, field in kind.schema.inputs.items() if field.required}


@every_kind
def test_a_value_of_another_type_is_named_with_what_is_accepted(kind: Kind) -> None:
    for name, field in kind.schema.inputs.items():
        wrong: Any = [["neither", "nor"]] if field.type in (str, int, float, bool) else 1.5
        failures = [one for one in kind.schema.check({name: wrong}) if not one.reason.startswith("is required")]
        if Any in (field.type, *get_args(field.type)):
            continue
        assert failures, f"{name} takes {wrong}"
        assert failures[0].property.startswith(name)
        assert "but accepted is" in failures[0].reason


@every_kind
def test_what_is_not_known_yet_is_no_mistake(kind: Kind, store: Store) -> None:
    required = {name for name, field in kind.schema.inputs.items() if field.required}
    inputs: Properties = dict.fromkeys(
        required | {"serviceName", "zone", "region"} & kind.schema.inputs.keys(), UNKNOWN
    )
    if kind.token == "scaleway:iam/policy:Policy":
        inputs["applicationId"] = UNKNOWN
    if kind.token == "command:remote:Command":
        inputs["create"] = UNKNOWN
    if kind.token == "vault:kv/secretV2:SecretV2":
        inputs["name"] = UNKNOWN
    assert list(kind.schema.check(inputs)) == []
    assert list(kind.check(inputs, call(kind, store))) == []


@every_kind
def test_no_rule_stumbles_over_what_is_not_known_yet(kind: Kind, store: Store) -> None:
    everything = dict.fromkeys(kind.schema.inputs, UNKNOWN)
    nested = {name: unknown(field.type) for name, field in kind.schema.inputs.items()}
    assert list(kind.schema.check(everything)) == []
    assert list(kind.schema.check(nested)) == []
    for inputs in (everything, nested):
        for failure in kind.check(inputs, call(kind, store)):
            # Properties that exclude each other, or no longer exist, are mistakes whatever their values are.
            assert "accepted is" in failure.reason or "no longer exist" in failure.reason


def test_nested_mistakes_are_named_by_their_path(ovh: Customer) -> None:
    failures = ovh.failures(
        "ovh:index/cloudSecurityGroup:CloudSecurityGroup",
        serviceName="p",
        region="GRA11",
        rules=[{"direction": "INGRESS", "ethernetType": "IPV4"}, {"direction": "INGRESS", "port": "22"}],
    )
    assert failures["rules[1].port"].startswith("is not a property; accepted are ")
    assert failures["rules[1].ethernetType"] == "is required (a string)"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("ten", "is the string 'ten', but accepted is a whole number"),
        (10.5, "is the number 10.5, but accepted is a whole number"),
        (True, "is true, but accepted is a whole number"),
        ([10], "is a list, but accepted is a whole number"),
        ({"gb": 10}, "is an object, but accepted is a whole number"),
        ("x" * 41, "is a string of 41 characters, but accepted is a whole number"),
    ],
    ids=str,
)
def test_errors_say_what_was_given_unless_it_could_be_a_secret(value: Any, reason: str) -> None:
    volume: Schema = schema.of_resource("ovh:index/cloudStorageBlockVolume:CloudStorageBlockVolume")
    (failure,) = (one for one in volume.check({"size": value, "region": "GRA11"}) if one.property == "size")
    assert failure.reason == reason


@pytest.mark.parametrize(
    "token",
    [
        "ovh:index/nobodyKnows:NobodyKnows",
        "nobody:index/cloudInstance:CloudInstance",
        "no token",
        "ovh:No/where:Instance",
    ],
)
def test_types_that_no_sdk_has_are_errors(token: str) -> None:
    with pytest.raises(UnknownTypeError):
        schema.of_resource(token)


def test_providers_own_settings_are_checked_too() -> None:
    failures = list(schema.of_provider("ovh").check({"endpoint": 1, "endpint": "ovh-eu"}))
    assert {one.property for one in failures} == {"endpoint", "endpint"}


def test_a_preview_knows_inputs_and_leaves_the_rest_open(ovh: Customer) -> None:
    outputs = ovh.preview("ovh:index/cloudFloatingIp:CloudFloatingIp", region="GRA11")
    assert outputs["region"] == "GRA11"
    assert outputs["currentState"] is UNKNOWN
