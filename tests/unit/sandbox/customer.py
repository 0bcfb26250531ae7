"""What the engine does to a provider, without the engine: configure, check, create, read, update, delete over gRPC."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox import server
from sandbox.cloud import Cloud, Servers
from sandbox.clouds import command, local, ovh, scaleway, vault
from sandbox.properties import Properties, decode, encode
from sandbox.store import Store

CLOUDS: Final[tuple[Cloud, ...]] = (
    ovh.CLOUD,
    scaleway.CLOUD,
    vault.CLOUD,
    local.RANDOM,
    local.TLS,
    command.CLOUD,
)
OVH_PROJECT: Final = "0" * 31 + "1"
SCALEWAY_PROJECT: Final = "11111111-1111-1111-1111-111111111111"
OTHER_OVH_PROJECT: Final = "0" * 31 + "2"
OTHER_SCALEWAY_PROJECT: Final = "22222222-2222-2222-2222-222222222222"


class RefusedError(Exception):
    """What a user of the provider reads."""


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except grpc.RpcError as error:
        raise RefusedError(f"{error.code().name}: {error.details()}") from None


@dataclass(frozen=True)
class Resource:
    """A resource as the engine's state has it."""

    token: str
    name: str
    id: str
    inputs: Properties
    outputs: Properties


class Customer:
    """One configured provider of a program."""

    def __init__(self, provider: str, port: int, config: Properties) -> None:
        self.provider = provider
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.use_local_subchannel_pool", 1)])
        self._stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        with _refusals():
            self._stub.Configure(provider_pb2.ConfigureRequest(args=encode(config)))

    def close(self) -> None:
        self._channel.close()

    def _urn(self, token: str, name: str) -> str:
        return f"urn:pulumi:test::unit::{token}::{name}"

    def checked(
        self, token: str, inputs: Properties, name: str = "it", olds: Properties | None = None
    ) -> tuple[Properties, dict[str, str]]:
        """The inputs with what the provider adds, and property → what is wrong with it."""
        with _refusals():
            answer = self._stub.Check(
                provider_pb2.CheckRequest(urn=self._urn(token, name), olds=encode(olds or {}), news=encode(inputs))
            )
        return decode(answer.inputs), {failure.property: failure.reason for failure in answer.failures}

    def failures(self, token: str, **inputs: Any) -> dict[str, str]:
        return self.checked(token, inputs)[1]

    def create(self, token: str, called: str = "it", **inputs: Any) -> Resource:
        """Check and create; RefusedError with everything that is wrong."""
        whole, failures = self.checked(token, inputs, called)
        if failures:
            raise RefusedError("; ".join(f"{name} {reason}" for name, reason in failures.items()))
        with _refusals():
            answer = self._stub.Create(
                provider_pb2.CreateRequest(urn=self._urn(token, called), properties=encode(whole))
            )
        return Resource(token, called, answer.id, whole, decode(answer.properties))

    def preview(self, token: str, **inputs: Any) -> Properties:
        with _refusals():
            answer = self._stub.Create(
                provider_pb2.CreateRequest(urn=self._urn(token, "it"), properties=encode(inputs), preview=True)
            )
        return decode(answer.properties)

    def read(self, resource: Resource) -> Properties | None:
        """The outputs that a refresh finds; None where the resource is gone."""
        with _refusals():
            answer = self._stub.Read(
                provider_pb2.ReadRequest(
                    id=resource.id,
                    urn=self._urn(resource.token, resource.name),
                    properties=encode(resource.outputs),
                    inputs=encode(resource.inputs),
                )
            )
        return decode(answer.properties) if answer.id else None

    def diff(self, token: str, old: Properties, new: Properties) -> provider_pb2.DiffResponse:
        with _refusals():
            answer: provider_pb2.DiffResponse = self._stub.Diff(
                provider_pb2.DiffRequest(
                    id="any", urn=self._urn(token, "it"), olds=encode(old), old_inputs=encode(old), news=encode(new)
                )
            )
        return answer

    def update(self, resource: Resource, **changed: Any) -> Resource:
        """Change inputs; None removes one."""
        wanted = {name: value for name, value in {**resource.inputs, **changed}.items() if value is not None}
        whole, failures = self.checked(resource.token, wanted, resource.name, resource.inputs)
        if failures:
            raise RefusedError("; ".join(f"{name} {reason}" for name, reason in failures.items()))
        with _refusals():
            answer = self._stub.Update(
                provider_pb2.UpdateRequest(
                    id=resource.id,
                    urn=self._urn(resource.token, resource.name),
                    olds=encode(resource.outputs),
                    old_inputs=encode(resource.inputs),
                    news=encode(whole),
                )
            )
        return Resource(resource.token, resource.name, resource.id, whole, decode(answer.properties))

    def delete(self, resource: Resource) -> None:
        with _refusals():
            self._stub.Delete(
                provider_pb2.DeleteRequest(
                    id=resource.id,
                    urn=self._urn(resource.token, resource.name),
                    properties=encode(resource.outputs),
                )
            )

    def invoke(self, function: str, **arguments: Any) -> Properties:
        with _refusals():
            answer = self._stub.Invoke(provider_pb2.InvokeRequest(tok=function, args=encode(arguments)))
        return decode(getattr(answer, "return"))


@dataclass
class Clouds:
    """All simulated clouds in this process, with two customers: `operator` and `other`."""

    folder: Path
    servers: Servers = field(default_factory=Servers)
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._customers: list[Customer] = []
        self._start()
        for provider, mine, others in (
            ("ovh", OVH_PROJECT, OTHER_OVH_PROJECT),
            ("scaleway", SCALEWAY_PROJECT, OTHER_SCALEWAY_PROJECT),
        ):
            for account, project in (("operator", mine), ("other", others)):
                self.store.open_account(provider, account, f"key-of-{account}", f"secret-of-{account}")
                self.store.open_project(provider, project, account)

    def _start(self) -> None:
        self.store = Store(self.folder / "clouds.sqlite")
        self._started = server.serve(CLOUDS, self.store, self.servers, self.environment)

    def stop(self) -> None:
        for customer in self._customers:
            customer.close()
        self._customers.clear()
        for one, _ in self._started.values():
            one.stop(grace=None).wait()
        self.store.close()

    def restart(self) -> None:
        """What a kill of the process leaves is what is on disk."""
        self.stop()
        self._start()

    def customer(self, provider: str, account: str = "operator", **config: Any) -> Customer:
        """A provider that is configured with the credentials of an account."""
        access, secret = {
            "ovh": ("applicationKey", "applicationSecret"),
            "scaleway": ("accessKey", "secretKey"),
        }.get(provider, ("", ""))
        credentials = {access: f"key-of-{account}", secret: f"secret-of-{account}"} if access else {}
        customer = Customer(provider, self.port(provider), {**credentials, **config})
        self._customers.append(customer)
        return customer

    def port(self, provider: str) -> int:
        port: int = self._started[provider][1]
        return port
