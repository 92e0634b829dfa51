"""Plain data between the grader and a program in the box.

Arguments come from the data set and travel as a Python expression. Returned values come from the program, which nobody
trusts, and travel as a tag each, for most tags with a payload:

    N T F                     None, True, False
    i<hex>;  f<repr>;  c<repr>,<repr>;       int, float, complex
    s<length>:<bytes>  b<length>:<bytes>     str (UTF-8), bytes
    l t e z <count>:<items>   list, tuple, set, frozenset
    d<count>:<items>          dict, keys and values by turns
    k v m <count>:<items>     keys, values and items of a dict
    g<count>:<items>          iterator, read to its end by the box
    r<start>,<stop>,<step>;   range
    o<length>:<bytes>         any other object, of which only the type's name is known

`decode` makes these types and no others: 64 MB and 0.9 s for a reply of 4 MB that is one long list. `ast.parse` takes
1.9 GB and 5 s for such a literal, and its walk comes on top. The box has the other half, `driver.py`.
"""

from itertools import chain
from typing import Any

DEEPEST = 90  # Python's parser accepts 100 nested brackets in the box
PLAIN = (type(None), bool, int, float, complex, str, bytes, range)


class NotPlain(ValueError):
    """A value or reply that is not plain data."""


class Opaque:
    """An object of the program of which only the type's name is known. Equal to nothing but itself."""

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.name}>"


def expression(value: Any) -> str:
    """A Python expression that makes the value again, with the names inf, nan and the builtin types.

    Raises NotPlain for a value of another type than the plain ones, or one that is nested too deeply.
    """
    check_plain(value, DEEPEST)
    try:
        return repr(value)
    except ValueError as error:  # an int of more than 4300 digits
        raise NotPlain(str(error)) from None


def check_plain(value: Any, deepest: int) -> None:
    if deepest < 0:
        raise NotPlain("nested too deeply")
    if type(value) in (list, tuple, set, frozenset):
        for item in value:
            check_plain(item, deepest - 1)
    elif type(value) is dict:
        for key, item in value.items():
            check_plain(key, deepest - 1)
            check_plain(item, deepest - 1)
    elif type(value) not in PLAIN:
        raise NotPlain(f"an object of type {type(value).__name__}")


def encode(value: Any) -> bytes:
    """What `decode` reads, for the plain types of `expression`. Raises NotPlain for others, or if nested too deeply."""
    check_plain(value, DEEPEST)
    parts: list[bytes] = []
    add(value, parts)
    return b"".join(parts)


def add(value: Any, parts: list[bytes]) -> None:
    kind = type(value)
    if kind in (str, bytes):
        data = value if kind is bytes else value.encode("utf-8", "surrogatepass")
        parts += (b"%s%d:" % (TAGS[kind], len(data)), data)
    elif kind in TAGS:
        parts.append(b"%s%d:" % (TAGS[kind], len(value)))
        for item in chain.from_iterable(value.items()) if kind is dict else value:
            add(item, parts)
    else:
        parts.append(TO_TEXT[kind](value).encode())


TAGS = {str: b"s", bytes: b"b", list: b"l", tuple: b"t", set: b"e", frozenset: b"z", dict: b"d"}
TO_TEXT = {
    type(None): lambda _: "N",
    bool: lambda value: "T" if value else "F",
    int: lambda value: f"i{value:x};",
    float: lambda value: f"f{value!r};",
    complex: lambda value: f"c{value.real!r},{value.imag!r};",
    range: lambda value: f"r{value.start},{value.stop},{value.step};",
}


def decode(data: bytes) -> Any:
    """The value that a program returned. Raises NotPlain if the bytes are not exactly one value."""
    return Reader(data).whole()


SIMPLE = {b"N": None, b"T": True, b"F": False}
FROM_ITEMS = {
    b"l": list,
    b"t": tuple,
    b"e": set,
    b"z": frozenset,
    b"g": iter,
    b"k": lambda items: dict.fromkeys(items).keys(),
    b"v": lambda items: dict(enumerate(items)).values(),
    b"m": lambda items: dict(items).items(),
}
FROM_TEXT = {
    b"i": lambda text: int(text, 16),
    b"f": float,
    b"c": lambda text: complex(*map(float, text.split(","))),
    b"r": lambda text: range(*map(int, text.split(","))),
}


class Reader:
    """Reads one value from bytes."""

    def __init__(self, data: bytes):
        self.data, self.place = data, 0

    def whole(self) -> Any:
        try:
            value = self.value(DEEPEST)
        except (ValueError, TypeError, OverflowError) as error:
            raise NotPlain(f"a reply that is not plain data ({type(error).__name__})") from None
        if self.place != len(self.data):
            raise NotPlain("a reply that does not end with its value")
        return value

    def value(self, deepest: int) -> Any:
        tag = self.data[self.place : self.place + 1]
        self.place += 1
        if deepest < 0:
            raise NotPlain("nested too deeply")
        if tag in SIMPLE:
            return SIMPLE[tag]
        if tag in FROM_TEXT:
            return FROM_TEXT[tag](self.until(b";"))
        if tag in FROM_ITEMS:
            return FROM_ITEMS[tag]([self.value(deepest - 1) for _ in range(self.count())])
        if tag == b"d":
            items = [self.value(deepest - 1) for _ in range(2 * self.count())]
            return dict(zip(items[::2], items[1::2], strict=True))
        if tag == b"b":
            return self.bytes()
        if tag == b"s":
            return self.bytes().decode("utf-8", "surrogatepass")
        if tag == b"o":
            return Opaque(self.bytes().decode("utf-8", "replace")[:100])
        raise NotPlain(f"unknown tag {tag!r}")

    def bytes(self) -> bytes:
        length = self.count()
        self.place += length
        return self.data[self.place - length : self.place]

    def count(self) -> int:
        """A number of bytes or items: at most as many as bytes are left, since an item takes at least one."""
        count = int(self.until(b":"))
        if not 0 <= count <= len(self.data) - self.place:
            raise NotPlain("a count beyond the end")
        return count

    def until(self, mark: bytes) -> str:
        end = self.data.index(mark, self.place)
        text = self.data[self.place : end].decode("ascii")
        self.place = end + 1
        return text
