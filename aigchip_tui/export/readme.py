"""README of an exported project: what a reader needs first; proofs and streams in full have pages of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aigchip_tui import __version__
from aigchip_tui.export.proof_table import ladder_lines, module_lines, plain, table
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.figures import Kind
from aigchip_tui.model.tiling import plan_tiles

if TYPE_CHECKING:
    from aigchip_tui.engine.history import SessionView
    from aigchip_tui.model.space import Build, DesignPoint
    from aigchip_tui.model.state import Design
    from aigchip_tui.model.workload import Workload
    from aigchip_tui.synth.memories import EdgeCost

_KINDS: Mapping[Kind, str] = {
    "estimate": "estimates: no vendor tool has confirmed them", "tool": "those of a tool's report ({basis})",
    "measured": "measured on a board",
}
_FILES = (
    ("src/{top}.cpp", "the top: streams, and which process is called with which"),
    ("src/*.hpp", "types and commands that all share; a process or a function each"),
    ("test/", "driver of the host, and a test bench that compares every result with a plain computation"),
    ("include/", "headers for g++ and clang only, in place of the vendor's of the same names"),
    ("Makefile, run_hls.tcl", "simulation without and with Vitis HLS, synthesis"),
    ("PROOF.md, STREAMS.md", "what each module's proof rests on; every stream with its token, order and depth"),
    ("design.json", "this page for programs"),
)


def readme(
    view: SessionView, design: Design, document: Mapping[str, Any], edges: Sequence[EdgeCost], *, host: str,
    top: str, backward: bool, layers: Sequence[str],
) -> str:
    """The page as Markdown. `host`: the template's words on what the top computes and how it is called; `top`: name
    of its function; `backward`: whether a stream runs against the order of the calls; `layers`: lines about the
    workload's tiles.
    """
    settings, figures = view.settings, design.figures
    lines = [
        f"# {settings.name} {design.id}", "",
        f"An accelerator for {settings.workload} on {settings.device}, written module by module and proven by "
        f"aigchip-tui {__version__}.", "",
    ]
    if figures is not None:
        word = _KINDS[figures.kind].format(basis=figures.latency.basis)
        heads = ("latency", "clock", "DSP", "MACs", "BRAM18", "URAM", "LUT", "FF")
        row = (str(figures.latency), f"{figures.clock_mhz:g} MHz", figures.dsp, document["macs"], figures.bram18,
               figures.uram, figures.lut, figures.ff)
        lines += [f"**Figures are {word}.** {figures.counted}.", "", *table(heads, [tuple(map(str, row))]), ""]
    lines += [
        "```sh", "make test            # g++; CXX=clang++ works too; SEED=7 draws other data", "```", "",
        "**Warning**: `make test` compiles and runs generated code without any sandbox.", "",
        *([host] if host else []),
        *layers,
        *_synthesis(backward),
        "## Files", "", *table(("file", "holds"), ((f"`{name.format(top=top)}`", what) for name, what in _FILES)), "",
        *ladder_lines(view.state, design, document["proof"]),
        *module_lines(view.state, design),
        *_stream_lines(edges),
        "## Parameters", "", *(f"- `{k}` = {v}" for k, v in design.parameters.items()), "",
    ]
    return "\n".join(lines)


def layer_lines(point: DesignPoint, build: Build, workload: Workload) -> list[str]:
    """The tiles with which the figures were reckoned, layer by layer; nothing for a template without such tiles."""
    rows = []
    for layer in workload.unique():
        try:
            plan = plan_tiles(point, build, layer)
        except AigchipError:
            return []
        mapped = (plan.along,) if point.mapped else ()
        rows.append((plain(layer.name), *map(str, (layer.m, layer.n, layer.k, plan.tm, plan.tn, plan.tk)), *mapped))
    heads = ("layer", "m", "n", "k", "tm", "tn", "tk", *(("arrays along",) if point.mapped else ()))
    return ["## Layers", "", "Sizes, and the tiles with which the figures were reckoned; equal layers stand here once.",
            "", *table(heads, rows), ""]


def _synthesis(backward: bool) -> list[str]:
    lines = [
        "## Synthesis", "",
        "`vitis_hls -f run_hls.tcl` (or `vitis-run --mode hls --tcl run_hls.tcl`) simulates and synthesises; its first "
        "lines turn co-simulation and packaging on. The tool that wrote this project has not run it. Sources and test "
        "bench are C++14, the default of Vitis HLS; only the headers in `include/` are C++20.", "",
    ]
    if backward:
        lines += [
            "One stream runs backwards, so C simulation, which calls one process after the other, cannot run this "
            "design: the script leaves it and co-simulation out. `make test` runs every process on a fiber.", "",
        ]
    return lines


def _stream_lines(edges: Sequence[EdgeCost]) -> list[str]:
    deep = [each for each in edges if each.port.kind != "blocks" and each.edge.depth > 2]
    many = f"{len(edges)} edges join the processes, {len(deep) or 'none'} of them deeper than 2 tokens"
    lines = ["## Streams", "", f"{many}; STREAMS.md has all.", ""]
    if deep:
        rows = ((" -> ".join(each.ends), str(each.edge.depth), each.edge.depth_reason) for each in deep)
        lines += [*table(("deeper stream", "depth", "why"), rows), ""]
    return lines
