"""A `pulumi-language-python` for engines that were built from the Go module proxy.

The Go module of the official language host is served by no module proxy, so a CLI that was built from there has
none. The engine starts this program with its own address as the first argument, reads a port from the first line
of stdout, and speaks `LanguageRuntime` over gRPC. It starts two kinds of Python processes: the Pulumi program
(`Run`) and policy packs (`RunPlugin` with kind `analyzer`).

Where the official `pulumi` is on PATH, its own language host is used and this file is not.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import time
import types
from collections.abc import Iterator, Mapping
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2


def _skip_package_init(name: str) -> None:
    """Let submodules of `name` be imported without running its `__init__`: the host needs the protobufs alone."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError(f"the Python package {name!r} is not installed beside the language host")
    package = types.ModuleType(name)
    package.__path__ = list(spec.submodule_search_locations)
    package.__spec__ = spec
    sys.modules[name] = package


# Half of the host's start-up time is `import pulumi`, which it never uses.
_skip_package_init("pulumi")
_skip_package_init("pulumi.runtime")

from pulumi.runtime.proto import (  # noqa: E402
    language_pb2,
    language_pb2_grpc,
    plugin_pb2,
)

# The exit status by which the executor says that it has shown the error to the user itself.
ALREADY_SHOWN = 32
EXECUTOR = "pulumi-language-python-exec"
PARENT_POLL_SECONDS = 0.5
TERMINATE_GRACE_SECONDS = 5.0


class InterpreterNotFoundError(Exception):
    """`runtime.options.virtualenv` names a folder without a Python interpreter."""


def interpreter(info: language_pb2.ProgramInfo) -> str:
    """The Python that runs a program: that of its `virtualenv` option, else the one that runs this host."""
    options: Mapping[str, Any] = dict(info.options)
    virtualenv = options.get("virtualenv")
    if not virtualenv:
        return sys.executable
    folder = Path(info.root_directory, str(virtualenv))
    python = folder / "bin" / "python"
    if not python.exists():
        raise InterpreterNotFoundError(
            f"runtime.options.virtualenv is {virtualenv!r}, but {python} does not exist: "
            "create the virtual environment (`make setup` does) or mend the option"
        )
    return str(python)


