"""The process that one function runs in: it is asked by lines of JSON on a socket, and answers so.

It is started in the folder of the function's own code, with the function's environment, and knows nothing else of this
project: what it imports is what was deployed.
"""

from __future__ import annotations

import importlib
import json
import socket
import sys
import time
import traceback
from pathlib import Path
from typing import Any


class Context:
    """What Lambda tells a function of the call (Lambda developer guide, "Context object in Python")."""

    def __init__(self, request: str, name: str, arn: str, seconds: float) -> None:
        self.aws_request_id = request
        self.function_name = name
        self.invoked_function_arn = arn
        self._ends = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """How long the call may still take."""
        return max(0, int((self._ends - time.monotonic()) * 1000))


def main() -> None:
    """Answer until the other side of the socket is closed."""
    descriptor, handler = int(sys.argv[1]), sys.argv[2]
    sys.path[0] = str(Path.cwd())
    module, _, name = handler.rpartition(".")
    function: Any = None
    with socket.socket(fileno=descriptor) as connection, connection.makefile("rw", encoding="utf-8") as stream:
        for line in stream:
            asked = json.loads(line)
            try:
                function = function or getattr(importlib.import_module(module), name)
                answer = {"payload": function(asked["event"], Context(*asked["context"]))}
                text = json.dumps(answer)
            except Exception as error:  # whatever it is, it is the answer
                traceback.print_exc()
                kind, said = type(error).__name__, str(error)
                text = json.dumps({"error": {"errorType": kind, "errorMessage": said}})
            sys.stdout.flush()
            stream.write(text + "\n")
            stream.flush()


if __name__ == "__main__":
    main()
