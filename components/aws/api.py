"""An HTTP API before functions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

from components.aws.function import Function
from components.sdk import lazy

aws = lazy("pulumi_aws")

STAGE: Final = "$default"
CORS_SECONDS: Final = 3600
LOGGED: Final = {
    "at": "$context.requestTime",
    "request": "$context.requestId",
    "address": "$context.identity.sourceIp",
    "who": "$context.authorizer.claims.sub",
    "route": "$context.routeKey",
    "path": "$context.path",
    "status": "$context.status",
    "error": "$context.error.message",
    "bytes": "$context.responseLength",
    "milliseconds": "$context.responseLatency",
}
"""Who asked for what, and what came of it; neither tokens nor answers."""


@dataclass(frozen=True)
class ApiArgs:
    """`name` is the API's; of all callers together, `rate` requests a second are answered and `burst` at once, others
    get 429. `log_group` is the ARN of a log group; pages of `origins` may call it from a browser."""

    name: str
    rate: int
    burst: int
    log_group: pulumi.Input[str]
    origins: Sequence[pulumi.Input[str]] = field(default_factory=tuple)


class Api(pulumi.ComponentResource):
    """An HTTP API of API Gateway.

    Creates the API and its stage, throttled and logged. `authorize` says whose tokens are good, `route` adds what is
    answered: it calls a function, and lets the API call it.

    Outputs: `id`, `url` (without a slash at its end).
    """

    def __init__(self, args: ApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:Api", args.name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._integrations: dict[str, Any] = {}
        self._authorizer: Any = None
        self._scope = ""
        cors = {
            "allow_origins": args.origins,
            "allow_methods": ["GET"],
            "allow_headers": ["authorization"],
            "max_age": CORS_SECONDS,
        }
        self._api = aws.apigatewayv2.Api(
            args.name,
            name=args.name,
            protocol_type="HTTP",
            ip_address_type="dualstack",
            cors_configuration=cors if args.origins else None,
            opts=self._child,
        )
        self.id: pulumi.Output[str] = self._api.id
        self.url: pulumi.Output[str] = self._api.api_endpoint
        aws.apigatewayv2.Stage(
            args.name,
            api_id=self.id,
            name=STAGE,
            auto_deploy=True,
            default_route_settings={
                "throttling_rate_limit": args.rate,
                "throttling_burst_limit": args.burst,
                "detailed_metrics_enabled": True,
            },
            access_log_settings={"destination_arn": args.log_group, "format": json.dumps(LOGGED, sort_keys=True)},
            opts=self._child,
        )
        self.register_outputs({"id": self.id, "url": self.url})

    def authorize(self, issuer: pulumi.Input[str], audience: pulumi.Input[str], scope: str) -> None:
        """Take tokens of an issuer (URL) that were issued to `audience` and are good for the `scope`."""
        self._scope = scope
        self._authorizer = aws.apigatewayv2.Authorizer(
            self._args.name,
            name=self._args.name,
            api_id=self.id,
            authorizer_type="JWT",
            identity_sources=["$request.header.Authorization"],
            jwt_configuration={"issuer": issuer, "audiences": [audience]},
            opts=self._child,
        )

    def route(self, key: str, name: str, function: Function, *, public: bool = False) -> None:
        """Answer a method and a path, such as `GET /v1/sensors`, by a function that `name` tells from others.

        Raises ValueError for a route that is not public before `authorize` has said who may use it.
        """
        if not public and self._authorizer is None:
            raise ValueError(f"{key} is for signed-in users, and nobody has said who issues their tokens")
        guard: dict[str, Any] = {"authorization_type": "NONE"}
        if not public:
            guard = {
                "authorization_type": "JWT",
                "authorizer_id": self._authorizer.id,
                "authorization_scopes": [self._scope],
            }
        aws.apigatewayv2.Route(
            f"{self._args.name}-{key.removeprefix('GET ')}",
            api_id=self.id,
            route_key=key,
            target=pulumi.Output.concat("integrations/", self._integration(name, function).id),
            **guard,
            opts=self._child,
        )

    def _integration(self, name: str, function: Function) -> Any:
        if name not in self._integrations:
            aws.lambda_.Permission(
                f"{self._args.name}-{name}",
                statement_id=f"{self._args.name}-{name}",
                function=function.name,
                action="lambda:InvokeFunction",
                principal="apigateway.amazonaws.com",
                source_arn=pulumi.Output.concat(self._api.execution_arn, "/*"),
                opts=self._child,
            )
            self._integrations[name] = aws.apigatewayv2.Integration(
                f"{self._args.name}-{name}",
                api_id=self.id,
                integration_type="AWS_PROXY",
                integration_uri=function.invoke_arn,
                payload_format_version="2.0",
                opts=self._child,
            )
        return self._integrations[name]
