"""What each command loads: help is quick, and only the rooms that may load a heavy library do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("textual", "numpy", "openai", "clang", "rich", "httpx", "jinja2")
PACKAGE = Path(__file__).parents[2] / "aigchip_tui"


def loaded(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after `code`."""
    tell = "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    script = f"import contextlib, io, json, sys\n{code}\n{tell}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    return set(json.loads(done.stdout.splitlines()[-1]))


def after(*words: str) -> set[str]:
    return loaded(
        "from aigchip_tui.cli.main import main\n"
        f"with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n    main({list(words)!r})"
    )


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("new", "--help"), ("show", "--help"), ("nonsense",)])
def test_help_loads_nothing_heavy(words: tuple[str, ...]) -> None:
    assert not after(*words).intersection(HEAVY)


def test_looking_at_sessions_loads_no_screen_no_client_and_no_numbers(tmp_path: Path) -> None:
    assert not after("ls", "--sessions", str(tmp_path)).intersection(("textual", "numpy", "openai", "clang", "rich"))


def importing(names: list[str]) -> str:
    """A program that imports modules by name."""
    return f"import importlib\nfor name in {names!r}:\n    importlib.import_module(name)"


def modules(*rooms: str) -> list[str]:
    return sorted(
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for room in rooms for path in (PACKAGE / room).rglob("*.py")
        if "_data" not in path.parts and path.name != "__main__.py"
    )


def test_only_the_screens_load_textual_and_only_screens_and_commands_load_rich() -> None:
    rooms = [p.name for p in PACKAGE.iterdir() if p.is_dir() and p.name not in ("ui", "cli", "_data", "__pycache__")]
    names = [n for n in modules(*rooms) if not n.startswith("aigchip_tui.csim.include")]
    assert len(names) > 80
    found = loaded(importing(names))
    assert not found.intersection(("textual", "rich"))
    commands = modules("cli")
    assert "textual" not in loaded(importing(commands))


def test_the_words_of_the_source_agree() -> None:
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).parts[0]
        text = path.read_text(encoding="utf-8")
        lines = [line.strip() for line in text.splitlines()]
        if room != "ui":
            assert not any(line.startswith(("import textual", "from textual")) for line in lines), path
        if room not in ("ui", "cli"):
            assert not any(line.startswith(("import rich", "from rich")) for line in lines), path
            if path.name not in ("launcher.py", "probe.py", "serve.py", "__main__.py"):
                assert not any(line.startswith("print(") for line in lines), path
