"""The sensors system: uploaded files become readings, which an API and a page show, in one region of AWS.

What is accepted, for how long it is kept and who hears of trouble is decided by settings alone; what the functions do
is in `apps/sensors/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pulumi

from components.aws.alarms import Alarms, AlarmsArgs, Metric
from components.aws.api import Api, ApiArgs
from components.aws.bucket import Bucket, BucketArgs
from components.aws.cdn import Cdn, CdnArgs, read_by_cdn
from components.aws.function import Function, FunctionArgs, python_archive
from components.aws.key import Key, KeyArgs
from components.aws.logs import RETENTION_DAYS, Logs, LogsArgs
from components.aws.queue import Queue, QueueArgs
from components.aws.role import Statement, allow
from components.aws.signin import SignIn, SignInArgs
from components.aws.table import Table, TableArgs
from components.sdk import lazy
from settings import Environment, Settings
from settings import Sensors as SensorsSettings

aws = lazy("pulumi_aws")

CODE: Final = "apps/sensors"
PAGE: Final = f"{CODE}/dashboard"
INDEX: Final = "index.html"
KINDS: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}
KEYS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "logs": ("Logs", ("logs",)),
    "alarms": ("Alarms on their way", ("sns", "cloudwatch")),
    "files": ("Uploaded files, and the messages about them", ("s3", "sns")),
    "readings": ("Readings", ()),
}
"""A key for each kind of data, and the services of AWS's that use it without a role of ours."""
BATCH: Final = 10
"""Messages that one call of the function gets: the most without waiting for more."""
REPLACED_DAYS: Final = 30
API_MEMORY_MIB: Final = 512
API_SECONDS: Final = 20
"""Less than the 30 that the API waits."""
MB: Final = 1_000_000


