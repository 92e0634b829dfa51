r"""Where a model runs on behind its solution: into a next question, a next turn of a chat, a next instruction."""

import re
from collections.abc import Callable

NEXT = re.compile(
    # A line that opens a next question or turn: "Problem:", "**Question 2:**", "Human:", "### Instruction".
    r"\n[ \t]{0,8}(?:\*\*|#{1,4} ?)?(?:Problem|Question|Exercise|Q)(?P<number> {0,2}#?\d{1,4})?(?:\*\*)?:(?!=)"
    r"|\n[ \t]{0,8}(?:\*\*|#{1,4} ?)?(?:Human|User|HUMAN|USER|Instruction)(?:\*\*)?:(?!=)"
    r"|\n[ \t]{0,8}#{1,4} ?(?:Instructions?|Human|User|Input|Question|Problem|Exercise)"
    r"(?P<heading> {0,2}#?\d{1,4})?[ \t]{0,8}:?[ \t]{0,8}(?=\n|$)"
    # A mark of a chat template.
    r"|\[INST\]|<</?SYS>>|<\|[A-Za-z_]{2,30}\|>|<｜[^｜\n]{1,40}｜>|</s>|<eos>|<(?:start|end)_of_turn>"
)
# The header of the solution's own turn.
HEADER = re.compile(
    r"(?:\s{0,8}(?:<\|[A-Za-z_]{2,30}\|>|<｜[^｜\n]{1,40}｜>|<s>|<bos>|\[/INST\]|<start_of_turn>)"
    r"\s{0,8}(?:(?:assistant|model)(?![a-z]))?){0,8}"
)
# What an answer may be stated with; a text without any of these states none.
MARKS = ("\\boxed", "\\fbox", "nswer", "####", "A:")
MAX_TRIES = 8


def without_run_on(text: str, states_answer: Callable[[str], bool]) -> str:
    """The text up to where the model runs on. A text that opens with a question is not cut there.

    A numbered question ("Question 2:") may be a step of the solution: the text is cut there only where an answer was
    stated before. That is asked at most MAX_TRIES times, so that the work is linear in the text's length.
    """
    start = HEADER.match(text).end()
    blank = len(text) - len(text[start:].lstrip())
    scanned, marked, tries = start, False, MAX_TRIES
    for match in NEXT.finditer(text, start):
        if match.start() <= blank:
            continue
        if not match["number"] and not match["heading"]:
            return text[: match.start()]
        marked = marked or any(text.find(mark, scanned, match.start()) >= 0 for mark in MARKS)
        scanned = match.start()
        if not marked or not tries:
            continue
        marked, tries = False, tries - 1
        if states_answer(text[: match.start()]):
            return text[: match.start()]
    return text
