"""relay and cascade: chains along the arrays, the FIFO depths that they need, and the deadlock where these lack."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aigchip_tui.model.rules import refusals
from aigchip_tui.model.space import DesignPoint
from aigchip_tui.model.tiling import chain_cycles

if TYPE_CHECKING:
    from tests.templates import compute_bench as bench
    from tests.templates import design_bench as designs
else:
    import compute_bench as bench
    import design_bench as designs

MODULES = ("relay", "cascade")
PLAIN = {"relay": ("interconnect", "broadcast"), "cascade": ("collector", "sum")}


def _linked(arrays: str) -> DesignPoint:
    return designs.point("m2n2k2", "m2n2", arrays, arrays_link="forward", a=(4, 4), b=(4, 4), c=(4, 4), kib=16)


@pytest.mark.parametrize("module", MODULES)
def test_demonstrations_keep_the_laws_and_every_pragma_is_seen(module: str) -> None:
    assert bench.demo_faults(module) == []
    assert bench.unseen_pragmas(module) == set()


@pytest.mark.parametrize("module", MODULES)
def test_settings_and_ports_are_those_of_the_module_without_a_chain(module: str) -> None:
    plain, mode = PLAIN[module]
    mine = bench.legal(module, precision="")
    assert [{"mode": mode, **settings} for settings in mine] == [
        settings for settings in bench.legal(plain, precision="") if settings["mode"] == mode
    ]
    for settings in mine[::40]:
        assert bench.spec_of(module).ports(settings) == bench.spec_of(plain).ports({"mode": mode, **settings})


@pytest.mark.deep
@pytest.mark.parametrize("module", MODULES)
def test_every_setting_is_answered_and_extremes_hold(module: str, tmp_path: Path) -> None:
    assert bench.refused(module) == []
    assert bench.prove_extremes(module, tmp_path) > 0


@pytest.mark.parametrize(
    ("module", "mutations"),
    [
        ("relay", [
            ("chain[g] = chain[g - 1]", "chain[g] = chain[g]"),
            ("int g = ARRAYS - 1; g >= 0; --g", "int g = 0; g < ARRAYS; ++g"),
            ("t < command.tokens + ARRAYS - 1", "t < command.tokens"),
        ]),
        ("cascade", [
            ("? chain[g - 1][x] :", "? chain[g][x] :"), ("t >= g &&", "t >= 0 &&"),
            ("if (t >= ARRAYS - 1)", "if (t >= ARRAYS)"),
        ]),
    ],
)  # fmt: skip
def test_mutations_are_seen(module: str, mutations: list[tuple[str, str]], tmp_path: Path) -> None:
    assert bench.surviving(module, bench.demo(module, "four"), mutations, tmp_path) == []


@pytest.mark.parametrize(
    ("arrays", "modules", "deep"),
    [
        ("n4", ("relay", "interconnect", "collector"), {("inter_a", "array")}),
        ("m8", ("interconnect", "relay", "collector"), {("inter_b", "array")}),
        ("k2", ("interconnect", "interconnect", "cascade"), {("array", "collector")}),
    ],
)
def test_the_shared_operand_or_the_shared_sums_go_along_the_arrays(
    arrays: str, modules: tuple[str, ...], deep: set[tuple[str, str]]
) -> None:
    design = _linked(arrays)
    assert refusals(design, designs.build()) == ()
    netlist = bench.template().netlist(design, designs.build())
    found = {i.name: i.variant.module for i in netlist.instances}
    assert (found["inter_a"], found["inter_b"], found["collector"]) == modules
    chained = {(e.producer, e.consumer): e for e in netlist.edges if e.depth != 2}
    assert set(chained) == deep
    count = design.arrays.product
    (edge,) = chained.values()
    assert edge.depth == 2 + count - 1
    assert chain_cycles(design) == count - 1
    top = bench.template().assemble(netlist, designs.bodies_of(netlist))["gemm.cpp"]
    (port,) = (p for i in netlist.instances if i.name == edge.producer for p in i.variant.ports
               if p.name == edge.producer_port)
    cost = f"{count} x {count + 1} tokens of {port.token_bits} bits"
    assert f"{edge.depth_reason}; {cost}" in " ".join(line.strip(" /") for line in top.splitlines())
    assert f"variable={edge.producer}_to_{edge.consumer} depth={edge.depth}\n" in top


GRIDS = [
    ("m2n4", ("relay_mixed", "relay_mixed", "collector_mixed"), (3, 1, 0), 3),
    ("m2n2k2", ("relay_mixed", "relay_mixed", "cascade_mixed"), (1, 1, 1), 2),
    ("m4k2", ("interconnect_mixed", "relay_mixed", "cascade_mixed"), (0, 3, 1), 4),
    ("n2k4", ("relay_mixed", "interconnect_mixed", "cascade_mixed"), (1, 0, 3), 4),
]
"""Arrays along several axes: modules at the operands and the sums, tokens that their FIFOs hold more, and the chain."""


@pytest.mark.parametrize(
    ("arrays", "modules", "more", "chain"),
    [GRIDS[1], *(pytest.param(*grid, marks=pytest.mark.deep) for grid in GRIDS if grid != GRIDS[1])],
)
def test_arrays_along_several_axes_are_linked_along_each(
    arrays: str, modules: tuple[str, ...], more: tuple[int, ...], chain: int, tmp_path: Path
) -> None:
    design = _linked(arrays)
    assert refusals(design, designs.build()) == ()
    netlist = bench.template().netlist(design, designs.build())
    found = {i.name: i.variant.module for i in netlist.instances}
    assert tuple(found[name] for name in ("inter_a", "inter_b", "collector")) == modules
    depths = {(e.producer, e.consumer): e.depth - 2 for e in netlist.edges if "array" in (e.producer, e.consumer)}
    assert tuple(depths[edge] for edge in (("inter_a", "array"), ("inter_b", "array"), ("array", "collector"))) == more
    assert depths["ctrl", "array"] == 0
    assert chain_cycles(design) == chain
    designs.proven(designs.run(design, tmp_path))


@pytest.mark.parametrize(("module", "name", "mutations"), [
    ("relay_mixed", "b-mn", [
        ("chain[g - BEFORE]", "chain[g - 1]"), ("t >= stop &&", "t >= 0 &&"), ("g / BEFORE % HEARERS", "g % HEARERS"),
    ]),
    ("cascade_mixed", "nk-two-by-four", [
        ("? chain[g - 1][x] :", "? chain[g][x] :"), ("if (t >= ALONG_K - 1)", "if (t >= ALONG_K)"),
        ("(i * ALONG_N + j + 1) * ALONG_K - 1", "(i * ALONG_N + j) * ALONG_K"),
    ]),
])  # fmt: skip
def test_mutations_of_chains_along_several_axes_are_seen(
    module: str, name: str, mutations: list[tuple[str, str]], tmp_path: Path
) -> None:
    assert bench.unseen_pragmas(module) == set()
    assert bench.surviving(module, bench.demo(module, name), mutations, tmp_path) == []


def test_a_single_array_has_nothing_to_link() -> None:
    (refusal,) = refusals(_linked("1"), designs.build())
    assert refusal.rule == "arrays_link"


def test_eight_arrays_in_a_chain_need_their_declared_depths(tmp_path: Path) -> None:
    """The last array's first token comes behind seven of the first one's, which no FIFO of one token lets pass."""
    designs.proven(designs.run(_linked("n8"), tmp_path))
    assert designs.run(_linked("n8"), tmp_path, depth=1).cause == "deadlock"


@pytest.mark.deep
@pytest.mark.parametrize("arrays", ["m2", "n2", "k2", "m4", "n4", "k4", "m8", "k8"])
def test_every_chain_is_exact_and_short_ones_pass_at_depth_one(arrays: str, tmp_path: Path) -> None:
    designs.proven(designs.run(_linked(arrays), tmp_path))
    designs.proven(designs.run(_linked(arrays), tmp_path, sanitize=True))
    shallow = designs.run(_linked(arrays), tmp_path, depth=1)
    # Beside the FIFOs, blocks and tokens in hand let an array run ahead by some tokens: by three of an operand, by two
    # of the sums.
    longest = 2 if arrays.startswith("k") else 4
    assert shallow.cause == ("deadlock" if _linked(arrays).arrays.product > longest else "")
