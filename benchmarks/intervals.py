"""What the intervals of false positive rates hold, by simulation. Prints the tables of docs/false_positives.md.

    python benchmarks/intervals.py
    python benchmarks/intervals.py --labels 50 --rates 2 --accuracies 0.8 --errors 0.2 --repetitions 5000

Every repetition draws solutions of a known rate of flawed ones, the labels of people who err with a stated chance, and
the verdicts of a judge of a stated accuracy on these and on others. Width: the mean one, relative to that of people
alone; theory: what it should be by the true correlation of people and judge.
"""

import argparse
import math
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow" / "scripts"))

from yetbetter import program
from yetbetter.stats.corrected import Counts, Estimate, corrected, judge_alone, people_alone, rogan_gladen

METHODS = {
    "people alone": people_alone,
    "judge alone": lambda counts, error: judge_alone(counts),
    "corrected": corrected,
    "Rogan-Gladen": rogan_gladen,
}


def main() -> None:
    arguments = parse_arguments()
    began = time.perf_counter()
    head = ("labels", "rate, %", "judge", "people's error", *METHODS, "width", "theory")
    print(f"| {' | '.join(head)} |\n| {' | '.join(['---'] * len(head))} |")
    for error in arguments.errors:
        for labels in arguments.labels:
            for rate in arguments.rates:
                for accuracy in arguments.accuracies:
                    dice = np.random.default_rng([arguments.random, labels, round(100 * rate), round(1000 * accuracy)])
                    setting = (labels, arguments.judged, rate / 100, accuracy, error)
                    found = simulate(*setting, arguments.repetitions, dice)
                    held = [f"{holding(found[name], rate / 100):.1f}" for name in METHODS]
                    width = mean_width(found["corrected"]) / mean_width(found["people alone"])
                    row = (labels, f"{rate:g}", accuracy, error, *held, f"{width:.3f}", f"{theory(*setting):.3f}")
                    print(f"| {' | '.join(map(str, row))} |", flush=True)
    print(f"{arguments.repetitions} repetitions a row, {time.perf_counter() - began:.0f} s", file=sys.stderr)


def parse_arguments() -> argparse.Namespace:
    parser = program.Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    chance, whole = program.number(0, 1), program.whole
    parser.add_argument("--labels", type=whole(1, 10**6), nargs="+", default=[50, 200], help="of people")
    parser.add_argument("--judged", type=whole(1, 10**6), default=500, help="other solutions that the judge is asked")
    parser.add_argument("--rates", type=program.number(0, 100), nargs="+", default=[2, 10, 25], help="percent")
    parser.add_argument("--accuracies", type=chance, nargs="+", default=[0.7, 0.9], help="of the judge")
    parser.add_argument("--errors", type=program.number(0, 0.49), nargs="+", default=[0.0, 0.1], help="of people")
    parser.add_argument("--repetitions", type=whole(1, 10**6), default=1000)
    parser.add_argument("--random", type=whole(), default=0, help="seed of the simulation")
    return parser.parse_args()


def simulate(
    labels: int,
    judged: int,
    rate: float,
    accuracy: float,
    error: float,
    repetitions: int,
    dice: np.random.Generator,
    methods: dict = METHODS,
) -> dict[str, list[Estimate]]:
    """The estimates of every repetition. rate, accuracy, error: shares."""
    cells = dice.multinomial(labels, chances(rate, accuracy, error), repetitions)
    flagged = dice.binomial(judged, rate * accuracy + (1 - rate) * (1 - accuracy), repetitions)
    counted = [
        Counts(*map(int, cell), flagged=int(number), judged=judged) for cell, number in zip(cells, flagged, strict=True)
    ]
    return {name: [method(counts, error) for counts in counted] for name, method in methods.items()}


def chances(rate: float, accuracy: float, error: float) -> list[float]:
    """That people and judge call a solution flawed: both, people only, the judge only, neither."""
    flawed = [(1 - error) * accuracy, (1 - error) * (1 - accuracy), error * accuracy, error * (1 - accuracy)]
    sound = [error * (1 - accuracy), error * accuracy, (1 - error) * (1 - accuracy), (1 - error) * accuracy]
    return [rate * one + (1 - rate) * other for one, other in zip(flawed, sound, strict=True)]


def holding(estimates: list[Estimate], rate: float) -> float:
    """Percent of the intervals that hold the true rate."""
    return 100 * float(np.mean([one.low <= rate <= one.high for one in estimates]))


def mean_width(estimates: list[Estimate]) -> float:
    return float(np.mean([one.width for one in estimates]))


def theory(labels: int, judged: int, rate: float, accuracy: float, error: float) -> float:
    """Width of the corrected interval over that of people alone, by the true correlation of people and judge."""
    both, missed, accused, _ = chances(rate, accuracy, error)
    people, judge = both + missed, both + accused
    spread = people * (1 - people) * judge * (1 - judge)
    squared = (both - people * judge) ** 2 / spread if spread else 0.0
    return math.sqrt(1 - squared * judged / (labels + judged))


if __name__ == "__main__":
    program.run(main)
