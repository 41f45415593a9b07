"""The far end of a worker: reads requests from stdin, calls the function they name, writes answers to stdout.

Started as `python -I serve.py ROOT SITE...` inside a sandbox; ROOT holds the package, the SITE folders what it needs.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import signal
import struct
import sys
from typing import Any, BinaryIO

_HEAD = struct.Struct("<I")


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answers until the requests end."""
    _send(answers, {"value": "ready"})
    while True:
        head = requests.read(_HEAD.size)
        if len(head) < _HEAD.size:
            return
        (size,) = _HEAD.unpack(head)
        words = json.loads(requests.read(size))
        try:
            _send(answers, {"value": _perform(words)})
        except MemoryError:
            _send(answers, {"cause": "memory", "message": "The function ran out of memory."})
        except RecursionError:
            _send(answers, {"cause": "exception", "message": "The text is nested too deeply."})
        except Exception as error:  # whatever it is, the caller gets it as data
            _send(answers, {"cause": "exception", "message": f"{type(error).__name__}: {error}"[:2000]})


def _perform(words: dict[str, Any]) -> Any:
    name = words.get("import") or words["call"]
    module, _, function = name.partition(":")
    # Ends the process from within, so that time which others have on this machine is not counted.
    signal.setitimer(signal.ITIMER_PROF, words["cpu_s"])
    try:
        found = getattr(importlib.import_module(module), function)
        return found(words["payload"]) if "call" in words else None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _send(answers: BinaryIO, answer: dict[str, Any]) -> None:
    text = json.dumps(answer).encode()
    answers.write(_HEAD.pack(len(text)) + text)
    answers.flush()


def _offer_package(root: str) -> None:
    """Makes the package importable without reading the folder that holds it, which the sandbox does not show."""
    folder = os.path.join(root, "aigchip_tui")
    spec = importlib.util.spec_from_file_location(
        "aigchip_tui", os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    if spec is not None and spec.loader is not None:
        package = importlib.util.module_from_spec(spec)
        sys.modules["aigchip_tui"] = package
        spec.loader.exec_module(package)


if __name__ == "__main__":
    _offer_package(sys.argv[1])
    sys.path += [folder for folder in sys.argv[2:] if folder not in sys.path]
    sys.dont_write_bytecode = True
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not be taken for an answer
    serve(sys.stdin.buffer, channel)
