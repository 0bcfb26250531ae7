"""What the sensors system declares, in each environment."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pulumi
import pytest

from components.aws.function import python_archive
from sandbox.clouds.aws.assets import archive
from sandbox.properties import ARCHIVE_SIGNATURE, ASSET_SIGNATURE, SIGNATURE_KEY
from settings import Sensors as SensorsSettings
from settings import Settings, read
from settings.load import ROOT
from stacks import build
from tests.unit.components.recorder import Recording, Registration, comparable, record

ENVIRONMENTS: Final = ("dev", "prod", "sandbox")
BUCKET_PARTS: Final = (
    "BucketVersioning",
    "BucketServerSideEncryptionConfiguration",
    "BucketOwnershipControls",
    "BucketPublicAccessBlock",
    "BucketPolicy",
    "BucketLifecycleConfiguration",
)
MAY: Final[Mapping[str, set[str]]] = {
    "ingest": {
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:GetObjectTagging",
        "s3:GetObjectVersion",
        "s3:GetObjectVersionTagging",
        "s3:ListBucket",
        "s3:PutObject",
        "s3:PutObjectTagging",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
    },
    "query": {
        "dynamodb:GetItem",
        "dynamodb:Query",
        "dynamodb:Scan",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    },
    "page": {
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "s3:GetObject",
        "s3:ListBucket",
    },
}
"""Everything that the functions may do, written down a second time: more is a decision."""


def settings_of(environment: str) -> tuple[Settings, SensorsSettings]:
    settings = read(f"sensors-{environment}")
    assert settings.sensors is not None
    return settings, settings.sensors


def declare(settings: Settings) -> Recording:
    return record(lambda: build(settings), stack=f"sensors-{settings.environment}", projects={})


@functools.cache
def declared(environment: str) -> Recording:
    return declare(settings_of(environment)[0])


@pytest.fixture(params=ENVIRONMENTS)
def environment(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def name_of(environment: str) -> str:
    return f"alertes-{environment}-sensors"


def named(recording: Recording, type_: str, name: str) -> Registration:
    (found,) = [one for one in recording.of(type_) if one.name == name]
    return found


def statements(text: str) -> Iterator[dict[str, Any]]:
    yield from json.loads(text)["Statement"]


def actions(statement: Mapping[str, Any]) -> list[str]:
    given = statement["Action"]
    return given if isinstance(given, list) else [given]


def policies_of(recording: Recording, name: str) -> list[dict[str, Any]]:
    found = [one for one in recording.of("RolePolicy") if one.name == name]
    return [statement for one in found for statement in statements(one.inputs["policy"])]


# All of it


def test_sdk_and_aws_take_every_resource(environment: str) -> None:
    assert declared(environment).refusals == ()


def test_the_same_settings_declare_the_same(environment: str) -> None:
    assert comparable(declare(settings_of(environment)[0])) == comparable(declared(environment))


def test_nothing_is_in_another_region_but_the_service_that_speaks_in_channels(environment: str) -> None:
    elsewhere = [one for one in declared(environment).registrations if "region" in one.inputs]
    assert {(one.type, one.inputs["region"]) for one in elsewhere} <= {
        ("aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration", "eu-west-1")
    }


def test_what_holds_data_is_protected_where_it_is_real(environment: str) -> None:
    kept = declared(environment).of("aws:s3/bucket:Bucket", "aws:dynamodb/table:Table", "aws:kms/key:Key", "UserPool")
    assert len(kept) == 4 + 2 + 4 + 1 + (environment == "dev")  # CloudFront's log
    assert {one.protect for one in kept} == {environment != "dev"}


# Files


def test_every_bucket_is_private_versioned_encrypted_and_over_tls_alone(environment: str) -> None:
    recording = declared(environment)
    buckets = [one.inputs["bucket"] for one in recording.of("aws:s3/bucket:Bucket")]
    for type_ in BUCKET_PARTS:
        assert sorted(one.inputs["bucket"] for one in recording.of(type_)) == sorted(buckets), type_
    for policy in recording.of("BucketPolicy"):
        refused = [one for one in statements(policy.inputs["policy"]) if one["Effect"] == "Deny"]
        assert [one["Condition"] for one in refused] == [
            {"Bool": {"aws:SecureTransport": "false"}},
            {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
        ]
        assert all(one["Principal"] != "*" for one in statements(policy.inputs["policy"]) if one["Effect"] == "Allow")


def test_access_to_every_bucket_is_logged_where_s3_may_write(environment: str) -> None:
    recording, name = declared(environment), name_of(environment)
    logs = f"{name}-logs-123456789012"
    logged = {one.inputs["bucket"]: one.inputs for one in recording.of("BucketLogging")}
    assert set(logged) == {one.inputs["bucket"] for one in recording.of("aws:s3/bucket:Bucket")} - {logs}
    policy = named(recording, "BucketPolicy", logs).inputs["policy"]
    writers = {one["Principal"]["Service"]: one for one in statements(policy) if one["Effect"] == "Allow"}
    where = writers["logging.s3.amazonaws.com"]["Resource"].removesuffix("*").removeprefix(f"arn:aws:s3:::{logs}/")
    assert all(one["targetPrefix"].startswith(where) for one in logged.values())


def test_files_are_removed_when_settings_say(environment: str) -> None:
    recording, (_, sensors) = declared(environment), settings_of(environment)
    wanted = {"uploads": sensors.uploads.expire_days, "quarantine": sensors.uploads.quarantine_days}
    for part, days in wanted.items():
        rules = named(recording, "BucketLifecycleConfiguration", f"{name_of(environment)}-{part}-123456789012").inputs
        assert [rule["expiration"]["days"] for rule in rules["rules"] if "expiration" in rule] == [days]


def test_uploads_go_by_the_topic_and_the_queue_to_the_function(environment: str) -> None:
    recording, name = declared(environment), name_of(environment)
    (notification,) = recording.of("BucketNotification")
    assert notification.inputs["bucket"] == f"{name}-uploads-123456789012"
    (heard,) = notification.inputs["topics"]
    topic = named(recording, "aws:sns/topic:Topic", f"{name}-files")
    assert (heard["topicArn"], heard["events"]) == (topic.outputs["arn"], ["s3:ObjectCreated:*"])
    (subscription,) = [one for one in recording.of("TopicSubscription") if one.inputs["protocol"] == "sqs"]
    queue = named(recording, "aws:sqs/queue:Queue", f"{name}-files")
    assert subscription.inputs["endpoint"] == queue.outputs["arn"]
    assert subscription.inputs["rawMessageDelivery"] is True
    (mapping,) = recording.of("EventSourceMapping")
    assert mapping.inputs["eventSourceArn"] == queue.outputs["arn"]
    assert mapping.inputs["functionName"] == f"{name}-ingest"
    assert mapping.inputs["functionResponseTypes"] == ["ReportBatchItemFailures"]


def test_what_fails_for_good_is_in_the_dead_letter_queue(environment: str) -> None:
    recording, (_, sensors), name = declared(environment), settings_of(environment), name_of(environment)
    queue = named(recording, "aws:sqs/queue:Queue", f"{name}-files").inputs
    dead = named(recording, "aws:sqs/queue:Queue", f"{name}-files-dead")
    assert json.loads(queue["redrivePolicy"]) == {"deadLetterTargetArn": dead.outputs["arn"], "maxReceiveCount": 5}
    assert queue["visibilityTimeoutSeconds"] >= 6 * sensors.ingest.timeout_seconds
    assert dead.inputs["messageRetentionSeconds"] == 14 * 24 * 3600 > queue["messageRetentionSeconds"]
    (back,) = recording.of("RedriveAllowPolicy")
    assert json.loads(back.inputs["redriveAllowPolicy"])["redrivePermission"] == "byQueue"
    (subscription,) = [one for one in recording.of("TopicSubscription") if one.inputs["protocol"] == "sqs"]
    assert json.loads(subscription.inputs["redrivePolicy"]) == {"deadLetterTargetArn": dead.outputs["arn"]}


def test_each_queue_and_topic_takes_from_one_source_alone(environment: str) -> None:
    recording, name = declared(environment), name_of(environment)
    topic = named(recording, "aws:sns/topic:Topic", f"{name}-files").outputs["arn"]
    for policy in recording.of("QueuePolicy"):
        allowed = [one for one in statements(policy.inputs["policy"]) if one["Effect"] == "Allow"]
        assert [one["Condition"]["ArnEquals"] for one in allowed] == [{"aws:SourceArn": topic}]
    published = named(recording, "TopicPolicy", f"{name}-files").inputs["policy"]
    (granted,) = [one for one in statements(published) if one["Effect"] == "Allow"]
    assert granted["Condition"] == {
        "ArnEquals": {
            "aws:SourceArn": named(recording, "aws:s3/bucket:Bucket", f"{name}-uploads-123456789012").outputs["arn"]
        },
        "StringEquals": {"aws:SourceAccount": "123456789012"},
    }


# Functions and tables


def test_functions_may_do_what_they_need_and_nothing_else(environment: str) -> None:
    recording = declared(environment)
    functions = {one.name.rpartition("-")[2] for one in recording.of("aws:lambda/function:Function")}
    assert functions == ({"ingest", "query"} if environment == "dev" else {"ingest", "query", "page"})
    for part in functions:
        found = policies_of(recording, f"{name_of(environment)}-{part}")
        assert {action for statement in found for action in actions(statement)} == MAY[part]
        assert all("*" not in statement["Resource"] for statement in found)


def test_functions_are_told_what_settings_say(environment: str) -> None:
    recording, (_, sensors) = declared(environment), settings_of(environment)
    function = named(recording, "aws:lambda/function:Function", f"{name_of(environment)}-ingest").inputs
    told = function["environment"]["variables"]
    assert told["FORMATS"].split(",") == list(sensors.uploads.formats)
    assert int(told["MOST_BYTES"]) == sensors.uploads.most_mb * 1_000_000
    days = [sensors.retention.raw_days, sensors.retention.hour_days, sensors.retention.day_days]
    assert [int(told[name]) for name in ("RAW_DAYS", "HOUR_DAYS", "DAY_DAYS")] == days
    assert (function["memorySize"], function["timeout"]) == (sensors.ingest.memory_mib, sensors.ingest.timeout_seconds)


def test_the_archive_is_the_functions_files_and_always_the_same() -> None:
    def packed() -> bytes:
        files = python_archive("apps/sensors").assets
        assets = {name: {SIGNATURE_KEY: ASSET_SIGNATURE, "path": _path(file)} for name, file in files.items()}
        return archive({SIGNATURE_KEY: ARCHIVE_SIGNATURE, "assets": assets})

    assert packed() == packed()
    names = set(python_archive("apps/sensors").assets)
    assert names == {f"apps/sensors/{file.name}" for file in (ROOT / "apps" / "sensors").glob("*.py")}
    assert all(not name.startswith("/") for name in names)


def _path(file: Any) -> str:
    assert isinstance(file, pulumi.FileAsset)
    return str(file.path)


def test_an_archive_of_nothing_is_refused() -> None:
    with pytest.raises(FileNotFoundError, match=r"no Python files in apps/nothing"):
        python_archive("apps/nothing")


def test_tables_are_encrypted_can_be_restored_and_forget(environment: str) -> None:
    for table in declared(environment).of("aws:dynamodb/table:Table"):
        assert table.inputs["serverSideEncryption"]["enabled"] is True
        assert table.inputs["pointInTimeRecovery"] == {"enabled": True, "recoveryPeriodInDays": 35}
        assert ("ttl" in table.inputs) is table.name.endswith("-readings")


# People


def test_readings_are_for_tokens_of_the_pool_with_the_scope(environment: str) -> None:
    recording = declared(environment)
    (authorizer,) = recording.of("Authorizer")
    (client,) = recording.of("UserPoolClient")
    assert authorizer.inputs["jwtConfiguration"]["audiences"] == [client.id]
    for route in recording.of("aws:apigatewayv2/route:Route"):
        key = route.inputs["routeKey"]
        assert (route.inputs["authorizationType"] == "JWT") is key.startswith("GET /v1/")
        if key.startswith("GET /v1/"):
            assert route.inputs["authorizationScopes"] == ["readings/read"]


def test_users_are_invited_and_have_a_second_factor(environment: str) -> None:
    (pool,) = declared(environment).of("UserPool")
    assert pool.inputs["adminCreateUserConfig"] == {"allowAdminCreateUserOnly": True}
    assert pool.inputs["mfaConfiguration"] == "ON"
    (client,) = declared(environment).of("UserPoolClient")
    assert client.inputs["allowedOauthFlows"] == ["code"]
    assert client.inputs["generateSecret"] is False


def test_the_api_is_throttled_and_logged(environment: str) -> None:
    (stage,) = declared(environment).of("aws:apigatewayv2/stage:Stage")
    _, sensors = settings_of(environment)
    limits = stage.inputs["defaultRouteSettings"]
    assert (limits["throttlingRateLimit"], limits["throttlingBurstLimit"]) == (sensors.query.rate, sensors.query.burst)
    logged = json.loads(stage.inputs["accessLogSettings"]["format"])
    assert {"who", "route", "status"} <= set(logged)
    assert not re.search("authorization|token", json.dumps(logged).replace("authorizer", ""), re.I)


def test_nothing_is_at_the_edge_where_all_must_stay_in_the_union(environment: str) -> None:
    recording, (_, sensors) = declared(environment), settings_of(environment)
    edges = [one for one in recording.registrations if one.type.startswith("aws:cloudfront/")]
    assert bool(edges) is not sensors.eu_only
    assert environment != "prod" or sensors.eu_only


def test_the_edge_has_the_page_alone_and_viewers_of_the_union() -> None:
    (distribution,) = declared("dev").of("Distribution")
    (origin,) = distribution.inputs["origins"]
    assert "-page-" in origin["domainName"]
    assert origin["originAccessControlId"]
    assert (
        distribution.inputs["loggingConfig"]["bucket"]
        == "alertes-dev-sensors-edge-123456789012.s3.eu-west-3.amazonaws.com"
    )
    assert distribution.inputs["defaultCacheBehavior"]["viewerProtocolPolicy"] == "redirect-to-https"
    viewers = distribution.inputs["restrictions"]["geoRestriction"]
    assert viewers["restrictionType"] == "whitelist"
    assert {"FR", "DE"} <= set(viewers["locations"])
    assert not {"GB", "CH", "US"} & set(viewers["locations"])
    (api,) = declared("dev").of("aws:apigatewayv2/api:Api")
    assert api.inputs["corsConfiguration"]["allowOrigins"] == [f"https://{distribution.outputs['domainName']}"]


def test_the_page_knows_its_api_and_loads_nothing_from_elsewhere(environment: str) -> None:
    recording, (_, sensors) = declared(environment), settings_of(environment)
    files = {one.inputs["key"]: one.inputs for one in recording.of("BucketObjectv2")}
    assert {"index.html", "dashboard.js", "session.js", "uplot.js", "config.json"} <= set(files)
    said = json.loads(files["config.json"]["content"])
    assert (said["api"] == "") is sensors.eu_only
    page = (ROOT / "apps" / "sensors" / "dashboard" / "index.html").read_text()
    assert set(re.findall(r'(?:src|href)="([^"]+)"', page)) <= set(files)


# Alarms


def test_alarms_watch_every_part_and_tell_everybody(environment: str) -> None:
    recording, (_, sensors), name = declared(environment), settings_of(environment), name_of(environment)
    alarms = {one.name.removeprefix(f"{name}-"): one.inputs for one in recording.of("MetricAlarm")}
    functions = ["ingest", "query", *([] if environment == "dev" else ["page"])]
    assert set(alarms) == {
        *("dead-letters", "waiting", "undelivered", "quarantine", "gone", "rejected", "silence", "api-errors"),
        *("table-readthrottleevents", "table-writethrottleevents"),
        *(f"{part}-{kind}" for part in functions for kind in ("errors", "throttles")),
    }
    topic = named(recording, "aws:sns/topic:Topic", f"{name}-alarms").outputs["arn"]
    assert all(one["alarmActions"] == one["okActions"] == [topic] for one in alarms.values())
    assert alarms["silence"]["treatMissingData"] == "breaching"
    assert alarms["silence"]["evaluationPeriods"] * alarms["silence"]["period"] == 60 * sensors.alarms.silence_minutes
    # CloudWatch takes alarms of a day at most.
    assert all(one["evaluationPeriods"] * one["period"] <= 86_400 for one in alarms.values())
    heard = [one.inputs["endpoint"] for one in recording.of("TopicSubscription") if one.inputs["protocol"] != "sqs"]
    assert sorted(heard) == sorted([*sensors.alarms.mail, *sensors.alarms.sms])
