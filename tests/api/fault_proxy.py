"""A proxy before a real endpoint that loses, delays, refuses and garbles answers, and keeps a log of all it did."""

import asyncio
import json
import random
import threading
import time
from dataclasses import dataclass, field

# Of what can happen to a request, what brings samples. A refusal or a drop before the answer never reaches the server.
DELIVERED = {"pass", "fewer", "single"}
# Some endpoints repeat the key that they do not accept.
SAID = '{"error": {"message": "not now, {key}"}}'


@dataclass
class Request:
    """One request as the proxy saw it: what was asked, what it did with it, which samples it passed on."""

    asked: dict
    fate: str
    texts: list[str] = field(default_factory=list)
    usage: dict = field(default_factory=dict)
    time: float = field(default_factory=time.monotonic)


class Proxy:
    """Serves on a free port of the loopback while in a `with` block.

    fates: fate -> weight; each request's is drawn with the seed. first: those of the first requests. lateness: seconds
    that a delayed answer is late. pace: seconds by which every answer is slowed. retry_after: what refusals ask for.
    said: the body of refusals; {key} is replaced by the header that holds the key.
    """

    def __init__(self, target, fates=None, seed=0, first=(), lateness=0.0, pace=0.0, retry_after="0.2", said=SAID):
        self.target, self.lateness, self.pace, self.retry_after = target, lateness, pace, retry_after
        self.said = said
        self.fates, self.first = fates or {"pass": 1}, list(first)
        self.stream = random.Random(seed)
        self.log: list[Request] = []
        self.in_flight = self.peak = 0  # requests that have no answer yet, and the most there were at once

    def __enter__(self) -> "Proxy":
        started = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.serve(started)), daemon=True)
        self.thread.start()
        assert started.wait(10)
        return self

    def __exit__(self, *_) -> None:
        self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def serve(self, started: threading.Event) -> None:
        self.loop, self.ended = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self.handle, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await self.ended.wait()
        server.close()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head, body = await read_message(reader)
            drawn = self.stream.choices(*zip(*self.fates.items(), strict=True))[0]
            request = Request(json.loads(body), self.first.pop(0) if self.first else drawn)
            self.log.append(request)
            self.in_flight += 1
            self.peak = max(self.peak, self.in_flight)
            try:
                answer = await self.decide(request, head, body)
            finally:
                self.in_flight -= 1
            writer.write(answer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has gone
        finally:
            writer.close()

    async def decide(self, request: Request, head: bytes, body: bytes) -> bytes:
        """What is written back before the connection is closed."""
        fate = request.fate
        if fate.startswith("refuse"):
            status = int(fate.split()[1])
            key = next((line for line in head.decode().split("\r\n") if line.lower().startswith("authorization")), "")
            return message(status, self.said.replace("{key}", key), {"Retry-After": self.retry_after})
        if fate == "drop before":
            return b""
        status, answer = await self.forward(head, body)
        await asyncio.sleep(self.pace)
        if status == 200:
            content = json.loads(answer)
            request.usage = content["usage"]
            kept = {"fewer": self.stream.randrange(len(content["choices"]) + 1), "single": 1}.get(fate)
            content["choices"] = content["choices"][:kept]
            answer = json.dumps(content)
            if fate in DELIVERED:
                texts = (choice.get("text", choice.get("message")) for choice in content["choices"])
                request.texts = [text if isinstance(text, str) else text["content"] for text in texts]
        if fate == "drop after":
            return b""
        if fate == "delay":
            await asyncio.sleep(self.lateness)
        if fate == "malformed":
            answer = answer[: len(answer) // 2]
        if fate == "no usage":
            answer = json.dumps(json.loads(answer) | {"usage": None})
        whole = message(status, answer)
        return whole[: -len(answer) // 2] if fate == "drop midway" else whole

    async def forward(self, head: bytes, body: bytes) -> tuple[int, str]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.target)
        path = head.split(b" ")[1]
        lines = [b"POST " + path + b" HTTP/1.1", b"Host: 127.0.0.1", b"Content-Type: application/json"]
        lines += [b"Connection: close", b"Content-Length: %d" % len(body), b"", body]
        writer.write(b"\r\n".join(lines))
        head, answer = await read_message(reader)
        writer.close()
        return int(head.split(b" ")[1]), answer.decode()


async def read_message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return head, await reader.readexactly(int(length.split(b":")[1]))


def message(status: int, body: str, headers: dict | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status} -", "Content-Type: application/json", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, f"Content-Length: {len(body.encode())}", "", body]).encode()
