"""One immutable block of a pool: samples J .. J+K-1 of problems I .. I+N-1, from one model.

The batches depend only on the block and the batch size, and each sample's random stream on its identity (study seed,
model, problem, sample): a block that was interrupted equals one that was sampled in one go.
"""

import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from yetbetter.drafts import Draft, open_draft
from yetbetter.errors import UserError
from yetbetter.generation.options import Sampler
from yetbetter.generation.prompts import chat_of, check_questions, fill
from yetbetter.generation.sampling import ask, ask_stream, cut_into, sample_batches, sample_stream
from yetbetter.identity import model_identity, stream_seed
from yetbetter.records import check_unique, digest_of_problems, read_rows
from yetbetter.versions import SAMPLER_VERSION

SOLUTIONS, ABOUT = "solutions.jsonl", "about.json"


@dataclass(frozen=True)
class Block:
    """A block, and how it is sampled.

    problems: the block's rows (problem, question; prefix: the start of the solution that is to be completed, if one
    is). source: the file that they are from. first_problem: row of the first
    in that file, from 0. first_sample, samples: numbers of the first sample, from 0, and of samples per problem.
    model_name: the model's name in the study, part of every random stream. model, revision: its folder or hub id. chat:
    ask in the model's chat format. seed: the study's.
    """

    problems: tuple[dict, ...]
    source: Path
    first_problem: int
    first_sample: int
    samples: int
    template: str
    model_name: str
    model: str
    revision: str | None
    chat: bool
    seed: int
    sampler: Sampler

    def pool_settings(self) -> dict:
        """What shapes the samples and is the same for every block of the pool."""
        settings = {
            "sampler_version": SAMPLER_VERSION,
            "model_name": self.model_name,
            "model": model_identity(self.model, self.revision),
            "prompt": self.template,
            "seed": self.seed,
            **self.sampler.settings,
        }
        return settings | {"chat": True} if self.chat else settings

    def block_settings(self) -> dict:
        """What shapes the samples and is this block's own."""
        asked = [
            [row["problem"], row["question"], *([row["prefix"]] if "prefix" in row else [])] for row in self.problems
        ]
        questions = json.dumps(asked)
        return {
            "first_problem": self.first_problem,
            "problems": len(self.problems),
            "questions": hashlib.sha256(questions.encode()).hexdigest()[:16],
            "first_sample": self.first_sample,
            "samples": self.samples,
        }

    def prompts(self) -> dict[str, str]:
        """The prompt of each problem, before any chat format."""
        return {row["problem"]: prompt_of(row, self.template) for row in self.problems}

    def prefixes(self) -> dict[str, str]:
        """The start of the solution that is to be completed, of the problems that have one."""
        return {row["problem"]: prefix_of(row) for row in self.problems if "prefix" in row}

    def seed_of(self, row: dict) -> int:
        """The random stream of a sample."""
        return stream_seed(self.seed, self.model_name, row["problem"], row["sample"])


def read_block(path: Path, first: int, count: int) -> tuple[dict, ...]:
    """`count` problems from row `first` on, fewer at the end of the file; UserError if there is none."""
    rows = read_rows(path, require=("problem", "question"))
    check_unique(rows, path, "problem")
    if first >= len(rows):
        raise UserError(f"{path}: holds {len(rows)} problems, --first-problem is {first} (counted from 0)")
    return tuple(rows[first : first + count])


def prompt_of(row: dict, template: str) -> str:
    """A problem's prompt. UserError if it ends in white space, because the question does."""
    prompt = fill(template, row["question"])
    if prompt != prompt.rstrip():
        raise UserError(f"problem {row['problem']!r}: its question ends in white space, and with it the prompt")
    return prompt


