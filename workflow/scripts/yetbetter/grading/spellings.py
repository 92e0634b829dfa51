r"""Spellings that are rare in answers: \SI{5}{cm}, {1 \over 2}, ]0,1[, 1.5e3, 101 (base 2), 0.(3), \{x : x > 1\}.

Each is rewritten in the form that the rest of the package expects. A search for their signs comes first, since most
answers have none.
"""

import re
import unicodedata

RARE = re.compile(
    r"\\(?:SI|si(?![nm])|qty|unit|pounds|yen|euro|over|choose|tiny|script|foot|small(?!matrix)|normalsize|[lL]arge|LARGE|[hH]uge"
    r"|bbox|forall|colon|therefore|implies|Rightarrow|Longrightarrow|nicefrac|sfrac|surd|imath|fbox|bigc|dot(?!s)|overline"
    r"|bar|Omega|mu(?![a-zA-Z])|checkmark|blacksquare|qed|\\\*"
    r"|text ?\{ ?(?:\\?[$€£¥₹]|Rs|USD|\(?base|t[wh]|f[oi]|s[ie]|eigh|elev|nin|inf))"
)
BASES = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
NUMERALS = {word: str(number) for number, word in enumerate(BASES, start=2)}
BASE_IN_WORDS = re.compile(rf"_ ?\{{? ?(?:\\text ?\{{ ?)?(?:base )?({'|'.join(BASES)})(?![a-z]) ?\}}? ?\}}?")
END = r"(?![a-zA-Z])"
# 25\,\mu\text{m}, \mathrm{\mu m}, \text{$\mu$m}; 25\mu m is a product of variables.
GAP = r"(?:~| |\\[,;:! ]){0,4}"
MICRO = re.compile(
    rf"(?<=[\d)}}]){GAP}(?:\\mu{END}{GAP}\\(?:text|mathrm|mbox|textrm) ?\{{"
    rf"|\\(?:text|mathrm|mbox|textrm) ?\{{{GAP}\$?\\mu{END}\$?){GAP}(m|g|s|l|L){END} ?\}}"
)
# In the order in which they are replaced.
COMMANDS = [
    (re.compile(r"\\(?:SI|qty) ?\{([^{}]{1,80})\} ?\{([^{}]{1,80})\}"), r"\1 \\text{ \2}"),
    (re.compile(r"\\(?:si|unit) ?(?=\{)"), r"\\mathrm"),
    (re.compile(rf"\\pounds{END} ?"), "£"),
    (re.compile(rf"\\yen{END} ?"), "¥"),
    (re.compile(rf"\\euro{END} ?"), "€"),
    (re.compile(r"\\text ?\{ ?(\\?[$€£¥₹]|Rs\.?|USD) ?\}"), r" \1 "),
    (MICRO, r" \\text{ micro\1}"),
    (re.compile(rf"\\(?:nicefrac|sfrac){END}"), r"\\frac"),
    (re.compile(rf"\\surd{END}"), r"\\sqrt"),
    (re.compile(rf"\\imath{END}"), "i"),
    (re.compile(r"\\text ?\{ ?infinity ?\}"), r"\\infty "),
    (re.compile(rf"\\fbox{END}"), r"\\boxed"),
    (re.compile(rf"\\big(cup|cap){END}"), r"\\\1"),
    (re.compile(rf"\\(?:tiny|scriptsize|footnotesize|small|normalsize|large|Large|LARGE|huge|Huge){END}"), " "),
    (re.compile(r"(?<=\d)(?:~| |\\[,;:! ]){0,4}\\Omega[\s$]*$"), r"\\text{ ohms}"),
    (re.compile(rf"(?:~| |\\[,;:! ]|\\q?quad){{0,4}}\\(?:checkmark|blacksquare|qed){END}"), ""),
    (re.compile(r"\\bbox ?(?:\[[^\[\]]{0,80}\])?"), " "),
    (re.compile(rf"\\forall{END}"), r"\\text{ for all }"),
    (re.compile(rf"\\colon{END} ?|\{{ ?: ?\}}"), ":"),
    (re.compile(rf"^[\s$]*\\(?:therefore|implies|Rightarrow|Longrightarrow){END}(?:\\[,;: ])*"), ""),
    (re.compile(r"\{ ?([^{}]{1,80}?) ?\\over(?![a-zA-Z]) ?([^{}]{1,80}?) ?\}"), r"\\frac{\1}{\2}"),
    (re.compile(r"\{ ?([^{}]{1,80}?) ?\\choose(?![a-zA-Z]) ?([^{}]{1,80}?) ?\}"), r"\\binom{\1}{\2}"),
    (re.compile(r"(?<=\\\\)\*"), ""),
    # Repeating digits between dots, as in Britain and India.
    (re.compile(r"\\dot ?\{?(\d)\}?(\d{0,40})\\dot ?\{?(\d)\}?"), r"\\overline{\1\2\3}"),
    (re.compile(r"(?<![\d.])\.(?=\\(?:overline|bar|dot)\b)"), "0."),
    # Bases: 101_{\text{two}}, (101)_2, \overline{101}_2, 101_{\text{base }2}, 101 \text{ (base 2)}.
    (BASE_IN_WORDS, lambda match: f"_{{{NUMERALS[match[1]]}}}"),
    (re.compile(r"\\overline ?\{([0-9A-Z]{1,40})\} ?(?=_ ?\{? ?\d)"), r"\1"),
    (re.compile(r"_ ?\{ ?\\text ?\{ ?base ?\} ?(\d{1,2}) ?\}"), r"_{\1}"),
    (re.compile(r"(?<=[0-9A-Z]) ?\\text ?\{ ?\(?base (\d{1,2})\)? ?\}$"), r"_{\1}"),
]
# Lines of equations around an answer; cases with a column of conditions are a function.
SYSTEM = re.compile(
    r"[\s$]*\\begin ?\{(?P<name>(?:aligned|align|gathered|split|equation)\*?)\}(?P<body>(?:(?!\\begin).){1,800}?)"
    r"\\end ?\{(?P=name)\}[\s$]*"
    r"|[\s$]*\\begin ?\{cases\}(?P<cases>(?:(?!\\begin|&|\\text).){1,400}?)\\end ?\{cases\}[\s$]*",
    re.DOTALL,
)
ROW_END = re.compile(r"\\\\(?:\[[^\[\]]{0,8}\])?")
# The real numbers with a property: \{x : x < 2\}, \{x \in \mathbb{R} \mid x < 2\}.
SET_BUILDER = re.compile(
    r"\\\{ ?[a-z] ?(?:\\in ?(?:\\mathbb ?)?\{? ?R ?\}? ?)?(?::|\||\\mid|\\vert) ?"
    r"(?P<property>[^{}]{0,80}(?:<|>|\\[lgn]e)[^{}]{0,80}(?:\\text ?\{[^{}]{0,20}\}[^{}]{0,80})?)\\\}"
)
# French intervals: ]0,1[ is (0,1).
FRENCH_END = re.compile(r"\[ ?(?:$|\$|\\cup)|(?:^|\\in|\$|=) ?\]")
FRENCH = re.compile(r"([\[\]])((?:(?!sqrt)[^\[\]()]){1,80},(?:(?!sqrt)[^\[\]()]){1,80})([\[\]])")
# 1.5e3, 6E23, 2e-05 and 1e-5. 2e-1 is twice Euler's number, minus one; 1e-1 is a number, since nobody writes
# a factor of 1.
SCIENTIFIC = re.compile(
    r"(?<![\w.\\^{])(?:(\d{1,40}\.\d{0,40}|\.\d{1,40})[eE]|(\d{1,40})E|(\d{1,40})e(?=\d|[+-]0\d)|(1)e)"
    r"([+-]?\d{1,4})(?![\w.])"
)
EXPONENT = re.compile(r"[\d.][eE][-+\d]")
# 0.(3) and 0.1(6), as much of the world writes repeating digits.
BRACKETED = re.compile(r"(?<![\w.])(\d{1,40}\.)\((\d{1,40})\)(?![\w(])|^([+-]?\d{1,40}\.\d{1,40})\((\d{1,40})\)$")
# 0.333... and 0.142857142857...: digits that repeat before the dots.
TRAILING = re.compile(
    r"(?<![\d.])(\d{0,40}\.\d{0,12}?)(?:(\d)\2{2,40}|(\d\d|\d{3}|\d{6})\3{1,20})(?:\.{2,}|\\(?:l|c)?dots)[\s$.]*$"
)


