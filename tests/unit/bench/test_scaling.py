"""More machines in every role, and still settings that are good."""

from __future__ import annotations

import pytest

from bench.measures import FACTORS, STACK
from bench.scaling import MOST, count, scaled
from settings import Role, load
from tests.unit.settings.stack_files import document_of, flat


@pytest.mark.parametrize(
    ("role", "machines", "factor", "expected"),
    [
        (Role.APP, 6, 1, 6),
        (Role.APP, 6, 16, 96),
        (Role.BASTION, 1, 4, 4),
        (Role.DATABASE, 3, 1, 3),
        (Role.DATABASE, 3, 4, 11),  # they decide by majority
        (Role.VAULT, 3, 16, 47),
        (Role.SQL, 2, 16, 2),  # a pair shares one address
        (Role.LINK, 2, 16, 2),
    ],
)
def test_roles_grow_as_far_as_they_may(role: Role, machines: int, factor: int, expected: int) -> None:
    assert count(role, machines, factor) == expected


def test_more_than_settings_accept_is_refused() -> None:
    assert count(Role.APP, MOST, 1) == MOST
    with pytest.raises(ValueError, match=f"{MOST + 1} machines of role app"):
        count(Role.APP, MOST + 1, 1)


@pytest.mark.parametrize("factor", FACTORS)
def test_settings_accept_the_larger_system(factor: int) -> None:
    document = document_of(STACK)
    settings = load(STACK, flat(scaled(document, factor)))
    assert settings.hosting is not None
    before = sum(group["count"] for site in _sites(document) for group in site["machines"].values())
    after = sum(group.count for site in settings.hosting.sites for group in site.machines.values())
    # Pairs stay pairs, so that it is not quite so many times the machines.
    assert before * factor * 0.7 <= after <= before * factor
    assert document == document_of(STACK), "the original stays as it is"


def _sites(
    document: dict[str, dict[str, dict[str, list[dict[str, dict[str, dict[str, int]]]]]]],
) -> list[dict[str, dict[str, dict[str, int]]]]:
    return document["config"]["platform:hosting"]["sites"]
