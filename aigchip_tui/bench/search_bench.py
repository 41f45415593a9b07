"""`bench search`: searchers side by side at equal numbers of evaluations, against the true front (SPACE sec. 4).

The judge is the analytic model, so quality is known exactly and one evaluation costs microseconds; no searcher may
look at the model in any other way.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import msgspec

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.space import Build
from aigchip_tui.model.workload import Workload, workload
from aigchip_tui.search.encoding import GENE_NAMES, GENE_SIZES, Genes, genes_of
from aigchip_tui.search.legality import Legality, dsp_of
from aigchip_tui.search.pareto import hypervolume
from aigchip_tui.search.searcher import Method, Searcher, SearchSettings, Told

SearcherName = Literal["default", "paper", "random", "nsga2", "tpe"]
SEARCHERS: tuple[SearcherName, ...] = get_args(SearcherName)
REFERENCE = (512.0, 2048.0)
ENOUGH = 0.95
# What a library is told of a design that a rule refuses: worse than any legal one, as the paper's infeasible points.
REFUSED_MS = 1e6


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One evaluation of a run; refused designs have an infinite latency."""

    latency_ms: float
    dsp: int


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One seed of one searcher on one network."""

    hv: float
    found: float
    evaluations_to_95: float
    cpu_ms_per_evaluation: float


class Judge:
    """The analytic model as judge of one build and workload, counting the CPU time that it takes itself."""

    def __init__(self, build: Build, work: Workload) -> None:
        from aigchip_tui.search.analytic import LayerTable, columns, gene_matrix, latency_cycles

        self.build, self.work = build, work
        self.legal = Legality(build, work)
        self.cpu_s = 0.0
        layers = LayerTable.of(work)

        def cycles_of(genes: Genes) -> float:
            return float(latency_cycles(columns(gene_matrix([genes]), build), build, layers)[0])

        self._cycles_of: Callable[[Genes], float] = cycles_of
        self._known: dict[Genes, Trial] = {}

    def __call__(self, genes: Genes) -> Trial:
        """Latency and DSP of a design; infinite latency if a rule refuses it."""
        started = time.process_time()
        trial = self._known.get(genes)
        if trial is None:
            cycles = self._cycles_of(genes) if self.legal(genes) else math.inf
            trial = Trial(latency_ms=cycles / (1000.0 * self.build.clock_mhz), dsp=dsp_of(genes))
            self._known[genes] = trial
        self.cpu_s += time.process_time() - started
        return trial


def run_searcher(name: SearcherName, judge: Judge, *, evaluations: int, seed: int) -> list[Trial]:
    """All trials of one run in order. `nsga2` needs pymoo, `tpe` optuna (the extra `bench`)."""
    if name == "nsga2":
        return _nsga2(judge, evaluations, seed)
    if name == "tpe":
        return _tpe(judge, evaluations, seed)
    settings = SearchSettings(method=_METHODS[name], evaluations=evaluations, tournament=10 if name == "paper" else 8)
    searcher = Searcher(judge.build, judge.work, settings, session_seed=seed)
    history: list[Told] = []
    trials: list[Trial] = []
    for number in range(1, evaluations + 1):
        proposal = searcher.ask(history)
        trial = judge(genes_of(proposal.point))
        trials.append(trial)
        told = Told(
            number=number,
            parameters=proposal.parameters,
            outcome="evaluated",
            latency_ms=trial.latency_ms,
            dsp=trial.dsp,
        )
        history.append(told)
    return trials


_METHODS: dict[str, Method] = {"default": "default", "paper": "paper", "random": "random"}


def _nsga2(judge: Judge, evaluations: int, seed: int) -> list[Trial]:
    """pymoo's NSGA-II on the legal encoding, population 50, integer crossover and mutation, both figures
    minimised.
    """
    try:
        import numpy as np
        from pymoo.algorithms.moo.nsga2 import NSGA2
        from pymoo.core.problem import ElementwiseProblem
        from pymoo.operators.crossover.sbx import SBX
        from pymoo.operators.mutation.pm import PM
        from pymoo.operators.repair.rounding import RoundingRepair
        from pymoo.operators.sampling.rnd import IntegerRandomSampling
        from pymoo.optimize import minimize
    except ImportError:
        raise AigchipError("The searcher nsga2 needs pymoo.", hint="Install aigchip-tui[bench].") from None
    trials: list[Trial] = []

    class _Problem(ElementwiseProblem):  # type: ignore[misc]  # pymoo ships no types
        def __init__(self) -> None:
            upper = np.array(GENE_SIZES) - 1
            super().__init__(n_var=len(GENE_SIZES), n_obj=2, xl=0, xu=upper, vtype=int)

        def _evaluate(self, x: Any, out: dict[str, Any], *args: Any, **kwargs: Any) -> None:
            trial = judge(tuple(int(value) for value in x))
            trials.append(trial)
            out["F"] = [math.log2(min(trial.latency_ms, REFUSED_MS)), math.log2(trial.dsp)]

    algorithm = NSGA2(
        pop_size=50, sampling=IntegerRandomSampling(), eliminate_duplicates=True,
        crossover=SBX(prob=1.0, eta=3.0, vtype=float, repair=RoundingRepair()),
        mutation=PM(prob=1.0, eta=3.0, vtype=float, repair=RoundingRepair()),
    )  # fmt: skip
    minimize(_Problem(), algorithm, ("n_eval", evaluations), seed=seed, verbose=False)
    return trials[:evaluations]


def _tpe(judge: Judge, evaluations: int, seed: int) -> list[Trial]:
    """optuna's TPE on latency: split genes and reuse categorical, sizes ordered."""
    try:
        import optuna
    except ImportError:
        raise AigchipError("The searcher tpe needs optuna.", hint="Install aigchip-tui[bench].") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    trials: list[Trial] = []

    def objective(trial: Any) -> float:
        genes = tuple(
            trial.suggest_categorical(name, list(range(size)))
            if name in ("lane", "array", "arrays", "reuse")
            else trial.suggest_int(name, 0, size - 1)
            for name, size in zip(GENE_NAMES, GENE_SIZES, strict=True)
        )
        found = judge(genes)
        trials.append(found)
        return math.log2(min(found.latency_ms, REFUSED_MS))

    optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed)).optimize(objective, n_trials=evaluations)
    return trials


