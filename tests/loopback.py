"""A server on the loopback for tests: what it answers is the subclass's."""

import http.server
import ssl
import threading
from pathlib import Path


class Loopback:
    """Serves on a free port while in a `with` block. certificate: a PEM file with certificate and key, for TLS."""

    certificate: Path | None = None

    def handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        """The class that answers a request."""
        raise NotImplementedError

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
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
