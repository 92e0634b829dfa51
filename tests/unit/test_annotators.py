"""How far annotators agree: against textbook values, simulations of known agreement, and at the edges."""

import json

import numpy as np
import pytest

from yetbetter.judging.annotators import compare_annotators, krippendorff, show_annotators

# Krippendorff (2011), section C: four observers, twelve units, missing values; alpha 0.743.
OBSERVED = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)


def labels_of(*counts: int) -> list[dict[str, str]]:
    """Of ann and ben: sound/sound, sound/flawed, flawed/sound, flawed/flawed."""
    kinds = [(a, b) for a in ("sound", "flawed") for b in ("sound", "flawed")]
    return [{"ann": a, "ben": b} for (a, b), count in zip(kinds, counts, strict=True) for _ in range(count)]


def test_alpha_of_the_textbook():
    units = [[line.split()[at] for line in OBSERVED] for at in range(12)]
    counts = np.array([[unit.count(value) for value in "12345"] for unit in units], dtype=float)
    counts = counts[counts.sum(axis=1) > 1]
    observed, expected = krippendorff(np.ones((1, len(counts))), counts)
    assert 1 - observed[0] / expected[0] == pytest.approx(0.743, abs=0.0005)


def test_kappa_and_alpha_of_two_annotators_are_what_a_hand_computes():
    found = compare_annotators(labels_of(20, 5, 10, 15))
    [pair] = found["pairs"]
    assert pair["agreement"]["value"] == pytest.approx(0.7)
    # Chance (25 * 30 + 25 * 20) / 50^2 = 0.5. Alpha: 100 labels, 55 sound; 1 - 99 * 30 / (2 * 55 * 45).
    assert pair["cohen_kappa"]["value"] == pytest.approx(0.4)
    assert found["krippendorff_alpha"]["value"] == pytest.approx(1 - 99 * 30 / (2 * 55 * 45))
    assert pair["confusion"] == {"sound": {"sound": 20, "flawed": 5}, "flawed": {"sound": 10, "flawed": 15}}
    # Fleiss, Cohen and Everitt 1969: the standard error is 0.127 here.
    assert pair["cohen_kappa"]["low"] == pytest.approx(0.4 - 1.96 * 0.127, abs=0.04)
    assert pair["cohen_kappa"]["high"] == pytest.approx(0.4 + 1.96 * 0.127, abs=0.04)


def test_cannot_tell_is_counted_and_enters_no_measure():
    labels = labels_of(20, 5, 10, 15)
    silent = [{"ann": "cannot tell", "ben": "sound"}, {"ann": "cannot tell"}, {"ben": "flawed"}]
    found, without = compare_annotators(labels + silent), compare_annotators(labels)
    assert found["annotators"]["ann"] == {"sound": 25, "flawed": 25, "cannot tell": 2}
    assert found["pairs"] == without["pairs"] and found["krippendorff_alpha"] == without["krippendorff_alpha"]
    assert (found["solutions"], found["labelled_by_several"]) == (53, 50)


def test_alpha_counts_three_annotators_of_whom_one_stopped_early():
    labels = [{"ann": "sound", "ben": "sound", "eve": "sound"}] * 10 + [{"ann": "flawed", "ben": "flawed"}] * 5
    labels += [{"ann": "flawed", "ben": "sound", "eve": "flawed"}]
    found = compare_annotators(labels)
    assert len(found["pairs"]) == 3 and [pair["solutions"] for pair in found["pairs"]] == [16, 11, 11]
    # 43 labels, 31 sound; within the last solution 4 / 2 ordered pairs differ.
    assert found["krippendorff_alpha"]["value"] == pytest.approx(1 - 42 * 2 / (43**2 - 31**2 - 12**2))


def test_agreement_without_exception_has_an_interval_that_is_not_a_point():
    [pair] = compare_annotators(labels_of(45, 0, 0, 5))["pairs"]
    assert pair["agreement"] == pytest.approx({"value": 1, "low": 50 / (50 + 1.96**2), "high": 1})
    assert pair["cohen_kappa"]["high"] == 1 and 0.5 < pair["cohen_kappa"]["low"] < 0.7


@pytest.mark.parametrize(
    "labels", [[], [{"ann": "sound"}], labels_of(9, 0, 0, 0), [{"ann": "cannot tell", "ben": "sound"}]]
)
def test_what_nothing_defines_is_null_and_said_so(labels):
    found = compare_annotators(labels)
    assert found["krippendorff_alpha"]["value"] is None
    json.loads(json.dumps(found, allow_nan=False))
    assert "undefined" in show_annotators(found)


def test_kappa_is_undefined_where_one_annotator_gives_one_label_only():
    [pair] = compare_annotators(labels_of(9, 3, 0, 0))["pairs"]
    assert pair["cohen_kappa"]["value"] is None and pair["agreement"]["value"] == pytest.approx(0.75)


def test_intervals_hold_what_they_promise():
    """150 pairs of annotators who each err on a tenth; the true kappa is that of a million solutions."""
    generator, hold = np.random.default_rng(3), 0

    def draw(solutions: int) -> list[np.ndarray]:
        flawed = generator.random(solutions) < 0.25
        return [flawed ^ (generator.random(solutions) < 0.1) for _ in range(2)]

    one, other = draw(10**6)
    chance = one.mean() * other.mean() + (1 - one.mean()) * (1 - other.mean())
    true = ((one == other).mean() - chance) / (1 - chance)
    for _ in range(150):
        pairs = zip(*draw(100), strict=True)
        names = ("sound", "flawed")
        found = compare_annotators([{"ann": names[int(a)], "ben": names[int(b)]} for a, b in pairs])[
            "krippendorff_alpha"
        ]
        hold += found["low"] <= true <= found["high"]
    assert hold >= 0.9 * 150
