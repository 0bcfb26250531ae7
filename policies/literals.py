"""Finds secrets that somebody has written down, by what they are called, by their format and by their randomness.

What is found is never quoted, only where it is.
"""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from policies.payloads import parts

WORD: Final = (
    r"password|passwd|passphrase|bind[_-]?pass|secret|token|credentials?|private[_-]?key|api[_-]?key|auth[_-]?pass"
    r"|(?:secret|shared|account|encryption|signing|auth|host|customer|tls|client|integration|wrapped|hmac|eab)"
    r"[_-]?(?:access[_-]?)?key|application[_-]?secret|consumer[_-]?key|key[_-]?material|keytab|credentials[_-]?file[_-]?content|(?:account|reviewer)[_-]?jwt"
)
SUFFIX: Final = r"(?:[_-]?(?:string|pem|wo|value|base64|plain|binary|body|hash|content))*"
NAME: Final = re.compile(rf"(?:{WORD}){SUFFIX}$", re.I)
"""How a property's or variable's name ends that holds a secret."""
NO_SECRETS: Final = frozenset(
    ["clientRequestToken", "clientToken", "creationToken", "lockToken", "offerToken", "viewVersionToken"]
)
"""Tokens that make a request happen once, or name a version: nobody gets anything for them."""
ASSIGNMENT: Final = re.compile(
    rf"""(?P<key>[\w.-]*(?:{WORD}))["']?(?:\s*[:=]\s*|(?<=auth_pass)\s+)"""
    r"""(?:"(?P<double>[^"\n]*)"|'(?P<single>[^'\n]*)'|(?P<bare>[^\s"'#,;]+)(?P<rest>[^\n]*))""",
    re.I,
)
HINT: Final = re.compile(r"pass|secret|token|credential|key|jwt", re.I)
"""What every name of a secret has in it."""
NOT_LITERAL: Final = re.compile(r"^[$%<{@!&*|>\[(/~]|\{\{|\$\{|\$\(|\{%|^(?:arn|vault|file|env|https?):", re.I)
"""References, templates, paths: they say where a secret is, and are none."""
CODE: Final = re.compile(r"[()\[\]{}]|^[A-Za-z_]\w*\.[\w.]+$|^[fbr]?$")
PATH: Final = re.compile(r"(?:[a-z0-9_.-]+:)?[a-z0-9_.-]*(?:/[a-z0-9_.{}-]+)+/?")
PLAIN_WORDS: Final = frozenset(
    [
        "absent",
        "always",
        "any",
        "auto",
        "bool",
        "bytes",
        "days",
        "disabled",
        "enabled",
        "false",
        "hours",
        "int",
        "minutes",
        "never",
        "no",
        "none",
        "null",
        "on_create",
        "optional",
        "present",
        "prompt",
        "required",
        "str",
        "string",
        "true",
        "unset",
        "yes",
    ]
)
PASSWORD_HASH: Final = re.compile(r"\$(?:[156y]|2[abxy]|argon2i?d?|scrypt|gy)\$[\w./+=,$-]{8,}")
VAULT_TOKEN: Final = re.compile(r"(?:hv[sbr]\.[\w-]{20,}|[sbr]\.[A-Za-z0-9]{24}(?:\.[A-Za-z0-9]+)?)(?![\w-])")
"""Tokens of Vault and OpenBao, where a word begins; a response-wrapping token looks like any other."""
OTHER_FORMATS: Final = {
    "an age key": re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]{50,}"),
    "a Vault unseal key or recovery token": re.compile(r"(?:Unseal Key \d+|Recovery Key \d+):\s*\S{20,}"),
}
CANDIDATE: Final = re.compile(r"(?<![\w+/.@-])[A-Za-z0-9+/_-]{32,}={0,2}(?![\w+/-])")
HEX: Final = re.compile(r"[0-9a-fA-F-]+")
CHECKSUM: Final = re.compile(r"sha(?:1|256|384|512)[:-]$", re.I)
ENTROPY_LIMIT: Final = 4.3
"""Bits a character. 32 random letters and digits have 4.7 on average, words joined together below 4."""
NEAR_LINES: Final = 3
"""A wrapped token's name stands so many lines before it at most."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What kind of secret was found, and where in the text."""

    kind: str
    where: str

    def __str__(self) -> str:
        return f"{self.kind} ({self.where})"


def is_secret_name(name: str) -> bool:
    """Whether a property of this name holds a secret: `masterPassword` does, `passwordPolicy` does not."""
    return _names(name)


@functools.lru_cache(maxsize=8192)
def _names(name: str) -> bool:
    return name not in NO_SECRETS and NAME.search(name) is not None


def is_literal(value: str) -> bool:
    """Whether the value of something that is called a secret is one, and not a reference to one."""
    return len(value) >= 4 and NOT_LITERAL.search(value) is None and value.lower() not in PLAIN_WORDS


