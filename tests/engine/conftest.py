"""Sessions on a small product, run for real: adapter, compiler, sandbox, estimator; nothing is simulated here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

REQUEST = "gemm:40x24x36 on a PYNQ-Z2, at most 64 DSPs"


@dataclass(frozen=True)
class CommandLine:
    """The command line on a sessions folder and user folders of its own."""

    root: Path
    environment: dict[str, str]

    def run(self, *words: str, expect: int | None = 0, extra: Mapping[str, str] | None = None) -> str:
        """Run a command; its stdout. `expect` is the exit code that must come (None: any)."""
        done = subprocess.run(
            [sys.executable, "-m", "aigchip_tui", *words], capture_output=True, text=True, timeout=300, check=False,
            env={**self.environment, **(extra or {})}, stdin=subprocess.DEVNULL,
        )
        assert expect is None or done.returncode == expect, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout if done.returncode in (0, 4) else done.stderr

    def json(self, *words: str, expect: int | None = 0) -> Any:
        """The JSON document of a command."""
        return json.loads(self.run(*words, "--json", expect=expect))

    def popen(self, words: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start a command without waiting."""
        return subprocess.Popen(
            [sys.executable, "-m", "aigchip_tui", *words], env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )


@pytest.fixture(scope="session")
def user_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled programs are shared by the tests of one run: equal text is compiled once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def command_line(tmp_path: Path, user_cache: Path) -> CommandLine:
    """A user of their own, without key and without Vitis."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "TMPDIR", "PYTHONPATH")}
    return CommandLine(tmp_path / "sessions", {
        **kept, "HOME": str(tmp_path), "AIGCHIP_SESSIONS": str(tmp_path / "sessions"),
        "XDG_DATA_HOME": str(tmp_path / "data"), "XDG_CACHE_HOME": str(user_cache),
        # What one test's session proved is no business of another test's.
        "AIGCHIP_NO_CACHE": "1",
    })
