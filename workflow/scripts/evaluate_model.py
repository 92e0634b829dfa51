"""Evaluate a finetuned model: choose its best checkpoint on validation, then answer the benchmarks with that one."""

import argparse
import dataclasses
import time
from collections.abc import Iterable
from pathlib import Path

from yetbetter import grading
from yetbetter.drafts import SETTINGS, Draft, open_draft
from yetbetter.errors import UserError
from yetbetter.evaluation import benchmarks as evaluation
from yetbetter.evaluation import pruning
from yetbetter.evaluation.benchmarks import GREEDY, SAMPLED, Benchmark
from yetbetter.generation import options, prompts
from yetbetter.generation.drawing import ask, ask_stream, cut, draw_batches, draw_stream
from yetbetter.generation.engines import close_engine
from yetbetter.identity import fingerprint
from yetbetter.program import run, write_sidecar
from yetbetter.records import digest_of_problems, read_json, write_json
from yetbetter.versions import EVALUATION_VERSION

SOLUTIONS, CHOICE, ABOUT = "solutions.jsonl", "choice.json", "about.json"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--models", required=True, nargs="+", help="finetunings of one model, a folder per learning rate, named like it"
    )
    parser.add_argument("--checkpoints", required=True, type=int, help="in each of them, as checkpoint-1 and so on")
    parser.add_argument("--validation", required=True, help="problems that choose the checkpoint")
    parser.add_argument(
        "--benchmark",
        required=True,
        action="append",
        metavar="NAME:FILE:GREEDY:SAMPLED:SAMPLES",
        help="the first GREEDY problems answered greedily, the first SAMPLED ones SAMPLES times",
    )
    parser.add_argument("--prompt", required=True)
    parser.add_argument("--answer-format", required=True)
    parser.add_argument("--grading-mode", default=grading.STRICT, choices=grading.MODES)
    options.add_arguments(parser, temperature=0.7, top_k=3, batch_size=256)  # of the sampled answers
    parser.add_argument("--seed", type=int, default=0, help="the study's seed")
    parser.add_argument("--cell", required=True, help="identity of the evaluated model, part of every random stream")
    parser.add_argument("--output", required=True, help="JSON Lines of all answers")
    parser.add_argument("--choice", required=True, help="JSON: the chosen checkpoint, and the score of each")
    parser.add_argument("--about", required=True)
    parser.add_argument("--drafts")
    parser.add_argument(
        "--keep",
        default="all",
        choices=("all", "best"),
        help="best: delete all but the best checkpoint of each learning rate once all are scored, drafts included",
    )
    arguments = parser.parse_args()
    options.check_arguments(arguments)
    return arguments


def main() -> None:
    arguments = parse_arguments()
    template = prompts.read_template(arguments.prompt)
    benchmarks = [evaluation.parse_benchmark(argument) for argument in arguments.benchmark]
    everything = evaluation.read_rows(arguments.validation, require=("problem", "question", "answer"))
    validation = Benchmark("validation", everything, len(everything), 0, 0)
    folders = name_checkpoints(arguments.models, arguments.checkpoints)
    settings = {
        "version": EVALUATION_VERSION,
        "checkpoints": {name: pruning.identity_of(path) for name, path in folders.items()},
        "prompt": template,
        "answer_format": arguments.answer_format,
        "seed": arguments.seed,
        "cell": arguments.cell,
        "benchmarks": [describe(benchmark) for benchmark in [validation, *benchmarks]],
        **options.settings_of(arguments),
    }
    with open_draft(arguments.output, settings, arguments.drafts) as draft:
        evaluator = Evaluator(arguments, folders, template, draft, validation, benchmarks)
        # Another gold answer or grader may choose another checkpoint: only its benchmarks are then drawn.
        if draft.sealed and not evaluator.choice_stands():
            draft.unseal()
        if draft.sealed:
            evaluator.remove_losers(read_json(draft.folder / CHOICE))
        else:
            take_over_validation(draft, settings)
            start = time.monotonic()
            rows = evaluator.evaluate()
            write_sidecar(
                draft.folder / ABOUT,
                arguments,
                settings=settings,
                problems_hashes={
                    benchmark.name: digest_of_problems(benchmark.problems) for benchmark in [validation, *benchmarks]
                },
                tokens=sum(row["tokens"] for row in rows),
                cut=sum(row["finish_reason"] == "length" for row in rows),
                empty=sum(not row["text"].strip() for row in rows),
                seconds=round(time.monotonic() - start, 1),
            )
            draft.seal()
        draft.publish({SOLUTIONS: arguments.output, CHOICE: arguments.choice, ABOUT: arguments.about})


def name_checkpoints(models: list[str], count: int) -> dict[str, str]:
    """Checkpoints are known by learning rate and number, such as standard/checkpoint-2, not by where they lie."""
    rates = {Path(model).name: model for model in models}
    if len(rates) < len(models):
        raise UserError("--models: two folders share their name")
    names = [f"checkpoint-{number}" for number in range(1, count + 1)]
    return {f"{rate}/{name}": f"{model}/{name}" for rate, model in rates.items() for name in names}


