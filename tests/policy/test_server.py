"""The engine's questions are answered over gRPC, and a policy that fails lets nothing pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2 as messages
from pulumi.runtime.proto import analyzer_pb2_grpc

from policies.model import Policy, Resource, Severity, Stack, Violation
from policies.registry import Registry
from policies.server import PACK, VERSION, Analyzer, start

URN = "urn:pulumi:dev::p::ovh:index/x:X::one"
OTHER = "urn:pulumi:dev::p::ovh:index/x:X::other"
SECRET = "hunter2-hunter2"


def policy(
    name: str = "a-policy",
    check: Callable[[Resource], Iterable[Violation]] | None = None,
    check_stack: Callable[[Stack], Iterable[Violation]] | None = None,
) -> Policy:
    return Policy(name, "D.", "R.", "C.", Severity.HIGH, "M.", check, check_stack)


@contextmanager
def served(*policies: Policy) -> Iterator[Any]:
    server, port = start(Analyzer(Registry(policies)))
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
    finally:
        server.stop(grace=None).wait()


def request(urn: str = URN, **properties: Any) -> messages.AnalyzeRequest:
    message = messages.AnalyzeRequest(urn=urn, type="ovh:index/x:X", name=urn.rpartition(":")[2])
    message.properties.update(properties)
    return message


def test_the_pack_describes_itself(registry: Registry) -> None:
    with served(*registry) as analyzer:
        info = analyzer.GetAnalyzerInfo(empty_pb2.Empty())
        assert analyzer.GetPluginInfo(empty_pb2.Empty()).version == VERSION
    assert (info.name, info.version) == (PACK, VERSION)
    assert [found.name for found in info.policies] == [one.name for one in registry]
    for found, one in zip(info.policies, registry, strict=True):
        assert found.description == one.description
        assert found.remediation_steps == one.remedy
        assert found.framework.specification == one.clause
        assert found.enforcementLevel == messages.MANDATORY
        assert (
            found.severity
            == {
                Severity.LOW: messages.POLICY_SEVERITY_LOW,
                Severity.MEDIUM: messages.POLICY_SEVERITY_MEDIUM,
                Severity.HIGH: messages.POLICY_SEVERITY_HIGH,
                Severity.CRITICAL: messages.POLICY_SEVERITY_CRITICAL,
            }[one.severity]
        )


def test_a_resource_reaches_the_policies_with_its_provider() -> None:
    seen: list[Resource] = []

    def check(resource: Resource) -> Iterator[Violation]:
        seen.append(resource)
        yield Violation("size is 3", "4")

    message = request(size=3)
    message.provider.type = "pulumi:providers:ovh"
    message.provider.name = "mine"
    message.provider.properties.update({"endpoint": "ovh-eu"})
    with served(policy(check=check)) as analyzer:
        answer = analyzer.Analyze(message)
    (diagnostic,) = answer.diagnostics
    assert diagnostic.policyName == "a-policy"
    assert diagnostic.urn == URN
    assert diagnostic.message == "size is 3\nAccepted: 4\nRemedy: M.\nClause: C."
    assert diagnostic.enforcementLevel == messages.MANDATORY
    assert seen[0].inputs == {"size": 3}
    assert seen[0].provider is not None
    assert seen[0].provider.properties == {"endpoint": "ovh-eu"}


def test_a_stack_has_what_was_declared_and_what_is_reported() -> None:
    seen: list[Stack] = []

    def check_stack(stack: Stack) -> Iterator[Violation]:
        seen.append(stack)
        yield Violation("one is wrong", "right", OTHER)
        yield Violation("all are wrong", "right")

    stack = messages.AnalyzeStackRequest()
    reported = stack.resources.add(urn=URN, type="ovh:index/x:X", name="one")
    reported.properties.update({"size": 3, "address": "10.0.0.1"})
    reported.propertyDependencies["size"].urns.append(OTHER)
    with served(policy(check_stack=check_stack)) as analyzer:
        assert not analyzer.Analyze(request(size=3)).diagnostics
        answer = analyzer.AnalyzeStack(stack)
    assert [diagnostic.urn for diagnostic in answer.diagnostics] == [OTHER, ""]
    (resource,) = seen[0].resources
    assert resource.inputs == {"size": 3}
    assert resource.outputs == {"size": 3, "address": "10.0.0.1"}
    assert resource.dependencies == {"size": (OTHER,)}


def test_resources_of_a_stack_are_in_the_order_of_their_urns() -> None:
    seen: list[str] = []

    def check_stack(stack: Stack) -> Iterator[Violation]:
        seen.extend(resource.urn for resource in stack.resources)
        yield from ()

    stack = messages.AnalyzeStackRequest(
        resources=[messages.AnalyzerResource(urn=urn) for urn in (OTHER, "urn:z", URN, "urn:a")]
    )
    with served(policy(check_stack=check_stack)) as analyzer:
        analyzer.AnalyzeStack(stack)
    assert seen == ["urn:a", URN, OTHER, "urn:z"]


def raises_late(_: Any) -> Iterator[Violation]:
    yield Violation("first", "x")
    raise ValueError(SECRET)


def raises_at_once(_: Any) -> Iterable[Violation]:
    raise ValueError(SECRET)


@pytest.mark.parametrize("broken", [raises_late, raises_at_once])
def test_a_policy_that_fails_lets_nothing_pass_and_tells_no_secret(broken: Callable[[Any], Any]) -> None:
    with served(policy("fine", lambda _: ()), policy("broken", broken, broken)) as analyzer:
        with pytest.raises(grpc.RpcError) as resource_error:
            analyzer.Analyze(request(password=SECRET))
        with pytest.raises(grpc.RpcError) as stack_error:
            analyzer.AnalyzeStack(messages.AnalyzeStackRequest())
    for error, where in ((resource_error.value, URN), (stack_error.value, "the stack")):
        assert error.code() == grpc.StatusCode.INTERNAL
        assert f"policy broken failed on {where}" in error.details()
        assert broken.__name__ in error.details(), "the place is told"
        assert SECRET not in error.details()


def test_what_is_not_served_is_unimplemented_which_the_engine_takes_as_nothing_to_do() -> None:
    with served(policy(check=lambda _: ())) as analyzer, pytest.raises(grpc.RpcError) as error:
        analyzer.Remediate(request())
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED
