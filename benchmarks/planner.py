"""How good forecasts from a pilot are: bias, how often intervals hold, and what following the recommendation costs.

    python benchmarks/planner.py curves --published resources/published_numbers.csv
    python benchmarks/planner.py synthetic --shape math impossible levels --pilots 200 --questions 300 --samples 8
    python benchmarks/planner.py pools --problems P.jsonl --solutions S/hard --verdicts V/hard --weak wc --strong se \\
        --blocks wc/questions-000000_samples-0000 se/questions-000000_samples-0000 --pool-samples 40 40

curves: the paper's printed coverage, forecast from k = 1 and 2. synthetic: questions of a known distribution of p, a
weak and a strong model with correlated p. pools: pilots that are drawn from stored samples, without replacement.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow" / "scripts"))

from yetbetter.errors import UserError
from yetbetter.forecast.pilots import read_pilots
from yetbetter.forecast.planner import is_settled
from yetbetter.program import Parser, file_path, run, whole
from yetbetter.selection.pools import Pools
from yetbetter.selection.training_data import read_problems
from yetbetter.stats.beta_binomial import beta_coverage, beta_from_two
from yetbetter.stats.coverage_forecast import Comparison, Difference, Forecast, Pilot
from yetbetter.stats.estimators import coverage_curve, unique_curve
from yetbetter.stats.mixed_forecast import MixedPilot, difference_between
from yetbetter.stats.unseen import forecast_distinct
from yetbetter.tables import read_table

RATIO = 3  # samples of the weak model for one of the strong
BUDGETS = (1, 3, 5, 10)  # samples of the strong model, for the regret
MIX = (15, 5)  # samples of both: half of the largest of these budgets for each
MIXES = {3: (4, 1), 5: (7, 2), 10: MIX}  # by budget, where half of it buys a sample of both


def main() -> None:
    arguments = parse_arguments()
    arguments.work(arguments)


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(required=True, parser_class=Parser)
    curves = kinds.add_parser("curves")
    curves.add_argument("--published", type=file_path, required=True)
    curves.set_defaults(work=show_curves)
    synthetic = kinds.add_parser("synthetic")
    synthetic.add_argument("--shape", nargs="+", choices=tuple(SHAPES), default=list(SHAPES))
    synthetic.set_defaults(work=try_synthetic)
    pools = kinds.add_parser("pools")
    pools.add_argument("--problems", required=True)
    Pools.add_arguments(pools)
    pools.add_argument("--weak", required=True)
    pools.add_argument("--strong", required=True)
    pools.add_argument(
        "--pool-samples", type=whole(2), nargs=2, required=True, help="samples per question in both pools"
    )
    pools.set_defaults(work=try_pools)
    for one in (synthetic, pools):
        one.add_argument("--pilots", type=whole(1, 10_000), default=200)
        one.add_argument("--questions", type=whole(1, 10**6), default=300, help="of one pilot")
        one.add_argument("--samples", type=whole(1, 1000), default=8, help="per question in one pilot")
    return parser.parse_args()


# The paper's curves ---------------------------------------------------------------------------------------------------


def show_curves(arguments: argparse.Namespace) -> None:
    table = read_table(arguments.published, ("table", "dataset", "source", "k", "value"), ("k", "value"))
    table = table.where(table="coverage_trend")
    print("| curve | alpha | beta | error at k, points |\n| --- | --- | --- | --- |")
    for dataset in table.values("dataset"):
        for source in table.where(dataset=dataset).values("source"):
            rows = table.where(dataset=dataset, source=source).rows
            printed = {int(row["k"]): row["value"] / 100 for row in rows}
            if not {1, 2} <= printed.keys():
                continue
            of = beta_from_two(printed[1], printed[2])
            shown = [k for k in (5, 10, 15, 30) if k in printed]
            errors = [f"{k}: {100 * (beta_coverage(of, [k])[0] - printed[k]):+.1f}" for k in shown]
            print(f"| {dataset} {source} | {of.alpha:.3f} | {of.beta:.3f} | {', '.join(errors)} |")


# Pilots ---------------------------------------------------------------------------------------------------------------


@dataclass
class Trial:
    """One pilot. right: of the weak and the strong model, shape (questions,). distinct: of the weak one, if known."""

    right: tuple[np.ndarray, np.ndarray]
    levels: np.ndarray
    multiplicities: list[list[int]] | None = None


@dataclass
class Truth:
    """coverage: of the weak and of the strong model, by k - 1; mixed: of each of MIXES.

    distinct: of the weak one, if known.
    """

    coverage: tuple[np.ndarray, np.ndarray]
    mixed: dict[int, float]
    distinct: np.ndarray | None = None


class Scores:
    """Errors and intervals of one quantity over pilots, in points (or in solutions)."""

    def __init__(self, truth: float, scale: float = 100):
        self.truth, self.scale, self.rows = truth, scale, []

    def add(self, estimate: float, low: float, high: float) -> None:
        self.rows.append((estimate, low, high))

    def show(self, name: str) -> str:
        estimate, low, high = np.array(self.rows).T
        bias, spread = self.scale * (estimate.mean() - self.truth), self.scale * estimate.std()
        holds = ((low <= self.truth) & (self.truth <= high)).mean()
        width = self.scale * (high - low).mean()
        cells = f"{self.scale * self.truth:.1f} | {bias:+.1f} ± {spread:.1f} | {100 * holds:.1f} % | {width:.1f}"
        return f"| {name} | {cells} |"


def try_pilots(name: str, draw: Callable[[], Trial], truth: Truth, pilots: int, samples: int) -> None:
    """Prints the table of one case. draw: a new pilot each time."""
    weak, strong = truth.coverage
    # A stored pool may hold fewer samples of the strong model.
    most, few = (min(4 * samples, len(curve)) for curve in truth.coverage)
    budgets = BUDGETS
    counts = [most, *(RATIO * k for k in budgets)], [few, *budgets]
    scores = [
        (f"weak, coverage@{most}", Scores(weak[most - 1])),
        (f"strong, coverage@{few}", Scores(strong[few - 1])),
        (f"weak@{most} - strong@{few}", Scores(weak[most - 1] - strong[few - 1])),
    ]
    scores += [(f"weak@{RATIO * k} - strong@{k}", Scores(weak[RATIO * k - 1] - strong[k - 1])) for k in budgets]
    distinct = Scores(truth.distinct[most - 1], 1) if truth.distinct is not None else None
    half = truth.mixed[BUDGETS[-1]]
    mixed = Scores(half), Scores(half - strong[2 * MIX[1] - 1])
    families: dict[str, list[float]] = {}
    regret = {k: [] for k in budgets}
    start = time.process_time()
    for _ in range(pilots):
        trial = draw()
        both = [Pilot(samples, right, trial.levels) for right in trial.right]
        forecasts = [pilot.forecast(some) for pilot, some in zip(both, counts, strict=True)]
        differences = Comparison(*both).differences(*forecasts)
        for (_, score), one in zip(scores[:2], forecasts, strict=True):
            score.add(one.estimate[0], one.low[0], one.high[0])
        for (_, score), one in zip(scores[2:], differences, strict=True):
            score.add(one.estimate, one.low, one.high)
        for family, values in forecasts[0].by_family.items():
            families.setdefault(family, []).append(values[0])
        joint = MixedPilot(*both, RATIO * budgets[-1])
        found = recommend(joint, forecasts, dict(zip(budgets, differences[1:], strict=True)))
        for k in budgets:
            there = {"weak": weak[RATIO * k - 1], "strong": strong[k - 1], "mix": truth.mixed.get(k, 0.0)}
            regret[k].append(max(there.values()) - there[found[k]])
        for score, one in zip(mixed, (joint.coverage([MIX]), joint.leads([(MIX, (0, 2 * MIX[1]))])), strict=True):
            score.add(*one[0])
        if distinct:
            one = forecast_distinct(samples, trial.multiplicities, [most])
            distinct.add(one.estimate[0], one.low[0], one.high[0])
    print(f"\n{name}: {pilots} pilots x {len(trial.levels)} questions x {samples} samples")
    print(f"\n| forecast | truth | bias ± sd | 95 % interval holds | width |\n{'| --- ' * 5}|")
    for label, score in scores:
        print(score.show(label))
    print(mixed[0].show(f"mix, weak@{MIX[0]} and strong@{MIX[1]}"))
    print(mixed[1].show(f"mix - strong@{2 * MIX[1]}"))
    if distinct:
        print(distinct.show(f"weak, distinct correct at {most}"))
    for family, values in families.items():
        error = 100 * (np.array(values) - weak[most - 1])
        print(f"| weak@{most} by the {family} alone | | {error.mean():+.1f} ± {error.std():.1f} | | |")
    best = {k: max(weak[RATIO * k - 1], strong[k - 1], truth.mixed.get(k, 0.0)) for k in budgets}
    strong_alone = {k: best[k] - strong[k - 1] for k in budgets}
    print("\n| regret, points, at k samples of the strong model | " + " | ".join(map(str, budgets)) + " |")
    print("| --- " * (len(budgets) + 1) + "|")
    print("| following the plan | " + " | ".join(f"{100 * np.mean(regret[k]):.2f}" for k in budgets) + " |")
    print("| always the strong model | " + " | ".join(f"{100 * strong_alone[k]:.2f}" for k in budgets) + " |")
    print(f"({(time.process_time() - start) / pilots:.2f} CPU s a pilot)", flush=True)


def recommend(joint: MixedPilot, forecasts: list[Forecast], leads: dict[int, Difference]) -> dict[int, str]:
    """Budget -> weak, strong or mix, by the planner's rule. leads: of the weak model over the strong one."""
    pairs = [(mix, one) for k, mix in MIXES.items() for one in ((RATIO * k, 0), (0, k))]
    found = iter(joint.leads(pairs))
    chosen = {}
    for place, (k, lead) in enumerate(leads.items(), start=1):
        alone = [float(one.estimate[place]) for one in forecasts]
        expected = {"strong": alone[1]} | ({"weak": alone[0]} if is_settled(lead) else {})
        if k in MIXES:
            over_weak, over_strong = next(found), next(found)
            coverage = (alone[0] + over_weak[0] + alone[1] + over_strong[0]) / 2
            if is_settled(difference_between(coverage - alone[1], *over_strong[1:])):
                expected["mix"] = coverage
        chosen[k] = max(expected, key=expected.get)
    return chosen


