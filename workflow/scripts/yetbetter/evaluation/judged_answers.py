"""A judge of finetuned models: which of their right answers it is asked about, and how its verdicts are looked up.

As in pools, the right greedy answers with the smallest hashes are judged, of one benchmark of one cell.
"""

from collections.abc import Callable
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.evaluation.benchmarks import Benchmark, asked_references
from yetbetter.evaluation.scoring import find_answers
from yetbetter.judging.judgements import choose_judged, digest_of_text
from yetbetter.judging.samples import Sample
from yetbetter.records import iterate_rows
from yetbetter.tasks import CONVENTIONS, Options, Solution
from yetbetter.verdicts import NOT_JUDGED

# The only benchmark whose answers are judged: others are variants of its problems.
JUDGED = "test"
# What a row of the chosen answers has.
CHOSEN = ("problem", "question", "answer", "text")


def find_judged(benchmarks: list[Benchmark]) -> list[Benchmark]:
    return [benchmark for benchmark in benchmarks if benchmark.name == JUDGED]


def choose_answers(
    path: str, benchmarks: list[Benchmark], options: Options, cell: str, samples: int, seed: int
) -> list[dict]:
    """The right answers of a cell that are judged (problem, question, answer, text), in the benchmark's order.

    path: the answers that evaluate_model.py wrote. cell: its name, part of the hash. samples: at most so many.
    seed: the study's. Raises UserError if answers are missing.
    """
    task = CONVENTIONS[options.convention]
    asked = [
        (benchmark, problem, answer["text"])
        for benchmark, problem, greedy, _ in find_answers(path, benchmarks)
        if benchmark.name == JUDGED
        for answer in greedy
    ]
    references = {benchmark.name: asked_references(benchmark, task) for benchmark in find_judged(benchmarks)}
    solutions = (
        Solution(problem["problem"], 0, text, references[benchmark.name][problem["problem"]])
        for benchmark, problem, text in asked
    )
    verdicts = [verdict["verdict"] for verdict in task.verdicts(solutions, options)]
    names = [problem["problem"] for _, problem, _ in asked]
    pool = [Sample(cell, name, 0, verdict) for name, verdict in zip(names, verdicts, strict=True)]
    chosen = {sample.problem for sample in choose_judged(pool, samples, seed)}
    return [
        {key: problem[key] for key in CHOSEN[:3]} | {"text": text}
        for _, problem, text in asked
        if problem["problem"] in chosen
    ]


def look_up_answers(path: str | Path) -> Callable[[str, str, str], str]:
    """(benchmark, problem, text) -> what the judge says of a right answer; `not_judged` if it was not asked.

    path: of judge_answers.py. UserError if it saw another text.
    """
    require = ("problem", "solution", "verdict")
    judged = {row["problem"]: (row["solution"], row["verdict"]) for row in iterate_rows(path, require=require)}

    def look_up(benchmark: str, problem: str, text: str) -> str:
        if benchmark != JUDGED or problem not in judged:
            return NOT_JUDGED
        digest, verdict = judged[problem]
        if digest != digest_of_text(text):
            raise UserError(f"{path}: no judgement of the answer to {problem!r} with its present text, judge again")
        return verdict

    return look_up
