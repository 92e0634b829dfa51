"""What a pocket model can learn: its data sets, tokenizer and prompt, and when a solution is right."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

from transformers import PreTrainedTokenizerFast

from yetbetter.execution import Box, Limits, extract_program, from_asserts, open_box, run_programs
from yetbetter.following import load_checkers, read_constraints
from yetbetter.pocket import list_problems, request_problems, words
from yetbetter.pocket.code_tokenizer import build_code_tokenizer
from yetbetter.pocket.families import FAMILIES
from yetbetter.pocket.request_tokenizer import build_request_tokenizer
from yetbetter.pocket.tokenizer import build_tokenizer
from yetbetter.verdicts import CORRECT

LIMITS = Limits(cpu_seconds=2, wall_seconds=30.0)


@dataclass(frozen=True)
class Subject:
    """One kind of problems.

    prompt: holds {question} once. gap: what is between prompt and solution. completion_tokens: no solution in the
    pretraining texts is longer. are_right: from solutions and their problems, equally many, a verdict each.
    """

    datasets: tuple[str, ...]
    build_tokenizer: Callable[[], PreTrainedTokenizerFast]
    prompt: str
    gap: str
    completion_tokens: int
    are_right: Callable[[list[str], list[dict]], list[bool]]

    def prompt_of(self, question: str) -> str:
        return self.prompt.replace("{question}", question)

    def text_of(self, row: dict) -> str:
        """A pretraining text."""
        return f"{self.prompt_of(row['question'])}{self.gap}{row['solution']}"


def is_right(text: str, answer: str) -> bool:
    """Whether a solution ends in "The answer is N." with N the answer."""
    return text.strip().endswith(words.ANSWER.format(answer=answer))


def end_right(texts: list[str], rows: list[dict]) -> list[bool]:
    return [is_right(text, row["answer"]) for text, row in zip(texts, rows, strict=True)]


def pass_tests(texts: list[str], rows: list[dict], key: str = "tests") -> list[bool]:
    """Whether the program in each text passes the problem's tests, in the box; equal programs run once.

    Raises UserError if no box works.
    """
    asked = [
        (row["problem"], extract_program(text, row["entry_point"], row.get("signature", "")))
        for text, row in zip(texts, rows, strict=True)
    ]
    tests = {row["problem"]: from_asserts(row["problem"], row["entry_point"], row[key]) for row in rows}
    distinct = list(dict.fromkeys(asked))
    tasks = [(program, tests[problem]) for problem, program in distinct]
    outcomes = dict(zip(distinct, run_programs(_box(), tasks, limits=LIMITS), strict=True))
    return [outcomes[one].verdict == CORRECT for one in asked]


def follow_all(texts: list[str], rows: list[dict]) -> list[bool]:
    """Whether each text follows all instructions of its problem, strictly, by IFEval's checkers.

    Raises UserError if these are not installed.
    """
    checkers = load_checkers()
    asked = [read_constraints(request_problems.graded(row), row["problem"]) for row in rows]
    return [
        bool(text.strip()) and all(checkers.follow(one, text.removeprefix(" "))[0])
        for text, one in zip(texts, asked, strict=True)
    ]


@functools.cache
def _box() -> Box:
    return open_box()


ARITHMETIC = Subject(tuple(FAMILIES), build_tokenizer, words.PROMPT, " ", 96, end_right)
PROGRAMS = Subject((list_problems.LISTS,), build_code_tokenizer, list_problems.PROMPT, "", 112, pass_tests)
INSTRUCTIONS = Subject(
    (request_problems.REQUESTS,), build_request_tokenizer, request_problems.PROMPT, " ", 72, follow_all
)
SUBJECTS = {"arithmetic": ARITHMETIC, "programs": PROGRAMS, "instructions": INSTRUCTIONS}
