"""Runs inside the box: executes one program, then answers calls of its functions. Standard library only, Python >= 3.9.

Requests and replies are a length in decimal, a newline and that many bytes. The box sends `ready`. The first request is
the program, the others are calls: a function's name, a newline and a Python expression, (arguments, keyword arguments).
Each reply is `v` and a value, as `values.py` describes it, or `x` and the name of an exception.

Nothing here protects the verdict. The program shares this process and may change all of it; the worst it can do is to
send other data, and the tests run elsewhere.
"""

import os
import sys

DEEPEST = 90
READY = b"ready"
MOST_BYTES = int(sys.argv[1])
NUMBERS = {"inf": float("inf"), "nan": float("nan")}
VIEWS = ((type({}.keys()), b"k"), (type({}.values()), b"v"), (type({}.items()), b"m"))
KINDS = ((list, b"l"), (tuple, b"t"), (set, b"e"), (frozenset, b"z"), *VIEWS)


class ReplyTooLarge(Exception):
    pass


def put(value, parts, deepest):
    if deepest < 0 or len(parts) > MOST_BYTES:
        raise ReplyTooLarge
    if value is None or value is True or value is False:
        parts.append(b"N" if value is None else b"T" if value else b"F")
    elif isinstance(value, int):
        parts.append(b"i%x;" % int(value))
    elif isinstance(value, float):
        parts.append(b"f%s;" % float.__repr__(value).encode())
    elif isinstance(value, complex):
        parts.append(b"c%s,%s;" % (repr(value.real).encode(), repr(value.imag).encode()))
    elif isinstance(value, str):
        put_bytes(b"s", str.encode(value, "utf-8", "surrogatepass"), parts)
    elif isinstance(value, (bytes, bytearray)):
        put_bytes(b"b", bytes(value), parts)
    elif isinstance(value, range):
        parts.append(b"r%d,%d,%d;" % (value.start, value.stop, value.step))
    elif isinstance(value, dict):
        parts.append(b"d%d:" % len(value))
        for pair in value.items():
            put(pair[0], parts, deepest - 1)
            put(pair[1], parts, deepest - 1)
    else:
        put_items(value, parts, deepest)


def put_items(value, parts, deepest):
    tag = next((tag for kind, tag in KINDS if isinstance(value, kind)), b"")
    if not tag and not hasattr(type(value), "__next__"):
        put_bytes(b"o", type(value).__name__.encode("utf-8", "replace"), parts)
        return
    if not tag:
        tag, value = b"g", items_of(value)
    parts.append(b"%s%d:" % (tag, len(value)))
    for item in value:
        put(item, parts, deepest - 1)


def items_of(iterator):
    items = []
    for item in iterator:  # it may have no end
        items.append(item)
        if len(items) > MOST_BYTES:
            raise ReplyTooLarge
    return items


def put_bytes(tag, data, parts):
    parts.append(b"%s%d:" % (tag, len(data)))
    parts.append(data)


def encoded(value):
    parts = [b"v"]
    put(value, parts, DEEPEST)
    reply = b"".join(parts)
    if len(reply) > MOST_BYTES:
        raise ReplyTooLarge
    return reply


def receive(requests):
    line = requests.readline()
    return requests.read(int(line)) if line else None


def send(replies, data):
    replies.write(b"%d\n%s" % (len(data), data))
    replies.flush()


def own_pipes():
    """Binary streams for requests and replies. The program's own input is empty, and its output is thrown away."""
    if sys.platform == "wasi":
        import io

        pipes = sys.stdin.buffer, sys.stdout.buffer
        sys.stdin = io.StringIO()
        sys.stdout = sys.stderr = Nowhere()
        return pipes
    pipes = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)
    return pipes


class Nowhere:
    """Standard output under WebAssembly, which lacks /dev/null: keeps nothing."""

    encoding = "utf-8"

    def write(self, text):
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return False


def answer(action, *arguments):
    """`v` and what the action returns, or `x` and the exception, SystemExit and its like included."""
    try:
        return encoded(action(*arguments))
    except BaseException as error:
        return b"x" + type(error).__name__.encode("utf-8", "replace")[:100]


def set_limits(limits):
    """`NAME=value` each, with setrlimit's names. A lower limit that is there already stays."""
    try:
        import resource
    except ImportError:  # WebAssembly, where the host sets them
        return
    for limit in limits:
        name, _, value = limit.partition("=")
        number = getattr(resource, "RLIMIT_" + name)
        hard = resource.getrlimit(number)[1]
        soft = int(value) if hard == resource.RLIM_INFINITY else min(int(value), hard)
        # The signal at the soft limit of CPU time tells a time-out from other ends; the hard one cannot be caught.
        resource.setrlimit(number, (soft, soft + 1 if name == "CPU" and soft != hard else soft))


def main():
    set_limits(sys.argv[2:])
    requests, replies = own_pipes()
    send(replies, READY)  # what fails before this is the box, not the program
    program = receive(requests)
    module = type(sys)("program")  # not __main__: as with human-eval, a main guard does not run
    sys.modules["program"] = module
    names = module.__dict__

    def define():
        exec(compile(program, "program", "exec", dont_inherit=True), names)

    def call(request):
        name, _, given = request.partition(b"\n")
        # The grader's own text (`values.expression`), in a process that the program rules anyway.
        arguments, options = eval(given.decode("utf-8", "surrogatepass"), dict(NUMBERS))
        name = name.decode()
        if name not in names:
            raise NameError(name)
        return names[name](*arguments, **options)

    send(replies, answer(define))
    while True:
        request = receive(requests)
        if request is None:
            return
        send(replies, answer(call, request))


main()
