"""A request read by a model passes the parser's checks; a model that fails leaves the words to the parser."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from aigchip_tui.engine.asking import understand_by_model

TEXT = "the fifty layer residual net at 128 for my zcu102, no more than 500 DSPs please"


@contextmanager
def _server(content: str) -> Iterator[str]:
    """An OpenAI-compatible server on loopback that always streams `content`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            chunk = {
                "id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m",
                "choices": [{"index": 0, "delta": {"content": content}, "finish_reason": "stop"}],
            }
            self.wfile.write(f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()


def _answer(**settings: object) -> str:
    return json.dumps({"settings": settings, "assumed": [], "not_understood": ["please"]})


def test_a_model_reads_the_words_and_flags_win() -> None:
    with _server(_answer(workload="resnet50@128", device="zcu102", dsp_limit=500)) as url:
        request, told = understand_by_model(
            TEXT, {"clock_mhz": ("--clock", 250)}, generator="openai:m", seed=1, environment={"OPENAI_BASE_URL": url}
        )
    assert told == ""
    assert (request.workload, request.device, request.dsp_limit, request.clock_mhz) == (
        "resnet50@128", "zcu102", 500, 250)
    assert request.understanding.by == "openai:m"
    assert "please" in request.understanding.not_understood


@pytest.mark.parametrize("content", ["no idea", _answer(workload="nonet"), _answer(device="zcu102", dsp_limit=-3)])
def test_a_model_that_fails_leaves_the_words_to_the_parser(content: str) -> None:
    words = "ResNet-50 at 128 on a ZCU102, at most 500 DSPs"
    with _server(content) as url:
        request, told = understand_by_model(
            words, {}, generator="openai:m", seed=1, environment={"OPENAI_BASE_URL": url}
        )
    assert "parser" in told
    assert (request.workload, request.device, request.dsp_limit) == ("resnet50@128", "zcu102", 500)
