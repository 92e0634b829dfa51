"""What public data sets share: their parts, fixed orders, and what is left out and why."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from yetbetter.data.questions import question_identity
from yetbetter.errors import UserError

# How a human solution ends, so that the grader reads its answer by that convention.
STATEMENTS = {
    "the_answer_is": "The answer is {answer}.",
    "minerva": "Final Answer: The final answer is ${answer}$. I hope it is correct.",
    "boxed": "The answer is $\\boxed{{{answer}}}$.",
    "gsm8k": "#### {answer}",
}


@dataclass
class Parts:
    """A data set in parts: split -> problems in their fixed order, and the rows that were left out, with the reason."""

    splits: dict[str, list[dict]]
    left_out: list[dict] = field(default_factory=list)

    def leave_out(self, problem: str, split: str, reason: str) -> None:
        self.left_out.append({"problem": problem, "split": split, "reason": reason})


def question_key(question: str) -> str:
    """The question without white space and letter case. It decides published orders, so it must not change."""
    return "".join(question.split()).casefold()


def spelling_free(question: str) -> str:
    """A key for all spellings of a published question; LaTeX may also differ in white space between digits."""
    return question_identity(question).replace(" ", "")


def in_fixed_order(problems: Iterable[dict], salt: str) -> list[dict]:
    """Sorted by a hash of the question: the first so many are a random choice, the same on every machine."""

    def place(row: dict) -> bytes:
        return hashlib.sha256(f"{salt}\n{question_key(row['question'])}".encode()).digest()

    return sorted(problems, key=place)


def drop_repeated(parts: Parts, splits: Iterable[str]) -> None:
    """Keep the first of equal questions; a split named earlier keeps what a later one would repeat."""
    seen: dict[str, str] = {}
    for split in splits:
        kept = []
        for row in parts.splits.get(split, []):
            first = seen.setdefault(spelling_free(row["question"]), row["problem"])
            if first == row["problem"]:
                kept.append(row)
            else:
                parts.leave_out(row["problem"], split, f"the same question as {first}")
        if split in parts.splits:
            parts.splits[split] = kept


def drop_shown(parts: Parts, prompts: dict[str, str]) -> None:
    """Leave out the problems whose questions a prompt shows as examples. prompts: file name -> template."""
    shown = {name: spelling_free(template) for name, template in prompts.items()}
    for split, rows in parts.splits.items():
        kept = []
        for row in rows:
            key = spelling_free(row["question"])
            name = next((name for name, text in shown.items() if key in text), None)
            if name is None:
                kept.append(row)
            else:
                parts.leave_out(row["problem"], split, f"an example in {name}")
        parts.splits[split] = kept


def check_disjoint(splits: dict[str, list[dict]], name: str) -> None:
    """Raise UserError for a question in two splits: a model would be tested on what it was trained on."""
    seen: dict[str, tuple[str, str]] = {}
    for split, rows in splits.items():
        for row in rows:
            key = spelling_free(row["question"])
            other, problem = seen.setdefault(key, (split, row["problem"]))
            if other != split:
                raise UserError(
                    f"{name}: {row['problem']!r} of {split} asks the same as {problem!r} of {other},"
                    " splits must be disjoint"
                )


def state_answer(solution: str, answer: str, answer_format: str) -> str:
    """A human solution with its final answer stated in the data set's convention, on a line of its own."""
    return f"{solution.rstrip()}\n{STATEMENTS[answer_format].format(answer=answer)}"
