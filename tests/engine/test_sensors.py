"""The sensors on the real engine: a file in the bucket is on the dashboard of a real browser, through functions that run."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from docs.dashboard import take
from sandbox import daemon, session
from sandbox.sensors import SENSORS, SensorsSystem, demonstration, recently
from sandbox.servers.process import accepts

pytestmark = pytest.mark.engine

STACK: Final = "sensors-sandbox"
NAME: Final = "alertes-sandbox-sensors"
POLICIES: Final = ("--policy-pack", str(session.POLICIES))
PNG: Final = b"\x89PNG\r\n\x1a\n"
WAIT_SECONDS: Final = 30


class Stack(SensorsSystem):
    """The system, brought up once, with the engine that did it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.workspace, settings = session.prepare(STACK, directory)
        done = self.run("up", "--yes", "--skip-preview", *POLICIES)
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        outputs = json.loads(self.run("stack", "output", "--json").stdout)
        assert settings.sensors is not None
        self.settings = settings.sensors
        running = daemon.running(directory)
        assert running is not None
        self.running = running
        super().__init__(running, directory, outputs, settings.sensors.region)

    def run(self, *arguments: str) -> Any:
        return self.workspace.run(*arguments, "--stack", STACK, quiet=True, check=False)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, Mapping[str, str], str]:
        """What the API answers at its own address, over TLS."""
        host = self.outputs["api"].removeprefix("https://")
        context = ssl.create_default_context(cafile=self.directory / "gateway.pem")
        with (
            socket.create_connection(("127.0.0.1", self.running.gateway)) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            connection = http.client.HTTPSConnection(host)
            connection.sock = secured
            connection.request("GET", path, headers=dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    directory = tmp_path_factory.mktemp("sensors")
    try:
        yield Stack(directory)
    finally:
        running = daemon.running(directory)
        daemon.stop(directory)
        assert running is None or not accepts(running.gateway)


def until(condition: Callable[[], Any]) -> Any:
    """What a condition says when it holds; fails where that takes too long."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.25)
    return found


def test_nothing_is_left_to_do(system: Stack) -> None:
    second = system.run("preview", "--expect-no-changes", *POLICIES)
    assert second.returncode == 0, second.stdout[-3000:]


# What AWS holds


def test_buckets_are_private_versioned_encrypted_and_logged(system: Stack) -> None:
    s3 = system.aws("s3")
    names = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    assert names == {f"{NAME}-{part}-{system.settings.account}" for part in ("uploads", "quarantine", "page", "logs")}
    for name in names:
        assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
        block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        assert list(block.values()) == [True] * 4
        rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        own = name.split("-")[3] in ("uploads", "quarantine")
        assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == ("aws:kms" if own else "AES256")
        policy = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])
        assert {"Bool": {"aws:SecureTransport": "false"}} in [one["Condition"] for one in policy["Statement"]]
        logged = s3.get_bucket_logging(Bucket=name).get("LoggingEnabled", {}).get("TargetBucket", "")
        assert logged.startswith(f"{NAME}-logs-") is ("-logs-" not in name)


def test_tables_can_be_restored_and_their_items_expire(system: Stack) -> None:
    tables = system.aws("dynamodb")
    for name in system.outputs["tables"].values():
        description = tables.describe_table(TableName=name)["Table"]
        assert description["SSEDescription"]["SSEType"] == "KMS"
        assert description["DeletionProtectionEnabled"]
        backups = tables.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    ttl = tables.describe_time_to_live(TableName=system.outputs["tables"]["readings"])["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "expires")


def test_a_message_that_fails_goes_to_the_dead_letters(system: Stack) -> None:
    queues = system.aws("sqs")
    url = queues.get_queue_url(QueueName=system.outputs["queue"])["QueueUrl"]
    attributes = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    redrive = json.loads(attributes["RedrivePolicy"])
    assert redrive["deadLetterTargetArn"].endswith(f":{system.outputs['dead_letters']}")
    assert int(redrive["maxReceiveCount"]) == 5
    assert int(attributes["VisibilityTimeout"]) == 6 * system.settings.ingest.timeout_seconds
    assert attributes["KmsMasterKeyId"]


def test_every_alarm_tells_somebody(system: Stack) -> None:
    alarms = system.aws("cloudwatch").describe_alarms()["MetricAlarms"]
    parts = {alarm["AlarmName"].removeprefix(f"{NAME}-") for alarm in alarms}
    assert parts >= {
        "dead-letters",
        "waiting",
        "silence",
        "quarantine",
        "ingest-errors",
        "ingest-throttles",
        "api-errors",
    }
    (topic,) = {action for alarm in alarms for action in alarm["AlarmActions"]}
    heard = system.aws("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert {one["Protocol"] for one in heard} == {"email", "sms"}


# From a file to the dashboard


def test_a_file_in_the_bucket_is_on_the_dashboard(system: Stack, tmp_path: Path) -> None:
    picture = tmp_path / "dashboard.png"
    take(system, picture, tmp_path)
    assert picture.read_bytes().startswith(PNG)
    with system.browser(tmp_path) as page:
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        system.sign_in(page)
        page.get_by_text("of 1 sensors").wait_for()
        assert page.get_by_role("heading", level=2).all_inner_texts() == ["River at the bridge (cm)"]
        page.get_by_label("Town hall, cellar").check()
        page.get_by_label("by").select_option("raw")
        page.get_by_text("of 2 sensors").wait_for()
        points = int(page.get_by_role("status").inner_text().split()[0])
        # One every ten minutes for a day, up to the last full ten minutes, of which one may pass meanwhile.
        assert 2 * (24 * 6 - 1) <= points <= 2 * (24 * 6 + 1)
        assert page.locator(".chart canvas").count() == 2
        assert not complaints


def test_a_file_of_later_changes_what_the_dashboard_shows(system: Stack, tmp_path: Path) -> None:
    system.register(SENSORS)
    before = system.readings()
    at = recently().replace(minute=3).strftime("%Y-%m-%dT%H:%M:%SZ")
    system.upload("later.jsonl", json.dumps({"sensor": "school-yard", "at": at, "value": 139.5}).encode())
    system.wait_for(before + 1)
    system.invite()
    with system.browser(tmp_path) as page:
        system.sign_in(page)
        page.get_by_text("of 1 sensors").wait_for()
        with page.expect_response(lambda answer: "/school-yard/readings" in answer.url) as asked:
            page.get_by_label("School yard").check()
        assert max(point["most"] for point in asked.value.json()["points"]) == 139.5


def test_a_poison_file_is_put_aside(system: Stack) -> None:
    s3 = system.aws("s3")
    system.upload("readings.xlsx", b"PK\x03\x04")
    until(lambda: s3.list_objects_v2(Bucket=system.outputs["quarantine"], Prefix="files/").get("Contents"))
    reason = s3.head_object(Bucket=system.outputs["quarantine"], Key="files/readings.xlsx")["Metadata"]["reason"]
    assert "ends with 'xlsx'" in reason


def test_readings_are_for_those_who_have_signed_in(system: Stack, tmp_path: Path) -> None:
    assert system.get("/v1/sensors")[0] == 401
    assert system.get("/v1/sensors", {"Authorization": "Bearer x.y.z"})[0] == 401
    system.invite()
    with system.browser(tmp_path) as page:
        page.goto(system.outputs["url"])
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("Mail address").fill("visitor@example.org")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_text("Incorrect username or password.").wait_for()


def test_the_page_may_load_nothing_from_elsewhere(system: Stack) -> None:
    status, headers, _ = system.get("/")
    assert status == 200
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["Strict-Transport-Security"]
    again, _, body = system.get("/", {"If-None-Match": headers["ETag"]})
    assert (again, body) == (304, "")
    assert system.get("/dashboard.py")[0] == 404
    assert system.get("/..%2fconfig.json")[0] == 404


def test_what_the_sandbox_holds_outlives_its_restart(system: Stack) -> None:
    """The functions that moto holds run again when it has been filled again."""
    daemon.stop(system.directory)
    system.running = daemon.ensure_running(system.directory)
    system._running = system.running
    system.register(SENSORS)
    files = demonstration(recently(), 1)
    key, content = next(iter(files.items()))
    system.upload(key, content)
    system.wait_for(content.count(b"\n"))
