"""Draw one immutable block of a pool: samples J .. J+K-1 of problems I .. I+N-1, from one model.

A batch is a function of the block and the batch size alone, and each sample's random stream comes from its identity
(study seed, model, problem, sample): a block drawn through interruptions equals one drawn in one go.
"""

import argparse
import hashlib
import json
import os
import re
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from yetbetter.drafts import Draft, open_draft
from yetbetter.errors import UserError
from yetbetter.identity import model_identity, stream_seed
from yetbetter.program import Progress, run, write_sidecar
from yetbetter.records import check_unique, open_text, read_rows

# Raise it when the same settings would draw other samples: every pool is then drawn anew.
SAMPLER_VERSION = 1

SOLUTIONS, ABOUT, TIMES = "solutions.jsonl", "about.json", "times.jsonl"


def load_transformers(arguments):
    from yetbetter.generation import Generator, load_model

    return Generator(*load_model(arguments.model, arguments.revision), arguments.max_context)


# An engine is loaded only when there is something to draw. It has two methods, those of generation.Generator:
# check(prompts, max_new_tokens) and generate(prompts, seeds, temperature, top_k, max_new_tokens, stop).
ENGINES = {"transformers": load_transformers}


@dataclass(frozen=True)
class Batch:
    """What is drawn in one call of the engine: for each problem in order, each sample in order."""

    problems: tuple[dict, ...]
    samples: range

    def identities(self) -> list[tuple]:
        return [(row["problem"], sample) for row in self.problems for sample in self.samples]


def main() -> None:
    arguments = parse_arguments()
    template = read_template(arguments.prompt)
    problems = read_block(arguments.problems, arguments.first_problem, arguments.problems_count)
    for row in problems:
        fill(template, row)
    for output in (arguments.output, arguments.about):
        check_writable(output.parent)
    pool, block = settings_of(arguments, template, problems)
    batches = plan(problems, arguments.first_sample, arguments.samples, arguments.batch_size)
    with open_draft(arguments.output, pool | block, arguments.drafts) as draft:
        if not draft.sealed:
            draw(draft, batches, template, arguments)
            facts = summarize(draft, batches)
            write_sidecar(draft.folder / ABOUT, arguments, pool=pool, block=block, **facts)
            draft.seal()
        draft.publish({SOLUTIONS: arguments.output, ABOUT: arguments.about})


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--problems", type=Path, required=True, help="JSON Lines with `problem` and `question`")
    add("--first-problem", type=at_least(0), default=0, help="first row of the problems, from 0 (default: 0)")
    add("--problems-count", type=at_least(1), required=True, help="rows of the problems; the last block may have fewer")
    add("--first-sample", type=at_least(0), default=0, help="first sample's number, from 0 (default: 0)")
    add("--samples", type=at_least(1), required=True, help="samples per problem")
    add("--model-name", required=True, help="the model's name in the study; part of every sample's random seed")
    add("--model", required=True, help="its folder or hub id")
    add("--revision", help="revision of a hub id (default: main)")
    add("--engine", default="transformers", help=f"one of: {', '.join(ENGINES)} (default: transformers)")
    add("--prompt", type=Path, required=True, help="text file that holds {question} once")
    add("--temperature", type=float, required=True, help="0 is greedy decoding")
    add("--top-k", type=at_least(0), required=True, help="0 keeps the whole vocabulary")
    add("--max-new-tokens", type=at_least(1), required=True)
    add(
        "--max-context",
        type=at_least(0),
        default=0,
        help="limit of prompt and completion; 0: the model's own (default)",
    )
    add("--stop", action="append", default=[], help="a string that ends a completion; may be given several times")
    add(
        "--batch-size",
        type=at_least(1),
        required=True,
        help="sequences drawn together; shapes the results' last digits",
    )
    add("--seed", type=int, required=True, help="the study's seed")
    add("--output", type=Path, required=True, help="the block's solutions (JSON Lines)")
    add("--about", type=Path, required=True, help="sidecar that says how they were drawn (JSON)")
    add("--drafts", type=Path, help="folder for unfinished blocks (default: .drafts beside the output)")
    arguments = parser.parse_args()
    if arguments.engine not in ENGINES:
        raise UserError(f"--engine is {arguments.engine!r}, allowed: {', '.join(ENGINES)}")
    if not 0 <= arguments.temperature < float("inf"):
        raise UserError(f"--temperature is {arguments.temperature}, it must be 0 (greedy) or more")
    if "" in arguments.stop:
        raise UserError("--stop is empty, it must hold at least one character")
    # More than one slash is no hub id: better said before a missing folder is looked up on the network.
    if not Path(arguments.model).is_dir() and not re.fullmatch(r"[\w-][\w.-]*(/[\w.-]+)?", arguments.model):
        raise UserError(f"--model {arguments.model}: no such folder, and not a hub id")
    return arguments


