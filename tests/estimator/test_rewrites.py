"""Rewrites that change no program move no figure: the usual kernels here, every module in the deep run."""

from __future__ import annotations

import pytest

from aigchip_tui.cpp.preprocess import preprocess
from aigchip_tui.library.demos import Demo, load_demos
from aigchip_tui.modules.loader import load_template
from aigchip_tui.synth.reading import module_request
from tests.estimator.kernels import KERNELS
from tests.estimator.language_kernels import KNOWN
from tests.estimator.rewriting import REWRITES
from tests.estimator.test_invariance import figures


def expanded(text: str) -> str:
    """The text with its macros expanded, so that every loop is seen."""
    found = preprocess(text, {})
    return f"{found.prelude}\n{found.text}"


@pytest.mark.parametrize("rewrite", REWRITES)
def test_the_usual_kernels_in_other_words(rewrite: str) -> None:
    changed = 0
    for name, text in KERNELS.items():
        plain = expanded(text)
        other = REWRITES[rewrite](plain)
        changed += other != plain
        assert figures(other) == figures(plain), f"{name}\n{other}"
    assert changed


@pytest.mark.deep
@pytest.mark.parametrize("rewrite", REWRITES)
def test_the_unusual_kernels_in_other_words(rewrite: str) -> None:
    for name, kernel in KNOWN.items():
        plain = expanded(kernel.text)
        assert figures(REWRITES[rewrite](plain)) == figures(plain), name


def _demos() -> list[Demo]:
    library = load_demos("gemm")
    return [demo for module in library.modules for demo in library.of(module)[:2]]


@pytest.mark.deep
@pytest.mark.parametrize("demo", _demos(), ids=lambda demo: demo.label)
def test_our_own_modules_in_other_words(demo: Demo) -> None:
    template = load_template("gemm")
    request = module_request(
        template.variant(demo.module, dict(demo.settings)), demo.code, (),
        headers=template.headers(), clock_ns=5.0, part="xczu7ev",
    )  # fmt: skip
    files = dict(request["files"])
    found = preprocess(files[request["main"]], files)
    plain = f"{found.prelude}\n{found.text}"
    for name, rewrite in REWRITES.items():
        if name != "in_a_namespace":
            assert figures(rewrite(plain)) == figures(plain), name
