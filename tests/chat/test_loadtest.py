"""The load test: its plan is the settings', it runs for real, and its report finds what is not as it must be."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pymongo
import pytest

from apps.chat.documents import COLLECTION
from apps.chat.messages import Lane, Stored
from engine.setup import ROOT
from loadtest.plan import HOLD_SECONDS, RAMP_SECONDS, Load, PlanError, text
from loadtest.results import Sample, percentile, report, samples
from loadtest.run import run
from sandbox.chat import LocalChat
from settings import read
from settings.chat.model import Chat

SMALL = Load(20, 5, 400, 25, 300, latency_ms=60_000, ramp_seconds=3, hold_seconds=9)


def chat_of(stack: str) -> Chat:
    chat = read(stack).chat
    assert chat is not None
    return chat


def test_it_runs_and_every_message_that_was_seen_is_stored_once(local: LocalChat, tmp_path: Path) -> None:
    address = local.urls["gateway-1"].removesuffix("/socket")
    result = asyncio.run(run(SMALL, address, local.token_key, tmp_path))
    assert result.findings == ()
    assert (result.users, result.sockets) == (20, 20)
    taken = [sample for sample in samples(tmp_path / "samples.csv") if sample.is_message]
    with pymongo.MongoClient[dict[str, Any]](local.documents_url) as store:
        found = [one for one in store.get_default_database()[COLLECTION].find() if one["chat"].startswith("load-")]
    assert Counter(one["key"] for one in found) == Counter(sample.key for sample in taken)
    assert {one["chat"].rpartition("-")[2] for one in found} == {"0", "1", "2", "3"}
    assert {len(one["text"]) for one in found} == {SMALL.payload_bytes}
    for lane in Lane:
        in_lane = [one for one in found if one["lane"] == lane]
        assert in_lane
        assert (result.lanes[lane].seen, result.lanes[lane].stored) == (len(in_lane), len(in_lane))
    by_key = {one["key"]: one for one in found}
    assert all(by_key[sample.key]["sent"] == sample.sent for sample in taken)
    assert json.loads((tmp_path / "report.json").read_text())["lanes"] == json.loads(
        json.dumps(result.as_json()["lanes"])
    )


def test_a_socket_that_is_dropped_is_found(local: LocalChat, tmp_path: Path) -> None:
    """A gateway that ends meanwhile: JMeter's users do not come back, so that it is seen."""

    async def check() -> None:
        address = local.urls["gateway-2"].removesuffix("/socket")
        testing = asyncio.create_task(run(SMALL, address, local.token_key, tmp_path))
        samples_csv = tmp_path / "samples.csv"
        while not samples_csv.exists() or samples_csv.read_text().count(",join,") < SMALL.users:
            assert not testing.done()
            await asyncio.sleep(0.1)
        await asyncio.to_thread(local.stop, "gateway-2")
        await asyncio.to_thread(local.restore)
        result = await testing
        assert any(" × send " in finding for finding in result.findings)

    asyncio.run(check())


# The plan


@pytest.mark.parametrize("stack", ["chat-dev", "chat-prod", "chat-sandbox"])
def test_the_plan_is_what_the_settings_say(stack: str) -> None:
    chat = chat_of(stack)
    load = Load.of(chat, min(100, chat.traffic.connections))
    assert (load.ramp_seconds, load.hold_seconds) == (RAMP_SECONDS, HOLD_SECONDS) == (300, 900)
    plan = ElementTree.fromstring(text(load, "wss://chat.example.eu", Path("users.csv")))  # noqa: S314 - our own
    values = {str(one.get("name")): one.text for one in plan.iter() if one.get("name")}
    assert values["ThreadGroup.num_threads"] == str(load.users)
    assert values["ThreadGroup.ramp_time"] == "300"
    assert values["ThreadGroup.duration"] == "1200"
    assert {one.text for one in plan.iter("boolProp") if one.get("name") == "TLS"} == {"true"}
    assert {one.text for one in plan.iter("stringProp") if one.get("name") == "port"} == {"443"}
    per_second = 1000 * chat.traffic.connections / load.interval_ms
    assert per_second == pytest.approx(chat.traffic.messages_per_second, rel=0.01)
    assert f"nextInt(100) < {chat.traffic.priority_percent} ?" in "".join(plan.itertext())
    assert "x" * chat.traffic.payload_bytes in "".join(plan.itertext())


