r"""One spelling for the many ways in which LaTeX and Unicode write a thing; nothing here changes a value."""

import re

from yetbetter.grading.fonts import drop_fonts, style_words
from yetbetter.grading.spellings import common_commands, common_signs, plain_letters
from yetbetter.grading.words import SHORT

# Marks that say nothing: ticks, NUL and other controls, zero-width characters, directions of writing, byte-order marks.
INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff✓✔✅]")
UNICODE = str.maketrans(
    {
        **dict.fromkeys("\u2212\u2013\u2014\u2010\u2011\ufe63\uff0d", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f\u3000", " "),
        **dict.fromkeys("×✕", "\\times "),
        **dict.fromkeys("·⋅∙", "\\cdot "),
        **{chr(ord("０") + n): str(n) for n in range(10)},
        **{
            "’": "'",
            "‘": "'",
            "“": '"',
            "”": '"',
            "′": "'",
            "，": ",",
            "（": "(",
            "）": ")",
            "：": ":",
            "；": ";",
            "…": "...",
            "。": ".",
            "．": ".",
        },
        **{
            "÷": "/",
            "∕": "/",
            "⁄": "/",
            "π": "\\pi ",
            "θ": "\\theta ",
            "α": "\\alpha ",
            "β": "\\beta ",
            "√": "\\sqrt ",
            "∛": "\\sqrt[3] ",
            "∜": "\\sqrt[4] ",
            "∠": "\\angle ",
            "△": "\\triangle ",
            "⟨": "\\langle ",
            "⟩": "\\rangle ",
        },
        **{
            "∞": "\\infty ",
            "≤": "\\le ",
            "≥": "\\ge ",
            "⩽": "\\le ",
            "⩾": "\\ge ",
            "≠": "\\ne ",
            "≈": "\\approx ",
            "∈": "\\in ",
            "±": "\\pm ",
        },
        **{"∪": "\\cup ", "∩": "\\cap ", "°": "^\\circ ", "∅": "\\emptyset ", "ℝ": "\\mathbb{R}", "ℤ": "\\mathbb{Z}"},
        **{"¢": " cents", "℃": "^\\circ C", "℉": "^\\circ F"},
        **{"½": "\\frac12 ", "¼": "\\frac14 ", "¾": "\\frac34 ", "⅓": "\\frac13 ", "⅔": "\\frac23 ", "∓": "\\mp "},
    }
)
# The root sign reaches over the whole number or letter behind it, unlike \\sqrt.
ROOT_SIGN = re.compile(r"([√∛∜]) ?(\d+(?:\.\d+)?|[a-zA-Z])")
PLAIN_ROOT = re.compile(r"(?<![\\a-zA-Z])sqrt ?(\d{2,})")
RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ]+")
MICRO_SIGN = re.compile("[\u00b5\u03bc](?=[mgslL](?![a-zA-Z]))")
LOWERED = re.compile("[₀₁₂₃₄₅₆₇₈₉]+")
RAISED_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ₀₁₂₃₄₅₆₇₈₉", "0123456789+-n0123456789")
# Commands of size, style and space.
DROPPED = re.compile(
    r"\\(?:left|right|[bB]igg?[lrm]?|displaystyle|textstyle|scriptstyle|limits|nolimits|hspace\{[^{}]{0,20}\}|quad|qquad"
    r"|phantom ?(?:\{[^{}]{0,20}\}|.)|hfill|hline|(?:text)?color ?\{ ?[a-zA-Z]{1,20} ?\}|mathord|mathop|strut"
    r"|allowbreak|nobreak|rm|bf|it|sf)(?:(?<=\})|(?![a-zA-Z]))\.?"
    r"|\\q?quad(?=[a-z]_)"
    r"|\\[!,;:> ]"
)
# A command whose backslash was doubled on the way through JSON or Python; \\\\ before anything else ends a matrix row.
DOUBLED = re.compile(
    r"(?<!\\)\\\\(?=(?:[dtc]?frac|left|right|sqrt|text|leq?|geq?|pi|cup|infty|pm|circ|boxed|cdot|times)(?![a-zA-Z]))"
)
# The space below a row: \\[6pt].
ROW_SPACE = re.compile(r"(?<=\\\\) ?\[ ?-?[\d.]{1,8} ?(?:pt|em|ex|cm|mm|in|mu|pc)? ?\]")
SPACED_FRACTION = re.compile(r"\\frac (\d) (\d)(?!\d)")
RENAMED = {
    **dict.fromkeys(("dfrac", "tfrac", "cfrac"), "frac"),
    **dict.fromkeys(("dbinom", "tbinom"), "binom"),
    **{"leq": "le", "leqslant": "le", "geq": "ge", "geqslant": "ge", "neq": "ne", "lt": "lt", "gt": "gt"},
    **{"ast": "cdot", "varnothing": "emptyset", "lbrace": "{", "rbrace": "}", "lvert": "vert"},
    **{"rvert": "vert", "mid": "vert", "bmatrix": "pmatrix", "simeq": "approx"},
    **{"land": "text{and}", "wedge": "text{and}", "lor": "text{or}", "vee": "text{or}"},
    **{"lbrack": "[", "rbrack": "]", "arcsec": "arcsec", "sim": "sim", "dots": "ldots", "cdots": "ldots"},
}
RENAME = re.compile(r"\\(" + "|".join(sorted(RENAMED, key=len, reverse=True)) + r")(?![a-zA-Z])")
SEPARATED = re.compile(r"(?<=\d) ?(?:\{ ?, ?\}|, ?\\!|\\!,|\\,|\{,\\!\}|\{\\,\}) ?(?=\d\d)")
GROUPED = re.compile(r"(?<![\d.,])(\d{1,3})((?: \d{3})+)(?![\d ]*\d)")
BETWEEN_NUMBERS = re.compile(r"(?<=\d) ?[xX] (?=\d)|(?<=\d) [xX] ?(?=\d)")
# A pair of HTML's tags; "a<b" is an inequality.
TAGGED = re.compile(r"<(b|i|u|em|strong|mark|code|tt|span|p|ans|answer)>([^<>]{0,500})</\1>", re.IGNORECASE)
TAGGED_SCRIPT = re.compile(r"<(su[pb])>([^<>]{0,100})</\1>")
SCRIPTS = {"sup": "^", "sub": "_"}
# Numbers that nothing below would change: -5, 3.5, 1/2, 1,000.
PLAIN_NUMBER = re.compile(r"-?[0-9](?:[0-9.,/]*[0-9])?")
BLANKS = re.compile(r"\s+")
LOOSE_BLANK = re.compile(r"(?<![0-9A-Za-z]) | (?![0-9A-Za-z])")
WORDS = re.compile(r"[^\W\d_][^\W\d_ .'-]*(?:[ .'-]+[^\W\d_]+)*(?: \d{1,9})?")
FORMULA = re.compile(r"\\(?!text)|[\^_=<>]")
DEGREE = re.compile(
    r"\^ ?\{? ?\\(?:circ|degree)(?![a-zA-Z]) ?\}?|(?<=[\d)}]) ?\\circ(?![a-zA-Z])|\\degree(?![a-zA-Z])"
    r"|(?<=\d) ?\^ ?(?:\{ ?(?:\\text ?\{ ?)?[oO] ?\}? ?\}|[oO](?![\w(]))"
)


