"""Asking a judge: each solution once, whatever happens to the job, and nothing again that was asked before."""

import argparse
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from yetbetter.drafts import Draft, open_draft
from yetbetter.generation import options
from yetbetter.generation.options import Sampler
from yetbetter.generation.prompts import chat_of, check_questions
from yetbetter.generation.sampling import ask, ask_stream, cut_into, sample_stream
from yetbetter.identity import fingerprint, model_identity, stream_seed
from yetbetter.judging.judgements import digest_of_text, parse_verdict, read_judge_template
from yetbetter.program import MOST, Output, whole
from yetbetter.records import iterate_rows, read_json, write_rows
from yetbetter.versions import JUDGE_VERSION, SAMPLER_VERSION

# Everything that was ever asked with these settings, and the part of it that this run's output holds.
ASKED, JUDGEMENTS, ABOUT = "asked.jsonl", "judgements.jsonl", "about.json"
# What a question to the judge is: its last part is the digest of the filled prompt.
KEY = ("problem", "sample", "asked")
key_of_answer = itemgetter(*KEY)


@dataclass(frozen=True)
class Judge:
    """A judge, and how it is asked. model, revision: folder or hub id. chat: in its chat format. seed: the study's."""

    model: str
    revision: str | None
    chat: bool
    template: str
    seed: int
    sampler: Sampler

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """The arguments of a program that asks a judge, and where its judgements go."""
        add = parser.add_argument
        add("--prompt", type=Path, required=True, help="holds {question} and {solution} once, {answer} at most once")
        add("--chat", action="store_true", help="ask in the judge's chat format, the prompt being the user's turn")
        add("--model", required=True, help="the judge's folder or hub id")
        add("--revision", help="revision of a hub id (default: main)")
        options.add_arguments(parser, temperature=0.0, top_k=0, max_new_tokens=512, batch_size=64)
        seed = "the study's seed: of the choice, if it is made here, and of sampled answers (default: 0)"
        add("--seed", type=whole(-MOST), default=0, help=seed)
        add("--output", action=Output, type=Path, required=True, help="judgements (JSON Lines)")
        add("--about", action=Output, type=Path, required=True, help="sidecar that says how they were made (JSON)")
        add("--drafts", type=Path, help="folder for unfinished work (default: .drafts beside the output)")

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> "Judge":
        """UserError if the model cannot be asked, or for a template without its places."""
        sampler = options.sampler_of(arguments)
        options.check_model_argument(sampler, arguments.model, arguments.chat)
        template = read_judge_template(arguments.prompt)
        return cls(arguments.model, arguments.revision, arguments.chat, template, arguments.seed, sampler)

    def settings(self) -> dict:
        """All that shapes a judgement, except the problem and the solution."""
        settings = {
            "sampler_version": SAMPLER_VERSION,
            "model": model_identity(self.model, self.revision),
            "prompt": self.template,
            "seed": self.seed,
            **self.sampler.settings,
        }
        return settings | {"chat": True} if self.chat else settings


def make_judgements(
    judge: Judge,
    asked: list[dict],
    facts: dict,
    output: Path,
    about: Path,
    drafts: Path | None,
    known: Path | None,
    write_about: Callable[..., None],
) -> dict:
    """Ask what the draft lacks, publish the judgements of `asked` as `output` and the sidecar as `about`, print counts.

    asked: rows with problem, sample, model, solution (its digest) and prompt. facts: how and from what they were
    chosen, for the sidecar. known: judgements of an earlier run, which are taken over if their settings are the same.
    write_about(path, **facts): writes the sidecar. Returns the judge's settings.
    """
    # The solutions are not part of the settings: each row holds the digest of its own prompt.
    settings = judge.settings()
    task = {"judge_version": JUDGE_VERSION, **facts, "asked": fingerprint({"rows": list(map(key_of, asked))})}
    with open_draft(output, settings, drafts) as draft:
        if draft.sealed and any(read_json(draft.folder / ABOUT).get(key) != value for key, value in task.items()):
            draft.unseal()
        if not draft.sealed:
            start = time.monotonic()
            take_known(draft, settings, known)
            rows = ask_judge(judge, draft, asked)
            write_rows(draft.folder / JUDGEMENTS, rows)
            write_about(
                draft.folder / ABOUT,
                settings=settings,
                **task,
                counts={"judged": len(rows), **Counter(row["verdict"] for row in rows)},
                completion_tokens=sum(row["tokens"] for row in rows),
                prompt_tokens=sum(row["prompt_tokens"] for row in rows),
                seconds=round(time.monotonic() - start, 3),
            )
            draft.seal()
        draft.publish({JUDGEMENTS: output, ABOUT: about})
    counts = Counter(row["verdict"] for row in iterate_rows(output, require=("verdict",)))
    listed = ", ".join(f"{counts[key]:,} {key}" for key in sorted(counts)) or "nothing"
    print(f"judged {counts.total():,}: {listed}")
    return settings


