"""A small hub on loopback: the few answers of huggingface.co that downloads are made of, from files in memory."""

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = (".parquet", ".safetensors")  # kept as LFS files, which the hub records a SHA-256 of


class Hub:
    """repositories: "datasets/owner/name" or "models/owner/name" -> {path: bytes}; gated: those that refuse."""

    def __init__(self, repositories: dict[str, dict[str, bytes]], gated: tuple[str, ...] = ()):
        self.repositories, self.gated, self.asked = repositories, gated, []
        self.revisions = {"main", COMMIT}
        self.cut: dict[str, int] = {}  # path -> bytes after which its next download breaks off
        self.address = ""


@contextmanager
def serve(hub: Hub):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.answer()

        do_HEAD = do_POST = do_GET

        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            hub.asked.append(f"{self.command} {self.path}")
            parts = self.path.split("?")[0].strip("/").split("/")
            api = parts[0] == "api"
            parts = parts[1:] if api else parts
            if parts[0] not in ("datasets", "models"):
                parts = ["models", *parts]
            name, rest = "/".join(parts[:3]), parts[3:]
            if name not in hub.repositories:
                return self.refuse(404, "RepoNotFound")
            if name in hub.gated:
                return self.refuse(403, "GatedRepo")
            files = hub.repositories[name]
            if rest and rest[1] not in hub.revisions:
                return self.refuse(404, "RevisionNotFound")
            if not rest or rest[0] == "revision":
                return self.say({"id": name, "sha": COMMIT, "siblings": [{"rfilename": path} for path in files]})
            if rest[0] in ("tree", "paths-info"):
                wanted = json.loads(body)["paths"] if rest[0] == "paths-info" and body[:1] == b"{" else files
                return self.say([entry(path, files[path]) for path in wanted if path in files])
            path = "/".join(rest[2:])
            if path not in files:
                return self.refuse(404, "EntryNotFound")
            self.give(path, files[path])

        def give(self, path: str, content: bytes) -> None:
            start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").split("-")[0])
            self.send_response(206 if start else 200)
            digest = hashlib.sha256(content).hexdigest()
            self.send_header("ETag", f'"{digest}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", str(len(content) - start))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.end_headers()
            if self.command == "GET":
                end = hub.cut.pop(path, len(content))
                self.wfile.write(content[start:end])
                self.close_connection = self.close_connection or end < len(content)

        def say(self, content) -> None:
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if self.command != "HEAD" else b"")

        def refuse(self, status: int, code: str) -> None:
            self.send_response(status)
            self.send_header("X-Error-Code", code)
            self.send_header("X-Error-Message", code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    hub.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


def entry(path: str, content: bytes) -> dict:
    found = {"type": "file", "path": path, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
    if path.endswith(LARGE):
        digest = hashlib.sha256(content).hexdigest()
        found["lfs"] = {"oid": digest, "size": len(content), "pointerSize": 100}
    return found
