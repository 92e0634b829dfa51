"""CPU seconds and peak memory of selecting an arm's training data and measuring it, of this tree and of an older one.

    python benchmarks/selection.py
    python benchmarks/selection.py --scale-questions 10 --old none
    python benchmarks/selection.py --scale-samples 10 --old none

Makes a pool as large as the paper's WC pool: 7,500 questions x 30 samples of about 1.4 kB, in blocks as
config/paper.yaml cuts them, with verdicts and checks of the reasoning. Every program runs in a separate process;
CPU seconds and peak memory are those of the process. All trees read the same files, in one run.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow" / "scripts"))

from yetbetter.errors import UserError
from yetbetter.pocket.world import make_problems
from yetbetter.program import Parser, run, whole
from yetbetter.records import write_json, write_rows

REPOSITORY = Path(__file__).resolve().parent.parent
OLD = "f1a1fd9"
MODEL, SHARD, BLOCK = "wc", 2000, 10


def main() -> None:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=whole(1), default=7500)
    parser.add_argument("--samples", type=whole(1), default=30)
    parser.add_argument("--scale-questions", type=whole(1), default=1, help="so many times the questions")
    parser.add_argument("--scale-samples", type=whole(1), default=1, help="so many times the samples")
    parser.add_argument("--old", default=OLD, help=f"the other tree: a commit, a folder, or none (default: {OLD})")
    parser.add_argument("--folder", help="where the pool is made (default: a temporary folder)")
    arguments = parser.parse_args()
    questions = arguments.questions * arguments.scale_questions
    samples = arguments.samples * arguments.scale_samples
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        blocks = make_pool(folder, questions, samples)
        size = sum(path.stat().st_size for path in (folder / "solutions").rglob("*.jsonl"))
        print(f"{questions:,} questions x {samples} samples = {questions * samples:,} solutions, {size / 1e6:,.0f} MB")
        trees = {} if arguments.old == "none" else {"old": checkout(arguments.old, folder)}
        found = {tree: run_programs(path, folder, tree, blocks, samples) for tree, path in trees.items()}
        found["new"] = run_programs(REPOSITORY, folder, "new", blocks, samples)
        show(found)
        if "old" in found:
            compare(folder)
        if "old" in trees and trees["old"].parent == folder:
            git("worktree", "remove", "--force", str(trees["old"]))


# The pool -------------------------------------------------------------------------------------------------------------


def make_pool(folder: Path, questions: int, samples: int) -> list[str]:
    """Problems, solutions, verdicts and checks; the names of the blocks.

    Half of a question's answers are right; a tenth of these have the same text as the sample before.
    """
    some = make_problems("hard", "train", min(questions, 2000))
    problems = [row | {"problem": f"train-{number:06d}"} for number, row in repeated(some, questions)]
    write_rows(folder / "problems.jsonl", problems)
    (folder / "prompt.txt").write_text("Question: {question}\nAnswer:", encoding="utf-8")
    words = sorted({word for row in some for word in row["question"].split()})
    blocks = []
    for first in range(0, questions, SHARD):
        for start in range(0, samples, BLOCK):
            block = f"{MODEL}/questions-{first:06d}_samples-{start:04d}"
            make_block(folder, block, problems[first : first + SHARD], start, words)
            blocks.append(block)
    return blocks


def repeated(rows: list[dict], number: int):
    return ((place, rows[place % len(rows)]) for place in range(number))


def make_block(folder: Path, block: str, problems: list[dict], start: int, words: list[str]) -> None:
    dice = random.Random(block)
    solutions, verdicts, checks = [], [], []
    for problem in problems:
        text = ""
        for sample in range(start, start + BLOCK):
            right = dice.random() < 0.5
            if not text or dice.random() > 0.1:
                lines = (" ".join(dice.choices(words, k=12)) for _ in range(19))
                text = "\n".join(f"Step {number}: {line}." for number, line in enumerate(lines, start=1))
                text += f"\nThe answer is {problem['answer'] if right else '0'}."
            place = {"problem": problem["problem"], "sample": sample}
            rest = {"tokens": 350, "prompt_tokens": 120, "finish_reason": "stop", "seed": dice.getrandbits(62)}
            solutions.append(place | {"text": text} | rest)
            right = text.endswith(f"is {problem['answer']}.")
            answer = {"answer": problem["answer"] if right else "0", "verdict": "correct" if right else "incorrect"}
            verdicts.append(place | answer)
            if right:
                checks.append(place | {"reasoning": dice.choice(("valid", "valid", "valid", "invalid", "unreadable"))})
    for stage, rows in (("solutions", solutions), ("verdicts", verdicts), ("reasoning", checks)):
        write_rows(folder / stage / f"{block}.jsonl", rows)
    write_json(folder / "solutions" / f"{block}.about.json", {"pool": {"model_name": MODEL}})


# Programs -------------------------------------------------------------------------------------------------------------


def checkout(old: str, folder: Path) -> Path:
    """The other tree: a folder as it is, a commit in a worktree of its own."""
    if Path(old).is_dir():
        return Path(old).resolve()
    git("worktree", "add", "--quiet", "--detach", str(folder / "old-tree"), old)
    return folder / "old-tree"


def git(*words: str) -> None:
    done = subprocess.run(["git", "-C", str(REPOSITORY), *words], stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise UserError(f"git {' '.join(words)}: {done.stderr.strip()}")


def run_programs(tree: Path, folder: Path, name: str, blocks: list[str], samples: int) -> dict[str, tuple]:
    """program -> (CPU seconds, wall seconds, peak memory in MB)."""
    out = folder / f"out-{name}"
    out.mkdir()
    arm = ["--problems", folder / "problems.jsonl", "--draws", f"{MODEL}:{samples}"]
    pools = ["--solutions", folder / "solutions", "--verdicts", folder / "verdicts", "--blocks", *blocks]
    checked = ["--reasoning", folder / "reasoning"]
    counts, drawn = ["--counts", out / "counts.json"], ["--drawn", out / "drawn.jsonl"] if name == "new" else []
    digest = ["--digest", out / "data.sha256"] if name == "new" else []
    data = ["--prompt", folder / "prompt.txt", "--output", out / "data.jsonl", "--digest", out / "data.sha256"]
    place = ["--dataset", "math", "--budget", "high", "--source", MODEL, "--exact", samples]
    files = ["--output", out / "arm.csv", "--summary", out / "arm.json", "--by-question", out / "questions.csv"]
    pool = ["--dataset", "math", "--model", MODEL, "--samples", samples, "--output", out / "pool.csv"]
    calls = {
        "select_solutions": [*arm, *pools, *data, *counts, *drawn],
        "measure_arm": [*arm, *pools, *checked, *place, *counts, *files, *drawn, *digest],
        "measure_pool": [*arm[:2], *pools, *checked, *pool],
    }
    return {
        program: measure(tree / "workflow" / "scripts" / f"{program}.py", words) for program, words in calls.items()
    }


def measure(program: Path, words: list) -> tuple[float, float, float]:
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, program, *map(str, words)],
        stdout=subprocess.DEVNULL,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{program} failed")
    return used.ru_utime + used.ru_stime, time.perf_counter() - start, used.ru_maxrss / 1024


def show(found: dict[str, dict[str, tuple]]) -> None:
    print("| program | tree | CPU s | s | peak memory, MB |\n| --- | --- | --- | --- | --- |")
    for tree, programs in found.items():
        both = [programs[name] for name in ("select_solutions", "measure_arm")]
        total = {"select + measure": (*(sum(one[n] for one in both) for n in (0, 1)), max(one[2] for one in both))}
        for name, (cpu, wall, memory) in (programs | total).items():
            print(f"| {name} | {tree} | {cpu:.1f} | {wall:.1f} | {memory:.0f} |")
    if len(found) > 1:
        for names in (("select_solutions", "measure_arm"), ("measure_pool",)):
            old, new = (sum(programs[name][0] for name in names) for programs in found.values())
            print(f"{' + '.join(names)}: {new / old:.2f} times the CPU seconds of the old tree")


def compare(folder: Path) -> None:
    """Prints which results of the two trees differ."""
    for path in sorted((folder / "out-old").iterdir()):
        same = path.read_bytes() == (folder / "out-new" / path.name).read_bytes()
        print(f"{path.name}: {'the same' if same else 'DIFFERENT'}")


if __name__ == "__main__":
    run(main)
