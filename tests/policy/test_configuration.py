"""What a stack file says of the policies: what is advisory, what is excepted until when, and what is wrong with it."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import analyzer_pb2 as messages

from policies import exceptions
from policies.configuration import ConfigurationError, read
from policies.model import Policy, Resource, Severity, Stack, Violation
from policies.registry import Registry
from policies.server import Analyzer
from tests.policy.replay import CONTEXT

URN = "urn:pulumi:dev::p::platform:system:Hosting$aws:s3/bucket:Bucket::media"
RESOURCE = "aws:s3/bucket:Bucket::media"
EXCEPTION = {
    "policy": "big",
    "resource": RESOURCE,
    "reason": "The load test needs it until the release.",
    "owner": "hosting@example.eu",
    "expires": "2099-01-31",
}


def too_big(_: Resource) -> Iterator[Violation]:
    yield Violation("size is 3", "2")


def too_many(_: Stack) -> Iterator[Violation]:
    yield Violation("there are 3", "2")


BIG = Policy("big", "D.", "R.", "C.", Severity.CRITICAL, "M.", too_big, too_many)
SMALL = Policy("small", "D.", "R.", "C.", Severity.LOW, "M.", lambda _: ())
POLICIES = (BIG, SMALL, exceptions.POLICY)


def analyzer(environment: str = "dev", **config: Any) -> Analyzer:
    made = Analyzer(Registry(POLICIES))
    given = {f"policies:{key}": json.dumps(value) for key, value in config.items()}
    made.configure(
        messages.AnalyzerStackConfigureRequest(stack="s", config={**given, "platform:environment": environment}),
        CONTEXT,
    )
    return made


def resource_diagnostic(made: Analyzer) -> Any:
    (diagnostic,) = made.analyze(messages.AnalyzeRequest(urn=URN, type="x", name="media"), CONTEXT).diagnostics
    return diagnostic


def stack_diagnostics(made: Analyzer) -> Mapping[str, messages.AnalyzeDiagnostic]:
    answer = made.analyze_stack(messages.AnalyzeStackRequest(), CONTEXT)
    return {diagnostic.policyName: diagnostic for diagnostic in answer.diagnostics}


def test_without_a_word_everything_is_mandatory() -> None:
    made = analyzer()
    assert resource_diagnostic(made).enforcementLevel == messages.MANDATORY
    assert stack_diagnostics(made)["big"].enforcementLevel == messages.MANDATORY
    assert {policy.enforcementLevel for policy in made.info(None, CONTEXT).policies} == {messages.MANDATORY}


def test_what_a_stack_calls_advisory_does_not_stop_it() -> None:
    made = analyzer(advisory=["big"])
    assert resource_diagnostic(made).enforcementLevel == messages.ADVISORY
    levels = {policy.name: policy.enforcementLevel for policy in made.info(None, CONTEXT).policies}
    assert levels == {"big": messages.ADVISORY, "small": messages.MANDATORY, "exceptions": messages.MANDATORY}


def test_an_exception_is_shown_and_does_not_stop_what_it_names() -> None:
    made = analyzer(exceptions=[EXCEPTION])
    diagnostic = resource_diagnostic(made)
    assert diagnostic.enforcementLevel == messages.ADVISORY
    assert diagnostic.message.endswith(
        "Excepted until 2099-01-31 by hosting@example.eu: The load test needs it until the release."
    )
    assert stack_diagnostics(made)["big"].enforcementLevel == messages.MANDATORY, "of the stack as a whole"
    assert "exceptions" not in stack_diagnostics(made)


def test_an_exception_may_name_the_stack() -> None:
    made = analyzer(exceptions=[{**EXCEPTION, "resource": "stack"}])
    assert resource_diagnostic(made).enforcementLevel == messages.MANDATORY
    found = stack_diagnostics(made)
    assert found["big"].enforcementLevel == messages.ADVISORY
    assert "exceptions" not in found


@pytest.mark.parametrize(
    "other", [{"policy": "small"}, {"resource": "aws:s3/bucket:Bucket::other"}, {"resource": "aws:s3/x:Bucket::media"}]
)
def test_an_exception_that_nothing_needs_stops_the_stack(other: dict[str, str]) -> None:
    made = analyzer(exceptions=[{**EXCEPTION, **other}])
    assert resource_diagnostic(made).enforcementLevel == messages.MANDATORY
    found = stack_diagnostics(made)["exceptions"]
    assert found.enforcementLevel == messages.MANDATORY
    assert "(hosting@example.eu) excepts nothing: there is no such violation" in found.message


def test_an_exception_ends_with_its_last_day() -> None:
    today = datetime.datetime.now(datetime.UTC).date()
    lasts = analyzer(exceptions=[{**EXCEPTION, "expires": str(today + datetime.timedelta(days=1))}])
    assert resource_diagnostic(lasts).enforcementLevel == messages.ADVISORY
    expired = analyzer(exceptions=[{**EXCEPTION, "expires": "2026-01-31"}])
    assert resource_diagnostic(expired).enforcementLevel == messages.MANDATORY
    found = stack_diagnostics(expired)["exceptions"]
    assert found.enforcementLevel == messages.MANDATORY
    assert f"the exception of big for {RESOURCE} (hosting@example.eu) expired on 2026-01-31" in found.message


def without(key: str) -> dict[str, str]:
    return {name: value for name, value in EXCEPTION.items() if name != key}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"advisary": []}, "policies:advisary is not a setting of the policies; accepted are advisory and exceptions"),
        ({"advisory": "big"}, 'policies:advisory is "big"'),
        ({"advisory": ["bigger"]}, 'policies:advisory[0]: "bigger" is no policy; accepted are big, small'),
        ({"advisory": ["exceptions"]}, '"exceptions" is no policy; accepted are big, small'),
        ({"exceptions": [{**EXCEPTION, "policy": "bigger"}]}, 'policies:exceptions[0]: "bigger" is no policy'),
        ({"exceptions": [{**EXCEPTION, "resource": "media"}]}, 'policies:exceptions[0].resource is "media"'),
        ({"exceptions": [{**EXCEPTION, "reason": "needed"}]}, 'policies:exceptions[0].reason is "needed"'),
        ({"exceptions": [{**EXCEPTION, "owner": "me"}]}, 'policies:exceptions[0].owner is "me"'),
        ({"exceptions": [{**EXCEPTION, "expires": "never"}]}, 'policies:exceptions[0].expires is "never"'),
        ({"exceptions": [{**EXCEPTION, "until": "x"}]}, "policies:exceptions[0].until is not a setting"),
        *(
            ({"exceptions": [without(key)]}, f"policies:exceptions[0].{key} is missing")
            for key in ("policy", "resource", "reason", "owner", "expires")
        ),
        (
            {"exceptions": [EXCEPTION, {**EXCEPTION, "reason": "x" * 20}]},
            "policies:exceptions[1] repeats an earlier one",
        ),
    ],
)
def test_what_is_wrong_is_named(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        read({f"policies:{key}": json.dumps(value) for key, value in config.items()}, POLICIES, "dev")
    assert message in str(error.value)


def test_all_that_is_wrong_is_named_at_once() -> None:
    config = {"exceptions": [{**EXCEPTION, "owner": "me"}, without("reason")]}
    with pytest.raises(ConfigurationError) as error:
        read({"policies:exceptions": json.dumps(config["exceptions"])}, POLICIES, "dev")
    assert str(error.value).count("policies:exceptions[") == 2


def test_a_critical_policy_is_never_advisory_in_production() -> None:
    config = {"policies:advisory": '["small", "big"]'}
    assert read(config, POLICIES, "dev")[0] == {"big", "small"}
    with pytest.raises(ConfigurationError, match="big is critical, and cannot be advisory in prod"):
        read(config, POLICIES, "prod")


def test_a_wrong_configuration_keeps_the_pack_from_working() -> None:
    class Refused:
        def abort(self, code: grpc.StatusCode, details: str) -> None:
            assert code is grpc.StatusCode.INVALID_ARGUMENT
            raise RuntimeError(details)

    request = messages.AnalyzerStackConfigureRequest(stack="dev", config={"policies:advisory": '["bigger"]'})
    with pytest.raises(RuntimeError, match=r"Pulumi\.dev\.yaml:\npolicies:advisory\[0\]"):
        Analyzer(Registry(POLICIES)).configure(request, Refused())


def test_exceptions_are_judged_last(registry: Registry) -> None:
    assert list(registry)[-1] is exceptions.POLICY
