"""Buckets, what is decided about them, and objects."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any, ClassVar, Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.aws.assets import content
from sandbox.clouds.aws.base import HOME_REGION, Api, AwsKind, Named, Reading, always, known_only, policy
from sandbox.clouds.aws.kms import key
from sandbox.clouds.aws.tokens import BUCKET, FUNCTION, QUEUE, TOPIC
from sandbox.properties import Properties, find
from sandbox.schema import Failure
from sandbox.servers.aws import Ask
from sandbox.store import Row

POLICY: Final = "aws:s3/bucketPolicy:BucketPolicy"
INFREQUENT_DAYS: Final = 30
"""How long an object must be in a bucket before it may become STANDARD_IA or ONEZONE_IA."""


class Bucket(AwsKind):
    """A bucket; what is decided about it besides its name has resources of its own."""

    token = BUCKET
    service = "s3"
    naming = "bucket"
    unique = frozenset({"bucket"})
    replace_on = frozenset({"objectLockEnabled"})
    apart = frozenset({"forceDestroy"})
    tag_operations = None
    creation = Api(
        "CreateBucket",
        {
            "Bucket": "{bucket}",
            "ObjectLockEnabledForBucket": "{objectLockEnabled}",
            "CreateBucketConfiguration": lambda p: (
                None if p["region"] == HOME_REGION else {"LocationConstraint": p["region"]}
            ),
        },
        when=always,
    )
    identity = "{bucket}"
    settings = (
        Api(
            "PutBucketTagging",
            {"Bucket": "{id}", "Tagging": {"TagSet": "{tagsAll}"}},
            takes=("tags",),
            when=lambda p: bool(p.get("tagsAll")),
        ),
    )
    deletion = (Api("DeleteBucket", {"Bucket": "{id}"}),)
    readings = (
        Reading("HeadBucket", {"Bucket": "{id}"}),
        Reading("GetBucketTagging", {"Bucket": "{id}"}, "{Tags: TagSet}"),
    )
    outputs = {
        "arn": "arn:aws:s3:::{id}",
        "bucketDomainName": "{id}.s3.amazonaws.com",
        "bucketRegion": "{region}",
        "bucketRegionalDomainName": "{id}.s3.{region}.amazonaws.com",
    }

    def name_it(self, inputs: Properties, old: Properties, call: Call) -> Properties:
        """Invented names are in lower case."""
        named = super().name_it(inputs, old, call)
        return named if "bucket" in inputs else {**named, "bucket": named["bucket"].lower()}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Names are those of S3."""
        yield from super().check(inputs, call)
        yield from rules.matches(inputs, "bucket", rules.BUCKET_NAME, "3 to 63 of a-z, 0-9, . and -")

    def on_delete(self, row: Row, call: Call) -> None:
        """With forceDestroy everything in it goes first; without, a bucket that is not empty stays."""
        region = self.region(row.outputs, call)
        listing = call.aws.read(Ask("s3", region, "ListObjectVersions", {"Bucket": row.id}))
        entries = [*listing.get("Versions", []), *listing.get("DeleteMarkers", [])]
        if entries and not row.outputs.get("forceDestroy"):
            raise CloudError(
                f"BucketNotEmpty: bucket {row.id} holds {entries[0]['Key']!r} and {len(entries) - 1} more; empty it, or "
                "set forceDestroy first"
            )
        for entry in entries:
            version = {"VersionId": entry["VersionId"]} if entry.get("VersionId") not in (None, "null") else {}
            self._change(
                Api("DeleteObject", {"Bucket": "{id}", "Key": "{key}", "VersionId": "{version}"}),
                {},
                {"id": row.id, "region": region, "key": entry["Key"], "version": version.get("VersionId")},
                call,
            )
        super().on_delete(row, call)


class _OfBucket(AwsKind):
    """Something that is decided about a bucket: it has one of a kind."""

    service = "s3"
    autoname = False
    tag_operations = None
    references: ClassVar[tuple[Reference, ...]] = (Reference("bucket", (BUCKET,)),)
    replace_on = frozenset({"bucket"})
    apart = frozenset({"expectedBucketOwner", "timeouts", "skipDestroy", "token"})
    identity = "{bucket}"


def _part(operation: str, takes: tuple[str, ...] = (), **arguments: Any) -> Api:
    return Api(operation, {"Bucket": "{bucket}", **arguments}, takes=takes)