@functools.cache
def _detectors() -> tuple[Any, ...]:
    # Half of detect-secrets' start-up time is an HTTP client that nothing here uses: it is imported by `warm_up`.
    from detect_secrets.plugins.aws import AWSKeyDetector
    from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
    from detect_secrets.plugins.basic_auth import BasicAuthDetector
    from detect_secrets.plugins.discord import DiscordBotTokenDetector
    from detect_secrets.plugins.github_token import GitHubTokenDetector
    from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
    from detect_secrets.plugins.jwt import JwtTokenDetector
    from detect_secrets.plugins.mailchimp import MailchimpDetector
    from detect_secrets.plugins.npm import NpmDetector
    from detect_secrets.plugins.openai import OpenAIDetector
    from detect_secrets.plugins.private_key import PrivateKeyDetector
    from detect_secrets.plugins.pypi_token import PypiTokenDetector
    from detect_secrets.plugins.sendgrid import SendGridDetector
    from detect_secrets.plugins.slack import SlackDetector
    from detect_secrets.plugins.square_oauth import SquareOAuthDetector
    from detect_secrets.plugins.stripe import StripeDetector
    from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector
    from detect_secrets.plugins.twilio import TwilioKeyDetector

    return (
        AWSKeyDetector(),
        AzureStorageKeyDetector(),
        BasicAuthDetector(),
        DiscordBotTokenDetector(),
        GitHubTokenDetector(),
        GitLabTokenDetector(),
        JwtTokenDetector(),
        MailchimpDetector(),
        NpmDetector(),
        OpenAIDetector(),
        PrivateKeyDetector(),
        PypiTokenDetector(),
        SendGridDetector(),
        SlackDetector(),
        SquareOAuthDetector(),
        StripeDetector(),
        TelegramBotTokenDetector(),
        TwilioKeyDetector(),
    )


def warm_up() -> None:
    """Import what searching needs, so that the first search does not wait for it."""
    _detectors()


@functools.lru_cache(maxsize=16384)
def formats(text: str) -> tuple[str, ...]:
    """The kinds of token whose format occurs in a text; the same for the same text."""
    if len(text) < 16:
        return ()
    kinds = [detector.secret_type for detector in _detectors() if any(detector.analyze_string(text))]
    kinds += [kind for kind, pattern in OTHER_FORMATS.items() if pattern.search(text)]
    if PASSWORD_HASH.search(text):
        kinds.append("a password's hash")
    return tuple(kinds)


def find(text: str, *, wrapped_token: bool = False) -> Iterator[Finding]:
    """Every secret that is written down in a text or in what is packed in it.

    With `wrapped_token`, one token of Vault is accepted where the text calls it wrapped, in the same line or shortly
    before.
    """
    allowed = 1 if wrapped_token else 0
    for part in parts(text):
        where = " > ".join(part.where)
        if part.text is None:
            yield Finding("a payload that cannot be looked into", where)
            continue
        rest = part.text
        for found in reversed(list(_vault_tokens(part.text))):
            if allowed and _is_called_wrapped(part.text, found.start()):
                allowed -= 1
            else:
                yield Finding("a Vault token", _at(where, part.text, found.start()))
            rest = rest[: found.start()] + rest[found.end() :]
        for finding in _in_part(rest):
            yield Finding(finding.kind, " > ".join((where, finding.where)) if where else finding.where)


def _vault_tokens(text: str) -> Iterator[re.Match[str]]:
    """Looking behind each character would take the pattern most of its time."""
    position = 0
    while (found := VAULT_TOKEN.search(text, position)) is not None:
        before = text[found.start() - 1 : found.start()]
        begins = not (before.isalnum() or before in tuple("_.-"))
        position = found.end() if begins else found.start() + 1
        if begins:
            yield found


def _is_called_wrapped(text: str, position: int) -> bool:
    return "wrap" in "\n".join(text[:position].split("\n")[-NEAR_LINES - 1 :]).lower()


@functools.lru_cache(maxsize=2048)
def _in_part(text: str) -> tuple[Finding, ...]:
    """The findings of one part; cached, since machines of one role differ in little."""
    return tuple(_search(text))


def _search(text: str) -> Iterator[Finding]:
    yield from (Finding(kind, "anywhere") for kind in formats(text))
    for found in _assignments(text):
        if _assigns(found):
            yield Finding(f"a value for {found['key']}", _at("", text, found.start()))
    for found in CANDIDATE.finditer(text):
        if _is_random(found[0]) and CHECKSUM.search(text, 0, found.start()) is None:
            yield Finding("a random value", _at("", text, found.start()))


def _assignments(text: str) -> Iterator[re.Match[str]]:
    """What `ASSIGNMENT.finditer` finds, looking only at words that have something of a secret's name in them."""
    end = 0
    for hint in HINT.finditer(text):
        if hint.start() < end:
            continue
        start = hint.start()
        while start > end and (text[start - 1].isalnum() or text[start - 1] in "_.-"):
            start -= 1
        found = ASSIGNMENT.match(text, start)
        if found is not None:
            end = found.end()
            yield found


def _assigns(found: re.Match[str]) -> bool:
    quoted = found["double"] if found["double"] is not None else found["single"]
    if quoted is not None:
        return is_literal(quoted) and PATH.fullmatch(quoted) is None
    bare = found["bare"].rstrip(")]}")
    return is_literal(bare) and CODE.search(found["bare"]) is None and PATH.fullmatch(bare) is None


def _is_random(value: str) -> bool:
    if HEX.fullmatch(value) or PATH.fullmatch(value.lower()):
        return False  # checksums and ids; secrets of that kind are found by their names
    if not (re.search("[a-z]", value) and re.search("[A-Z]", value) and re.search("[0-9]", value)):
        return False
    return _entropy(value) > ENTROPY_LIMIT


def _entropy(value: str) -> float:
    """Shannon's entropy in bits a character."""
    return -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values())


def _at(where: str, text: str, position: int) -> str:
    line = f"line {text.count(chr(10), 0, position) + 1}"
    return f"{where} > {line}" if where else line
