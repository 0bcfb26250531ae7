"""Secrets that somebody wrote into a stack file."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

SECRET_KEY: Final = re.compile(
    r"(password|passwd|passphrase|secret|token|private_?key|api_?key|consumer_?key|credential)", re.IGNORECASE
)
SECRET_VALUE: Final = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(AKIA|ASIA)[0-9A-Z]{16}\b|\bSCW[0-9A-Z]{17}\b|\bhv[sb]\.[\w-]{20,}"
    r"|\bs\.[A-Za-z0-9]{24}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|://[^/\s:@]+:[^/\s@]+@"
)
CERTIFICATE: Final = r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----"
"""Public, though it looks random."""
SWITCHES: Final = frozenset({"true", "false"})
"""Values that are no secret under any key, such as a provider's `skipCredentialsValidation`."""
RANDOM_LENGTH: Final = 24
RANDOM_BITS: Final = 4.2
"""Bits of entropy a character from which a long word is no word: English text has about 4, base64 noise 5 and more."""


def secrets_in(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Where strings look like secrets; what the engine has encrypted (`secure:`) does not."""
    if isinstance(value, dict):
        if set(value) == {"secure"}:
            return
        for key, child in value.items():
            yield from secrets_in(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from secrets_in(child, (*path, index))
    elif isinstance(value, str) and looks_secret(path, value):
        yield path


def looks_secret(path: tuple[str | int, ...], value: object) -> bool:
    """Whether a value may not be shown: by the name of its key, by a known format, or by its randomness."""
    text = re.sub(CERTIFICATE, "", str(value))
    named = any(SECRET_KEY.search(str(step)) for step in path)
    return (named and text not in SWITCHES) or bool(SECRET_VALUE.search(text)) or _is_random(text)


def _is_random(value: str) -> bool:
    for word in re.findall(rf"[A-Za-z0-9+/_=]{{{RANDOM_LENGTH},}}", value):
        if re.fullmatch(r"[0-9a-f]+", word):  # identifiers and checksums of the providers
            continue
        frequencies = [count / len(word) for count in Counter(word).values()]
        if -sum(share * math.log2(share) for share in frequencies) > RANDOM_BITS:
            return True
    return False
