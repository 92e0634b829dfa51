"""Grading files of programs: however often it is killed, it ends with the verdicts of an undisturbed run."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from execution_support import SCRIPTS, needs

from processes import kill_tree

ASKED = {"problem": "p", "question": "?", "answer": "", "entry_point": "f", "tests": ["assert f(1) == 2"]}
SLOW = "import time\n\ndef f(x):\n    time.sleep({seconds})\n    return x + {sum}\n"
KILLS = 10


@pytest.mark.slow
def test_a_run_killed_ten_times_ends_with_the_same_verdicts_and_leaves_nothing(tmp_path):
    needs()
    (tmp_path / "p.jsonl").write_text(json.dumps(ASKED))
    texts = [SLOW.format(seconds=0.15 + number / 1e6, sum=number % 3) for number in range(100)]
    texts[50], texts[70] = "I do not know.", "def f(x):\n    raise ValueError\n"
    rows = [{"problem": "p", "sample": number, "text": text} for number, text in enumerate(texts)]
    (tmp_path / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    def command(output: str) -> list[str]:
        files = ["--problems", tmp_path / "p.jsonl", "--solutions", tmp_path / "s.jsonl", "--output", tmp_path / output]
        return [sys.executable, SCRIPTS / "grade_solutions.py", "--task", "code", "--workers", "2", *map(str, files)]

    def start(output: str) -> subprocess.Popen:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(command(output), env=os.environ | {"TMPDIR": str(temporary)}, **quiet)

    def kept() -> int:
        return sum(path.stat().st_size for path in tmp_path.glob(".drafts/v.jsonl/*/verdicts.jsonl"))

    assert start("undisturbed.jsonl").wait(600) == 0
    sizes = [kept()]
    for number in range(KILLS):
        process = start("v.jsonl")
        # Every other time as soon as it has processes of its own, else after the next verdicts.
        while not (started_another(process.pid) if number % 2 else kept() > sizes[-1]):
            assert process.poll() is None, f"it ended before it was killed {KILLS} times"
            time.sleep(0.005)
        others = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        assert psutil.wait_procs(others, timeout=30)[1] == []
        sizes.append(kept())
    assert sizes == sorted(sizes) and len(set(sizes)) > KILLS // 2
    last = start("v.jsonl")
    try:
        assert last.wait(600) == 0
    finally:
        kill_tree(last)
    assert (tmp_path / "v.jsonl").read_bytes() == (tmp_path / "undisturbed.jsonl").read_bytes()
    assert list(temporary.iterdir()) == []


def started_another(pid: int) -> bool:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text() != ""
