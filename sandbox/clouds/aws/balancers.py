"""Load balancers, their listeners and what stands behind them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.aws.base import VPC, Api, AwsKind, Reading, known_only, value_at
from sandbox.clouds.aws.cloudfront import must_be_issued
from sandbox.clouds.aws.ec2 import GROUPS, INTERNET_GATEWAY, SUBNET, one_a_zone
from sandbox.clouds.aws.functions import ELB_ACCOUNTS
from sandbox.clouds.aws.s3 import POLICY
from sandbox.clouds.aws.tokens import BALANCER, BUCKET, CERTIFICATE
from sandbox.properties import Properties, find
from sandbox.schema import Failure
from sandbox.store import Row

TARGET_GROUP: Final = "aws:lb/targetGroup:TargetGroup"
LISTENER: Final = "aws:lb/listener:Listener"
LISTENER_RULE: Final = "aws:lb/listenerRule:ListenerRule"
NAME: Final = r"^(?!internal-)(?!-)[A-Za-z0-9-]{1,32}(?<!-)$"
NAME_IN_WORDS: Final = "1 to 32 of letters, digits and -, neither beginning nor ending with -"
LOG_DELIVERY: Final = ("logdelivery.elasticloadbalancing.amazonaws.com", "delivery.logs.amazonaws.com")
LEAST_ZONES: Final = 2
MOST_COOKIE_SECONDS: Final = 604_800
MOST_DRAIN_SECONDS: Final = 3600

Attributes = Mapping[str, str]
"""A property's path → the name of the attribute that it is at AWS."""


def _attributes(names: Attributes) -> Any:
    """The attributes that are given, as the API writes them."""

    def made(p: Properties) -> list[Properties] | None:
        values = {key: value_at(p, path) for path, key in names.items()}
        given = {key: value for key, value in values.items() if value is not None}
        texts = {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in given.items()}
        return [{"Key": key, "Value": text} for key, text in texts.items()] or None

    return known_only(made, *sorted({path.split(".")[0] for path in names}))


def _seen(names: Attributes) -> str:
    """A JMESPath that turns attributes back into properties; those within others are left out."""
    parts = [f"{path}: Attributes[?Key=='{key}'].Value | [0]" for path, key in names.items() if "." not in path]
    return f"{{{', '.join(parts)}}}"


def _taken(names: Attributes) -> tuple[str, ...]:
    return tuple(sorted({path.split(".")[0] for path in names}))


_OF_BALANCER: Final[Attributes] = {
    "idleTimeout": "idle_timeout.timeout_seconds",
    "clientKeepAlive": "client_keep_alive.seconds",
    "enableDeletionProtection": "deletion_protection.enabled",
    "enableCrossZoneLoadBalancing": "load_balancing.cross_zone.enabled",
    "enableHttp2": "routing.http2.enabled",
    "dropInvalidHeaderFields": "routing.http.drop_invalid_header_fields.enabled",
    "desyncMitigationMode": "routing.http.desync_mitigation_mode",
    "preserveHostHeader": "routing.http.preserve_host_header.enabled",
    "enableTlsVersionAndCipherSuiteHeaders": "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
    "enableXffClientPort": "routing.http.xff_client_port.enabled",
    "xffHeaderProcessingMode": "routing.http.xff_header_processing.mode",
    "enableWafFailOpen": "waf.fail_open.enabled",
    "enableZonalShift": "zonal_shift.config.enabled",
    "accessLogs.enabled": "access_logs.s3.enabled",
    "accessLogs.bucket": "access_logs.s3.bucket",
    "accessLogs.prefix": "access_logs.s3.prefix",
    "connectionLogs.enabled": "connection_logs.s3.enabled",
    "connectionLogs.bucket": "connection_logs.s3.bucket",
    "connectionLogs.prefix": "connection_logs.s3.prefix",
}