class BucketVersioning(_OfBucket):
    """Whether a bucket keeps old versions."""

    token = "aws:s3/bucketVersioning:BucketVersioning"
    apart = _OfBucket.apart | {"mfa"}
    creation = _part("PutBucketVersioning", VersioningConfiguration={"Status": "{versioningConfiguration.status}"})
    changes = (creation,)
    deletion = (_part("PutBucketVersioning", VersioningConfiguration={"Status": "Suspended"}),)
    readings = (Reading("GetBucketVersioning", {"Bucket": "{id}"}, "{versioningConfiguration: {status: Status}}"),)

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """Locked buckets keep versions."""
        bucket = call.get(BUCKET, inputs["bucket"])
        status = inputs["versioningConfiguration"]["status"]
        if bucket is not None and bucket.outputs.get("objectLockEnabled") and status != "Enabled":
            raise CloudError(
                f"InvalidBucketState: versioningConfiguration.status is {status}; a bucket with object lock accepts "
                "Enabled alone"
            )


class BucketPublicAccessBlock(_OfBucket):
    """Whether a bucket can be opened to the public."""

    token = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    creation = _part(
        "PutPublicAccessBlock",
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": "{blockPublicAcls}",
            "BlockPublicPolicy": "{blockPublicPolicy}",
            "IgnorePublicAcls": "{ignorePublicAcls}",
            "RestrictPublicBuckets": "{restrictPublicBuckets}",
        },
    )
    changes = (creation,)
    deletion = (_part("DeletePublicAccessBlock"),)
    readings = (Reading("GetPublicAccessBlock", {"Bucket": "{id}"}, "PublicAccessBlockConfiguration"),)


def _encryption_rules(p: Properties) -> list[Properties]:
    """The API keeps the list of what is refused within a structure."""
    return [
        {**rule, "blockedEncryptionTypes": {"encryptionType": rule["blockedEncryptionTypes"]}}
        if rule.get("blockedEncryptionTypes")
        else rule
        for rule in p["rules"]
    ]


class BucketEncryption(_OfBucket):
    """What a bucket encrypts with."""

    token = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    references = (*_OfBucket.references, key("rules[].applyServerSideEncryptionByDefault.kmsMasterKeyId"))
    creation = _part(
        "PutBucketEncryption",
        ServerSideEncryptionConfiguration={"Rules": known_only(_encryption_rules, "rules")},
        takes=("rules",),
    )
    changes = (creation,)
    deletion = (_part("DeleteBucketEncryption"),)
    readings = (Reading("GetBucketEncryption", {"Bucket": "{id}"}, "ServerSideEncryptionConfiguration"),)


