"""Ask a model whether the reasoning of right-answered solutions is sound; or how far it agrees with people's labels.

Of a pool: the solutions that its views need (those with the smallest hashes, or for a filter all), each judged once; a
draft keeps every judgement, so that a killed run goes on, and another budget or number of samples judges only what is
missing.
Of a labelled file: every row, and the agreement is printed and written.
"""

import argparse
import time
from collections import Counter
from pathlib import Path

from yetbetter.drafts import Draft, open_draft
from yetbetter.errors import UserError
from yetbetter.generation import options
from yetbetter.generation.drawing import cut, draw_stream
from yetbetter.generation.options import at_least
from yetbetter.generation.prompts import chat_of
from yetbetter.identity import fingerprint, model_identity, stream_seed
from yetbetter.judging.judgements import (
    JUDGE_VERSION,
    View,
    choose_for_views,
    digest,
    fill_judge,
    parse_verdict,
    read_judge_template,
    sort_views,
)
from yetbetter.measures.agreement import measure_agreement, read_labelled, show_agreement
from yetbetter.program import run, write_sidecar
from yetbetter.records import check_unique, digest_of_problems, read_json, read_rows, write_json, write_rows
from yetbetter.selection.pools import Pools, PoolSamples, block_files, check_complete, join
from yetbetter.versions import SAMPLER_VERSION

# Everything that was ever asked with these settings, and what of it this run's output holds.
ASKED, JUDGEMENTS, ABOUT = "asked.jsonl", "judgements.jsonl", "about.json"


def main() -> None:
    arguments = parse_arguments()
    template = read_judge_template(arguments.prompt)
    collect = collect_labelled if arguments.labelled else collect_pool
    asked, facts = collect(arguments, template)
    # The solutions are no part of the settings: each row holds the digest of its own prompt.
    settings = settings_of(arguments, template)
    task = {"judge_version": JUDGE_VERSION, **facts, "asked": fingerprint({"rows": list(map(key_of, asked))})}
    with open_draft(arguments.output, settings, arguments.drafts) as draft:
        if draft.sealed and any(read_json(draft.folder / ABOUT).get(key) != value for key, value in task.items()):
            draft.unseal()
        if not draft.sealed:
            start = time.monotonic()
            take_known(draft, settings, arguments.known)
            rows = judge(draft, asked, arguments)
            write_rows(draft.folder / JUDGEMENTS, rows)
            write_sidecar(
                draft.folder / ABOUT,
                arguments,
                settings=settings,
                **task,
                counts={"judged": len(rows), **Counter(row["verdict"] for row in rows)},
                completion_tokens=sum(row["tokens"] for row in rows),
                prompt_tokens=sum(row["prompt_tokens"] for row in rows),
                seconds=round(time.monotonic() - start, 3),
            )
            draft.seal()
        draft.publish({JUDGEMENTS: arguments.output, ABOUT: arguments.about})
    rows = read_rows(arguments.output, require=("verdict",))
    counts = Counter(row["verdict"] for row in rows)
    print(f"judged {len(rows):,}: " + (", ".join(f"{counts[key]:,} {key}" for key in sorted(counts)) or "nothing"))
    if arguments.labelled:
        report_agreement(rows, settings, arguments)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--labelled", type=Path, help="JSON Lines with question, solution, sound: measure the agreement with these")
    add("--agreement", type=Path, help="with --labelled: where to write it (JSON)")
    add("--problems", type=Path, help="JSON Lines with problem, question, answer")
    add("--solutions", help="folder of the data set's pools")
    add("--verdicts", help="folder of their verdicts on final answers")
    add("--blocks", nargs="+", metavar="MODEL/BLOCK", help="the blocks of one pool")
    view = {"nargs": "+", "default": [], "type": View.parse, "metavar": "SAMPLES[:QUESTIONS]"}
    add(
        "--views",
        help="views of the pool: samples per question, of all or of the first so many",
        **view,
    )
    add("--all-right", help="views of which every right answer is judged, for a filter", **view)
    add("--every", help="views of which every solution is judged, for a filter without the right answer", **view)
    add("--known", type=Path, help="judgements of an earlier run, which are not asked for again")
    add("--samples", type=at_least(1), default=500, help="solutions judged of each view (default: 500)")
    add("--prompt", type=Path, required=True, help="holds {question} and {solution} once, {answer} at most once")
    add("--chat", action="store_true", help="ask in the judge's chat format, the prompt being the user's turn")
    add("--model", required=True, help="the judge's folder or hub id")
    add("--revision", help="revision of a hub id (default: main)")
    options.add_arguments(parser, temperature=0.0, top_k=0, max_new_tokens=512, batch_size=64)
    add("--seed", type=int, default=0, help="the study's seed: of the choice, and of sampled answers (default: 0)")
    add("--output", type=Path, required=True, help="judgements (JSON Lines)")
    add("--about", type=Path, required=True, help="sidecar that says how they were made (JSON)")
    add("--drafts", type=Path, help="folder for unfinished work (default: .drafts beside the output)")
    arguments = parser.parse_args()
    options.check_arguments(arguments)
    options.check_model_name(arguments)
    needed = ("agreement",) if arguments.labelled else ("problems", "solutions", "verdicts", "blocks")
    if not arguments.labelled and not (arguments.views or arguments.all_right or arguments.every):
        raise UserError("--views is missing, which judging a pool needs (or --all-right, or --every)")
    for name in needed:
        if not getattr(arguments, name):
            raise UserError(
                f"--{name} is missing, which judging {'labelled rows' if arguments.labelled else 'a pool'} needs"
            )
    return arguments