class LoadBalancer(AwsKind):
    """A load balancer."""

    token = BALANCER
    service = "elbv2"
    unique = frozenset({"name"})
    references = (
        Reference("subnets[]", (SUBNET,)),
        Reference("subnetMappings[].subnetId", (SUBNET,)),
        Reference("securityGroups[]", GROUPS),
        Reference("accessLogs.bucket", (BUCKET,)),
        Reference("connectionLogs.bucket", (BUCKET,)),
    )
    replace_on = frozenset({"internal", "loadBalancerType"})
    renames = {"loadBalancerType": "Type"}
    tag_operations = ("AddTags", "RemoveTags")
    creation = Api(
        "CreateLoadBalancer",
        {"Scheme": known_only(lambda p: "internal" if p.get("internal") else "internet-facing", "internal")},
        mapped=True,
        takes=("internal",),
    )
    identity = "LoadBalancers[0].LoadBalancerArn"
    settings = (
        Api(
            "ModifyLoadBalancerAttributes",
            {"LoadBalancerArn": "{id}", "Attributes": _attributes(_OF_BALANCER)},
            takes=_taken(_OF_BALANCER),
        ),
    )
    changes = (
        Api("SetSubnets", {"LoadBalancerArn": "{id}", "Subnets": "{subnets}"}),
        Api("SetSecurityGroups", {"LoadBalancerArn": "{id}", "SecurityGroups": "{securityGroups}"}),
        Api("SetIpAddressType", {"LoadBalancerArn": "{id}", "IpAddressType": "{ipAddressType}"}),
    )
    deletion = (Api("DeleteLoadBalancer", {"LoadBalancerArn": "{id}"}),)
    readings = (
        Reading("DescribeLoadBalancers", {"LoadBalancerArns": ["{id}"]}, "LoadBalancers[0]"),
        Reading("DescribeLoadBalancerAttributes", {"LoadBalancerArn": "{id}"}, _seen(_OF_BALANCER)),
    )
    outputs = {
        "arn": "{id}",
        "arnSuffix": lambda p: p["id"].split(":loadbalancer/", 1)[-1],
        "zoneId": "CanonicalHostedZoneId",
    }

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Names and times are those of the API."""
        yield from super().check(inputs, call)
        yield from rules.matches(inputs, "name", NAME, NAME_IN_WORDS)
        yield from rules.between(inputs, "idleTimeout", 1, 4000, "seconds")
        yield from rules.between(inputs, "clientKeepAlive", 60, 604_800, "seconds")
        yield from rules.one_of(inputs, "desyncMitigationMode", ("monitor", "defensive", "strictest"))
        subnets = inputs.get("subnets")
        if self._is_application(inputs) and isinstance(subnets, list) and len(subnets) < LEAST_ZONES:
            yield Failure("subnets", f"has {len(subnets)}; an application load balancer needs {LEAST_ZONES} zones")

    def _is_application(self, inputs: Properties) -> bool:
        return bool(inputs.get("loadBalancerType", "application") == "application")

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """Subnets in two zones; a way to the internet; a bucket that takes the logs."""
        subnets = list(inputs.get("subnets") or [])
        subnets += [one["subnetId"] for one in inputs.get("subnetMappings") or []]
        zones = one_a_zone(subnets, call, "subnets")
        if self._is_application(inputs) and len(zones) < LEAST_ZONES:
            raise CloudError(f"ValidationError: subnets: at least {LEAST_ZONES} subnets in two zones are needed")
        rows = [row for row in (call.get(SUBNET, identifier) for identifier in subnets) if row is not None]
        ways = {row.outputs.get("vpcId") for row in call.rows(INTERNET_GATEWAY)}
        for row in rows:
            if not inputs.get("internal") and row.outputs.get("vpcId") not in ways:
                raise CloudError(
                    f"InvalidSubnet: subnets: VPC {row.outputs.get('vpcId')} has no internet gateway; attach one "
                    "first, or set internal"
                )
            if inputs.get("ipAddressType") == "dualstack" and not row.outputs.get("ipv6CidrBlock"):
                raise CloudError(f"ValidationError: ipAddressType: dualstack, but subnet {row.id} has no ipv6CidrBlock")
        for name in ("accessLogs", "connectionLogs"):
            logs = inputs.get(name) or {}
            if logs.get("enabled"):
                _must_take_logs(logs["bucket"], name, self.region(inputs, call), call)

    def on_delete(self, row: Row, call: Call) -> None:
        """A protected one stays."""
        if row.outputs.get("enableDeletionProtection"):
            raise CloudError(
                f"OperationNotPermitted: {row.name} is protected; set enableDeletionProtection to false first"
            )
        super().on_delete(row, call)


def _must_take_logs(bucket: str, name: str, region: str, call: Call) -> None:
    policy = call.get(POLICY, bucket)
    text = json.dumps(policy.inputs["policy"]) if policy is not None else ""
    if not any(writer in text for writer in (*LOG_DELIVERY, ELB_ACCOUNTS.get(region, LOG_DELIVERY[0]))):
        raise CloudError(
            f"InvalidConfigurationRequest: {name}.bucket: Access Denied for bucket {bucket}: its BucketPolicy must let "
            f"{LOG_DELIVERY[0]} put objects, before this"
        )


_OF_GROUP: Final[Attributes] = {
    "deregistrationDelay": "deregistration_delay.timeout_seconds",
    "slowStart": "slow_start.duration_seconds",
    "loadBalancingAlgorithmType": "load_balancing.algorithm.type",
    "loadBalancingAnomalyMitigation": "load_balancing.algorithm.anomaly_mitigation",
    "loadBalancingCrossZoneEnabled": "load_balancing.cross_zone.enabled",
    "preserveClientIp": "preserve_client_ip.enabled",
    "proxyProtocolV2": "proxy_protocol_v2.enabled",
    "connectionTermination": "deregistration_delay.connection_termination.enabled",
    "stickiness.type": "stickiness.type",
    "stickinessEnabled": "stickiness.enabled",
    "lbCookie": "stickiness.lb_cookie.duration_seconds",
    "appCookie": "stickiness.app_cookie.duration_seconds",
    "stickiness.cookieName": "stickiness.app_cookie.cookie_name",
}
_GROUP_TAKEN: Final = tuple(
    name for name in _taken(_OF_GROUP) if name not in ("lbCookie", "appCookie", "stickinessEnabled")
)


def _group_attributes(p: Properties) -> Any:
    given = p.get("stickiness") or {}
    cookie = {"lb_cookie": "lbCookie", "app_cookie": "appCookie"}.get(str(given.get("type")))
    extra = {cookie: given.get("cookieDuration", 86_400)} if cookie else {}
    if given:
        extra["stickinessEnabled"] = given.get("enabled", True)
    return _attributes(_OF_GROUP)({**p, **extra})


_HEALTH: Final = {
    "HealthCheckEnabled": "{healthCheck.enabled}",
    "HealthCheckProtocol": "{healthCheck.protocol}",
    "HealthCheckPort": "{healthCheck.port}",
    "HealthCheckPath": "{healthCheck.path}",
    "HealthCheckIntervalSeconds": "{healthCheck.interval}",
    "HealthCheckTimeoutSeconds": "{healthCheck.timeout}",
    "HealthyThresholdCount": "{healthCheck.healthyThreshold}",
    "UnhealthyThresholdCount": "{healthCheck.unhealthyThreshold}",
    "Matcher": {"HttpCode": "{healthCheck.matcher}"},
}


class TargetGroup(AwsKind):
    """What a load balancer sends requests to."""

    token = TARGET_GROUP
    service = "elbv2"
    unique = frozenset({"name"})
    references = (Reference("vpcId", (VPC,)),)
    tag_operations = ("AddTags", "RemoveTags")
    creation = Api("CreateTargetGroup", _HEALTH, mapped=True)
    identity = "TargetGroups[0].TargetGroupArn"
    settings = (
        Api(
            "ModifyTargetGroupAttributes",
            {"TargetGroupArn": "{id}", "Attributes": known_only(_group_attributes, *_GROUP_TAKEN)},
            takes=_GROUP_TAKEN,
        ),
    )
    changes = (Api("ModifyTargetGroup", {"TargetGroupArn": "{id}", **_HEALTH}),)
    deletion = (Api("DeleteTargetGroup", {"TargetGroupArn": "{id}"}),)
    readings = (
        Reading("DescribeTargetGroups", {"TargetGroupArns": ["{id}"]}, "TargetGroups[0]"),
        Reading(
            "DescribeTargetGroupAttributes",
            {"TargetGroupArn": "{id}"},
            _seen({path: key for path, key in _OF_GROUP.items() if path in _GROUP_TAKEN}),
        ),
    )
    outputs = {"arn": "{id}", "arnSuffix": lambda p: "targetgroup/" + p["id"].split(":targetgroup/", 1)[-1]}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Targets have a port in a VPC; cookies and draining end some time."""
        yield from super().check(inputs, call)
        yield from rules.matches(inputs, "name", NAME, NAME_IN_WORDS)
        if inputs.get("targetType") != "lambda":
            for name in ("port", "protocol", "vpcId"):
                if inputs.get(name) is None:
                    yield Failure(name, f"is required with targetType {inputs.get('targetType', 'instance')}")
        yield from rules.one_of(inputs, "stickiness.type", ("lb_cookie", "app_cookie", "source_ip"))
        yield from rules.between(inputs, "stickiness.cookieDuration", 1, MOST_COOKIE_SECONDS, "seconds")
        yield from rules.between(inputs, "deregistrationDelay", 0, MOST_DRAIN_SECONDS, "seconds")
        algorithms = ("round_robin", "least_outstanding_requests", "weighted_random")
        yield from rules.one_of(inputs, "loadBalancingAlgorithmType", algorithms)
        yield from rules.between(inputs, "healthCheck.healthyThreshold", 2, 10)
        yield from rules.between(inputs, "healthCheck.unhealthyThreshold", 2, 10)
        yield from rules.between(inputs, "healthCheck.interval", 5, 300, "seconds")
        health = inputs.get("healthCheck") or {}
        interval, timeout = health.get("interval", 30), health.get("timeout", 5)
        if isinstance(interval, int) and isinstance(timeout, int) and timeout >= interval:
            yield Failure(
                "healthCheck.timeout", f"is {timeout}, but accepted is less than the interval, {interval} seconds"
            )
        slow = inputs.get("slowStart")
        if isinstance(slow, int) and slow and not 30 <= slow <= 900:
            yield Failure("slowStart", f"is {slow}, but accepted is 0 or 30 to 900 seconds")


