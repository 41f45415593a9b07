"""Our headers with both compilers, Xilinx' ap_int behind them, and the way they are found."""

from __future__ import annotations

import os
import shutil
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from aigchip_tui.csim.compile import Compiler, compile_flags, find_compiler, program_key
from aigchip_tui.csim.headers import AP_TYPES_SHA256, INCLUDE, find_headers
from aigchip_tui.model.errors import MissingToolError
from aigchip_tui.model.layer_cycles import BURST_START
from aigchip_tui.model.testcase import TestCase

if TYPE_CHECKING:
    from tests.csim.csim_samples import TYPES, Simulate, module, scalar, stream
else:
    from csim_samples import TYPES, Simulate, module, scalar, stream


def test_ap_headers_are_found_verified_and_never_imported() -> None:
    folder = find_headers({})
    assert (folder / "ap_int.h").is_file()
    assert len(AP_TYPES_SHA256) == 12
    assert "hls4ml" not in sys.modules


def test_the_users_vitis_comes_first(tmp_path: Path) -> None:
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "ap_int.h").touch()
    assert find_headers({"XILINX_HLS": str(tmp_path)}) == tmp_path / "include"


def test_a_changed_header_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(AP_TYPES_SHA256, "ap_int.h", "0" * 64)
    with pytest.raises(MissingToolError, match=r"ap_int\.h of the hls4ml package is not the released one"):
        find_headers({})


def test_a_missing_compiler_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingToolError, match="No C\\+\\+ compiler"):
        find_compiler({"PATH": str(tmp_path)})


def test_the_program_key_follows_everything_that_decides_the_program() -> None:
    gcc = Compiler(path="/usr/bin/g++", family="gcc", version="g++ 12.2", major=12)
    other = Compiler(path="/usr/bin/g++", family="gcc", version="g++ 13.1", major=13)
    flags = compile_flags(gcc, sanitize=False, fibers=False)
    keys = {
        program_key(gcc, flags, {"a": "1"}, "a"), program_key(other, flags, {"a": "1"}, "a"),
        program_key(gcc, compile_flags(gcc, sanitize=True, fibers=False), {"a": "1"}, "a"),
        program_key(gcc, compile_flags(gcc, sanitize=False, fibers=True), {"a": "1"}, "a"),
        program_key(gcc, flags, {"a": "2"}, "a"), program_key(gcc, flags, {"b": "1"}, "b"),
        program_key(gcc, flags, {"a": "1", "b": ""}, "a"),
    }
    assert len(keys) == 7


VECTOR = """
void ops(hls::stream<hls::vector<acc_t, 3>>& in, hls::stream<hls::vector<acc_t, 3>>& out) {
    hls::vector<acc_t, 3> x = in.read();
    const hls::vector<acc_t, 3> y = in.read();
    out.write(x + y);
    out.write(x - y);
    out.write(x * y);
    out.write((x & y) | (x ^ y));
    out.write(x << hls::vector<acc_t, 3>(1));
    x += 5;
    out.write(x);
    hls::vector<acc_t, 3> z = {1, 2};
    out.write(z);
    out.write(hls::vector<acc_t, 3>(x.reduce_add()));
    out.write(hls::vector<acc_t, 3>(x == y ? 1 : 0));
    static_assert(sizeof(hls::vector<data_t, 3>) == 3 && hls::vector<acc_t, 3>::size() == 3);
}
"""


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_vector_arithmetic(simulate: Simulate, compiler: str) -> None:
    path = shutil.which(compiler)
    if path is None:
        pytest.skip(f"{compiler} is not here")
    x, y = np.array([1, -7, 100], "<i4"), np.array([9, 3, -100], "<i4")
    rows = [x + y, x - y, x * y, (x & y) | (x ^ y), x << 1, x + 5, np.array([1, 2, 0]), np.full(3, (x + 5).sum()),
            np.zeros(3)]
    golden = np.array(rows).astype("<i4").tobytes()
    ports = (stream("in", "in", "acc_t", 3, 32), stream("out", "out", "acc_t", 3, 32))
    case = TestCase(name="ops", inputs={"in": x.tobytes() + y.tobytes()}, counts={"in": 2, "out": 9},
                    expected={"out": golden})
    result = simulate(module("ops", ports), VECTOR, [case], environment={**os.environ, "CXX": path})
    assert result.passed, result.findings or result.log


def test_ap_int_and_the_axi_and_math_headers(simulate: Simulate) -> None:
    body = """
void wide(hls::stream<ap_uint<48>>& in, hls::stream<acc_t>& out, int n) {
    for (int i = 0; i < n; ++i) {
        ap_uint<48> word = in.read();
        ap_axiu<32, 0, 0, 0> beat;
        beat.data = word.range(39, 8);
        beat.last = i == n - 1;
        ap_int<2048> large = 1;
        large <<= 2000;
        out.write(acc_t(beat.data) + acc_t(hls::sqrt(16.0f)) + acc_t(hls::max(1, 2)) + acc_t(large >> 2000));
    }
}
"""
    ports = (stream("in", "in", "ap_uint<48>", 0, 48), stream("out", "out", "acc_t", 0, 32), scalar("n"))
    words = np.array([0x0123456789AB, 0x7F00000000FF], "<u8")
    golden = ((words >> 8) & 0xFFFFFFFF).astype("<u4").astype("<i4") + 7
    case = TestCase(name="wide", inputs={"in": words.tobytes(), "n": struct.pack("<i", 2)},
                    counts={"in": 2, "out": 2}, expected={"out": golden.tobytes()})
    headers = {"types.hpp": TYPES + '#include "ap_int.h"\n#include "ap_axi_sdata.h"\n#include "hls_math.h"\n'}
    result = simulate(module("wide", ports), body, [case], headers=headers)
    assert result.passed, result.findings or result.log


def test_uninitialised_values_are_the_same_in_every_run(simulate: Simulate) -> None:
    body = """
void lost(hls::stream<acc_t>& out) {
    acc_t sum;
    for (int i = 0; i < 3; ++i) sum += i;
    out.write(sum);
}
"""
    case = TestCase(name="lost", counts={"out": 1}, expected={"out": struct.pack("<i", 3)})
    results = [simulate(module("lost", (stream("out", "out", "acc_t", 0, 32),)), body, [case]) for _ in range(2)]
    assert [r.cause for r in results] == ["mismatch", "mismatch"]
    assert results[0].outputs == results[1].outputs


def test_our_headers_come_before_the_wheels() -> None:
    gcc = Compiler(path="/usr/bin/g++", family="gcc", version="g++ 12.2", major=12)
    flags = compile_flags(gcc, sanitize=False, fibers=False, system_includes=[Path("/wheel")])
    assert flags.index(f"-I{INCLUDE}") < flags.index("-isystem")


def test_virtual_time_starts_a_burst_as_late_as_the_model() -> None:
    assert f"#define AIGCHIP_MEMORY_START {BURST_START}\n" in (INCLUDE / "aigchip_time.h").read_text()
