"""Functions that the simulated AWS holds, run for real: each one's deployed code in a process of its own.

moto keeps functions and would run them in containers. Here they run as processes, in the folder that their archive was
unpacked into, with their own environment and the simulated AWS as their endpoint; their queues are polled as AWS polls
them. What they print is in a log file each, not in CloudWatch; their roles' policies are not enforced.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3

LOG: Final = logging.getLogger("sandbox")
POLL_SECONDS: Final = 0.25
MOST_MESSAGES: Final = 10
RUNTIME: Final = Path(__file__).with_name("runtime.py")
ACCOUNT: Final = "123456789012"


class FunctionError(Exception):
    """A function failed; the text is JSON: what and why, as Lambda says it."""


@dataclass(frozen=True)
class Function:
    """What moto knows of a function."""

    name: str
    region: str
    arn: str
    handler: str
    seconds: int
    memory: int
    variables: Mapping[str, str]
    code: bytes

    @functools.cached_property
    def fingerprint(self) -> str:
        """What changes with the code, the handler or the environment."""
        said = json.dumps([self.handler, self.memory, sorted(self.variables.items())]).encode()
        return hashlib.sha256(self.code + said).hexdigest()


class Functions:
    """Runs functions of the simulated AWS at `endpoint`; `folder` has their code and logs."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self._folder = folder
        self._endpoint = endpoint
        self._workers: dict[str, _Worker] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="functions", daemon=True)

    def start(self) -> None:
        """Let moto call functions here, and work on their queues from now on. moto must run in this process."""
        from moto.awslambda.models import LambdaFunction
        from moto.sqs.models import Queue

        def invoke(function: Any, event: Any = None) -> tuple[str, bool, str]:
            try:
                return json.dumps(self.call(_known(function), event or {})), False, ""
            except FunctionError as error:
                return str(error), True, str(error)

        LambdaFunction._invoke_lambda = invoke
        # moto would call a queue's function within the call that sends the message, and count that as received.
        Queue.lambda_event_source_mappings = property(lambda _: {}, lambda _, __: None)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._poller.start()

    def close(self) -> None:
        """End all processes."""
        self._ended.set()
        if self._poller.is_alive():
            self._poller.join()
        for worker in self._workers.values():
            worker.close()

    def named(self, arn: str) -> Function:
        """The function that an ARN names; KeyError where there is none."""
        region, name = arn.split(":")[3], arn.split(":")[6]
        found = _lambda_backends()[region].get_function(name)
        return _known(found)

    def call(self, function: Function, event: Any) -> Any:
        """Call a function and wait; FunctionError where it fails or takes longer than it may."""
        with self._lock:
            worker = self._workers.get(function.arn)
            if worker is None or worker.fingerprint != function.fingerprint or not worker.alive:
                if worker is not None:
                    worker.close()
                worker = _Worker(function, self._folder, self._endpoint)
                self._workers[function.arn] = worker
        return worker.ask(event)

    # Queues

    def _poll(self) -> None:
        while not self._ended.wait(POLL_SECONDS):
            for region, mapping in list(_mappings()):
                try:
                    self._receive(region, mapping)
                except Exception:
                    LOG.exception("functions: %s cannot be worked on", mapping.event_source_arn)

    def _receive(self, region: str, mapping: Any) -> None:
        """Hand what waits in a queue to its function; what was done is deleted, all else comes again in its time."""
        queue = _client(self._endpoint, "sqs", region)
        url = queue.get_queue_url(QueueName=mapping.event_source_arn.rpartition(":")[2])["QueueUrl"]
        most = min(mapping.batch_size, MOST_MESSAGES)
        answer = queue.receive_message(QueueUrl=url, MaxNumberOfMessages=most, MessageSystemAttributeNames=["All"])
        received = answer.get("Messages", [])
        if not received:
            return
        event = {"Records": [_record(message, mapping.event_source_arn, region) for message in received]}
        try:
            answer = self.call(self.named(mapping.function_arn), event)
        except FunctionError as error:
            LOG.warning("functions: %s failed: %s", mapping.function_arn, error)
            return
        reported = "ReportBatchItemFailures" in (mapping.function_response_types or [])
        failures = (answer or {}).get("batchItemFailures", []) if reported else []
        failed = {failure["itemIdentifier"] for failure in failures}
        for message in received:
            if message["MessageId"] not in failed:
                queue.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


class _Worker:
    """The process of one function; one call at a time."""

    def __init__(self, function: Function, folder: Path, endpoint: str) -> None:
        self.fingerprint = function.fingerprint
        self._function = function
        self._lock = threading.Lock()
        code = folder / f"{function.name}-{function.fingerprint[:12]}"
        with zipfile.ZipFile(io.BytesIO(function.code)) as archive:
            archive.extractall(code)
        ours, theirs = socket.socketpair()
        self._stream = ours.makefile("rw", encoding="utf-8")
        self._socket = ours
        with theirs, (folder / f"{function.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(RUNTIME), str(theirs.fileno()), function.handler],
                cwd=code,
                env=_environment(function, endpoint),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )  # it ends by itself when the other end of its socket is gone

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def ask(self, event: Any) -> Any:
        """The function's answer; FunctionError where there is none."""
        function = self._function
        context = [str(uuid.uuid4()), function.name, function.arn, function.seconds]
        with self._lock:
            self._socket.settimeout(function.seconds)
            try:
                self._stream.write(json.dumps({"event": event, "context": context}) + "\n")
                self._stream.flush()
                line = self._stream.readline()
            except (TimeoutError, OSError):
                self.close()
                raise FunctionError(
                    _error("Sandbox.Timedout", f"Task timed out after {function.seconds} seconds")
                ) from None
        if not line:
            self.close()
            raise FunctionError(_error("Runtime.ExitError", "the process ended"))
        answer = json.loads(line)
        if "error" in answer:
            raise FunctionError(json.dumps(answer["error"]))
        return answer["payload"]

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self._socket.close()


def _error(kind: str, text: str) -> str:
    return json.dumps({"errorType": kind, "errorMessage": text})


def _environment(function: Function, endpoint: str) -> dict[str, str]:
    """What Lambda sets, and, in place of a role's keys and AWS's own address, those of the simulated AWS."""
    return {
        **function.variables,
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        "_HANDLER": function.handler,
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_ENDPOINT_URL": endpoint,
    }


def _record(message: Mapping[str, Any], source: str, region: str) -> dict[str, Any]:
    """A message as Lambda hands it over (Lambda developer guide, "Using Lambda with Amazon SQS")."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": source,
        "awsRegion": region,
    }


def _known(found: Any) -> Function:
    return Function(
        name=found.function_name,
        region=found.region,
        arn=found.function_arn,
        handler=found.handler,
        seconds=int(found.timeout),
        memory=int(found.memory_size),
        variables=found.environment_vars or {},
        code=found.code_bytes,
    )


def _lambda_backends() -> Any:
    from moto.backends import get_backend

    return get_backend("lambda")[ACCOUNT]


def _mappings() -> Iterator[tuple[str, Any]]:
    """The queues that feed functions, with their regions."""
    for region, backend in list(_lambda_backends().items()):
        for mapping in list(backend._event_source_mappings.values()):
            if mapping.enabled and mapping.event_source_arn.split(":")[2] == "sqs":
                yield region, mapping


@functools.cache
def _client(endpoint: str, service: str, region: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",  # noqa: S106 - moto asks for some
    )
