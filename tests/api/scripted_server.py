"""A server on the loopback that gives the answers of a script, whatever is asked, and keeps what was asked."""

import http.server
import json
import ssl
import threading
from pathlib import Path


def samples(*texts: str, chat: bool = False, reason="stop", **more) -> str:
    """A whole answer with these texts."""
    choices = [
        {"index": i, "finish_reason": reason, **({"message": {"content": text}} if chat else {"text": text})}
        for i, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": 7, "completion_tokens": 5 * len(texts)}
    return json.dumps({"id": "cmpl-1", "choices": choices, "usage": usage} | more)


class Server:
    """Serves on a free port of the loopback while in a `with` block.

    answers: (status, body) or (status, body, headers) of each request, in order; the last one answers all that follow.
    certificate: a PEM file with certificate and key; with it the server speaks TLS.
    asked: the bodies of the requests as JSON; lines: their first lines.
    """

    def __init__(self, *answers: tuple, certificate: Path | None = None):
        self.answers, self.certificate = list(answers), certificate
        self.asked: list[dict] = []
        self.lines: list[str] = []
        self.lock = threading.Lock()

    def __enter__(self) -> "Server":
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

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = self.server.server_address[1]
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"