def take_over_validation(draft: Draft, settings: dict) -> None:
    """Start a new draft with the validation answers of an earlier one, where only the benchmarks are others."""
    if (draft.folder / SOLUTIONS).exists():
        return
    wanted = settings | {"benchmarks": settings["benchmarks"][:1]}
    for path in sorted(draft.folder.parent.glob(f"*/{SETTINGS}")):
        earlier = read_json(path)
        if path.parent != draft.folder and earlier | {"benchmarks": earlier["benchmarks"][:1]} == wanted:
            rows = Draft(path.parent).recover(SOLUTIONS)
            draft.replace(SOLUTIONS, [row for row in rows if row["benchmark"] == settings["benchmarks"][0]["name"]])
            return


def describe(benchmark: Benchmark) -> dict:
    asked = benchmark.problems[: max(benchmark.greedy, benchmark.sampled)]
    counts = {"greedy": benchmark.greedy, "sampled": benchmark.sampled, "samples": benchmark.samples}
    return {
        "name": benchmark.name,
        **counts,
        "problems": fingerprint({row["problem"]: row["question"] for row in asked}),
    }


class Evaluator:
    """Draws the answers of one evaluation into its draft; at most one checkpoint is in memory."""

    def __init__(
        self,
        arguments: argparse.Namespace,
        folders: dict[str, str],
        template: str,
        draft: Draft,
        validation: Benchmark,
        benchmarks: list[Benchmark],
    ):
        self.arguments, self.folders, self.draft = arguments, folders, draft
        self.validation, self.benchmarks = validation, benchmarks
        # By benchmark: problems of two files may have the same id.
        self.prompts = {
            item.name: {row["problem"]: prompts.fill(template, row["question"]) for row in item.problems}
            for item in [validation, *benchmarks]
        }
        self.loaded, self.engine = None, None

    def choose(self, rows: list[dict]) -> dict:
        golds = {row["problem"]: row["answer"] for row in self.validation.problems}
        chosen, accuracy = evaluation.choose_checkpoint(
            rows, golds, self.arguments.answer_format, self.arguments.grading_mode
        )
        return {"checkpoint": chosen, "validation": accuracy}

    def choice_stands(self) -> bool:
        rows = [row for row in self.draft.recover(SOLUTIONS) if row["benchmark"] == self.validation.name]
        return self.choose(rows) == read_json(self.draft.folder / CHOICE)

    def remove_losers(self, choice: dict) -> None:
        if self.arguments.keep == "best":
            pruning.remove_losers(self.folders, choice["validation"], self.arguments.drafts)

    def evaluate(self) -> list[dict]:
        asked = [row for name in self.folders for row in evaluation.requests(self.validation, name, GREEDY)]
        rows = self.draw(asked, "validation answers", more=True)
        choice = self.choose([row for row in rows if row["benchmark"] == self.validation.name])
        chosen = choice["checkpoint"]
        print(f"chose {chosen}: validation pass@1 {choice['validation'][chosen]:.3f}", flush=True)
        write_json(self.draft.folder / CHOICE, choice)
        self.remove_losers(choice)
        for decoding in (GREEDY, SAMPLED):
            for benchmark in self.benchmarks:
                asked += evaluation.requests(benchmark, chosen, decoding)
        return self.draw(asked, "benchmark answers")

    def draw(self, coordinates: list[dict], what: str, more: bool = False) -> list[dict]:
        # A batch never mixes checkpoints or ways of decoding: each is one call of the generator.
        groups: dict[tuple, list[dict]] = {}
        for row in coordinates:
            groups.setdefault((row["checkpoint"], row["decoding"], row["benchmark"]), []).append(row)
        if options.streams(self.arguments):
            return draw_stream(self.draft, SOLUTIONS, list(groups.values()), self.answer, what, more=more)
        batches = [batch for group in groups.values() for batch in cut(group, self.arguments.batch_size)]
        return draw_batches(self.draft, SOLUTIONS, batches, self.answer, what, more=more)

    def answer(self, batch: list[dict]) -> Iterable:
        """A batch's rows, or from an engine that streams, lists of them as they are finished."""
        questions = self.prompts[batch[0]["benchmark"]]
        if batch[0]["checkpoint"] != self.loaded:
            self.loaded = batch[0]["checkpoint"]
            pruning.require_checkpoint(self.folders[self.loaded], self.arguments.drafts)
            close_engine(self.engine)
            self.engine = None  # frees the memory of the one before
            self.engine = options.load(self.arguments, self.folders[self.loaded])
        self.engine.check([questions[row["problem"]] for row in batch], self.arguments.max_new_tokens)
        decoding = options.decoding_of(self.arguments)
        if batch[0]["decoding"] == GREEDY:
            decoding = dataclasses.replace(decoding, temperature=0.0)
        if options.streams(self.arguments):
            return ask_stream(self.engine, batch, questions, self.seed_of, decoding, self.draft.limit.is_due)
        return ask(self.engine, batch, questions, self.seed_of, decoding)

    def seed_of(self, row: dict) -> int:
        return evaluation.row_seed(self.arguments.seed, self.arguments.cell, row)


if __name__ == "__main__":
    run(main)
