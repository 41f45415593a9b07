"""A generator that attacks: every module red, the engine alive, secrets in no prompt and in no file of the session."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aigchip_tui.engine.history import view
from aigchip_tui.llm.adapter import answer
from aigchip_tui.model.summary import design_document, session_document
from aigchip_tui.sandbox.choose import Probes

if TYPE_CHECKING:
    from tests.engine.test_servers import KEY, Server, _Handler, begin, run, serving
else:
    from test_servers import KEY, Server, _Handler, begin, run, serving

CANARY = "canary_of_a_secret_file_4711"


def _before(text: str) -> Callable[[str], str]:
    """An attack that stands before an otherwise good module."""
    return lambda body: f"{text}\n{body}"


def _inside(text: str) -> Callable[[str], str]:
    """An attack as the first statement of the module's function."""

    def put(body: str) -> str:
        head, brace, rest = body.rpartition("for (")
        return f"{head}{text}\n{brace}{rest}" if brace else f"{body}\n{text}"

    return put


ATTACKS: dict[str, Callable[[str], str]] = {
    "exit in a constructor": _before('struct early { early() { __builtin_printf("PASS\\n"); _exit(0); } } now;'),
    "fake pass": _inside('__builtin_printf("PASS 128 values agree\\n"); std::exit(0);'),
    "macro over a type": _before("#define data_t long\n#define for if"),
    "golden symbol": lambda body: f'extern int golden;\n{_inside("if (golden > 1) { return; }")(body)}',
    "fork bomb": _inside("for (;;) ::fork();"),
    "ten gigabytes of output": _inside('for (long n = 0; n < 10000000; ++n) __builtin_printf("%01000d", 1);'),
    "endless loop": _inside("for (volatile int n = 0;;) { n = 1; }"),
    "include of a secret": lambda body: f'#include "{os.environ["FAULT_SECRET"]}"\n{body}',
    "include by a trick": lambda body: f'%:include "{os.environ["FAULT_SECRET"]}"\n??=include "x"\n{body}',
    "assembler": _before('asm(".incbin \\"/etc/passwd\\"");'),
    "template bomb": _before(
        "template <int N, class T> struct b { b<N - 1, b<N - 1, T>> x, y; }; inline b<200, int> boom;"),
    "sixty thousand pluses": _before("int much = 1" + " + 1" * 60_000 + ";"),
    "terminal sequences": _before("// \x1b]0;owned\x07\x1b[2J"),
    "no module at all": lambda body: "int main() { return 0; }",
}


class _Hostile(_Handler):
    def mood_hostile(self, body: bytes) -> None:
        server = self.server
        assert isinstance(server, HostileServer)
        reply = answer(json.loads(body)["messages"]).text
        head, fence, rest = reply.partition("```")
        code = server.attack(rest.partition("\n")[2].partition("```")[0]) if fence else server.attack("")
        text = f"{head}\n```cpp\n{code}\n```\n"
        frame = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "hostile"}
        pieces = [{**frame, "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]},
                  {**frame, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]
        self._stream((*(b"data: " + json.dumps(p).encode() + b"\n\n" for p in pieces), b"data: [DONE]\n\n"))
        self.wfile.write(b"0\r\n\r\n")


class HostileServer(Server):
    """Answers with what the adapter would say, and an attack in it."""

    def __init__(self, attack: Callable[[str], str]) -> None:
        super().__init__(lambda number: "hostile")
        self.RequestHandlerClass = _Hostile
        self.attack = attack


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text(f"{CANARY};\n")
    monkeypatch.setenv("FAULT_SECRET", str(path))
    return path


@pytest.fixture
def hidden(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bubblewrap is not to be found."""
    if getattr(request, "param", True):
        monkeypatch.setattr(Probes, "bwrap", property(lambda self: ""))


def files_below(folder: Path) -> Iterator[bytes]:
    return (path.read_bytes() for path in folder.rglob("*") if path.is_file())


def attacked(base: Path, cache: Path, name: str) -> str:
    """Attack a session in every reply; the name of the sandbox that held."""
    session = begin(base, cache, evaluations=1, max_attempts=2, sandbox="auto", jobs=2)
    server = HostileServer(ATTACKS[name])
    with serving(server) as running:
        result = run(session, running.base_url)
    assert result.reason == "done", "the engine lives"
    state = view(session).state
    assert not state.damaged
    texts = [a for v in state.variants.values() for a in v.attempts if a.source]
    assert texts, "the generator was heard"
    assert not [v.key for v in state.variants.values() if v.status == "proven"]
    assert {d.status for d in state.designs.values()} == {"failed"}
    tried = [a for a in texts if a.rungs]
    assert tried
    for attempt in tried:
        assert [r for r, o in attempt.rungs.items() if o.status == "failed"], attempt.rungs
    assert any(len(v.attempts) == 2 for v in state.variants.values()), "the diagnosis went into another prompt"
    prompts = b"".join(server.bodies)
    stored = b"".join(files_below(session.folder))
    designs = [design_document(state, d) for d in state.designs.values()]
    screen = str([session_document(result.settings, state), designs])
    for secret in (CANARY.encode(), KEY.encode(), b"root:x:0:0"):
        assert secret not in prompts
        assert secret not in stored
        assert secret.decode() not in screen
    assert state.engine is not None
    return state.engine.sandbox



QUICK_ATTACKS = ("exit in a constructor", "include of a secret", "endless loop", "no module at all")


@pytest.mark.parametrize("name", QUICK_ATTACKS)
def test_a_hostile_module_is_red(tmp_path: Path, user_cache: Path, secret: Path, name: str) -> None:
    attacked(tmp_path, user_cache, name)


@pytest.mark.usefixtures("hidden")
@pytest.mark.parametrize("name", ["include of a secret", "golden symbol"])
def test_a_hostile_module_is_red_with_bubblewrap_hidden(
    tmp_path: Path, user_cache: Path, secret: Path, name: str
) -> None:
    assert attacked(tmp_path, user_cache, name) != "bwrap"


@pytest.mark.deep
@pytest.mark.usefixtures("hidden")
@pytest.mark.parametrize("hidden", [False, True], indirect=True)
@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_is_red(tmp_path: Path, user_cache: Path, secret: Path, name: str) -> None:
    attacked(tmp_path, user_cache, name)


@pytest.mark.deep
@pytest.mark.usefixtures("hidden")
@pytest.mark.parametrize("hidden", [False, True], indirect=True)
def test_the_same_reply_without_an_attack_is_proven(tmp_path: Path, user_cache: Path) -> None:
    session = begin(tmp_path, user_cache, evaluations=1, max_attempts=1, sandbox="auto", jobs=2)
    with serving(HostileServer(lambda body: body)) as running:
        run(session, running.base_url)
    variants = view(session).state.variants.values()
    proven = [v for v in variants if v.status == "proven"]
    red = {r for v in variants for a in v.attempts for r, o in a.rungs.items() if o.status == "failed"}
    assert proven
    assert red <= {"rate"}, "only what the machine wrote itself may be red here"
