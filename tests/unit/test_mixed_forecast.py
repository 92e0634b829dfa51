"""Coverage of questions that two models share."""

import numpy as np
import pytest

from yetbetter.stats.coverage_forecast import Pilot
from yetbetter.stats.mixed_forecast import MixedPilot, difference_between


def pilots(seed: int, questions: int = 300, alike: bool = False) -> tuple[Pilot, Pilot]:
    random = np.random.default_rng(seed)
    p = random.beta(0.4, 0.8, questions)
    q = p if alike else random.beta(0.4, 0.6, questions)
    return Pilot(8, random.binomial(8, p)), Pilot(8, random.binomial(8, q))


def test_within_the_pilot_a_mix_has_the_share_of_questions_that_either_solves():
    first, second = Pilot(2, [0, 2, 0, 1]), Pilot(2, [0, 0, 2, 1])
    [(estimate, low, high)] = MixedPilot(first, second, 4).coverage([(2, 2)])
    assert estimate == 0.75
    assert low < 0.75 < high
    [(once, *_)] = MixedPilot(first, second, 4).coverage([(1, 1)])
    assert once == pytest.approx((0 + 1 + 1 + 0.75) / 4)


def test_intervals_hold_beyond_the_pilot():
    random = np.random.default_rng(99)
    p, q = random.beta(0.4, 0.8, 100_000), random.beta(0.4, 0.6, 100_000)
    truth = 1 - ((1 - p) ** 20 * (1 - q) ** 12).mean()
    lead = truth - (1 - ((1 - q) ** 24).mean())
    for seed in range(6):
        mixed = MixedPilot(*pilots(seed), 24)
        [(estimate, low, high)] = mixed.coverage([(20, 12)])
        assert low <= truth <= high
        assert estimate == pytest.approx(truth, abs=0.06)
        [(middle, low, high)] = mixed.leads([((20, 12), (0, 24))])
        assert low <= lead <= high
        assert middle == pytest.approx(lead, abs=0.06)


def test_models_that_solve_the_same_questions_gain_less_by_a_mix():
    alike, apart = (MixedPilot(*pilots(3, alike=alike), 16).coverage([(8, 8)])[0][0] for alike in (True, False))
    assert apart > alike + 0.1


@pytest.mark.parametrize("right", [0, 4, 8])
@pytest.mark.parametrize("questions", [1, 50])
def test_degenerate_pilots_have_finite_intervals(right, questions):
    mixed = MixedPilot(Pilot(8, [right] * questions), Pilot(8, [right] * questions), 40)
    for estimate, low, high in mixed.coverage([(1, 1), (40, 20)]):
        assert 0 <= low <= estimate <= high <= 1
    [(middle, low, high)] = mixed.leads([((40, 20), (0, 40))])
    assert -1 <= low <= middle <= high <= 1
    assert low <= 0 <= high


def test_models_that_solve_nothing_lead_by_nothing():
    none = Pilot(8, [0] * 300)
    mixed = MixedPilot(none, none, 350)
    [(_, low, high)] = mixed.coverage([(15, 5)])
    assert low == 0 < high
    [(_, low, high)] = mixed.leads([((15, 5), (0, 10))])
    assert low < 0 < high


def test_the_chance_of_a_difference_is_that_of_its_interval():
    assert difference_between(0.1, 0.0, 0.3).chance == pytest.approx(0.975)
    assert difference_between(-0.1, -0.3, 0.0).chance == pytest.approx(0.025)
    assert difference_between(0.0, 0.0, 0.0).chance == 0.5
    assert difference_between(0.2, -0.1, 0.1).high == 0.2


def test_pilots_of_other_questions_are_not_mixed():
    with pytest.raises(ValueError, match="1 and of 2 questions"):
        MixedPilot(Pilot(8, [1]), Pilot(8, [1, 2]), 8)