def clean(text: str) -> str:
    r"""The text without markup that shows nothing: spaces, sizes, math delimiters, thousands separators of LaTeX."""
    if text.isascii() and (text.isdigit() or (text.isalpha() and "sqrt" not in text) or PLAIN_NUMBER.fullmatch(text)):
        return text
    if not text.isprintable() or not text.isascii():
        text = plain_signs(text)
    if "\\" in text or "{" in text or "$" in text:
        text = clean_latex(text)
    if "circ" in text or "degree" in text or ("^" in text and "o" in text.casefold()):
        text = DEGREE.sub(r"\\degree ", text)
    if "</" in text:
        text = TAGGED.sub(r"\2", TAGGED_SCRIPT.sub(lambda match: f"{SCRIPTS[match[1]]}{{{match[2]}}}", text))
    text = text.replace("~", " ").replace('\\"', " ").replace('"', " ").replace("`", " ")
    text = common_signs(" ".join(text.split()))
    if "sqrt" in text:
        text = PLAIN_ROOT.sub(r"sqrt{\1}", text)
    if " " in text:
        if "x" in text or "X" in text:
            text = BETWEEN_NUMBERS.sub("*", text)
        text = GROUPED.sub(lambda match: match[1] + match[2].replace(" ", ""), text)
    shown = (
        text.removesuffix("\\cr")
        .rstrip(". ,;:\\")
        .removeprefix(": ")
        .removeprefix("=")
        .removeprefix("\\approx")
        .strip()
    )
    return shown or text


