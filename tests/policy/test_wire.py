"""What the engine sends reaches policies whole: secrets and unknown values keep their marks."""

from __future__ import annotations

import typing

import pytest
from google.protobuf import struct_pb2
from pulumi.runtime import rpc

from policies.wire import SECRET_SIGNATURE, SIGNATURE_KEY, UNKNOWN, UNKNOWN_MARKS, Secret, decode, leaves, reveal


def struct(**values: typing.Any) -> struct_pb2.Struct:
    message = struct_pb2.Struct()
    message.update(values)
    return message


def secret(value: typing.Any) -> dict[str, typing.Any]:
    return {SIGNATURE_KEY: SECRET_SIGNATURE, "value": value}


def test_plain_values_are_what_they_were() -> None:
    given = {"text": "a", "yes": True, "no": False, "none": None, "list": ["a", {"b": [1]}], "object": {"c": 1.5}}
    assert decode(struct(**given)) == given


def test_whole_numbers_are_whole() -> None:
    decoded = decode(struct(whole=3, part=3.5))
    assert decoded == {"whole": 3, "part": 3.5}
    assert isinstance(decoded["whole"], int)


@pytest.mark.parametrize("mark", sorted(UNKNOWN_MARKS))
def test_values_that_are_not_known_yet_are_told_apart_from_text(mark: str) -> None:
    assert decode(struct(top=mark, list=[mark], object={"in": mark})) == {
        "top": UNKNOWN,
        "list": [UNKNOWN],
        "object": {"in": UNKNOWN},
    }


def test_the_marks_are_those_of_the_sdk() -> None:
    assert rpc._special_sig_key == SIGNATURE_KEY
    assert rpc._special_secret_sig == SECRET_SIGNATURE
    assert rpc.UNKNOWN in UNKNOWN_MARKS


def test_secrets_keep_their_mark_at_any_depth() -> None:
    decoded = decode(struct(top=secret("a"), object={"in": secret(["b"])}, nested=secret({"c": secret("d")})))
    assert decoded == {"top": Secret("a"), "object": {"in": Secret(["b"])}, "nested": Secret({"c": Secret("d")})}


def test_secrets_and_unknown_values_do_not_show_in_messages() -> None:
    assert repr(Secret("hunter2")) == "[secret]"
    assert repr(UNKNOWN) == "not known before the deployment"


def test_reveal_takes_every_mark_off() -> None:
    assert reveal(Secret(Secret("a"))) == "a"
    assert reveal("a") == "a"


def test_leaves_have_path_name_value_and_mark() -> None:
    value = {"a": [1, {"b": Secret({"c": "x"})}], "d": {"e": UNKNOWN}}
    assert list(leaves(value, "top")) == [
        ("top.a[0]", "a", 1, False),
        ("top.a[1].b.c", "c", "x", True),
        ("top.d.e", "e", UNKNOWN, False),
    ]
