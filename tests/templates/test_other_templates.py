"""The templates beside gemm: their part of the space, what they share with gemm, exact designs, and whole sessions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from aigchip_tui.csim.run import Limits, simulate_system
from aigchip_tui.engine.making import checked
from aigchip_tui.library.against_template import template_findings
from aigchip_tui.library.demos import load_demos, load_library
from aigchip_tui.library.laws import law_findings
from aigchip_tui.llm.coverage import answers, module_cases, variant_case
from aigchip_tui.model.device import device
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.module import Netlist, Settings
from aigchip_tui.model.rules import refusals
from aigchip_tui.model.session import SessionSettings
from aigchip_tui.model.space import Build, DesignPoint
from aigchip_tui.modules.loader import load_template
from aigchip_tui.modules.protocol import Borrows, Narrows, Template, borrowed_of, narrowed_of
from aigchip_tui.sandbox.box import UNCONFINED
from aigchip_tui.search.draws import Draws
from aigchip_tui.search.encoding import Pins, point_of
from aigchip_tui.search.operators import random_genes, repaired

if TYPE_CHECKING:
    from tests.templates import design_bench as designs
else:
    import design_bench as designs

NAMES = ("inner_product", "rowwise", "pe_array")
CORES = {"inner_product": "inner_product", "rowwise": "row_array", "pe_array": "pe_array"}
BUILD = Build(device=device("zcu104"))
POINTS = {
    "inner_product": designs.point("k4", "k8", a=(1, 32), b=(1, 32), c=(1, 1)),
    "rowwise": designs.point("k8", "n4", "n2", reuse="b", a=(1, 8), b=(4, 16), c=(1, 8)),
    "pe_array": designs.point("k4", "m4n2", a=(2, 4), b=(2, 16), c=(4, 2)),
}


def drawn(template: Template, count: int, *, seed: int = 3) -> list[DesignPoint]:
    keep = Pins.of({}, narrowed_of(template))
    found: list[DesignPoint] = []
    number = 0
    while len(found) < count:
        number += 1
        point = point_of(keep.apply(repaired(keep.apply(random_genes(Draws(seed, "test", number))), BUILD)))
        if not refusals(point, BUILD):
            found.append(point)
    return found


def bodies_of(template: Template, netlist: Netlist) -> dict[str, str]:
    library = load_library(template.name, borrowed_of(template))
    found: dict[str, str] = {}
    for instance in netlist.instances:
        variant = instance.variant
        if instance.author == "generator" and variant.key not in found:
            (answered,) = answers([variant_case(variant)], library.of(variant.module))
            assert answered.code, (variant.module, answered.refusals)
            found[variant.key] = answered.code
    return found


def simulated(template: Template, point: DesignPoint, workdir: Path, *, seed: int = 5, depth: int = 0) -> None:
    netlist = template.netlist(point, BUILD)
    test = template.system_test(netlist, point, BUILD, (), np.random.default_rng(seed))
    result = simulate_system(
        template.assemble(netlist, bodies_of(template, netlist)), test.main, test.cases, sandbox=UNCONFINED,
        workdir=workdir, cache=workdir / "programs", environment=os.environ, fibers=True,
        depth_override=depth or None, limits=Limits(cpu_s=60, wall_s=300),
    )
    assert result.passed, (result.cause, result.findings, result.mismatches[:2], result.log[:2000])
    assert result.values > 0
    assert all(stream.left == 0 for streams in result.streams.values() for stream in streams)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_template_with_a_core_of_its_own_and_gemms_other_modules(name: str) -> None:
    template, gemm = load_template(name), load_template("gemm")
    assert isinstance(template, Narrows)
    assert isinstance(template, Borrows)
    assert CORES[name] not in template.borrowed
    assert set(template.borrowed.values()) == {"gemm"}
    assert {"ctrl", "fill", "drain", "accumulate", "post", "mac"} <= set(template.borrowed)
    settings: Settings = {"port": 16}
    assert template.variant("dma_load", settings).key == gemm.variant("dma_load", settings).key
    core = next(template.modules()[CORES[name]].legal_settings())
    assert template.variant(CORES[name], core).template == name


@pytest.mark.parametrize("name", NAMES)
def test_the_core_has_as_many_macs_as_the_design(name: str) -> None:
    template = load_template(name)
    for point in drawn(template, 5):
        netlist = template.netlist(point, BUILD)
        macs, parent = 1, "mac"
        counts = {i.name: i for i in netlist.instances}
        while parent in counts:
            macs *= counts[parent].count
            parent = counts[parent].parent if counts[parent].parent != "gemm" else ""
        assert macs == point.macs


@pytest.mark.parametrize("name", NAMES)
def test_its_demonstrations_keep_the_laws_and_answer_every_legal_setting(name: str) -> None:
    template, library = load_template(name), load_demos(name)
    assert set(library.modules) == set(template.modules()) - set(borrowed_of(template))
    for module in library.modules:
        assert len(library.of(module)) >= 4
        assert [f.message for f in law_findings(library, module)] == []
        assert [f.message for f in template_findings(library.of(module), template)] == []
        answered = list(answers(list(module_cases(template, module)), library.of(module)))
        assert len(answered) >= 4
        assert [(dict(a.case.settings), a.refusals) for a in answered if not a.code] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_design_of_its_space_has_a_tree_whose_edges_agree(name: str) -> None:
    template = load_template(name)
    for point in drawn(template, 40):
        assert any(i.variant.module == CORES[name] for i in template.netlist(point, BUILD).instances)


@pytest.mark.parametrize("name", NAMES)
def test_a_design_is_exact_as_a_whole(name: str, tmp_path: Path) -> None:
    simulated(load_template(name), POINTS[name], tmp_path)


@pytest.mark.deep
@pytest.mark.parametrize("name", NAMES)
def test_random_designs_are_exact_at_declared_depths_and_at_one(name: str, tmp_path: Path) -> None:
    template = load_template(name)
    for number, point in enumerate(drawn(template, 5, seed=11)):
        simulated(template, point, tmp_path, seed=number, depth=number % 2)


def test_a_design_outside_its_space_has_no_tree() -> None:
    for name, point in (
        ("inner_product", POINTS["pe_array"]), ("rowwise", POINTS["inner_product"]), ("pe_array", POINTS["rowwise"]),
    ):
        with pytest.raises(AigchipError, match=f"The template {name} has no (lane|array|arrays|reuse)="):
            load_template(name).netlist(point, BUILD)


def test_a_precision_that_it_does_not_have_is_refused() -> None:
    settings = SessionSettings(
        name="x", workload="gemm:8x8x8", device="zcu104", precision="int16", template="rowwise"
    )
    with pytest.raises(AigchipError, match="The template rowwise has no precision int16"):
        checked(settings)
