"""Calls every program with every kind of garbage for each of its options, and prints what became of each call.

    python tests/unit/garbage.py FOLDER

Programs are found in the folders of programs, options in their parsers. All calls are made in this process, which must
not go on to real work: a call whose arguments are accepted ends where it would load a model library, start a process
or open a connection. Prints JSON: {program: [[arguments, outcome, stderr]]}.
"""

import argparse
import contextlib
import importlib.util
import io
import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("workflow/scripts", "tools", "benchmarks")
HEAVY = ("torch", "transformers", "vllm", "datasets", "trl", "accelerate", "deepspeed", "huggingface_hub")
STARTS = ("subprocess.Popen", "os.fork", "os.posix_spawn", "os.exec", "socket.connect", "socket.getaddrinfo")
# A call that works for so many CPU seconds was accepted.
SECONDS, MEMORY = 0.5, 4 * 2**30

# A row that is right for every program, as far as one row can be.
ROW = {
    **{"problem": "p0", "sample": 0, "question": "What is 1 + 1?", "answer": "2", "solution": "The answer is 2."},
    **{"text": "The answer is 2.", "tokens": 5, "prompt_tokens": 7, "finish_reason": "stop", "verdict": "correct"},
    **{"reasoning": "valid", "sound": True, "model": "m", "prompt": "Q", "completion": " The answer is 2.", "level": 1},
}
PLACE = {"dataset": "d", "budget": "b", "source": "s", "target": "t", "seed": "0", "benchmark": "test"}
TABLE = "dataset,budget,source,target,seed,model,level,k,metric,basis,value,low,high,questions,samples\nd,b,s,t,0,m,all,1"
JSON = {"study": "x", "config": {}, "cells": [], "missing": [], "drawn": 1, "kept": 1, "problems_hash": "x"}
GOOD = {
    "good.jsonl": json.dumps(ROW | PLACE) + "\n",
    "good.json": json.dumps(JSON),
    "good.csv": TABLE + ",coverage,arm,0.5,0.4,0.6,1,1\n",
    "good.txt": "Question: {question}\nSolution: {solution}\nAnswer:",
    "good.yaml": "study: x\n",
}
BAD_FILES = {
    "empty": b"",
    "binary": b"\xff\xfe\x00\x80" * 20,
    "broken.jsonl": b'{"problem": "p0"\n',
    "list.jsonl": b"[1, 2]\n",
    "null.jsonl": b"null\n",
    "types.jsonl": json.dumps(dict.fromkeys(ROW, [1])).encode() + b"\n",
    "bare.jsonl": b"{}\n",
    "one.csv": b"a,b\n1\n",
}
# What a name or a small count may be given instead.
WORDS = ("", " ", "wc=1", "wc:", ":1", "=", "a:b:c:d:e:f", "wc:x", "a/b", "\udcff", "-1", "9" * 400)
NUMBERS = ("", "x", "-1", "0", "1.5", "nan", "inf", "-inf", "1e999", "9" * 400, "9" * 5000, "10000000000000", "0x1")
OBJECTS = ("{", "[]", "null", "1", "{}", '{"a": 1}', "[" * 3000)


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


def is_number(action: argparse.Action) -> bool:
    """Whether an option refuses words but takes 1."""
    try:
        (action.type or str)("1")
        (action.type or str)("x")
    except (ValueError, argparse.ArgumentTypeError):
        return action.type not in (None, str, Path)
    return False


