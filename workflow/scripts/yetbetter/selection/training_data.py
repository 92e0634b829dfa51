"""Selects an arm's training data from its solutions, shard by shard."""

import argparse
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from yetbetter import grading
from yetbetter.errors import UserError
from yetbetter.judging.samples import Sample
from yetbetter.program import json_object, number, whole
from yetbetter.records import check_unique, dump_row, iterate_rows, write_text
from yetbetter.selection.filters import FILTERS, Reject
from yetbetter.selection.pools import Pools, Shard, parse_draws, read_shards, solution_key
from yetbetter.selection.verified import accept, check_verifications, threshold_of
from yetbetter.selection.voting import Same
from yetbetter.verdicts import CORRECT, UNGRADED

DUPLICATES = ("keep", "drop")


@dataclass(frozen=True)
class Choice:
    """What a source keeps: its filter, the treatment of equal solutions, the most per question (None: all).

    words: the fewest and the most words of a solution (None: no bounds). threshold: the verifier's score from which on
    a solution is accepted; best: instead, the share of them that is.
    """

    filter: str = "ground_truth"
    duplicates: str = "keep"
    keep_per_question: int | None = None
    grading_mode: str = grading.STRICT  # decides which answers are equal in a vote
    words: tuple[int, int] | None = None
    threshold: float = 0.5
    best: float | None = None

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--filter", default="ground_truth", choices=tuple(FILTERS))
        parser.add_argument("--duplicates", default="keep", choices=DUPLICATES)
        parser.add_argument(
            "--keep-per-question", type=whole(1), help="only the first so many kept solutions of each question"
        )
        parser.add_argument(
            "--words",
            nargs=2,
            type=whole(),
            metavar=("AT_LEAST", "AT_MOST"),
            help="only solutions of so many words",
        )
        accepted = parser.add_mutually_exclusive_group()
        accepted.add_argument(
            "--threshold",
            type=number(0, 1),
            default=0.5,
            help="a verifier's score from which on a solution is accepted (default: 0.5)",
        )
        accepted.add_argument(
            "--best", type=number(0, 1, above=True), help="instead: accept this share of the solutions, the best-scored"
        )
        parser.add_argument(
            "--grading-mode", default=grading.STRICT, choices=grading.MODES, help="for a filter that compares answers"
        )

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> "Choice":
        if arguments.keep_per_question is not None and arguments.keep_per_question < 1:
            raise UserError(f"--keep-per-question is {arguments.keep_per_question}, it must be at least 1")
        words = None if arguments.words is None else tuple(arguments.words)
        if words and words[0] > words[1]:
            raise UserError(f"--words is {words[0]} to {words[1]}, no solution has so many")
        choice = (arguments.filter, arguments.duplicates, arguments.keep_per_question, arguments.grading_mode)
        return cls(*choice, words, arguments.threshold, arguments.best)


