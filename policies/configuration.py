"""What a stack file says of the policies, in the namespace `policies`: which are advisory, and what is excepted.

    config:
      policies:advisory: [budget]
      policies:exceptions:
        - policy: exposure
          resource: ovh:index/cloudInstance:CloudInstance::acme-dev-gra-app-1
          reason: The load test comes from outside until the release.
          owner: hosting@example.eu
          expires: 2027-01-31

A stack file is an environment's, so both are decided an environment at a time; what is not named is mandatory.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from policies import exceptions
from policies.model import STACK, Exemption, Policy, Severity

PREFIX: Final = "policies:"
PRODUCTION: Final = "prod"
MAIL: Final = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"


class ConfigurationError(Exception):
    """The stack's configuration of the policies is wrong; the text says where, and what is accepted."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _day(value: object) -> object:
    """YAML reads a day as a moment, and the engine passes it on as `2027-01-31 00:00:00 +0000 UTC`."""
    return value.removesuffix(" 00:00:00 +0000 UTC") if isinstance(value, str) else value


class _Exception(_Model):
    """`resource` is `<type>::<name>` as at the end of its URN, or `stack` for what is said of the whole."""

    policy: str
    resource: Annotated[str, Field(pattern=rf"^(?:{STACK}|[\w-]+:[\w/-]+:\w+::.+)$")]
    reason: Annotated[str, Field(min_length=20)]
    owner: Annotated[str, Field(pattern=MAIL)]
    expires: Annotated[datetime.date, BeforeValidator(_day)]


class _Configuration(_Model):
    advisory: tuple[str, ...] = ()
    exceptions: tuple[_Exception, ...] = ()


def read(
    config: Mapping[str, str], policies: Iterable[Policy], environment: str
) -> tuple[frozenset[str], tuple[Exemption, ...]]:
    """The names of the advisory policies, and the exceptions. Raises ConfigurationError, which names all errors."""
    known = {policy.name: policy for policy in policies if policy.name != exceptions.POLICY.name}
    given = {key.removeprefix(PREFIX): _value(text) for key, text in config.items() if key.startswith(PREFIX)}
    try:
        read = _Configuration.model_validate(given)
    except ValidationError as error:
        raise ConfigurationError("\n".join(_text(one) for one in error.errors(include_url=False))) from None
    problems = list(_contradictions(read, known, environment))
    if problems:
        raise ConfigurationError("\n".join(problems))
    exemptions = (Exemption(one.policy, one.resource, one.reason, one.owner, one.expires) for one in read.exceptions)
    return frozenset(read.advisory), tuple(exemptions)


def _value(text: str) -> Any:
    """Lists and objects are JSON in the engine's flat configuration."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _text(error: Mapping[str, Any]) -> str:
    path = PREFIX + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error["loc"]).lstrip(".")
    if error["type"] == "extra_forbidden":
        return (
            f"{path} is not a setting of the policies; accepted are advisory and exceptions, and of an exception "
            + (", ".join(_Exception.model_fields))
        )
    if error["type"] == "missing":
        return f"{path} is missing"
    return f"{path} is {json.dumps(error['input'], default=str)}: {error['msg']}"


def _contradictions(read: _Configuration, known: Mapping[str, Policy], environment: str) -> list[str]:
    problems = []
    for key, names in (
        ("advisory", list(read.advisory)),
        ("exceptions", [exception.policy for exception in read.exceptions]),
    ):
        for index, name in enumerate(names):
            if name not in known:
                problems.append(f'{PREFIX}{key}[{index}]: "{name}" is no policy; accepted are {", ".join(known)}')
            elif key == "advisory" and environment == PRODUCTION and known[name].severity is Severity.CRITICAL:
                problems.append(f"{PREFIX}{key}[{index}]: {name} is critical, and cannot be advisory in {PRODUCTION}")
    places = [(exception.policy, exception.resource) for exception in read.exceptions]
    problems += [
        f"{PREFIX}exceptions[{index}] repeats an earlier one"
        for index, one in enumerate(places)
        if one in places[:index]
    ]
    return problems