def raised(match: re.Match) -> str:
    """Python's x**12: a number behind the sign is the exponent as a whole."""
    return f"^{{{match[1]}{match[2]}}}" if match[2] else f"^{match[1]}"


PLAIN = [
    ("base", re.compile(r"(?<=[0-9A-Z]) (?:\(base (\d{1,2})\)|base (\d{1,2}))$"), r"_{\1\2}"),
    (")_", re.compile(r"\(([0-9A-Z]{1,40})\)(?=_ ?\{? ?\d)"), r"\1"),
    (":=", re.compile(":="), "="),
    ("+/-", re.compile(r"\+/-"), r"\\pm "),
    ("**", re.compile(r"(?<=[\w)}\]])(?: \*\* |\*\*)(?![\w.]*\*\*)(-?)(?:(\d+(?:\.\d+)?)|(?=[a-zA-Z(\\]))"), raised),
    ("'", re.compile(r"(?<=\d)'(?=\d{3}(?!\d))"), ""),
    ("is to", re.compile(r"(?<![a-z])is to(?![a-z])"), "to"),
    ("U", re.compile(r"(?<=[)\]}]) ?U ?(?=[(\[{\\])"), r"\\cup "),
]
QUOTES = ("**", "__", "*", "_", "'")
OVERLINED = re.compile("((?:\\d\u0305){1,40})")
STYLED_LETTERS = re.compile("[\U0001d400-\U0001d7ff]")


