"""Functions of the simulated AWS run for real: in processes of their own, fed by their queues, and called by its API."""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import boto3
import psutil
import pytest

from sandbox.servers.functions import FunctionError, Functions
from sandbox.servers.gateway import Allowance
from sandbox.servers.process import free_port

REGION: Final = "eu-west-3"
WAIT_SECONDS: Final = 20
CODE: Final = """
import json, os, sys, time
import boto3

def handler(event, context):
    if event.get("do") == "fail":
        raise ValueError("on purpose")
    if event.get("do") == "hang":
        time.sleep(60)
    if event.get("do") == "end":
        os._exit(3)
    if "Records" in event:
        queue = boto3.client("sqs")
        done = queue.get_queue_url(QueueName="done")["QueueUrl"]
        failures = []
        for record in event["Records"]:
            if record["body"] == "bad":
                failures.append({"itemIdentifier": record["messageId"]})
            else:
                queue.send_message(QueueUrl=done, MessageBody=record["body"])
        return {"batchItemFailures": failures}
    print("said")
    return {"told": os.environ["TOLD"], "pid": os.getpid(), "left": context.get_remaining_time_in_millis(),
            "modules": sorted(m for m in sys.modules if m.startswith("sandbox")), "event": event}
"""


def zipped(code: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", code)
    return packed.getvalue()


class Aws:
    """moto in this process, with functions that run."""

    def __init__(self, folder: Path) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import make_server

        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        self.folder = folder
        self._server = make_server("127.0.0.1", port, DomainDispatcherApplication(create_backend_app), threaded=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.functions = Functions(folder, self.endpoint)
        self.functions.start()
        trust = json.dumps({"Version": "2012-10-17", "Statement": []})
        role = self.client("iam").create_role(RoleName="role", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        self.arn = self.client("lambda").create_function(
            FunctionName="it",
            Runtime="python3.13",
            Role=role,
            Handler="main.handler",
            Code={"ZipFile": zipped(CODE)},
            Timeout=2,
            Environment={"Variables": {"TOLD": "first"}},
        )["FunctionArn"]

    def client(self, service: str) -> Any:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION, **keys)

    def call(self, **event: Any) -> Any:
        return self.functions.call(self.functions.named(self.arn), event)

    def queue(self, name: str, **attributes: str) -> str:
        return str(self.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])

    def bodies(self, url: str) -> list[str]:
        found: list[str] = []
        while got := self.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [message["Body"] for message in got]
        return sorted(found)

    def close(self) -> None:
        from moto.moto_api._internal.models import moto_api_backend

        self.functions.close()
        self._server.shutdown()
        self._server.server_close()
        moto_api_backend.reset()


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Aws]:
    world = Aws(tmp_path)
    try:
        yield world
    finally:
        world.close()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.1)


def test_a_function_runs_its_deployed_code_with_its_environment_and_nothing_of_ours(aws: Aws) -> None:
    answer = aws.call(a=1)
    assert answer["told"] == "first"
    assert answer["event"] == {"a": 1}
    assert answer["modules"] == []
    assert 0 < answer["left"] <= 2000
    assert "said" in (aws.folder / "it.log").read_text()


def test_a_function_keeps_its_process_until_its_code_or_environment_changes(aws: Aws) -> None:
    first = aws.call()["pid"]
    assert aws.call()["pid"] == first
    lambdas = aws.client("lambda")
    lambdas.update_function_configuration(FunctionName="it", Environment={"Variables": {"TOLD": "second"}})
    second = aws.call()
    assert (second["told"], second["pid"] != first) == ("second", True)
    assert not psutil.pid_exists(first)
    lambdas.update_function_code(FunctionName="it", ZipFile=zipped("def handler(event, context):\n    return 'new'\n"))
    assert aws.call() == "new"


@pytest.mark.parametrize(
    ("do", "said"), [("fail", "on purpose"), ("hang", "timed out after 2 seconds"), ("end", "the process ended")]
)
def test_a_function_that_fails_says_why_and_runs_again(aws: Aws, do: str, said: str) -> None:
    with pytest.raises(FunctionError, match=said):
        aws.call(do=do)
    assert aws.call()["told"] == "first"


def test_aws_itself_calls_it(aws: Aws) -> None:
    answer = aws.client("lambda").invoke(FunctionName="it", Payload=json.dumps({"b": 2}))
    assert json.loads(answer["Payload"].read())["event"] == {"b": 2}
    failed = aws.client("lambda").invoke(FunctionName="it", Payload=json.dumps({"do": "fail"}))
    assert failed["FunctionError"]


def test_messages_that_fail_come_again_and_then_lie_with_the_dead(aws: Aws) -> None:
    done, dead = aws.queue("done"), aws.queue("dead")
    queues = aws.client("sqs")
    dead_arn = queues.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
    url = aws.queue("todo", VisibilityTimeout="1", RedrivePolicy=redrive)
    source = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    aws.client("lambda").create_event_source_mapping(
        EventSourceArn=source, FunctionName="it", BatchSize=10, FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    for body in ("one", "bad", "two"):
        queues.send_message(QueueUrl=url, MessageBody=body)
    until(lambda: bool(queues.receive_message(QueueUrl=dead, VisibilityTimeout=0).get("Messages")))
    assert aws.bodies(dead) == ["bad"]
    assert aws.bodies(done) == ["one", "two"]
    assert aws.bodies(url) == []


def test_processes_end_with_the_functions(tmp_path: Path) -> None:
    world = Aws(tmp_path)
    try:
        pid = world.call()["pid"]
    finally:
        world.close()
    assert not psutil.pid_exists(pid)


def test_a_stage_lets_its_burst_pass_and_then_its_rate() -> None:
    bucket = Allowance(tokens=5.0)
    now = bucket.at
    assert sum(bucket.take(0.0, 5.0) for _ in range(20)) == 5
    bucket.at = now - 2
    assert sum(bucket.take(0.001, 5.0) for _ in range(20)) == 0
    bucket.at -= 3600
    assert sum(bucket.take(1.0, 5.0) for _ in range(20)) == 5
