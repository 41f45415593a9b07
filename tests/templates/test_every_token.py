"""Random designs against an interpreter of the tile schedule: every token on every data edge, words from memory."""

from __future__ import annotations

import importlib
import itertools
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from aigchip_tui.bench.hardware_bench import random_designs
from aigchip_tui.csim import compile as compiling
from aigchip_tui.csim.headers import INCLUDE
from aigchip_tui.model.space import DesignPoint
from aigchip_tui.search.encoding import Pins

if TYPE_CHECKING:
    from tests.templates import compute_bench as bench
    from tests.templates import design_bench as designs
    from tests.templates.schedule_interpreter import Interpreter
else:
    import compute_bench as bench
    import design_bench as designs
    from schedule_interpreter import Interpreter

AXI = 16
COMMAND_WORDS = {
    "load_cmd": 3, "inter_cmd": 2, "share_cmd": 4, "collect_cmd": 2, "accum_cmd": 6, "resume_cmd": 7, "flush_cmd": 4,
    "unload_cmd": 7, "post_cmd": 7,
}
WRITTEN = "        time_.written();\n"


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file for each stream of the design that runs: the bytes of all its tokens."""
    folder, headers = tmp_path / "tokens", tmp_path / "include"
    folder.mkdir()
    shutil.copytree(INCLUDE, headers)
    stream = headers / "hls_stream.h"
    text = stream.read_text()
    assert text.count(WRITTEN) == 1
    kept = (
        f'        if (this->name[0] != 0 && !this->of_bench) {{ char path[400]; snprintf(path, sizeof path, '
        f'"{folder}/%s", this->name); FILE* file = fopen(path, "ab"); fwrite(&value, sizeof value, 1, file); '
        "fclose(file); }\n"
    )
    stream.write_text(text.replace(WRITTEN, WRITTEN + kept))
    monkeypatch.setattr(compiling, "INCLUDE", headers)
    return folder


@pytest.mark.deep
@pytest.mark.parametrize("pins", [
    {}, {"arrays_map": "run_time"}, {"arrays_map": "run_time", "arrays_link": "forward"}, {"arrays_link": "forward"},
    {"reuse": "a_spill"}, {"arrays_map": "run_time", "reuse": "b_spill"},
])
@pytest.mark.parametrize("number", range(3))
def test_every_token_is_that_of_the_interpreter(
    pins: dict[str, str], number: int, written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = next(itertools.islice(random_designs(designs.build(), None, seed=41, keep=Pins.of(pins)), number, None))
    layers = _launched(monkeypatch)
    designs.proven(designs.run(point, tmp_path))
    # The last launch, of two layers, runs twice.
    assert _differs(point, [*layers, *layers[-2:]], written) == []


def test_a_word_at_another_array_is_seen(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = designs.point("m2k2", "n2", "m2", a=(4, 2), b=(2, 2), c=(2, 2))
    layers = _launched(monkeypatch)
    designs.proven(designs.run(point, tmp_path))
    every = [*layers, *layers[-2:]]
    assert _differs(point, every, written) == []
    turned = [(tiles, np.roll(a, 1, axis=0), b, bias, post) for tiles, a, b, bias, post in every]
    assert "inter_a_to_array[1]" in _differs(point, turned, written)


def _launched(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Tiles, operands, bias and post settings of each layer that the driver will put into memory, in order."""
    found: list[Any] = []
    package = type(bench.template()).__module__.rpartition(".")[0]
    layout = importlib.import_module(f"{package}.driver").LayerLayout

    def watch(name: str, place: int) -> None:
        plain = getattr(layout, name)

        def called(self: Any, *values: Any, **named: Any) -> Any:
            if name == "pack_a":
                found.append([self.tiles, None, None, None, None])
            if found[-1][place] is None:
                found[-1][place] = named["post"] if name == "row" else values[0]
            return plain(self, *values, **named)

        monkeypatch.setattr(layout, name, called)

    for place, name in enumerate(("pack_a", "pack_b", "pack_bias", "row"), start=1):
        watch(name, place)
    return found


def _differs(point: DesignPoint, layers: list[Any], written: Path) -> list[str]:
    """Edges on which tokens are not those of the interpreter; at least one of every kind has some."""
    wanted = Interpreter(point, AXI)
    for layer in layers:
        wanted.layer(*layer)
    seen = {path.name: path.read_bytes() for path in written.iterdir()}
    edges = {re.sub(r"\[\d+\]", "", name) for name in seen}
    for operand in "ab":
        arbiter = f"arbiter_{operand}_to_inter_{operand}"
        if f"wide_{operand}" in wanted.tokens:
            source = arbiter if arbiter in edges else f"drain_{operand}_to_inter_{operand}"
            wanted.tokens[source] = wanted.tokens.pop(f"wide_{operand}")
    wrong = [edge for edge, tokens in wanted.tokens.items() if b"".join(tokens) != _bytes(seen, edge)]
    netlist = bench.template().netlist(point, designs.build(AXI))
    widths = {
        f"{e.producer}_to_{e.consumer}": COMMAND_WORDS[port.element] * 4
        for e in netlist.edges if e.producer == "ctrl"
        for i in netlist.instances if i.name == e.consumer
        for port in i.variant.ports if port.name == "cmd" and port.element in COMMAND_WORDS
    }
    wrong += [edge for edge, count in wanted.counts.items() if len(_bytes(seen, edge)) != count * widths.get(edge, AXI)]
    assert {"inter_a_to_array", "array_to_collector", "flush_to_post", "post_to_dma_c"} <= edges
    return wrong


def _bytes(seen: dict[str, bytes], edge: str) -> bytes:
    return seen.get(edge, seen.get(f"{edge}[0]", b""))
