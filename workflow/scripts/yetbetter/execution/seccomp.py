"""A filter of system calls, as the kernel reads it: classic BPF over struct seccomp_data (man 2 seccomp).

The filter allows the calls that a single Python process needs (`syscalls.py`) and answers all others with ENOSYS, as a
kernel does that does not have them. It is assembled here, since libseccomp is missing on many clusters.
"""

import platform
import struct

from yetbetter.errors import UserError
from yetbetter.execution.syscalls import PROCESSORS

# Offsets in struct seccomp_data: the number of the call, the processor, the low halves of the arguments.
NUMBER, PROCESSOR, ARGUMENTS = 0, 4, 16
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000 | 38, 0x80000000
# Calls that are allowed for some values of one argument alone: its place and the values.
TERMINAL_SIZE, TERMINAL_MODES, NOT_BLOCKING, CLOSE_ON_EXEC, KEEP_ON_EXEC = 0x5413, 0x5401, 0x5421, 0x5451, 0x5450
DUPLICATE, DUPLICATE_CLOSE_ON_EXEC = 0, 1030
ONLY = {
    "ioctl": (1, (TERMINAL_SIZE, TERMINAL_MODES, NOT_BLOCKING, CLOSE_ON_EXEC, KEEP_ON_EXEC)),
    # Flags of descriptors and files. Owners are left out: a pipe can send its owner, another process, a signal.
    "fcntl": (1, (DUPLICATE, 1, 2, 3, 4, DUPLICATE_CLOSE_ON_EXEC)),
    "prlimit64": (0, (0,)),  # the limits of the process itself, not of another one
}


def assemble(processor: str = "", without: tuple[str, ...] = (), parent: bool = False) -> bytes:
    """The filter as bytes, an array of struct sock_filter.

    processor: a name of `PROCESSORS` (default: this machine's). without: calls to refuse in addition.
    parent: allow a process to start others and to confine them.
    Raises UserError for another processor.
    """
    processor = processor or platform.machine()
    if processor not in PROCESSORS:
        raise UserError(f"no filter of system calls for {processor}, only for {', '.join(PROCESSORS)}")
    audit, numbers, of_parent = PROCESSORS[processor]
    numbers = numbers | of_parent if parent else numbers
    allowed = {name: number for name, number in numbers.items() if name not in without}
    lines = [step(LOAD, PROCESSOR), step(JUMP_IF_EQUAL, audit, 1, 0), step(RETURN, KILL), step(LOAD, NUMBER)]
    for name, (argument, values) in ONLY.items():
        # Skips to the next call unless it is this one; the number has to be loaded again behind the argument.
        inner = [step(LOAD, ARGUMENTS + 8 * argument)]
        inner += [step(JUMP_IF_EQUAL, value, len(values) - place, 0) for place, value in enumerate(values)]
        inner += [step(RETURN, REFUSE), step(RETURN, ALLOW)]
        lines += [step(JUMP_IF_EQUAL, allowed.pop(name), 0, len(inner)), *inner]
    for place, number in enumerate(sorted(allowed.values())):
        lines.append(step(JUMP_IF_EQUAL, number, len(allowed) - place, 0))
    return b"".join([*lines, step(RETURN, REFUSE), step(RETURN, ALLOW)])


def step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
