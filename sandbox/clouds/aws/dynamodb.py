"""Tables of documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind
from sandbox.clouds.aws.base import Api, AwsKind, Reading, always, known_only
from sandbox.clouds.aws.kms import key
from sandbox.clouds.aws.tokens import TABLE
from sandbox.properties import Properties, has_unknown
from sandbox.schema import Failure
from sandbox.store import Row

NAME: Final = r"^[\w.-]{3,255}$"
_CAPACITY: Final = ("billingMode", "readCapacity", "writeCapacity")


def _keys(given: Properties) -> list[Properties]:
    named = ((given.get("hashKey"), "HASH"), (given.get("rangeKey"), "RANGE"))
    return [{"AttributeName": name, "KeyType": kind} for name, kind in named if name]


def _throughput(p: Properties) -> Properties | None:
    if p.get("billingMode", "PROVISIONED") != "PROVISIONED":
        return None
    return {"ReadCapacityUnits": p.get("readCapacity") or 1, "WriteCapacityUnits": p.get("writeCapacity") or 1}


def _index(index: Properties, p: Properties, *, provisioned: bool) -> Properties:
    projection: Properties = {"ProjectionType": index["projectionType"]}
    if index.get("nonKeyAttributes"):
        projection["NonKeyAttributes"] = index["nonKeyAttributes"]
    hash_key = index.get("hashKey") or p.get("hashKey")
    found = {"IndexName": index["name"], "KeySchema": _keys({**index, "hashKey": hash_key}), "Projection": projection}
    throughput = _throughput({**p, **index}) if provisioned else None
    return found | ({"ProvisionedThroughput": throughput} if throughput else {})


def _global(p: Properties) -> list[Properties] | None:
    return [_index(one, p, provisioned=True) for one in p.get("globalSecondaryIndexes") or []] or None


def _local(p: Properties) -> list[Properties] | None:
    return [_index(one, p, provisioned=False) for one in p.get("localSecondaryIndexes") or []] or None


def _index_updates(p: Properties) -> list[Properties] | None:
    now = {one["name"]: one for one in p.get("globalSecondaryIndexes") or []}
    before = {one["name"]: one for one in (p.get("before") or {}).get("globalSecondaryIndexes") or []}
    gone = [{"Delete": {"IndexName": name}} for name in before if name not in now]
    new = [{"Create": _index(one, p, provisioned=True)} for name, one in now.items() if name not in before]
    return [*gone, *new] or None


def _stream(p: Properties) -> Properties | None:
    if p.get("streamEnabled") is None:
        return None
    view = {"StreamViewType": p["streamViewType"]} if p["streamEnabled"] and p.get("streamViewType") else {}
    return {"StreamEnabled": p["streamEnabled"], **view}


def _encryption(p: Properties) -> Properties | None:
    given = p.get("serverSideEncryption")
    if not given:
        return None
    found: Properties = {"Enabled": given["enabled"]}
    return found | ({"SSEType": "KMS", "KMSMasterKeyId": given["kmsKeyArn"]} if given.get("kmsKeyArn") else {})


def _ttl(p: Properties) -> bool:
    before, now = (p.get("before") or {}).get("ttl") or {}, p.get("ttl") or {}
    return bool(now.get("enabled")) or bool(before.get("enabled"))


_COMMON: Final[dict[str, Any]] = {
    "ProvisionedThroughput": known_only(_throughput, *_CAPACITY),
    "StreamSpecification": known_only(_stream, "streamEnabled", "streamViewType"),
    "SSESpecification": known_only(_encryption, "serverSideEncryption"),
}


def _anew(name: str, *inputs: str) -> Any:
    """A part of the table where it changes: AWS refuses to be told what it knows."""

    def made(p: Properties) -> Any:
        before = p.get("before") or {}
        return _COMMON[name](p) if any(p.get(one) != before.get(one) for one in inputs) else None

    return made


class Table(AwsKind):
    """A table."""

    token = TABLE
    service = "dynamodb"
    unique = frozenset({"name"})
    references = (key("serverSideEncryption.kmsKeyArn"),)
    replace_on = frozenset({"hashKey", "rangeKey", "localSecondaryIndexes"})
    renames = {"attributes": "AttributeDefinitions"}
    creation = Api(
        "CreateTable",
        {
            "KeySchema": known_only(_keys, "hashKey", "rangeKey"),
            "GlobalSecondaryIndexes": known_only(_global, "globalSecondaryIndexes"),
            "LocalSecondaryIndexes": known_only(_local, "localSecondaryIndexes"),
            **_COMMON,
        },
        mapped=True,
        takes=(
            "hashKey",
            "rangeKey",
            "globalSecondaryIndexes",
            "localSecondaryIndexes",
            "streamEnabled",
            "streamViewType",
            "serverSideEncryption",
            *_CAPACITY,
        ),
    )
    identity = "{name}"
    settings = (
        Api(
            "UpdateTimeToLive",
            {
                "TableName": "{id}",
                "TimeToLiveSpecification": {
                    "Enabled": lambda p: bool((p.get("ttl") or {}).get("enabled")),
                    "AttributeName": lambda p: {
                        **((p.get("before") or {}).get("ttl") or {}),
                        **(p.get("ttl") or {}),
                    }.get("attributeName"),
                },
            },
            takes=("ttl",),
            when=_ttl,
        ),
        Api(
            "UpdateContinuousBackups",
            {
                "TableName": "{id}",
                "PointInTimeRecoverySpecification": {
                    "PointInTimeRecoveryEnabled": "{pointInTimeRecovery.enabled}",
                    "RecoveryPeriodInDays": "{pointInTimeRecovery.recoveryPeriodInDays}",
                },
            },
        ),
    )
    changes = (
        Api(
            "UpdateTable",
            {
                "TableName": "{id}",
                "AttributeDefinitions": "{attributes}",
                "BillingMode": "{billingMode}",
                "DeletionProtectionEnabled": "{deletionProtectionEnabled}",
                "TableClass": "{tableClass}",
                "GlobalSecondaryIndexUpdates": known_only(_index_updates, "globalSecondaryIndexes"),
                "ProvisionedThroughput": _anew("ProvisionedThroughput", *_CAPACITY),
                "StreamSpecification": _anew("StreamSpecification", "streamEnabled", "streamViewType"),
                "SSESpecification": _anew("SSESpecification", "serverSideEncryption"),
            },
            takes=("globalSecondaryIndexes", "streamEnabled", "streamViewType", "serverSideEncryption", *_CAPACITY),
            when=always,
        ),
    )
    deletion = (Api("DeleteTable", {"TableName": "{id}"}),)
    readings = (
        Reading("DescribeTable", {"TableName": "{id}"}, "Table"),
        Reading(
            "DescribeTimeToLive",
            {"TableName": "{id}"},
            "{ttl: {attributeName: TimeToLiveDescription.AttributeName, "
            "enabled: TimeToLiveDescription.TimeToLiveStatus == 'ENABLED'}}",
        ),
        Reading(
            "DescribeContinuousBackups",
            {"TableName": "{id}"},
            "ContinuousBackupsDescription.PointInTimeRecoveryDescription.{pointInTimeRecovery: "
            "{enabled: PointInTimeRecoveryStatus == 'ENABLED', recoveryPeriodInDays: RecoveryPeriodInDays}}",
        ),
    )
    outputs = {"arn": "TableArn", "streamArn": "LatestStreamArn", "streamLabel": "LatestStreamLabel"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Attributes are declared exactly where keys need them, and capacity where it is provisioned."""
        yield from super().check(inputs, call)
        yield from rules.matches(inputs, "name", NAME, "3 to 255 of letters, digits, _, - and .")
        yield from rules.one_of(inputs, "billingMode", ("PAY_PER_REQUEST", "PROVISIONED"))
        yield from _check_attributes(inputs)
        on_demand = inputs.get("billingMode") == "PAY_PER_REQUEST"
        for name in ("readCapacity", "writeCapacity"):
            if on_demand and inputs.get(name):
                yield Failure(name, "a table with billingMode PAY_PER_REQUEST has no capacity")
        yield from rules.between(inputs, "pointInTimeRecovery.recoveryPeriodInDays", 1, 35, "days")
        if inputs.get("streamEnabled") and inputs.get("streamViewType") is None:
            yield Failure("streamViewType", "is required with streamEnabled")

    def on_delete(self, row: Row, call: Call) -> None:
        """A protected table stays."""
        if row.outputs.get("deletionProtectionEnabled"):
            raise CloudError(
                f"ValidationException: {row.id} is protected; set deletionProtectionEnabled to false first"
            )
        super().on_delete(row, call)


def _check_attributes(inputs: Properties) -> Iterator[Failure]:
    indexes = [*(inputs.get("globalSecondaryIndexes") or []), *(inputs.get("localSecondaryIndexes") or [])]
    if has_unknown([inputs.get("attributes"), indexes, inputs.get("hashKey"), inputs.get("rangeKey")]):
        return
    declared = {one["name"] for one in inputs.get("attributes") or []}
    used = {one.get(name) for one in [inputs, *indexes] for name in ("hashKey", "rangeKey")} - {None}
    yield from rules.one_of(inputs, "attributes[].type", ("S", "N", "B"))
    for name in sorted(used - declared):
        yield Failure("attributes", f"lacks {name!r}, which is a key of the table or of an index")
    for name in sorted(declared - used):
        yield Failure("attributes", f"declares {name!r}, which is no key; accepted are attributes of keys alone")


KINDS: Final[tuple[Kind, ...]] = (Table(),)