def plain_signs(text: str) -> str:
    text = INVISIBLE.sub("", text)
    if text.isascii():  # line breaks alone
        return text
    text = ROOT_SIGN.sub(r"\1{\2}", plain_letters(text))
    text = RAISED.sub(lambda match: "^{" + match[0].translate(RAISED_DIGITS) + "}", text)
    text = MICRO_SIGN.sub("micro", text)
    text = LOWERED.sub(lambda match: "_{" + match[0].translate(RAISED_DIGITS) + "}", text)
    return text.translate(UNICODE)


def clean_latex(text: str) -> str:
    text = SEPARATED.sub("", text)
    text = common_commands(DOUBLED.sub(r"\\", text))
    if "\\\\" in text:
        text = ROW_SPACE.sub("", text).replace("\\\\", "\\cr ")
    text = text.replace("\\$", "\\dollar ").replace("$", " ").replace("\\%", "%").replace("\\&", " and ")
    text = text.replace("\\(", " ").replace("\\)", " ").replace("\\[", " ").replace("\\]", " ")
    text = style_words(text)
    text = DROPPED.sub(" ", text)
    text = RENAME.sub(lambda match: "\\" + RENAMED[match[1]], text)
    text = drop_fonts(text)
    return SPACED_FRACTION.sub(r"\\frac{\1}{\2}", text)


def canonical(cleaned: str) -> str:
    r"""The spelling by which cleaned answers are identical: without \text, loose blanks; words without upper case."""
    if "\\text" in cleaned and is_wordy(cleaned):
        cleaned = cleaned.replace("\\text", "").replace("{", " ").replace("}", " ")
        cleaned = BLANKS.sub(" ", cleaned).strip(" .")
    text = LOOSE_BLANK.sub("", cleaned) if " " in cleaned else cleaned
    if text.startswith("{") and text.find("}") == len(text) - 1:
        text = text[1:-1]
    if len(text) == 2 and text[1] == ")" and text[0] in "ABCDEFGHIJ":
        return text[0]
    if text.startswith("(") and text.endswith(")") and len(text) == 3 and text[1].isalpha():
        return text[1].upper() if text[1].isascii() else text  # a multiple choice letter
    word = len(text) > 2 or text.casefold() in SHORT
    return text.casefold() if word and WORDS.fullmatch(text[:500]) else text


def is_wordy(cleaned: str) -> bool:
    r"""Only \text groups and letters, no formula: the braces are \text's alone."""
    return not FORMULA.search(cleaned) and cleaned.count("{") == cleaned.count("\\text")


def normalise(text: str) -> str:
    """What votes count as one answer: one spelling, upper and lower case alike, equal numbers as one.

    Used on answers that are wrong (right ones are equal to the gold answer, whatever their spelling).
    """
    from yetbetter.grading.rationals import read_number

    text = clean(text[:2_000])
    number = read_number(text)
    return str(number) if number is not None and abs(number) < 10**50 else canonical(text).casefold()