class BucketLifecycle(_OfBucket):
    """When objects move to another class, and when they go."""

    token = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    creation = _part(
        "PutBucketLifecycleConfiguration",
        LifecycleConfiguration={"Rules": "{rules}"},
        TransitionDefaultMinimumObjectSize="{transitionDefaultMinimumObjectSize}",
    )
    changes = (creation,)
    deletion = (_part("DeleteBucketLifecycle"),)
    readings = (Reading("GetBucketLifecycleConfiguration", {"Bucket": "{id}"}, "{Rules: Rules}"),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Rules have names of their own, do something, and wait as long as a class demands."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "rules[].status", ("Enabled", "Disabled"))
        seen: set[str] = set()
        actions = ("expiration", "transitions", "noncurrentVersionExpiration", "noncurrentVersionTransitions")
        for index, rule in enumerate(inputs.get("rules") or []):
            where, name = f"rules[{index}]", str(rule.get("id"))
            if name in seen:
                yield Failure(f"{where}.id", f"is {name!r} a second time; accepted is one rule of a name")
            seen.add(name)
            if not any(rule.get(action) for action in (*actions, "abortIncompleteMultipartUpload")):
                yield Failure(where, f"does nothing; accepted is at least one of {', '.join(actions)}")
            yield from rules.between(rule, "expiration.days", 1, 2**31 - 1, "days")
            for step, transition in enumerate(rule.get("transitions") or []):
                infrequent = transition.get("storageClass") in ("STANDARD_IA", "ONEZONE_IA")
                days = transition.get("days")
                if infrequent and isinstance(days, int) and days < INFREQUENT_DAYS:
                    yield Failure(
                        f"{where}.transitions[{step}].days",
                        f"is {days}, but {transition['storageClass']} accepts {INFREQUENT_DAYS} days or more",
                    )


class BucketOwnership(_OfBucket):
    """Who owns what others put into a bucket."""

    token = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
    creation = _part("PutBucketOwnershipControls", OwnershipControls={"Rules": ["{rule}"]})
    changes = (creation,)
    deletion = (_part("DeleteBucketOwnershipControls"),)
    readings = (Reading("GetBucketOwnershipControls", {"Bucket": "{id}"}, "{Rule: OwnershipControls.Rules[0]}"),)


class BucketPolicy(_OfBucket):
    """Who may do what with a bucket."""

    token = POLICY
    creation = _part("PutBucketPolicy", Policy="{policy}")
    changes = (creation,)
    deletion = (_part("DeleteBucketPolicy"),)
    readings = (Reading("GetBucketPolicy", {"Bucket": "{id}"}),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Policies of buckets say who, what and where."""
        yield from super().check(inputs, call)
        yield from policy(inputs, "policy", "Principal", "Resource")

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """A policy is about its own bucket."""
        for resource in _resources(inputs["policy"]):
            if resource not in ("*", f"arn:aws:s3:::{inputs['bucket']}") and not resource.startswith(
                f"arn:aws:s3:::{inputs['bucket']}/"
            ):
                raise CloudError(
                    f"MalformedPolicy: policy: a statement is about {resource}; accepted are "
                    f"arn:aws:s3:::{inputs['bucket']} and what is in it"
                )


def _resources(document: Any) -> Iterator[str]:
    statements = (json.loads(document) if isinstance(document, str) else document)["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        found = statement.get("Resource") or []
        yield from [found] if isinstance(found, str) else found


class BucketCors(_OfBucket):
    """Which web sites may use a bucket."""

    token = "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration"
    creation = _part("PutBucketCors", CORSConfiguration={"CORSRules": "{corsRules}"})
    changes = (creation,)
    deletion = (_part("DeleteBucketCors"),)
    readings = (Reading("GetBucketCors", {"Bucket": "{id}"}, "{CORSRules: CORSRules}"),)

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Methods are those of S3."""
        yield from super().check(inputs, call)
        yield from rules.one_of(inputs, "corsRules[].allowedMethods[]", ("GET", "PUT", "HEAD", "POST", "DELETE"))


class BucketLogging(_OfBucket):
    """Where a bucket writes who used it; moto wants the target open to the log service, by policy or ACL."""

    token = "aws:s3/bucketLogging:BucketLogging"
    references = (*_OfBucket.references, Reference("targetBucket", (BUCKET,)))
    creation = _part(
        "PutBucketLogging",
        BucketLoggingStatus={
            "LoggingEnabled": {
                "TargetBucket": "{targetBucket}",
                "TargetPrefix": "{targetPrefix}",
                "TargetGrants": "{targetGrants}",
                "TargetObjectKeyFormat": "{targetObjectKeyFormat}",
            }
        },
    )
    changes = (creation,)
    deletion = (_part("PutBucketLogging", BucketLoggingStatus={}),)
    readings = (Reading("GetBucketLogging", {"Bucket": "{id}"}, "LoggingEnabled"),)


def _configurations(arn: str) -> Any:
    """The parts of a notification, with the filters of their names where the API has them."""

    def made(given: list[Properties] | None) -> list[Properties] | None:
        found = []
        for one in given or []:
            part = {arn: one[arn[0].lower() + arn[1:]], "Events": one["events"]}
            if one.get("id"):
                part["Id"] = one["id"]
            filters = [("prefix", one.get("filterPrefix")), ("suffix", one.get("filterSuffix"))]
            named = [{"Name": name, "Value": value} for name, value in filters if value]
            found.append(part | ({"Filter": {"Key": {"FilterRules": named}}} if named else {}))
        return found or None

    return made


def _notifications(p: Properties) -> Properties:
    parts = {
        "TopicConfigurations": _configurations("TopicArn")(p.get("topics")),
        "QueueConfigurations": _configurations("QueueArn")(p.get("queues")),
        "LambdaFunctionConfigurations": _configurations("LambdaFunctionArn")(p.get("lambdaFunctions")),
        "EventBridgeConfiguration": {} if p.get("eventbridge") else None,
    }
    return {name: part for name, part in parts.items() if part is not None}


class BucketNotification(_OfBucket):
    """Who is told when objects come and go."""

    token = "aws:s3/bucketNotification:BucketNotification"
    references = (
        *_OfBucket.references,
        Reference("topics[].topicArn", (TOPIC,), output="arn"),
        Reference("queues[].queueArn", (QUEUE,), output="arn"),
        Named("lambdaFunctions[].lambdaFunctionArn", (FUNCTION,), output="arn"),
    )
    creation = Api(
        "PutBucketNotificationConfiguration",
        {
            "Bucket": "{bucket}",
            "NotificationConfiguration": known_only(_notifications, "topics", "queues", "lambdaFunctions"),
        },
        takes=("topics", "queues", "lambdaFunctions", "eventbridge"),
    )
    changes = (creation,)
    deletion = (_part("PutBucketNotificationConfiguration", NotificationConfiguration={}),)
    renames = {
        "topics": "TopicConfigurations",
        "queues": "QueueConfigurations",
        "lambdaFunctions": "LambdaFunctionConfigurations",
    }
    readings = (
        Reading("HeadBucket", {"Bucket": "{id}"}),
        Reading("GetBucketNotificationConfiguration", {"Bucket": "{id}"}),
    )


class BucketObjectLock(_OfBucket):
    """How long what is written to a bucket can be neither changed nor removed."""

    token = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
    creation = _part(
        "PutObjectLockConfiguration", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": "{rule}"}
    )
    apart = _OfBucket.apart | {"objectLockEnabled"}
    changes = (creation,)
    deletion = (_part("PutObjectLockConfiguration", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"}),)
    readings = (Reading("GetObjectLockConfiguration", {"Bucket": "{id}"}, "ObjectLockConfiguration"),)

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """The bucket must be made for it."""
        bucket = call.get(BUCKET, inputs["bucket"])
        if bucket is not None and not bucket.outputs.get("objectLockEnabled"):
            raise CloudError(f"InvalidBucketState: bucket: {bucket.id} has no object lock; set its objectLockEnabled")


_WRITTEN: Final = ("content", "contentBase64", "source")


def _body(p: Properties) -> bytes:
    if p.get("source") is not None:
        return content(p["source"])
    if p.get("contentBase64") is not None:
        return base64.b64decode(p["contentBase64"])
    return str(p.get("content") or "").encode()


class BucketObject(AwsKind):
    """An object."""

    token = "aws:s3/bucketObjectv2:BucketObjectv2"
    service = "s3"
    naming = "key"
    autoname = False
    tag_operations = None
    references = (Reference("bucket", (BUCKET,)), key("kmsKeyId"))
    replace_on = frozenset({"bucket", "key"})
    apart = frozenset({"forceDestroy", "sourceHash", "overrideProvider", "etag"})
    renames = {"kmsKeyId": "SSEKMSKeyId", "source": "", "content": "", "contentBase64": "", "tags": ""}
    creation = Api(
        "PutObject",
        {"Bucket": "{bucket}", "Key": "{key}", "Body": known_only(_body, *_WRITTEN)},
        mapped=True,
        takes=_WRITTEN,
    )
    changes = (creation,)
    identity = "{bucket}/{key}"
    deletion = (Api("DeleteObject", {"Bucket": "{bucket}", "Key": "{key}"}),)
    readings = (Reading("HeadObject", {"Bucket": "{bucket}", "Key": "{key}"}),)
    outputs = {"arn": "arn:aws:s3:::{bucket}/{key}", "etag": "ETag"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """An object has one content."""
        yield from super().check(inputs, call)
        if sum(inputs.get(name) is not None for name in _WRITTEN) > 1:
            yield Failure("content", f"at most one of {', '.join(_WRITTEN)} is accepted")
        if inputs.get("key") is None:
            yield Failure("key", "is required (a string)")
        for where, value in find(inputs, "contentBase64"):
            try:
                base64.b64decode(str(value), validate=True)
            except ValueError:
                yield Failure(where, "is not base64")


KINDS: Final[tuple[Kind, ...]] = (
    Bucket(),
    BucketVersioning(),
    BucketPublicAccessBlock(),
    BucketEncryption(),
    BucketLifecycle(),
    BucketOwnership(),
    BucketPolicy(),
    BucketCors(),
    BucketLogging(),
    BucketNotification(),
    BucketObjectLock(),
    BucketObject(),
)
