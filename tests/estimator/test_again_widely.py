"""Estimates with other constants, of every kernel here and a demonstration of each module, are those of the text."""

from __future__ import annotations

import re
from random import Random

import pytest

from aigchip_tui.estimator.estimate import Estimate, estimate, estimate_design, read_design
from aigchip_tui.library.demos import Demo, load_demos
from aigchip_tui.llm.coverage import answers, variant_case
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.module import Variant
from aigchip_tui.modules.loader import load_template
from aigchip_tui.synth.reading import module_request
from tests.estimator.kernels import KERNELS
from tests.estimator.language_kernels import KNOWN

_DEFINED = r"^[ \t]*#[ \t]*define[ \t]+(?P<name>\w+)[ \t]+(?P<value>\d+)[ \t]*(?=//|$)"
_DECLARED = r"^(?:static |inline )*(?:const|constexpr)(?: unsigned)? int (?P<name>\w+) = (?P<value>\d+);"
_CONSTANT = [re.compile(one, re.MULTILINE) for one in (_DEFINED, _DECLARED)]
_POINTS = 12


def _constants(texts: dict[str, str]) -> dict[str, int]:
    """Constants at file scope, but for names that stand for several."""
    found: dict[str, int] = {}
    several: set[str] = set()
    for text in texts.values():
        for form in _CONSTANT:
            for one in form.finditer(text):
                several |= {one["name"]} & found.keys()
                found[one["name"]] = int(one["value"])
    return {name: value for name, value in found.items() if name not in several}


def _written(text: str, values: dict[str, int]) -> str:
    for form in _CONSTANT:
        def changed(one: re.Match[str]) -> str:
            begin, end = one.start("value") - one.start(), one.end("value") - one.start()
            return f"{one[0][:begin]}{values.get(one['name'], one['value'])}{one[0][end:]}"

        text = form.sub(changed, text)
    return text


def _compare(sources: dict[str, str], include: dict[str, str], top: str, seed: str) -> None:
    constants = _constants({**include, **sources})
    design = read_design(sources, include=include, constants=constants)
    free = sorted(set(constants) - design.decided)
    random = Random(seed)
    for _ in range(_POINTS if free else 0):
        values = dict(constants)
        for name in random.sample(free, min(len(free), random.choice([1, 1, 2]))):
            value = constants[name]
            values[name] = random.choice([value + 1, value + 2, 2 * value, 4 * value, max(1, value // 2), 3 * value, 1])

        def again(values: dict[str, int] = values) -> Estimate:
            return estimate_design(design, top=top, sets=values)

        def alone(values: dict[str, int] = values) -> Estimate:
            given = [{path: _written(text, values) for path, text in one.items()} for one in (sources, include)]
            return estimate(given[0], top=top, include=given[1])

        outcomes: list[Estimate | str] = []
        for asked in (again, alone):
            try:
                outcomes.append(asked())
            except AigchipError as problem:
                outcomes.append(problem.message)
        assert outcomes[0] == outcomes[1], {name: values[name] for name in free if values[name] != constants[name]}


@pytest.mark.deep
@pytest.mark.parametrize("name", [*KERNELS, *KNOWN])
def test_a_kernel_with_other_constants(name: str) -> None:
    text = KERNELS[name] if name in KERNELS else KNOWN[name].text
    _compare({"k.cpp": text}, {}, "" if name in KERNELS else "top", name)


def _demos() -> list[Demo]:
    library, modules = load_demos("gemm"), load_template("gemm").modules()
    return [library.of(m)[-1] for m in library.modules if m in modules and not modules[m].inlined]


def _children(module: str, settings: dict[str, int | str]) -> list[tuple[Variant, str]]:
    template = load_template("gemm")
    texts: list[tuple[Variant, str]] = []
    for name, child in template.modules()[module].children(settings):
        texts += _children(name, child)
        variant = template.variant(name, child)
        texts.append((variant, next(iter(answers([variant_case(variant)], load_demos("gemm").of(name)))).code))
    return texts


@pytest.mark.deep
@pytest.mark.parametrize("demo", _demos(), ids=lambda one: one.label)
def test_a_demonstration_with_other_constants(demo: Demo) -> None:
    template, settings = load_template("gemm"), dict(demo.settings)
    request = module_request(
        template.variant(demo.module, settings), demo.code, _children(demo.module, settings),
        headers=template.headers(), clock_ns=5.0, part="xczu7ev",
    )
    files = dict(request["files"])
    _compare({request["main"]: files.pop(request["main"])}, files, request["function"], demo.label)
