"""The simulated clouds as the engine meets them: one gRPC `ResourceProvider` a provider, in one process."""

from __future__ import annotations

import importlib.metadata
import logging
import random
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent import futures
from typing import Any, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from sandbox import schema
from sandbox.cloud import Call, Cloud, CloudError, Kind, Servers, Session
from sandbox.properties import Properties, decode, encode, has_unknown
from sandbox.schema import Failure
from sandbox.store import Account, Row, Store

LOG = logging.getLogger("sandbox")
NOBODY = Account("", "nobody", "", "", frozenset())
WORKERS = 32  # the engine's default parallelism is 4 × cores; more simply wait their turn


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """One cloud behind the engine's protocol.

    The engine makes a connection of its own for every provider that a program configures, so a session belongs to
    the connection that configured it.
    """

    def __init__(self, cloud: Cloud, store: Store, servers: Servers, environment: Mapping[str, str]) -> None:
        self._cloud = cloud
        self._store = store
        self._servers = servers
        self._environment = environment
        self._sessions: dict[str, Session] = {}
        self._random = random.Random()  # noqa: S311 - injected faults, not secrets
        self._lock = threading.Lock()

    # Configuration

    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=False)

    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        package = schema.SDK_PACKAGES[self._cloud.name].replace("_", "-")
        return plugin_pb2.PluginInfo(version=importlib.metadata.version(package))

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        news = decode(request.news)
        given = {key: value for key, value in news.items() if key != "version"}
        # A provider's nested configuration travels as JSON text; the provider itself parses it.
        failures = [
            failure
            for failure in schema.of_provider(self._cloud.name).check(given)
            if not isinstance(given.get(failure.property.split(".")[0]), str) or "is not a property" in failure.reason
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(failures))

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        old, new = decode(request.old_inputs), decode(request.news)
        changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
        return _diff(changed, replaced=[], delete_first=False)

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        config = decode(request.args)
        try:
            account = self._account(config)
        except CloudError as error:
            _abort(context, grpc.StatusCode.UNAUTHENTICATED, f"{self._cloud.name}: {error}")
        with self._lock:
            self._sessions[context.peer()] = Session(account, config)
        return provider_pb2.ConfigureResponse(acceptSecrets=False, supportsPreview=True, acceptResources=False)

    def _account(self, config: Properties) -> Account:
        """Who the credentials belong to: those of the configuration, else those of the environment, as a plugin's."""
        if self._cloud.credentials is None:
            return NOBODY
        access_property, secret_property = self._cloud.credentials
        variables = self._cloud.variables
        access = config.get(access_property) or self._environment.get(variables[0], "")
        secret = config.get(secret_property) or self._environment.get(variables[1], "")
        if has_unknown([access, secret]):
            return NOBODY
        for account in self._store.accounts(self._cloud.name):
            if (account.access, account.secret) == (access, secret):
                return account
        raise CloudError(
            f"401 the credentials are not valid: give {access_property} and {secret_property}, "
            f"or the environment variables {variables[0]} and {variables[1]}"
        )

    # Resources

    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        kind, call = self._kind(request.urn, context), self._call(request.urn, context)
        inputs = kind.name_it(decode(request.news), decode(request.olds), call)
        failures = list(kind.schema.check(inputs))
        if not failures:
            failures = list(kind.check(inputs, call))
        return provider_pb2.CheckResponse(inputs=encode(inputs), failures=_failures(failures))

    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        kind = self._kind(request.urn, context)
        old, new = decode(request.old_inputs), decode(request.news)
        changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
        replaced = sorted(kind.replaces(changed, old, new))
        # A provider that would have to give two resources one name removes the old one first.
        return _diff(changed, replaced, delete_first=kind.deletes_first(old, new))

    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        kind, call = self._kind(request.urn, context), self._call(request.urn, context)
        inputs = decode(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(id="", properties=encode(kind.preview(inputs)))
        self._suffer(context, f"create {call.logical_name}", "nothing was created")
        try:
            identifier, outputs = self._create(kind, inputs, call)
        except CloudError as error:
            self._refuse(context, f"create {call.logical_name}", error)
        return provider_pb2.CreateResponse(id=identifier, properties=encode(outputs))

    def _create(self, kind: Kind, inputs: Properties, call: Call) -> tuple[str, Properties]:
        if kind.local:
            return kind.create(inputs, call)
        with self._store.transaction():  # two creates at once must not both take the last place of a quota
            self._within_quota(kind, inputs, call)
            return kind.create(inputs, call)

    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        kind, call = self._kind(request.urn, context), self._call(request.urn, context)
        if kind.local:
            return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)
        self._suffer(context, f"read {call.logical_name}", "nothing was changed")
        row = call.get(kind.token, request.id)
        if row is None:
            return provider_pb2.ReadResponse()
        try:
            observed = kind.observe(row, call)
            handed_over = {} if observed is None else kind.handed_over(row, call)
        except CloudError as error:
            self._refuse(context, f"read {call.logical_name}", error)
        if observed is None:
            return provider_pb2.ReadResponse()
        known = decode(request.inputs) or row.inputs
        state = decode(request.properties)
        unseen = {key: state[key] for key in kind.write_only | kind.hidden if key in state}
        outputs = {**unseen, **observed, **handed_over}
        outputs |= {key: state[key] for key in kind.write_only if key in state}
        inputs = {key: outputs.get(key, value) for key, value in known.items()}
        return provider_pb2.ReadResponse(id=row.id, properties=encode(outputs), inputs=encode(inputs))

    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        kind, call = self._kind(request.urn, context), self._call(request.urn, context)
        inputs = decode(request.news)
        if request.preview:
            old = decode(request.olds)
            return provider_pb2.UpdateResponse(properties=encode({**old, **inputs}))
        self._suffer(context, f"update {call.logical_name}", "nothing was changed")
        try:
            if kind.local:
                old = decode(request.olds)
                outputs = {**old, **inputs, **kind.on_local_update(old, inputs, call)}
            else:
                outputs = kind.update(self._row(kind, request.id, call), inputs, call)
        except CloudError as error:
            self._refuse(context, f"update {call.logical_name}", error)
        return provider_pb2.UpdateResponse(properties=encode(outputs))

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        kind, call = self._kind(request.urn, context), self._call(request.urn, context)
        self._suffer(context, f"delete {call.logical_name}", "nothing was deleted")
        row = call.get(kind.token, request.id)
        try:
            if kind.local:
                kind.on_local_delete(decode(request.properties), call)
            elif row is not None:  # one that is gone already is as good as deleted
                kind.delete(row, call)
        except CloudError as error:
            self._refuse(context, f"delete {call.logical_name}", error)
        return empty_pb2.Empty()

    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        function = self._cloud.functions.get(request.tok)
        if function is None:
            _abort(
                context,
                grpc.StatusCode.UNIMPLEMENTED,
                f"the simulated {self._cloud.name} has no function {request.tok}; "
                f"it has {', '.join(sorted(self._cloud.functions)) or 'none'}",
            )
        self._suffer(context, f"call {request.tok}", "nothing was changed")
        try:
            answer = function(decode(request.args), self._call("", context))
        except CloudError as error:
            self._refuse(context, f"call {request.tok}", error)
        return provider_pb2.InvokeResponse(**{"return": encode(answer)})

    # What every call needs

    def _kind(self, urn: str, context: grpc.ServicerContext) -> Kind:
        token = urn.split("::")[2].rsplit("$", 1)[-1]
        kind = self._cloud.kinds.get(token)
        if kind is None:
            _abort(
                context,
                grpc.StatusCode.UNIMPLEMENTED,
                f"the simulated {self._cloud.name} has no resource type {token} (of {urn}); add it to sandbox/",
            )
        return kind

    def _call(self, urn: str, context: grpc.ServicerContext) -> Call:
        session = self._sessions.get(context.peer())
        if session is None:
            _abort(
                context,
                grpc.StatusCode.FAILED_PRECONDITION,
                f"the simulated {self._cloud.name} was restarted during this run; run the same command again",
            )
        return Call(self._cloud.name, self._store, session, urn, self._servers)

    def _row(self, kind: Kind, identifier: str, call: Call) -> Row:
        row = call.get(kind.token, identifier)
        if row is None:
            raise CloudError(f"404 there is no {kind.token} {identifier}; run `pulumi refresh`")
        return row

    def _within_quota(self, kind: Kind, inputs: Properties, call: Call) -> None:
        quota = self._store.faults().get((self._cloud.name, "quota"))
        limit = int(quota) if quota is not None else self._cloud.quotas.get(kind.token)
        if limit is None:
            return
        project = kind.project(inputs, call)
        count = sum(row.project == project for row in call.rows(kind.token))
        if count >= limit:
            raise CloudError(
                f"403 quota exceeded: project {project or 'default'} may have {limit} of {kind.token}; "
                "ask the provider for more, or declare fewer"
            )

    def _suffer(self, context: grpc.ServicerContext, action: str, harm: str) -> None:
        """What was broken on purpose: slowness, an outage, errors at random."""
        faults = self._store.faults()
        name = self._cloud.name
        if delay := faults.get((name, "latency_ms")):
            time.sleep(delay / 1000)
        if faults.get((name, "outage")):
            _abort(
                context,
                grpc.StatusCode.UNKNOWN,
                f"{name}: {action}: the API does not answer (outage); {harm}. Run the same command when it is back.",
            )
        if self._random.random() < faults.get((name, "error_rate"), 0.0):
            _abort(
                context,
                grpc.StatusCode.UNKNOWN,
                f"{name}: {action}: 503 Service Unavailable; {harm}. Run the same command again.",
            )

    def _refuse(self, context: grpc.ServicerContext, action: str, error: CloudError) -> NoReturn:
        _abort(context, grpc.StatusCode.INVALID_ARGUMENT, f"{self._cloud.name}: {action}: {error}")


