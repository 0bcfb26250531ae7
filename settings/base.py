"""What the models of all systems are made of: the strict base, patterns and value types.

Field descriptions are shown by editors (through `settings/stack.schema.json`). A rule that looks at one value alone
is on its field; rules that compare values are in the `rules` module of the system.
"""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Network
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)

from settings.partial import ABSENT
from settings.plaintext import CERTIFICATE


class Environment(StrEnum):
    """Which rehearsal or reality a stack is."""

    DEV = "dev"
    PROD = "prod"
    SANDBOX = "sandbox"


PARTIAL = "partial"
NETWORK = "an IPv4 network such as 10.20.0.0/20"


def _network(value: object) -> object:
    """YAML has no type for networks; host bits that are set are a mistake."""
    if not isinstance(value, str):
        return value
    try:
        return IPv4Network(value)
    except ValueError as error:
        raise ValueError(f"{NETWORK} ({error})") from None


def _private(network: IPv4Network) -> IPv4Network:
    private = (IPv4Network("10.0.0.0/8"), IPv4Network("172.16.0.0/12"), IPv4Network("192.168.0.0/16"))
    if not any(network.subnet_of(block) for block in private) or not 16 <= network.prefixlen <= 20:
        raise ValueError("a private network (RFC 1918) of /16 to /20")
    return network


def _narrow(network: IPv4Network) -> IPv4Network:
    if network.prefixlen < 16:
        raise ValueError("a network of /16 or narrower: the bastions are not for the whole internet")
    return network


CERTIFICATES = rf"^(\s*{CERTIFICATE}\s*)+$"
SLUG = r"^[a-z][a-z0-9-]{1,14}$"
HOST = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$"
SEMVER = r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$"
MAXSCALE_VERSION = r"^\d{2}\.\d{2}\.\d+$"
URL = r"^https?://[^\s/]+$"
MAIL = r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$"
PROJECT = r"^[0-9a-f-]{32,36}$"
PRINCIPAL = r"^(application|user)_id:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
ACCOUNT = r"^\d{12}$"
BRANCH = r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$"
CONNECTION = r"^arn:aws:(codeconnections|codestar-connections):[a-z0-9-]+:\d{12}:connection/[0-9a-f-]{36}$"
CRON = r"^[0-9*,/-]+ [0-9*,/-]+ [0-9*,/?LW-]+ [0-9A-Z*,/-]+ [0-9A-Z*,/?L#-]+ [0-9*,/-]+$"
DIGEST = r"^sha256:[0-9a-f]{64}$"
ENDPOINT_SERVICE = r"^com\.amazonaws\.vpce\.[a-z0-9-]+\.vpce-svc-[0-9a-f]{17}$"
MEDIA_TYPE = r"^[a-z]+/[a-z0-9][a-z0-9.+-]*$"
PHONE = r"^\+[1-9]\d{7,14}$"
REPOSITORY = r"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$"
SLACK = r"^[A-Z][A-Z0-9]{5,20}$"
VAULT_PATH = r"^[a-z0-9_-]+(/[a-z0-9_-]+)*$"

Slug = Annotated[str, Field(pattern=SLUG)]
Host = Annotated[str, Field(pattern=HOST)]
SiteNetwork = Annotated[IPv4Network, BeforeValidator(_network), AfterValidator(_private)]
AdminNetwork = Annotated[IPv4Network, BeforeValidator(_network), AfterValidator(_narrow)]
# The least number depends on the role, and is a rule; editors know that it is one or more.
Count = Annotated[int, Field(le=200, json_schema_extra={"minimum": 1})]
Gigabytes = Annotated[int, Field(ge=10, le=12_000)]


class Model(BaseModel):
    """Strict, frozen, and closed to keys that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @field_validator("*", mode="wrap")
    @classmethod
    def _tolerate(cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        """In the context PARTIAL, a value that is wrong is ABSENT: the rules are tried on all others."""
        if info.context != PARTIAL:
            return handler(value)
        try:
            return value if value is ABSENT else handler(value)
        except ValidationError:
            return ABSENT


class Slack(Model):
    """Where alarms are read as chat."""

    workspace: str = Field(pattern=SLACK, description="Id of the workspace, such as T0123ABCD")
    channel: str = Field(pattern=SLACK, description="Id of the channel, such as C0123ABCD")


class Recipients(Model):
    """Who hears of alarms."""

    mail: tuple[Annotated[str, Field(pattern=MAIL)], ...] = Field(strict=False, min_length=1)
    sms: tuple[Annotated[str, Field(pattern=PHONE)], ...] = Field(strict=False)
    slack: Slack | None = Field(default=None)
