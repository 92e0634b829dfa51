r"""The final answer that a solution states, by the data set's convention.

A solution is first cut at the point at which the model runs on. The last of several statements counts, since a model
may correct itself. Only text is searched here; nothing is interpreted. Every search is linear in the text's length.
"""

import re
from collections.abc import Callable

from yetbetter.grading.boxes import ends_in_a_box, last_box
from yetbetter.grading.denials import denial_before
from yetbetter.grading.fallback import last_formula
from yetbetter.grading.hashes import hash_answer, quantity
from yetbetter.grading.run_on import without_run_on
from yetbetter.grading.statements import (
    BETWEEN,
    BETWEEN_NAMES,
    NUMBER,
    from_the_end,
    is_comment,
    last_statement,
    trim,
    until_end,
    without_reason,
)

LOUD = re.compile(r"the answers? (?:is|are)(?=[: \t])", re.IGNORECASE)
THE_ANSWER_IS = re.compile(r"[Tt]he answers? (?:is|are)(?=[:\s])")
ANY_ANSWER_IS = re.compile(r"[Aa]nswers? (?:to (?:this|the|our) (?:question|problem) )?(?:is|are)(?=[: \t])")
FINAL_ANSWER_IS = re.compile(r"[Ff]inal answers? (?:is|are)(?![a-z])")
ANSWER_LINE = re.compile(
    r"\n[ \t*_#>-]{0,8}(?:(?:[Ff]inal|FINAL|[Tt]he|[Cc]orrect) )?(?:[Aa]ns(?:wers?)?|ANSWERS?)[ *_]{0,4}(?=:)"
)
FINAL_LINE = re.compile(r"\n[ \t*_#>-]{0,8}(?:[Ff]inal|FINAL) (?:[Aa]nswers?|ANSWERS?)[ *_]{0,4}(?=:)")
HOPE = "I hope it is correct"
CHOICE = re.compile(r"\(?[A-J]\)?")
# A line "Answer: 5" counts only if at most this many characters follow its start.
MAX_BEHIND = 300


def extract_answer(text: str, convention: str) -> str | None:
    """The final answer as the text states it, or None. convention: a key of CONVENTIONS."""
    extract = CONVENTIONS[convention]
    return extract(without_run_on(text, STATED[convention]))


def extract_other(text: str, convention: str) -> str | None:
    r"""Another reading of the statement: neighbouring boxes as one list, also with names ("x =") between."""
    if convention not in ("boxed", "minerva", "any") or text.find("box") == text.rfind("box"):  # fewer than two boxes
        return None
    if text.count("\\boxed") + text.count("\\fbox") < 2:
        return None
    text = without_run_on(text, STATED[convention])
    stated = None if convention == "boxed" else final_answer(text)
    boxes = last_box(text, BETWEEN_NAMES)
    if stated and (convention == "minerva" or not boxes or stated > boxes):
        return None
    return content(boxes)


def content(found: tuple[int, str] | None) -> str | None:
    return found[1] if found else None


def extract_the_answer_is(text: str) -> str | None:
    """ "The answer is X", up to the end of its line or sentence, or up to its reason."""
    return content(last_statement(text, THE_ANSWER_IS, "he answer") or loud_statement(text))


def loud_statement(text: str) -> tuple[int, str] | None:
    """ "THE ANSWER IS X", "The Answer is X"."""
    if "Answer" not in text and "ANSWER" not in text:
        return None
    for match in reversed(list(LOUD.finditer(text))):
        found = until_end(text, match.end())
        if found and not is_comment(found):
            return match.start(), without_reason(found)
    return None


def final_answer(text: str) -> tuple[int, str] | None:
    """ "The final answer is X. I hope it is correct." (Lewkowycz et al. 2022, appendix D), as (place, X)."""
    for match in from_the_end(text, FINAL_ANSWER_IS, "inal answer"):
        if denial_before(text, match.start()) is not None:
            continue
        close = text.find(HOPE, match.end(), match.end() + 5_000)
        if close >= 0:
            found = trim(text[match.end() : close].lstrip(":").rstrip().removesuffix("."))
        else:
            found = until_end(text, match.end())
        found = found and without_reason(found)
        if found and not is_comment(found):
            # A box whose closing brace is escaped
            closed = last_box(found) if found.rstrip("$. ").endswith("\\}") else None
            return match.start(), closed[1] if closed else found
    return None


def extract_minerva(text: str) -> str | None:
    """The final answer; without one the last box, or a line "Final answer: X"."""
    found = final_answer(text)
    if not found:
        found = max([found for found in (last_box(text), answer_line(text, FINAL_LINE)) if found], default=None)
    return content(found)


def extract_boxed(text: str) -> str | None:
    return content(last_box(text))


def extract_gsm8k(text: str) -> str | None:
    """The number of "#### X", or of a last line "A: X" as in OpenAI's released samples, without currency and unit."""
    if "####" in text:
        return content(hash_answer(text)) or extract_the_answer_is(text)
    place = text.rfind("\nA:")
    if place < 0 and not text.startswith("A:"):
        return extract_the_answer_is(text)
    return quantity(text[place + 1 :].split("\n", 1)[0][2:])


def extract_stated(text: str) -> str | None:
    """The later of "final answer is", #### and box; else "the answer is", or a line "Answer: X" near the end."""
    found = [found for found in (final_answer(text), hash_answer(text), last_box(text, BETWEEN)) if found]
    if found:
        return max(found)[1]
    return content(last_statement(text, ANY_ANSWER_IS, "nswer") or answer_line(text))


def answer_line(text: str, line: re.Pattern = ANSWER_LINE) -> tuple[int, str] | None:
    """(place, answer) of a line "Answer: X" near the end."""
    tail = "\n" + text[-MAX_BEHIND:]
    if "nswer" not in tail and "NSWER" not in tail and "ns:" not in tail:
        return None
    lines = [match.end() for match in line.finditer(tail)]
    found = until_end(tail, lines[-1]) if lines else None
    if not found or is_comment(found):
        return None
    # Words alone are an answer only if the text ends with them.
    stated = re.search(r"[\d\\$]", found) or CHOICE.fullmatch(found) or text.rstrip(" .*\n").endswith(found)
    if not stated or len(found) > 100:
        return None
    return max(len(text) - MAX_BEHIND, 0) + lines[-1] - 1, without_reason(found)


def extract_any(text: str) -> str | None:
    """For any text: what it states in any known way, else its last formula or number."""
    stated = extract_stated(text)
    if stated:
        return stated
    found = last_formula(text)
    # A text that breaks off in a box may hold half of its number.
    return None if found and NUMBER.fullmatch(found) and ends_in_a_box(text) else found


# How a data set's solutions state their answer.
CONVENTIONS: dict[str, Callable[[str], str | None]] = {
    "the_answer_is": extract_the_answer_is,
    "boxed": extract_boxed,
    "minerva": extract_minerva,
    "gsm8k": extract_gsm8k,
    "any": extract_any,
}
# The same, but without the last resort of `any`, which finds an answer in every text.
STATED = CONVENTIONS | {"any": extract_stated}
