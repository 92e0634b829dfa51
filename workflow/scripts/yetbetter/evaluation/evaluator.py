"""Evaluate a finetuned model: choose its best checkpoint on validation, then answer the benchmarks with that one."""

import dataclasses
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from yetbetter.drafts import SETTINGS, Draft, open_draft
from yetbetter.errors import UserError
from yetbetter.evaluation import pruning
from yetbetter.evaluation.benchmarks import (
    GREEDY,
    SAMPLED,
    Benchmark,
    asked_references,
    choose_checkpoint,
    requests,
    row_seed,
)
from yetbetter.generation.chat_format import chat_format_of
from yetbetter.generation.engines import close_engine
from yetbetter.generation.options import Sampler
from yetbetter.generation.prompts import check_questions, fill
from yetbetter.generation.sampling import ask, ask_stream, cut_into, sample_batches, sample_stream
from yetbetter.identity import fingerprint
from yetbetter.records import digest_of_problems, read_json, write_json
from yetbetter.tasks import CONVENTIONS, Options
from yetbetter.versions import CHAT_VERSION, EVALUATION_VERSION

SOLUTIONS, CHOICE, ABOUT = "solutions.jsonl", "choice.json", "about.json"


@dataclass(frozen=True)
class Evaluation:
    """What is evaluated, and how.

    checkpoints: name (LEARNING_RATE/checkpoint-N) -> folder, earliest first. template: the finetuned model's prompt.
    grading: how answers are graded. seed: the study's. cell: identity of the evaluated model, part of every
    random stream. sampler: how the sampled answers are made; the greedy ones differ in the temperature alone. drafts:
    the folder of all drafts, or None. keep_best: delete all but the best checkpoint of each learning rate once all are
    scored. chat: ask in the model's chat format.
    """

    checkpoints: dict[str, str]
    validation: Benchmark
    benchmarks: list[Benchmark]
    template: str
    grading: Options
    seed: int
    cell: str
    sampler: Sampler
    drafts: str | Path | None = None
    keep_best: bool = False
    chat: bool = False

    def settings(self) -> dict:
        """All that shapes the answers."""
        return {
            "version": EVALUATION_VERSION,
            "checkpoints": {name: pruning.identity_of(path) for name, path in self.checkpoints.items()},
            "prompt": self.template,
            "answer_format": self.grading.convention,
            "seed": self.seed,
            "cell": self.cell,
            "benchmarks": [identity_of_benchmark(benchmark) for benchmark in [self.validation, *self.benchmarks]],
            **({"chat": CHAT_VERSION} if self.chat else {}),
            **self.sampler.settings,
        }


def name_checkpoints(models: list[str], count: int) -> dict[str, str]:
    """name -> folder. A checkpoint's name is its learning rate and number (standard/checkpoint-2), not its path.

    models: folders of finetunings, each named like its learning rate. UserError if two have the same name.
    """
    rates = {Path(model).name: model for model in models}
    if len(rates) < len(models):
        raise UserError("--models: two folders share their name")
    names = [f"checkpoint-{number}" for number in range(1, count + 1)]
    return {f"{rate}/{name}": f"{model}/{name}" for rate, model in rates.items() for name in names}


def identity_of_benchmark(benchmark: Benchmark) -> dict:
    asked = benchmark.problems[: max(benchmark.greedy, benchmark.sampled)]
    counts = {"greedy": benchmark.greedy, "sampled": benchmark.sampled, "samples": benchmark.samples}
    return {
        "name": benchmark.name,
        **counts,
        "problems": fingerprint({row["problem"]: row["question"] for row in asked}),
    }


def evaluate_checkpoints(
    evaluation: Evaluation, output: str, choice: str, about: str, write_about: Callable[..., None]
) -> None:
    """Sample what the draft lacks, publish the answers as `output`, the choice as `choice`, the sidecar as `about`.

    write_about(path, **facts): writes the sidecar.
    """
    settings = evaluation.settings()
    with open_draft(output, settings, evaluation.drafts) as draft:
        evaluator = Evaluator(evaluation, draft)
        # With other gold answers or another grader the choice may differ; then only the benchmarks are sampled again.
        if draft.sealed and not evaluator.is_choice_valid():
            draft.unseal()
        if draft.sealed:
            evaluator.remove_losers(read_json(draft.folder / CHOICE))
        else:
            take_over_validation(draft, settings)
            start = time.monotonic()
            rows = evaluator.evaluate()
            asked = [evaluation.validation, *evaluation.benchmarks]
            write_about(
                draft.folder / ABOUT,
                settings=settings,
                problems_hashes={benchmark.name: digest_of_problems(benchmark.problems) for benchmark in asked},
                tokens=sum(row["tokens"] for row in rows),
                cut=sum(row["finish_reason"] == "length" for row in rows),
                empty=sum(not row["text"].strip() for row in rows),
                seconds=round(time.monotonic() - start, 1),
            )
            draft.seal()
        draft.publish({SOLUTIONS: output, CHOICE: choice, ABOUT: about})


def take_over_validation(draft: Draft, settings: dict) -> None:
    """Start a new draft with the validation answers of an earlier one that only has other benchmarks."""
    if (draft.folder / SOLUTIONS).exists():
        return
    wanted = settings | {"benchmarks": settings["benchmarks"][:1]}
    for path in sorted(draft.folder.parent.glob(f"*/{SETTINGS}")):
        earlier = read_json(path)
        if path.parent != draft.folder and earlier | {"benchmarks": earlier["benchmarks"][:1]} == wanted:
            rows = Draft(path.parent).recover(SOLUTIONS)
            draft.replace(SOLUTIONS, [row for row in rows if row["benchmark"] == settings["benchmarks"][0]["name"]])
            return