def collect_pool(arguments, template: str) -> tuple[list[dict], dict]:
    """What to ask about a pool (problem, sample, model, solution: digest, prompt); how and of what it was chosen."""
    models = sorted({block.partition("/")[0] for block in arguments.blocks})
    if len(models) > 1:
        raise UserError(f"--blocks: of several pools ({', '.join(models)}), a judging is of one")
    problems = read_rows(arguments.problems, require=("problem", "question", "answer"))
    check_unique(problems, arguments.problems, "problem")
    by_name = {row["problem"]: row for row in problems}
    if arguments.every and "{answer}" in template:
        raise UserError(f"{arguments.prompt} holds {{answer}}, which a judge of --every solution must not know")
    order = {row["problem"]: number for number, row in enumerate(problems)}
    kinds = {kind: sort_views(getattr(arguments, kind)) for kind in ("views", "all_right", "every")}
    views = [view for asked in kinds.values() for view in asked]
    pools = Pools(arguments.solutions, arguments.verdicts, None, arguments.blocks)
    rows = PoolSamples(pools, {models[0]: max(view.samples for view in views)})
    for view in views:
        names = None if view.questions is None else list(order)[: view.questions]
        check_complete(view.of(rows, order), {models[0]: view.samples}, names)
    chosen = choose_for_views(rows, samples=arguments.samples, seed=arguments.seed, order=order, **kinds)
    unknown = [sample.problem for sample in chosen if sample.problem not in by_name]
    if unknown:
        raise UserError(f"{arguments.problems}: no problem {unknown[0]!r}, which the solutions answer")
    asked = []
    places = {(sample.problem, sample.sample) for sample in chosen}
    # Texts are held of what is asked about alone.
    for solution in (row for block in pools.blocks for row, _ in join(*block_files(pools, block))):
        if (solution["problem"], solution["sample"]) in places:
            problem = by_name[solution["problem"]]
            asked.append(
                {"problem": solution["problem"], "sample": solution["sample"], "model": models[0]}
                | {"solution": digest(solution["text"])}
                | {"prompt": fill_judge(template, problem["question"], solution["text"], problem["answer"])}
            )
    labels = {kind: [view.label for view in views] for kind, views in kinds.items() if views}
    choice = {"samples": arguments.samples, "seed": arguments.seed} | labels
    return asked, {"choice": choice, "problems_hash": digest_of_problems(problems)}


def collect_labelled(arguments, template: str) -> tuple[list[dict], dict]:
    """What to ask about a labelled file, with the labels in the rows."""
    asked = []
    for row in read_labelled(arguments.labelled):
        if row["answer"] is None and "{answer}" in template:
            raise UserError(f"{arguments.labelled}: {row['problem']} has no answer, which {arguments.prompt} asks for")
        place = {"problem": row["problem"], "sample": 0, "model": "labelled", "solution": digest(row["solution"])}
        labels = {"sound": row["sound"], "correct": row["correct"]}
        prompt = fill_judge(template, row["question"], row["solution"], row["answer"] or "")
        asked.append(place | labels | {"prompt": prompt})
    return asked, {"choice": {"labelled": digest(str([(row["sound"], row["correct"]) for row in asked]))}}


