"""Simulated studies: whether intervals hold, how often a verdict is wrong, and how often a true effect is found.

Each study has the finetuned models of the claims on two data sets, two budgets and three targets, in memory, and is
tested by the workflow's own rules. Prints the tables of docs/claims.md:

    python benchmarks/claims.py coverage          # 95 % intervals, noise alike and unlike
    python benchmarks/claims.py borrowed          # the same for arms of one seed
    python benchmarks/claims.py null              # no effect anywhere: studies with some wrong verdict
    python benchmarks/claims.py power             # true effects in claims 4 to 7: studies that find them

Noise is the standard deviation between seeds in points, beside that of the answers: `alike:1`, or quiet and noisy ones,
`budget:0.65/3` (high is the noisy one), `target:...` (student), `source:...` (weak), `cell:...` (one arm),
`further:...` (arms of one seed). A seed is a whole repetition, so its noise may include that between pools.
"""

import argparse
import re
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import NormalDist

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow" / "scripts"))

from yetbetter import program
from yetbetter.claims.columns import CONTRADICTED, REPRODUCED
from yetbetter.claims.evidence import StudyEvidence
from yetbetter.claims.roles import Roles
from yetbetter.claims.rules import SAME_SIGN, Claim, Rules, read_rules
from yetbetter.claims.run import distance_of, run_claims
from yetbetter.claims.tested import Tested, interval
from yetbetter.claims.verdicts import Outcome
from yetbetter.stats.measurements import Measurements
from yetbetter.stats.noise import ALONE, BORROWED, CROSSED

RULES = Path(__file__).resolve().parent.parent / "workflow" / "claims.yaml"
PASS, RATE = "pass@1", "false_positive_rate"
MAIN = ("weak", "strong")
FURTHER = (
    *("number_matched", "high_low", "low_low", "mix", "price_weak", "price_cheap", "price_strong"),
    *("fewer_weak", "fewer_strong", "unfiltered_weak", "unfiltered_strong"),
)
LIKE_WEAK = ("weak", "mix", "high_low")  # sources that have the effect
ROLES = {
    "datasets": {"easier": "easier", "harder": "harder"},
    "budgets": {"low": "low", "high": "high", "price": "price"},
    "sources": {source: source for source in (*MAIN, *FURTHER)},
    "targets": {"student": "student", "weak": "weak", "strong": "strong"},
}
TARGETS = {"student": 0.0, "weak": 0.01, "strong": 0.04}  # accuracy above the student's
FALSE_POSITIVES = 0.1
# Parts of a problem's difficulty that all models, one arm's models, and one model have. Answers of two models to one
# problem then have a correlation of 0.5, those of one arm 0.55.
SHARED, ARM, MODEL = 0.70, 0.06, 0.24
NORMAL = NormalDist()
OWN = (CROSSED, ALONE)  # bases of intervals over own seeds
AXES, PAIRS = ("budget", "target", "source", "cell"), ("0/1", "0.65/1.5", "1.5/3", "0.65/3")
COVERAGE = (
    *("alike:0", "alike:0.65", "alike:1.1", "alike:3"),
    *(f"{axis}:{pair}" for axis in AXES for pair in PAIRS),
)
NULL = (
    *("alike:0", "alike:1.1", "alike:3", "budget:0.65/3"),
    *("budget:1.5/3", "target:1.5/3", "source:0.65/3", "cell:1.5/3"),
)
POWER = ("alike:0.65", "alike:0.9", "alike:1.1")
LENT = (
    *("alike:0", "alike:1.1", "alike:3", "budget:1.5/3"),
    *("target:1.5/3", "source:1.5/3", "further:0.65/1.1", "further:1.5/3"),
)
NUMBER = r"[0-9]{1,2}(\.[0-9]+)?"
NOISE = re.compile(f"alike:{NUMBER}|(budget|target|source|cell|further):{NUMBER}/{NUMBER}")


