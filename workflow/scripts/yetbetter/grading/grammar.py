r"""The grammar of answers: LaTeX or plain formulas to a tree of tuples, in time linear in the answer's length.

Nodes: ("num", value, decimals), ("sym", name), ("const", name), ("add" | "mul", items), ("div" | "pow", a, b),
("neg" | "fact" | "deg" | "pct" | "money", a), ("fun", name, arguments), ("call", name, arguments) for an unknown
function, ("pm" | "mp", a), ("base", digits, base), ("ratio", items), ("tuple", open, close, items), ("set" | "list",
items), of a list joined by a word ("list", items, "and" | "or"), ("matrix", rows), ("rel", signs, terms),
("cup" | "cap" | "setminus", a, b), ("reals",), ("text", words),
("sum" | "prod", variable, from, to, body), ("int", variable, from, to, body), ("lim", variable, to, body).
"""

from fractions import Fraction

from yetbetter.grading.macros import MACROS, matrix
from yetbetter.grading.tokens import Refused, Token, tokenize

MAX_DEPTH = 120  # about thirty brackets inside each other
RELATIONS = {"=", "<", ">", "<=", ">=", "!=", "approx", "in"}
SETS = {"cup", "cap", "setminus"}
SEPARATORS = (",", ";", "and", "or")
CLOSING = {"(": ")]", "[": ")]", "langle": ("rangle",)}
END = Token("", "")
OPENING = ("(", "[", "{", "\\{", "langle", "lfloor", "lceil", "dollar")
POSTFIXES = ("^", "!", "degree", "%", "dollar", "_")
REPEATING = {Token("macro", name) for name in ("overline", "bar", "dot")}
UNKNOWN_FUNCTIONS = frozenset("fghFGHPQWp")


def parse(text: str, thousands: bool = True) -> tuple:
    """The tree of a cleaned answer; raises Refused if the grammar does not hold it."""
    parser = Parser(tokenize(text, thousands))
    tree = parser.list_until(None)
    if parser.peek() is not END:
        raise Refused(f"unexpected {parser.tokens[parser.place].value}")
    return tree


