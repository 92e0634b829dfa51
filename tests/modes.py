"""The modes that new files and folders get under a umask."""

import stat
from pathlib import Path


def wrong_modes(folder: Path, umask: int) -> dict[str, str]:
    """Every file and folder below whose mode is not a new one's under this umask; none of them may be a program."""
    found = {}
    for path in folder.rglob("*"):
        mode = stat.S_IMODE(path.lstat().st_mode)
        wanted = (0o777 if path.is_dir() else 0o666) & ~umask
        if not path.is_symlink() and mode != wanted:
            found[str(path.relative_to(folder))] = oct(mode)
    return found