_OF_LISTENER: Final[Attributes] = {
    "tcpIdleTimeoutSeconds": "tcp.idle_timeout.seconds",
    "routingHttpResponseServerEnabled": "routing.http.response.server.enabled",
    "routingHttpResponseStrictTransportSecurityHeaderValue": (
        "routing.http.response.strict_transport_security.header_value"
    ),
    "routingHttpResponseContentSecurityPolicyHeaderValue": "routing.http.response.content_security_policy.header_value",
    "routingHttpResponseXContentTypeOptionsHeaderValue": "routing.http.response.x_content_type_options.header_value",
    "routingHttpResponseXFrameOptionsHeaderValue": "routing.http.response.x_frame_options.header_value",
    "routingHttpResponseAccessControlAllowOriginHeaderValue": (
        "routing.http.response.access_control_allow_origin.header_value"
    ),
    "routingHttpRequestXAmznTlsVersionHeaderName": "routing.http.request.x_amzn_tls_version.header_name",
    "routingHttpRequestXAmznTlsCipherSuiteHeaderName": "routing.http.request.x_amzn_tls_cipher_suite.header_name",
}
_ACTIONS: Final = {
    "redirect": "RedirectConfig",
    "fixedResponse": "FixedResponseConfig",
    "forward": "ForwardConfig",
    "authenticateCognito": "AuthenticateCognitoConfig",
    "authenticateOidc": "AuthenticateOidcConfig",
    "jwtValidation": "JwtValidationConfig",
    "forward.targetGroups.arn": "TargetGroupArn",
    "forward.stickiness": "TargetGroupStickinessConfig",
    "duration": "DurationSeconds",
}