def _abort(context: grpc.ServicerContext, code: grpc.StatusCode, text: str) -> NoReturn:
    context.abort(code, text)
    raise AssertionError("abort() raises")


def _failures(failures: list[Failure]) -> list[provider_pb2.CheckFailure]:
    return [provider_pb2.CheckFailure(property=failure.property, reason=failure.reason) for failure in failures]


def _diff(changed: list[str], replaced: list[str], *, delete_first: bool) -> provider_pb2.DiffResponse:
    kinds = provider_pb2.PropertyDiff
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=changed,
        replaces=replaced,
        deleteBeforeReplace=delete_first and bool(replaced),
        hasDetailedDiff=True,
        detailedDiff={
            key: kinds(kind=kinds.UPDATE_REPLACE if key in replaced else kinds.UPDATE, inputDiff=True)
            for key in changed
        },
    )


def serve(
    clouds: Iterable[Cloud], store: Store, servers: Servers, environment: Mapping[str, str]
) -> dict[str, tuple[Any, int]]:
    """Start a server a cloud on loopback; returns name → (server, port)."""
    started = {}
    for cloud in clouds:
        server = grpc.server(
            futures.ThreadPoolExecutor(max_workers=WORKERS),
            options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
        )
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(cloud, store, servers, environment), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        started[cloud.name] = (server, port)
    return started
