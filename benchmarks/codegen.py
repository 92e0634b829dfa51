"""Grades CodeGen's samples of HumanEval as a study does, and prints pass@k and the diversity of the right programs.

    python benchmarks/codegen.py --humaneval HumanEval.jsonl --samples HumanEval_codegen16B_t0.8_n100.jsonl --drafts DIR

The samples are those that CodeT published (Chen et al. 2022): 100 for each problem, at temperature 0.8, from prompts
without examples, in another order. A prompt belongs to the problem with its function's name whose own prompt is most
alike. A killed run goes on where it stopped; the result is verdicts.jsonl in the folder of --drafts.

--whole runs each text as it is, as the published figures do; a study cuts it where the function has ended.
"""

import argparse
import difflib
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow" / "scripts"))

from yetbetter.data import humaneval
from yetbetter.errors import UserError
from yetbetter.program import Parser, run, whole
from yetbetter.records import read_rows, write_rows
from yetbetter.stats.estimators import coverage_curve
from yetbetter.verdicts import CORRECT

SCRIPTS = Path(__file__).resolve().parent.parent / "workflow" / "scripts"
NAME = re.compile(r"^def (\w+)\(", re.MULTILINE)


def main() -> None:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--humaneval", required=True, type=Path, help="HumanEval.jsonl")
    parser.add_argument("--samples", required=True, type=Path, help="JSON Lines with prompt, samples")
    parser.add_argument("--drafts", required=True, type=Path, help="folder for the problems, solutions and verdicts")
    parser.add_argument("--workers", type=whole(1), default=2, help="programs at a time (default: 2)")
    parser.add_argument("--whole", action="store_true", help="do not cut what follows the function")
    parser.add_argument("--count", type=whole(1), help="the first n samples of each problem (default: all)")
    arguments = parser.parse_args()
    arguments.drafts.mkdir(parents=True, exist_ok=True)
    problems, solutions, verdicts = (
        arguments.drafts / f"{name}.jsonl" for name in ("problems", "solutions", "verdicts")
    )
    matched = match(read_rows(arguments.samples, require=("prompt", "samples")), arguments.humaneval)
    write_rows(problems, [problem for problem, _ in matched])
    write_rows(
        solutions,
        [
            {
                "problem": problem["problem"],
                "sample": number,
                # A text that defines the function itself is not cut.
                "text": problem["signature"] + text if arguments.whole else text,
            }
            for problem, samples in matched
            for number, text in enumerate(samples[: arguments.count])
        ],
    )
    files = ["--problems", problems, "--solutions", solutions, "--output", verdicts]
    command = [sys.executable, SCRIPTS / "grade_solutions.py", "--task", "code", *files]
    subprocess.run([*command, "--workers", str(arguments.workers)], check=True)
    report(read_rows(solutions), read_rows(verdicts))


def match(rows: list[dict], path: Path) -> list[tuple[dict, list[str]]]:
    """Each problem, with the prompt that the model saw as its signature, and its samples."""
    own = humaneval.read_problems(path)
    named = defaultdict(list)
    for problem in own:
        named[problem["entry_point"]].append(problem)
    found = {}
    for row in rows:
        # The function asked for is the last one; others before it help it.
        candidates = named[NAME.findall(row["prompt"])[-1]]
        best = max(candidates, key=lambda problem: likeness(row["prompt"], problem["question"]), default=None)
        if best is None or best["problem"] in found:
            raise UserError(f"--samples: no problem, or one of another row, for the prompt {row['prompt'][:80]!r}")
        found[best["problem"]] = (best | {"signature": row["prompt"]}, row["samples"])
    return [found[problem["problem"]] for problem in own if problem["problem"] in found]


def likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


def report(solutions: list[dict], verdicts: list[dict]) -> None:
    right, texts, counts = defaultdict(int), defaultdict(set), defaultdict(int)
    for solution, verdict in zip(solutions, verdicts, strict=True):
        counts[solution["problem"]] += 1
        if verdict["verdict"] == CORRECT:
            right[solution["problem"]] += 1
            texts[solution["problem"]].add(" ".join(solution["text"].split()))
    samples = min(counts.values())
    curves = coverage_curve(samples, [right[problem] for problem in counts])
    for k in (1, 10, 100):
        if k <= samples:
            print(f"pass@{k} {100 * curves[:, k - 1].mean():.2f}")
    unique = sum(len(found) for found in texts.values())
    print(f"{len(texts)} of {len(counts)} problems solved, {sum(right.values())} right programs")
    print(f"{unique / max(1, len(texts)):.2f} different ones by text (up to white space) for each solved problem")


if __name__ == "__main__":
    run(main)