def good_value(action: argparse.Action) -> str:
    """A plausible value of an option, from what its help says."""
    text = f"{action.dest} {action.metavar or ''} {action.help or ''}".lower()
    if action.choices:
        return str(next(iter(action.choices)))
    if action.dest in ("output", "digest") or "output" in action.dest or "about" in action.dest:
        return "out/made"
    if is_number(action):
        return "1"
    wanted = (
        ("name:file:greedy", "test:good.jsonl:1:0:0"),
        ("name:parameters", "m:1e9::"),
        ("draws", "m:1"),
        ("model/block", "m/good"),
        ("views", "1"),
        ("all_right", "1"),
        ("every", "1"),
        ("cells", "d/b/from-s/to-t/seed-0"),
        ("arms", "d/b/from-s"),
        ("prompt", "good.txt"),
        ("template", "good.txt"),
        ("config", "good.yaml"),
        ("facts", "{}"),
        ("json lines", "good.jsonl"),
        ("problems", "good.jsonl"),
        ("data", "good.jsonl"),
        ("validation", "good.jsonl"),
        ("csv", "good.csv"),
        ("tables", "good.csv"),
        ("published", "good.csv"),
        ("json", "good.json"),
        ("folder", "."),
        ("solutions", "."),
        ("verdicts", "."),
        ("reasoning", "."),
    )
    return next((value for word, value in wanted if word in text), "m")


def words_of(action: argparse.Action, value: str) -> list[str]:
    """The option with a value; a repeated one and one of several values get a good one, too."""
    option = action.option_strings[-1:] if action.option_strings else []
    if isinstance(action.nargs, int) or (isinstance(action.metavar, tuple)):
        return [*option, value, value]
    if not option:
        return [value]
    return [f"{option[0]}={value}"] if action.nargs not in ("+", "*") else [*option, value]


def garbage_of(action: argparse.Action) -> Iterator[str]:
    if action.nargs == 0:
        return
    yield from NUMBERS
    if is_number(action):
        return
    yield from WORDS
    if action.choices:
        return
    yield from OBJECTS
    yield from ("nowhere", "nowhere/at/all", ".", "out", "good.jsonl/inside", *BAD_FILES, *GOOD)


def calls_of(parser: argparse.ArgumentParser) -> Iterator[list[str]]:
    """The arguments of each call: nothing, an unknown option, and each option's garbage among plausible values."""
    yield []
    yield ["--no-such-option"]
    tried = set()  # commands share options
    for front, inner in parsers_in(parser):
        options = [action for action in inner._actions if not isinstance(action, argparse._HelpAction)]
        # Small numbers also where they are not required: a call that is accepted has little to do.
        needed = {action for action in options if action.required or (action.default is not None and is_number(action))}
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
                    for word in words_of(other, good_value(other))]  # fmt: skip
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
    return outcome, errors.buffer.getvalue().decode("utf-8", "backslashreplace")[-1500:]


def make_files(folder: Path) -> None:
    for name, text in GOOD.items():
        (folder / name).write_text(text)
    for name, content in BAD_FILES.items():
        (folder / name).write_bytes(content)
    (folder / "m").mkdir(exist_ok=True)
    (folder / "m" / "good.jsonl").write_text(GOOD["good.jsonl"])
    (folder / "m" / "good.about.json").write_text(json.dumps({"pool": {"model_name": "m"}}))
    (folder / "out").mkdir(exist_ok=True)


def refuse_work() -> None:
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
    make_files(folder)
    os.chdir(folder)
    sys.path.insert(0, str(ROOT / "workflow" / "scripts"))
    refuse_work()
    found = {}
    for name, path in programs().items():
        if chosen and path.stem not in chosen:
            continue
        run = main_of(load(path))
        sys.argv = [str(path)]
        parser = parser_of(run)
        results, begun = found.setdefault(name, []), time.process_time()
        for arguments in [[], *WORDS_ALONE] if parser is None else calls_of(parser):
            results.append([[word[:80] for word in arguments], *call(str(path), run, arguments)])
        print(f"{name}: {len(results)} calls in {time.process_time() - begun:.1f} CPU s", file=sys.stderr, flush=True)
    print(json.dumps(found))


WORDS_ALONE = [["nowhere.sif"], ["nowhere.sif", "x", "y"], ["", ""], ["out", "python", "x"]]

if __name__ == "__main__":
    main()
