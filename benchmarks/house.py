"""The size and order of the code in numbers, for an old commit and for the working tree.

    python benchmarks/house.py
    python benchmarks/house.py --since f1a1fd9

Needs Git and the old commit; otherwise only the working tree is counted. tests/unit/test_house.py uses these
functions.
"""

import argparse
import ast
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow" / "scripts"))

from yetbetter.program import Parser, run

REPOSITORY = Path(__file__).resolve().parent.parent
SCRIPTS = "workflow/scripts/"
LIBRARY = f"{SCRIPTS}yetbetter/"
# From top to bottom: a folder does not import from folders above it. `core`: modules outside folders.
ORDER = (
    *("report", "figures", "claims", "measures", "forecast", "study", "selection", "evaluation"),
    *(
        "verification",
        "training",
        "judging",
        "generation",
        "cluster",
        "data",
        "tasks",
        "pocket",
        "grading",
        "execution",
        "following",
        "stats",
        "core",
    ),
)
# Classes and functions that exist once in the library, since each name means one thing.
ONCE = ("Arm", "Cell", "Claim", "Recipe", "describe", "read_table", "choose")

Files = dict[str, str]


def main() -> None:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--since", default="f1a1fd9", help="commit to compare with (default: f1a1fd9)")
    since = parser.parse_args().since
    before = {}
    try:
        before = count(files_at(since))
    except (OSError, subprocess.CalledProcessError):
        print(f"{since} cannot be read here, so only the working tree is counted.\n")
    now = count(files_now())
    print(f"| | {since} | now |\n| --- | --- | --- |")
    for name, value in now.items():
        print(f"| {name} | {before.get(name, '-')} | {value} |")


def files_now() -> Files:
    """Path -> text of the files that are counted, from the working tree."""
    paths = [path.relative_to(REPOSITORY).as_posix() for path in REPOSITORY.glob("workflow/**/*") if path.is_file()]
    return {path: (REPOSITORY / path).read_text(encoding="utf-8") for path in ["Snakefile", *paths] if is_code(path)}


def files_at(commit: str) -> Files:
    """The same of a commit. CalledProcessError if Git does not know it."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(REPOSITORY), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8").stdout

    paths = [path for path in git("ls-tree", "-r", "--name-only", commit).splitlines() if is_code(path)]
    return {path: git("show", f"{commit}:{path}") for path in paths}


def is_code(path: str) -> bool:
    return path == "Snakefile" or path.endswith(".smk") or (path.startswith(SCRIPTS) and path.endswith(".py"))


def count(files: Files) -> dict[str, int | str]:
    """The rows of the table for these files."""
    rules = {path: text for path, text in files.items() if not path.endswith(".py")}
    common = {path: text for path, text in rules.items() if "/common" in path}
    graph = imports(files)
    ordered = all(folder_of(module) in ORDER for module in graph)
    found = definitions(files)
    return {
        "Snakefile, lines": lines({"Snakefile": files["Snakefile"]}),
        "common*.smk, files": len(common),
        "common*.smk, lines": lines(common),
        "common*.smk, functions": matches(r"^ *def ", common),
        "common*.smk, module-level names in capitals": matches(r"^[A-Z][A-Z_]* *=", common),
        "all Snakemake code, lines": lines(rules),
        "all Snakemake code, functions": matches(r"^ *def ", rules),
        "modules of the library": len(graph),
        "modules flat in the library": len(flat_modules(files)),
        "import circles": len(circles(graph)),
        "imports that run upward": len(upward(graph)) if ordered else "no order",
        f"names of {', '.join(ONCE)} with several meanings": sum(len(found[name]) > 1 for name in ONCE),
    }


def lines(files: Files) -> int:
    return sum(text.count("\n") for text in files.values())


def matches(pattern: str, files: Files) -> int:
    return sum(len(re.findall(pattern, text, re.MULTILINE)) for text in files.values())


def modules(files: Files) -> dict[str, str]:
    """Module -> text, of the library. `yetbetter.study` is the folder's own __init__.py."""
    library = {path: text for path, text in files.items() if path.startswith(LIBRARY)}
    return {
        path.removeprefix(SCRIPTS).removesuffix(".py").removesuffix("/__init__").replace("/", "."): text
        for path, text in library.items()
    }


def flat_modules(files: Files) -> list[str]:
    """The core: modules of the library that are in no folder, without its __init__.py."""
    inside = [path.removeprefix(LIBRARY) for path in files if path.startswith(LIBRARY)]
    return sorted(path.removesuffix(".py") for path in inside if "/" not in path and path != "__init__.py")


def folder_of(module: str) -> str:
    """The folder of a module, `core` if it has none: `study` for yetbetter.study and yetbetter.study.grid."""
    name = module.split(".")[1] if "." in module else "core"
    return name if name in ORDER or module.count(".") > 1 else "core"


def imports(files: Files) -> dict[str, set[str]]:
    """Module -> modules of the library that it imports anywhere in its text."""
    texts = modules(files)
    graph = {}
    for name, text in texts.items():
        graph[name] = {found for found in imported(text, texts) if found != name}
    return graph


def imported(text: str, known: Iterable[str]) -> set[str]:
    """The known modules that a text imports, at its top or inside functions."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names} & set(known)
            # `from folder import module` needs the folder itself only if it takes something else from it too.
            found |= inner if len(inner) == len(node.names) else inner | {node.module}
    return found & set(known)


def upward(graph: dict[str, set[str]]) -> list[str]:
    """Imports of a module in a folder above the importing one. ValueError for a folder without a place in ORDER."""
    place = {module: ORDER.index(folder_of(module)) for module in graph}
    return sorted(
        f"{module} imports {other}"
        for module, others in graph.items()
        for other in others
        if place[other] < place[module]
    )


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules that import each other, directly or through others."""
    reached = {module: reachable(graph, module) for module in graph}
    groups = {
        tuple(sorted(other for other in reached[module] if module in reached[other]))
        for module in graph
        if module in reached[module]
    }
    return sorted(map(list, groups))


def reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    found, waiting = set(), list(graph[start])
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += graph[module]
    return found


def definitions(files: Files) -> dict[str, list[str]]:
    """Name -> modules that define a public class or function of this name at their top level."""
    found: dict[str, list[str]] = {}
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for module, text in modules(files).items():
        for node in ast.parse(text).body:
            if isinstance(node, kinds) and not node.name.startswith("_"):
                found.setdefault(node.name, []).append(module)
    return {name: found.get(name, []) for name in (*ONCE, *found)}


if __name__ == "__main__":
    run(main)