def summarise(trials: Sequence[Trial], *, optimum_ms: float, full_hv: float, cpu_s: float) -> Run:
    """Hypervolume share, optimum/found, evaluations to 0.95 (infinite if never) and searcher's CPU of one run."""
    finite = [(trial.latency_ms, float(trial.dsp)) for trial in trials if math.isfinite(trial.latency_ms)]
    best = min((ms for ms, _ in finite), default=math.inf)
    reached = (number for number, trial in enumerate(trials, start=1) if optimum_ms >= ENOUGH * trial.latency_ms)
    return Run(
        hv=hypervolume(finite, REFERENCE) / full_hv,
        found=optimum_ms / best,
        evaluations_to_95=next(reached, math.inf),
        cpu_ms_per_evaluation=1000.0 * cpu_s / len(trials),
    )


def bench_search(
    build: Build, *, networks: Sequence[str], evaluations: int, seeds: int,
    searchers: Sequence[SearcherName] = SEARCHERS, note: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:  # fmt: skip
    """The document of `bench search --json`: figures of each searcher over all networks and seeds, and by network.

    `evaluations_to_95` is null if the median run never reached 0.95 of the optimum. If a run beats the oracle (tile
    rounding can, by parts in ten thousand), the better figure is the optimum and `oracle_beaten` says by how much.
    """
    from aigchip_tui.search.oracle import solve

    if evaluations < 1 or seeds < 1:
        raise AigchipError("Evaluations and seeds must be at least 1.")
    runs: dict[SearcherName, dict[str, list[Run]]] = {name: {} for name in searchers}
    oracles: dict[str, dict[str, Any]] = {}
    for network in networks:
        work = workload(network)
        started = time.process_time()
        oracle = solve(build, work)
        oracle_cpu = time.process_time() - started
        to_ms = 1.0 / (1000.0 * build.clock_mhz)
        front = [(cycles * to_ms, float(dsp)) for cycles, dsp, _ in oracle.front()]
        told: dict[SearcherName, list[tuple[list[Trial], float]]] = {}
        for name in searchers:
            told[name] = []
            for seed in range(1, seeds + 1):
                judge = Judge(build, work)
                started = time.process_time()
                trials = run_searcher(name, judge, evaluations=evaluations, seed=seed)
                told[name].append((trials, time.process_time() - started - judge.cpu_s))
            note(f"{network}: {name} done")
        optimum = oracle.fastest(build.dsp_budget) * to_ms
        seen = min(t.latency_ms for of_name in told.values() for trials, _ in of_name for t in trials)
        best = min(optimum, seen)
        full = hypervolume(front, REFERENCE)
        for name in searchers:
            runs[name][work.name] = [
                summarise(trials, optimum_ms=best, full_hv=full, cpu_s=cpu) for trials, cpu in told[name]
            ]
        oracles[work.name] = {
            "optimum_ms": optimum, "oracle_beaten": max(0.0, optimum / seen - 1.0), "designs": oracle.evaluated,
            "cpu_s": round(oracle_cpu, 2), "front": [[round(ms, 5), int(dsp)] for ms, dsp in front],
        }  # fmt: skip
    return {
        "searchers": {name: _figures([r for of in by.values() for r in of]) for name, by in runs.items()},
        "by_network": {network: {name: _figures(runs[name][network]) for name in searchers} for network in oracles},
        "oracle": oracles,
        "evaluations": evaluations,
        "seeds": seeds,
        "judge": "analytic model, no screening",
    }


def _figures(runs: Sequence[Run]) -> dict[str, float | None]:
    to_95 = _quantile([run.evaluations_to_95 for run in runs], 0.5)
    return {
        "hv_median": round(_quantile([run.hv for run in runs], 0.5), 4),
        "hv_p10": round(_quantile([run.hv for run in runs], 0.1), 4),
        "found_median": round(_quantile([run.found for run in runs], 0.5), 4),
        "found_p10": round(_quantile([run.found for run in runs], 0.1), 4),
        "evaluations_to_95": to_95 if math.isfinite(to_95) else None,
        "cpu_ms_per_evaluation": round(sum(run.cpu_ms_per_evaluation for run in runs) / len(runs), 4),
    }


def _quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie, interpolated between ranks (as numpy's default)."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    return low if low == high else low + (high - low) * (place % 1)
