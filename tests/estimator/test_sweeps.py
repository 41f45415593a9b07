"""A sweep says at each point what an estimate of the text with these values says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aigchip_tui.cli.main import main
from aigchip_tui.cli.sweep_option import points_of
from aigchip_tui.estimator.estimate import estimate
from aigchip_tui.estimator.sweeps import sweep
from aigchip_tui.model.errors import AigchipError

KERNEL = """#define N 64
constexpr int LANES = 4;
static const int SHIFT = 3;
void k(const float a[N], float b[N], int m) {
rows:
  for (int i = 0; i < N; i++) {
#pragma HLS UNROLL factor=LANES
    b[i] = a[i] + SHIFT;
  }
tail:
  for (int i = 0; i < m; i++) b[i] += 1;
#if N > 100
  b[0] = 0;
#endif
}
"""


@pytest.mark.parametrize("kernel", [KERNEL, KERNEL.replace("#if N > 100\n  b[0] = 0;\n#endif\n", "")])
def test_points_are_estimates_of_the_text_with_their_values(kernel: str) -> None:
    points = points_of(["N=16:256:*2", "LANES=1,2,3", "m=8:128:60"])
    found = list(sweep({"k.cpp": kernel}, points, sets={"SHIFT": 0}))
    assert [one.values for one in found] == points
    for one in found:
        text = kernel.replace("SHIFT = 3", "SHIFT = 0")
        for name, before in (("N", "N 64"), ("LANES", "LANES = 4")):
            text = text.replace(before, before.replace(before.split()[-1], str(one.values[name])))
        alone = estimate({"k.cpp": text}, sets={"m": one.values["m"]})
        assert (one.latency_max, one.interval, one.lut, one.ff) == (
            alone.latency_max, alone.interval, alone.lut, alone.ff), one.values
        assert one.unknown == alone.unknown


@pytest.mark.parametrize(("text", "values"), [
    ("N=3", [3]), ("N=4,2,4", [4, 2]), ("N=1:3", [1, 2, 3]), ("N=-4:5:4", [-4, 0, 4]), ("N=3:24:*2", [3, 6, 12, 24]),
])
def test_values_of_a_sweep(text: str, values: list[int]) -> None:
    assert points_of([text]) == [{"N": value} for value in values]


@pytest.mark.parametrize("texts", [
    ["N"], ["N="], ["=1"], ["N=1:"], ["N=5:1"], ["N=1:5:0"], ["N=1:5:-1"], ["N=0:8:*2"], ["N=1:8:*1"], ["N=a"],
    ["N=1", "N=2"], ["N=1:1000000000"], ["N=1:100", "M=1:100"],
])
def test_what_is_no_sweep_is_told(texts: list[str]) -> None:
    with pytest.raises(AigchipError, match="--sweep"):
        points_of(texts)


@pytest.mark.parametrize(("name", "said"), [("K", "'K' is nowhere"), ("i", "'i' is a name within 'k'")])
def test_a_name_without_a_value_from_outside_is_told(name: str, said: str) -> None:
    with pytest.raises(AigchipError, match=said):
        list(sweep({"k.cpp": KERNEL}, [{name: 3}]))


def test_the_command_prints_a_row_for_each_point(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "k.cpp"
    path.write_text(KERNEL)
    asked = ["estimate", str(path), "--sweep", "N=32,128", "--sweep", "m=4:5"]

    def said(*more: str, code: int = 0) -> tuple[str, str]:
        with pytest.raises(SystemExit) as ended:
            main([*asked, *more])
        assert ended.value.code == code
        out, err = capsys.readouterr()
        return out, err

    lines = said()[0].splitlines()
    assert lines[0] == "4 points (every figure is an estimate)"
    assert [" ".join(line.split()[:2]) for line in lines[1:6]] == ["N m", "32 4", "32 5", "128 4", "128 5"]
    document = json.loads(said("--json")[0])
    assert [one["values"] for one in document] == points_of(["N=32,128", "m=4:5"])
    assert {one["basis"] for one in document} == {"estimate"}
    assert str(document[0]["latency_max"]) in lines[2].split()
    assert "--explain is about one point" in said("--explain", code=2)[1]
