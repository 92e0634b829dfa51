"""Plain numbers as exact rationals, never floats: the cheapest way to a verdict, which decides most answers."""

import re
from fractions import Fraction

DIGITS = r"\d{1,400}(?:,\d{3}){0,40}"
NUMBER = re.compile(rf"([+-]?) ?((?:{DIGITS})?(?:\.\d{{0,400}})?)(?: ?/ ?([+-]?\d{{1,400}}))?")
GROUPS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?")
MIXED = re.compile(r"([+-]?)(\d{1,40}) ?(?:\\frac ?\{ ?(\d{1,40}) ?\} ?\{ ?(\d{1,40}) ?\}| (\d{1,40})/(\d{1,40}))")
FRACTION = re.compile(r"([+-]?) ?\\frac ?(?:\{ ?([+-]?\d{1,400}) ?\} ?\{ ?([+-]?\d{1,400}) ?\}|(\d)(\d))")


def read_number(text: str) -> Fraction | None:
    r"""The value of "-1,234.5", "3/4", "\frac{3}{4}", "\frac34", "1\frac{3}{4}", "1 3/4"; None for anything else.

    A whole number before a fraction is a mixed number, not a product. Text of more than 1,000 characters is refused.
    """
    if len(text) > 1_000:
        return None
    try:
        match = NUMBER.fullmatch(text)
        if match:
            sign, digits, denominator = match.groups()
            if ("," in digits and not GROUPS.fullmatch(digits)) or digits in ("", "."):
                return None
            digits = digits.replace(",", "")
            value = Fraction(int(digits) if digits.isdigit() else digits)
            if denominator:
                value /= int(denominator)
            return -value if sign == "-" else value
        match = FRACTION.fullmatch(text)
        if match:
            value = Fraction(int(match[2] or match[4]), int(match[3] or match[5]))
            return -value if match[1] == "-" else value
        match = MIXED.fullmatch(text)
        if match:
            value = int(match[2]) + Fraction(int(match[3] or match[5]), int(match[4] or match[6]))
            return -value if match[1] == "-" else value
    except (ValueError, ZeroDivisionError):
        pass
    return None
