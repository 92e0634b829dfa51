r"""One spelling for what LaTeX, Unicode and habit spell in many ways; nothing here changes a value."""

import re

# Marks that show nothing: NUL and other controls, zero-width characters, directions of writing, byte-order marks.
INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
UNICODE = str.maketrans(
    {
        **dict.fromkeys("\u2212\u2013\u2014\u2010\u2011\ufe63\uff0d", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f\u3000", " "),
        **dict.fromkeys("×✕", "\\times "),
        **dict.fromkeys("·⋅∙", "\\cdot "),
        **{chr(ord("０") + n): str(n) for n in range(10)},
        **{"’": "'", "‘": "'", "“": '"', "”": '"', "′": "'", "，": ",", "（": "(", "）": ")", "：": ":", "；": ";"},
        **{
            "÷": "/",
            "∕": "/",
            "⁄": "/",
            "π": "\\pi ",
            "θ": "\\theta ",
            "α": "\\alpha ",
            "β": "\\beta ",
            "√": "\\sqrt ",
        },
        **{"∞": "\\infty ", "≤": "\\le ", "≥": "\\ge ", "≠": "\\ne ", "≈": "\\approx ", "∈": "\\in ", "±": "\\pm "},
        **{"∪": "\\cup ", "∩": "\\cap ", "°": "^\\circ ", "∅": "\\emptyset ", "ℝ": "\\mathbb{R}", "²": "^2", "³": "^3"},
        **{"½": "\\frac12 ", "¼": "\\frac14 ", "¾": "\\frac34 ", "⅓": "\\frac13 ", "⅔": "\\frac23 ", "∓": "\\mp "},
    }
)
# Commands of size, style and space.
DROPPED = re.compile(
    r"\\(?:left|right|[bB]igg?[lrm]?|displaystyle|textstyle|scriptstyle|limits|nolimits|hspace\{[^{}]{0,20}\}|quad|qquad"
    r"|phantom ?(?:\{[^{}]{0,20}\}|.)|hfill|mathord|mathop|strut|allowbreak|nobreak|rm|bf|it|sf)(?![a-zA-Z])\.?"
    r"|\\q?quad(?=[a-z]_)"
    r"|\\[!,;:> ]"
)
# A command whose backslash was doubled on the way through JSON or Python; \\\\ before anything else ends a matrix row.
DOUBLED = re.compile(
    r"(?<!\\)\\\\(?=(?:[dtc]?frac|left|right|sqrt|text|leq?|geq?|pi|cup|infty|pm|circ|boxed|cdot|times)(?![a-zA-Z]))"
)
LETTERS = re.compile(r"\\text ?\{ ?((?:[A-Z] ?, ?){1,20}[A-Z]) ?\}")
SPACED_FRACTION = re.compile(r"\\frac (\d) (\d)(?!\d)")
STYLED = re.compile(r"\\(?:mathrm|mathbf|mathit|mathsf|mathcal|boldsymbol|bm|operatorname\*?|emph)(?![a-zA-Z])")
TEXTUAL = re.compile(r"\\(?:textbf|textit|textrm|textsf|texttt|textnormal|mbox|hbox|text)(?![a-zA-Z])[ ]?")
RENAMED = {
    **dict.fromkeys(("dfrac", "tfrac", "cfrac"), "frac"),
    **dict.fromkeys(("dbinom", "tbinom"), "binom"),
    **{"leq": "le", "leqslant": "le", "geq": "ge", "geqslant": "ge", "neq": "ne", "lt": "lt", "gt": "gt"},
    **{"ast": "cdot", "varnothing": "emptyset", "lbrace": "{", "rbrace": "}", "degree": "circ", "lvert": "vert"},
    **{"rvert": "vert", "mid": "vert", "land": "text{and}", "lor": "text{or}", "bmatrix": "pmatrix", "simeq": "approx"},
    **{"lbrack": "[", "rbrack": "]", "arcsec": "arcsec", "sim": "sim", "dots": "ldots", "cdots": "ldots"},
}
RENAME = re.compile(r"\\(" + "|".join(sorted(RENAMED, key=len, reverse=True)) + r")(?![a-zA-Z])")
SEPARATED = re.compile(r"(?<=\d) ?(?:\{ ?, ?\}|, ?\\!|\\!,|\\,|\{,\\!\}|\{\\,\}) ?(?=\d\d)")
GROUPED = re.compile(r"(?<![\d.,])(\d{1,3})((?: \d{3})+)(?![\d ]*\d)")
BETWEEN_NUMBERS = re.compile(r"(?<=\d) ?[xX] (?=\d)|(?<=\d) [xX] ?(?=\d)")
BLANKS = re.compile(r"\s+")
LOOSE_BLANK = re.compile(r"(?<![0-9A-Za-z]) | (?![0-9A-Za-z])")
WORDS = re.compile(r"[^\W\d_][^\W\d_ .'-]*(?:[ .'-]+[^\W\d_]+)*")
BARE_CIRC = re.compile(r"\^ ?(?:\{ ?\\circ ?\}|\\circ(?![a-zA-Z]))")


def clean(text: str) -> str:
    r"""The text without markup that shows nothing: spaces, sizes, math delimiters, thousands separators of LaTeX."""
    if text.isalnum() and text.isascii():
        return text
    text = INVISIBLE.sub("", text).translate(UNICODE)
    if "\\" in text or "{" in text or "$" in text:
        text = SEPARATED.sub("", text)
        text = DOUBLED.sub(r"\\", text).replace("\\\\", "\\cr ")
        text = text.replace("\\$", "\\dollar ").replace("$", " ").replace("\\%", "%").replace("\\&", " and ")
        text = text.replace("\\(", " ").replace("\\)", " ").replace("\\[", " ").replace("\\]", " ")
        text = DROPPED.sub(" ", text)
        text = RENAME.sub(lambda match: "\\" + RENAMED[match[1]], text)
        text = STYLED.sub("", text)
        text = TEXTUAL.sub(r"\\text", text)
        text = SPACED_FRACTION.sub(r"\\frac{\1}{\2}", text)
        text = LETTERS.sub(r"\1", text)
        text = BARE_CIRC.sub(r"\\degree ", text)
    text = text.replace("~", " ").replace('\\"', " ").replace('"', " ")
    text = BLANKS.sub(" ", text).strip()
    if "x" in text or "X" in text:
        text = BETWEEN_NUMBERS.sub("*", text)
    text = GROUPED.sub(lambda match: match[1] + match[2].replace(" ", ""), text)
    return text.rstrip(". ,;:").removeprefix(": ").removeprefix("\\approx").strip() or text


def canonical(cleaned: str) -> str:
    r"""The spelling by which cleaned answers are identical: without \text, loose blanks; words without upper case."""
    if "\\text" in cleaned:
        cleaned = cleaned.replace("\\text", "").replace("{", " ").replace("}", " ") if is_wordy(cleaned) else cleaned
        cleaned = BLANKS.sub(" ", cleaned).strip(" .")
    text = LOOSE_BLANK.sub("", cleaned)
    if text.startswith("(") and text.endswith(")") and len(text) == 3 and text[1].isalpha():
        return text[1].upper() if text[1].isascii() else text  # a multiple choice letter
    return text.casefold() if len(text) > 2 and WORDS.fullmatch(text[:500]) else text


def is_wordy(cleaned: str) -> bool:
    r"""Only \text groups and letters, no formula: the braces are \text's alone."""
    return not re.search(r"\\(?!text)|[\^_\d=<>]", cleaned)


def normalise(text: str) -> str:
    """What votes count as one answer: one spelling, upper and lower case alike, equal numbers as one.

    Used on answers that are wrong (right ones are equal to the gold answer, whatever their spelling).
    """
    from yetbetter.grading.rationals import read_number

    text = clean(text[:2_000])
    number = read_number(text)
    return str(number) if number is not None and abs(number) < 10**50 else canonical(text).casefold()