def key_of(row: dict) -> tuple[str, int, str]:
    """The KEY of a row that is to be asked."""
    return row["problem"], row["sample"], digest_of_text(row["prompt"])


def name_of_question(key: tuple[str, int, str]) -> str:
    return f"problem {key[0]!r}, sample {key[1]}"


def take_known(draft: Draft, settings: dict, known: Path | None) -> None:
    """Add to the draft what an earlier run, whose draft is another one, was answered under the same settings."""
    if known is None or read_json(known.with_suffix(".about.json"), require=("settings",))["settings"] != settings:
        return
    there = {key_of_answer(row) for row in draft.recover(ASKED)}
    apart = ("model", "solution", "verdict")
    rows = ({key: value for key, value in row.items() if key not in apart} for row in iterate_rows(known))
    draft.append(ASKED, [row for row in rows if key_of_answer(row) not in there])


def ask_judge(judge: Judge, draft: Draft, asked: list[dict]) -> list[dict]:
    """The judgements, in the order of `asked`; what the draft holds already is not asked again."""
    if not asked:
        return []
    sampler = judge.sampler
    keys = [key_of(row) for row in asked]
    there = {
        key_of_answer(row) for row in draft.recover(ASKED) if isinstance(row, dict) and row.keys() >= {"asked", "text"}
    }
    # By key, so that the same question is asked once.
    questions = dict(zip(keys, asked, strict=True))
    prompts = {key: row["prompt"] for key, row in questions.items() if key not in there}
    missing = [dict(zip(KEY, key, strict=True)) for key in prompts]
    # What is there comes first, and the rest in pieces: a run killed between two of them ends with the same batches.
    batches = [[dict(zip(KEY, key, strict=True)) for key in questions if key in there]]
    batches += [missing] if sampler.streams else cut_into(missing, sampler.batch_size)
    engine = None

    def load() -> None:
        nonlocal engine
        if judge.chat:
            chat = chat_of(judge.model, judge.revision)
            prompts.update({key: chat(prompt) for key, prompt in prompts.items()})
        engine = sampler.load(judge.model, judge.revision)
        check_questions(engine.check, prompts, sampler.decoding.max_new_tokens, name_of_question)

    def seed_of(row: dict) -> int:
        model = questions[key_of_answer(row)]["model"]
        return stream_seed(judge.seed, "judge", model, row["problem"], row["sample"])

    def sample(rows: list[dict]):
        if sampler.streams:
            is_due = draft.limit.is_due
            yield from ask_stream(engine, rows, prompts, seed_of, sampler.decoding, is_due, key_of_answer)
        else:
            yield ask(engine, rows, prompts, seed_of, sampler.decoding, key_of_answer)

    answered = sample_stream(draft, ASKED, batches, sample, "judgements", load, more=True)
    answers = {key_of_answer(row): row for row in answered}
    return [judgement_of(row, answers[key]) for row, key in zip(asked, keys, strict=True)]


def judgement_of(row: dict, answer: dict) -> dict:
    """What was asked, less its prompt, with the judge's answer and the verdict in it."""
    verdict = parse_verdict(answer["text"], answer["finish_reason"])
    return {name: value for name, value in row.items() if name != "prompt"} | answer | {"verdict": verdict}
