"""What people may rely on when they write: they see it, in order, once, and after whatever happens in between."""

from __future__ import annotations

import asyncio
import random
import signal
import uuid
from collections import Counter

import pytest

from apps.chat.client import RESEND_SECONDS, Client
from apps.chat.documents import Documents
from apps.chat.messages import Lane, Message, Stored, now
from apps.chat.queues import FIELD, Queue, partition_of
from sandbox.chat import LocalChat
from tests.chat.conftest import client

SECONDS = 60.0


async def joined(*clients: Client) -> None:
    for one in clients:
        await one.until(lambda each: each.joined.is_set(), SECONDS)


def texts(messages: list[Stored]) -> list[str]:
    return [message.text for message in messages]


async def stored(local: LocalChat, chat: str) -> list[Stored]:
    documents = Documents(local.documents_url)
    try:
        return await documents.after({chat: 0})
    finally:
        await documents.close()


def test_the_sender_sees_the_message_on_the_socket_it_was_sent_on(local: LocalChat, chat: str) -> None:
    async def check() -> None:
        async with client(local, "ann", chat) as ann:
            await joined(ann)
            for lane in Lane:
                await ann.send(chat, f"by {lane}", lane)
                await ann.until_seen(SECONDS)
            assert texts(ann.received) == ["by bulk", "by priority"]
            assert ann.connections == 1

    asyncio.run(check())


def test_times_are_in_the_order_in_which_a_message_goes_its_way(local: LocalChat, chat: str) -> None:
    async def check() -> None:
        async with client(local, "ann", chat) as ann:
            await joined(ann)
            before = now()
            key = await ann.send(chat, "when")
            await ann.until_seen(SECONDS)
            (message,) = ann.received
            assert before <= message.sent <= message.accepted <= message.stored <= ann.arrived[key] <= now()

    asyncio.run(check())


def test_members_at_different_gateways_see_the_same_and_what_each_sent_in_its_order(
    local: LocalChat, chat: str
) -> None:
    async def check() -> None:
        ann = client(local, "ann", chat, gateways=["gateway-1"])
        bob = client(local, "bob", chat, gateways=["gateway-2"])
        async with ann, bob:
            await joined(ann, bob)
            for number in range(150):
                await ann.send(chat, f"ann {number}")
                await bob.send(chat, f"bob {number}")
            for one in (ann, bob):
                await one.until(lambda each: len(each.received) == 300, SECONDS)
            assert texts(ann.received) == texts(bob.received)
            for name in ("ann", "bob"):
                own = [text for text in texts(ann.received) if text.startswith(name)]
                assert own == [f"{name} {number}" for number in range(150)]

    asyncio.run(check())


def test_who_comes_back_is_given_what_was_missed_and_nothing_twice(local: LocalChat, chat: str) -> None:
    async def check() -> None:
        async with client(local, "ann", chat) as ann:
            await joined(ann)
            async with client(local, "bob", chat, gateways=["gateway-1"]) as bob:
                await joined(bob)
                await ann.send(chat, "while bob is there")
                await bob.until(lambda each: len(each.received) == 1, SECONDS)
            for number in range(450):  # more than one page
                await ann.send(chat, f"while bob is away {number}")
            await ann.until_seen(SECONDS)
            again = client(local, "bob", chat, gateways=["gateway-2"])
            again.seen = dict(bob.seen)
            async with again:
                await again.until(lambda each: len(each.received) == 450, SECONDS)
                await ann.send(chat, "and now bob is there again")
                await again.until(lambda each: len(each.received) == 451, SECONDS)
            await ann.until_seen(SECONDS)
            assert texts(bob.received + again.received) == texts(ann.received)

    asyncio.run(check())


def test_who_is_new_may_ask_for_the_latest_only(local: LocalChat, chat: str) -> None:
    async def check() -> None:
        async with client(local, "ann", chat) as ann:
            await joined(ann)
            for number in range(80):
                await ann.send(chat, str(number))
            await ann.until_seen(SECONDS)
        async with client(local, "bob", chat) as bob:
            bob.seen[chat] = None  # type: ignore[assignment]
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(bob, "_see", lambda message: bob.received.append(message))
                await bob.until(lambda each: len(each.received) == 50, SECONDS)
        assert texts(bob.received) == [str(number) for number in range(30, 80)]

    asyncio.run(check())


