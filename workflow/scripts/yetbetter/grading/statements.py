"""Statements of an answer in prose: their end, the answer within them, and comments that are not statements."""

import re
from collections.abc import Iterator

from yetbetter.grading.denials import denial_before
from yetbetter.grading.names import listed
from yetbetter.grading.words import COMPARING, denies, words_of

# Text that may lie between boxes or formulas that together are one answer: $\boxed{1}$ and $\boxed{2}$.
GAP = r"[\s$,;.&]|\\[\[\]()\\ ,;]|\\q?quad\b|\\text ?\{\s{0,4}(?:and|or)\s{0,4}\}|\band\b|\bor\b"
BETWEEN = re.compile(rf"(?:{GAP}){{0,24}}")
# The same with names: $x = \boxed{1}$ or $x = \boxed{2}$.
BETWEEN_NAMES = re.compile(rf"(?:{GAP}|(?<![a-zA-Z])[a-z] ?=){{0,24}}")
# An answer ends with its line or sentence; a point inside a number is followed by a digit. Each alternative opens with
# its own sign, since a search for a fixed sign is fastest.
END = re.compile(
    r"\n|\u3002|\.(?=\s|$)(?<!\bsq\.)(?<!\bcu\.)(?<!\bi\.e\.)(?<!\be\.g\.)"
    r"|!(?= +[A-Z][a-z])(?<=[\d$}]!)|!(?=\s|$)(?<=[a-z]{3}!)|\?(?=\s|$)(?<=[\d$}]\?)"
)
# Behind a colon, or an opening sign of displayed mathematics, that ends its line.
NEXT_LINE = re.compile(
    r"[ \t*]{0,8}(?::[ \t*]{0,8}(?:\$\$|\\\[)?|\$\$|\\\[|(?=\n\s{0,8}(?:\$|\\[(\[])))[ \t]{0,8}\n\s{0,8}"
    r"(?:(?:\$\$|\\\[)[ \t]{0,8}\n\s{0,8})?(?=\S)"
)
GOES_ON = re.compile(r"\s{0,8}(?:=|&=|\\\\)")
NUMBER_WORDS = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty)\b"
# Letters that begin a word of prose and not a function or constant.
WORDS_AHEAD = r"(?!(?:sin|cos|tan|sec|csc|cot|arc\w+|log|ln|exp|sqrt|pi|inf\w*|max|min|gcd|lcm|mod)\b)[a-zA-Z][a-z]"
# The beginning of a statement's reason: "42 because ...", "72, which is ...", "5 - this follows ...".
REASON = re.compile(
    r"(?:,? |; ?| [-\u2013\u2014] )(?:because|since|therefore|thus|hence|due to|given that|according to|based on"
    r"|obtained (?:by|from)|so (?:the|we|it|that|there|he|she|they)\b|which|where (?:the|we|it|each|there)\b"
    r"|as (?:we|the|it|there|this|that|they|he|she|shown|required|follows|can)\b"
    r"|and (?:the|this|that|we|it|so|then|therefore|thus|hence|he|she|they|these|those)\b"
    r"|meaning|making|giving|representing|corresponding|i\.e\.|that is\b|this (?:is|means)\b)"
    r"|(?<=[\d})$\w*%]), (?:the|a|an|as|when|in|for|after|with|using|by|if|not|it|we|he|she|they|rounded|or about)\b"
    r"|; (?!(?:and|or) )(?=[a-z]{2,20} )| [-\u2013\u2014]{1,3} (?:the|this|that|it|we|a|an|not|and not)\b"
    # "42 as 6 * 7 = 42", "42 - six sevens are it", "42 -> final", "42 <-- final"
    r"|(?<=[\d})$%*]),? as (?=[^,;]{0,60}=)|(?<=[\d})$%*]) ?\u2014 ?" + WORDS_AHEAD + r"{1,20}[ ,.;]?"
    r"|(?<=[\d})$%*]) ?[-\u2013]{1,3} (?!" + NUMBER_WORDS + r")" + WORDS_AHEAD + r"{2,20} [a-zA-Z]"
    r"|(?<=[\d})$%*]) ?(?:<-{1,2}|-{1,2}>|=>|\u2190|\u2192|\u21d2) ?" + WORDS_AHEAD + r"{2,20}\b"
)
# Another value that is denied behind the answer: "42 (and not 43)", "42 rather than 41", "42; 43 is wrong".
OTHER = r"[$\\(]{0,3}[-+\u2212]?\d"
NOT_OTHER = re.compile(
    r"(?:,? (?:rather than|instead of|as opposed to|(?:and|but) not)"
    r"| ?\((?:(?:and|but|so) )?(?:not|rather than|instead of))"
    rf" {OTHER}|(?:;|, but|,? while) {OTHER}[\d.,/]{{0,20}}\$? (?:is|was|would be)"
    r" (?:not|wrong|incorrect|false|impossible|too)\b"
)
# Signs and words of a set, from which "and not 3" takes something away.
SET_OF = re.compile(
    r"[<>\u2264\u2265\u2208\u211d]|\\(?:[lg]eq?|in|mathbb|ne)(?![a-z])|\b(?:all|every|any|from|numbers?|integers?)\b"
)
# "not 18 but 19"; "12, I think"
NOT_BUT = re.compile(rf"not {OTHER}[^ ]{{0,40}},? but (?:rather )?(?P<value>{OTHER}[^ ]{{0,40}})")
UNSURE = re.compile(r", I (?:think|believe|guess|suppose)\.?$")
COMMENT_WORDS = listed(
    """
    correct incorrect wrong verified confirmed consistent reasonable clear obvious above below shown given stated
    written found follows already exactly simply expected required therefore thus indeed also now then here
    the in as is it be to box boxed final my our your and so not what we asked for at
    """
)
NUMBER = re.compile(r"(?<![\w.])[-+\u2212]?(?:\d{1,3}(?: \d{3})+(?![\d,])|\d+(?:,\d+)*(?:\.\d+)?|\.\d+)(?:/\d+)?")
RUN = re.compile(r"[^\s.,:;!*]+")
FORMULA = re.compile(r"[\\=^*{}<>]|\d ?[-+/:] ?\d|\$[^$]*\$")
BEFORE_NUMBER = re.compile(r"[^\d$]*")
PER_CENT = re.compile(r"\d ?%")
BOLD = re.compile(r"(?<![\w)*])\*\*(?=\S)|(?<=\S)\*\*(?![\w(*])")


