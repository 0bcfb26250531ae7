"""The smoke test of a deployed chat: two users, both queues, and a client that comes back.

The pipeline runs it in the image that was built, against the gateways of staging; tests run it against processes here.
"""

from __future__ import annotations

import uuid
from typing import Final

from pydantic import SecretStr

from apps.chat.client import Client, ClientError
from apps.chat.environment import TokenKey, read
from apps.chat.messages import Lane
from apps.chat.tokens import issue

SECONDS: Final = 30.0


class SmokeError(Exception):
    """The chat does not do what it must; the text says what."""


async def run(url: str) -> None:
    """Try the chat behind `url` (ws:// or wss://…/socket). Raises SmokeError."""
    if not url.startswith(("ws://", "wss://")):
        raise SmokeError(f"{url}: accepted is a URL that begins with ws:// or wss://")
    key: SecretStr = read(TokenKey).token_key
    chat = f"smoke-{uuid.uuid4().hex}"

    def client(name: str) -> Client:
        return Client([url], name, issue(key.get_secret_value(), name, [chat], 300), [chat])

    step = "connecting"
    try:
        async with client("smoke-a") as sender, client("smoke-b") as other:
            await sender.until(lambda one: one.joined.is_set(), SECONDS)
            step = "the sender sees an ordinary message"
            await sender.send(chat, "ordinary")
            await sender.until_seen(SECONDS)
            step = "the sender sees a priority message"
            await sender.send(chat, "urgent", Lane.PRIORITY)
            await sender.until_seen(SECONDS)
            step = "the other member sees both, in their order"
            await other.until(lambda one: [message.text for message in one.received] == ["ordinary", "urgent"], SECONDS)
        step = "a client that comes back is given what it missed, and only that"
        returning = client("smoke-b")
        returning.seen[chat] = 1
        async with returning:
            await returning.until(lambda one: [message.text for message in one.received] == ["urgent"], SECONDS)
    except (TimeoutError, ClientError) as error:
        raise SmokeError(f"{step}: {str(error) or f'not within {SECONDS:.0f} s'}") from None
    print(f"{url} is well: both queues, both members, and coming back")
