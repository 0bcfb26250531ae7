"""Functions, and what calls them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.aws.assets import archive
from sandbox.clouds.aws.base import Api, AwsKind, Named, Reading, always, known_only
from sandbox.clouds.aws.ec2 import GROUPS, SUBNET
from sandbox.clouds.aws.kms import key
from sandbox.clouds.aws.tokens import BUCKET, FUNCTION, QUEUE, ROLE, TABLE, TOPIC
from sandbox.properties import Properties, has_unknown
from sandbox.schema import Failure
from sandbox.store import Row

NAME: Final = r"^[\w-]{1,64}$"
MEMORY_MB: Final = (128, 10_240)
MOST_SECONDS: Final = 900
ENVIRONMENT_BYTES: Final = 4096
STORAGE_MB: Final = (512, 10_240)
ZIP_BYTES: Final = 50 * 1024 * 1024
"""What a call may carry; larger archives come from a bucket."""
DEPRECATED: Final = (
    *("python2.7", "python3.6", "python3.7", "python3.8", "python3.9"),
    *("nodejs", "nodejs4.3", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x", "nodejs14.x", "nodejs16.x"),
    *("nodejs18.x", "java8", "dotnetcore2.1", "dotnetcore3.1", "dotnet6", "go1.x", "ruby2.5", "ruby2.7", "provided"),
)
"""Runtimes that take no new functions, or will soon take none (Lambda's developer guide, 2026)."""
_CODE: Final = ("code", "imageUri", "s3Bucket", "s3Key", "s3ObjectVersion")


def _zip(p: Properties) -> bytes | None:
    return archive(p["code"]) if p.get("code") is not None else None


def _code(p: Properties) -> Properties:
    if p.get("code") is not None:
        return {"ZipFile": archive(p["code"])}
    names = {"imageUri": "ImageUri", "s3Bucket": "S3Bucket", "s3Key": "S3Key", "s3ObjectVersion": "S3ObjectVersion"}
    return {member: p[name] for name, member in names.items() if p.get(name)}


class Function(AwsKind):
    """A function."""

    token = FUNCTION
    service = "lambda"
    unique = frozenset({"name"})
    references = (
        Reference("role", (ROLE,), output="arn"),
        Reference("vpcConfig.subnetIds[]", (SUBNET,)),
        Reference("vpcConfig.securityGroupIds[]", GROUPS),
        Reference("deadLetterConfig.targetArn", (QUEUE, TOPIC), output="arn"),
        Reference("s3Bucket", (BUCKET,)),
        key("kmsKeyArn"),
    )
    replace_on = frozenset({"packageType", "architectures"})
    renames = {"fileSystemConfig": "FileSystemConfigs", "vpcConfig.vpcId": ""}
    apart = frozenset({"sourceCodeHash", "skipDestroy", "codeSha256", "useResourceTimeoutForPropagation"})
    creation = Api("CreateFunction", {"Code": known_only(_code, *_CODE)}, mapped=True, takes=_CODE)
    identity = "{name}"
    settings = (
        Api(
            "PutFunctionConcurrency",
            {"FunctionName": "{id}", "ReservedConcurrentExecutions": "{reservedConcurrentExecutions}"},
            when=lambda p: p.get("reservedConcurrentExecutions") not in (None, -1),
            unset=Api("DeleteFunctionConcurrency", {"FunctionName": "{id}"}),
        ),
    )
    changes = (
        Api("UpdateFunctionConfiguration", {"FunctionName": "{id}"}, mapped=True),
        Api(
            "UpdateFunctionCode",
            {
                "FunctionName": "{id}",
                "ZipFile": known_only(_zip, "code"),
                "ImageUri": "{imageUri}",
                "S3Bucket": "{s3Bucket}",
                "S3Key": "{s3Key}",
                "S3ObjectVersion": "{s3ObjectVersion}",
                "Publish": "{publish}",
            },
            takes=("code",),
            when=always,
        ),
    )
    deletion = (Api("DeleteFunction", {"FunctionName": "{id}"}),)
    readings = (
        Reading("GetFunction", {"FunctionName": "{id}"}, "Configuration"),
        Reading("GetFunctionConcurrency", {"FunctionName": "{id}"}),
    )
    outputs = {
        "arn": "FunctionArn",
        "invokeArn": "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations",
        "qualifiedArn": "{arn}:{version}",
        "sourceCodeSize": "CodeSize",
        "codeSha256": "CodeSha256",
    }

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Numbers are in Lambda's limits; archives have a handler and a runtime that is still offered."""
        yield from super().check(inputs, call)
        yield from rules.matches(inputs, "name", NAME, "1 to 64 of letters, digits, - and _")
        yield from rules.between(inputs, "memorySize", *MEMORY_MB, "MB")
        yield from rules.between(inputs, "timeout", 1, MOST_SECONDS, "seconds")
        yield from rules.between(inputs, "ephemeralStorage.size", *STORAGE_MB, "MB")
        runtime = inputs.get("runtime")
        if runtime in DEPRECATED:
            yield Failure("runtime", f"is {runtime!r}, which takes no new functions; accepted is e.g. python3.13")
        if inputs.get("packageType", "Zip") == "Zip":
            for name in ("handler", "runtime"):
                if inputs.get(name) is None:
                    yield Failure(name, "is required with packageType Zip")
        if sum(inputs.get(name) is not None for name in ("code", "imageUri", "s3Bucket")) != 1:
            yield Failure("code", "exactly one of code, imageUri and s3Bucket is accepted")
        variables = (inputs.get("environment") or {}).get("variables") or {}
        yield from _check_environment(variables)

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """A role must be one that functions can take on; an archive must fit into a call."""
        role = next((row for row in call.rows(ROLE) if row.outputs.get("arn") == inputs["role"]), None)
        if role is not None and "lambda.amazonaws.com" not in json.dumps(role.inputs["assumeRolePolicy"]):
            raise CloudError(
                f"InvalidParameterValueException: role: {role.name} cannot be assumed by Lambda; its assumeRolePolicy "
                "must name the service lambda.amazonaws.com"
            )
        if inputs.get("code") is not None and len(archive(inputs["code"])) > ZIP_BYTES:
            raise CloudError(f"RequestEntityTooLarge: code: accepted are {ZIP_BYTES} bytes; put it into a bucket")


def _check_environment(variables: Any) -> Iterator[Failure]:
    if has_unknown(variables):
        return
    size = sum(len(f"{name}{value}".encode()) for name, value in variables.items())
    if size > ENVIRONMENT_BYTES:
        yield Failure("environment.variables", f"has {size} bytes; it may have {ENVIRONMENT_BYTES}")
    for name in variables:
        if name.startswith("AWS_") and name != "AWS_LAMBDA_EXEC_WRAPPER":
            yield Failure(
                f"environment.variables.{name}", "is reserved: Lambda sets the variables that begin with AWS_"
            )


class EventSourceMapping(AwsKind):
    """A queue or a stream that feeds a function."""

    token = "aws:lambda/eventSourceMapping:EventSourceMapping"
    service = "lambda"
    autoname = False
    references = (
        Named("functionName", (FUNCTION,), also=("arn",)),
        Named("eventSourceArn", (QUEUE, TABLE), output="arn", also=("streamArn",)),
    )
    replace_on = frozenset({"eventSourceArn", "startingPosition"})
    apart = frozenset({"useResourceTimeoutForPropagation"})
    creation = Api("CreateEventSourceMapping", mapped=True)
    changes = (Api("UpdateEventSourceMapping", {"UUID": "{id}"}, mapped=True),)
    identity = "UUID"
    deletion = (Api("DeleteEventSourceMapping", {"UUID": "{id}"}),)
    readings = (Reading("GetEventSourceMapping", {"UUID": "{id}"}),)
    renames = {"functionName": "FunctionName"}
    outputs = {"arn": "arn:aws:lambda:{region}:{account}:event-source-mapping:{id}"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Streams have a beginning, queues have none; large batches must wait for themselves."""
        yield from super().check(inputs, call)
        source, window = inputs.get("eventSourceArn"), inputs.get("maximumBatchingWindowInSeconds") or 0
        yield from rules.between(inputs, "maximumBatchingWindowInSeconds", 0, 300, "seconds")
        yield from rules.between(inputs, "scalingConfig.maximumConcurrency", 2, 1000)
        if not rules.known(source):
            return
        if str(source).startswith("arn:aws:sqs:"):
            most = 10 if str(source).endswith(".fifo") or window == 0 else 10_000
            yield from rules.between(inputs, "batchSize", 1, most, "messages (over 10 needs a batching window)")
            if inputs.get("startingPosition") is not None:
                yield Failure("startingPosition", "a queue has none")
        elif inputs.get("startingPosition") is None:
            yield Failure("startingPosition", "is required for a stream: LATEST or TRIM_HORIZON")

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """A message must stay invisible for as long as the function may work on it."""
        queue = next((row for row in call.rows(QUEUE) if row.outputs.get("arn") == inputs.get("eventSourceArn")), None)
        wanted = str(inputs["functionName"])
        function = next((row for row in call.rows(FUNCTION) if wanted in (row.id, row.outputs.get("arn"))), None)
        if queue is None or function is None:
            return
        visible, timeout = queue.outputs.get("visibilityTimeoutSeconds", 30), function.outputs.get("timeout", 3)
        if int(visible) < int(timeout):
            raise CloudError(
                f"InvalidParameterValueException: eventSourceArn: {queue.name} has visibilityTimeoutSeconds {visible}, "
                f"less than the timeout of {function.name}, {timeout}; accepted is at least that, advised six times"
            )


class Permission(AwsKind):
    """Who may call a function."""

    token = "aws:lambda/permission:Permission"
    service = "lambda"
    naming = "statementId"
    tag_operations = None
    references = (Named("function", (FUNCTION,), also=("arn",)),)
    renames = {"function": "FunctionName"}
    creation = Api("AddPermission", mapped=True)
    identity = "{function}/{statementId}"
    deletion = (
        Api(
            "RemovePermission",
            {"FunctionName": "{function}", "StatementId": "{statementId}", "Qualifier": "{qualifier}"},
        ),
    )
    readings = (
        Reading(
            "GetPolicy", {"FunctionName": "{function}"}, "contains(Policy, '\"{statementId}\"') && {Found: Policy}"
        ),
    )

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """A service that calls in somebody's name is told in whose."""
        yield from super().check(inputs, call)
        yield from rules.matches(
            inputs, "action", r"^lambda:(\*|[A-Za-z]+)$", "an action such as lambda:InvokeFunction"
        )


class Alias(AwsKind):
    """A name of a function's version."""

    token = "aws:lambda/alias:Alias"
    service = "lambda"
    tag_operations = None
    references = (Named("functionName", (FUNCTION,), also=("arn",)),)
    replace_on = frozenset({"functionName"})
    renames = {"functionName": "FunctionName", "name": "Name"}
    creation = Api("CreateAlias", mapped=True)
    identity = "AliasArn"
    changes = (Api("UpdateAlias", {"FunctionName": "{functionName}", "Name": "{name}"}, mapped=True),)
    deletion = (Api("DeleteAlias", {"FunctionName": "{functionName}", "Name": "{name}"}),)
    readings = (Reading("GetAlias", {"FunctionName": "{functionName}", "Name": "{name}"}),)
    outputs = {
        "arn": "AliasArn",
        "invokeArn": "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations",
    }


class EventInvokeConfig(AwsKind):
    """What becomes of calls that nobody waits for."""

    token = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
    service = "lambda"
    autoname = False
    tag_operations = None
    references = (
        Named("functionName", (FUNCTION,), also=("arn",)),
        Reference("destinationConfig.onFailure.destination", (QUEUE, TOPIC, FUNCTION), output="arn"),
        Reference("destinationConfig.onSuccess.destination", (QUEUE, TOPIC, FUNCTION), output="arn"),
    )
    replace_on = frozenset({"functionName", "qualifier"})
    renames = {"functionName": "FunctionName"}
    creation = Api("PutFunctionEventInvokeConfig", mapped=True)
    identity = "{functionName}"
    deletion = (Api("DeleteFunctionEventInvokeConfig", {"FunctionName": "{functionName}", "Qualifier": "{qualifier}"}),)
    changes = (  # moto keeps the old one before the new
        Api(
            "DeleteFunctionEventInvokeConfig",
            {"FunctionName": "{functionName}", "Qualifier": "{qualifier}"},
            takes=("destinationConfig", "maximumEventAgeInSeconds", "maximumRetryAttempts"),
        ),
        creation,
    )
    readings = (
        Reading("GetFunctionEventInvokeConfig", {"FunctionName": "{functionName}", "Qualifier": "{qualifier}"}),
    )


KINDS: Final[tuple[Kind, ...]] = (Function(), EventSourceMapping(), Permission(), Alias(), EventInvokeConfig())
