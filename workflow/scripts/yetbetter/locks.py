"""The lock on a file that processes share, released by the kernel when its holder dies."""

import fcntl

from yetbetter.errors import UserError


def lock(file, wait: bool = True) -> None:
    """Lock an open file for this process alone, until it is closed.

    Raises BlockingIOError where another process has it and `wait` is false, and UserError, in one line, where the file
    system has no locks.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError as error:
        raise UserError(
            f"{file.name}: cannot be locked ({error.strerror}); mount its file system with flock (Lustre: -o flock), or"
            " keep results on one whose locks hold across the cluster"
        ) from error
