"""A server on the loopback that gives the answers of a script, whatever is asked, and keeps what was asked."""

import http.server
import json
import threading
from pathlib import Path

from loopback import Loopback


def samples(*texts: str, chat: bool = False, reason="stop", **more) -> str:
    """A whole answer with these texts."""
    choices = [
        {"index": i, "finish_reason": reason, **({"message": {"content": text}} if chat else {"text": text})}
        for i, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": 7, "completion_tokens": 5 * len(texts)}
    return json.dumps({"id": "cmpl-1", "choices": choices, "usage": usage} | more)


class Server(Loopback):
    """A server of the class Loopback.

    answers: (status, body) or (status, body, headers) of each request, in order; the last one answers all that follow.
    asked: the bodies of the requests as JSON; lines: their first lines.
    """

    def __init__(self, *answers: tuple, certificate: Path | None = None):
        self.answers, self.certificate = list(answers), certificate
        self.asked: list[dict] = []
        self.lines: list[str] = []
        self.lock = threading.Lock()

    def handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with outer.lock:
                    outer.lines.append(self.requestline)
                    outer.asked.append(json.loads(text) if text else {})
                    answer = outer.answers[min(len(outer.asked), len(outer.answers)) - 1]
                status, body, headers = (*answer, {})[:3]
                content = body.encode()
                self.send_response(status)
                for name, value in ({"Content-Type": "application/json"} | headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_CONNECT = do_POST

            def log_message(self, *_):
                pass

        return Handler
