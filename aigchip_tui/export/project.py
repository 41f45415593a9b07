"""Writes a design as a project: sources, headers, test bench, make, Tcl for Vitis HLS, README with its figures."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from aigchip_tui.csim.headers import AP_TYPES_SHA256, find_headers
from aigchip_tui.csim.rewrite import rewrite_dataflow
from aigchip_tui.export.proof_table import proof_page, stream_page
from aigchip_tui.export.readme import layer_lines, readme
from aigchip_tui.library.grains import readable
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.module import Netlist
from aigchip_tui.model.seeds import draw_seed
from aigchip_tui.model.space import DesignPoint
from aigchip_tui.model.summary import design_document
from aigchip_tui.modules.own_templates import named_template
from aigchip_tui.synth.memories import edge_costs

if TYPE_CHECKING:
    from aigchip_tui.engine.history import SessionView
    from aigchip_tui.model.state import Design

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
MAX_TEST_MACS = 40_000_000
"""Layers of the workload up to this many MACs are simulated by the exported test bench as well."""


def export_design(view: SessionView, design: Design, out: Path) -> list[Path]:
    """Write `design` to the new folder `out`; returns the files written.

    Raises AigchipError when the folder is there and not empty, or a module has no proven text.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise AigchipError(f"{out} is there already.", hint="Choose a new folder with --out.")
    files = project_files(view, design)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as half:
        root = Path(half) / "project"
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        if out.exists():
            out.rmdir()
        os.rename(root, out)
    return [out / name for name in sorted(files)]


def project_files(view: SessionView, design: Design) -> dict[str, str]:
    """Every file of the project by relative name."""
    import numpy as np

    from aigchip_tui.engine.making import build_of, workload_of

    settings = view.settings
    template = named_template(settings.template)
    _refuse_changed(view, template.hash)
    build = build_of(settings)
    point = DesignPoint.from_parameters(design.parameters)
    netlist = template.netlist(point, build)
    bodies = _bodies(view, design)
    seed = draw_seed(settings.seed, "export", design.number)
    workload = workload_of(settings)
    small = [layer for layer in workload.unique() if layer.m * layer.k * layer.n <= MAX_TEST_MACS][-2:]
    host = template.host_files(point, build, small, np.random.default_rng(seed))
    guide = host.pop("README.md", "")
    names = _file_names(netlist)
    sources = {
        f"src/{_renamed(name, names)}": _renamed(text, names)
        for name, text in template.assemble(netlist, bodies).items()
    }
    tests = {f"test/{name}": text for name, text in host.items()}
    concurrent = bool(netlist.backward)
    top = next(i.variant.function for i in netlist.instances if not i.parent)
    if concurrent:
        tests[f"test/{_CONCURRENT}"] = _CONCURRENT_HEAD.format(top=top) + rewrite_dataflow(sources[f"src/{top}.cpp"])
    vendor = _ap_types() if any("ap_int" in text for text in sources.values()) else {}
    headers = {f"include/{path.name}": path.read_text(encoding="utf-8") for path in sorted(_include().glob("*.h"))}
    document = design_document(view.state, design)
    edges = edge_costs(netlist, build)
    page = readme(
        view, design, document, edges, host=guide, top=top, backward=concurrent,
        layers=layer_lines(point, build, workload),
    )
    return {
        **sources, **tests, **headers, **vendor,
        "Makefile": _makefile(
            sorted(sources), sorted(tests), vendor=bool(vendor), left_out=f"src/{top}.cpp" if concurrent else ""
        ),
        "run_hls.tcl": _tcl(build.device.part, build.clock_ns, sorted(sources), sorted(tests), top=top,
                            concurrent=concurrent),
        "README.md": page, "PROOF.md": proof_page(view.state, design, document["proof"]),
        "STREAMS.md": stream_page(design, edges),
        "NOTICE": _NOTICE + (_AP_NOTICE if vendor else ""),
        "design.json": msgspec.json.format(msgspec.json.encode(document), indent=2).decode(),
    }


def _refuse_changed(view: SessionView, digest: str) -> None:
    """The modules of a session fit the template they were written for, and no other."""
    known = view.state.engine.template_hash if view.state.engine is not None else ""
    if known and known != digest:
        raise AigchipError(
            f"The template {view.settings.template} changed since {view.settings.name} was run.",
            hint="Export with the release that ran it, or run the request again in a new session.",
        )


# A namespace of that name hides what <ostream> calls, when a module's header includes it later.
_STANDARD_NAMES = frozenset({"flush"})


def _file_names(netlist: Netlist) -> dict[str, str]:
    """Files and namespaces by the variant's key: the name of the instance that uses it, or of the module if several do.

    A module with two variants that several instances use keeps the first instance's name.
    """
    users: dict[str, list[str]] = {}
    modules: dict[str, str] = {}
    for instance in netlist.instances:
        if instance.author == "generator":
            users.setdefault(instance.variant.key, []).append(instance.name)
            modules[instance.variant.key] = instance.variant.module
    names: dict[str, str] = {}
    for key, instances in users.items():
        wanted = instances[0] if len(instances) == 1 else modules[key]
        if wanted in _STANDARD_NAMES:
            wanted = f"{wanted}_process"
        names[key.replace("-", "_")] = wanted if wanted not in names.values() else instances[0]
    return names