def test_who_says_to_have_seen_what_is_not_there_yet_keeps_nothing_from_others(local: LocalChat, chat: str) -> None:
    async def check() -> None:
        liar = client(local, "eve", chat, gateways=["gateway-1"])
        liar.seen[chat] = 1_000_000
        ann = client(local, "ann", chat, gateways=["gateway-1"])
        async with liar:
            await joined(liar)
            async with ann:
                await joined(ann)
                await ann.send(chat, "hello")
                await ann.until_seen(SECONDS)

    asyncio.run(check())


def test_a_message_that_is_sent_twice_is_there_once(local: LocalChat, chat: str) -> None:
    async def check() -> None:
        async with client(local, "ann", chat) as ann:
            await joined(ann)
            for lane in ("bulk", "bulk", "priority"):
                await ann.raw(
                    f'{{"type":"send","key":"the-same-key","chat":"{chat}","text":"{lane}","lane":"{lane}","sent":1}}'
                )
            await ann.send(chat, "behind it")
            await ann.send(chat, "behind it, too", Lane.PRIORITY)
            await ann.until_seen(SECONDS)
            keys = Counter(message.key for message in await stored(local, chat))
            assert keys["the-same-key"] == 1
            assert set(keys.values()) == {1}
            assert len(keys) == 3

    asyncio.run(check())


@pytest.mark.parametrize("lane", Lane)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_workers_that_are_killed_lose_nothing_and_double_nothing(
    local: LocalChat, chat: str, lane: Lane, seed: int
) -> None:
    moments = random.Random(seed)
    sent = [str(number) for number in range(300)]

    async def kill(workers: list[str]) -> None:
        for _ in range(3):
            await asyncio.sleep(moments.uniform(0.05, 0.6))
            worker = moments.choice(workers)
            local.kill(worker)
            await asyncio.sleep(moments.uniform(0.0, 0.3))
            local.run(lane.value, int(worker.rpartition("-")[2]))

    async def check() -> None:
        async with client(local, "ann", chat) as ann:
            await joined(ann)
            killing = asyncio.create_task(kill([name for name in local.servers if name.startswith(f"{lane}-")]))
            for text in sent:
                await ann.send(chat, text, lane)
                await asyncio.sleep(moments.uniform(0.0, 0.008))
            await killing
            await ann.until_seen(SECONDS)
            await ann.until(lambda each: len(each.received) == len(sent), SECONDS)
            assert texts(ann.received) == sent
        found = await stored(local, chat)
        assert texts(found) == sent
        assert [message.seq for message in found] == list(range(1, len(sent) + 1))

    asyncio.run(check())


def test_a_store_that_is_killed_loses_nothing_and_doubles_nothing(local: LocalChat, chat: str) -> None:
    async def check() -> None:
        async with client(local, "ann", chat) as ann:
            await joined(ann)
            for number in range(100):
                await ann.send(chat, str(number))
            local.kill("documents")
            for number in range(100, 200):
                await ann.send(chat, str(number))
            local.restore()
            await ann.until_seen(SECONDS)
            assert texts(await stored(local, chat)) == [str(number) for number in range(200)]

    asyncio.run(check())


def test_without_a_broadcaster_messages_come_by_the_store(local: LocalChat, chat: str) -> None:
    async def check() -> None:
        async with client(local, "ann", chat) as ann:
            await joined(ann)
            local.kill("broadcaster")
            for number in range(20):
                await ann.send(chat, str(number))
            await ann.until_seen(SECONDS)
            local.restore()
            assert texts(ann.received) == [str(number) for number in range(20)]
            assert ann.connections == 1

    asyncio.run(check())


def test_a_flood_of_ordinary_messages_does_not_hold_up_priority_messages(local: LocalChat, chat: str) -> None:
    """However long the bulk queue is, whether its workers stand still or are busy with it."""
    flood = [str(number) for number in range(2000)]

    async def check() -> None:
        bulk = Queue(Lane.BULK, local.queue_url(Lane.BULK))
        for name in ("bulk-1", "bulk-2"):
            local.stop(name)
        ann = client(local, "ann", chat, gateways=["gateway-1"])
        bob = client(local, "bob", chat, gateways=["gateway-2"])
        async with ann, bob:
            await joined(ann, bob)
            for text in flood:
                await ann.send(chat, text)
            while await bulk.waiting() < len(flood):
                await asyncio.sleep(0.05)
            await bob.send(chat, "urgent", Lane.PRIORITY)
            await bob.until_seen(SECONDS)
            assert texts(bob.received) == ["urgent"]
            assert await bulk.waiting() == len(flood)
            local.restore()
            await bob.until(lambda each: len(each.received) > 1, SECONDS)
            await bob.send(chat, "urgent, too", Lane.PRIORITY)
            await bob.until_seen(SECONDS)
            assert len(bob.received) < len(flood)
            await ann.until_seen(SECONDS)
            assert [text for text in texts(ann.received) if not text.startswith("urgent")] == flood
        await bulk.close()

    asyncio.run(check())


