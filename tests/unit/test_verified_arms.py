"""Arms that a verifier filters, by hand: beside the right answer, and instead of it."""

import math
import subprocess
import sys

import numpy as np
import pytest
from test_stop_after import ROOT, Pools

from yetbetter.judging.samples import Sample
from yetbetter.records import write_rows
from yetbetter.selection.filters import FILTERS
from yetbetter.selection.verified import threshold_of

VIEW = {"wc": 6, "se": 3}


class Scored(Pools):
    """The pools with a verifier's scores; a sixth of the samples has none."""

    def __init__(self, folder, score=None):
        super().__init__(folder)
        random = np.random.default_rng(5)
        self.scores = {}
        for place in self.rows:
            own = round(float(random.random()), 1) if random.random() > 1 / 6 else None
            self.scores[place] = own if score is None else score
        for block in self.blocks:
            model = block.split("/")[0]
            start = int(block[-4:])
            first = int(block.split("-")[1][:6])
            places = [
                (f"p{question}", sample) for question in range(first, first + 6) for sample in range(start, start + 3)
            ]
            rows = [{"problem": p, "sample": s, "score": self.scores[model, p, s]} for p, s in places]
            write_rows(folder / "verifications" / f"{block}.jsonl", rows)

    def run_verified(self, name: str, *more: str):
        return self.run(VIEW, None, "--filter", name, "--verifications", str(self.folder / "verifications"), *more)

    def drawn(self) -> list[tuple[str, str, int]]:
        return [place for place in self.rows if place[2] < VIEW[place[0]]]

    def kept(self, accepted, right_only: bool) -> set[tuple[str, str, int]]:
        return {
            place
            for place in self.drawn()
            if accepted(self.scores[place]) and not self.rows[place]["cut"]
            if self.rows[place]["right"] or not right_only
        }


def places(arm) -> set[tuple[str, str, int]]:
    return {(row["model"], row["problem"], row["sample"]) for row in arm.data}


@pytest.mark.parametrize("name, right_only", [("verified", True), ("verifier", False)])
def test_samples_with_a_score_of_at_least_the_threshold_are_kept(tmp_path, name, right_only):
    pools = Scored(tmp_path)
    arm = pools.run_verified(name, "--threshold", "0.6")
    assert places(arm) == pools.kept(lambda score: score is not None and score >= 0.6, right_only)
    assert arm.counts["out_refused"] > 0 and arm.counts["drawn"] == len(pools.drawn())


@pytest.mark.parametrize("name, right_only", [("verified", True), ("verifier", False)])
def test_the_best_share_is_of_all_samples_or_of_the_right_ones(tmp_path, name, right_only):
    pools = Scored(tmp_path)
    arm = pools.run_verified(name, "--best", "0.5")
    counted = [place for place in pools.drawn() if pools.rows[place]["right"] or not right_only]
    scores = sorted((pools.scores[place] for place in counted if pools.scores[place] is not None), reverse=True)
    least = scores[math.ceil(len(counted) / 2) - 1]
    assert places(arm) == pools.kept(lambda score: score is not None and score >= least, right_only)


def test_a_verifier_that_always_says_yes_leaves_the_arm_as_it_is(tmp_path):
    pools = Scored(tmp_path, score=1.0)
    for name, other in (("verified", "ground_truth"), ("verifier", "none")):
        arm, plain = pools.run_verified(name), pools.run(VIEW, None, "--filter", other)
        assert arm.data == plain.data and len(arm.data) > 5
        assert arm.measured[0] == plain.measured[0]


def test_a_verifier_that_always_says_no_leaves_an_empty_arm_that_is_measured(tmp_path):
    pools = Scored(tmp_path, score=0.0)
    for name in ("verified", "verifier"):
        arm = pools.run_verified(name)
        assert arm.data == [] and arm.counts["kept"] == 0 and arm.counts["out_refused"] > 5
        assert arm.measures()


def test_equal_scores_are_accepted_together_and_samples_without_a_score_never():
    def threshold(scores, best):
        samples = [Sample("wc", "p", number, "correct", score=score) for number, score in enumerate(scores)]
        return threshold_of(samples, best, FILTERS["verified"])

    assert threshold([0.1, 0.9, 0.9, 0.2], 0.25) == 0.9
    assert threshold([0.1, 0.9, 0.9, 0.2], 0.51) == 0.2
    assert threshold([None, None, 0.3, 0.8], 1.0) == 0.3
    assert threshold([None], 0.5) == threshold([], 0.5) == math.inf


@pytest.mark.parametrize(
    "more, line",
    [
        (["--filter", "verified"], "--verifications is missing, which --filter verified needs"),
        (["--filter", "none", "--verifications", "{}"], "--verifications is of no use to --filter none"),
        (["--filter", "verifier", "--verifications", "{}"], "35 scores of 36 solutions, score them again"),
        (["--filter", "verifier", "--verifications", "{}", "--best", "0"], "'0' is not a number above 0"),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(tmp_path, more, line):
    pools = Scored(tmp_path)
    file = tmp_path / "verifications" / f"{pools.blocks[0]}.jsonl"
    file.write_text("\n".join(file.read_text().splitlines()[1:]) + "\n")
    words = ["--problems", "problems.jsonl", "--prompt", "prompt.txt", "--draws", "wc:6", "--solutions", "solutions"]
    words += ["--verdicts", "verdicts", "--output", "o", "--digest", "d", "--counts", "c"]
    words += [word.format("verifications") for word in more]
    words += ["--blocks", *(block for block in pools.blocks if block.startswith("wc"))]
    program = [sys.executable, str(ROOT / "workflow/scripts/select_solutions.py"), *words]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode and line in done.stderr.splitlines()[-1]