class Sensors(pulumi.ComponentResource):
    """One sensors system in one environment.

    Creates, from the settings' section `sensors`: the bucket for uploads, whose events go by a topic and a queue, with
    dead letters, to the function that works on files; the quarantine; the tables of sensors and readings; users and how
    they sign in; the API with its function; the page's bucket, and what serves it (the API, or a CDN); logs, keys, and
    alarms.

    Outputs, in `outputs`: `url` (of the page), `api`, `sign_in`, `uploads`, `quarantine`, `upload_policy` (for those who
    upload), `queue`, `dead_letters`, `tables`, `users` (the pool's id), `stores`, `buckets`.
    """

    def __init__(self, settings: Settings, sensors: SensorsSettings) -> None:
        self._sensors = sensors
        self._prefix = f"{settings.organisation}-{settings.environment}-sensors"
        self._guarded = settings.environment is not Environment.DEV
        provider = aws.Provider(
            self._prefix,
            region=sensors.region,
            allowed_account_ids=[sensors.account],
            default_tags={
                "tags": {"environment": settings.environment.value, "owner": settings.owner, "system": "sensors"},
            },
        )
        super().__init__("platform:system:Sensors", self._prefix, None, pulumi.ResourceOptions(providers=[provider]))
        self._child = pulumi.ResourceOptions(parent=self)
        self._keys = {
            part: Key(
                KeyArgs(f"{self._prefix}-{part}", text, sensors.account, sensors.region, self._guarded, services),
                self._child,
            )
            for part, (text, services) in KEYS.items()
        }
        self._logs = Logs(
            LogsArgs(self._prefix, sensors.account, sensors.region, self._keys["logs"].arn, self._guarded), self._child
        )
        self._uploads = self._bucket("uploads", sensors.uploads.expire_days)
        self._quarantine = self._bucket("quarantine", sensors.uploads.quarantine_days)
        self._queue = Queue(
            QueueArgs(
                name=f"{self._prefix}-files",
                account=sensors.account,
                key=self._keys["files"].arn,
                bucket=self._uploads.arn,
                timeout_seconds=sensors.ingest.timeout_seconds,
            ),
            self._child,
        )
        self._readings = self._table("readings", "sensor", "at", expiry="expires")
        self._known = self._table("known", "sensor")
        self._code = python_archive(CODE)
        self._environment: Mapping[str, pulumi.Input[str]] = {
            "READINGS_TABLE": self._readings.name,
            "SENSORS_TABLE": self._known.name,
            "METRICS_NAMESPACE": self._prefix,
            "RAW_DAYS": str(sensors.retention.raw_days),
            "HOUR_DAYS": str(sensors.retention.hour_days),
            "DAY_DAYS": str(sensors.retention.day_days),
        }
        self._ingest = self._ingestion()
        self._upload_policy = self._uploading()
        self._sign_in = SignIn(
            SignInArgs(self._prefix, sensors.region, sensors.query.sign_in, "readings", self._guarded), self._child
        )
        self._page = self._page_bucket()
        self._functions = {"ingest": self._ingest}
        self._api, url = self._serve()
        self._watch()
        names = [self._uploads.name, self._quarantine.name, self._page.name, self._logs.bucket]
        self.outputs: dict[str, Any] = {
            "url": url,
            "api": self._api.url,
            "sign_in": f"https://{self._sign_in.host}",
            "uploads": self._uploads.name,
            "quarantine": self._quarantine.name,
            "upload_policy": self._upload_policy,
            "queue": self._queue.name,
            "dead_letters": self._queue.dead_name,
            "tables": {"readings": self._readings.name, "sensors": self._known.name},
            "users": self._sign_in.pool,
            "stores": [
                {"name": self._readings.name, "what": f"readings, kept {sensors.retention.raw_days} days, and sums"},
                {"name": self._known.name, "what": "sensors that are known"},
                {"name": self._queue.name, "what": "files that wait"},
                {"name": self._queue.dead_name, "what": "files that failed for good"},
            ],
            "buckets": [{"name": name, "provider": "aws", "region": sensors.region} for name in names],
        }
        self.register_outputs(self.outputs)

    def _after(self, *resources: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(resources))

    # Stores

    def _bucket(self, part: str, expire_days: int) -> Bucket:
        return Bucket(
            BucketArgs(
                name=f"{self._prefix}-{part}-{self._sensors.account}",
                key=self._keys["files"].arn,
                noncurrent_days=REPLACED_DAYS,
                expire_days=expire_days,
                logs=self._logs.bucket,
                protect=self._guarded,
            ),
            self._child,
        )

    def _table(self, part: str, *keys: str, expiry: str | None = None) -> Table:
        name = f"{self._prefix}-{part}"
        return Table(TableArgs(name, keys, self._keys["readings"].arn, self._guarded, expiry), self._child)

    # From files to readings

    def _ingestion(self) -> Function:
        uploads = self._sensors.uploads
        function = self._function(
            "ingest",
            "Works on uploaded files: readings into their table, bad files into the quarantine",
            self._sensors.ingest.memory_mib,
            self._sensors.ingest.timeout_seconds,
            {
                **self._environment,
                "QUARANTINE_BUCKET": self._quarantine.name,
                "FORMATS": ",".join(uploads.formats),
                "MOST_BYTES": str(uploads.most_mb * MB),
                "LATE_DAYS": str(uploads.late_days),
                "SKEW_MINUTES": str(uploads.skew_minutes),
            },
            self._ingest_statements(),
        )
        aws.lambda_.EventSourceMapping(
            f"{self._prefix}-ingest",
            event_source_arn=self._queue.arn,
            function_name=function.name,
            batch_size=BATCH,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config={"maximum_concurrency": self._sensors.ingest.concurrency},
            opts=self._child,
        )
        aws.s3.BucketNotification(
            f"{self._prefix}-uploads",
            bucket=self._uploads.name,
            topics=[{"id": "uploads", "topic_arn": self._queue.topic, "events": ["s3:ObjectCreated:*"]}],
            opts=self._after(*self._queue.ready, *self._uploads.ready),
        )
        return function

    def _ingest_statements(self) -> list[Statement]:
        uploads = pulumi.Output.concat(self._uploads.arn, "/*")
        quarantine = pulumi.Output.concat(self._quarantine.arn, "/*")
        return [
            allow("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", on=[self._queue.arn]),
            # Who may not list a bucket is told that access is denied where an object is not there.
            allow("s3:ListBucket", on=[self._uploads.arn]),
            allow(
                "s3:DeleteObject",
                "s3:GetObject",
                "s3:GetObjectTagging",
                "s3:GetObjectVersion",
                "s3:GetObjectVersionTagging",
                on=[uploads],
            ),
            allow("s3:AbortMultipartUpload", "s3:PutObject", "s3:PutObjectTagging", on=[quarantine]),
            allow("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", on=[self._readings.arn]),
            allow("dynamodb:GetItem", on=[self._known.arn]),
            allow("kms:Decrypt", "kms:GenerateDataKey", on=[self._keys["files"].arn]),
        ]

    def _uploading(self) -> pulumi.Output[str]:
        """What those who upload may do, and nothing else; its owner gives it to the roles of the sensors' gateways."""
        objects = pulumi.Output.concat(self._uploads.arn, "/*")
        statements = [
            allow("s3:AbortMultipartUpload", "s3:PutObject", on=[objects]),
            allow("kms:Decrypt", "kms:GenerateDataKey", on=[self._keys["files"].arn]),
        ]
        policy = aws.iam.Policy(
            f"{self._prefix}-upload",
            name=f"{self._prefix}-upload",
            description="Puts files into the bucket for uploads",
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements}, sort_keys=True),
            opts=self._child,
        )
        arn: pulumi.Output[str] = policy.arn
        return arn

    def _function(
        self,
        part: str,
        description: str,
        memory_mib: int,
        timeout_seconds: int,
        environment: Mapping[str, pulumi.Input[str]],
        statements: list[Statement],
    ) -> Function:
        name = f"{self._prefix}-{part}"
        return Function(
            FunctionArgs(
                name=name,
                description=description,
                account=self._sensors.account,
                handler=f"{CODE.replace('/', '.')}.{part}.handler",
                code=self._code,
                memory_mib=memory_mib,
                timeout_seconds=timeout_seconds,
                log_group=self._logs.group(f"/aws/lambda/{name}"),
                key=self._keys["readings"].arn,
                environment=environment,
                statements=statements,
            ),
            self._child,
        )

    # From readings to people

    def _page_bucket(self) -> Bucket:
        """The page's files are the same for everybody, and no secret: S3's own key does for them."""
        name = f"{self._prefix}-page-{self._sensors.account}"
        readers = () if self._sensors.eu_only else (read_by_cdn(name, self._sensors.account),)
        return Bucket(
            BucketArgs(
                name=name,
                noncurrent_days=REPLACED_DAYS,
                logs=self._logs.bucket,
                statements=readers,
                protect=self._guarded,
            ),
            self._child,
        )

    def _serve(self) -> tuple[Api, pulumi.Output[str]]:
        """The API, and the page's address: the API's own, or that of the CDN."""
        sensors = self._sensors
        cdn = None
        if not sensors.eu_only:
            cdn = Cdn(CdnArgs(self._prefix, self._page.domain, INDEX, self._policy(), self._edge_logs()), self._child)
        access = self._logs.group(f"/aws/apigateway/{self._prefix}")
        # Its ARN is known before it exists: policies must see where the log goes.
        log = pulumi.Output.concat("arn:aws:logs:", sensors.region, ":", sensors.account, ":log-group:", access.name)
        api = Api(
            ApiArgs(self._prefix, sensors.query.rate, sensors.query.burst, log, [cdn.url] if cdn is not None else []),
            self._child,
        )
        url = cdn.url if cdn is not None else api.url
        client = self._sign_in.client(self._prefix, pulumi.Output.concat(url, "/"))
        api.authorize(self._sign_in.issuer, client, self._sign_in.scope)
        tables = [
            allow("dynamodb:Query", on=[self._readings.arn]),
            allow("dynamodb:GetItem", "dynamodb:Scan", on=[self._known.arn]),
        ]
        query = self._function("query", "Answers the API", API_MEMORY_MIB, API_SECONDS, self._environment, tables)
        self._functions["query"] = query
        for key in ("GET /v1/sensors", "GET /v1/sensors/{sensor}/readings"):
            api.route(key, "query", query)
        if cdn is None:
            files = [
                allow("s3:GetObject", on=[pulumi.Output.concat(self._page.arn, "/*")]),
                allow("s3:ListBucket", on=[self._page.arn]),
            ]
            told: dict[str, pulumi.Input[str]] = {
                "PAGE_BUCKET": self._page.name,
                "CONTENT_SECURITY_POLICY": self._policy(),
            }
            page = self._function("page", "Serves the page's files", API_MEMORY_MIB, API_SECONDS, told, files)
            self._functions["page"] = page
            for key in ("GET /", "GET /{file}"):
                api.route(key, "page", page, public=True)
        self._put_page(api.url if cdn is not None else "", client)
        return api, url

    def _edge_logs(self) -> pulumi.Output[str]:
        """Where CloudFront writes who opened the page, in the region; it knows no other way than ACLs."""
        bucket = Bucket(
            BucketArgs(
                name=f"{self._prefix}-edge-{self._sensors.account}",
                noncurrent_days=1,
                expire_days=RETENTION_DAYS,
                logs=self._logs.bucket,
                by_acl=True,
                protect=self._guarded,
            ),
            self._child,
        )
        # CloudFront looks at once whether the bucket takes ACLs.
        return pulumi.Output.concat(bucket.granted, ".s3.", self._sensors.region, ".amazonaws.com")

    def _policy(self) -> str:
        """What the page may load and talk to: its own files, who signs users in, and the API."""
        region = self._sensors.region
        peers = [f"https://cognito-idp.{region}.amazonaws.com", f"https://{self._sign_in.host}"]
        if not self._sensors.eu_only:
            peers.append(f"https://*.execute-api.{region}.amazonaws.com")
        return (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            f"connect-src 'self' {' '.join(peers)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )

    def _put_page(self, api: pulumi.Input[str], client: pulumi.Input[str]) -> None:
        opts = self._after(*self._page.ready)
        for file in sorted(Path(PAGE).iterdir()):
            if file.suffix in KINDS:
                aws.s3.BucketObjectv2(
                    f"{self._prefix}-page-{file.name}",
                    bucket=self._page.name,
                    key=file.name,
                    source=pulumi.FileAsset(file.as_posix()),
                    content_type=KINDS[file.suffix],
                    opts=opts,
                )
        said = {"api": api, "client": client, "issuer": self._sign_in.issuer, "scope": self._sign_in.scope}
        aws.s3.BucketObjectv2(
            f"{self._prefix}-page-config.json",
            bucket=self._page.name,
            key="config.json",
            content=pulumi.Output.json_dumps(said, sort_keys=True),
            content_type="application/json",
            opts=opts,
        )

    # Alarms

    def _watch(self) -> None:
        told = self._sensors.alarms
        alarms = Alarms(
            AlarmsArgs(f"{self._prefix}-alarms", self._sensors.account, self._keys["alarms"].arn, told), self._child
        )

        def too_many(part: str, text: str, metric: Metric, *, above: float = 0, minutes: int = 1) -> None:
            alarms.when(f"{self._prefix}-{part}", text, metric, "GreaterThanThreshold", above, minutes=minutes)

        dead = Metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", {"QueueName": self._queue.dead_name})
        too_many("dead-letters", "Files failed five times; find out why, then move the messages back", dead)
        oldest = Metric("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", {"QueueName": self._queue.name})
        too_many("waiting", "Files wait too long to be worked on", oldest, above=60 * told.waiting_minutes, minutes=3)
        undelivered = Metric("AWS/SNS", "NumberOfNotificationsFailed", "Sum", {"TopicName": self._queue.topic_name})
        too_many("undelivered", "The topic could not deliver to the queue", undelivered)
        for part, function in self._functions.items():
            for metric, text in (("Errors", "fails"), ("Throttles", "is called more often than it may run")):
                counted = Metric("AWS/Lambda", metric, "Sum", {"FunctionName": function.name})
                too_many(f"{part}-{metric.lower()}", f"The function {part} {text}", counted, minutes=5)
        for metric in ("ReadThrottleEvents", "WriteThrottleEvents"):
            throttled = Metric("AWS/DynamoDB", metric, "Sum", {"TableName": self._readings.name})
            too_many(
                f"table-{metric.lower()}", "The table of readings is asked for more than it gives", throttled, minutes=5
            )
        failed = Metric("AWS/ApiGateway", "5xx", "Sum", {"ApiId": self._api.id})
        too_many("api-errors", "The API answers with errors of its own", failed, minutes=5)
        poison = Metric(self._prefix, "FilesQuarantined", "Sum")
        too_many("quarantine", "A file is in quarantine; its metadata say why", poison)
        gone = Metric(self._prefix, "FilesGone", "Sum")
        too_many("gone", "A file was deleted before it was worked on", gone)
        alarms.when(
            f"{self._prefix}-rejected",
            "Lines are not taken, hour after hour; the quarantine has them below lines/, with their reasons",
            Metric(self._prefix, "ReadingsRejected", "Sum"),
            "GreaterThanThreshold",
            0,
            minutes=180,
            period_seconds=3600,
        )
        alarms.when(
            f"{self._prefix}-silence",
            "No sensor has sent anything",
            Metric(self._prefix, "ReadingsAccepted", "Sum"),
            "LessThanThreshold",
            1,
            minutes=told.silence_minutes,
            missing="breaching",
        )
