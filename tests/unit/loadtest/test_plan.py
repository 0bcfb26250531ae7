"""The JMeter plan says what the settings do, and refuses what one JMeter cannot be."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from loadtest.plan import HOLD_SECONDS, MOST_USERS, RAMP_SECONDS, Load, PlanError, text
from settings import read
from settings.chat.model import Chat


@pytest.fixture(params=["chat-dev", "chat-sandbox"])
def chat(request: pytest.FixtureRequest) -> Chat:
    chat = read(request.param).chat
    assert chat is not None
    return chat


def written(load: Load, address: str = "ws://127.0.0.1:8080") -> str:
    return text(load, address, Path("users.csv"))


@pytest.mark.parametrize("address", ["http://127.0.0.1", "ws://", "wss://host/path"])
def test_an_address_is_of_a_socket(chat: Chat, address: str) -> None:
    with pytest.raises(PlanError, match="accepted is ws://host or wss://host"):
        written(Load.of(chat, 1), address)


def test_the_plan_is_xml_with_the_users_of_the_settings_over_ramp_and_hold(chat: Chat) -> None:
    users = min(chat.traffic.connections, MOST_USERS)
    plan = ElementTree.fromstring(written(Load.of(chat, users)))  # noqa: S314 - our own text
    (threads,) = plan.iter("ThreadGroup")
    given = {one.get("name"): one.text for one in threads if one.tag in ("intProp", "longProp")}
    assert given["ThreadGroup.num_threads"] == str(users)
    assert given["ThreadGroup.ramp_time"] == str(RAMP_SECONDS)
    assert given["ThreadGroup.duration"] == str(RAMP_SECONDS + HOLD_SECONDS)


def test_the_same_settings_give_the_same_plan(chat: Chat) -> None:
    assert written(Load.of(chat, 7)) == written(Load.of(chat, 7))
    assert written(Load.of(chat, 7)) != written(Load.of(chat, 8))


@pytest.mark.parametrize("users", [0, -1, MOST_USERS + 1])
def test_more_users_than_one_jmeter_can_be_are_refused(chat: Chat, users: int) -> None:
    with pytest.raises(PlanError, match=rf"{users} users, but accepted is 1 to "):
        Load.of(chat, users)


@pytest.mark.parametrize(("ramp", "hold"), [(0, 10), (10, 0), (86_401, 10)])
def test_times_have_bounds(chat: Chat, ramp: int, hold: int) -> None:
    with pytest.raises(PlanError, match="but accepted is 1 to 86400"):
        Load.of(chat, 1).lasting(ramp, hold)