# Synthetic pools ------------------------------------------------------------------------------------------------------

Draw = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray, np.ndarray]]
MANY = 200_000  # questions from which the truth is computed


def coupled(weak: Callable[[np.ndarray, np.ndarray], np.ndarray], strong: Callable, spread: float = 0.5) -> Draw:
    """p of both models: functions of a difficulty that they share in part, and of a coin for each question."""

    def draw(random: np.random.Generator, questions: int):
        shared, coin = random.normal(size=questions), random.random(questions)
        ranks = [
            np.argsort(np.argsort(shared + spread * random.normal(size=questions))) / questions + 0.5 / questions
            for _ in range(2)
        ]
        return weak(ranks[0], coin), strong(ranks[1], coin), np.zeros(questions, int)

    return draw


def beta_ranks(alpha: float, beta: float) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Values of a Beta distribution at these ranks."""
    values = np.sort(np.random.default_rng(0).beta(alpha, beta, 20_000))
    return lambda rank, coin: values[(rank * len(values)).astype(int)]


def groups(*parts: tuple[float, float]) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """(share, p) of groups of equal questions, the hardest first."""
    ends, chances = np.cumsum([share for share, _ in parts]), np.array([chance for _, chance in parts])
    return lambda rank, coin: chances[np.minimum(np.searchsorted(ends, rank), len(parts) - 1)]


def impossible(share: float, rest: Callable) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    return lambda rank, coin: np.where(coin < share, 0.0, rest(rank, coin))


def tail(share: float) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """A share of the questions with p between 0.001 and 0.1, evenly in log p; the others are mostly solved."""
    easy = beta_ranks(3, 1)
    return lambda rank, coin: np.where(coin < share, 10 ** (-1 - 2 * coin / share), easy(rank, coin))


def levels(random: np.random.Generator, questions: int):
    """Five levels, within each a narrow Beta."""
    level = random.integers(5, size=questions)
    weak, strong = np.array([0.85, 0.6, 0.3, 0.1, 0.03])[level], np.array([0.93, 0.8, 0.45, 0.2, 0.08])[level]
    return random.beta(4 * weak, 4 - 4 * weak), random.beta(4 * strong, 4 - 4 * strong), level


SHAPES: dict[str, Draw] = {
    "math": coupled(beta_ranks(0.296, 0.804), beta_ranks(0.309, 0.637)),
    "gsm8k": coupled(beta_ranks(0.946, 0.494), beta_ranks(1.041, 0.322)),
    "impossible": coupled(impossible(0.2, beta_ranks(0.5, 0.8)), impossible(0.1, beta_ranks(0.6, 0.6))),
    "two-groups": coupled(groups((0.5, 0.03), (0.5, 0.8)), groups((0.4, 0.05), (0.6, 0.9))),
    "tail": coupled(tail(0.6), tail(0.5)),
    "levels": levels,
}


def try_synthetic(arguments: argparse.Namespace) -> None:
    most = max(4 * arguments.samples, RATIO * BUDGETS[-1])
    for shape in arguments.shape:
        random = np.random.default_rng(1)
        ps = SHAPES[shape](random, MANY)[:2]
        curves = tuple(np.array([1 - ((1 - p) ** k).mean() for k in range(1, most + 1)]) for p in ps)
        mixed = {k: 1 - ((1 - ps[0]) ** mix[0] * (1 - ps[1]) ** mix[1]).mean() for k, mix in MIXES.items()}
        truth = Truth(curves, mixed)

        def draw(shape=shape, random=random) -> Trial:
            weak, strong, level = SHAPES[shape](random, arguments.questions)
            right = tuple(random.binomial(arguments.samples, p) for p in (weak, strong))
            return Trial(right, level)

        try_pilots(shape, draw, truth, arguments.pilots, arguments.samples)


# Stored pools ---------------------------------------------------------------------------------------------------------


def try_pools(arguments: argparse.Namespace) -> None:
    """Which of a question's samples hold which solution is drawn from its multiplicities: their order is random."""
    problems = read_problems(arguments.problems, "level")
    models, held = (arguments.weak, arguments.strong), arguments.pool_samples
    if held[0] < RATIO * BUDGETS[-1] or held[1] < BUDGETS[-1]:
        raise UserError(f"--pool-samples is {held}, at least {RATIO * BUDGETS[-1]} and {BUDGETS[-1]} are needed")
    if arguments.questions > len(problems) or arguments.samples > min(held):
        raise UserError(f"{arguments.problems}: the pools hold {len(problems)} questions x {min(held)} samples")
    pools, all_pools = [], Pools.of(arguments)
    for model, samples in zip(models, held, strict=True):
        blocks = [block for block in all_pools.blocks if block.startswith(f"{model}/")]
        pools += read_pilots(replace(all_pools, blocks=blocks), [model], samples, problems)
    names = np.array([str(row["level"]) for row in problems])
    solved = [coverage_curve(samples, pool.counts.right) for samples, pool in zip(held, pools, strict=True)]
    mixed = {
        k: 1 - ((1 - solved[0][:, mix[0] - 1]) * (1 - solved[1][:, mix[1] - 1])).mean() for k, mix in MIXES.items()
    }
    curves = tuple(one.mean(axis=0) for one in solved)
    truth = Truth(curves, mixed, unique_curve(held[0], pools[0].multiplicities).mean(axis=0))
    random = np.random.default_rng(2)

    def draw() -> Trial:
        chosen = random.choice(len(problems), arguments.questions, replace=False)
        drawn = [
            [list(some_of(pool.multiplicities[question], samples, arguments.samples, random)) for question in chosen]
            for samples, pool in zip(held, pools, strict=True)
        ]
        right = tuple(np.array([sum(counts) for counts in one]) for one in drawn)
        return Trial(right, names[chosen], drawn[0])

    try_pilots("pools", draw, truth, arguments.pilots, arguments.samples)


def some_of(counts: list[int], pool: int, samples: int, random: np.random.Generator) -> Iterator[int]:
    """How often each solution is among `samples` of the pool's samples, without those that are not."""
    drawn = random.multivariate_hypergeometric([*counts, pool - sum(counts)], samples)[:-1]
    return (int(count) for count in drawn if count)


if __name__ == "__main__":
    run(main)
