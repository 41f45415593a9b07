"""A command that a signal ends leaves no scratch folder behind; what `nohup` ignores stays ignored."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

import click
import pytest

from aigchip_tui.cli.main import LazyGroup, main


@pytest.fixture
def ended_by(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """Signals that the command `ls` sends to itself while it has a scratch folder in `tmp_path`."""
    signals: list[int] = []

    @click.command("ls")
    def works() -> None:
        with tempfile.TemporaryDirectory(dir=tmp_path):
            for number in signals:
                os.kill(os.getpid(), number)
                signal.sigtimedwait([], 0.01)

    monkeypatch.setattr(LazyGroup, "get_command", lambda *_: works)
    return signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_ended_puts_away_its_scratch(
    ended_by: list[int], number: signal.Signals, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended_by.append(number)
    with pytest.raises(SystemExit) as ended:
        main(["ls"])
    assert ended.value.code == 128 + number
    assert capsys.readouterr().err == "aigchip-tui: ended\n"
    assert not list(tmp_path.iterdir())
    assert signal.getsignal(number) is signal.SIG_DFL


def test_what_nohup_ignores_stays_ignored(ended_by: list[int]) -> None:
    ended_by.append(signal.SIGHUP)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with pytest.raises(SystemExit) as ended:
            main(["ls"])
    finally:
        signal.signal(signal.SIGHUP, before)
    assert ended.value.code == 0
