"""Nothing here loads the openai client, numpy or a template engine before it is needed."""

from __future__ import annotations

import subprocess
import sys


def loaded_after(statement: str) -> set[str]:
    heavy = ("openai", "numpy", "jinja2", "httpx", "httpx2", "textual", "rich")
    code = f"{statement}\nimport sys\nprint([name for name in {heavy!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(eval(run.stdout))


def test_modules_that_the_command_line_imports_are_light() -> None:
    names = ("library.demos", "library.laws", "library.similarity", "library.adding", "llm.redact", "llm.ledger",
             "llm.client", "llm.prompts", "llm.provenance", "llm.extract", "llm.choose", "llm.adapter")  # fmt: skip
    assert loaded_after("import " + ", ".join(f"aigchip_tui.{name}" for name in names)) == set()


def test_a_call_loads_the_client() -> None:
    statement = "from aigchip_tui.llm.client import open_generator; open_generator('offline', environment={})"
    assert "openai" in loaded_after(statement)
