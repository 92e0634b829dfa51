"""A judge of stated error: a server on the loopback that knows the pocket world's truth and errs by a hash."""

import http.server
import json
import re
import threading
from collections import Counter
from pathlib import Path

from loopback import Loopback
from yetbetter.identity import stream_seed
from yetbetter.pocket.reasoning import check_reasoning
from yetbetter.records import iterate_rows

ASKED = re.compile(
    r"=== PROBLEM ===\n(.*)\n=== RIGHT FINAL ANSWER ===\n.*\n=== SOLUTION ===\n(.*)\n=== END OF SOLUTION", re.DOTALL
)


class Examiner(Loopback):
    """Answers prompts of the form of resources/prompts/judge.txt.

    problems: folder of the study's problems, read when the first question comes. sensitivity: share of the flawed
    solutions that it calls flawed; specificity: share of the others that it calls sound. A solution's dice are its
    own. said: (whether it is flawed, whether that was said) -> number of answers.
    """

    def __init__(self, problems: Path, sensitivity: float, specificity: float):
        self.problems, self.sensitivity, self.specificity = problems, sensitivity, specificity
        self.said: Counter = Counter()
        self.programs: dict[str, dict] = {}
        self.lock = threading.Lock()

    def verdict(self, prompt: str) -> str:
        question, solution = ASKED.search(prompt).groups()
        with self.lock:
            if not self.programs:
                files = self.problems.glob("*/*.jsonl")
                self.programs = {row["question"]: row["program"] for path in files for row in iterate_rows(path)}
        flawed = check_reasoning(solution, self.programs[question]) == "invalid"
        right = self.sensitivity if flawed else self.specificity
        said = flawed == (stream_seed(0, "examiner", question, solution) < right * 2**63)
        with self.lock:
            self.said[flawed, said] += 1
        return "Verdict: " + ("flawed" if said else "sound")

    def handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                message = {"content": outer.verdict(asked["messages"][0]["content"])}
                choice = {"index": 0, "finish_reason": "stop", "message": message}
                usage = {"prompt_tokens": 7, "completion_tokens": 5}
                content = json.dumps({"id": "chat-1", "choices": [choice], "usage": usage}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        return Handler
