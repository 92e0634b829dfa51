"""Evaluate a finetuned model: choose its best checkpoint on validation, then answer the benchmarks with that one."""

import argparse
import time
from pathlib import Path

from yetbetter import evaluation, grading, prompts
from yetbetter.drafts import Draft, open_draft
from yetbetter.drawing import Decoding, ask, cut, draw_batches
from yetbetter.engines import load_engine
from yetbetter.errors import UserError
from yetbetter.evaluation import GREEDY, SAMPLED, Benchmark
from yetbetter.identity import fingerprint, model_identity
from yetbetter.program import run, write_sidecar
from yetbetter.records import read_json, write_json

# Raised on purpose when the same settings may draw other solutions.
EVALUATION_VERSION = 1


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoints", required=True, nargs="+", help="model folders, earliest first")
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
    parser.add_argument("--engine", default="transformers")
    parser.add_argument("--temperature", type=float, default=0.7, help="of the sampled answers")
    parser.add_argument("--top-k", type=int, default=3)
    parser.add_argument("--max-new-tokens", type=int, required=True)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0, help="the study's seed")
    parser.add_argument("--cell", required=True, help="identity of the evaluated model, part of every random stream")
    parser.add_argument("--output", required=True, help="JSON Lines of all answers")
    parser.add_argument("--choice", required=True, help="JSON: the chosen checkpoint, and the score of each")
    parser.add_argument("--about", required=True)
    parser.add_argument("--drafts")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    template = prompts.read_template(arguments.prompt)
    benchmarks = [evaluation.parse_benchmark(argument) for argument in arguments.benchmark]
    everything = evaluation.read_rows(arguments.validation, require=("problem", "question", "answer"))
    validation = Benchmark("validation", everything, len(everything), 0, 0)
    settings = {
        "version": EVALUATION_VERSION,
        "checkpoints": [model_identity(path) for path in arguments.checkpoints],
        "prompt": template,
        "answer_format": arguments.answer_format,
        "engine": arguments.engine,
        "temperature": arguments.temperature,
        "top_k": arguments.top_k,
        "max_new_tokens": arguments.max_new_tokens,
        "batch_size": arguments.batch_size,
        "seed": arguments.seed,
        "cell": arguments.cell,
        "benchmarks": [describe(benchmark) for benchmark in [validation, *benchmarks]],
    }
    outputs = {"solutions.jsonl": arguments.output, "choice.json": arguments.choice, "about.json": arguments.about}
    with open_draft(arguments.output, settings, arguments.drafts) as draft:
        if draft.sealed:
            update_choice(draft, validation, arguments)
        if not draft.sealed:
            start = time.monotonic()
            rows = Evaluator(arguments, template, draft).evaluate(validation, benchmarks)
            write_sidecar(
                draft.folder / "about.json",
                arguments,
                settings=settings,
                tokens=sum(row["tokens"] for row in rows),
                cut=sum(row["finish_reason"] == "length" for row in rows),
                empty=sum(not row["text"].strip() for row in rows),
                seconds=round(time.monotonic() - start, 1),
            )
            draft.seal()
        draft.publish(outputs)


def update_choice(draft: Draft, validation: Benchmark, arguments: argparse.Namespace) -> None:
    """Choose again by this grader. Drawn answers hang on it only through the choice: another one reopens the draft."""
    rows = [row for row in draft.recover("solutions.jsonl") if row["benchmark"] == validation.name]
    old, new = read_json(draft.folder / "choice.json"), choice_of(rows, validation, arguments)
    if old["checkpoint"] != new["checkpoint"]:
        draft.reopen()
    elif old != new:
        write_json(draft.folder / "choice.json", new)
        draft.seal()


def choice_of(rows: list[dict], validation: Benchmark, arguments: argparse.Namespace) -> dict:
    golds = {row["problem"]: row["answer"] for row in validation.problems}
    chosen, accuracy = evaluation.choose_checkpoint(rows, golds, arguments.answer_format, arguments.grading_mode)
    return {"checkpoint": chosen, "validation": accuracy}


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

    def __init__(self, arguments: argparse.Namespace, template: str, draft: Draft):
        self.arguments, self.template, self.draft = arguments, template, draft
        # Checkpoints are known by learning rate and number, such as standard/checkpoint-2, not by where they lie.
        self.folders = {"/".join(Path(path).parts[-2:]): path for path in arguments.checkpoints}
        if len(self.folders) < len(arguments.checkpoints):
            raise UserError("--checkpoints: two folders share their last two names")
        self.loaded, self.engine = None, None

    def evaluate(self, validation: Benchmark, benchmarks: list[Benchmark]) -> list[dict]:
        self.prompts = {
            row["problem"]: prompts.fill(self.template, row["question"])
            for item in [validation, *benchmarks]
            for row in item.problems
        }
        scoring = [row for name in self.folders for row in evaluation.requests(validation, name, GREEDY)]
        rows = self.draw(scoring, "validation answers")
        choice = choice_of(rows, validation, self.arguments)
        chosen = choice["checkpoint"]
        print(f"chose {chosen}: validation pass@1 {choice['validation'][chosen]:.3f}", flush=True)
        write_json(self.draft.folder / "choice.json", choice)
        for decoding in (GREEDY, SAMPLED):
            asked = [row for benchmark in benchmarks for row in evaluation.requests(benchmark, chosen, decoding)]
            scoring += asked
            rows = self.draw(scoring, f"{decoding} answers")
        return rows

    def draw(self, coordinates: list[dict], what: str) -> list[dict]:
        # A batch never mixes checkpoints or ways of decoding: each is one call of the generator.
        groups: dict[tuple, list[dict]] = {}
        for row in coordinates:
            groups.setdefault((row["checkpoint"], row["decoding"], row["benchmark"]), []).append(row)
        batches = [batch for group in groups.values() for batch in cut(group, self.arguments.batch_size)]
        return draw_batches(self.draft, "solutions.jsonl", batches, self.answer, what)

    def answer(self, batch: list[dict]) -> list[dict]:
        if batch[0]["checkpoint"] != self.loaded:
            self.loaded = batch[0]["checkpoint"]
            self.engine = None  # frees the memory of the one before
            self.engine = load_engine(self.arguments.engine, self.folders[self.loaded])
            self.engine.check(list(self.prompts.values()), self.arguments.max_new_tokens)
        temperature = self.arguments.temperature if batch[0]["decoding"] == SAMPLED else 0.0
        decoding = Decoding(temperature, self.arguments.top_k, self.arguments.max_new_tokens)
        return ask(self.engine, batch, self.prompts, self.seed_of, decoding)

    def seed_of(self, row: dict) -> int:
        return evaluation.row_seed(self.arguments.seed, self.arguments.cell, row)


if __name__ == "__main__":
    run(main)
