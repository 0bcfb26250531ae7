"""What is accepted at a place of a stack file, in words, from the model's own schema."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable, Mapping
from typing import Any, Final

from settings.base import (
    ACCOUNT,
    BRANCH,
    CERTIFICATES,
    CONNECTION,
    CRON,
    DIGEST,
    ENDPOINT_SERVICE,
    HOST,
    MAIL,
    MAXSCALE_VERSION,
    MEDIA_TYPE,
    NETWORK,
    PHONE,
    PRINCIPAL,
    PROJECT,
    REPOSITORY,
    SEMVER,
    SLACK,
    SLUG,
    URL,
    VAULT_PATH,
)
from settings.findings import Path
from settings.model import Settings

PATTERNS: Final[Mapping[str, str]] = {
    CERTIFICATES: "certificates in PEM: -----BEGIN CERTIFICATE----- … -----END CERTIFICATE-----",
    SLUG: "2 to 15 characters of a-z, 0-9 and -, beginning with a letter",
    HOST: "a host name such as alerte.example.eu",
    SEMVER: "a version such as 1.4.2",
    URL: "a URL such as https://vault.example.eu:8200",
    MAXSCALE_VERSION: "a version such as 23.08.6",
    MAIL: "a mail address",
    PRINCIPAL: "application_id: or user_id:, and a UUID",
    PROJECT: "a project id: 32 hexadecimal digits at OVH, a UUID at Scaleway",
    ACCOUNT: "an AWS account: 12 digits, in quotes",
    BRANCH: "the name of a branch such as main",
    CONNECTION: "the ARN of a connection: arn:aws:codeconnections:<region>:<account>:connection/<id>",
    CRON: "a time as EventBridge writes it: minute, hour, day, month, weekday, year, such as 0 6 * * ? *",
    DIGEST: "a digest: sha256: and 64 hexadecimal digits",
    ENDPOINT_SERVICE: "the name of an endpoint service: com.amazonaws.vpce.<region>.vpce-svc-<id>",
    MEDIA_TYPE: "a media type such as image/png",
    PHONE: "a telephone number such as +33123456789",
    REPOSITORY: "owner/name",
    SLACK: "an id of Slack: capitals and digits",
    VAULT_PATH: "a path in Vault without a slash at its ends, such as aws",
}
KINDS: Final[Mapping[str, str]] = {
    "array": "a list",
    "boolean": "true or false",
    "object": "a map",
    "string": "a string",
}


def expected(path: Path) -> str:
    """What kind of value is accepted where a key is known."""
    place = _place(path)
    if "enum" in place:
        return choice("", place["enum"])
    if "properties" in place:
        return f"a map with {', '.join(place['properties'])}"
    if "pattern" in place:
        return PATTERNS[place["pattern"]]
    if place.get("format") == "ipv4network":
        return NETWORK
    if place["type"] == "integer":
        least, most = place.get("minimum"), place.get("maximum")
        if least is None:
            return "a whole number"
        return f"a whole number of {least} " + ("or more" if most is None else f"to {most}")
    return KINDS[place["type"]]


def known_keys(path: Path) -> str:
    """Which keys there are, instead of the last of a path."""
    return f"no such key here; {choice(str(path[-1]), _place(path[:-1]).get('properties', ()))}"


def choice(given: str, choices: Iterable[str]) -> str:
    """The choices, and the one that was perhaps meant."""
    names = list(choices)
    near = difflib.get_close_matches(given, names, 1)
    return f"one of {', '.join(names)}" + (f" (did you mean {near[0]}?)" if near else "")


def _place(path: Path) -> Mapping[str, Any]:
    place = _resolved(_schema())
    for step in path:
        if isinstance(step, int):
            place = place["items"]
        else:
            place = place["properties"][step] if "properties" in place else place["additionalProperties"]
        place = _resolved(place)
    return place


def _resolved(place: Mapping[str, Any]) -> Mapping[str, Any]:
    if "anyOf" in place:  # a value that may be left out
        place = next(kind for kind in place["anyOf"] if kind.get("type") != "null")
    if "$ref" in place:
        return _schema()["$defs"][place["$ref"].rpartition("/")[2]]  # type: ignore[no-any-return]
    return place


@functools.cache
def _schema() -> dict[str, Any]:
    return Settings.model_json_schema()
