"""Distinct correct solutions that further samples will bring."""

import numpy as np
import pytest

from yetbetter.stats.estimators import unique_curve
from yetbetter.stats.unseen import forecast_distinct


def draw(random, questions: int, samples: int, spread: float) -> list[list[int]]:
    """Multiplicities: some solutions of every question, of unequal chances; the other samples are wrong."""
    found = []
    for _ in range(questions):
        chances = random.dirichlet(np.full(12, spread)) * random.uniform(0, 0.9)
        counts = random.multinomial(samples, [*chances, 1 - chances.sum()])[:-1]
        found.append([int(count) for count in counts if count])
    return found


@pytest.mark.parametrize("spread", [0.1, 1.0])
def test_the_number_at_four_times_the_samples_is_found_within_its_interval(spread):
    truth = unique_curve(32, draw(np.random.default_rng(0), 1500, 32, spread)).mean(axis=0)[31]
    found = [forecast_distinct(8, draw(np.random.default_rng(seed), 300, 8, spread), [32]) for seed in range(1, 9)]
    assert sum(one.low[0] <= truth <= one.high[0] for one in found) >= 7
    assert np.mean([one.estimate[0] for one in found]) == pytest.approx(truth, rel=0.08)


def test_up_to_the_pilot_it_is_close_to_the_unbiased_number():
    pilot = draw(np.random.default_rng(3), 300, 8, 0.3)
    found = forecast_distinct(8, pilot, [1, 4, 8])
    assert found.estimate == pytest.approx(unique_curve(8, pilot).mean(axis=0)[[0, 3, 7]], rel=0.02)


@pytest.mark.parametrize("pilot", [[[]] * 50, [[8]] * 50, [[1] * 8] * 50, [[4]] * 50, [[3, 1]], [[]]], ids=str)
def test_degenerate_pilots_have_finite_numbers_in_their_intervals(pilot):
    found = forecast_distinct(8, pilot, [1, 8, 32, 300])
    for values in (found.estimate, found.low, found.high):
        assert np.isfinite(values).all()
    assert np.all(found.low <= found.estimate)
    assert np.all(found.estimate <= found.high)
    assert found.high[3] > 0


def test_one_sample_a_question_is_enough_for_an_answer():
    found = forecast_distinct(1, [[1], [], [1]], [1, 4])
    assert found.estimate[0] == pytest.approx(2 / 3, rel=0.01)
    assert found.high[1] > 1


def test_impossible_pilots_are_refused():
    with pytest.raises(ValueError, match="without questions"):
        forecast_distinct(8, [], [1])
    with pytest.raises(ValueError, match="more correct solutions"):
        forecast_distinct(2, [[2, 1]], [1])
