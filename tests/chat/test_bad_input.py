"""What a gateway refuses, what a process refuses to start with, and that it says why."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest
import zmq

from apps.chat import smoke
from apps.chat.client import Client
from apps.chat.environment import Broadcast, EnvironmentVariableError, Gateway, Worker, read
from apps.chat.smoke import SmokeError
from apps.chat.tokens import TokenError, issue, verify
from engine.setup import ROOT
from sandbox.chat import LocalChat
from tests.chat.conftest import client

KEY = "k" * 32
GOOD = {"type": "send", "key": "key-00000001", "chat": "CHAT", "text": "hello", "lane": "bulk", "sent": 1}


def frame(**changes: Any) -> str:
    return json.dumps({name: value for name, value in {**GOOD, **changes}.items() if value is not None})


REFUSED = {
    "not JSON": ("hello", "frame: "),
    "not an object": ("[1]", "frame: "),
    "no type": (frame(type=None), "frame: "),
    "another type": (frame(type="delete"), "frame: "),
    "no key": (frame(key=None), "key: Field required"),
    "short key": (frame(key="short"), "key: "),
    "key that is a path": (frame(key="../../etc/passwd"), "key: "),
    "no text": (frame(text=""), "text: "),
    "too much text": (frame(text="x" * 4097), "text: "),
    "text that is a number": (frame(text=1), "text: "),
    "another lane": (frame(lane="express"), "lane: "),
    "name of a chat with a star": (frame(chat="*"), "chat: "),
    "name of a chat with a slash": (frame(chat="a/b"), "chat: "),
    "query instead of a name": (frame(chat={"$ne": ""}), "chat: "),
    "time that is negative": (frame(sent=-1), "sent: "),
    "time that is text": (frame(sent="now"), "sent: "),
    "somebody else's name": (frame(author="bob"), "author: Extra inputs are not permitted"),
    "a number of its own": (frame(seq=1), "seq: Extra inputs are not permitted"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_frame_is_refused_and_the_next_good_one_is_taken(local: LocalChat, chat: str, case: str) -> None:
    text, said = REFUSED[case]

    async def check() -> None:
        async with client(local, "ann", chat) as ann:
            await ann.until(lambda one: one.joined.is_set(), 30)
            await ann.raw(text.replace("CHAT", chat))
            await ann.send(chat, "good")
            await ann.until_seen(30)
            (error,) = ann.errors
            assert error["code"] == "frame"
            assert said in error["detail"]
            assert [message.text for message in ann.received] == ["good"]
            assert ann.connections == 1

    asyncio.run(check())


def test_what_is_for_another_chat_is_refused(local: LocalChat, chat: str) -> None:
    async def check() -> None:
        async with client(local, "ann", chat) as ann:
            await ann.until(lambda one: one.joined.is_set(), 30)
            await ann.raw(frame(chat=f"{chat}-other"))
            await ann.until(lambda one: bool(one.errors), 30)
            assert ann.errors == [{"code": "chat", "key": GOOD["key"], "detail": f"no member of {chat}-other"}]

    asyncio.run(check())


async def _closed_with(local: LocalChat, *frames: str | bytes) -> tuple[int | None, str]:
    """The code and the text with which a gateway closes a socket after these frames."""
    async with aiohttp.ClientSession() as session, session.ws_connect(local.urls["gateway-1"]) as socket:
        for one in frames:
            await (socket.send_str(one) if isinstance(one, str) else socket.send_bytes(one))
        async with asyncio.timeout(30):
            while (answer := await socket.receive()).type not in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
                pass
        return socket.close_code, str(answer.extra or "")


def _join(token: str, *chats: str) -> str:
    return json.dumps({"type": "join", "token": token, "seen": dict.fromkeys(chats, 0)})


def test_who_may_not_come_in_is_sent_away(local: LocalChat, chat: str) -> None:
    good = local.token("ann", [chat])
    header, claims, signature = good.split(".")
    cases: dict[str, tuple[list[str | bytes], str]] = {
        "no join": ([frame()], "the first frame must be a join"),
        "no text": ([b"\x00"], "the first frame must be a join"),
        "another's signature": ([_join(issue("x" * 32, "ann", [chat], 60), chat)], "Signature"),
        "no signature": ([_join(jwt.encode({"sub": "ann"}, "", "none"), chat)], "alg"),
        "changed claims": ([_join(f"{header}.{claims[:-4]}AAAA.{signature}", chat)], ""),
        "ended": ([_join(local.token("ann", [chat], seconds=-10), chat)], "expired"),
        "another chat": ([_join(good, f"{chat}-other")], f"no member of {chat}-other"),
        "one other chat": ([_join(good, chat, f"{chat}-other")], f"no member of {chat}-other"),
        "not a token": ([_join("token", chat)], "token"),
    }

    async def check() -> None:
        for name, (frames, said) in cases.items():
            code, text = await _closed_with(local, *frames)
            assert (code, said in text) == (1008, True), (name, code, text)

    asyncio.run(check())


def test_a_frame_that_is_too_long_ends_the_connection(local: LocalChat, chat: str) -> None:
    async def check() -> None:
        code, _ = await _closed_with(local, _join(local.token("ann", [chat]), chat), "x" * 40_000)
        assert code == 1009

    asyncio.run(check())


def test_a_second_join_and_binary_frames_are_refused(local: LocalChat, chat: str) -> None:
    async def check() -> None:
        async with aiohttp.ClientSession() as session, session.ws_connect(local.urls["gateway-1"]) as socket:
            join = _join(local.token("ann", [chat]), chat)
            await socket.send_str(join)
            assert (await socket.receive_json(timeout=30))["type"] == "joined"
            await socket.send_str(join)
            assert (await socket.receive_json(timeout=30))["code"] == "joined"
            await socket.send_bytes(b"\x00")
            assert (await socket.receive_json(timeout=30))["detail"] == "accepted are text frames"

    asyncio.run(check())


@pytest.mark.parametrize("left_out", ["sub", "chats", "exp", "aud"])
def test_a_token_must_say_everything(left_out: str) -> None:
    claims = {"sub": "ann", "chats": ["c"], "exp": 2**40, "aud": "chat"}
    assert verify(KEY, jwt.encode(claims, KEY, "HS256")).name == "ann"
    del claims[left_out]
    with pytest.raises(TokenError):
        verify(KEY, jwt.encode(claims, KEY, "HS256"))


@pytest.mark.parametrize("chats", ["c", {"c": 1}, [1], None])
def test_chats_of_a_token_are_a_list_of_names(chats: object) -> None:
    claims = {"sub": "ann", "chats": chats, "exp": 2**40, "aud": "chat"}
    with pytest.raises(TokenError):
        verify(KEY, jwt.encode(claims, KEY, "HS256"))


# Processes

CURVE = zmq.curve_keypair()[1].decode()
SECRETS = {
    "broadcast_key": CURVE,
    "bulk_queue": "rediss://chat:hidden@bulk:6379",
    "priority_queue": "rediss://chat:hidden@priority:6379",
    "queue": "rediss://chat:hidden@bulk:6379",
    "documents": "mongodb://chat:hidden@documents:27017/chat?tls=true",
    "token_key": KEY,
}


@pytest.fixture
def secrets_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "chat.json"
    file.write_text(json.dumps(SECRETS))
    monkeypatch.setenv("CHAT_SECRETS", str(file))
    return file


@pytest.mark.usefixtures("secrets_file")
def test_secrets_are_read_from_the_file_and_ports_from_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAT_PORT", "9000")
    monkeypatch.setenv("CHAT_BROADCASTERS", "one,two")
    told = read(Gateway)
    assert (told.port, told.broadcasters, told.publish_port) == (9000, "one,two", 5556)
    assert told.bulk_queue.get_secret_value() == SECRETS["bulk_queue"]
    assert "hidden" not in repr(told)
    assert read(Worker).queue.get_secret_value() == SECRETS["queue"]


@pytest.mark.usefixtures("secrets_file")
@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (Gateway, "bulk_queue", "http://bulk"),
        (Gateway, "documents", "postgres://hidden"),
        (Gateway, "token_key", "hidden"),
        (Worker, "queue", "bulk:6379"),
        (Broadcast, "broadcast_key", "hidden"),
        (Broadcast, "broadcast_key", None),
    ],
)
def test_a_wrong_secret_is_named_and_not_shown(
    secrets_file: Path, kind: type[Broadcast], name: str, value: str | None
) -> None:
    changed = {**SECRETS, name: value} if value is not None else {k: v for k, v in SECRETS.items() if k != name}
    secrets_file.write_text(json.dumps(changed))
    with pytest.raises(EnvironmentVariableError, match=f"CHAT_{name.upper()}: ") as raised:
        read(kind)
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "{", "[]", '"text"', "1", '{"token_key": 1}'])
def test_a_file_of_secrets_that_is_none_is_named(secrets_file: Path, text: str) -> None:
    secrets_file.write_text(text)
    with pytest.raises(EnvironmentVariableError, match=r"CHAT_SECRETS: .*chat\.json is not a readable file"):
        read(Broadcast)


def test_a_missing_file_of_secrets_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAT_SECRETS", "/nowhere/chat.json")
    with pytest.raises(EnvironmentVariableError, match=r"CHAT_SECRETS: /nowhere/chat\.json"):
        read(Broadcast)


def _chat(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "apps.chat", *arguments],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("arguments", [[], ["express"], ["gateway", "twice"], ["smoke"]])
def test_wrong_arguments_end_with_the_usage(arguments: list[str]) -> None:
    done = _chat(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: python -m apps.chat ")


def test_a_process_without_its_environment_says_what_it_needs() -> None:
    done = _chat("gateway")
    assert done.returncode == 1
    for name in ("BULK_QUEUE", "PRIORITY_QUEUE", "DOCUMENTS", "TOKEN_KEY", "BROADCAST_KEY"):
        assert f"CHAT_{name}: Field required" in done.stderr
    assert "Traceback" not in done.stderr


# The smoke test


def test_the_smoke_test_passes_where_the_chat_is_well(local: LocalChat) -> None:
    url = local.urls["gateway-1"]
    done = _chat("smoke", url, CHAT_TOKEN_KEY=local.token_key)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{url} is well: both queues, both members, and coming back\n"


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (["gateway-1"], "connecting"),
        (["bulk-1", "bulk-2"], "the sender sees an ordinary message"),
        (["priority-1"], "the sender sees a priority message"),
    ],
)
def test_the_smoke_test_says_what_is_not_well(
    local: LocalChat, monkeypatch: pytest.MonkeyPatch, ended: list[str], said: str
) -> None:
    monkeypatch.setattr(smoke, "SECONDS", 6.0)
    monkeypatch.setenv("CHAT_TOKEN_KEY", local.token_key)
    for name in ended:
        local.kill(name)
    with pytest.raises(SmokeError, match=f"^{said}: not within 6 s$"):
        asyncio.run(smoke.run(local.urls["gateway-1"]))


def test_the_smoke_test_refuses_what_is_no_socket() -> None:
    done = _chat("smoke", "https://chat.example.eu", CHAT_TOKEN_KEY=KEY)
    assert done.returncode == 1
    assert "accepted is a URL that begins with ws:// or wss://" in done.stderr


def test_a_client_notices_what_was_left_out() -> None:
    one = Client([], "ann", "", ["c"])
    message = {**GOOD, "chat": "c", "author": "bob", "accepted": 1, "stored": 1}

    async def check() -> None:
        for number in (1, 3):
            await one._read(None, {**message, "type": "message", "seq": number})  # type: ignore[arg-type]
        await one.until(lambda _: False, 5)

    with pytest.raises(Exception, match="c: after message 1 comes 3"):
        asyncio.run(check())