@dataclass
class Design:
    """What a simulated study is like. noise: as in the program's options.

    effect: of WC data, as a share, on the easier data set `effect_easier` if given. easier, harder: accuracies.
    """

    seeds: int = 3
    further_seeds: int = 3
    problems: int = 4000
    functional: int = 4000
    noise: str = "alike:1"
    effect: float = 0.0
    effect_easier: float | None = None
    easier: float = 0.50
    harder: float = 0.33

    def truth(self, key: tuple) -> float:
        """An arm's true value; key: (dataset, budget, source, target, benchmark, metric)."""
        dataset, _, source, target, benchmark, metric = key
        if metric == RATE:
            return FALSE_POSITIVES
        base = (self.easier if dataset == "easier" else self.harder) + TARGETS[target]
        other = dataset == "easier" and self.effect_easier is not None
        effect = self.effect_easier if other else self.effect
        return base - 0.03 * (benchmark == "functional") + effect * (source in LIKE_WEAK)

    def is_noisy(self, key: tuple) -> bool:
        dataset, budget, source, target = key[:4]
        return {
            "alike": False,
            "budget": budget == "high",
            "target": target == "student",
            "source": source == "weak",
            "cell": (dataset, budget, source, target) == ("harder", "high", "weak", "student"),
            "further": source in FURTHER,
        }[self.noise.partition(":")[0]]

    def seed_sd(self, key: tuple) -> float:
        quiet, _, noisy = self.noise.partition(":")[2].partition("/")
        return float(noisy if self.is_noisy(key) else quiet) / 100


def needed_by(rules: Rules, roles: Roles) -> list[tuple]:
    """Keys of the arms that the claims ask for."""
    keys = set()
    for comparison in (comparison for claim in rules.claims for comparison in claim.comparisons):
        for term in (term for terms in comparison.contrasts for term in terms):
            keys.add(key_of(roles.names(term), comparison.metric))
    return sorted(keys)


def key_of(names: dict[str, str], metric: str) -> tuple:
    place = tuple(names[axis] for axis in ("dataset", "budget", "source", "target"))
    return (*place, names.get("benchmark", "test"), metric)


def simulate(design: Design, rules: Rules, keys: list[tuple], dice: np.random.Generator) -> StudyEvidence:
    """A study drawn from this design."""
    answers, eases, arms = {}, {}, {}
    for key in keys:
        *model, benchmark, metric = key
        units = (model[0], benchmark)
        if units not in eases:
            problems = design.functional if benchmark == "functional" else design.problems
            names = tuple(f"p{number}" for number in range(problems))
            eases[units] = names, dice.standard_normal(problems, dtype=np.float32)
        names, ease = eases[units]
        if (*model, benchmark) not in answers:
            answers[*model, benchmark] = answer(
                design, (*model, benchmark, PASS), ease, shifts_of(design, model, answers, dice), dice
            )
        right = answers[*model, benchmark]
        top, bottom = right, np.ones_like(right)
        if metric == RATE:
            top, bottom = right * (dice.random(right.shape) < FALSE_POSITIVES), right
        place = {"budget": model[1], "source": model[2], "target": model[3]}
        arms[key] = Measurements(names, top, bottom, units, kin=(*units, metric), **place)
    paths = {key[:4]: ["/".join(key[:4])] for key in keys}
    return StudyEvidence(Roles(ROLES, rules.stand_ins), arms, paths)


def shifts_of(design: Design, model: list[str], known: dict, dice: np.random.Generator) -> np.ndarray:
    """What each seed of a model is better by than the arm's true value: the same on every benchmark."""
    if ("shift", *model) not in known:
        seeds = design.further_seeds if model[2] in FURTHER else design.seeds
        known["shift", *model] = dice.normal(0, design.seed_sd(tuple(model)), seeds)
    return known["shift", *model]


