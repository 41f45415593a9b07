"""Samples of prompts: what a session would send, written once; replies are judged by the ladder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aigchip_tui.bench.prompts_bench import (
    INDEX,
    PROMPT,
    REPLY,
    judge_replies,
    prompt_of,
    read_sample,
    sample_variants,
    write_prompts,
)
from aigchip_tui.csim.bench import Bench
from aigchip_tui.library.demos import load_demos
from aigchip_tui.llm.adapter import answer
from aigchip_tui.model.device import device
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.module import Variant
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.model.space import Build
from aigchip_tui.modules.loader import load_template
from aigchip_tui.modules.protocol import Conformance
from aigchip_tui.proof.demonstrations import DemoProver
from aigchip_tui.proof.reading import Reading, read
from aigchip_tui.sandbox.box import UNCONFINED

BUILD = Build(device=device("zcu104"))
GEMM, LIBRARY = load_template("gemm"), load_demos("gemm")


def _rate(variant: Variant, body: str, children: Any, rules: Conformance) -> RungOutcome:
    return RungOutcome(rung="rate", status="not run", evidence="not asked here")


def test_a_sample_goes_through_the_modules_in_turn_and_holds_no_demonstration() -> None:
    variants = sample_variants(GEMM, LIBRARY, BUILD, count=24, seed=3)
    assert len({variant.key for variant in variants}) == 24
    assert len({variant.module for variant in variants[:11]}) == 11
    shown = {demo.instruction for demo in LIBRARY.demos}
    assert not [variant.module for variant in variants if variant.instruction in shown]
    assert variants == sample_variants(GEMM, LIBRARY, BUILD, count=24, seed=3)
    assert variants != sample_variants(GEMM, LIBRARY, BUILD, count=24, seed=4)


def test_a_sample_of_modules_is_drawn_from_all_their_settings(tmp_path: Path) -> None:
    """No design of the bench needs a gearbox or a reorder buffer."""
    asked = write_prompts(GEMM, LIBRARY, BUILD, tmp_path / "some", count=5, seed=3, modules=["gearbox", "ctrl_spill"])
    assert [each.module for each in asked] == ["gearbox", "ctrl_spill"] * 2 + ["gearbox"]
    assert len({GEMM.variant(each.module, each.settings).key for each in asked}) == 5
    few = write_prompts(GEMM, LIBRARY, BUILD, tmp_path / "all", count=99, seed=3, modules=["dma_load"])
    assert [each.settings for each in few] == [{"port": 4, "precision": "int16"}], "demonstrations have the others"
    with pytest.raises(AigchipError, match="gemm has no module 'gears'"):
        write_prompts(GEMM, LIBRARY, BUILD, tmp_path / "none", count=1, seed=3, modules=["gears"])


def test_prompts_are_written_as_a_session_sends_them(tmp_path: Path) -> None:
    out = tmp_path / "prompts"
    asked = write_prompts(GEMM, LIBRARY, BUILD, out, count=3, seed=3)
    assert read_sample(out).prompts == asked
    for each, variant in zip(asked, sample_variants(GEMM, LIBRARY, BUILD, count=3, seed=3), strict=True):
        text = (out / each.folder / PROMPT).read_text()
        assert all(message["content"] in text for message in prompt_of(GEMM, variant, LIBRARY).messages)
    with pytest.raises(AigchipError, match="is there already"):
        write_prompts(GEMM, LIBRARY, BUILD, out, count=3, seed=3)
    with pytest.raises(AigchipError, match="holds no sample"):
        read_sample(tmp_path)


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        ('"folder": "001-', '"folder": "../001-', "no folder of a prompt"),
        ('"m": ', '"x": ', "settings are not those"),
        ('"module": "pe_lane"', '"module": "pe_row"', "has no module 'pe_row'"),
    ],
)  # fmt: skip
def test_an_index_from_elsewhere_is_refused_in_a_sentence(was: str, now: str, says: str, tmp_path: Path) -> None:
    out = tmp_path / "prompts"
    write_prompts(GEMM, LIBRARY, BUILD, out, count=2, seed=3)
    text = (out / INDEX).read_text()
    assert was in text
    (out / INDEX).write_text(text.replace(was, now, 1))
    unused: Any = None
    with pytest.raises(AigchipError, match=says):
        list(judge_replies(GEMM, unused, out, read_sample(out).prompts))


COUNT = 24
"""Prompts among which every module of a design that spills nothing is."""


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
def test_replies_are_judged_by_the_ladder(tmp_path: Path) -> None:
    out = tmp_path / "prompts"
    asked = write_prompts(GEMM, LIBRARY, BUILD, out, count=COUNT, seed=3)
    by_module = {each.module: each for each in asked}
    chosen = [by_module[module] for module in ("arbiter", "interconnect", "flush", "dma_store")]
    variants = {v.module: v for v in sample_variants(GEMM, LIBRARY, BUILD, count=COUNT, seed=3)}
    right, wrong, empty, silent = chosen
    for each in (right, wrong):
        reply = answer(prompt_of(GEMM, variants[each.module], LIBRARY).messages).text
        if each is wrong:
            reply = reply.replace("II=1", "II=2")
        (out / each.folder / REPLY).write_text(reply)
    (out / empty.folder / REPLY).write_text("I cannot write that.")
    bench = Bench(sandbox=UNCONFINED, workdir=tmp_path, cache=tmp_path / "cache", environment=dict(os.environ),
                  headers=GEMM.headers())
    prover = DemoProver(
        GEMM, LIBRARY, bench=bench, read=lambda payload: msgspec.convert(read(payload), Reading), rate=_rate
    )
    judged = {j.folder: j.rung for j in judge_replies(GEMM, prover, out, chosen)}
    assert judged == {
        right.folder: "", wrong.folder: "conformance", empty.folder: "reply", silent.folder: "not answered"
    }
