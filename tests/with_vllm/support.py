"""What the tests of vLLM share: the pocket world's problems and models, and the programs in a fork of this process."""

import os
import sys
from pathlib import Path

from yetbetter import program
from yetbetter.generation import prompts
from yetbetter.pocket.world import make_problems
from yetbetter.records import write_rows

ROOT = Path(__file__).resolve().parents[2]
PROMPT = ROOT / "resources" / "prompts" / "pocket.txt"
MODELS = {name: str(ROOT / "resources" / "pocket" / name) for name in ("wc", "se", "student")}
TEMPERATURE, TOP_K, LENGTH = 0.7, 3, 96


def pocket_prompts(count: int, dataset: str = "easy") -> list[str]:
    template = prompts.read_template(PROMPT)
    return [prompts.fill(template, row["question"]) for row in make_problems(dataset, "train", count)]


def write_problems(path: Path, count: int, split: str = "train") -> Path:
    write_rows(path, make_problems("easy", split, count))
    return path


def start(main, line: list, prepare=lambda: None) -> int:
    """A program's main in a fork of this process, which has vLLM imported already; its process id."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            prepare()
            sys.argv = list(map(str, line))
            program.run(main)
            status = 0
        except SystemExit as end:
            print(end, file=sys.stderr, flush=True)
        finally:
            os._exit(status)
    return child


def finish(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
