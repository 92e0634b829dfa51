"""Gold answers whose commas could be read in two ways.

A comma in front of exactly three digits groups thousands, unless the question asks for values separated by commas, or
both numbers are angles in degrees with the same sine, cosine or tangent (70,110: the two solutions of sin x = c).
"""

import re

ASKS_FOR_A_LIST = re.compile(r"separated? (?:\w+ )?(?:by|with) (?:a )?commas?|comma[- ]separated", re.IGNORECASE)
COMMA = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
GROUPED = re.compile(r"[1-9]\d{0,2}(?:,[1-9]\d\d)+")
PAIR = re.compile(r"([1-9]\d{0,2}),([1-9]\d\d)")


def gold_of(problem: dict) -> str:
    """The gold answer of a row with `answer` and perhaps `question`. Commas of a list get a blank behind them."""
    answer, question = problem["answer"], problem.get("question")
    if isinstance(question, str) and GROUPED.fullmatch(answer) and ASKS_FOR_A_LIST.search(question):
        return COMMA.sub(", ", answer)
    return answer


def are_angles(text: str) -> bool:
    """Whether the text is "a,b" for two solutions of sin x = c, cos x = c or tan x = c between 0 and 360 degrees."""
    pair = PAIR.fullmatch(text)
    if not pair:
        return False
    one, other = int(pair[1]), int(pair[2])
    return max(one, other) <= 360 and (one + other in (180, 360, 540) or abs(one - other) == 180)
