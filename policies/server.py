"""The gRPC service by which the engine asks a policy pack (pulumi/sdk: proto/pulumi/analyzer.proto).

It stands in for Pulumi's `pulumi_policy` package, which unwraps secrets before policies see them and pins another
major version of protobuf than the SDKs here. `Remediate`, `Cancel` and others that are not served are answered
UNIMPLEMENTED by gRPC itself, which the engine takes as "does nothing".
"""

from __future__ import annotations

import datetime
import traceback
from collections.abc import Callable, Iterable
from concurrent import futures
from typing import Any, Final

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2 as messages
from pulumi.runtime.proto import plugin_pb2

from policies.model import Deployment, Exemption, Policy, Provider, Resource, Severity, Stack, Violation
from policies.registry import Registry
from policies.wire import decode

PACK: Final = "platform"
VERSION: Final = "0.1.0"
"""The same as in PulumiPolicy.yaml."""

OURS: Final = "platform:"
"""The namespace of a stack's own configuration."""
SEVERITIES: Final = {
    Severity.LOW: messages.POLICY_SEVERITY_LOW,
    Severity.MEDIUM: messages.POLICY_SEVERITY_MEDIUM,
    Severity.HIGH: messages.POLICY_SEVERITY_HIGH,
    Severity.CRITICAL: messages.POLICY_SEVERITY_CRITICAL,
}


