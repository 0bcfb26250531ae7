"""What the policy pack takes for each resource: asked what the engine asks, without the engine and its connection."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import grpc
from pulumi.runtime.proto import analyzer_pb2 as messages

from policies import literals, payloads
from policies.__main__ import REGISTRY
from policies.server import Analyzer
from policies.wire import SECRET_SIGNATURE, SIGNATURE_KEY

RESOURCES: Final = 2000
LONG_TEXT: Final = 200
"""Characters from which on a text is user data or a script, which no two machines have the same."""


class _NoCall:
    def abort(self, code: grpc.StatusCode, details: str) -> None:
        raise RuntimeError(details)


CONTEXT: Final = cast(grpc.ServicerContext, _NoCall())


@dataclass(frozen=True)
class Questions:
    """What the engine asks in one deployment: about each resource, and about all of them."""

    resources: Sequence[messages.AnalyzeRequest]
    stack: messages.AnalyzeStackRequest


def questions(state: Mapping[str, Any], count: int = RESOURCES) -> Questions:
    """The questions about `count` resources: those of a state, exported with its secrets, over and over.

    Every copy has a name and long texts of its own, so that no cache makes it cheaper than another machine would be.
    """
    found = state["deployment"]["resources"]
    requests, stack = [], messages.AnalyzeStackRequest()
    for number in range(count):
        copy, index = divmod(number, len(found))
        resource = found[index]
        name = f"{resource['urn'].rpartition('::')[2]}-{copy}"
        common = {"urn": f"{resource['urn']}-{copy}", "type": resource["type"], "name": name}
        request = messages.AnalyzeRequest(**common)
        request.properties.update(_wire(resource.get("inputs", {}), copy))
        requests.append(request)
        reported = stack.resources.add(**common)
        reported.properties.update(_wire(resource.get("outputs", {}), copy))
    return Questions(requests, stack)


def _wire(value: Any, copy: int) -> Any:
    """A value of a state as the engine sends it."""
    if isinstance(value, Mapping):
        if value.get(SIGNATURE_KEY) == SECRET_SIGNATURE:
            return {SIGNATURE_KEY: SECRET_SIGNATURE, "value": _wire(json.loads(value["plaintext"]), copy)}
        return {key: _wire(inner, copy) for key, inner in value.items()}
    if isinstance(value, list):
        return [_wire(inner, copy) for inner in value]
    return f"{value}\n# {copy}" if isinstance(value, str) and len(value) >= LONG_TEXT else value


def milliseconds_per_resource(asked: Questions) -> float:
    """Ask a new pack everything, one question after the other, from the bytes that arrive to those that leave.

    Processor time: the pack waits for nobody, and what else runs on the machine is not its doing.
    """
    forget()
    analyzer = Analyzer(REGISTRY)
    requests, stack = [one.SerializeToString() for one in asked.resources], asked.stack.SerializeToString()
    started = time.process_time()
    for request in requests:
        analyzer.analyze(messages.AnalyzeRequest.FromString(request), CONTEXT).SerializeToString()
    analyzer.analyze_stack(messages.AnalyzeStackRequest.FromString(stack), CONTEXT).SerializeToString()
    return (time.process_time() - started) * 1000 / len(requests)


def forget() -> None:
    """Empty the caches that a new process would not have filled; the detectors stay imported."""
    literals.warm_up()
    for cached in (literals.formats, literals._in_part, payloads.parts, payloads._packed):
        cached.cache_clear()