class Evaluator:
    """Samples the answers of one evaluation into its draft; at most one checkpoint is in memory."""

    def __init__(self, evaluation: Evaluation, draft: Draft):
        self.evaluation, self.sampler, self.draft = evaluation, evaluation.sampler, draft
        # By benchmark: problems of two files may have the same id.
        self.prompts = {
            item.name: {row["problem"]: fill(evaluation.template, row["question"]) for row in item.problems}
            for item in [evaluation.validation, *evaluation.benchmarks]
        }
        self.in_chat = False
        self.references = asked_references(evaluation.validation, CONVENTIONS[evaluation.grading.convention])
        self.loaded, self.engine, self.checked = None, None, False

    def choose(self, rows: list[dict]) -> dict:
        """The chosen checkpoint, and each one's validation pass@1. rows: the validation answers."""
        chosen, accuracy = choose_checkpoint(rows, self.references, self.evaluation.grading)
        return {"checkpoint": chosen, "validation": accuracy}

    def validation_rows(self, rows: Iterable[dict]) -> list[dict]:
        return [row for row in rows if row["benchmark"] == self.evaluation.validation.name]

    def is_choice_valid(self) -> bool:
        rows = self.validation_rows(self.draft.iterate_recovered(SOLUTIONS))
        return self.choose(rows) == read_json(self.draft.folder / CHOICE)

    def remove_losers(self, choice: dict) -> None:
        if self.evaluation.keep_best:
            pruning.remove_losers(self.evaluation.checkpoints, choice["validation"], self.evaluation.drafts)

    def evaluate(self) -> list[dict]:
        """All answers: of every checkpoint on validation, of the chosen one on the benchmarks."""
        evaluation = self.evaluation
        asked = [row for name in evaluation.checkpoints for row in requests(evaluation.validation, name, GREEDY)]
        choice = self.choose(self.validation_rows(self.sample(asked, "validation answers", more=True)))
        chosen = choice["checkpoint"]
        print(f"chose {chosen}: validation pass@1 {choice['validation'][chosen]:.3f}", flush=True)
        write_json(self.draft.folder / CHOICE, choice)
        self.remove_losers(choice)
        for decoding in (GREEDY, SAMPLED):
            for benchmark in evaluation.benchmarks:
                asked += requests(benchmark, chosen, decoding)
        return self.sample(asked, "benchmark answers")

    def sample(self, coordinates: list[dict], what: str, more: bool = False) -> list[dict]:
        # A batch never mixes checkpoints or ways of decoding: each is one call of the engine.
        groups: dict[tuple, list[dict]] = {}
        for row in coordinates:
            groups.setdefault((row["checkpoint"], row["decoding"], row["benchmark"]), []).append(row)
        if self.sampler.streams:
            return sample_stream(self.draft, SOLUTIONS, list(groups.values()), self.answer, what, more=more)
        batches = [batch for group in groups.values() for batch in cut_into(group, self.sampler.batch_size)]
        return sample_batches(self.draft, SOLUTIONS, batches, self.answer, what, more=more)

    def answer(self, batch: list[dict]) -> Iterable:
        """A batch's rows; from an engine that streams, lists of them as they finish."""
        questions, decoding = self.prompts[batch[0]["benchmark"]], self.sampler.decoding
        self.load(batch[0]["checkpoint"])
        if batch[0]["decoding"] == GREEDY:
            decoding = dataclasses.replace(decoding, temperature=0.0)
        if self.sampler.streams:
            return ask_stream(self.engine, batch, questions, self.seed_of, decoding, self.draft.limit.is_due)
        return ask(self.engine, batch, questions, self.seed_of, decoding)

    def load(self, checkpoint: str) -> None:
        """Load a checkpoint, unless it is the one that is loaded."""
        if checkpoint != self.loaded:
            self.loaded, folder = checkpoint, self.evaluation.checkpoints[checkpoint]
            pruning.require_checkpoint(folder, self.evaluation.drafts)
            self.format_prompts(folder)
            close_engine(self.engine)
            self.engine = None  # frees the memory of the one before
            self.engine = self.sampler.load(folder)
            self.check_questions()

    def format_prompts(self, folder: str) -> None:
        """Put the prompts into the chat format of the model in the folder; all checkpoints have the same one."""
        if not self.evaluation.chat or self.in_chat:
            return
        chat = chat_format_of(folder)
        for asked in self.prompts.values():
            asked.update({problem: chat.ask(prompt) for problem, prompt in asked.items()})
        self.in_chat = True

    def check_questions(self) -> None:
        """UserError for a question that does not fit the model, even of benchmarks that are answered much later."""
        if self.checked:
            return
        asked = {
            (item.name, row["problem"]): self.prompts[item.name][row["problem"]]
            for item in [self.evaluation.validation, *self.evaluation.benchmarks]
            for row in item.problems[: max(item.greedy, item.sampled)]
        }
        check_questions(
            self.engine.check, asked, self.sampler.decoding.max_new_tokens, "{0[0]}: problem {0[1]!r}".format
        )
        self.checked = True

    def seed_of(self, row: dict) -> int:
        return row_seed(self.evaluation.seed, self.evaluation.cell, row)