def at_least(least: int):
    def integer(text: str) -> int:
        if int(text) < least:
            raise argparse.ArgumentTypeError(f"{text} is less than {least}")
        return int(text)

    return integer


def check_writable(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise UserError(f"{folder}: not writable")


def read_template(path: Path) -> str:
    """The prompt's text. UserError unless it holds {question} exactly once and ends in something visible."""
    with open_text(path) as file:
        template = file.read()
    if template.count("{question}") != 1:
        raise UserError(f"{path}: holds {{question}} {template.count('{question}')} times, it must hold it once")
    if template != template.rstrip():
        # A trailing space merges with the completion's first token in training, but not in sampling.
        raise UserError(f"{path}: ends in {template[len(template.rstrip()) :]!r}, it must not end in white space")
    return template


def fill(template: str, row: dict) -> str:
    """A problem's prompt. UserError where the question is no text or would leave white space at the prompt's end."""
    if not isinstance(row["question"], str):
        raise UserError(f"problem {row['problem']!r}: its question is {row['question']!r}, it must be text")
    prompt = template.replace("{question}", row["question"])
    if prompt != prompt.rstrip():
        raise UserError(f"problem {row['problem']!r}: its question ends in white space, and with it the prompt")
    return prompt


def read_block(path: Path, first: int, count: int) -> tuple[dict, ...]:
    """`count` problems from row `first`, fewer where the file ends; UserError where there is none."""
    rows = read_rows(path, require=("problem", "question"))
    check_unique(rows, path, "problem")
    if first >= len(rows):
        raise UserError(f"{path}: holds {len(rows)} problems, --first-problem is {first} (counted from 0)")
    return tuple(rows[first : first + count])


def settings_of(arguments, template: str, problems) -> tuple[dict, dict]:
    """All that shapes the samples: what every block of the pool shares, and what is this block's own."""
    pool = {
        "sampler_version": SAMPLER_VERSION,
        "engine": arguments.engine,
        "model_name": arguments.model_name,
        "model": model_identity(arguments.model, arguments.revision),
        "prompt": template,
        "temperature": arguments.temperature,
        "top_k": arguments.top_k,
        "max_new_tokens": arguments.max_new_tokens,
        "max_context": arguments.max_context,
        "stop": arguments.stop,
        "batch_size": arguments.batch_size,
        "seed": arguments.seed,
    }
    questions = json.dumps([[row["problem"], row["question"]] for row in problems])
    block = {
        "first_problem": arguments.first_problem,
        "problems": len(problems),
        "questions": hashlib.sha256(questions.encode()).hexdigest()[:16],
        "first_sample": arguments.first_sample,
        "samples": arguments.samples,
    }
    return pool, block


def plan(problems, first_sample: int, samples: int, batch_size: int) -> list[Batch]:
    """The block's batches, in the order of its rows: whole problems, or parts of one that has too many samples."""
    together = max(1, batch_size // samples)
    last = first_sample + samples
    return [
        Batch(problems[at : at + together], range(start, min(start + batch_size, last)))
        for at in range(0, len(problems), together)
        for start in range(first_sample, last, batch_size)
    ]


def draw(draft: Draft, batches: list[Batch], template: str, arguments) -> None:
    """Draw the batches that the draft does not hold whole yet."""
    done, rows = count_whole(draft.recover(SOLUTIONS), batches)
    draft.truncate(SOLUTIONS, rows)
    draft.recover(TIMES)
    if done == len(batches):
        return
    engine = ENGINES[arguments.engine](arguments)
    prompts = {row["problem"]: fill(template, row) for batch in batches[done:] for row in batch.problems}
    engine.check(list(prompts.values()), arguments.max_new_tokens)
    progress = Progress(f"samples of {arguments.model_name}", sum(len(batch.identities()) for batch in batches))
    tokens, start = 0, time.monotonic()
    for number, batch in enumerate(batches[done:], start=done):
        began = time.monotonic()
        samples = draw_batch(engine, batch, prompts, arguments)
        draft.append(SOLUTIONS, samples)
        draft.append(TIMES, [{"batch": number, "seconds": round(time.monotonic() - began, 3)}])
        rows += len(samples)
        tokens += sum(row["tokens"] for row in samples)
        rate = tokens / (time.monotonic() - start)
        progress.show(rows, f"{rate:,.0f} tokens/s", final=number + 1 == len(batches))


def draw_batch(engine, batch: Batch, prompts: dict, arguments) -> list[dict]:
    """The batch's rows, in the order of its identities."""
    identity = arguments.seed, arguments.model_name
    samples = engine.generate(
        [prompts[row["problem"]] for row in batch.problems],
        [[stream_seed(*identity, row["problem"], sample) for sample in batch.samples] for row in batch.problems],
        arguments.temperature,
        arguments.top_k,
        arguments.max_new_tokens,
        tuple(arguments.stop),
    )
    drawn = [sample for of_problem in samples for sample in of_problem]
    keys = ("text", "tokens", "prompt_tokens", "finish_reason", "seed")
    return [
        {"problem": problem, "sample": number} | {key: sample[key] for key in keys}
        for (problem, number), sample in zip(batch.identities(), drawn, strict=True)
    ]


def count_whole(rows: list[dict], batches: list[Batch]) -> tuple[int, int]:
    """How many batches the rows hold whole and in order, and how many rows these are."""
    kept = 0
    for done, batch in enumerate(batches):
        expected = batch.identities()
        if [(row.get("problem"), row.get("sample")) for row in rows[kept : kept + len(expected)]] != expected:
            return done, kept
        kept += len(expected)
    return len(batches), kept


def summarize(draft: Draft, batches: list[Batch]) -> dict:
    """Counts, tokens and seconds of a finished draft, for the sidecar."""
    rows = draft.recover(SOLUTIONS)
    seconds = {row["batch"]: row["seconds"] for row in draft.recover(TIMES)}
    prompt_tokens, timed_tokens, at = 0, 0, 0
    for number, batch in enumerate(batches):
        drawn = rows[at : at + len(batch.identities())]
        at += len(drawn)
        # The engine reads a prompt once for all its samples of a batch.
        prompt_tokens += sum({row["problem"]: row["prompt_tokens"] for row in drawn}.values())
        timed_tokens += sum(row["tokens"] for row in drawn) if number in seconds else 0
    spent = sum(seconds.values())
    return {
        "counts": {"problems": len({row["problem"] for row in rows}), "samples": len(rows), "batches": len(batches)},
        "completion_tokens": sum(row["tokens"] for row in rows),
        "prompt_tokens": prompt_tokens,
        "seconds": round(spent, 3),
        "tokens_per_second": round(timed_tokens / spent, 1) if spent else None,
        "finish_reasons": dict(Counter(row["finish_reason"] for row in rows)),
        "empty_completions": sum(not row["text"].strip() for row in rows),
        "length_cuts": sum(row["finish_reason"] == "length" for row in rows),
    }


if __name__ == "__main__":
    run(main)
