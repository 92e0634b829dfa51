r"""Times of day and dates: "\text{4:30 p.m.}" is 4:30 PM, "\text{June 20}" is "the 20th of June"."""

import re

TIME = re.compile(
    r"(?:at )?(?P<hour>\d{1,2})(?: ?: ?(?P<minute>[0-5]\d))?(?: ?: ?(?P<second>[0-5]\d))? ?(?P<clock>o'?clock)? ?"
    r"(?:in the )?"
    r"(?P<half>a ?\.? ?m\b\.?|p ?\.? ?m\b\.?|morning|afternoon|evening|noon|midnight)?",
    re.IGNORECASE,
)
MONTHS = re.findall("[a-z]+", "january february march april may june july august september october november december")
MONTH = r"(?P<month>" + "|".join(f"{month[:3]}(?:{month[3:]})?" for month in MONTHS) + r")\.?"
DAY = r"(?P<day>\d{1,2}) ?(?:\^? ?\{? ?(?:st|nd|rd|th) ?\}?)?"
YEAR = r"(?:,? ?(?P<year>\d{4}))?"
HINT = re.compile(
    r"\d ?:|(?<![a-z])[ap] ?\.? ?m\b|morning|noon|midnight|evening|clock|" + "|".join(month[:3] for month in MONTHS),
    re.IGNORECASE,
)
DATES = [
    re.compile(rf"{MONTH} (?:the )?{DAY}{YEAR}", re.IGNORECASE),
    re.compile(rf"(?:the )?{DAY} (?:of )?{MONTH}{YEAR}", re.IGNORECASE),
]
MARKUP = re.compile(r"\\text|[{}]")


def read_moment(cleaned: str) -> tuple | None:
    """("time", seconds since midnight, half of the day or None) or ("date", month, day, year or None), or None."""
    if len(cleaned) > 60 or not HINT.search(cleaned):
        return None
    text = " ".join(MARKUP.sub(" ", cleaned).split()).strip(" .,")
    if text.casefold() in ("noon", "midnight"):
        text = f"12 {text}"
    match = TIME.fullmatch(text)
    if match:
        return read_time(match)
    for pattern in DATES:
        match = pattern.fullmatch(text)
        if match:
            month = [month[:3] for month in MONTHS].index(match["month"][:3].casefold())
            return "date", month + 1, int(match["day"]), match["year"]
    return None


def read_time(match: re.Match) -> tuple | None:
    hour, half = int(match["hour"]), (match["half"] or "").casefold().replace(" ", "").replace(".", "")
    if hour > 24 or not (match["minute"] or half or match["clock"]):
        return None
    half = {"am": "am", "morning": "am", "midnight": "am", "": None}.get(half, "pm")
    if half and hour > 12:
        half = None  # 16:30 p.m. states the half twice
    if half == "pm" and hour < 12:
        hour += 12
    if half == "am" and hour == 12:
        hour = 0
    clock = hour * 3600 + int(match["minute"] or 0) * 60 + int(match["second"] or 0)
    return "time", clock, half


def same_moment(one: tuple, other: tuple) -> bool:
    """Whether two moments are equal. The half of the day and the year may be missing on one side, like a unit."""
    if one[0] != other[0]:
        return False
    if one[0] == "date":
        return one[1:3] == other[1:3] and (one[3] == other[3] or None in (one[3], other[3]))
    if one[1] == other[1]:
        return True
    told, bare = (one, other) if one[2] else (other, one)
    # 4:30 equals 4:30 p.m.; 16:30 is not 4:30 a.m.
    return bool(told[2]) and not bare[2] and 3600 <= bare[1] < 13 * 3600 and (told[1] - bare[1]) % (12 * 3600) == 0
