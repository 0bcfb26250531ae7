"""HTTP APIs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.aws.base import Api, AwsKind, Named, Reading, always, known_only
from sandbox.clouds.aws.tokens import FUNCTION, LOG_GROUP
from sandbox.properties import Properties
from sandbox.schema import Failure
from sandbox.store import Row

API: Final = "aws:apigatewayv2/api:Api"
INTEGRATION: Final = "aws:apigatewayv2/integration:Integration"
AUTHORIZER: Final = "aws:apigatewayv2/authorizer:Authorizer"
ROUTE_KEY: Final = r"^(\$default|\$connect|\$disconnect|(ANY|GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /\S*)$"
MOST_MILLISECONDS: Final = 30_000


class HttpApi(AwsKind):
    """An API."""

    token = API
    service = "apigatewayv2"
    replace_on = frozenset({"protocolType"})
    creation = Api("CreateApi", mapped=True)
    changes = (Api("UpdateApi", {"ApiId": "{id}"}, mapped=True),)
    identity = "ApiId"
    deletion = (Api("DeleteApi", {"ApiId": "{id}"}),)
    readings = (Reading("GetApi", {"ApiId": "{id}"}),)
    outputs = {
        "arn": "arn:aws:apigateway:{region}::/apis/{id}",
        "executionArn": "arn:aws:execute-api:{region}:{account}:{id}",
    }


def _route_settings(p: Properties) -> dict[str, Any] | None:
    names = {
        "dataTraceEnabled": "DataTraceEnabled",
        "detailedMetricsEnabled": "DetailedMetricsEnabled",
        "loggingLevel": "LoggingLevel",
        "throttlingBurstLimit": "ThrottlingBurstLimit",
        "throttlingRateLimit": "ThrottlingRateLimit",
    }
    return {
        one["routeKey"]: {member: one[name] for name, member in names.items() if one.get(name) is not None}
        for one in p.get("routeSettings") or []
    } or None


class Stage(AwsKind):
    """An API as it is published."""

    token = "aws:apigatewayv2/stage:Stage"
    service = "apigatewayv2"
    references = (Reference("apiId", (API,)),)
    replace_on = frozenset({"apiId"})
    creation = Api(
        "CreateStage",
        {"RouteSettings": known_only(_route_settings, "routeSettings")},
        mapped=True,
        takes=("routeSettings",),
        when=always,
    )
    changes = (
        Api(
            "UpdateStage",
            {
                "ApiId": "{apiId}",
                "StageName": "{name}",
                "RouteSettings": known_only(_route_settings, "routeSettings"),
            },
            mapped=True,
            takes=("routeSettings",),
            when=always,
        ),
    )
    identity = "{apiId}/{name}"
    deletion = (Api("DeleteStage", {"ApiId": "{apiId}", "StageName": "{name}"}),)
    readings = (Reading("GetStage", {"ApiId": "{apiId}", "StageName": "{name}"}),)
    outputs = {
        "arn": "arn:aws:apigateway:{region}::/apis/{apiId}/stages/{name}",
        "executionArn": "arn:aws:execute-api:{region}:{account}:{apiId}/{name}",
        "invokeUrl": lambda p: (
            f"https://{p['apiId']}.execute-api.{p['region']}.amazonaws.com/"
            f"{'' if p['name'] == '$default' else p['name']}"
        ),
    }

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """Where it writes who called must be there."""
        target = str((inputs.get("accessLogSettings") or {}).get("destinationArn") or "").removesuffix(":*")
        if target.startswith("arn:aws:logs:") and target not in {row.outputs["arn"] for row in call.rows(LOG_GROUP)}:
            raise CloudError(f"accessLogSettings.destinationArn: there is no LogGroup {target!r} in this account")


class _OfApi(AwsKind):
    service = "apigatewayv2"
    autoname = False
    tag_operations = None
    replace_on = frozenset({"apiId"})


class Route(_OfApi):
    """What an API does for a method and a path."""

    token = "aws:apigatewayv2/route:Route"
    references = (Reference("apiId", (API,)), Reference("authorizerId", (AUTHORIZER,), same=("apiId",)))
    creation = Api("CreateRoute", mapped=True)
    changes = (Api("UpdateRoute", {"ApiId": "{apiId}", "RouteId": "{id}"}, mapped=True),)
    identity = "RouteId"
    deletion = (Api("DeleteRoute", {"ApiId": "{apiId}", "RouteId": "{id}"}),)
    readings = (Reading("GetRoute", {"ApiId": "{apiId}", "RouteId": "{id}"}),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Keys are a method and a path; who demands a token names who checks it."""
        yield from super().check(inputs, call)
        yield from rules.matches(
            inputs, "routeKey", ROUTE_KEY, "$default, or a method and a path such as GET /readings"
        )
        if inputs.get("authorizationType") in ("JWT", "CUSTOM") and inputs.get("authorizerId") is None:
            yield Failure("authorizerId", f"is required with authorizationType {inputs['authorizationType']}")

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """Its target must be there, and no other route have its key."""
        target = str(inputs.get("target") or "")
        row = call.get(INTEGRATION, target.removeprefix("integrations/"))
        if target and (row is None or row.outputs.get("apiId") != inputs["apiId"]):
            raise CloudError(f"target: there is no Integration {target!r} in this API; accepted is integrations/<id>")
        for other in call.rows(self.token):
            same = [other.outputs.get(name) == inputs[name] for name in ("apiId", "routeKey")]
            if all(same) and (existing is None or existing.seq != other.seq):
                raise CloudError(f"ConflictException: routeKey: {inputs['routeKey']!r} is taken by route {other.id}")

    def targets(self, inputs: Properties, call: Call) -> list[Row]:
        """Besides what it names by id, its target."""
        row = call.get(INTEGRATION, str(inputs.get("target") or "").removeprefix("integrations/"))
        return [*super().targets(inputs, call), *([row] if row is not None else [])]


