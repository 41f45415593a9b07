"""The words of `estimate`: cycles and the time that they take, as a report has both, and never without `(estimate)`."""

from __future__ import annotations

from pathlib import Path

import pytest

from aigchip_tui.cli.main import main

LOOP = """
void top(int n, int v[N]) {
  for (int i = 0; i < BOUND; i++) {
#pragma HLS LOOP_TRIPCOUNT max=30
    v[i] += 1;
  }
}
"""


@pytest.mark.parametrize(
    ("size", "bound", "unit"), [(30, "N", "ns"), (4096, "N", "us"), (1 << 20, "N", "ms"), (64, "n", "ns")]
)
def test_a_latency_is_told_in_cycles_and_time(
    size: int, bound: str, unit: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "k.cpp"
    file.write_text(f"#define N {size}\n{LOOP.replace('BOUND', bound)}")
    with pytest.raises(SystemExit):
        main(["estimate", str(file), "--clock", "2"])
    lines = capsys.readouterr().out.splitlines()
    words = lines[0].split()
    greatest, value = int(words[words.index("cycles") - 1]), float(words[words.index(f"{unit},") - 1])
    assert value == pytest.approx(greatest * 2 / {"ns": 1, "us": 1e3, "ms": 1e6}[unit], abs=1e-3)
    assert ("at most" in lines[0]) is (bound == "n")
    assert all(line.endswith("(estimate)") for line in lines[:3])
