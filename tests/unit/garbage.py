"""Calls every program with every kind of garbage for each of its options, and prints what became of each call.

    python tests/unit/garbage.py FOLDER

Programs are found in the folders of programs, options in their parsers. All calls are made in this process, which must
not go on to real work: a call whose arguments are accepted ends where it would load a model library, start a process
or open a connection. Prints JSON: {program: [[arguments, outcome, stderr]]}.
"""

import argparse
import contextlib
import functools
import importlib.util
import io
import json
import multiprocessing.util
import os
import re
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
FOLDERS = ("workflow/scripts", "tools", "benchmarks")
HEAVY = ("torch", "transformers", "vllm", "datasets", "trl", "accelerate", "deepspeed", "huggingface_hub")
STARTS = ("subprocess.Popen", "os.fork", "os.posix_spawn", "os.exec", "socket.connect", "socket.getaddrinfo")
# A call that works for so many CPU seconds was accepted.
SECONDS, MEMORY = 0.5, 4 * 2**30

# A row that is right for every program, as far as one row can be; with a problem of the pocket world.
ROW = {
    **{"sample": 0, "text": "The answer is 2.", "tokens": 5, "prompt_tokens": 7, "finish_reason": "stop"},
    **{"verdict": "correct", "reasoning": "valid", "sound": True, "model": "m", "prompt": "Q", "completion": " A"},
    **{"dataset": "d", "budget": "b", "source": "s", "target": "t", "seed": "0", "paradigm": "x", "benchmark": "test"},
    **{"checkpoint": "r/checkpoint-1", "decoding": "greedy", "step": 1, "loss": 1.0, "learning_rate": 0.1},
}
# The same of tables.
COLUMNS = {
    **{"dataset": "d", "budget": "b", "source": "s", "target": "t", "seed": "0", "model": "m", "level": "all", "k": 1},
    **{"metric": "coverage", "basis": "arm", "value": 0.5, "low": 0.4, "high": 0.6, "questions": 1, "samples": 1},
    **{"benchmark": "test", "baseline": "s", "difference": 0.1, "paradigm": "x", "problems": 1, "samples_drawn": 1},
    **{"checkpoint": "r/checkpoint-1", "rate": "r", "step": 1, "validation": 0.5, "chosen": 1, "loss": 1},
    **{"learning_rate": 0.1, "flops_assumed": 1, "price": 1},
}
JSON = {
    **{"study": "x", "config": {}, "cells": [], "missing": [], "drawn": 1, "kept": 1, "problems_hash": "x"},
    **{"checkpoint": "r/checkpoint-1", "validation": {"r/checkpoint-1": 0.5}, "arguments": {"steps": "1"}},
    **{"dataset": "d", "budget": "b", "source": "s", "counts": {}, "draws": [], "pool": {"model_name": "m"}},
}
TABLES = ("good", "coverage", "arms", "data_quality", "finetuned", "differences", "checkpoints", "training")
NAMES = ("dataset", "budget", "source", "model", "name", "target")
SMALL = {"first_problem": "0", "first_sample": "0", "max_length": "9", "correlation": "0", "strong": "m", "weak": "m"}
# Not required by the parser alone.
NEEDED = ("rules", "problems", "solutions", "verdicts", "blocks", "views")
CELL = "d/b/from-s/to-t/seed-0"


@functools.cache
def content() -> dict:
    """JSON with what any program looks for, a whole config included."""
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
    return config | JSON | {"config": config}


def good_files() -> dict[str, str]:
    from yetbetter.pocket.world import make_problems

    (problem,) = make_problems("hard", "train", 1)
    row, about = json.dumps(problem | ROW) + "\n", json.dumps(content())
    table = ",".join(COLUMNS) + "\n" + ",".join(map(str, COLUMNS.values())) + "\n"
    return {
        **{f"{name}.csv": table for name in TABLES},
        **{"good.jsonl": row, "good.json": about, "good.yaml": "study: x\n"},
        **{"good.txt": "Question: {question}\nAnswer:", "judge.txt": "{question} {solution}"},
        **{f"pools/m/{BLOCK}.jsonl": row, f"pools/m/{BLOCK}.about.json": about},
        "model/config.json": "{}",
        **{f"cells/{CELL}/scores.jsonl": row, f"cells/{CELL}/choice.json": about},
        **{f"cells/{CELL}/r/about.json": about, f"cells/{CELL}/r/training.jsonl": row},
    }


BLOCK = "questions-000000_samples-0000"
BAD_FILES = {
    "empty": b"",
    "binary": b"\xff\xfe\x00\x80" * 20,
    "broken.jsonl": b'{"problem": "p0"\n',
    "list.jsonl": b"[1, 2]\n",
    "null.jsonl": b"null\n",
    "types.jsonl": json.dumps({key: [1] for key in ROW}).encode() + b"\n",
    "bare.jsonl": b"{}\n",
    "one.csv": b"a,b\n1\n",
}
# For numbers, for names and texts, for options that read JSON.
NUMBERS = ("", "x", "-1", "0", "1.5", "nan", "inf", "-inf", "9" * 400, "9" * 5000, "10000000000000")
WORDS = ("", "-1", "nan", "wc=1", "wc:", "a:b:c:d:e:f", "wc:x", "a/b", "\udcff", "9" * 400)
OBJECTS = ("{", "[]", "null", "1", "{}", "[" * 3000)
FILES = ("nowhere/at/all", ".", "out", "good.jsonl/inside", *BAD_FILES, "good.json", "good.csv")


