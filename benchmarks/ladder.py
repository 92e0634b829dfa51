"""Simulated ladders: whether the interval of the crossover holds the true one. Prints the table of docs/ladder.md.

    python benchmarks/ladder.py
    python benchmarks/ladder.py --crossover 0.75 --noise 1 --seeds 3 --rungs 6 --studies 1000

Each study has a strong source and several weak ones at several budgets, on the same problems. The difference grows with
the ratio by 25 points per unit at the crossover, more below it and less above. Ratios are measured, too: from samples
for training questions. Noise is the standard deviation between seeds in points, beside that of the answers.
"""

import argparse
import sys
import time
from pathlib import Path
from statistics import NormalDist

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow" / "scripts"))

from yetbetter import program
from yetbetter.stats.crossover import Crossover, estimate_crossover, joint_differences, joint_ratios
from yetbetter.stats.measurements import Measurements

FIRST, LAST = 0.5, 1.0  # ratios of the ladder's ends
SLOPE, BEND = 0.25, 0.2  # of the difference, as a share, at the crossover
STRONG, PASS = 0.40, 0.30  # the strong source's accuracy after finetuning, and its pass@1
# Parts of a problem's difficulty that all models share, and that one arm's models share.
SHARED, ARM = 0.70, 0.06
EASE = 0.6  # the part of a training question's difficulty that all models share
NORMAL = NormalDist()


def main() -> None:
    arguments = parse_arguments()
    began = time.perf_counter()
    head = ("crossover", "noise", "seeds", "coverage, %", "median width", "open, %")
    print(f"| {' | '.join(head)} |\n| {' | '.join(['---'] * len(head))} |")
    for true in arguments.crossover:
        for noise in arguments.noise:
            for seeds in arguments.seeds:
                dice = np.random.default_rng([arguments.random, round(100 * true), round(100 * noise), seeds])
                found = [
                    one
                    for number in range(arguments.studies)
                    for one in simulate(arguments, true, noise / 100, seeds, dice, number)
                ]
                row = (f"{true:g}", f"{noise:g}", seeds, *summary(found, true))
                print(f"| {' | '.join(map(str, row))} |", flush=True)
    print(f"{arguments.studies} studies a row, {time.perf_counter() - began:.0f} s", file=sys.stderr)


def parse_arguments() -> argparse.Namespace:
    parser = program.Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    points, whole = program.number(0, 100), program.whole
    parser.add_argument("--crossover", type=program.number(0.01, 10), nargs="+", default=[0.53, 0.75, 0.97, 1.05])
    parser.add_argument("--noise", type=points, nargs="+", default=[0.5, 1.0, 2.0])
    parser.add_argument("--seeds", type=whole(1, 1000), nargs="+", default=[3, 5])
    parser.add_argument("--rungs", type=whole(2, 100), default=7, help=f"from {FIRST} to {LAST} (default: 7)")
    parser.add_argument("--budgets", type=whole(1, 100), default=3, help="each with its own ladder (default: 3)")
    parser.add_argument("--problems", type=whole(2, 10**6), default=4000, help="of the test")
    parser.add_argument("--questions", type=whole(2, 10**6), default=2000, help="for training")
    parser.add_argument("--samples", type=whole(1, 1000), default=10, help="of the strong source per question")
    parser.add_argument("--draws", type=whole(100, 10**6), default=1000, help="of the bootstrap (default: 1000)")
    parser.add_argument("--studies", type=whole(1, 10**6), default=100)
    parser.add_argument("--random", type=whole(), default=0, help="seed of the simulation")
    return parser.parse_args()


def difference(ratio: float, crossover: float) -> float:
    """The true one, as a share."""
    return SLOPE * (ratio - crossover) - BEND * (ratio - crossover) ** 2


def simulate(
    arguments: argparse.Namespace, true: float, noise: float, seeds: int, dice: np.random.Generator, number: int
) -> list[Crossover]:
    """The crossovers found in one study, one for each budget."""
    ratios = np.linspace(FIRST, LAST, arguments.rungs)
    asked = dice.standard_normal(arguments.questions)
    samples = [measure_samples(PASS * ratio, 3 * arguments.samples, asked, dice) for ratio in ratios]
    measured = joint_ratios(samples, measure_samples(PASS, arguments.samples, asked, dice))
    ease = dice.standard_normal(arguments.problems, dtype=np.float32)
    chances = {f"{ratio:g}": STRONG + difference(ratio, true) for ratio in ratios} | {"strong": STRONG}
    ladders = [
        [answer(chance, noise, seeds, ease, dice, str(budget), source) for source, chance in chances.items()]
        for budget in range(arguments.budgets)
    ]
    arms = [arm for ladder in ladders for arm in ladder]
    differences = [joint_differences(own[:-1], own[-1], arms) for own in ladders]
    return [estimate_crossover(measured, one, number, arguments.draws) for one in differences]


def measure_samples(chance: float, samples: int, ease: np.ndarray, dice: np.random.Generator) -> Measurements:
    """How many of a model's samples for each question are right."""
    bound = NORMAL.inv_cdf(chance)
    hard = (bound - EASE**0.5 * ease) / (1 - EASE) ** 0.5
    chances = np.vectorize(NORMAL.cdf)(np.round(hard, 2))
    right = dice.binomial(samples, chances).astype(float)
    names = tuple(map(str, range(len(ease))))
    return Measurements(names, right[None], np.full((1, len(ease)), float(samples)))


def answer(
    chance: float, noise: float, seeds: int, ease: np.ndarray, dice: np.random.Generator, budget: str, source: str
) -> Measurements:
    """Right answers of an arm's finetuned models, one for each seed."""
    shifted = np.clip(chance + noise * dice.standard_normal(seeds), 0.005, 0.995)
    bounds = np.array([[NORMAL.inv_cdf(one)] for one in shifted], dtype=np.float32)
    hard = SHARED**0.5 * ease + ARM**0.5 * dice.standard_normal(len(ease), dtype=np.float32)
    own = dice.standard_normal((seeds, len(ease)), dtype=np.float32)
    right = (hard + np.float32((1 - SHARED - ARM) ** 0.5) * own < bounds).astype(float)
    names = tuple(map(str, range(len(ease))))
    place = {"budget": budget, "target": "student", "source": source}
    return Measurements(names, right, np.ones_like(right), units="test", kin="test", **place)


def summary(found: list[Crossover], true: float) -> tuple[str, str, str]:
    """Coverage; the width of intervals that are closed; how many have an open end. An open end holds all beyond."""
    held = [min(one.low, one.last) <= true <= max(one.high, one.first) for one in found]
    widths = [one.high - one.low for one in found if np.isfinite(one.high - one.low)]
    width = f"{np.median(widths):.3f}" if widths else ""
    return f"{100 * np.mean(held):.1f}", width, f"{100 * (1 - len(widths) / len(found)):.0f}"


if __name__ == "__main__":
    program.run(main)