class Parser:
    def __init__(self, tokens: list[Token]):
        # Empty tokens follow the last one, as many as the parser ever looks ahead.
        self.tokens, self.place, self.depth, self.bars = [*tokens, END, END, END], 0, 0, 0

    # Reading tokens ---------------------------------------------------------------------------------------------------

    def peek(self, ahead: int = 0) -> Token:
        return self.tokens[self.place + ahead]

    def is_sign(self, *values: str) -> bool:
        kind, value = self.tokens[self.place]
        return kind == "sign" and value in values

    def take(self, *values: str) -> bool:
        kind, value = self.tokens[self.place]
        if kind == "sign" and value in values:
            self.place += 1
            return True
        return False

    def expect(self, *values: str) -> str:
        if not self.is_sign(*values):
            raise Refused(f"{self.peek().value!r} where {values} belongs")
        self.place += 1
        return self.tokens[self.place - 1].value

    def down(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Refused("too deep")

    # Lists, relations, sets -------------------------------------------------------------------------------------------

    def list_until(self, closing: str | None) -> tuple:
        """A list of relations up to (not with) the closing sign; a single item is returned as it is."""
        items, joiner = [self.relation()], ()
        while self.is_sign(*SEPARATORS):
            while self.is_sign(*SEPARATORS):  # "1, 2, and 3"
                sign = self.expect(*SEPARATORS)
                joiner = (sign,) if sign in ("and", "or") else joiner
            if not self.peek().kind or (closing and self.is_sign(closing)):
                break
            items.append(self.relation())
        return items[0] if len(items) == 1 else ("list", tuple(items), *joiner)

    def relation(self) -> tuple:
        self.down()
        terms, signs = [self.union()], []
        while self.peek().kind == "sign" and self.peek().value in RELATIONS:
            signs.append(self.peek().value)
            self.place += 1
            terms.append(self.union())
        self.depth -= 1
        return ("rel", tuple(signs), tuple(terms)) if signs else terms[0]

    def union(self) -> tuple:
        tree = self.ratio()
        while self.is_sign(*SETS):
            kind = self.expect(*SETS)
            tree = (kind, tree, self.ratio())
            self.down()  # left-nested: as deep as it is long; paid back by nobody, so that a long chain is refused
        return tree

    def ratio(self) -> tuple:
        items = [self.sum()]
        while self.take(":", "to"):
            items.append(self.sum())
        return items[0] if len(items) == 1 else ("ratio", tuple(items))

    # Arithmetic -------------------------------------------------------------------------------------------------------

    def sum(self) -> tuple:
        self.down()
        items = [self.signed()]
        while self.is_sign("+", "-", "pm", "mp"):
            items.append(self.signed())
        self.depth -= 1
        if items[0] == ("reals",) and len(items) == 2 and items[1][0] == "neg" and items[1][1][0] in ("tuple", "set"):
            return ("setminus", items[0], items[1][1])  # \mathbb{R} - [2,3]
        return items[0] if len(items) == 1 else ("add", tuple(items))

    def signed(self) -> tuple:
        minus, choice = False, None
        while self.is_sign("+", "-", "pm", "mp"):
            sign = self.expect("+", "-", "pm", "mp")
            minus ^= sign == "-"
            choice = sign if sign in ("pm", "mp") else choice
        term = self.term()
        if minus:
            term = ("neg", term)
        return (choice, term) if choice else term

    def term(self) -> tuple:
        items = [self.factor()]
        while True:
            if self.take("*"):
                items.append(self.signed_factor())
            elif self.take("/"):
                divided = items[0] if len(items) == 1 else ("mul", tuple(items))
                items = [("div", divided, self.signed_factor())]
                self.down()
            elif self.starts_factor():
                items.append(self.factor())
            elif self.peek().kind == "text":
                raise Refused("words behind a formula")
            else:
                return items[0] if len(items) == 1 else ("mul", tuple(items))

    def signed_factor(self) -> tuple:
        minus = False
        while self.is_sign("+", "-"):
            minus ^= self.expect("+", "-") == "-"
        factor = self.factor()
        return ("neg", factor) if minus else factor

    def starts_factor(self) -> bool:
        token = self.peek()
        if token.kind in ("number", "name", "function", "constant", "macro", "begin"):
            return True
        if token.kind == "sign" and token.value == "|":
            return not self.bars
        return token.kind == "sign" and token.value in OPENING

    def factor(self) -> tuple:
        self.down()
        tree = self.base()
        for _ in range(4):
            if not self.is_sign(*POSTFIXES):
                break
            if self.take("^"):
                tree = ("pow", tree, self.script())
            elif self.take("!"):
                tree = ("fact", tree)
            elif self.take("degree"):
                tree = ("deg", tree)
            elif self.take("%"):
                tree = ("pct", tree)
            elif self.take("dollar"):
                tree = ("money", tree)
            elif self.is_sign("_") and tree[0] == "num":
                tree = self.in_base(tree)
            else:
                break
        else:
            raise Refused("too many postfixes")
        self.depth -= 1
        return tree

    def in_base(self, number: tuple) -> tuple:
        digits = self.tokens[self.place - 1].value
        self.expect("_")
        base = self.script(chain=False)
        if base[0] != "num" or base[1].denominator != 1 or not 2 <= base[1] <= 36:
            raise Refused("base")
        return ("base", digits, int(base[1]))

    def script(self, chain: bool = True) -> tuple:
        """What stands behind ^ or _: a group, or one factor with its sign (2^-1, 2^10, and 2^2^2 as 2^(2^2))."""
        if self.is_sign("{"):
            return self.group()
        self.down()
        minus = False
        while self.is_sign("+", "-"):
            minus ^= self.expect("+", "-") == "-"
        tree = self.base()
        if chain and self.take("^"):
            tree = ("pow", tree, self.script())
        self.depth -= 1
        return ("neg", tree) if minus else tree

    def group(self) -> tuple:
        self.expect("{")
        self.down()
        tree = self.list_until("}")
        self.expect("}")
        self.depth -= 1
        return tree

    def argument(self) -> tuple:
        r"""A macro's argument: a group, or one token, of a number one digit (\frac12)."""
        token = self.peek()
        if token.kind == "number" and token.value.isdigit():
            if len(token.value) > 1:
                self.tokens[self.place] = Token("number", token.value[1:])
            else:
                self.place += 1
            return number(token.value[0])
        return self.group() if self.is_sign("{") else self.base()

    # The smallest parts -----------------------------------------------------------------------------------------------

    def base(self) -> tuple:
        token = self.peek()
        self.place += 1
        if token.kind == "number":
            if "." in token.value and self.peek() in REPEATING:
                return self.repeating(token.value)
            if token.value.endswith(".") and self.is_sign("("):
                raise Refused("0.(3)")  # not zero times three
            return self.mixed(number(token.value))
        if token.kind == "name":
            return self.name(token.value)
        if token.kind == "constant":
            return ("set", ()) if token.value == "emptyset" else ("const", token.value)
        if token.kind == "function":
            return self.function(token.value)
        if token.kind == "text":
            return ("text", token.value.casefold())
        if token.kind == "macro":
            return MACROS[token.value](self)
        if token.kind == "begin":
            return matrix(self, token.value)
        self.place -= 1
        return self.bracket()

    def repeating(self, digits: str) -> tuple:
        r"""0.1\overline{6} as 1/6: the digits below the line repeat."""
        self.place += 1
        braced = self.take("{")
        token = self.peek()
        self.place += 1
        if token.kind != "number" or not token.value.isdigit():
            raise Refused("repeating digits")
        period = token.value if braced else token.value[0]
        if braced:
            self.expect("}")
        elif len(token.value) > 1:
            raise Refused("digits behind repeating ones")
        places = len(digits.partition(".")[2])
        tail = Fraction(int(period), (10 ** len(period) - 1) * 10**places)
        return ("num", number(digits)[1] + tail, None)

    def mixed(self, tree: tuple) -> tuple:
        if self.take("mixed"):
            top, bottom = self.peek(), self.peek(2)
            self.place += 3
            if tree[1].denominator != 1 or not bottom.value.isdigit() or int(bottom.value) == 0:
                raise Refused("mixed number")
            return ("num", tree[1] + Fraction(int(top.value), int(bottom.value)), None)
        if self.peek() == ("macro", "frac") and tree[2] is None:
            self.place += 1
            top, bottom = self.argument(), self.argument()
            if top[0] == bottom[0] == "num" and top[2] is None and bottom[2] is None and 0 <= top[1] < bottom[1]:
                return ("num", tree[1] + top[1] / bottom[1], None)
            return ("mul", (tree, ("div", top, bottom)))
        return tree

    def name(self, name: str) -> tuple:
        primes = 0
        while self.take("'"):
            primes += 1
        if self.take("_"):
            name += "_" + spelt(self.script(chain=False))
        name += "'" * primes
        if name[0] in UNKNOWN_FUNCTIONS and self.is_sign("("):
            tree = self.bracket()
            return ("call", name, tree[3] if tree[0] == "tuple" else (tree,))
        return ("sym", name)

    def function(self, name: str) -> tuple:
        self.down()
        exponent, base = None, None
        if self.take("_"):
            base = self.script(chain=False)
        if self.take("^"):
            exponent = self.script()
        if self.is_sign("(", "{", "["):
            inner = self.bracket() if not self.is_sign("{") else self.group()
            arguments = inner[3] if inner[0] == "tuple" else inner[1] if inner[0] == "list" else (inner,)
        else:
            # Without brackets, the product up to the next function: \sin 2x \cos x.
            items = [self.signed_factor()]
            while self.starts_factor() and self.peek().kind != "function" and not self.is_sign("(", "["):
                items.append(self.factor())
            arguments = (items[0] if len(items) == 1 else ("mul", tuple(items)),)
        self.depth -= 1
        if exponent == ("neg", ("num", Fraction(1), None)) and "arc" + name in ("arcsin", "arccos", "arctan"):
            name, exponent = "arc" + name, None
        if name == "log" and base is not None:
            arguments = (*arguments, base)
        elif base is not None:
            raise Refused("subscript of a function")
        tree = ("fun", name, tuple(arguments))
        return tree if exponent is None else ("pow", tree, exponent)

    def bracket(self) -> tuple:
        opened = self.expect("(", "[", "{", "\\{", "|", "langle", "lfloor", "lceil", "dollar")
        self.down()
        if opened == "dollar":
            tree = ("money", self.factor())
        elif opened == "|":
            self.bars += 1
            tree = ("fun", "abs", (self.sum(),))
            self.bars -= 1
            self.expect("|")
        elif opened in ("lfloor", "lceil"):
            tree = ("fun", {"lfloor": "floor", "lceil": "ceil"}[opened], (self.sum(),))
            self.expect("r" + opened[1:])
        elif opened == "{":
            tree = self.list_until("}")
            self.expect("}")
        elif opened == "\\{":
            tree = ("set", ()) if self.is_sign("\\}") else self.list_until("\\}")
            self.expect("\\}")
            tree = tree if tree == ("set", ()) else ("set", tree[1] if tree[0] == "list" else (tree,))
        else:
            bars, self.bars = self.bars, 0
            inner = self.list_until(CLOSING[opened][0])
            self.bars = bars
            closed = self.expect(*CLOSING[opened])
            if inner[0] == "list":
                tree = ("tuple", opened, closed, inner[1])
            elif opened == "langle" or (opened == "(") != (closed == ")"):
                raise Refused("brackets")
            else:
                tree = inner
        self.depth -= 1
        return tree


def number(digits: str) -> tuple:
    if len(digits) > 400:
        raise Refused("too many digits")
    if digits.isdigit():
        return ("num", Fraction(int(digits)), None)
    places = len(digits.partition(".")[2])
    return ("num", Fraction(digits.rstrip(".") or "0"), places)


def spelt(tree: tuple) -> str:
    """A subscript as part of a name."""
    kind = tree[0]
    if kind == "num":
        return str(tree[1])
    if kind in ("sym", "const", "text"):
        return tree[1]
    if kind in ("add", "mul", "list"):
        return kind + "(" + ",".join(map(spelt, tree[1])) + ")"
    if kind == "neg":
        return "-" + spelt(tree[1])
    raise Refused("subscript")
