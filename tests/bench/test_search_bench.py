"""`bench search`: its document, its figures against hand-made runs, and that better searchers come out better."""

from __future__ import annotations

import math

import pytest

from aigchip_tui.bench.search_bench import Judge, SearcherName, Trial, bench_search, run_searcher, summarise
from aigchip_tui.model.device import device
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.space import Build
from aigchip_tui.model.workload import workload

BUILD = Build(device=device("zcu104"), dsp_limit=64)
NETWORK = "gemm:196x960x160"
FIELDS = {"hv_median", "hv_p10", "found_median", "found_p10", "evaluations_to_95", "cpu_ms_per_evaluation"}


def test_the_document_has_the_contracted_fields_and_sane_figures() -> None:
    document = bench_search(
        BUILD, networks=[NETWORK], evaluations=40, seeds=3, searchers=["default", "paper", "random"]
    )
    assert set(document["searchers"]) == {"default", "paper", "random"}
    for figures in document["searchers"].values():
        assert set(figures) == FIELDS
        assert 0 < figures["hv_p10"] <= figures["hv_median"] <= 1.001
        assert 0 < figures["found_p10"] <= figures["found_median"] <= 1
    by_name = document["searchers"]
    assert by_name["default"]["found_median"] > by_name["random"]["found_median"]
    assert document["oracle"][NETWORK]["oracle_beaten"] < 0.002
    assert document["by_network"][NETWORK] == by_name


def test_figures_of_a_run_made_by_hand() -> None:
    trials = [Trial(latency_ms=256, dsp=1024), Trial(latency_ms=math.inf, dsp=4), Trial(latency_ms=128, dsp=1024)]
    run = summarise(trials, optimum_ms=125, full_hv=4.0, cpu_s=0.3)
    assert run.hv == pytest.approx((9 - 7) * (11 - 10) / 4.0)
    assert run.found == pytest.approx(125 / 128)
    assert run.evaluations_to_95 == 3
    assert run.cpu_ms_per_evaluation == pytest.approx(100)
    assert math.isinf(summarise(trials[:2], optimum_ms=125, full_hv=4.0, cpu_s=0.3).evaluations_to_95)


@pytest.mark.parametrize(("name", "package"), [("nsga2", "pymoo"), ("tpe", "optuna")])
def test_libraries_run_at_the_same_number_of_evaluations(name: SearcherName, package: str) -> None:
    pytest.importorskip(package)
    judge = Judge(BUILD, workload(NETWORK))
    first = run_searcher(name, judge, evaluations=55, seed=1)
    assert len(first) == 55
    assert first == run_searcher(name, judge, evaluations=55, seed=1)


def test_wrong_numbers_are_refused() -> None:
    with pytest.raises(AigchipError, match="at least 1"):
        bench_search(BUILD, networks=[NETWORK], evaluations=0, seeds=1)
    with pytest.raises(AigchipError, match="Unknown network"):
        bench_search(BUILD, networks=["resnet18"], evaluations=5, seeds=1, searchers=["random"])
