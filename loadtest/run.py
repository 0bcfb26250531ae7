"""One load test: users, JMeter, and then a look into the document store."""

from __future__ import annotations

import asyncio
import json
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from apps.chat.client import Client, ClientError
from apps.chat.messages import Stored
from apps.chat.tokens import issue
from loadtest import jmeter
from loadtest.plan import VARIABLES, Load, text
from loadtest.results import Report, report, samples

SPARE_SECONDS: Final = 120
"""For JMeter's own start, the last answers, and tokens that must outlive it all."""
CHATS_A_CLIENT: Final = 100
PROPERTIES: Final = {
    "jmeter.save.saveservice.output_format": "csv",
    "jmeter.save.saveservice.print_field_names": "true",
    # Every frame that a filter passes over would be a line of its own, and look like a message that was seen.
    "jmeter.save.saveservice.subresults": "false",
    "sample_variables": ",".join(VARIABLES),
    "websocket.thread.stop.policy": "wsclose",
    "summariser.interval": "30",
}


async def run(load: Load, address: str, token_key: str, results: Path) -> Report:
    """Run the load against the gateways at `address`; files go into `results`.

    Raises JMeterError, PlanError, SetupError, and ClientError where the store cannot be looked into.
    """
    jmeter.setup()
    results.mkdir(parents=True, exist_ok=True)
    file = results / "samples.csv"
    file.unlink(missing_ok=True)  # JMeter adds to what is there
    seconds = load.ramp_seconds + load.hold_seconds + SPARE_SECONDS
    prefix = f"load-{uuid.uuid4().hex[:12]}"
    chats = [f"{prefix}-{number}" for number in range(load.chats)]
    with tempfile.TemporaryDirectory(prefix="platform-load-") as folder:
        users, plan = Path(folder) / "users.csv", Path(folder) / "plan.jmx"
        users.touch(0o600)
        users.write_text("".join(_user(number, chats, token_key, seconds) for number in range(load.users)))
        plan.write_text(text(load, address, users))
        await asyncio.to_thread(jmeter.run, plan, file, PROPERTIES, seconds)
    stored = await look(f"{address.rstrip('/')}/socket", token_key, chats)
    result = report(load.users, load.latency_ms, samples(file), stored)
    (results / "report.json").write_text(json.dumps(result.as_json(), indent=2) + "\n")
    return result


def _user(number: int, chats: Sequence[str], token_key: str, seconds: int) -> str:
    name, chat = f"load-{number}", chats[number % len(chats)]
    return f"{name},{chat},{issue(token_key, name, [chat], seconds)}\n"


async def look(url: str, token_key: str, chats: Sequence[str]) -> list[Stored]:
    """Everything that the document store has of these chats: a gateway reads it there for whoever has seen nothing."""
    found: list[Stored] = []
    for start in range(0, len(chats), CHATS_A_CLIENT):
        some = chats[start : start + CHATS_A_CLIENT]
        client = Client([url], "load-looks", issue(token_key, "load-looks", some, SPARE_SECONDS), some)
        async with client:
            try:
                # The gateway says that the client is in when it has been given everything.
                await client.until(lambda one: one.joined.is_set(), SPARE_SECONDS)
            except TimeoutError:
                raise ClientError(f"{url}: what is stored was not given within {SPARE_SECONDS} s") from None
        found += client.received
    return found