def add_arm_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of every program that reads an arm: problems, the view of the pools, what is kept of it."""
    parser.add_argument("--problems", required=True)
    parser.add_argument("--draws", required=True, nargs="+", metavar="MODEL:SAMPLES", help="the view of the pools")
    parser.add_argument("--questions", type=whole(1), help="only the first so many problems")
    parser.add_argument(
        "--repetition",
        type=whole(),
        default=0,
        help="which slice of the view's size: 0 (default) are the first samples",
    )
    parser.add_argument(
        "--stop-after",
        type=whole(1),
        metavar="RIGHT",
        help="look at a question's samples in order, of one model after the other, until so many are right",
    )
    parser.add_argument(
        "--groups",
        type=json_object,
        help='which model answers which questions: {"by": "level", "models": {"wc": ["1"], "se": ["2", "3"]}}',
    )
    Pools.add_arguments(parser)
    Choice.add_arguments(parser)


def read_arm(
    arguments: argparse.Namespace, keep: tuple[str, ...], require: tuple[str, ...] = ()
) -> tuple[list[dict], Iterator[Shard], Choice]:
    """(the arm's problems, the samples that it draws, what it keeps of them).

    keep: the keys of a problem to keep, in addition to its name. require: further keys of a solution.
    """
    further = ("level", "subject") if arguments.groups else ()
    problems = read_problems(arguments.problems, *dict.fromkeys([*keep, *further]))
    check_unique(problems, arguments.problems, "problem")
    known = frozenset(row["problem"] for row in problems)
    only = None
    if arguments.questions is not None:
        if not 1 <= arguments.questions <= len(problems):
            raise UserError(
                f"--questions is {arguments.questions}, {arguments.problems} holds {len(problems)} problems"
            )
        problems = problems[: arguments.questions]
        only = [row["problem"] for row in problems]
    choice = Choice.of(arguments)
    entry = FILTERS[choice.filter]
    if arguments.stop_after is not None and not entry.graded:
        raise UserError(f"--stop-after: right answers are counted, which --filter {choice.filter} must not look at")
    check_verifications(arguments.verifications, entry, choice.filter)
    view = {
        "pools": Pools.of(arguments),
        "draws": parse_draws(arguments.draws),
        "questions": only,
        "answers": entry.answers,
        "repetition": arguments.repetition,
        "stop_after": arguments.stop_after,
        "model_of": models_by_group(arguments.groups, problems, arguments.problems) if arguments.groups else None,
    }
    shards = read_shards(**view, require=require, all_right="all_right" in entry.judged)
    if entry.verifier:
        shards = accept_in(shards, view, choice)
    return problems, check_known(shards, known, arguments.problems), choice


def accept_in(shards: Iterable[Shard], view: dict, choice: Choice) -> Iterator[Shard]:
    """The shards with accepted samples. A share needs the scores of all shards, which are read before."""
    threshold = choice.threshold
    if choice.best is not None:
        samples = (sample for shard in read_shards(**view) for sample in shard.samples)
        threshold = threshold_of(samples, choice.best, FILTERS[choice.filter])
    return accept(shards, threshold)


def models_by_group(groups: dict, problems: list[dict], path: str) -> dict[str, str]:
    """Question -> the model that answers it. UserError for a question whose level, or subject, no model has."""
    try:
        by = groups["by"]
        models = {str(value): model for model, values in groups["models"].items() for value in values}
        values = {row["problem"]: str(row[by]) for row in problems}
    except (KeyError, TypeError, AttributeError):
        raise UserError("--groups: must be by (level or subject) and models, each with a list of values") from None
    for problem, value in values.items():
        if value not in models:
            raise UserError(f"{path}: {problem!r} has {by} {value!r}, which no draw names (named: {', '.join(models)})")
    return {problem: models[value] for problem, value in values.items()}


def read_problems(path: str, *keep: str) -> list[dict]:
    """The problems of a split with these of their keys alone, None if a problem lacks one."""
    rows = iterate_rows(path, require=("problem", "question"))
    return [{"problem": row["problem"]} | {key: row.get(key) for key in keep} for row in rows]


def check_known(shards: Iterable[Shard], known: frozenset[str], path: str) -> Iterator[Shard]:
    """The shards; UserError for a solution of an unknown problem."""
    for shard in shards:
        unknown = [sample.problem for sample in shard.samples if sample.problem not in known]
        if unknown:
            raise UserError(f"{path}: no problem {unknown[0]!r}, which the solutions answer")
        yield shard


class Selection:
    """Chooses an arm's training data. counts: how many solutions were kept, and why the others were not.

    duplicates: `drop` keeps the first of equal solutions of one question. keep_per_question: keeps the first of the
    remaining ones, in the order of the blocks. Solutions without text, and solutions cut at the length limit, have no
    end to learn and are always left out. Use it in a `with` block, since comparing answers starts a grader.
    """

    def __init__(self, choice: Choice):
        self.choice, self.filter = choice, FILTERS[choice.filter]
        self.counts = Counter(drawn=0, kept=0)
        self.grader = grading.Grader(choice.grading_mode)

    def __enter__(self) -> "Selection":
        return self

    def __exit__(self, *_) -> None:
        self.grader.close()

    def same(self, answer: str, other: str) -> bool:
        return self.grader.verdict(answer, other) == CORRECT

    def choose(self, samples: list[Sample], solutions: Iterable[tuple[Sample, dict]]) -> Iterator[tuple[Sample, dict]]:
        """The samples of a shard, each with its solution, in order; sets `trained` and `distinct` of the kept ones.

        samples: those of the shard; solutions: the same, each with its solution.
        """
        reasons = reject(samples, self.filter.reject, self.same)
        # Per question: the kept texts, and whether a solution with that text is a right answer.
        kept: dict[str, dict[bytes, bool]] = defaultdict(dict)
        numbers: Counter = Counter()
        for reason, (sample, solution) in zip(reasons, solutions, strict=True):
            reason = reason or unlearnable(solution, self.choice.words)
            before, there = kept[sample.problem], numbers[sample.problem]
            key = None if reason else fingerprint_of(solution["text"])
            if not reason and self.choice.duplicates == "drop" and key in before:
                reason = "out_duplicate"
            elif not reason and there == self.choice.keep_per_question:
                reason = "out_surplus"
            self.counts["drawn"] += 1
            self.counts[f"verdict_{sample.verdict}"] += 1
            self.counts[reason or "kept"] += 1
            if not reason:
                numbers[sample.problem] += 1
                self.counts["kept_duplicates"] += key in before
                right = sample.verdict in (CORRECT, UNGRADED)
                sample.trained, sample.distinct = True, right and not before.get(key)
                before[key] = right or before.get(key, False)
            yield sample, solution


def reject(samples: list[Sample], rule: Reject, same: Same) -> list[str | None]:
    """Why a filter's rule leaves each sample out, or None; the rule is asked once for each question."""
    questions: dict[str, list[int]] = {}
    for place, sample in enumerate(samples):
        questions.setdefault(sample.problem, []).append(place)
    reasons: list[str | None] = [None] * len(samples)
    for places in questions.values():
        for place, reason in zip(places, rule([samples[place] for place in places], same), strict=True):
            reasons[place] = reason
    return reasons


def unlearnable(solution: dict, words: tuple[int, int] | None = None) -> str | None:
    """Why a solution cannot be trained on, or None. words: the fewest and the most that it may have."""
    if not solution["text"].strip():
        return "out_empty"
    if solution["finish_reason"] == "length":
        return "out_cut"
    return "out_length" if words and not words[0] <= len(solution["text"].split()) <= words[1] else None


def fingerprint_of(text: str) -> bytes:
    """A compact key that is equal for equal solutions."""
    return hashlib.blake2b(solution_key(text).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def training_row(problem: str, sample: int, model: str, prompt: str, text: str) -> dict:
    """A prompt and its completion; a prompt ends without a blank, so the completion starts with one."""
    completion = text if text[:1].isspace() else " " + text
    return {"problem": problem, "sample": sample, "prompt": prompt, "completion": completion, "model": model}


def write_by_model(path: str | Path, rows: Iterable[dict], models: Iterable[str]) -> None:
    """Write rows as JSON Lines, model by model in this order, whatever the order of the rows.

    The rows of all models but the first are kept in unnamed temporary files. The file is written atomically.
    """
    first, *others = models
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        waiting = {
            model: stack.enter_context(TemporaryFile("w+", encoding="utf-8", newline="\n", dir=Path(path).parent))
            for model in others
        }

        def lines() -> Iterator[str]:
            for row in rows:
                line = dump_row(row) + "\n"
                if row["model"] == first:
                    yield line
                else:
                    waiting[row["model"]].write(line)
            for file in waiting.values():
                file.seek(0)
                yield from file

        write_text(path, lines())