def settings_of(arguments, template: str) -> dict:
    """All that shapes a judgement, besides the problem and the solution."""
    settings = {
        "sampler_version": SAMPLER_VERSION,
        "model": model_identity(arguments.model, arguments.revision),
        "prompt": template,
        "seed": arguments.seed,
        **options.settings_of(arguments),
    }
    return settings | {"chat": True} if arguments.chat else settings


def key_of(row: dict) -> tuple:
    return row["problem"], row["sample"], digest(row["prompt"])


def take_known(draft: Draft, settings: dict, known: Path | None) -> None:
    """Take over what an earlier run was answered under the same settings; another draft holds it."""
    if known is None or read_json(known.with_suffix(".about.json"), require=("settings",))["settings"] != settings:
        return
    there = {(row["problem"], row["sample"], row["asked"]) for row in draft.recover(ASKED)}
    apart = ("model", "solution", "verdict")
    rows = [{key: value for key, value in row.items() if key not in apart} for row in read_rows(known)]
    draft.append(ASKED, [row for row in rows if (row["problem"], row["sample"], row["asked"]) not in there])


def judge(draft: Draft, asked: list[dict], arguments) -> list[dict]:
    """The judgements, in the order of `asked`; what the draft holds already is not asked again."""
    if not asked:
        return []
    prompts = {key_of(row): row["prompt"] for row in asked}
    coordinates = {key: dict(zip(("problem", "sample", "asked"), key, strict=True)) for key in prompts}
    models = {key_of(row): row["model"] for row in asked}
    engine, streams = None, options.streams(arguments)

    def key(row: dict) -> tuple:
        return row["problem"], row["sample"], row["asked"]

    there = {key(row) for row in draft.recover(ASKED) if isinstance(row, dict) and row.keys() >= {"asked", "text"}}
    missing = [row for one, row in coordinates.items() if one not in there]
    # Pieces of what is missing, so that a run killed between two of them ends with the batches of an undisturbed one.
    batches = [[row for one, row in coordinates.items() if one in there]]
    batches += [missing] if streams else cut(missing, arguments.batch_size)

    def load() -> None:
        nonlocal engine
        if arguments.chat:
            chat = chat_of(arguments.model, arguments.revision)
            prompts.update({one: chat(prompt) for one, prompt in prompts.items()})
        engine = options.load(arguments, arguments.model, arguments.revision)
        engine.check([prompts[key(row)] for row in missing], arguments.max_new_tokens)

    def ask(rows: list[dict]):
        given = (
            [prompts[key(row)] for row in rows],
            [[stream_seed(arguments.seed, "judge", models[key(row)], row["problem"], row["sample"])] for row in rows],
            arguments.temperature,
            arguments.top_k,
            arguments.max_new_tokens,
            tuple(arguments.stop),
        )
        if streams:
            for answers in engine.stream(*given, draft.limit.is_due):
                yield [rows[number] | answer for number, _, answer in answers]
        else:
            yield [row | answer for row, (answer,) in zip(rows, engine.generate(*given), strict=True)]

    drawn = draw_stream(draft, ASKED, batches, ask, "judgements", load, more=True)
    answers = {key(row): row for row in drawn}
    return [
        {name: value for name, value in row.items() if name != "prompt"}
        | answers[key_of(row)]
        | {"verdict": parse_verdict(answers[key_of(row)]["text"], answers[key_of(row)]["finish_reason"])}
        for row in asked
    ]


def report_agreement(rows: list[dict], settings: dict, arguments) -> None:
    """Agreement over all labelled rows, and over those with a right final answer where the file says which."""
    groups = {"all": rows, "right answers": [row for row in rows if row["correct"]]}
    found = {
        name: measure_agreement([row["sound"] for row in group], [row["verdict"] for row in group])
        for name, group in groups.items()
        if group
    }
    write_json(arguments.agreement, {"labelled": arguments.labelled.name, "groups": found, "settings": settings})
    for name, measured in found.items():
        print(show_agreement(name, measured))


if __name__ == "__main__":
    run(main)