def _renamed(text: str, names: Mapping[str, str]) -> str:
    for key, name in names.items():
        text = text.replace(key, name)
    return text


def _include() -> Path:
    import aigchip_tui.csim

    return Path(aigchip_tui.csim.__path__[0]) / "include"


def _ap_types() -> dict[str, str]:
    """The free ap_int headers by file name in the project; raises MissingToolError where the wheel is not there."""
    folder = find_headers({})
    return {f"include/ap/{name}": (folder / name).read_text(encoding="utf-8") for name in AP_TYPES_SHA256}


def _bodies(view: SessionView, design: Design) -> dict[str, str]:
    """The proven texts; their comments no longer name lines of instructions that the project does not hold."""
    bodies: dict[str, str] = {}
    for key in design.variant_keys():
        variant = view.state.variants.get(key)
        attempt = variant.attempt if variant is not None else None
        if variant is None or attempt is None or variant.status != "proven":
            raise AigchipError(f"{design.id} has no proven text for {key}.", hint="Export a design that is evaluated.")
        bodies[key] = readable(view.session.blobs.get_text(attempt.source))
    return bodies


_CONCURRENT = "top_concurrent.cpp"
_CONCURRENT_HEAD = """\
// src/{top}.cpp with every process on a fiber of its own, for `make test` alone: tokens run backwards through one of
// its streams, so its processes cannot run one after the other.
"""


def _makefile(
    sources: Sequence[str], tests: Sequence[str], *, vendor: bool = False, left_out: str = ""
) -> str:
    """`left_out`: the source whose processes run on fibers, in a text of its own among the tests."""
    sources = [name for name in sources if name != left_out]
    fibers = " -DAIGCHIP_FIBERS=1" if left_out else ""
    # GCC takes the vendor's own constructors for reads of what is not set, and knows a second word for it.
    quiet = " -Wno-uninitialized $(if $(findstring clang,$(CXX)),,-Wno-maybe-uninitialized)"
    ap_types = f" -isystem include/ap{quiet}" if vendor else ""
    bench = " ".join(name for name in (*tests, *sources) if name.endswith(".cpp"))
    return f"""\
# `make test` compiles the accelerator with its test bench and simulates it; no vendor tool is needed.
# It runs generated code without any sandbox. SEED draws other data.
CXX ?= g++
SEED ?= 1
CXXFLAGS ?= -O1
FLAGS = -std=c++20 $(CXXFLAGS) -Wall -Wno-unknown-pragmas -Wno-unused-label -Iinclude -Isrc -Itest{ap_types}{fibers}
# One program a compiler and its flags, so that another compiler is never answered by the last one's program.
BENCH = build/bench-$(subst /,_,$(subst $(space),_,$(CXX)$(CXXFLAGS)))
space := $(subst ,, )

.PHONY: test clean
test: $(BENCH)
\t./$(BENCH) $(SEED)

$(BENCH): {bench} $(wildcard src/* test/* include/*)
\tmkdir -p build
\t$(CXX) $(FLAGS) -o $@ {bench}

clean:
\trm -rf build
"""


def _tcl(
    part: str, clock_ns: float, sources: Sequence[str], tests: Sequence[str], *, top: str, concurrent: bool = False
) -> str:
    for name in (part, top):
        if not _IDENTIFIER.fullmatch(name):
            raise AigchipError(f"{name!r} is no identifier.")
    top_source = next(name for name in sources if name.endswith(".cpp"))
    bench = next(name for name in tests if name.endswith(".cpp") and name != f"test/{_CONCURRENT}")
    steps = _NO_SIMULATION if concurrent else _STEPS
    return f"""\
# vitis_hls -f run_hls.tcl   (or: vitis-run --mode hls --tcl run_hls.tcl). Not run by the tool that wrote this project.
{steps}
set here [file dirname [file normalize [info script]]]
open_project -reset build/hls
set_top {top}
add_files "$here/{top_source}" -cflags "-I$here/src"
add_files -tb "$here/{bench}" -cflags "-I$here/src -I$here/test"
# vivado: an IP for a block design. For a kernel of v++ take vitis here, and xo as the format below.
open_solution -reset solution -flow_target vivado
set_part {{{part}}}
create_clock -period {clock_ns:.3f}
if {{$simulate}} {{ csim_design -argv 1 }}
csynth_design
# Small launches only: RTL is slow, and memories are copied as far as INTERFACE depth says.
if {{$cosimulate}} {{ cosim_design -argv {{1 cosim}} }}
if {{$package}} {{ export_design -format ip_catalog }}
exit
"""


_STEPS = """\
# Steps beside synthesis: 1 runs it. Co-simulation may take hours.
set simulate 1
set cosimulate 0
set package 0
"""
_NO_SIMULATION = """\
# Steps beside synthesis: 1 runs it. C simulation calls one process after the other, and a stream of this design runs
# backwards: it, and co-simulation, which starts with it, would read tokens that are not there yet.
set simulate 0
set cosimulate 0
set package 0
"""


_NOTICE = """\
Headers in include/ are part of aigchip-tui (Apache-2.0). They stand in for the vendor's headers of the same names,
for simulation with g++ and clang; synthesis uses the vendor's own.
"""
_AP_NOTICE = """\
Headers in include/ap/ are Xilinx' ap_types (Apache-2.0), as the package hls4ml distributes them.
"""