@pytest.mark.parametrize("users", [0, -1, 5_001, 10**9])
def test_more_users_than_one_jmeter_can_be_are_refused(users: int) -> None:
    with pytest.raises(PlanError, match=f"^{users} users, but accepted is 1 to 5000"):
        Load.of(chat_of("chat-prod"), users)


@pytest.mark.parametrize(("ramp", "hold", "said"), [(0, 900, "ramp is 0 s"), (300, 90_000, "hold is 90000 s")])
def test_times_that_make_no_sense_are_refused(ramp: int, hold: int, said: str) -> None:
    with pytest.raises(PlanError, match=said):
        SMALL.lasting(ramp, hold)


@pytest.mark.parametrize("address", ["https://chat.example.eu", "chat.example.eu", "ws://", "wss://chat.example.eu/x"])
def test_an_address_that_is_no_gateways_is_refused(address: str) -> None:
    with pytest.raises(PlanError, match="accepted is ws://host or wss://host"):
        text(SMALL, address, Path("users.csv"))


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["plan", "--stack", "prod"], 1, "stack prod has no chat; accepted is a stack of the chat such as chat-dev"),
        (["plan", "--stack", "nothing"], 1, "nothing"),
        (["plan"], 2, "--stack"),
        (["fly"], 2, "invalid choice"),
        (["run", "--stack", "chat-dev", "--users", "5", "--results", "r"], 2, "--address"),
        (
            ["run", "--stack", "chat-dev", "--users", "5", "--address", "ws://127.0.0.1:1", "--results", "r"],
            1,
            "CHAT_TOKEN_KEY",
        ),
    ],
)
def test_the_command_says_what_is_wrong(arguments: list[str], status: int, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "loadtest", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr


# The report


def sample(key: str, lane: str = "bulk", **changes: Any) -> Sample:
    return replace(Sample(f"send {lane}", True, "OK", key, lane, 1_000, 1_010), **changes)


def stored(key: str, seq: int, lane: Lane = Lane.BULK) -> Stored:
    return Stored.model_construct(
        key=key, chat="c", author="a", text="x", lane=lane, sent=1, accepted=1, seq=seq, stored=1
    )


JOIN = Sample("join", True, "OK", "", "", 0, 0)
TAKEN = [JOIN, sample("one"), sample("two", "priority")]
STORED = [stored("one", 1), stored("two", 2, Lane.PRIORITY)]


def test_what_is_well_has_no_findings() -> None:
    result = report(1, 500, TAKEN, STORED)
    assert result.findings == ()
    assert (result.lanes["bulk"].seen, result.lanes["bulk"].stored, result.lanes["bulk"].median_ms) == (1, 1, 10)


@pytest.mark.parametrize(
    ("users", "taken", "found", "said"),
    [
        (2, TAKEN, STORED, "1 of 2 users did not come in"),
        (1, TAKEN, STORED[:1], "1 messages that were seen are not in the store"),
        (1, TAKEN, [*STORED, stored("one", 3)], "1 messages are in the store more than once"),
        (1, TAKEN, [*STORED, stored("three", 3)], "1 messages are in the store that their sender did not see"),
        (1, TAKEN, [STORED[0], stored("two", 3, Lane.PRIORITY)], "c has 2 messages, and the last is number 3"),
        (1, [*TAKEN, sample("one")], STORED, "1 messages have more than one sample"),
        (1, [*TAKEN, sample("one", label="send bulk-0")], STORED, "samples that the plan does not have: send bulk-0"),
        (1, [*TAKEN, sample("", success=False, message="closed")], STORED, "1 × send bulk: closed"),
        (1, TAKEN[:2], STORED[:1], "no priority message was seen"),
        (
            1,
            [*TAKEN[:2], sample("two", "priority", received=1_501)],
            STORED,
            "took up to 501 ms, but 500 ms is accepted",
        ),
    ],
)
def test_what_is_not_well_is_found(users: int, taken: list[Sample], found: list[Stored], said: str) -> None:
    assert said in "\n".join(report(users, 500, taken, found).findings)


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([], 99, 0), ([7], 50, 7), ([1, 2, 3, 4], 50, 2), (list(range(1, 101)), 99, 99), (list(range(1, 102)), 99, 100)],
)
def test_percentiles_are_nearest_ranks(values: list[int], percent: float, expected: int) -> None:
    assert percentile(values[::-1], percent) == expected
