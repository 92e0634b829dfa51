"""The limits of one program in the box."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Limits:
    """What one program may use, its tests included.

    `cpu_seconds` decides about time-outs: it does not depend on the load of the machine. `wall_seconds` ends a program
    that sleeps. Memory is address space, since a program has one process. `reply_mb` is the size of one returned
    value. Files need no limit: a program can write none.
    """

    cpu_seconds: int = 10
    wall_seconds: float = 60.0
    memory_mb: int = 512
    open_files: int = 32
    reply_mb: int = 4
    program_mb: int = 1

    def times(self, factor: int) -> "Limits":
        """The same with so many times the time."""
        seconds = {"cpu_seconds": self.cpu_seconds * factor, "wall_seconds": self.wall_seconds * factor}
        return dataclasses.replace(self, **seconds)


USUAL = Limits()
