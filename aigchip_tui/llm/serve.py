"""The offline adapter behind HTTP on the loopback interface, for other clients and for tests.

`python -m aigchip_tui.llm.serve [--port N] [--faults RATE]` serves until it is interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aigchip_tui.llm.offline import handle

MAX_BODY = 8_000_000


class AdapterServer(ThreadingHTTPServer):
    """A loopback server that answers with the adapter and remembers the bodies that it was sent."""

    daemon_threads = True

    def __init__(self, *, port: int = 0, fault_rate: float = 0.0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.fault_rate = fault_rate
        self.bodies: list[bytes] = []

    @property
    def base_url(self) -> str:
        """The base URL for an OpenAI-compatible client."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: AdapterServer

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        if not 0 <= length <= MAX_BODY:
            self.send_error(413)
            return
        body = self.rfile.read(length)
        self.server.bodies.append(body)
        self._answer(body)

    def _answer(self, body: bytes) -> None:
        reply = handle(self.command, self.path, body, fault_rate=self.server.fault_rate)
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for piece in reply.pieces:
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class calls it so)
        """Says nothing: requests hold prompts."""


@contextlib.contextmanager
def serving(*, port: int = 0, fault_rate: float = 0.0) -> Iterator[AdapterServer]:
    """A running server that ends with the block; port 0 takes a free one."""
    server = AdapterServer(port=port, fault_rate=fault_rate)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves on the loopback interface until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m aigchip_tui.llm.serve", description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--faults", type=float, default=0.0, metavar="RATE")
    options = parser.parse_args(arguments)
    with AdapterServer(port=options.port, fault_rate=options.faults) as server:
        sys.stdout.write(f"{server.base_url}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
