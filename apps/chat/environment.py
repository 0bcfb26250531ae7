"""What a process is told from outside: variables `CHAT_…`, and secrets in the JSON file that CHAT_SECRETS names.

A secret may be a variable, too, where there is no such file; a process is given no more than it needs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final, TypeVar

import zmq
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError

PREFIX: Final = "CHAT_"
SECRETS: Final = f"{PREFIX}SECRETS"


class EnvironmentVariableError(Exception):
    """A process cannot start: the text names every variable that is missing or wrong, and shows no secret."""


def _url(*schemes: str) -> AfterValidator:
    def check(secret: SecretStr) -> SecretStr:
        if not secret.get_secret_value().startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(f"accepted is a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return secret

    return AfterValidator(check)


def _curve(secret: SecretStr) -> SecretStr:
    try:
        zmq.curve_public(secret.get_secret_value().encode())
    except (ValueError, zmq.ZMQError):
        raise ValueError("accepted is a secret key of CURVE: 40 characters, as `zmq.curve_keypair()` makes") from None
    return secret


Port = Annotated[int, Field(ge=1, le=65_535)]
QueueUrl = Annotated[SecretStr, _url("redis", "rediss")]
StoreUrl = Annotated[SecretStr, _url("mongodb")]


class Told(BaseModel):
    """What a process may be told."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class TokenKey(Told):
    """What the smoke test is told."""

    token_key: SecretStr = Field(min_length=32, description="The key (HS256) by which users' tokens are signed")


class Broadcast(Told):
    """What every process is told: the way from the workers over the broadcasters to the gateways."""

    broadcast_key: Annotated[SecretStr, AfterValidator(_curve)] = Field(description="CURVE's secret key, of all parts")
    broadcasters: str = Field(default="127.0.0.1", min_length=1, description="Host names, with commas between")
    collect_port: Port = Field(default=5557, description="Where broadcasters take what workers have stored")
    publish_port: Port = Field(default=5556, description="Where broadcasters publish it to gateways")
    metrics: str = Field(default="Chat", min_length=1, description="Namespace of the metrics at CloudWatch")
    address: str = Field(default="0.0.0.0", description="Where this process listens")  # noqa: S104 - a container's own


class Worker(Broadcast):
    """What a worker is told."""

    queue: QueueUrl = Field(description="The worker's queue, rediss://user:password@host:port")
    documents: StoreUrl = Field(description="The store, mongodb://user:password@host:port/database?tls=true")


class Gateway(Broadcast, TokenKey):
    """What a gateway is told."""

    bulk_queue: QueueUrl = Field(description="The queue of ordinary messages")
    priority_queue: QueueUrl = Field(description="The queue of messages that must not wait")
    documents: StoreUrl = Field(description="The store")
    port: Port = Field(default=8080, description="Port of the sockets")


Environment = TypeVar("Environment", bound=Told)


def read(kind: type[Environment]) -> Environment:
    """The environment of this process. Raises EnvironmentVariableError."""
    given = {name.removeprefix(PREFIX).lower(): value for name, value in os.environ.items() if name.startswith(PREFIX)}
    file = os.environ.get(SECRETS)
    if file is not None:
        try:
            given |= TypeAdapter(dict[str, str]).validate_json(Path(file).read_bytes())
        except (OSError, ValidationError):
            raise EnvironmentVariableError(
                f"{SECRETS}: {file} is not a readable file with one JSON object of texts"
            ) from None
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        wrong = (f"{PREFIX}{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors(include_input=False))
        raise EnvironmentVariableError("\n".join(wrong)) from None