def common_commands(text: str) -> str:
    """LaTeX of an answer with common commands in place of rare ones."""
    if RARE.search(text) or "{:" in text or "{ :" in text or ("_" in text and BASE_IN_WORDS.search(text)):
        for pattern, by in COMMANDS:
            text = pattern.sub(by, text)
    if "\\begin" in text:
        text = lines_of(match) if (match := SYSTEM.fullmatch(text)) else text
    match = SET_BUILDER.fullmatch(text.strip(" $")) if "\\{" in text else None
    return match["property"] if match else text


def lines_of(match: re.Match) -> str:
    """The lines of an environment as a list."""
    lines = ROW_END.split((match["body"] or match["cases"]).replace("&", " "))
    lines = [line.strip(" ,") for line in lines if line.strip(" ,")]
    return lines[0] + "".join(f" {line}" if line[0] == "=" else f", {line}" for line in lines[1:]) if lines else ""


def french_interval(match: re.Match) -> str:
    return ("[" if match[1] == "[" else "(") + match[2] + ("]" if match[3] == "]" else ")")


def common_signs(text: str) -> str:
    """An answer with common signs in place of rare ones, in or out of LaTeX."""
    if ("e" in text or "E" in text) and EXPONENT.search(text):
        text = SCIENTIFIC.sub(r"\1\2\3\4*10^{\5}", text)
    if "," in text and ("[" in text or "]" in text) and FRENCH_END.search(text):
        text = FRENCH.sub(french_interval, text)
    if "." in text:
        if ")" in text:
            text = BRACKETED.sub(r"\1\3\\overline{\2\4}", text)
        if ".." in text or "dots" in text:
            text = TRAILING.sub(lambda match: f"{match[1]}\\overline{{{match[2] or match[3]}}}", text)
    for sign, pattern, by in PLAIN:
        if sign in text:
            text = pattern.sub(by, text)
    if text[:1] in ("*", "_", "'"):
        for quote in QUOTES:
            inside = text[len(quote) : -len(quote)]
            if inside and text.startswith(quote) and text.endswith(quote) and quote not in inside:
                text = inside
    return text


def plain_letters(text: str) -> str:
    """Letters and digits of mathematics in Unicode as plain ones, and digits below a line as \\overline."""
    text = STYLED_LETTERS.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    return OVERLINED.sub(lambda match: f"\\overline{{{match[0].replace(chr(0x305), '')}}}", text)
