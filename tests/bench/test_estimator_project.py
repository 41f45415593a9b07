"""What a kernel needs of its repository besides its own file."""

from __future__ import annotations

from pathlib import Path

from aigchip_tui.bench.estimator_sources import Sources, estimate_row

_TOP = """
#include "kernel.h"
void top(int in[16], int out[16]) {
  int middle[16];
  scale(in, middle);
  scale(middle, out);
}
"""
_SCALE = """
#include "kernel.h"
void scale(int a[16], int b[16]) {
  const int factors[16] = {
#include "tables/factors.dat"
  };
  each: for (int i = 0; i < 16; i++) b[i] = a[i] * factors[i];
}
"""
_ROW = {"set": "public", "source": "who/what/src/top.cpp", "note": "", "tool": "2022.2", "clock": "10",
        "device": "xc7z020", "kernel": "top", "directives": ""}


def test_what_is_included_and_defined_elsewhere_in_the_repository_is_read(tmp_path: Path) -> None:
    """The header in a folder of headers, the body in a file beside, its table in a folder below; no test bench."""
    files = {
        "who/what/src/top.cpp": _TOP,
        "who/what/src/scale.cpp": _SCALE,
        "who/what/src/scale_tb.cpp": "void scale(int a[16], int b[16]) { a[0] = b[0]; }\n",
        "who/what/src/tables/factors.dat": ", ".join(str(number) for number in range(16)) + "\n",
        "who/what/include/kernel.h": 'extern "C" { void scale(int a[16], int b[16]); }\n',
        "who/other/include/kernel.h": "#error of another repository\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = Sources(tmp_path).read(_ROW)
    assert found is not None
    assert sorted(found[0]) == ["scale.cpp", "top.cpp"]
    estimate = estimate_row(_ROW, *found)
    assert estimate.unknown == ()
    assert [one.trip for one in estimate.loops] == [16, 16]
    (tmp_path / "who/what/src/scale.cpp").unlink()
    alone = Sources(tmp_path).read(_ROW)
    assert alone is not None
    assert "'scale' is declared, but its body is not in these files" in estimate_row(_ROW, *alone).unknown[0]