class Children:
    """The processes that this host started; none of them outlives the engine."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()

    def start(self, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(command, **options)
        with self._lock:
            self._running.add(process)
        return process

    def forget(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._running.discard(process)

    def stop(self) -> None:
        """Ask all children to end, then make them."""
        with self._lock:
            running = list(self._running)
        for process in running:
            process.terminate()
        deadline = time.monotonic() + TERMINATE_GRACE_SECONDS
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """The calls that the engine makes; see `pulumi/sdk/proto/pulumi/language.proto`."""

    def __init__(self, engine_address: str, executor: Path) -> None:
        self._engine_address = engine_address
        self._executor = executor
        self.children = Children()

    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=importlib.metadata.version("pulumi"))

    def GetRequiredPlugins(
        self, request: language_pb2.GetRequiredPluginsRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPluginsResponse:
        # Nothing is named, so nothing is downloaded: the providers are attached or already installed.
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        return language_pb2.GetRequiredPackagesResponse()

    def RuntimeOptionsPrompts(
        self, request: language_pb2.RuntimeOptionsRequest, context: grpc.ServicerContext
    ) -> language_pb2.RuntimeOptionsResponse:
        return language_pb2.RuntimeOptionsResponse()

    def About(self, request: language_pb2.AboutRequest, context: grpc.ServicerContext) -> language_pb2.AboutResponse:
        try:
            python = interpreter(request.info)
        except InterpreterNotFoundError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        version = subprocess.run(
            [python, "-c", "import platform; print(platform.python_version())"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        return language_pb2.AboutResponse(executable=python, version=version)

    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        try:
            python = interpreter(request.info)
        except InterpreterNotFoundError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        scope = [] if request.transitiveDependencies else ["--not-required"]
        listed = subprocess.run(
            [python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check", *scope],
            capture_output=True,
            text=True,
            check=True,
        )
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=entry["name"], version=entry["version"])
                for entry in json.loads(listed.stdout)
            ]
        )

    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        try:
            python = interpreter(request.info)
        except InterpreterNotFoundError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        yield from self._stream(
            [python, "-m", "pip", "install", "-r", "requirements.txt"],
            language_pb2.InstallDependenciesResponse,
            context,
            cwd=request.directory,
        )

    def Run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> language_pb2.RunResponse:
        try:
            python = interpreter(request.info)
        except InterpreterNotFoundError as error:
            return language_pb2.RunResponse(error=str(error))
        program = Path(request.info.program_directory)
        if request.info.entry_point not in ("", "."):
            program /= request.info.entry_point
        command = [
            python,
            "-u",
            str(self._executor),
            "--pwd",
            request.pwd,
            "--monitor",
            request.monitor_address,
            "--engine",
            self._engine_address,
            "--project",
            request.project,
            "--stack",
            request.stack,
            "--parallel",
            str(request.parallel),
            "--dry_run",
            "true" if request.dryRun else "false",
            "--organization",
            request.organization,
            "--root_directory",
            request.info.root_directory,
            str(program),
            *request.args,
        ]
        environment = {
            **os.environ,
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        # The engine shows what the program prints: it reads this host's own stdout and stderr, which are inherited.
        process = self.children.start(command, env=environment, stdin=subprocess.DEVNULL)
        context.add_callback(process.terminate)
        status = process.wait()
        self.children.forget(process)
        if status == 0:
            return language_pb2.RunResponse()
        if status == ALREADY_SHOWN:
            return language_pb2.RunResponse(bail=True)
        if status < 0:
            return language_pb2.RunResponse(error=f"the program was ended by {signal.Signals(-status).name}")
        return language_pb2.RunResponse(error=f"the program exited with status {status}")

    def RunPlugin(
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        if request.kind != "analyzer":
            context.abort(
                grpc.StatusCode.UNIMPLEMENTED,
                f"this language host runs policy packs (kind analyzer), not plugins of kind {request.kind!r}",
            )
        try:
            python = interpreter(request.info)
        except InterpreterNotFoundError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        yield from self._stream(
            [python, "-u", "-m", "pulumi.policy", *request.args, request.info.program_directory],
            language_pb2.RunPluginResponse,
            context,
            cwd=request.pwd,
            env=dict(pair.split("=", 1) for pair in request.env),
            exit_code=True,
        )

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        self.children.stop()
        return empty_pb2.Empty()

    def _stream(
        self,
        command: list[str],
        response: Any,
        context: grpc.ServicerContext,
        *,
        exit_code: bool = False,
        **options: Any,
    ) -> Iterator[Any]:
        """Run a command and hand its output on as it comes; the command ends with the call."""
        process = self.children.start(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options
        )
        context.add_callback(process.terminate)
        assert process.stdout is not None
        for line in process.stdout:
            yield response(stdout=line)
        status = process.wait()
        self.children.forget(process)
        if exit_code:
            yield response(exitcode=status)
        elif status != 0:
            context.abort(grpc.StatusCode.INTERNAL, f"{' '.join(command)} exited with status {status}")


def serve(engine_address: str, executor: Path) -> None:
    """Serve until the engine asks us to end, or is gone."""
    host = LanguageHost(engine_address, executor)
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=16),
        options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
    )
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    ended = threading.Event()
    # The engine puts us into a process group of our own, so that SIGINT comes from the engine alone, when it has no
    # more use for us; it waits ten seconds and then kills.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    engine = os.getppid()
    server.start()
    print(port, flush=True)
    while not ended.wait(PARENT_POLL_SECONDS):
        if os.getppid() != engine:  # the engine was killed: nobody would end our children
            break
    host.children.stop()
    server.stop(grace=None)


def main() -> None:
    """Serve the engine whose address is the first argument."""
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    if not arguments:
        sys.exit("usage: pulumi-language-python ENGINE_ADDRESS (started by the Pulumi engine)")
    executor = Path(os.environ.get("PULUMI_LANGUAGE_PYTHON_EXEC", ""))
    if not executor.is_file():
        sys.exit(f"PULUMI_LANGUAGE_PYTHON_EXEC must name the file {EXECUTOR!r} of the Pulumi SDK; it is {executor}")
    serve(arguments[0], executor)


if __name__ == "__main__":
    main()
