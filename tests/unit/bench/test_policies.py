"""What the policies are asked by the benchmark is what a deployment would ask, and no copy is cheaper than another."""

from __future__ import annotations

import json
from typing import Any

from bench.policies import LONG_TEXT, milliseconds_per_resource, questions
from policies.wire import SECRET_SIGNATURE, SIGNATURE_KEY, Secret, decode

SECRET = {SIGNATURE_KEY: SECRET_SIGNATURE, "plaintext": json.dumps("x" * LONG_TEXT)}
STATE: dict[str, Any] = {
    "deployment": {
        "resources": [
            {"urn": "urn:pulumi:s::p::a:b/c:C::one", "type": "a:b/c:C", "inputs": {"userData": SECRET, "size": 3}},
            {"urn": "urn:pulumi:s::p::a:b/c:C::two", "type": "a:b/c:C", "outputs": {"address": "10.0.0.1"}},
        ]
    }
}


def test_resources_are_asked_about_over_and_over_under_names_of_their_own() -> None:
    asked = questions(STATE, 5)
    assert [request.name for request in asked.resources] == ["one-0", "two-0", "one-1", "two-1", "one-2"]
    assert len({request.urn for request in asked.resources}) == 5
    assert [resource.urn for resource in asked.stack.resources] == [request.urn for request in asked.resources]


def test_secrets_are_marked_and_long_texts_differ() -> None:
    asked = questions(STATE, 4)
    first, second = (decode(asked.resources[number].properties) for number in (0, 2))
    assert first == {"userData": Secret("x" * LONG_TEXT + "\n# 0"), "size": 3}
    assert second["userData"] == Secret("x" * LONG_TEXT + "\n# 1")
    assert decode(asked.stack.resources[1].properties) == {"address": "10.0.0.1"}


def test_the_pack_is_asked_for_real() -> None:
    assert milliseconds_per_resource(questions(STATE, 10)) > 0
