"""Rates from people's labels and a judge's verdicts: against formulas, and by simulation what their intervals hold."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yetbetter.stats.corrected import (
    Counts,
    Estimate,
    corrected,
    judge_alone,
    labels_among,
    labels_beside,
    labels_needed,
    people_alone,
    plan_labels,
    rogan_gladen,
    squared_correlation,
    tuned_weight,
    worth,
)

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import intervals

COUNTS = st.builds(Counts, *[st.integers(0, 60)] * 4, flagged=st.integers(0, 40), judged=st.integers(40, 500))
ERRORS = st.sampled_from([0.0, 0.05, 0.3])


def expand(counts: Counts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """People's labels, the judge's verdicts on these solutions, and on the others."""
    cells = [counts.both, counts.missed, counts.accused, counts.passed]
    others = np.r_[np.ones(counts.flagged), np.zeros(counts.judged - counts.flagged)]
    return np.repeat([1.0, 1, 0, 0], cells), np.repeat([1.0, 0, 1, 0], cells), others


def test_the_weight_and_the_estimate_are_those_of_the_paper():
    counts = Counts(6, 3, 7, 34, flagged=120, judged=500)
    people, judge, others = expand(counts)
    spread = np.var(np.r_[judge, others])
    weight = np.cov(people, judge, ddof=0)[0, 1] / ((1 + 50 / 500) * spread)
    assert tuned_weight(counts) == pytest.approx(weight)
    assert corrected(counts).value == pytest.approx(weight * others.mean() + (people - weight * judge).mean())


def test_a_judge_that_says_nothing_of_people_changes_little_and_one_that_agrees_counts_as_a_label_each():
    blind = Counts(1, 9, 9, 81, flagged=500, judged=5000)
    assert tuned_weight(blind) == pytest.approx(0)
    assert corrected(blind).width == pytest.approx(people_alone(blind).width, rel=0.02)
    perfect = Counts(1000, 0, 0, 9000, flagged=1000, judged=10_000)
    assert squared_correlation(perfect) == pytest.approx(1, abs=1e-3)
    assert corrected(perfect).width == pytest.approx(people_alone(perfect).width / math.sqrt(2), rel=0.01)
    assert worth(50, 450, 0.49) == pytest.approx(89, abs=0.5)  # the paper's 50 labels and 500 verdicts


def test_without_other_verdicts_people_are_alone():
    counts = Counts(2, 1, 3, 44)
    assert corrected(counts) == people_alone(counts)
    assert not rogan_gladen(counts).known
    assert not people_alone(Counts(flagged=3, judged=30)).known
    assert judge_alone(Counts(flagged=3, judged=30)).value == pytest.approx(0.1)
    assert not judge_alone(Counts()).known


def test_rogan_and_gladen_solve_for_the_rate():
    counts = Counts(80_000, 20_000, 90_000, 810_000, flagged=240_000, judged=10**6)
    found = rogan_gladen(counts)
    assert found.value == pytest.approx((0.24 + 0.9 - 1) / (0.8 + 0.9 - 1), abs=1e-3)
    assert found.low < found.value < found.high < found.low + 0.01


def test_a_judge_no_better_than_chance_leaves_every_rate_open():
    found = rogan_gladen(Counts(5, 5, 20, 20, flagged=250, judged=500))
    assert (found.low, found.high) == (0, 1)


def test_the_stated_error_of_people_is_taken_out_of_their_rate():
    seen = Counts(0, 180, 0, 820)
    assert people_alone(seen, 0.1).value == pytest.approx((0.18 - 0.1) / 0.8)
    clean = people_alone(Counts(0, 30, 0, 970), 0.1)  # fewer than their error alone gives
    assert clean.value == clean.low == 0
    assert 0.01 < clean.high < 0.05


@given(COUNTS, ERRORS)
def test_no_interval_is_a_point_and_each_holds_its_estimate(counts, error):
    for method in intervals.METHODS.values():
        found = method(counts, error)
        if found.known:
            assert 0 <= found.low <= found.value <= found.high <= 1
            assert found.width > 0.001


@pytest.mark.parametrize("error", [0.0, 0.1])
@pytest.mark.parametrize("accuracy", [0.7, 0.9])
@pytest.mark.parametrize("rate", [0.02, 0.1, 0.25])
@pytest.mark.parametrize("labels", [50, 200])
def test_intervals_hold_what_they_promise(labels, rate, accuracy, error):
    """Two standard errors of 1,000 repetitions around 93 and 97 %; people alone cannot be that close with few cases."""
    dice = np.random.default_rng([labels, round(100 * rate), round(10 * accuracy), round(10 * error)])
    found = intervals.simulate(labels, 500, rate, accuracy, error, 1000, dice)
    held = {name: intervals.holding(found[name], rate) for name in found}
    assert 92 <= held["corrected"] <= 98.2
    assert 92 <= held["Rogan-Gladen"] <= 98.2
    assert 92 <= held["people alone"] <= 99.2
    if accuracy == 0.7:
        assert held["judge alone"] < 5  # its errors are in no interval
    width = intervals.mean_width(found["corrected"]) / intervals.mean_width(found["people alone"])
    assert width == pytest.approx(intervals.theory(labels, 500, rate, accuracy, error), abs=0.05)


# What next? -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rate", "width", "error"), [(0.03, 0.04, 0.0), (0.1, 0.1, 0.0), (0.25, 0.08, 0.1)])
def test_as_many_labels_as_are_needed_give_the_width_and_one_less_does_not(rate, width, error):
    labels = labels_needed(rate, width, error)
    seen = rate * (1 - error) + (1 - rate) * error
    widths = [people_alone(Counts(0, seen * more, 0, more * (1 - seen)), error).width for more in (labels, labels - 1)]
    assert widths[0] <= width + 1e-3
    assert widths[1] > width - 1e-3


def test_labels_beside_verdicts_are_the_inverse_of_their_worth():
    assert worth(labels_beside(150, 0.5, 400), 400, 0.5) == pytest.approx(150)
    assert labels_beside(150, 0.0, 400) == pytest.approx(150)
    among = labels_among(150, 0.5, 400)
    assert worth(among, 400 - among, 0.5) == pytest.approx(150)
    assert among > labels_beside(150, 0.5, 400)  # what people label is none of the others
    assert labels_among(150, 0.5, 150) == labels_among(150, 0.5, 20) == labels_among(150, 0.0, 400) == 150


def test_a_plan_keeps_its_promise_and_saves_labels_where_a_good_judge_is_cheap():
    counts = Counts(9, 1, 4, 36, flagged=140, judged=500)
    here, cheap = plan_labels(counts, 0.1, cost=0.001)
    _, dear = plan_labels(counts, 0.1, cost=10)
    assert cheap.labels <= here.labels < dear.labels
    assert dear.verdicts == 0
    more = here.labels / counts.labelled
    rest = (550 - here.labels) / 500
    planned = Counts(9 * more, more, 4 * more, 36 * more, 140 * rest, 500 * rest)
    assert corrected(planned).width == pytest.approx(0.1, rel=0.1)


def test_a_width_that_no_number_of_labels_gives_has_no_plan():
    assert plan_labels(Counts(9, 1, 4, 36, 140, 500), 1e-6, 0.1) == (None, None)
    assert plan_labels(Counts(flagged=10, judged=20), 0.1, 0.1) == (None, None)


def test_fewer_independent_solutions_widen_an_interval_and_leave_the_rate():
    counts = Counts(6, 3, 7, 34, flagged=120, judged=500)
    fewer = counts.independent(2.0, 2.0)
    assert corrected(fewer).value == pytest.approx(corrected(counts).value)
    assert corrected(fewer).width > 1.2 * corrected(counts).width
    assert isinstance(corrected(fewer), Estimate)