def trim(text: str) -> str | None:
    """Without blanks and Markdown's bold marks around it; None if nothing is left."""
    text = text.strip()
    for mark in ("**", "__"):
        if text.startswith(mark) or text.endswith(mark):
            text = text.removeprefix(mark).removesuffix(mark).strip()
    return text or None


def until_end(text: str, start: int) -> str | None:
    """From `start` to the end of the line or sentence; a \\begin that is open there is read up to its \\end.

    Behind a colon that ends its line the answer is the next line, unless a computation continues there.
    """
    below = NEXT_LINE.match(text, start)
    start = below.end() if below else start + (text[start : start + 1] == ":")
    match = END.search(text, start)
    end = match.start() if match else len(text)
    opened = text.rfind("\\begin{", start, end)
    if opened >= 0 and text.find("\\end{", opened, end) < 0:
        closed = text.find("\\end{", end)
        if closed >= 0:
            match = END.search(text, closed)
            end = match.start() if match else len(text)
    if below and GOES_ON.match(text, end):
        return None
    return trim(text[start:end])


def from_the_end(text: str, phrase: re.Pattern, core: str) -> Iterator[re.Match]:
    """Matches of a phrase, the last one first. core: text that every match holds from its second character on."""
    place = text.rfind(core)
    while place > 0:
        match = phrase.match(text, place - 1)
        if match:
            yield match
        place = text.rfind(core, 0, place)


def last_statement(text: str, phrase: re.Pattern, core: str) -> tuple[int, str] | None:
    """(place, answer) of the last statement behind `phrase` that is more than a comment ("is correct")."""
    for match in from_the_end(text, phrase, core):
        if denial_before(text, match.start()) is not None:
            continue
        found = until_end(text, match.end())
        if found and not is_comment(found):
            return match.start(), without_reason(found)
    return None


def is_comment(statement: str) -> bool:
    """Whether this is only words about an answer: "The final answer is correct", "is as follows"."""
    return (
        len(statement) < 100 and statement[0].isalpha() and COMMENT_WORDS.issuperset(RUN.findall(statement.casefold()))
    )


def without_reason(statement: str) -> str:
    """The answer of a statement, without its reason; for a sentence with one number, that number."""
    if " " not in statement:
        return statement
    statement = UNSURE.sub("", BOLD.sub("", statement))
    instead = NOT_BUT.fullmatch(statement)
    if instead:
        statement = instead["value"]
    for match in REASON.finditer(statement[:1_000]):
        head = statement[: match.start()]
        if head.strip() and not head.count("$") % 2 and head.count("{") == head.count("}"):
            statement = head.rstrip(" ,;")
            break
    other = NOT_OTHER.search(statement[:1_000])
    if other and other.start() and is_one_value(statement[: other.start()]):
        statement = statement[: other.start()].rstrip(" ,;")
    return (number_of_sentence(statement) if statement[:1].isalpha() else None) or statement


def is_one_value(head: str) -> bool:
    """Whether this is a value with few words and no set: of "all integers but not 3" the 3 is a part."""
    return (
        not SET_OF.search(head)
        and not head.count("$") % 2
        and len(words_of(head)) < 4
        and not denies(words_of(head))
        and re.search(r"\d|\$", head) is not None
    )


def number_of_sentence(statement: str) -> str | None:
    """The number of a sentence that holds one and no formula: "Faraday sold 291 sunflowers in all"."""
    if len(statement) > 300 or FORMULA.search(statement):
        return None
    before, words = BEFORE_NUMBER.match(statement)[0], words_of(statement)
    numbers = NUMBER.findall(statement)
    words_before = words_of(before)
    if len(numbers) != 1 or len(words_before) < 2 or words_before[-1] in COMPARING or denies(words):
        return None
    if denial_before(statement, statement.index(numbers[0], len(before) - 1)) is not None:
        return None
    return numbers[0] + ("%" if PER_CENT.search(statement) else "")
