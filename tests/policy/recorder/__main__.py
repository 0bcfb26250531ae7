"""A policy pack that forbids nothing: it writes what the engine asks to the file RECORDER_FILE, one question a line."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

# The engine starts the pack from the folder of any project.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import grpc
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from pulumi.runtime.proto import analyzer_pb2 as messages

from policies.registry import Registry
from policies.server import Analyzer, start

FILE = Path(os.environ.get("RECORDER_FILE", os.devnull))


class Recorder(Analyzer):
    """Has no policies."""

    def __init__(self) -> None:
        super().__init__(Registry())
        self._lock = threading.Lock()

    def analyze(self, request: messages.AnalyzeRequest, context: grpc.ServicerContext) -> messages.AnalyzeResponse:
        """Write the question down."""
        self._write(request)
        return messages.AnalyzeResponse()

    def analyze_stack(
        self, request: messages.AnalyzeStackRequest, context: grpc.ServicerContext
    ) -> messages.AnalyzeResponse:
        """Write the question down."""
        self._write(request)
        return messages.AnalyzeResponse()

    def _write(self, request: Message) -> None:
        line = json.dumps({type(request).__name__: MessageToDict(request)}, sort_keys=True)
        with self._lock, FILE.open("a") as file:
            file.write(f"{line}\n")


if __name__ == "__main__":
    server, port = start(Recorder())
    print(port, flush=True)
    server.wait_for_termination()
