"""Numbers of the report, from measurements that are known."""

from __future__ import annotations

from collections import Counter

import pytest

from bench.arithmetic import Result, ratios, rotated, slope, summarise


def test_measurements_are_summarised_by_median_and_extremes() -> None:
    assert summarise([3.0, 1.0, 10.0], "s") == Result(median=3.0, min=1.0, max=10.0, unit="s", runs=3)
    assert summarise([3.0, 1.0], "s").median == 2.0


def test_nothing_measured_is_no_result() -> None:
    with pytest.raises(ValueError, match="no measurements"):
        summarise([], "s")


def test_the_report_has_four_decimals() -> None:
    assert Result(1.23456, 1.0, 2.0, "ratio", 5).as_json() == {
        "median": 1.2346,
        "min": 1.0,
        "max": 2.0,
        "unit": "ratio",
        "runs": 5,
    }


def test_ratios_are_taken_round_by_round() -> None:
    # The second round was four times as slow for both: that must not show.
    assert ratios([2.0, 8.0], [1.0, 4.0]) == [2.0, 2.0]


def test_rounds_that_are_not_whole_have_no_ratio() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0, 3.0], [1.0, 2.0])


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0, 2.0])
def test_the_slope_is_the_exponent_of_growth(exponent: float) -> None:
    sizes = [250.0, 540.0, 1700.0]
    assert slope(sizes, [0.01 * size**exponent for size in sizes]) == pytest.approx(exponent)


def test_a_constant_beside_linear_growth_makes_it_slower_than_linear() -> None:
    sizes = [250.0, 540.0, 1700.0]
    assert 0 < slope(sizes, [1.0 + 0.01 * size for size in sizes]) < 1


def test_growth_needs_two_sizes() -> None:
    with pytest.raises(ValueError, match="two different sizes"):
        slope([10.0, 10.0], [1.0, 2.0])


def test_everybody_is_first_second_and_last_equally_often() -> None:
    names = ["a", "b", "c"]
    orders = [rotated(names, number) for number in range(6)]
    assert all(sorted(order) == names for order in orders)
    for position in range(3):
        assert Counter(order[position] for order in orders) == {"a": 2, "b": 2, "c": 2}


def test_the_round_before_the_first_has_an_order_too() -> None:
    assert rotated(["a", "b", "c"], -1) == ["c", "a", "b"]
