"""The sampling program, run as a user would run it against an endpoint."""

import dataclasses
import os
import socket
import subprocess
import sys
from pathlib import Path

from yetbetter.records import read_rows

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "workflow" / "scripts" / "sample_solutions.py"
INPUT_PRICE, OUTPUT_PRICE = 10.0, 40.0  # dollars per million tokens


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@dataclasses.dataclass
class Job:
    """The sampling program in a folder of its own; every run ends with a search for the key."""

    folder: Path
    key: str
    problems: int = 8
    samples: int = 6

    def command(self, url: str, options: dict, **changes) -> list[str]:
        options = {
            "base_url": url,
            "key_variable": "YETBETTER_TEST_KEY",
            "chat": False,
            "timeout": 20.0,
            "back_off": 0.05,
            "input_price": INPUT_PRICE,
            "output_price": OUTPUT_PRICE,
            "spending_limit": 10.0,
            "ledger": self.ledger,
        } | options
        arguments = {
            "problems": self.folder / "P.jsonl",
            "problems_count": self.problems,
            "samples": self.samples,
            "model_name": "wc",
            "model": "wc",
            "engine": "openai",
            "prompt": self.folder / "T.txt",
            "temperature": 0.7,
            "top_k": 3,
            "max_new_tokens": 40,
            "batch_size": 64,
            "seed": 7,
            "output": self.output,
            "about": self.folder / "S.about.json",
            "drafts": self.folder / ".drafts",
        } | changes
        words = [f"--{name.replace('_', '-')}={value}" for name, value in arguments.items()]
        return [sys.executable, str(PROGRAM), *words, *(f"--engine-option={name}={options[name]}" for name in options)]

    @property
    def environment(self) -> dict:
        return os.environ | {"YETBETTER_TEST_KEY": self.key, "OMP_NUM_THREADS": "1", "NO_PROXY": "127.0.0.1"}

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger" / "wc.jsonl"

    @property
    def output(self) -> Path:
        return self.folder / "S.jsonl"

    def start(self, url: str, **options) -> subprocess.Popen:
        return subprocess.Popen(self.command(url, options), env=self.environment, stderr=subprocess.DEVNULL)

    def run(self, url: str, options: dict | None = None, **changes) -> subprocess.CompletedProcess:
        command = self.command(url, options or {}, **changes)
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=300)
        assert self.key not in done.stdout + done.stderr
        self.search_for_key()
        return done

    def search_for_key(self) -> None:
        for path in self.folder.rglob("*"):
            assert not path.is_file() or self.key.encode() not in path.read_bytes(), path

    def refusal(self, url: str, options: dict | None = None, **changes) -> str:
        """The last line of a run that cannot be finished."""
        done = self.run(url, options, **changes)
        assert done.returncode == 1, done.stderr
        assert "Traceback" not in done.stderr
        lines = [line for line in done.stderr.splitlines() if "error: " in line]
        assert len(lines) == 1
        return lines[0]

    def finish(self, url: str, options: dict | None = None, **changes) -> list[dict]:
        """The rows of a run that ends well: each sample once, in order."""
        done = self.run(url, options, **changes)
        assert done.returncode == 0, done.stderr
        rows = read_rows(self.output)
        expected = [(f"p{i}", j) for i in range(self.problems) for j in range(self.samples)]
        assert [(row["problem"], row["sample"]) for row in rows] == expected
        return rows

    def drawn(self) -> list[dict]:
        """Rows on disk of an unfinished run."""
        files = list((self.folder / ".drafts" / "S.jsonl").glob("*/solutions.jsonl"))
        return read_rows(files[0]) if files else []
