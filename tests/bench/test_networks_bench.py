"""`bench networks`: every bar says what it is, estimates are hatched, and a file of another form is refused."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from aigchip_tui.bench.networks_bench import Bar, as_document, bench_networks, network_lines, peer_bars
from aigchip_tui.bench.networks_plot import networks_plot
from aigchip_tui.library.demos import load_library
from aigchip_tui.model.device import device
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.space import Build, DesignPoint
from aigchip_tui.model.workload import Workload
from aigchip_tui.modules.loader import load_template
from aigchip_tui.search.analytic import roofline_cycles
from aigchip_tui.synth.protocol import Synthesizer

PEERS = """
chaidnn_v2:
  - {part: xczu7ev, board: zcu104, compute_dsp: 512, clock_mhz: [300, 600], total: {dsp: 693}, fps_8b: {alexnet: [200.0, 10.0]}}
  - {part: other, board: else, compute_dsp: 8, clock_mhz: [100, 100], total: {dsp: 9}, fps_8b: {alexnet: [1.0, 1.0]}}
"""  # noqa: E501 - a row of a table


def ours(fps: float) -> Bar:
    return Bar(
        who="aigchip", network="alexnet", device="zcu104", clock_mhz=300, macs_per_dsp=1, dsp=512, dsp_total=600,
        fc="out", im2col="out, on the host", pooling="out, on the host", basis="estimate", fps=fps, ms=1000 / fps,
    )


def test_a_peer_counts_on_its_own_part_only_and_states_its_scope() -> None:
    bars = peer_bars(PEERS, source="peers.yaml", part="xczu7ev")
    assert [(bar.dsp, bar.dsp_total, bar.macs_per_dsp, bar.fc, bar.fps) for bar in bars] == [
        (512, 693, 2.0, "out", 200.0), (512, 693, 2.0, "in, on the CPU", 10.0),
    ]
    assert {bar.pooling for bar in bars} == {"in"}


@pytest.mark.parametrize("text", ["other: 1", "chaidnn_v2:\n  - {part: xczu7ev}", "chaidnn_v2:\n  - 7"])
def test_a_file_of_another_form_is_one_sentence(text: str) -> None:
    with pytest.raises(AigchipError, match=r"peers\.yaml"):
        peer_bars(text, source="peers.yaml", part="xczu7ev")


def test_estimates_are_hatched_measured_bars_are_not_and_nobody_wins() -> None:
    bars = [*peer_bars(PEERS, source="p", part="xczu7ev"), ours(300.0)]
    plot = networks_plot(bars)
    assert plot.count('fill="url(#hatch)" stroke') == 1
    assert "estimate" in plot
    assert "no winner is named" in plot
    assert "no winner" in str(as_document(bars)["scope"])
    rows = network_lines(bars)
    assert [row[1] for row in rows] == ["CHaiDNN v2", "aigchip", "CHaiDNN v2"], "equal scope of FC stands together"


class Stub:
    """A synthesizer whose every design takes a tenth longer than its bound."""

    def __init__(self, build: Build) -> None:
        self.build = build

    def evaluate(self, *, point: DesignPoint, workload: Workload, **_: object) -> SimpleNamespace:
        bound = roofline_cycles(self.build, workload, point.dsp_pack * self.build.dsp_budget)
        latency = SimpleNamespace(cycles=1.1 * bound, basis="estimate")
        layer = SimpleNamespace(name=workload.layers[0].name, cycles=1.0, count=1)
        return SimpleNamespace(layers=(layer,), figures=SimpleNamespace(latency=latency, dsp=point.multipliers + 9))


def test_our_bars_count_dsp_blocks_and_what_each_does_in_a_cycle() -> None:
    template = load_template("gemm")
    bars = bench_networks(
        template, load_library("gemm"), device("zcu104"), [], networks=["alexnet"], evaluations=8, seed=1,
        synthesizer=lambda build: cast(Synthesizer, Stub(build)), dsp=256, clock_mhz=200,
    )
    whole = [bar for bar in bars if bar.fc.startswith("in")]
    assert [bar.macs_per_dsp for bar in whole] == [1.0, 2.0]
    for bar in whole:
        point = DesignPoint.from_parameters(bar.design)
        assert (bar.macs_per_dsp, bar.dsp) == (point.dsp_pack, point.multipliers)
        assert bar.dsp * bar.macs_per_dsp == point.macs
        assert bar.dsp <= 256
        assert bar.dsp_total == bar.dsp + 9
        assert bar.roofline == pytest.approx(1.1)
