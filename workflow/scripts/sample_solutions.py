"""Draw one immutable block of a pool: samples J .. J+K-1 of problems I .. I+N-1, from one model.

A batch is a function of the block and the batch size alone, and each sample's random stream comes from its identity
(study seed, model, problem, sample): a block drawn through interruptions equals one drawn in one go.
"""

import argparse
import hashlib
import json
import os
import time
from collections import Counter
from pathlib import Path

from yetbetter.drafts import Draft, open_draft
from yetbetter.errors import UserError
from yetbetter.generation import options
from yetbetter.generation.drawing import ask, ask_stream, cut, draw_batches, draw_stream
from yetbetter.generation.options import at_least
from yetbetter.generation.prompts import chat_of, fill, read_template
from yetbetter.identity import model_identity, stream_seed
from yetbetter.program import run, write_sidecar
from yetbetter.records import check_unique, digest_of_problems, read_rows
from yetbetter.versions import SAMPLER_VERSION

SOLUTIONS, ABOUT = "solutions.jsonl", "about.json"


def main() -> None:
    arguments = parse_arguments()
    template = read_template(arguments.prompt)
    problems = read_block(arguments.problems, arguments.first_problem, arguments.problems_count)
    for row in problems:
        prompt_of(row, template)
    for output in (arguments.output, arguments.about):
        check_writable(output.parent)
    pool, block = settings_of(arguments, template, problems)
    with open_draft(arguments.output, pool | block, arguments.drafts) as draft:
        if not draft.sealed:
            start = time.monotonic()
            batches = plan(problems, arguments.first_sample, arguments.samples, arguments.batch_size)
            rows = draw(draft, batches, problems, template, arguments)
            facts = summarize(rows, seconds=time.monotonic() - start)
            facts["problems_hash"] = digest_of_problems(read_rows(arguments.problems))
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
    options.add_arguments(parser)
    add("--prompt", type=Path, required=True, help="text file that holds {question} once")
    add("--chat", action="store_true", help="ask in the model's chat format, the filled prompt being the user's turn")
    add("--seed", type=int, required=True, help="the study's seed")
    add("--output", type=Path, required=True, help="the block's solutions (JSON Lines)")
    add("--about", type=Path, required=True, help="sidecar that says how they were drawn (JSON)")
    add("--drafts", type=Path, help="folder for unfinished blocks (default: .drafts beside the output)")
    arguments = parser.parse_args()
    options.check_arguments(arguments)
    options.check_model_name(arguments)
    return arguments


def check_writable(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise UserError(f"{folder}: not writable")


def prompt_of(row: dict, template: str) -> str:
    """A problem's prompt. UserError where the question would leave white space at the prompt's end."""
    prompt = fill(template, row["question"])
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
        "model_name": arguments.model_name,
        "model": model_identity(arguments.model, arguments.revision),
        "prompt": template,
        "seed": arguments.seed,
        **options.settings_of(arguments),
    }
    if arguments.chat:
        pool["chat"] = True
    questions = json.dumps([[row["problem"], row["question"]] for row in problems])
    block = {
        "first_problem": arguments.first_problem,
        "problems": len(problems),
        "questions": hashlib.sha256(questions.encode()).hexdigest()[:16],
        "first_sample": arguments.first_sample,
        "samples": arguments.samples,
    }
    return pool, block


def plan(problems, first_sample: int, samples: int, batch_size: int) -> list[list[dict]]:
    """The block's batches, in the order of its rows: whole problems, or parts of one that has too many samples."""
    together = max(1, batch_size // samples)
    return [
        [{"problem": row["problem"], "sample": sample} for row in group for sample in part]
        for group in cut(problems, together)
        for part in cut(range(first_sample, first_sample + samples), batch_size)
    ]


def draw(draft: Draft, batches: list[list[dict]], problems, template: str, arguments) -> list[dict]:
    prompts = {row["problem"]: prompt_of(row, template) for row in problems}
    decoding = options.decoding_of(arguments)
    engine = None

    def seed_of(row: dict) -> int:
        return stream_seed(arguments.seed, arguments.model_name, row["problem"], row["sample"])

    def load() -> None:
        nonlocal engine
        if arguments.chat:
            chat = chat_of(arguments.model, arguments.revision)
            prompts.update({problem: chat(prompt) for problem, prompt in prompts.items()})
        engine = options.load(arguments, arguments.model, arguments.revision)
        engine.check(list(prompts.values()), arguments.max_new_tokens)

    what = f"samples of {arguments.model_name}"
    if options.streams(arguments):
        everything = [[row for batch in batches for row in batch]]
        return draw_stream(
            draft,
            SOLUTIONS,
            everything,
            lambda rows: ask_stream(engine, rows, prompts, seed_of, decoding, draft.limit.is_due),
            what,
            load,
        )
    return draw_batches(
        draft, SOLUTIONS, batches, lambda batch: ask(engine, batch, prompts, seed_of, decoding), what, load
    )


def summarize(rows: list[dict], seconds: float) -> dict:
    """Counts and tokens of a block, for its sidecar; seconds of the last run, loading included."""
    return {
        "counts": {"problems": len({row["problem"] for row in rows}), "samples": len(rows)},
        "completion_tokens": sum(row["tokens"] for row in rows),
        "prompt_tokens": sum({row["problem"]: row["prompt_tokens"] for row in rows}.values()),
        "seconds": round(seconds, 3),
        "finish_reasons": dict(Counter(row["finish_reason"] for row in rows)),
        "empty_completions": sum(not row["text"].strip() for row in rows),
        "length_cuts": sum(row["finish_reason"] == "length" for row in rows),
    }


if __name__ == "__main__":
    run(main)