def _action_names(prefix: str) -> dict[str, str]:
    return {f"{prefix}.{path}" if path != "duration" else path: name for path, name in _ACTIONS.items()}


def _action_references(prefix: str) -> tuple[Reference, ...]:
    return (
        Reference(f"{prefix}[].targetGroupArn", (TARGET_GROUP,), output="arn"),
        Reference(f"{prefix}[].forward.targetGroups[].arn", (TARGET_GROUP,), output="arn"),
    )


def _check_actions(inputs: Properties, prefix: str) -> Iterator[Failure]:
    parts = {"redirect": "redirect", "fixed-response": "fixedResponse"}
    for index, action in enumerate(inputs.get(prefix) or []):
        part = parts.get(action.get("type"))
        if part and action.get(part) is None:
            yield Failure(f"{prefix}[{index}].{part}", f"is required with type {action['type']}")
        ways = [name for name in ("targetGroupArn", "forward") if action.get(name) is not None]
        if action.get("type") == "forward" and not ways:
            yield Failure(f"{prefix}[{index}].targetGroupArn", "is required with type forward")
    yield from rules.between(inputs, f"{prefix}[].forward.stickiness.duration", 1, MOST_COOKIE_SECONDS, "seconds")


class Listener(AwsKind):
    """A port of a load balancer."""

    token = LISTENER
    service = "elbv2"
    autoname = False
    references = (
        Reference("loadBalancerArn", (BALANCER,), output="arn"),
        Reference("certificateArn", (CERTIFICATE,), output="arn"),
        *_action_references("defaultActions"),
    )
    replace_on = frozenset({"loadBalancerArn"})
    renames = _action_names("defaultActions")
    tag_operations = ("AddTags", "RemoveTags")
    creation = Api("CreateListener", {"Certificates": [{"CertificateArn": "{certificateArn}"}]}, mapped=True)
    identity = "Listeners[0].ListenerArn"
    settings = (
        Api(
            "ModifyListenerAttributes",
            {"ListenerArn": "{id}", "Attributes": _attributes(_OF_LISTENER)},
            takes=_taken(_OF_LISTENER),
        ),
    )
    changes = (
        Api(
            "ModifyListener",
            {"ListenerArn": "{id}", "Certificates": [{"CertificateArn": "{certificateArn}"}]},
            mapped=True,
        ),
    )
    deletion = (Api("DeleteListener", {"ListenerArn": "{id}"}),)
    readings = (Reading("DescribeListeners", {"ListenerArns": ["{id}"]}, "Listeners[0]"),)
    outputs = {"arn": "{id}"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """TLS needs a certificate of the same region and a policy; plain HTTP has neither."""
        yield from super().check(inputs, call)
        yield from _check_actions(inputs, "defaultActions")
        secure = inputs.get("protocol") in ("HTTPS", "TLS")
        if secure and inputs.get("certificateArn") is None:
            yield Failure("certificateArn", f"is required with protocol {inputs['protocol']}")
        for name in () if secure else ("certificateArn", "sslPolicy"):
            if inputs.get(name) is not None:
                yield Failure(name, f"a listener with protocol {inputs.get('protocol')} has none")
        yield from rules.matches(
            inputs, "sslPolicy", r"^ELBSecurityPolicy-[\w-]+$", "a policy such as ELBSecurityPolicy-TLS13-1-2-2021-06"
        )
        for where, arn in find(inputs, "certificateArn"):
            region = self.region(inputs, call)
            if f":{region}:" not in str(arn):
                yield Failure(where, f"is {arn!r}, but accepted is a certificate in {region}")

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """Certificates are issued; a port has one listener."""
        must_be_issued(inputs.get("certificateArn"), call, "certificateArn")
        for row in call.rows(LISTENER):
            same = all(row.outputs.get(name) == inputs.get(name) for name in ("loadBalancerArn", "port"))
            if same and (existing is None or row.seq != existing.seq):
                raise CloudError(f"DuplicateListener: port: {inputs.get('port')} has the listener {row.id}")


_FIELDS: Final = {
    "hostHeader": ("host-header", "HostHeaderConfig"),
    "pathPattern": ("path-pattern", "PathPatternConfig"),
    "httpHeader": ("http-header", "HttpHeaderConfig"),
    "httpRequestMethod": ("http-request-method", "HttpRequestMethodConfig"),
    "sourceIp": ("source-ip", "SourceIpConfig"),
}


def _conditions(p: Properties) -> list[Properties]:
    found = []
    for condition in p.get("conditions") or []:
        for name, (kind, member) in _FIELDS.items():
            given = condition.get(name)
            if given:
                named = {"HttpHeaderName": given["httpHeaderName"]} if name == "httpHeader" else {}
                found.append({"Field": kind, member: {**named, "Values": given["values"]}})
        if condition.get("queryStrings"):
            pairs = [{"Key": one.get("key"), "Value": one["value"]} for one in condition["queryStrings"]]
            values = [{name: value for name, value in pair.items() if value is not None} for pair in pairs]
            found.append({"Field": "query-string", "QueryStringConfig": {"Values": values}})
    return found


class ListenerRule(AwsKind):
    """What a listener does with some requests."""

    token = LISTENER_RULE
    service = "elbv2"
    autoname = False
    references = (Reference("listenerArn", (LISTENER,), output="arn"), *_action_references("actions"))
    replace_on = frozenset({"listenerArn"})
    renames = _action_names("actions")
    tag_operations = ("AddTags", "RemoveTags")
    creation = Api(
        "CreateRule", {"Conditions": known_only(_conditions, "conditions")}, mapped=True, takes=("conditions",)
    )
    identity = "Rules[0].RuleArn"
    changes = (
        Api(
            "ModifyRule",
            {"RuleArn": "{id}", "Conditions": known_only(_conditions, "conditions"), "Actions": "{actions}"},
            takes=("conditions",),
        ),
        Api("SetRulePriorities", {"RulePriorities": [{"RuleArn": "{id}", "Priority": "{priority}"}]}),
    )
    deletion = (Api("DeleteRule", {"RuleArn": "{id}"}),)
    readings = (Reading("DescribeRules", {"RuleArns": ["{id}"]}, "Rules[0]"),)
    outputs = {"arn": "{id}"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Rules have an order."""
        yield from super().check(inputs, call)
        yield from _check_actions(inputs, "actions")
        yield from rules.between(inputs, "priority", 1, 50_000)

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """A listener has a priority once."""
        for row in call.rows(LISTENER_RULE):
            same = all(row.outputs.get(name) == inputs.get(name) for name in ("listenerArn", "priority"))
            if same and (existing is None or row.seq != existing.seq):
                raise CloudError(f"PriorityInUse: priority: {inputs.get('priority')} is that of rule {row.id}")


KINDS: Final[tuple[Kind, ...]] = (LoadBalancer(), TargetGroup(), Listener(), ListenerRule())
