"""Asks a policy what a real engine has asked, without the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import grpc
from google.protobuf.json_format import ParseDict
from pulumi.runtime.proto import analyzer_pb2 as messages

from policies.model import Policy
from policies.registry import Registry
from policies.server import Analyzer
from tests.policy.cases import Case, System
from tests.policy.cases.tables import CASES, SYSTEMS


class _NoContext:
    """What the analyzer needs of a call: a way to give up."""

    def abort(self, code: grpc.StatusCode, details: str) -> None:
        raise RuntimeError(details)


CONTEXT = cast(grpc.ServicerContext, _NoContext())


def problems(policy: Policy, question: Mapping[str, Any]) -> list[str]:
    """What a policy says of one resource: the first line of each message."""
    answer = Analyzer(Registry([policy])).analyze(ParseDict(question, messages.AnalyzeRequest()), CONTEXT)
    return [diagnostic.message.partition("\n")[0] for diagnostic in answer.diagnostics]


def problems_of_system(
    policy: Policy, questions: Sequence[Sequence[Mapping[str, Any]]], config: Mapping[str, str]
) -> list[str]:
    """What a policy says of resources together, in a stack with a configuration, after it was asked about each."""
    analyzer = Analyzer(Registry([policy]))
    analyzer.configure(messages.AnalyzerStackConfigureRequest(stack="test", config=config), CONTEXT)
    stack = messages.AnalyzeStackRequest()
    for question, resource in questions:
        analyzer.analyze(ParseDict(question, messages.AnalyzeRequest()), CONTEXT)
        ParseDict(resource, stack.resources.add())
    return [diagnostic.message.partition("\n")[0] for diagnostic in analyzer.analyze_stack(stack, CONTEXT).diagnostics]


def every_case() -> Iterator[tuple[str, Case | System]]:
    """All cases with the name of their policy."""
    for policy, cases in CASES.items():
        yield from ((policy, case) for case in cases)
    for policy, systems in SYSTEMS.items():
        yield from ((policy, system) for system in systems)


def answer(policy: Policy, case: Case | System, corpus: Mapping[str, Any]) -> list[str]:
    """What a policy says of a case, from what was recorded of it."""
    if isinstance(case, Case):
        return problems(policy, corpus["resources"][policy.name][case.title])
    return problems_of_system(policy, corpus["systems"][policy.name][case.title], case.config)


def agrees(found: Sequence[str], refused: Sequence[str]) -> bool:
    """Whether a policy said what is expected of it, no more and no less."""
    return len(found) == len(refused) and all(part in text for part, text in zip(refused, found, strict=True))
