"""The capacity model: known answers, limits, and that more traffic never needs less."""

from __future__ import annotations

import re
from dataclasses import fields
from itertools import pairwise

import pytest

import catalog
from capacity import document, figures, model
from capacity.figures import Kind
from capacity.model import bottleneck, limits, plan, scaled, sockets_a_gateway
from capacity.queueing import erlang_c, mean_wait, servers_for
from engine.setup import ROOT
from settings import read
from settings.chat.model import Chat, Traffic


def chat_of(stack: str) -> Chat:
    chat = read(stack).chat
    assert chat is not None
    return chat


@pytest.fixture
def prod() -> Chat:
    return chat_of("chat-prod")


# Queueing theory


@pytest.mark.parametrize(
    ("servers", "load", "expected"),
    [
        (1, 0.0, 0.0),
        (1, 0.5, 0.5),  # M/M/1: the utilisation
        (1, 0.9, 0.9),
        (2, 1.0, 1 / 3),  # by hand: a²/2 / ((1 - ρ)(1 + a) + a²/2) · with a = 1, ρ = 1/2
        (2, 1.5, 9 / 14),
        (10, 8.0, 0.4092),  # tables of Erlang C
        (100, 90.0, 0.2170),
    ],
)
def test_erlang_c(servers: int, load: float, expected: float) -> None:
    assert erlang_c(servers, load) == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize(("servers", "load"), [(0, 0.0), (1, 1.0), (3, 3.5), (2, -0.1)])
def test_there_is_no_steady_state_with_too_much_load(servers: int, load: float) -> None:
    with pytest.raises(ValueError, match=f"load {load} of {servers} servers"):
        erlang_c(servers, load)


def test_the_mean_wait_of_one_server_is_the_textbooks() -> None:
    assert mean_wait(rate=0.8, service=1.0, servers=1) == pytest.approx(0.8 / 0.2)


@pytest.mark.parametrize(
    ("rate", "service", "utilisation", "expected"),
    [(0, 1, 0.5, 1), (10, 0.1, 0.5, 2), (10, 0.1, 1, 1), (10.1, 0.1, 1, 2), (3, 0.1, 0.1, 3)],
)
def test_servers_for_a_utilisation(rate: float, service: float, utilisation: float, expected: int) -> None:
    assert servers_for(rate, service, utilisation) == expected


@pytest.mark.parametrize(("rate", "service", "utilisation"), [(-1, 1, 0.5), (1, -1, 0.5), (1, 1, 0), (1, 1, 1.1)])
def test_what_makes_no_sense_is_refused(rate: float, service: float, utilisation: float) -> None:
    with pytest.raises(ValueError, match="accepted is"):
        servers_for(rate, service, utilisation)


# Plans


def test_the_briefs_gateways_follow_from_its_sockets(prod: Chat) -> None:
    assert (prod.traffic.connections, sockets_a_gateway()) == (150_000, 500)
    assert plan(prod.traffic).gateways == 300
    assert plan(scaled(prod.traffic, 300)).gateways == 180


def test_memory_bounds_sockets_where_more_may_be_lost_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "SOCKETS", figures.Figure(10**6, "", Kind.CODE, ""))
    assert sockets_a_gateway() == int((1024 * 0.75 - 80) * 1024 / 45)


@pytest.mark.parametrize("stack", ["chat-dev", "chat-prod", "chat-sandbox"])
def test_settings_have_what_their_traffic_needs(stack: str) -> None:
    chat = chat_of(stack)
    needed = plan(chat.traffic)
    services = {service.value: tasks for service, tasks in chat.services.items()}
    assert needed.cells == 1
    assert services["gateway"].most >= needed.gateways
    assert services["bulk"].most >= needed.bulk_workers
    assert services["priority"].most >= needed.priority_workers
    assert bottleneck(chat)[1] > chat.traffic.messages_per_second / figures.UTILISATION.value


def test_production_has_the_classes_that_the_plan_asks_for_or_larger(prod: Chat) -> None:
    needed, aws = plan(prod.traffic), catalog.aws()
    caches = {queue.value: cache.type for queue, cache in prod.caches.items()}
    for given, wanted, types in (
        (prod.documents.type, needed.documents, aws.document_types),
        (caches["bulk"], needed.bulk_cache, aws.cache_types),
        (caches["priority"], needed.priority_cache, aws.cache_types),
    ):
        assert types[given].vcpu >= types[wanted].vcpu
        assert types[given].memory_gib >= types[wanted].memory_gib


def test_more_messages_never_need_or_cost_less(prod: Chat) -> None:
    plans = [plan(scaled(prod.traffic, rate)) for rate in (1, 10, 300, 500, 5_000, 50_000, 300_000, 500_000)]
    for less, more in pairwise(plans):
        assert more.cells >= less.cells
        assert more.cells * more.gateways >= less.cells * less.gateways
        assert more.total_eur_month >= less.total_eur_month