class Analyzer:
    """Answers the engine's questions about one deployment."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._declared: dict[str, Resource] = {}
        self._advisory: frozenset[str] = frozenset()
        self._deployment = Deployment()

    def configure(
        self, request: messages.AnalyzerStackConfigureRequest, context: grpc.ServicerContext
    ) -> messages.AnalyzerStackConfigureResponse:
        """Take what the stack's configuration says of the policies; refuse to work where that is wrong."""
        environment = request.config.get(f"{OURS}environment", request.stack)
        exemptions: tuple[Exemption, ...] = ()
        if any(key.startswith("policies:") for key in request.config):
            # Most stacks say nothing, and need not wait for pydantic.
            from policies import configuration

            try:
                self._advisory, exemptions = configuration.read(request.config, self._registry, environment)
            except configuration.ConfigurationError as error:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"Pulumi.{request.stack}.yaml:\n{error}")
        self._deployment = Deployment(
            stack=request.stack,
            environment=environment,
            owner=request.config.get(f"{OURS}owner"),
            config=dict(request.config),
            exemptions=exemptions,
            today=datetime.datetime.now(datetime.UTC).date(),
        )
        return messages.AnalyzerStackConfigureResponse()

    def info(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> messages.AnalyzerInfo:
        """Describe the pack and its policies."""
        return messages.AnalyzerInfo(
            name=PACK,
            displayName="Platform",
            version=VERSION,
            policies=[
                messages.PolicyInfo(
                    name=policy.name,
                    displayName=policy.name,
                    description=policy.description,
                    enforcementLevel=self._level(policy),
                    policy_type=messages.POLICY_TYPE_STACK if policy.check is None else messages.POLICY_TYPE_RESOURCE,
                    severity=SEVERITIES[policy.severity],
                    remediation_steps=policy.remedy,
                    framework=messages.PolicyComplianceFramework(name="brief", specification=policy.clause),
                )
                for policy in self._registry
            ],
        )

    def plugin_info(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """The pack's version."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def analyze(self, request: messages.AnalyzeRequest, context: grpc.ServicerContext) -> messages.AnalyzeResponse:
        """Check one resource before its step."""
        resource = Resource(
            urn=request.urn,
            type=request.type,
            name=request.name,
            inputs=decode(request.properties),
            provider=_provider(request.provider) if request.HasField("provider") else None,
            protect=request.options.protect,
        )
        self._declared[resource.urn] = resource
        return self._answer(
            [(policy, policy.check) for policy in self._registry if policy.check is not None],
            resource,
            resource.urn,
            context,
        )

    def analyze_stack(
        self, request: messages.AnalyzeStackRequest, context: grpc.ServicerContext
    ) -> messages.AnalyzeResponse:
        """Check all resources at the end; what was declared is remembered from `analyze`."""
        # The engine's order changes from run to run; what policies say must not.
        ordered = sorted(request.resources, key=lambda resource: resource.urn)
        stack = Stack(tuple(self._after(resource) for resource in ordered), self._deployment)
        return self._answer(
            [(policy, policy.check_stack) for policy in self._registry if policy.check_stack is not None],
            stack,
            "",
            context,
        )

    def _after(self, resource: messages.AnalyzerResource) -> Resource:
        declared = self._declared.get(resource.urn)
        return Resource(
            urn=resource.urn,
            type=resource.type,
            name=resource.name,
            inputs=declared.inputs if declared is not None else {},
            provider=_provider(resource.provider) if resource.HasField("provider") else None,
            outputs=decode(resource.properties),
            dependencies={key: tuple(found.urns) for key, found in resource.propertyDependencies.items()},
            protect=resource.options.protect,
        )

    def _answer(
        self,
        checks: Iterable[tuple[Policy, Callable[[Any], Iterable[Violation]]]],
        subject: Resource | Stack,
        urn: str,
        context: grpc.ServicerContext,
    ) -> messages.AnalyzeResponse:
        response = messages.AnalyzeResponse()
        for policy, check in checks:
            try:
                found = list(check(subject))
            except Exception:
                # A policy that cannot decide must not let anything pass.
                context.abort(
                    grpc.StatusCode.INTERNAL, f"policy {policy.name} failed on {urn or 'the stack'}:\n{_trace()}"
                )
            response.diagnostics.extend(self._diagnostic(policy, violation, urn) for violation in found)
        return response

    def _diagnostic(self, policy: Policy, violation: Violation, urn: str) -> messages.AnalyzeDiagnostic:
        where = violation.urn or urn
        message, level = policy.message(violation), self._level(policy)
        for exemption in self._deployment.exemptions:
            if exemption.covers(policy.name, where or None) and exemption.expires >= self._deployment.today:
                self._deployment.used.add(exemption)
                message += f"\nExcepted until {exemption.expires} by {exemption.owner}: {exemption.reason}"
                level = messages.ADVISORY
        return messages.AnalyzeDiagnostic(
            policyName=policy.name,
            policyPackName=PACK,
            policyPackVersion=VERSION,
            description=policy.description,
            message=message,
            enforcementLevel=level,
            severity=SEVERITIES[policy.severity],
            urn=where,
        )

    def _level(self, policy: Policy) -> messages.EnforcementLevel.ValueType:
        return messages.ADVISORY if policy.name in self._advisory else messages.MANDATORY


def _trace() -> str:
    # Values may be secrets: the places are enough.
    return "".join(traceback.format_exc(chain=False).splitlines(keepends=True)[:-1])


def _provider(message: messages.AnalyzerProviderResource) -> Provider:
    return Provider(message.type, message.name, decode(message.properties))


def _handler(answer: Callable[[Any, grpc.ServicerContext], Any], request: Any) -> grpc.RpcMethodHandler:
    return grpc.unary_unary_rpc_method_handler(
        answer,
        request_deserializer=request.FromString,
        response_serializer=lambda message: message.SerializeToString(),
    )


def start(analyzer: Analyzer) -> tuple[grpc.Server, int]:
    """Serve an analyzer on a free port of the loopback interface; the server and the port."""
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=4),
        options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
    )
    handlers = {
        "GetAnalyzerInfo": _handler(analyzer.info, empty_pb2.Empty),
        "GetPluginInfo": _handler(analyzer.plugin_info, empty_pb2.Empty),
        "ConfigureStack": _handler(analyzer.configure, messages.AnalyzerStackConfigureRequest),
        "Analyze": _handler(analyzer.analyze, messages.AnalyzeRequest),
        "AnalyzeStack": _handler(analyzer.analyze_stack, messages.AnalyzeStackRequest),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("pulumirpc.Analyzer", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port
