r"""The boxes of a solution: \boxed{5}, \fbox{5}, \boxed 8, and \boxed{185\}, whose closing brace is escaped."""

import re
from collections import deque

from yetbetter.grading.statements import trim

MAX_OPEN = 2_000
NAMES = ("\\boxed", "\\fbox")
# A box that its formula's end closes: $\boxed{36$
CUT = re.compile(r"\\boxed\s{0,4}\{([^${}\n]{1,80}(?:\{[^${}\n]{0,80}\}[^${}\n]{0,80}){0,8})(?:\$|\\[\])])")
PLAIN = re.compile(r"\\boxed\{([^{}\\]*)\}")
BRACE = re.compile(r"\\(?:boxed|fbox)\s{0,4}\{|\\[\\{}]|[{}]")
# A box without braces holds a number, a single letter or a command. "Mark it with \boxed" holds no box.
BARE = re.compile(
    r"\\(?:boxed|fbox)[ \t]{0,4}([-+]?[\d.][\d.,/]{0,40}|[A-Za-z](?![A-Za-z]| [a-z])|\\(?!boxed|fbox)[a-zA-Z]+)"
)
INSIDE = re.compile(r"^\\(?:boxed|fbox) ?\{([^{}]*)\}$")
# One of these between a stray \} and the next closing brace shows that \} closed the box (unlike in \right\}}).
BEYOND = re.compile(r"[$\n]|\\[\])]")
# "Put your answer in \boxed{...}."
PLACEHOLDER = re.compile(
    r"\s*(?:(?:\\text ?\{ ?)?(?:(?:your|the|final|my) )*(?:answer|result)(?: here)? ?\}?"
    r"|\.\.\.|\\[lc]?dots|\?|_+|\\square)?\s*",
    re.IGNORECASE,
)


def last_box(text: str, between: re.Pattern | None = None) -> tuple[int, str] | None:
    """(place, content) of the last closed box that holds something.

    between: neighbouring boxes join to one list if only this lies between them ("\\boxed{1} and \\boxed{2}").
    """
    if "boxed" not in text and "\\fbox" not in text:
        return None
    if "\\beginboxed" in text:
        text = text.replace("\\beginboxed", "\\boxed")
    boxes = closed_boxes(text)
    while boxes and len(boxes[-1][2]) < 40 and PLACEHOLDER.fullmatch(boxes[-1][2]):
        boxes.pop()
    bare = last_match(BARE, text, boxes[-1][1] if boxes else 0)
    if bare and (found := trim(bare[1].rstrip(".,;"))):
        return bare.start(), found
    cut = CUT.match(text, place) if (place := text.rfind("\\boxed")) >= (boxes[-1][1] if boxes else 0) else None
    if cut and re.search(r"[\d\\]|^ ?[a-zA-Z] ?$", cut[1]):
        return place, cut[1].strip()
    if not boxes:
        return None
    joined = [boxes[-1]]
    for box in reversed(boxes[:-1] if between else []):
        gap = text[box[1] : joined[-1][0]]
        if len(gap) > 60 or not between.fullmatch(gap) or not box[2].strip():
            break
        joined.append(box)
    found = ", ".join(box[2].strip() for box in reversed(joined))
    return boxes[-1][0], INSIDE.sub(r"\1", found) if found.startswith(NAMES) else found


def ends_in_a_box(text: str) -> bool:
    """Whether the text breaks off inside a box: the box may hold only half of the answer."""
    place = text.rfind("\\boxed{")
    return place >= 0 and not closed_boxes(text[place:])


def last_match(pattern: re.Pattern, text: str, start: int) -> re.Match | None:
    found = None
    for match in pattern.finditer(text, start):
        found = match
    return found


def closed_boxes(text: str) -> list[tuple[int, int, str]]:
    """(start, end, content) of every closed box that is not inside another closed one, in one pass over the braces."""
    first, other = text.find("\\boxed"), text.find("\\fbox")
    plain = PLAIN.match(text, first) if first >= 0 > other else None
    if plain and text.find("\\boxed", plain.end()) < 0:  # most texts have one box, and no braces in it
        return [(first, plain.end(), plain[1])]
    if first < 0 or 0 <= other < first:
        first = other
    # For each open brace: the start of its box (-1: no box), the start of its content, the number of open \{, and the
    # place of a stray \}. Only the innermost MAX_OPEN braces are kept, so memory is bounded.
    stack: deque[list[int]] = deque(maxlen=MAX_OPEN)
    found: list[tuple[int, int, str]] = []
    for match in BRACE.finditer(text, first):
        token = match[0]
        if token == "{":
            stack.append([-1, 0, 0, -1])
        elif token == "}":
            if stack:
                start, content, _, stray = stack.pop()
                if start >= 0:
                    while found and found[-1][0] > start:  # a box inside this one
                        found.pop()
                    end = match.start()
                    if stray >= 0 and BEYOND.search(text, stray, min(end, stray + 40)):
                        end = stray
                    found.append((start, end + 1, text[content:end]))
        elif len(token) > 2:
            stack.append([match.start(), match.end(), 0, -1])
        elif stack and token == "\\{":
            stack[-1][2] += 1
        elif stack and token == "\\}":
            if stack[-1][2]:
                stack[-1][2] -= 1
            elif stack[-1][3] < 0:
                stack[-1][3] = match.start()
    found += [(start, stray + 2, text[content:stray]) for start, content, _, stray in stack if min(start, stray) >= 0]
    return sorted(found)