@pytest.mark.parametrize("name", ["payload_bytes", "fan_out", "connections", "priority_percent"])
def test_more_of_anything_never_makes_it_cheaper(prod: Chat, name: str) -> None:
    costs = []
    for factor in (1, 2, 4):
        more: Traffic = prod.traffic.model_copy(update={name: getattr(prod.traffic, name) * factor})
        costs.append(plan(more).total_eur_month)
    assert costs == sorted(costs)


def test_the_thousandfold_is_as_few_systems_as_can_be(prod: Chat) -> None:
    traffic = scaled(prod.traffic, 500_000)
    cells = plan(traffic).cells
    assert cells > 1
    assert model._cell(model._part(traffic, cells)) is not None
    assert model._cell(model._part(traffic, cells - 1)) is None


def test_one_system_has_no_more_than_aws_allows(prod: Chat) -> None:
    for rate in document.TARGETS:
        found = plan(scaled(prod.traffic, rate))
        assert found.gateways <= figures.SERVICE_TASKS.value
        assert max(found.bulk_workers, found.priority_workers) <= figures.PARTITIONS.value


def test_a_class_that_is_burstable_is_never_taken(prod: Chat) -> None:
    for rate in (1, *document.TARGETS):
        found = plan(scaled(prod.traffic, rate))
        for name in (found.bulk_cache, found.priority_cache, found.documents):
            assert not name.split(".")[1].startswith("t")


def test_costs_are_counted_by_hand(prod: Chat) -> None:
    found = plan(prod.traffic)
    tasks = 300 * (0.5 * 26.1 + 2.87) + 3 * (26.1 + 2 * 2.87) + 3 * (0.5 * 26.1 + 2.87) + 3 * (26.1 + 2 * 2.87)
    assert found.eur_month["tasks"] == pytest.approx(tasks)
    assert found.eur_month["document database"] == 3 * catalog.aws().document_types[found.documents].eur_month
    assert found.eur_month["caches"] == 3 * 2 * 92.0
    sent_gb = 500 * 0.3 * 730 * 3600 * 10 * 700 / 1e9
    assert found.eur_month["traffic to the internet"] == pytest.approx(sent_gb * 0.09 * 0.92)
    assert found.eur_month["load balancer"] == pytest.approx(17.8 + 50 * 0.008 * 730 * 0.92)


# Limits


def test_the_first_limit_is_the_smallest(prod: Chat) -> None:
    found = limits(prod)
    part, rate = bottleneck(prod)
    assert part == "broadcasters"
    assert rate == min(found.values())
    # 3 broadcasters, a thread each, 0.6 ms a message that goes to ten gateways.
    assert found["broadcasters"] == pytest.approx(3 / 0.0006)
    assert found["bulk queue"] == pytest.approx(10_000 / 0.95)


def test_a_larger_service_moves_its_own_limit_alone(prod: Chat) -> None:
    before = limits(prod)
    services = {
        service: tasks.model_copy(update={"count": tasks.count * 2}) if service == "broadcaster" else tasks
        for service, tasks in prod.services.items()
    }
    after = limits(prod.model_copy(update={"services": services}))
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {"broadcasters"}
    assert after["broadcasters"] == 2 * before["broadcasters"]


# Figures and the document


def test_every_figure_says_where_it_is_from() -> None:
    found = figures.figures()
    assert len(found) > 20
    for name, figure in found.items():
        assert all(getattr(figure, field.name) not in ("", None) for field in fields(figure)), name
        assert figure.value > 0, name
        if figure.kind is Kind.MEASURED:
            assert re.search(r"python -m bench|\d{4}-\d{2}-\d{2}", figure.source), name


@pytest.mark.parametrize("name", ["CATCH_UP", "PARTITIONS", "BATCH", "ROOMS", "BEHIND"])
def test_figures_of_the_code_are_the_codes(name: str) -> None:
    figure = figures.figures()[name]
    found = re.match(r"(\S+\.py): (\w+)", figure.source)
    assert found is not None
    value = re.search(rf"^{found[2]}: Final = ([\d_.]+)", (ROOT / found[1]).read_text(), re.MULTILINE)
    assert value is not None
    assert float(value[1]) == figure.value


def test_the_document_is_current(prod: Chat) -> None:
    text = document.FILE.read_text()
    assert text == document.text(text, document.tables(prod)), "run: python -m capacity"


def test_a_document_without_a_place_is_refused(prod: Chat) -> None:
    with pytest.raises(ValueError, match=r"chat-capacity\.md has no lines"):
        document.text("# What the chat can carry\n", document.tables(prod))
