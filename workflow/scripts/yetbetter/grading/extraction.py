r"""The final answer that a solution states, by the data set's convention.

A solution is first cut where the model runs on into a next question. Of several statements the last one counts: a model
that corrects itself means its last word. Only text is searched here; nothing is interpreted. Every search is linear in
the length of the text.
"""

import re
from collections.abc import Callable

from yetbetter.grading.statements import BETWEEN, last_formula, quantity, trim

# A line that opens a next question, and the marks that end a turn.
NEXT_QUESTION = re.compile(
    r"\n[ \t]{0,8}(?:\*\*|#{1,4} )?(?:Problem|Question|Exercise|Q)(?P<number> {0,2}#?\d{1,4})?(?:\*\*)?:(?!=)"
    r"|<\|(?:im_start|im_end|endoftext|eot_id|end)\|>|</s>|<eos>|<end_of_turn>"
)
# An answer ends with its line, or where a sentence does; a point inside a number is followed by a digit.
END = re.compile(r"\n|\.(?=\s|$)")
BOXES = ("\\boxed", "\\fbox")
BRACE = re.compile(r"\\(?:boxed|fbox)[ \t]{0,4}\{|\\.|[{}]", re.DOTALL)
BOXED = re.compile(r"^\\(?:boxed|fbox) ?\{([^{}]*)\}$")
BARE_BOX = re.compile(r"[ \t]*([^\s{}$\\]{1,40}|\\[a-zA-Z]+)")


def extract_answer(text: str, convention: str) -> str | None:
    """The final answer as the text states it, or None. convention: a key of CONVENTIONS.

    A text that opens with a question is not cut there. A numbered one ("Question 2:") may be a step of the solution:
    there it is cut only where an answer was stated before.
    """
    extract = CONVENTIONS[convention]
    for match in NEXT_QUESTION.finditer(text):
        head = text[: match.start()]
        if head and not head.isspace():
            if not match["number"]:
                return extract(head)
            found = extract(head)
            if found is not None or match.start() > 50_000:
                return found
    return extract(text)


def after_last(text: str, phrase: str, follow: str) -> str | None:
    """The answer behind the last `phrase` (its first letter in either case) that is followed by one of `follow`."""
    starts = (phrase[0].upper() + phrase[1:], phrase[0].lower() + phrase[1:])
    end = len(text)
    while True:
        place = max(text.rfind(start, 0, end) for start in starts)
        if place < 0:
            return None
        start = place + len(phrase)
        if start < len(text) and text[start] in follow:
            return until_end(text, start + 1)
        # Overlaps are impossible: the phrase does not contain its own start twice.
        end = place + len(phrase) - 1


def until_end(text: str, start: int) -> str | None:
    """From `start` to the end of the line or sentence; a \\begin that is open there is read up to its \\end."""
    match = END.search(text, start)
    end = match.start() if match else len(text)
    opened = text.rfind("\\begin{", start, end)
    if opened >= 0 and text.find("\\end{", opened, end) < 0:
        closed = text.find("\\end{", end)
        if closed >= 0:
            match = END.search(text, closed)
            end = match.start() if match else len(text)
    return trim(text[start:end])


def extract_the_answer_is(text: str) -> str | None:
    """ "The answer is X", up to the end of its line or sentence."""
    return after_last(text, "the answer is", ": \t")


def extract_minerva(text: str) -> str | None:
    """ "The final answer is X. I hope it is correct." (Lewkowycz et al. 2022, appendix D); without it the last box."""
    stated = max(text.rfind("final answer is"), text.rfind("Final answer is"))
    if stated >= 0:
        start = stated + len("final answer is")
        close = text.find("I hope it is correct", start)
        if close >= 0:
            found = trim(text[start:close].lstrip(":").rstrip().removesuffix("."))
        else:
            found = until_end(text, start + (text[start : start + 1] == ":"))
        if found:
            return found
    return extract_boxed(text)


def extract_boxed(text: str, join: bool = False) -> str | None:
    r"""The content of the last closed, non-empty \boxed or \fbox.

    join: boxes that stand beside it ("\boxed{1} and \boxed{2}") are one list; MATH's gold answers take the last alone.
    """
    place = max(text.rfind(name) for name in BOXES)
    if place < 0:
        return None
    start = text.find("{", place, place + 12)
    if start < 0 or text[place:start].strip(" \t") not in BOXES:
        bare = BARE_BOX.match(text, place + len("\\boxed" if text.startswith("\\boxed", place) else "\\fbox"))
        return trim(bare[1].rstrip(".,;")) if bare else None
    boxes = closed_boxes(text)
    while boxes and not boxes[-1][2].strip():
        boxes.pop()
    if not boxes:
        return None
    joined = [boxes[-1]]
    for box in reversed(boxes[:-1] if join else []):
        gap = text[box[1] : joined[-1][0]]
        if len(gap) > 60 or not BETWEEN.fullmatch(gap) or not box[2].strip():
            break
        joined.append(box)
    found = ", ".join(box[2].strip() for box in reversed(joined))
    return (BOXED.sub(r"\1", found) if found.startswith(BOXES) else found) or None


def closed_boxes(text: str) -> list[tuple[int, int, str]]:
    """(start, end, content) of every outermost-or-last closed box, in one pass over the braces."""
    first = min(place for place in (text.find(name) for name in BOXES) if place >= 0)
    stack: list[tuple[int, int]] = []
    found = []
    for match in BRACE.finditer(text, first):
        token = match[0]
        if token == "}":
            if stack:
                start, content = stack.pop()
                if start >= 0:
                    while found and found[-1][0] > start:  # a box inside this one
                        found.pop()
                    found.append((start, match.end(), text[content : match.start()]))
        elif token == "{":
            stack.append((-1, 0))
        elif len(token) > 2 and token.endswith("{"):
            stack.append((match.start(), match.end()))
    return found


def extract_gsm8k(text: str) -> str | None:
    """The number of "#### X", or of a last line "A: X" as in OpenAI's released samples, without currency and unit."""
    place = text.rfind("####")
    if place >= 0:
        line = text[place + 4 :].split("\n", 1)[0]
    else:
        place = text.rfind("\nA:")
        if place < 0 and not text.startswith("A:"):
            return extract_the_answer_is(text)
        line = text[place + 1 :].split("\n", 1)[0][2:]
    return quantity(line)


def extract_any(text: str) -> str | None:
    """For any text: the later of "final answer is", ####, and box; else "the answer is", the last formula or number."""
    places = {
        extract_minerva: max(text.rfind("final answer is"), text.rfind("Final answer is")),
        extract_gsm8k: text.rfind("####"),
        extract_boxes: max(text.rfind(name) for name in BOXES),
    }
    extract, place = max(places.items(), key=lambda item: item[1])
    found = extract(text) if place >= 0 else None
    return found or extract_the_answer_is(text) or last_formula(text)


def extract_boxes(text: str) -> str | None:
    return extract_boxed(text, join=True)


# How a data set's solutions state their answer.
CONVENTIONS: dict[str, Callable[[str], str | None]] = {
    "the_answer_is": extract_the_answer_is,
    "boxed": extract_boxed,
    "minerva": extract_minerva,
    "gsm8k": extract_gsm8k,
    "any": extract_any,
}
