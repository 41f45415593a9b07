"""What belongs to model calls of a session: tapes that repeat them without a server, and prompts of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from aigchip_tui.llm.prompts import load_prompt_template
from aigchip_tui.llm.serve import serving

if TYPE_CHECKING:
    from tests.engine.conftest import CommandLine

SMALL = ("--request", "gemm:40x24x36 on a PYNQ-Z2, at most 64 DSPs", "--generator", "openai:m", "--evaluations", "1",
         "--gate", "never", "--sandbox", "none")


def found(line: CommandLine, name: str) -> list[Any]:
    return [
        (design["id"], design["parameters"], design["state"], design["cause"], design["latency_cycles"], design["dsp"],
         [module["variant"] for module in design["modules"]])
        for design in line.json("show", name, "--designs")
    ]


def test_a_recorded_session_is_replayed_without_server_and_key(command_line: CommandLine, tmp_path: Path) -> None:
    tape = tmp_path / "tape.jsonl"
    with serving() as server:
        live = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "sk-canary-0815-4711-0815"}
        command_line.run("run", "live", *SMALL, "--record", str(tape), expect=None, extra=live)
        asked = len(server.bodies)
    assert asked
    assert b"sk-canary" not in tape.read_bytes()
    command_line.run("run", "again", *SMALL, "--replay", str(tape), expect=None)
    assert found(command_line, "again") == found(command_line, "live")
    report = command_line.json("show", "again")
    assert report["generator"] == "openai:m, replayed from a recording"
    assert report["cost_usd"] == 0
    assert command_line.json("show", "live")["generator"] == "openai:m"


def test_a_prompt_template_of_the_users_own_is_kept_with_the_session(command_line: CommandLine, tmp_path: Path) -> None:
    mine = tmp_path / "mine.jinja"
    mine.write_text(load_prompt_template().replace("You are a hardware designer", "Du bist Schaltungsentwickler"))
    command_line.run("new", "own", "--workload", "gemm:8x8x8", "--device", "pynq-z2", "--dsp", "64", "--evaluations",
                     "1", "--gate", "never", "--prompt", str(mine))
    mine.unlink()
    command_line.run("run", "own", expect=None)
    blobs = [path.read_bytes() for path in (command_line.root / "own" / "blobs").rglob("*") if path.is_file()]
    prompts = [blob for blob in blobs if blob.startswith(b'[{"role":"system"')]
    assert prompts
    assert all(b"Du bist Schaltungsentwickler" in prompt for prompt in prompts)
    mine.write_text(load_prompt_template().replace("{{ instruction }}", "Guess."))
    said = command_line.run("new", "bad", "--workload", "gemm:8x8x8", "--device", "pynq-z2", "--prompt", str(mine),
                            expect=2)
    assert "The prompt template loses numbered lines or fenced code." in said
