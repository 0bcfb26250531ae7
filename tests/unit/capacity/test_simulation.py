"""The simulation: it agrees with queueing theory and with the model, and shows what two queues are good for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from capacity import figures, pictures, simulation
from capacity.model import bottleneck, limits
from capacity.queueing import mean_wait
from capacity.simulation import Flood, Lane, Scenario, arrivals, most_behind, run
from settings import read
from settings.chat.model import Chat

FLOOD = Flood(start=40, seconds=5, per_second=8_000)


@pytest.fixture(scope="module")
def prod() -> Chat:
    chat = read("chat-prod").chat
    assert chat is not None
    return chat


def short(test: Scenario, ramp: float = 20, hold: float = 60) -> Scenario:
    """The same load in a shorter test."""
    return replace(test, ramp=ramp, hold=hold)


@pytest.fixture(scope="module")
def flooded(prod: Chat) -> Mapping[str, Lane]:
    return run(short(simulation.of(prod, FLOOD)))


@pytest.fixture(scope="module")
def shared(prod: Chat) -> Mapping[str, Lane]:
    return run(short(simulation.of(prod, FLOOD, shared=True)))


def in_flood(lane: Lane) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(lane.latency[(lane.sent >= FLOOD.start) & (lane.sent < FLOOD.end)])


@pytest.mark.parametrize(("servers", "utilisation"), [(1, 0.5), (1, 0.7), (2, 0.7), (4, 0.7)])
def test_its_servers_wait_as_queueing_theory_says(servers: int, utilisation: float) -> None:
    rate = servers * utilisation
    simulated = simulation.mean_wait_of_servers(rate, 1.0, servers, customers=60_000)
    assert simulated == pytest.approx(mean_wait(rate, 1.0, servers), rel=0.06)


def test_the_settings_test_is_the_briefs(prod: Chat) -> None:
    test = simulation.of(prod)
    assert (test.ramp, test.hold, test.per_second, test.priority_share) == (300, 900, 500, 0.05)
    assert (test.bulk_workers, test.priority_workers, test.broadcasters) == (12, 6, 3)


def test_arrivals_grow_in_the_ramp_and_are_even_in_the_hold(prod: Chat) -> None:
    times = arrivals(simulation.of(prod), 500, None, np.random.default_rng(1))
    assert len(times) == pytest.approx(500 * (150 + 900), rel=0.01)
    assert np.all(np.diff(times) >= 0)
    first, second = np.sum(times < 150), np.sum((times >= 150) & (times < 300))
    assert second / first == pytest.approx(3, rel=0.05)
    halves = np.sum((times >= 300) & (times < 750)), np.sum((times >= 750) & (times < 1200))
    assert halves[0] == pytest.approx(halves[1], rel=0.02)


def test_every_message_is_seen_once_and_after_it_was_sent(flooded: Mapping[str, Lane]) -> None:
    for lane in flooded.values():
        assert np.all(lane.sent <= lane.taken)
        assert np.all(lane.taken < lane.seen)
        assert len(lane.sent) == len(lane.seen) == len(lane.chat)
        assert lane.waiting(np.array([1e9]))[0] == 0


def test_the_same_seed_gives_the_same_and_another_one_another(prod: Chat) -> None:
    test = short(simulation.of(prod), 5, 10)
    one, same, other = run(test, 1), run(test, 1), run(test, 2)
    assert np.array_equal(one["bulk"].seen, same["bulk"].seen)
    assert len(one["bulk"].seen) != len(other["bulk"].seen)


def test_priority_messages_keep_their_latency_in_a_flood(prod: Chat, flooded: Mapping[str, Lane]) -> None:
    accepted = prod.alarms.latency_ms / 1000
    assert np.percentile(in_flood(flooded["priority"]), 99) < accepted
    assert np.percentile(in_flood(flooded["bulk"]), 50) > 2 * accepted
    assert flooded["priority"].waiting(np.arange(0, 90.0)).max() < 50
    assert flooded["bulk"].waiting(np.arange(0, 90.0)).max() > 1_000


def test_with_one_queue_for_all_they_would_not(prod: Chat, shared: Mapping[str, Lane]) -> None:
    assert np.percentile(in_flood(shared["priority"]), 50) > 2 * prod.alarms.latency_ms / 1000


def test_no_client_is_sent_away_by_a_flood(flooded: Mapping[str, Lane]) -> None:
    assert 1 <= most_behind(list(flooded.values()), range(100)) < figures.BEHIND.value


def test_a_flood_in_one_chat_sends_its_slow_members_away(prod: Chat) -> None:
    lanes = run(short(replace(simulation.of(prod, FLOOD), chats=1)))
    assert most_behind(list(lanes.values()), [0]) > figures.BEHIND.value


def test_how_far_behind_is_counted_by_hand() -> None:
    times = np.array([1.0, 1.0, 1.0, 1.05, 9.0])
    lane = Lane(times, times, times, np.zeros(5, dtype=np.int64))
    # Three at once; two of them are gone when the fourth comes.
    assert most_behind([lane], [0]) == 3
    assert most_behind([lane], [1]) == 0


@pytest.mark.parametrize(("share", "piles_up"), [(0.9, False), (1.1, True)])
def test_the_models_first_limit_is_the_simulations(prod: Chat, share: float, piles_up: bool) -> None:
    _, rate = bottleneck(prod)
    lane = run(short(simulation.of(prod, per_second=share * rate), ramp=2, hold=16))["bulk"]
    early = np.median(lane.latency[(lane.sent > 4) & (lane.sent < 6)])
    late = np.median(lane.latency[(lane.sent > 16) & (lane.sent < 18)])
    assert (late > 3 * early) == piles_up


def test_pictures_of_the_same_numbers_are_the_same_bytes(
    tmp_path: Path, prod: Chat, flooded: Mapping[str, Lane], shared: Mapping[str, Lane]
) -> None:
    drawn = []
    for number in (1, 2):
        files = [tmp_path / f"{name}-{number}.svg" for name in ("latency", "waiting", "limits")]
        pictures.latency(files[0], flooded, shared, FLOOD, 500)
        pictures.waiting(files[1], flooded, FLOOD)
        pictures.limits(files[2], limits(prod), (300, 500))
        drawn.append([file.read_bytes() for file in files])
    assert drawn[0] == drawn[1]
    assert "priority, one queue for all" in drawn[0][0].decode()
    assert "document writer" in drawn[0][2].decode()