def test_priority_messages_go_their_way_without_the_bulk_queue(local: LocalChat, chat: str) -> None:
    async def check() -> None:
        async with client(local, "ann", chat) as ann:
            await joined(ann)
            local.kill("queue-bulk")
            ordinary = await ann.send(chat, "ordinary")
            urgent = await ann.send(chat, "urgent", Lane.PRIORITY)
            await ann.until(lambda each: urgent in each.arrived and bool(each.errors), SECONDS)
            (error,) = ann.errors
            assert (error["code"], error["key"]) == ("queue", ordinary)
            local.restore()
            await ann.until_seen(SECONDS + RESEND_SECONDS)
            assert texts(ann.received) == ["urgent", "ordinary"]

    asyncio.run(check())


def test_a_gateway_that_is_asked_to_end_drops_no_message(local: LocalChat, chat: str) -> None:
    sent = {name: [f"{name} {number}" for number in range(200)] for name in ("ann", "bob", "eve")}

    async def write(one: Client, name: str) -> None:
        for text in sent[name]:
            await one.send(chat, text)
            await asyncio.sleep(0.005)

    async def check() -> None:
        clients = {name: client(local, name, chat, gateways=["gateway-1", "gateway-2"]) for name in sent}
        async with clients["ann"], clients["bob"], clients["eve"]:
            await joined(*clients.values())
            writing = [asyncio.create_task(write(one, name)) for name, one in clients.items()]
            await asyncio.sleep(0.3)
            local.servers["gateway-1"].process.send_signal(signal.SIGTERM)
            status = await asyncio.to_thread(local.servers["gateway-1"].process.wait, SECONDS)
            await asyncio.gather(*writing)
            for one in clients.values():
                await one.until_seen(SECONDS)
                await one.until(lambda each: len(each.received) == 600, SECONDS)
                assert one.connections == 2
            assert status == 0
            found = texts(clients["ann"].received)
            assert Counter(found) == Counter(text for texts_of in sent.values() for text in texts_of)
            for name, own in sent.items():
                assert [text for text in found if text.startswith(name)] == own

    asyncio.run(check())


def test_a_worker_that_is_asked_to_end_does_so_with_status_0(local: LocalChat) -> None:
    assert [local.stop(name) for name in ("bulk-1", "priority-1", "broadcaster")] == [0, 0, 0]


def test_what_is_no_message_is_put_aside_and_holds_nothing_up(local: LocalChat, chat: str) -> None:
    async def check() -> None:
        queue = Queue(Lane.BULK, local.queue_url(Lane.BULK))
        before = await queue.redis.xlen(queue.name("refused"))
        for body in (b"", b"{", b'{"key":"short"}', b"\xff\xfe"):
            await queue.redis.xadd(queue.name(partition_of(chat)), {FIELD: body})
        async with client(local, "ann", chat) as ann:
            await joined(ann)
            await ann.send(chat, "behind it")
            await ann.until_seen(SECONDS)
        assert await queue.redis.xlen(queue.name("refused")) - before == 4
        await queue.close()

    asyncio.run(check())


def test_an_entry_that_was_done_but_not_acknowledged_is_forgotten(local: LocalChat, chat: str) -> None:
    async def check() -> None:
        for name in ("bulk-1", "bulk-2"):
            local.stop(name)
        queue = Queue(Lane.BULK, local.queue_url(Lane.BULK))
        message = Message(
            key=uuid.uuid4().hex, chat=chat, author="ann", text="half out", lane=Lane.BULK, sent=1, accepted=2
        )
        await queue.put(message)
        partition = partition_of(chat)
        (entry,) = [one for one in await queue.new([partition]) if one.body and chat.encode() in one.body]
        await queue.redis.xdel(queue.name(partition), entry.id)
        local.restore()
        async with client(local, "ann", chat) as ann:
            await joined(ann)
            await ann.send(chat, "behind it")
            await ann.until_seen(SECONDS)
            assert texts(ann.received) == ["behind it"]
        assert await queue.undone([partition]) == []
        await queue.close()

    asyncio.run(check())