class Accepted(BaseException):
    """The program begins with its work."""


class Found(BaseException):
    """The parser that a program calls."""


def programs() -> dict[str, Path]:
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.py"))]
    return {path.relative_to(ROOT).as_posix(): path for path in paths}


def load(path: Path):
    spec = importlib.util.spec_from_file_location(f"program_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def main_of(module) -> Callable[[], None]:
    """What the program runs: its `main`, or what it does with `parse_arguments`."""
    return getattr(module, "main", None) or module.parse_arguments


def parser_of(main: Callable[[], None]) -> argparse.ArgumentParser | None:
    old = argparse.ArgumentParser.parse_known_args

    def stop(parser, *arguments, **keywords):
        raise Found(parser)

    argparse.ArgumentParser.parse_known_args = stop
    try:
        main()
    except Found as found:
        return found.args[0]
    except (Exception, SystemExit):
        return None  # it reads its words itself
    finally:
        argparse.ArgumentParser.parse_known_args = old
    return None


def parsers_in(parser: argparse.ArgumentParser) -> list[tuple[list[str], argparse.ArgumentParser]]:
    """The parser, or those of its commands, each with the words in front."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return [([name], inner) for name, inner in action.choices.items()]
    return [([], parser)]


def takes(action: argparse.Action, text: str) -> bool:
    try:
        (action.type or str)(text)
    except (ValueError, argparse.ArgumentTypeError):
        return False
    return True


def is_number(action: argparse.Action) -> bool:
    """Whether an option refuses words but takes 1."""
    return takes(action, "1") and not takes(action, "x")


def good_value(action: argparse.Action, siblings: set[str] = frozenset()) -> str:
    """A plausible value of an option, from what its help says. siblings: the other options."""
    text = f"{action.dest} {action.metavar or ''} {action.help or ''}".lower()
    if action.choices:
        return str(next(iter(action.choices)))
    if type(action).__name__ == "Output":
        return f"out/{action.dest}"
    if action.dest in SMALL:
        return SMALL[action.dest]
    if takes(action, "{}") and not takes(action, "1"):
        return json.dumps(content() if action.dest != "roles" else {})
    if action.dest in ("output", "digest") or "output" in action.dest or "about" in action.dest:
        return f"out/{action.dest}"
    if is_number(action):
        return "1"
    if tables := [f"{name}.csv" for name in re.findall(r"(\w+)\.csv", action.help or "") if name in TABLES]:
        return " ".join(tables if action.nargs == "+" else tables[:1])
    if action.dest == "model" and "folder" in text:
        return "model"
    wanted = (
        ("name:file:greedy", "test:good.jsonl:1:0:0"),
        ("name:parameters", "m:1e9::"),
        ("model:samples", "m:1"),
        ("model/block", f"m/{BLOCK}"),
        ("samples[:", "1"),
        ("dataset/budget/source", "d/b/s/t/0"),
        ("cell", CELL),
        ("measure_pool.py wrote", "good"),
        ("measure_arm.py wrote", "good"),
        ("{solution}", "judge.txt"),
        ("prompt", "good.txt"),
        ("annotate.html.j2", str(ROOT / "workflow/report/annotate.html.j2")),
        ("template", str(ROOT / "workflow/report/page.html.j2")),
        ("config", "good.yaml"),
        ("facts", "{}"),
        ("the paper's printed", str(ROOT / "resources/published_numbers.csv")),
        ("yaml", str(ROOT / "workflow/claims.yaml")),
        ("the selection's counts", "good.json"),
        ("description", "good.json"),
        ("problems", "good.jsonl"),
        ("answers", "good.jsonl"),
        ("data", "good.jsonl"),
        ("judgements", "good.jsonl"),
        ("validation", "good.jsonl"),
        ("input", "good.jsonl"),
    )
    if not (action.metavar or "").count(":") and action.dest in NAMES:
        return action.dest[0]
    known = {"blocks": f"m/{BLOCK}", "scores": "cells", "evaluations": "cells", "models": "cells", "folder": "."}
    pools = {"solutions": "pools", "verdicts": "pools", "reasoning": "pools"}
    if action.dest in pools and "blocks" in siblings:
        return pools[action.dest]
    if action.dest in known:
        return known[action.dest]
    if action.dest in ("solutions", "verdicts"):
        return f"pools/m/{BLOCK}.jsonl"
    return next((value for word, value in wanted if word in text), "out/other")


def words_of(action: argparse.Action, value: str) -> list[str]:
    """The option with a value; a repeated one and one of several values get a good one, too."""
    option = action.option_strings[-1:] if action.option_strings else []
    if isinstance(action.nargs, int) or (isinstance(action.metavar, tuple)):
        return [*option, value, value]
    if not option:
        return [value]
    if action.nargs not in ("+", "*"):
        return [f"{option[0]}={value}"]
    return [*option, *(value.split(" ") if value.strip() else [value])]


def garbage_of(action: argparse.Action) -> Iterator[str]:
    if action.nargs == 0:
        return
    if is_number(action):
        yield from NUMBERS
        return
    yield from WORDS
    if not action.choices:
        yield from FILES
        if action.type not in (None, str, Path) or "json" in (action.help or "").lower():
            yield from OBJECTS


def calls_of(parser: argparse.ArgumentParser) -> Iterator[list[str]]:
    """The arguments of each call: nothing, an unknown option, and each option's garbage among plausible values."""
    yield []
    yield ["--no-such-option"]
    tried = set()  # commands share options
    for front, inner in parsers_in(parser):
        options = [action for action in inner._actions if not isinstance(action, argparse._HelpAction)]
        # Small numbers also where they are not required: a call that is accepted has little to do.
        numbers = [action for action in options if action.default is not None and is_number(action)]
        needed = {*numbers, *(action for action in options if action.required or action.dest in NEEDED)}
        names = {action.dest for action in options}
        for group in inner._mutually_exclusive_groups:
            if group.required:
                needed.add(group._group_actions[0])
        for action in options:
            if action.dest in tried:
                continue
            tried.add(action.dest)
            rivals = {other for group in inner._mutually_exclusive_groups if action in group._group_actions
                      for other in group._group_actions}  # fmt: skip
            base = [word for other in options if other in needed and other is not action and other not in rivals
                    for word in words_of(other, good_value(other, names))]  # fmt: skip
            if action in needed:
                yield [*front, *base, *words_of(action, good_value(action, names))]
            for value in garbage_of(action):
                yield [*front, *base, *words_of(action, value)]


def call(name: str, main: Callable[[], None], arguments: list[str]) -> tuple[str, str]:
    """(outcome, what it wrote to stderr). outcome: accepted, refused, or a traceback's last lines."""
    from yetbetter import program

    sys.argv = [name, *arguments]
    errors = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace")
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    outcome = "accepted"
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
            try:
                program.run(main)
            except SystemExit as end:
                if isinstance(end.code, str):
                    print(end.code, file=errors)
                outcome = "refused" if end.code else "accepted"
            except ImportError as error:
                if error.name is None or error.name.partition(".")[0] not in HEAVY:
                    raise
            except Accepted:
                pass
    except BaseException:
        outcome = "".join(line[:300] for line in traceback.format_exc(limit=-4).splitlines(keepends=True)[-12:])
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    errors.flush()
    return outcome, errors.buffer.getvalue().decode("utf-8", "backslashreplace")[-6000:]


def restore(files: dict[Path, bytes], seen: dict[Path, tuple]) -> None:
    """Write what is missing or was changed by a call."""
    for made in Path("out").iterdir():
        shutil.rmtree(made) if made.is_dir() else made.unlink()
    for path, content in files.items():
        try:
            state = path.stat()
            if seen.get(path) == (state.st_ino, state.st_mtime_ns):
                continue
        except OSError:
            pass
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        state = path.stat()
        seen[path] = (state.st_ino, state.st_mtime_ns)


def refuse_work() -> None:
    from matplotlib.figure import Figure

    def draw(*_, **__):
        raise Accepted("a figure or a process")

    multiprocessing.util.spawnv_passfds = draw
    Figure.savefig = draw  # laying one out takes a second
    sys.modules.update(dict.fromkeys(HEAVY))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    def watch(event: str, _) -> None:
        if event in STARTS:
            raise Accepted(event)

    def late(*_):
        raise Accepted("at work")

    sys.addaudithook(watch)
    signal.signal(signal.SIGPROF, late)


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    chosen = sys.argv[2:]
    sys.path.insert(0, str(ROOT / "workflow" / "scripts"))
    refuse_work()
    os.chdir(folder)
    files = {Path(name): text.encode() for name, text in good_files().items()}
    files |= {Path(name): content for name, content in BAD_FILES.items()}
    seen: dict[Path, tuple] = {}
    Path("out").mkdir()
    found = {}
    for name, path in programs().items():
        if chosen and path.stem not in chosen:
            continue
        run = main_of(load(path))
        sys.argv = [str(path)]
        parser = parser_of(run)
        results, begun = found.setdefault(name, []), time.process_time()
        for arguments in [[], *WORDS_ALONE] if parser is None else calls_of(parser):
            restore(files, seen)
            results.append([[word[:80] for word in arguments], *call(str(path), run, arguments)])
        print(f"{name}: {len(results)} calls in {time.process_time() - begun:.1f} CPU s", file=sys.stderr, flush=True)
    print(json.dumps(found))


WORDS_ALONE = [["nowhere.sif"], ["nowhere.sif", "x", "y"], ["", ""], ["out", "python", "x"]]

if __name__ == "__main__":
    main()