def prefix_of(row: dict) -> str:
    """A problem's `prefix`. UserError unless it is text that does not end in white space, which the model would not
    have ended it with."""
    prefix = row["prefix"]
    if not isinstance(prefix, str) or prefix != prefix.rstrip():
        raise UserError(f"problem {row['problem']!r}: its prefix is no text, or ends in white space")
    return prefix


def make_block(block: Block, output: Path, about: Path, drafts: Path | None, write_about: Callable[..., None]) -> None:
    """Sample what the block's draft lacks, then publish the solutions as `output` and the sidecar as `about`.

    write_about(path, **facts): writes the sidecar.
    """
    # Both raise for a bad problem before anything is written.
    block.prompts()
    if block.prefixes() and block.sampler.options.get("chat"):
        raise UserError(f"{block.source}: holds prefixes, which a chat endpoint cannot complete (chat: false)")
    for path in (output, about):
        check_writable(path.parent)
    pool, own = block.pool_settings(), block.block_settings()
    with open_draft(output, pool | own, drafts) as draft:
        if not draft.sealed:
            start = time.monotonic()
            rows = sample_block(block, draft)
            facts = summarize_block(rows, seconds=time.monotonic() - start)
            facts["problems_hash"] = digest_of_problems(read_rows(block.source))
            write_about(draft.folder / ABOUT, pool=pool, block=own, **facts)
            draft.seal()
        draft.publish({SOLUTIONS: output, ABOUT: about})


def check_writable(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise UserError(f"{folder}: not writable")


def plan_batches(problems: Sequence[dict], first_sample: int, samples: int, batch_size: int) -> list[list[dict]]:
    """The coordinates of a block in batches, in the order of its rows.

    A batch holds whole problems, or a part of one problem with more samples than the batch size.
    """
    together = max(1, batch_size // samples)
    return [
        [{"problem": row["problem"], "sample": sample} for row in group for sample in part]
        for group in cut_into(problems, together)
        for part in cut_into(range(first_sample, first_sample + samples), batch_size)
    ]


def sample_block(block: Block, draft: Draft) -> list[dict]:
    """All rows of the block; those that the draft holds are not sampled again."""
    sampler, prompts = block.sampler, block.prompts()
    batches = plan_batches(block.problems, block.first_sample, block.samples, sampler.batch_size)
    engine = None

    def load() -> None:
        nonlocal engine
        if block.chat:
            chat = chat_of(block.model, block.revision)
            prompts.update({problem: chat(prompt) for problem, prompt in prompts.items()})
        for problem, prefix in block.prefixes().items():
            # A chat format says itself what comes before an answer.
            prompts[problem] += prefix.lstrip() if block.chat else prefix
        engine = sampler.load(block.model, block.revision)
        check_questions(engine.check, prompts, sampler.decoding.max_new_tokens)

    def sample(rows: list[dict]):
        if sampler.streams:
            return ask_stream(engine, rows, prompts, block.seed_of, sampler.decoding, draft.limit.is_due)
        return ask(engine, rows, prompts, block.seed_of, sampler.decoding)

    what = f"samples of {block.model_name}"
    if sampler.streams:
        everything = [row for batch in batches for row in batch]
        return sample_stream(draft, SOLUTIONS, [everything], sample, what, load)
    return sample_batches(draft, SOLUTIONS, batches, sample, what, load)


def summarize_block(rows: list[dict], seconds: float) -> dict:
    """Counts and tokens of a block, for its sidecar. seconds: of the last run, loading included."""
    return {
        "counts": {"problems": len({row["problem"] for row in rows}), "samples": len(rows)},
        "completion_tokens": sum(row["tokens"] for row in rows),
        "prompt_tokens": sum({row["problem"]: row["prompt_tokens"] for row in rows}.values()),
        "seconds": round(seconds, 3),
        "finish_reasons": dict(Counter(row["finish_reason"] for row in rows)),
        "empty_completions": sum(not row["text"].strip() for row in rows),
        "length_cuts": sum(row["finish_reason"] == "length" for row in rows),
    }
