"""Programs that try to pass tests without computing anything. None defines a right `f`; see the tests for its meaning.

The tests: f(2) == 4, f(3) == 9, set(f(5)) == {1, 5}, math.isclose(f(7), 0.5), len(f(8)) == 3. `f` is asked for no such
thing by any honest program, so each test is a chance of its own.
"""

STATEMENTS = (
    "assert f(2) == 4",
    "assert f(3) == 9",
    "assert set(f(5)) == {1, 5}",
    "assert math.isclose(f(7), 0.5)",
    "assert len(f(8)) == 3",
)
TRUE = "def f(x):\n    return True\n"

REFERENCE = {
    "sys.exit while it is defined": "import sys\nsys.exit(0)\n",
    "os._exit while it is defined": "import os\nos._exit(0)\n",
    "SystemExit in a call": "def f(x):\n    raise SystemExit(0)\n",
    "os._exit in a call": "import os\ndef f(x):\n    os._exit(0)\n",
    "an object equal to everything": """
class Any:
    def __eq__(self, other):
        return True
    __hash__ = None
def f(x):
    return Any()
""",
    "an int equal to everything": """
class Any(int):
    def __eq__(self, other):
        return True
    __ne__ = __hash__ = lambda *_: 0
def f(x):
    return Any(0)
""",
    "math.isclose replaced": "import math\nmath.isclose = lambda *a, **k: True\n" + TRUE,
    "builtins.set replaced": "import builtins\nbuiltins.set = lambda *a: {1, 5}\n" + TRUE,
    "builtins.len replaced": "import builtins\nbuiltins.len = lambda *a: 3\n" + TRUE,
    "builtins.AssertionError replaced": "import builtins\nbuiltins.AssertionError = type('E', (Exception,), {})\n"
    + TRUE,
    "expected values from the frames": """
import sys
def f(x):
    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()) + list(frame.f_code.co_consts or ()):
            if value == 4 and value is not x:
                return value
        frame = frame.f_back
""",
    "tests from memory": """
import gc
def f(x):
    for item in gc.get_objects():
        for text in item if isinstance(item, (list, tuple)) else [item]:
            if isinstance(text, str) and f"assert f({x}) ==" in text.replace("{x}", "?"):
                return int(text.rpartition("==")[2])
""",
    "tests from files": """
import os
def f(x):
    for folder, _, files in os.walk("/"):
        for name in files:
            try:
                text = open(os.path.join(folder, name), errors="replace").read(10**6)
            except OSError:
                continue
            if f"assert f({x}) == " in text:
                return int(text.partition(f"assert f({x}) == ")[2].split()[0])
""",
    "words of success printed": "print('passed'); print('OK')\nimport sys\nsys.stderr.write('1 passed')\n" + TRUE,
}

OWN = {
    "replies sent before the calls": """
import os
for number in range(3, 10):
    try:
        for reply in [b"vN"] + [b"vT"] * 9:
            os.write(number, b"%d\\n%s" % (len(reply), reply))
    except OSError:
        pass
""",
    "a pickle as a reply": """
import os
def f(x):
    data = b"vcbuiltins\\neval\\n(S'4'\\ntR."
    for number in range(3, 10):
        try:
            os.write(number, b"%d\\n%s" % (len(data), data))
        except OSError:
            pass
    os._exit(0)
""",
    "an expression as a reply": """
import os
def f(x):
    data = b"i(lambda: 4)();"
    for number in range(3, 10):
        try:
            os.write(number, b"%d\\nv%s" % (len(data) + 1, data))
        except OSError:
            pass
    os._exit(0)
""",
    "a reply longer than allowed": """
import os
def f(x):
    for number in range(3, 10):
        try:
            os.write(number, b"99999999999999999\\nv")
        except OSError:
            pass
    os._exit(0)
""",
    "the driver rewritten": """
import sys
main = sys.modules["__main__"]

main.answer = lambda *a: b"vi4;"
""",
    "a dict with every key": """
class Every(dict):
    def __missing__(self, key):
        return key
    def __eq__(self, other):
        return True
def f(x):
    return Every()
""",
    "a str and a list equal to everything": """
class S(str):
    __eq__ = lambda *a: True
    __hash__ = str.__hash__
class L(list):
    __eq__ = lambda *a: True
    def __len__(self):
        return 3
def f(x):
    return L([S("a")]) if x != 2 else S("b")
""",
    "an iterator without an end": """
def f(x):
    while True:
        yield x
""",
    "an object that claims to be an int": """
class Liar:
    __class__ = int
    def __int__(self):
        return 4
    def __index__(self):
        return 4
    def __eq__(self, other):
        return True
def f(x):
    return Liar()
""",
    "an AssertionError that is false": """
class Quiet(AssertionError):
    def __bool__(self):
        return False
def f(x):
    raise Quiet
""",
    "a name of an exception that is code": """
def f(x):
    raise type("__import__('os')._exit(0)", (Exception,), {})()
""",
    "not a number": "def f(x):\n    return float('nan')\n",
    "a generator that exits": "def f(x):\n    yield 1\n    raise SystemExit\n",
    "a keyboard interrupt": "def f(x):\n    raise KeyboardInterrupt\n",
    "no function": "g = 1\n",
    "a function under another name": "def F(x):\n    return x\n",
}
FORGERIES = REFERENCE | OWN
# They search for long, and the place of the test is nothing to them.
SLOW = {"tests from files", "tests from memory", "an iterator without an end"}
# The one that passes: tests of a data set are public, and MBPP's prompt shows them. No box can tell it from a solution.
KNOWS_THE_VALUES = "def f(x):\n    return {2: 4, 3: 9, 5: [1, 5], 7: 0.5, 8: 'abc'}[x]\n"

# Replies that make the tests outside slow or hungry: each must get a verdict in bounded time.
EXPENSIVE = {
    "keys with equal hashes": (
        "def f(x):\n    return [i * (2**61 - 1) for i in range(150000)]\n",
        "assert set(f(1)) == {1}",
    ),
    "a huge exponent": ("def f(x):\n    return 10**9\n", "assert 3 ** f(1) == 4"),
    "a huge repetition": ("def f(x):\n    return 10**12\n", "assert [0] * f(1) == []"),
    "a long loop": ("def f(x):\n    return 10**12\n", "assert sum(range(f(1))) == 4"),
}
