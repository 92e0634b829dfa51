"""How numbers are written on a page: one minus sign, grouped thousands, units after them."""

import math

MINUS = "\N{MINUS SIGN}"
NARROW = "\N{NO-BREAK SPACE}"
SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def to_float(text) -> float:
    """A table's field as a number; NaN if it is empty or not a number."""
    try:
        return float(text)
    except (TypeError, ValueError):
        return math.nan


def number(value, digits: int = 1) -> str:
    """With that many decimals; empty if there is none."""
    value = to_float(value)
    if not math.isfinite(value):
        return ""
    text = f"{value:,.{digits}f}"
    return text.replace("-", "") if not text.strip("-0.,") else text.replace("-", MINUS)


def signed(value, digits: int = 1) -> str:
    text = number(value, digits)
    return f"+{text}" if to_float(value) > 0 and text.strip("0.,") else text


def percent(share, digits: int = 1) -> str:
    """A share between 0 and 1, in percent."""
    text = number(100 * to_float(share), digits)
    return f"{text}{NARROW}%" if text else ""


def interval(low, high, digits: int = 1, write=signed) -> str:
    ends = write(low, digits), write(high, digits)
    return f"[{ends[0]}, {ends[1]}]".replace(" ", NARROW) if all(ends) else ""


def points(share, low=math.nan, high=math.nan, digits: int = 1) -> str:
    """A difference of shares in points, with its interval if that is known."""
    value, low, high = (100 * to_float(part) for part in (share, low, high))
    text = signed(value, digits)
    return f"{text} points {interval(low, high, digits)}".strip() if text else ""


def scientific(value, digits: int = 2) -> str:
    """1.21e10 as 1.21 × 10¹⁰."""
    value = to_float(value)
    if not math.isfinite(value):
        return ""
    mantissa, _, exponent = f"{value:.{digits}e}".partition("e")
    power = str(int(exponent)).translate(SUPERSCRIPTS)
    return f"{mantissa}{NARROW}×{NARROW}10{power}"


def count(number_of, noun: str) -> str:
    """one seed, two seeds, 1,000 problems."""
    whole = int(number_of)
    word = WORDS[whole] if 0 <= whole < len(WORDS) else f"{whole:,}"
    return f"{word} {noun}{'' if whole == 1 else 's'}"


def joined(words, last: str = " and ") -> str:
    words = list(words)
    return last.join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def size(bytes_: int) -> str:
    return f"{bytes_ / 1000:,.0f} kB" if bytes_ >= 1000 else f"{bytes_} bytes"


def duration(seconds: float) -> str:
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.1f} {unit}"
    return f"{seconds:,.0f} s"