class Integration(_OfApi):
    """What stands behind routes."""

    token = INTEGRATION
    renames = {"timeoutMilliseconds": "TimeoutInMillis"}
    references = (Reference("apiId", (API,)), Named("integrationUri", (FUNCTION,), output="invokeArn", also=("arn",)))
    creation = Api("CreateIntegration", mapped=True)
    changes = (Api("UpdateIntegration", {"ApiId": "{apiId}", "IntegrationId": "{id}"}, mapped=True),)
    identity = "IntegrationId"
    deletion = (Api("DeleteIntegration", {"ApiId": "{apiId}", "IntegrationId": "{id}"}),)
    readings = (Reading("GetIntegration", {"ApiId": "{apiId}", "IntegrationId": "{id}"}),)

    def targets(self, inputs: Properties, call: Call) -> list[Row]:
        """Only functions can be looked up."""
        proxied = inputs.get("integrationType") == "AWS_PROXY" and inputs.get("integrationSubtype") is None
        return super().targets(inputs if proxied else {**inputs, "integrationUri": None}, call)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """An answer comes within half a minute."""
        yield from super().check(inputs, call)
        yield from rules.between(inputs, "timeoutMilliseconds", 50, MOST_MILLISECONDS, "milliseconds")
        yield from rules.one_of(inputs, "payloadFormatVersion", ("1.0", "2.0"))


class Authorizer(_OfApi):
    """Who checks tokens."""

    token = AUTHORIZER
    autoname = True
    references = (Reference("apiId", (API,)), Reference("authorizerUri", (FUNCTION,), output="invokeArn"))
    creation = Api("CreateAuthorizer", mapped=True)
    changes = (Api("UpdateAuthorizer", {"ApiId": "{apiId}", "AuthorizerId": "{id}"}, mapped=True),)
    identity = "AuthorizerId"
    deletion = (Api("DeleteAuthorizer", {"ApiId": "{apiId}", "AuthorizerId": "{id}"}),)
    readings = (Reading("GetAuthorizer", {"ApiId": "{apiId}", "AuthorizerId": "{id}"}),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Tokens are somebody's, for somebody, and stand somewhere."""
        yield from super().check(inputs, call)
        if inputs.get("authorizerType") == "JWT":
            for name in ("identitySources", "jwtConfiguration"):
                if not inputs.get(name):
                    yield Failure(name, "is required with authorizerType JWT")


KINDS: Final[tuple[Kind, ...]] = (HttpApi(), Stage(), Route(), Integration(), Authorizer())