def answer(design: Design, key: tuple, ease: np.ndarray, shifts: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """Right answers of each seed, shape (seeds, problems)."""
    chances = np.clip(design.truth(key) + shifts, 0.005, 0.995)
    bounds = np.array([[NORMAL.inv_cdf(chance)] for chance in chances], dtype=np.float32)
    hard = SHARED**0.5 * ease + ARM**0.5 * dice.standard_normal(len(ease), dtype=np.float32)
    drawn = dice.standard_normal((len(shifts), len(ease)), dtype=np.float32)
    return (hard + np.float32(MODEL**0.5) * drawn < bounds).astype(float)


# What is counted ------------------------------------------------------------------------------------------------------


@dataclass
class Count:
    """Over the studies of one design."""

    studies: int = 0
    wrong: int = 0
    found: dict[int, int] = field(default_factory=dict)  # by claim: reproduced
    held: list[bool] = field(default_factory=list)  # by interval
    noisy: list[bool] = field(default_factory=list)  # whether a noisy arm is in it
    widths: list[float] = field(default_factory=list)  # half, of the differences in points
    decided: int = 0  # comparisons with an interval over seeds

    def add(self, design: Design, outcomes: list[Outcome], roles: Roles, bases: tuple[str, ...]) -> None:
        self.studies += 1
        self.wrong += any(is_wrong(outcome, design, roles) for outcome in outcomes)
        for outcome in outcomes:
            self.found[outcome.claim.number] = self.found.get(outcome.claim.number, 0) + (outcome.verdict == REPRODUCED)
            for tested in (one for one in outcome.tested if one.comparison.metric == PASS):
                for number, estimate in enumerate(tested.estimates):
                    if estimate.basis not in bases:
                        continue
                    _, low, high = interval(tested, number)
                    true = tested.shown(true_effect(tested, number, design, roles))
                    keys = [key_of(roles.names(term), PASS) for term in tested.comparison.contrasts[number]]
                    self.held.append(low <= true <= high)
                    self.noisy.append(any(design.is_noisy(key) for key in keys))
                    if not tested.comparison.in_percent:
                        self.widths.append((high - low) / 2)

    def coverage(self, noisy_only: bool = False) -> str:
        held = [one for one, noisy in zip(self.held, self.noisy, strict=True) if noisy or not noisy_only]
        return f"{100 * np.mean(held):.1f}" if held else ""

    def share(self, number: int) -> str:
        return f"{100 * number / self.studies:.0f}"


def true_effect(tested: Tested, number: int, design: Design, roles: Roles) -> float:
    """In the scale of the estimates."""
    total = 0.0
    for term in tested.comparison.contrasts[number]:
        value = design.truth(key_of(roles.names(term), tested.comparison.metric))
        total += term.weight * (np.log(value) if tested.comparison.in_percent else value)
    return 0.0 if abs(total) < 1e-9 else total


def is_wrong(outcome: Outcome, design: Design, roles: Roles) -> bool:
    """Whether a verdict says what is not so. Where an effect is exactly 0 neither the claim nor its opposite is."""
    distances = []
    for tested in outcome.tested:
        effects = [true_effect(tested, number, design, roles) for number in range(len(tested.estimates))]
        same = tested.comparison.relation == SAME_SIGN
        distances.append(effects[0] * effects[1] if same else distance_of(tested, effects[0]))
    if outcome.verdict == REPRODUCED:
        return min(distances) <= 0
    return outcome.verdict == CONTRADICTED and min(distances) >= 0


def count(design: Design, rules: Rules, studies: int, random: int, bases: tuple[str, ...] = ()) -> Count:
    """Counts over so many studies of a design. bases: of the intervals that are counted, which takes time."""
    dice = np.random.default_rng([random, design.seeds, design.problems])
    roles = Roles(ROLES, rules.stand_ins)
    keys, counted = needed_by(rules, roles), Count()
    for _ in range(studies):
        evidence = simulate(design, rules, keys, dice)
        counted.add(design, run_claims(rules, evidence), roles, bases)
    return counted


def claims_of(rules: Rules, *numbers: int) -> Rules:
    chosen = {claim.number: claim for claim in rules.claims}
    return Rules(tuple(on_models(chosen[number]) for number in numbers), rules.margins, rules.stand_ins)


def on_models(claim: Claim) -> Claim:
    """The claim without what it says about training data, and without what is optional."""
    kept = tuple(one for one in claim.comparisons if one.about_models and not one.optional)
    return Claim(claim.number, claim.name, claim.sentence, kept)


# Tables ---------------------------------------------------------------------------------------------------------------


def main() -> None:
    arguments = parse_arguments()
    rules = read_rules(RULES)
    rules = claims_of(
        rules,
        *(
            arguments.claims
            or {"coverage": (4, 5, 6, 7), "borrowed": (4, 10, 11, 12, 13, 16)}.get(arguments.table, (*range(4, 14), 16))
        ),
    )
    began = time.perf_counter()
    tables = {"coverage": show_coverage, "borrowed": show_borrowed, "null": show_null, "power": show_power}
    for row in tables[arguments.table](arguments, rules):
        print("| " + " | ".join(map(str, row)) + " |", flush=True)
    print(f"{arguments.studies} studies a row, {time.perf_counter() - began:.0f} s", file=sys.stderr)


def noise(text: str) -> str:
    """An argument's type: AXIS:POINTS, or AXIS:QUIET/NOISY."""
    if not NOISE.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not alike:POINTS, or AXIS:QUIET/NOISY (see --help for the axes)")
    return text


def parse_arguments() -> argparse.Namespace:
    parser = program.Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    points, share = program.number(-100, 100), program.number(0, 100)
    parser.add_argument("table", choices=["coverage", "borrowed", "null", "power"])
    parser.add_argument("--studies", type=program.whole(1, 10**6), default=400)
    parser.add_argument("--seeds", type=program.whole(1, 1000), nargs="+", default=[3, 4, 5, 6])
    parser.add_argument("--problems", type=program.whole(1, 10**6), nargs="+", default=[4000], help="of the test")
    parser.add_argument("--functional", type=program.whole(1, 10**6), help="functional problems (default: as many)")
    parser.add_argument(
        "--further-seeds", type=program.whole(1, 1000), help="of the arms of claims 9 to 13 and 16 (default: as many)"
    )
    parser.add_argument("--noise", type=noise, nargs="+", help="see above")
    parser.add_argument("--effect", type=points, default=4.0, help="points, for `power`")
    parser.add_argument("--effect-easier", type=points, help="on the easier data set (default: the same)")
    parser.add_argument("--easier", type=share, default=50.0, help="the student's accuracy on the easier data set, %%")
    parser.add_argument("--harder", type=share, default=33.0, help="the same on the harder one")
    parser.add_argument(
        "--claims",
        type=program.whole(),
        choices=(*range(4, 14), 16),
        nargs="+",
        help="default: those that the table needs",
    )
    parser.add_argument("--random", type=program.whole(), default=0, help="seed of the simulation")
    return parser.parse_args()


def designs(arguments: argparse.Namespace, noises: tuple[str, ...], effect: float = 0.0):
    for noise in arguments.noise or noises:
        for seeds in arguments.seeds:
            for problems in arguments.problems:
                sizes = (seeds, arguments.further_seeds or seeds, problems, arguments.functional or problems)
                levels = arguments.easier / 100, arguments.harder / 100
                easier = arguments.effect_easier / 100 if effect and arguments.effect_easier is not None else None
                yield Design(*sizes, noise, effect / 100, easier, *levels)


def show_coverage(arguments: argparse.Namespace, rules: Rules):
    yield "noise", "seeds", "problems", "coverage, %", "where it is noisy", "half width, points"
    yield ("---",) * 6
    for design in designs(arguments, COVERAGE):
        found = count(design, rules, arguments.studies, arguments.random, OWN)
        cells = (found.coverage(), found.coverage(noisy_only=True), f"{np.mean(found.widths):.1f}")
        yield design.noise, design.seeds, design.problems, *cells


def show_borrowed(arguments: argparse.Namespace, rules: Rules):
    yield "noise", "seeds of the lenders", "coverage, %", "where it is noisy", "half width, points"
    yield ("---",) * 5
    arguments.further_seeds = 1
    for design in designs(arguments, LENT):
        found = count(design, rules, arguments.studies, arguments.random, (BORROWED,))
        cells = (found.coverage(), found.coverage(noisy_only=True), f"{np.mean(found.widths):.1f}")
        yield design.noise, design.seeds, *cells


def show_null(arguments: argparse.Namespace, rules: Rules):
    yield "noise", "seeds", "problems", "studies with some wrong verdict, %"
    yield ("---",) * 4
    for design in designs(arguments, NULL):
        found = count(design, rules, arguments.studies, arguments.random)
        yield design.noise, design.seeds, design.problems, f"{100 * found.wrong / found.studies:.1f}"


def show_power(arguments: argparse.Namespace, rules: Rules):
    yield "noise", "seeds", "problems", "functional", *(f"claim {number}, %" for number in (4, 5, 6, 7)), "wrong, %"
    yield ("---",) * 9
    for design in designs(arguments, POWER, arguments.effect):
        found = count(design, rules, arguments.studies, arguments.random)
        powers = (found.share(found.found.get(number, 0)) for number in (4, 5, 6, 7))
        wrong = f"{100 * found.wrong / found.studies:.1f}"
        yield design.noise, design.seeds, design.problems, design.functional, *powers, wrong


if __name__ == "__main__":
    program.run(main)
