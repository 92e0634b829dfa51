r"""The point at which a model runs on after its solution: a next question, turn of a chat or instruction."""

import re
from collections.abc import Callable

NEXT = re.compile(
    # A line that opens a next question or turn: "Problem:", "**Question 2:**", "Human:", "### Instruction".
    r"\n[ \t]{0,8}(?=[*#PQEHUIASRN])(?:"
    r"(?:\*\*|#{1,4} ?)?(?:Problem|Question|Exercise|Q)(?P<number> {0,2}#?\d{1,4})?(?:\*\*)?:(?!=)"
    r"|(?:\*\*|#{1,4} ?)?(?P<later>(?:Problem|Question|Exercise) {0,2}#?\d{1,4}(?:\*\*)?(?:\.|[ \t]{0,8}(?=\n))"
    r"|(?:Assistant|ASSISTANT|System|SYSTEM|Response|Next (?:problem|question))(?:\*\*)?:(?!=))"
    r"|(?:\*\*|#{1,4} ?)?(?:Human|User|HUMAN|USER|Instruction)(?:\*\*)?:(?!=)"
    r"|#{1,4} ?(?:Instructions?|Human|User|Input|Question|Problem|Exercise)"
    r"(?P<heading> {0,2}#?\d{1,4})?[ \t]{0,8}:?[ \t]{0,8}(?=\n|$))"
    # The same within a line, if a chat continues without a line break.
    r"|(?<=\s)Human:(?=\s)|(?<=\s)#{2,4} ?Instructions?:"
    # A mark of a chat template.
    r"|\[INST\]|<</?SYS>>|<\|[A-Za-z_]{2,30}\|>|<｜[^｜\n]{1,40}｜>|</s>|<eos>|<(?:human|user)>:|<(?:start|end)_of_turn>"
)
# The beginnings of these: in a line of its own, and as a mark.
LINE = re.compile(
    r"\n[ \t]{0,8}(?:\*\*|#{1,4} ?)?(?:Problem|Question|Exercise|Q|Assistant|ASSISTANT|System|SYSTEM|Response|Next "
    r"|Human|User|HUMAN|USER|Instruction|Input)"
)
TEMPLATE = re.compile(r"<(?:[|｜/]|</?SYS|eos|human|user|start_of|end_of)")
# The header of the solution's own turn.
HEADER = re.compile(
    r"(?:\s{0,8}(?:<\|[A-Za-z_]{2,30}\|>|<｜[^｜\n]{1,40}｜>|<s>|<bos>|\[/INST\]|<start_of_turn>)"
    r"\s{0,8}(?:(?:assistant|model)(?![a-z]))?){0,8}"
)
OPENING = frozenset("<[ \n\t")
FIRST_WORD = re.compile(r"\s*")
# Every statement of an answer holds one of these.
MARKS = ("\\boxed", "\\fbox", "nswer", "####", "A:")
MAX_TRIES = 8


def may_run_on(text: str) -> bool:
    """Whether the text may hold a match of NEXT. Most texts hold none, and this check is faster than a search for NEXT:
    each part looks for one fixed sign first."""
    return (
        LINE.search(text) is not None
        or ("<" in text and TEMPLATE.search(text) is not None)
        or ("H" in text and "Human:" in text)
        or ("[" in text and "[INST]" in text)
        or ("#" in text and "Instruction" in text)
    )


def without_run_on(text: str, state: Callable[[str], str | None]) -> str:
    """The text up to the point at which the model runs on. A text that opens with a question is not cut there.

    A numbered question ("Question 2:") or a turn of the model's own ("### Response:") may be a step of the solution:
    the text is cut there only if an answer was stated before (`state` finds one). `state` is called at most MAX_TRIES
    times, so the work is linear in the length.
    """
    if not may_run_on(text):
        return text
    start = HEADER.match(text).end() if text[:1] in OPENING else 0
    blank = -1  # where the text's first word begins
    scanned, marked, tries = start, False, MAX_TRIES
    for match in NEXT.finditer(text, start):
        if blank < 0:
            blank = FIRST_WORD.match(text, start).end()
        if match.start() <= blank:
            continue
        if not match["number"] and not match["heading"] and not match["later"]:
            return text[: match.start()]
        marked = marked or any(text.find(mark, scanned, match.start()) >= 0 for mark in MARKS)
        scanned = match.start()
        if not marked or not tries:
            continue
        marked, tries = False, tries - 1
        if state(text[: match.start()]) is not None:
            return text[: match.start()]
    return text
