"""The texts that a verifier scores: solutions of a pool, or answers of an evaluation."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from yetbetter.errors import UserError
from yetbetter.records import check_unique, iterate_rows, read_rows, where_is


class Text(NamedTuple):
    """row: the coordinates that its score is written with."""

    row: dict
    question: str
    text: str


def read_questions(path: str) -> dict[str, str]:
    """Problem -> question."""
    rows = read_rows(path, require=("problem", "question"))
    check_unique(rows, path, "problem")
    return {row["problem"]: row["question"] for row in rows}


def read_solutions_of(files: Sequence[str], problems: str) -> list[Text]:
    """The solutions of the files, in order. UserError for one of an unknown problem, or of another one's name."""
    questions = read_questions(problems)
    found, seen = [], set()
    for path in files:
        for number, row in enumerate(iterate_rows(path, require=("problem", "sample", "text")), 1):
            name = row["problem"]
            if name not in questions:
                raise UserError(f"{where_is(path, number)}: problem {name!r} is not among the problems of {problems}")
            if (name, row["sample"]) in seen:
                raise UserError(f"{where_is(path, number)}: sample {row['sample']} of {name!r} is there twice")
            seen.add((name, row["sample"]))
            found.append(Text({"problem": name, "sample": row["sample"]}, questions[name], row["text"]))
    return found


def read_answers(path: str, benchmarks: Sequence[str]) -> list[Text]:
    """The answers of evaluate_model.py to the named benchmarks (NAME:FILE), in order; those to others are left out."""
    questions = {}
    for word in benchmarks:
        name, _, file = word.partition(":")
        if not name or not file:
            raise UserError(f"--problems {word!r}: must be BENCHMARK:FILE with --answers")
        questions[name] = read_questions(file)
    return list(pick_answers(path, questions))


def pick_answers(path: str, questions: dict[str, dict[str, str]]) -> Iterator[Text]:
    require = ("benchmark", "decoding", "problem", "sample", "text")
    seen = set()
    for number, row in enumerate(iterate_rows(path, require=require), 1):
        if row["benchmark"] not in questions:
            continue
        asked = questions[row["benchmark"]]
        if row["problem"] not in asked:
            where = where_is(path, number)
            raise UserError(f"{where}: problem {row['problem']!r} is not among those of {row['benchmark']}")
        place = {key: row[key] for key in require[:-1]}
        if tuple(place.values()) in seen:
            raise UserError(f"{where_is(path, number)}: an answer that is there twice, of several checkpoints?")
        seen.add(tuple(place.values()))
        yield Text(place, asked[row["problem"]], row["text"])
