"""Who may say what: signed tokens (JWT, HS256) that name the user, the chats and the end."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import jwt

ALGORITHM: Final = "HS256"
AUDIENCE: Final = "chat"


class TokenError(Exception):
    """A token that is not to be trusted; the text says why."""


@dataclass(frozen=True)
class User:
    """Who a token was made for, and the chats of which that user is a member."""

    name: str
    chats: frozenset[str]


def issue(key: str, name: str, chats: Iterable[str], seconds: int) -> str:
    """A token that is good for some seconds."""
    claims = {"sub": name, "chats": sorted(chats), "aud": AUDIENCE, "exp": int(time.time()) + seconds}
    return jwt.encode(claims, key, ALGORITHM)


def verify(key: str, token: str) -> User:
    """The user of a token. Raises TokenError."""
    try:
        claims = jwt.decode(
            token, key, [ALGORITHM], audience=AUDIENCE, options={"require": ["sub", "chats", "exp", "aud"]}
        )
    except jwt.InvalidTokenError as error:
        raise TokenError(str(error)) from None
    chats = claims["chats"]
    if not isinstance(chats, list) or not all(isinstance(chat, str) for chat in chats):
        raise TokenError("the claim chats is not a list of names")
    return User(claims["sub"], frozenset(chats))
