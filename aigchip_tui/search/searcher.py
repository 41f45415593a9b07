"""Ask and tell: from the designs told so far to the next design to try. Pure; no clock, no I/O, no running stream.

`default` is the paper's tournament evolution with age-out plus domain operators; `paper` is the paper's alone;
`random` draws legal designs (SPACE sec. 4).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from aigchip_tui.model.errors import AigchipError, NoResultError
from aigchip_tui.model.rules import refusals
from aigchip_tui.model.session import Goal
from aigchip_tui.model.space import Build, DesignPoint
from aigchip_tui.model.workload import Workload
from aigchip_tui.search import operators
from aigchip_tui.search.draws import Draws
from aigchip_tui.search.encoding import Genes, Pins, genes_of_parameters, point_of
from aigchip_tui.search.legality import Legality, dsp_of
from aigchip_tui.search.pareto import Front

Outcome = Literal["evaluated", "failed", "refused", "waiting", "damaged", "pending"]
Method = Literal["default", "paper", "random"]
# Tries to draw a legal design before the whole space is called empty.
MAX_DRAWS = 20_000
# Further draws of which the rule that most of them break is told.
WHY_DRAWS = 200
MAX_CHILD_TRIES = 60


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One proposed design and what became of it; figures count only if `outcome` is evaluated.

    `feasible` is False if the judged figures break a budget although the screening did not foresee it.
    """

    number: int
    parameters: Mapping[str, int | str]
    outcome: Outcome
    latency_ms: float = math.inf
    dsp: int = 0
    feasible: bool = True


class SearchSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How to search. Population 0 means a quarter of the evaluations, at most 32.

    Results younger than `lag` proposals are not looked at, so that any number of jobs up to `lag` proposes the same
    designs. `screen` children are ranked by the analytic model before one is proposed (1: none); `screen_first` does
    the same for the first population. `seeds` are designs proposed first.
    """

    method: Method = "default"
    evaluations: int = 200
    population: int = 0
    tournament: int = 8
    lag: int = 1
    goal: Goal = Goal()
    pins: Pins = Pins()
    seeds: tuple[Genes, ...] = ()
    screen: int = 20
    screen_first: int = 16
    repair: float = 0.5
    crossover: float = 0.2
    archive_parents: float = 0.5

    def effective_population(self) -> int:
        """At most a quarter of the evaluations, and no more than asked for (SPACE sec. 4)."""
        wanted = self.population or (50 if self.method == "paper" else 32)
        return max(2, min(wanted, self.evaluations // 4))


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """The next design, how it came about (`seed`, `random`, `mutation`, `crossover`), and how many were screened for
    it.
    """

    point: DesignPoint
    origin: str
    screened: int = 0

    @property
    def parameters(self) -> dict[str, int | str]:
        """Flat parameters of the design."""
        return self.point.parameters()


Key = tuple[float, ...]


class _Member(msgspec.Struct, frozen=True):
    genes: Genes
    key: Key


# (genes of candidates) -> (latency in ms, DSP) of each by the analytic model.
Screen = Callable[[Sequence[Genes]], list[tuple[float, int]]]


class Searcher:
    """Proposes designs for one build and workload; keeps a fold of the history so that asking stays cheap.

    The fold is an optimisation only: a new Searcher asked with the same history proposes the same design.
    """

    def __init__(
        self,
        build: Build,
        workload: Workload,
        settings: SearchSettings,
        *,
        session_seed: int,
        screen: Screen | None = None,
    ) -> None:
        self.build = build
        self.settings = settings
        self.seed = session_seed
        self.legal = Legality(build, workload)
        self._workload = workload
        self._screen = screen
        self._proposed: set[Genes] = set()
        self._seen = 0
        self._absorbed = 0
        self._members: deque[_Member] = deque(maxlen=settings.effective_population())
        self._front = Front()
        self._genes: dict[int, Genes] = {}
        self._ratios: list[float] = []

    def ask(self, history: Sequence[Told]) -> Proposal:
        """The proposal after all of `history`, which holds every earlier proposal in order, pending ones included.

        Raises NoResultError if no legal design is left to propose.
        """
        self._fold(history)
        number = len(history) + 1
        draws = Draws(self.seed, "propose", number)
        pins = self.settings.pins
        seeds = [pins.apply(genes) for genes in self.settings.seeds if pins.has(genes)]
        unused = [genes for genes in seeds if genes not in self._proposed and self.legal(genes)]
        if unused:
            return Proposal(point=point_of(unused[0]), origin="seed")
        first = number <= self.settings.effective_population() or not self._members
        if self.settings.method == "random" or first:
            return self._random_proposal(draws, first=self.settings.method != "random")
        if self.settings.method == "paper":
            return self._paper_child(draws)
        return self._domain_child(draws)

    # -- folding ---------------------------------------------------------------------------------------------------

    def _fold(self, history: Sequence[Told]) -> None:
        if len(history) < self._seen:
            raise AigchipError("The history of the search became shorter.")
        for told in history[self._seen :]:
            self._proposed.add(genes_of_parameters(told.parameters))
        self._seen = len(history)
        known = max(0, len(history) + 1 - self.settings.lag)
        while self._absorbed < known:
            self._absorb(history[self._absorbed])
            self._absorbed += 1

    def _absorb(self, told: Told) -> None:
        if told.outcome != "evaluated" or not math.isfinite(told.latency_ms):
            return
        genes = genes_of_parameters(told.parameters)
        key = goal_key(self.settings.goal, told.latency_ms, told.dsp, feasible=told.feasible)
        self._members.append(_Member(genes, key))
        self._genes[told.number] = genes
        if told.feasible:
            self._front.add(told.latency_ms, told.dsp, told.number)

    # -- children --------------------------------------------------------------------------------------------------

    def _random_proposal(self, draws: Draws, *, first: bool) -> Proposal:
        settings = self.settings
        pool_size = settings.screen_first if first and self._screen and settings.method == "default" else 1
        pool: list[Genes] = []
        while len(pool) < pool_size:
            genes = self._random_legal(draws, repair=settings.method == "default", taken=pool)
            if genes is None:
                break
            pool.append(genes)
        if not pool:
            raise NoResultError(self._why_empty(draws))
        # Half of the first population looks for small designs, so that the front is seen from both ends.
        cap = self._dsp_cap(draws)
        return Proposal(point=point_of(self._best_by_model(pool, cap)), origin="random", screened=len(pool) - 1)

    def _random_legal(self, draws: Draws, *, repair: bool, taken: Sequence[Genes] = ()) -> Genes | None:
        for _ in range(MAX_DRAWS):
            genes = operators.random_genes(draws)
            genes = self.settings.pins.apply(genes)
            if repair and draws.chance(self.settings.repair):
                genes = self._repaired(genes)
            if self.legal(genes) and genes not in self._proposed and genes not in taken:
                return genes
        return None

    def _why_empty(self, draws: Draws) -> str:
        broken: dict[str, list[str]] = {}
        for _ in range(WHY_DRAWS):
            genes = self._repaired(self.settings.pins.apply(operators.random_genes(draws)))
            for refusal in refusals(point_of(genes), self.build, self._workload):
                broken.setdefault(refusal.rule, []).append(refusal.message)
        example = f" Most often: {max(broken.values(), key=len)[0]}" if broken else ""
        return f"No legal design is left to propose: {MAX_DRAWS} draws broke a rule or were tried before.{example}"

    def _paper_child(self, draws: Draws) -> Proposal:
        parent = self._tournament(draws)
        for _ in range(MAX_CHILD_TRIES):
            genes, origin = parent, "mutation"
            if draws.chance(self.settings.crossover):
                genes, origin = operators.crossed(genes, self._tournament(draws), draws), "crossover"
            genes = self.settings.pins.apply(operators.mutated_anywhere(genes, draws))
            if self.legal(genes):
                return Proposal(point=point_of(genes), origin=origin)
        return self._random_proposal(draws, first=False)

    def _domain_child(self, draws: Draws) -> Proposal:
        wanted = self.settings.screen if self._screen else 1
        pool: list[Genes] = []
        origins: dict[Genes, str] = {}
        for _ in range(MAX_CHILD_TRIES * wanted):
            genes, origin = self._one_child(draws)
            if genes not in self._proposed and genes not in origins and self.legal(genes):
                pool.append(genes)
                origins[genes] = origin
                if len(pool) == wanted:
                    break
        if not pool:
            return self._random_proposal(draws, first=False)
        chosen = self._best_by_model(pool, self._dsp_cap(draws))
        return Proposal(point=point_of(chosen), origin=origins[chosen], screened=len(pool) - 1)

    def _one_child(self, draws: Draws) -> tuple[Genes, str]:
        settings = self.settings
        genes, origin = self._parent(draws), "mutation"
        if draws.chance(settings.crossover):
            genes, origin = operators.crossed(genes, self._parent(draws), draws), "crossover"
        genes = settings.pins.apply(operators.stepped(genes, draws))
        return self._repaired(genes) if draws.chance(settings.repair) else genes, origin

    def _repaired(self, genes: Genes) -> Genes:
        """Partitions for the pinned levels; pinned partitions stay."""
        return self.settings.pins.apply(operators.repaired(genes, self.build))

    def _parent(self, draws: Draws) -> Genes:
        labels = self._front.labels
        if labels and draws.chance(self.settings.archive_parents):
            return self._genes[draws.pick(labels)]
        return self._tournament(draws)

    def _tournament(self, draws: Draws) -> Genes:
        """The best of `tournament` members drawn at random; of equal ones the first drawn."""
        drawn = [draws.pick(self._members) for _ in range(self.settings.tournament)]
        return min(drawn, key=lambda member: member.key).genes

    # -- screening -------------------------------------------------------------------------------------------------

    def _dsp_cap(self, draws: Draws) -> int:
        """A DSP limit for this proposal: the budget, or a smaller power of two to fill the front's other end."""
        budget = self.build.dsp_budget
        if self._screen is None or self.settings.goal.minimise == "dsp" or draws.chance(0.6):
            return budget
        steps = max(1, int(math.log2(budget)) - 3)
        return max(16, budget >> (1 + draws.below(steps)))

    def _best_by_model(self, pool: Sequence[Genes], dsp_cap: int) -> Genes:
        if self._screen is None or len(pool) == 1:
            return pool[0]
        figures = self._screen(pool)
        scale = self._model_scale()

        def rank(index: int) -> Key:
            latency, dsp = figures[index]
            return (float(dsp > dsp_cap), *goal_key(self.settings.goal, latency * scale, dsp))

        return pool[min(range(len(pool)), key=rank)]

    def _model_scale(self) -> float:
        """Judged latency over the model's for the newest members (median): what a latency limit is compared with."""
        if self._screen is None or not self.settings.goal.latency_limit_ms or not self._front.points:
            return 1.0
        newest = self._front.points[-9:]
        modelled = self._screen([self._genes[label] for _, _, label in newest])
        ratios = sorted(ms / model for (ms, _, _), (model, _) in zip(newest, modelled, strict=True) if model > 0)
        return ratios[len(ratios) // 2] if ratios else 1.0


def goal_key(goal: Goal, latency_ms: float, dsp: float, *, feasible: bool = True) -> Key:
    """What the search minimises, as a key: broken budgets last, then broken latency limits by their amount, then the
    goal.
    """
    if not feasible:
        return (2.0, latency_ms, dsp)
    if goal.latency_limit_ms and latency_ms > goal.latency_limit_ms:
        return (1.0, latency_ms, dsp)
    return (0.0, dsp, latency_ms) if goal.minimise == "dsp" else (0.0, latency_ms, dsp)


def propose(
    history: Sequence[Told], *, build: Build, workload: Workload, session_seed: int, settings: SearchSettings,
    screen: Screen | None = None,
) -> Proposal:  # fmt: skip
    """The next design after `history`, as a pure function: `Searcher.ask` of a fresh searcher."""
    return Searcher(build, workload, settings, session_seed=session_seed, screen=screen).ask(history)


def analytic_screen(build: Build, workload: Workload) -> Screen:
    """A screen by the analytic model; numpy is loaded when it is made."""
    from aigchip_tui.search.analytic import LayerTable, columns, gene_matrix, latency_cycles

    layers = LayerTable.of(workload)

    def screen(pool: Sequence[Genes]) -> list[tuple[float, int]]:
        cycles = latency_cycles(columns(gene_matrix(pool), build), build, layers)
        to_ms = 1.0 / (1000.0 * build.clock_mhz)
        return [(float(c) * to_ms, dsp_of(genes)) for c, genes in zip(cycles, pool, strict=True)]

    return screen


def seeds_of(points: Iterable[Mapping[str, int | str]]) -> tuple[Genes, ...]:
    """Gene tuples of designs to start from (`--from`), those outside what this release builds left out."""
    found: list[Genes] = []
    for parameters in points:
        try:
            found.append(genes_of_parameters(parameters))
        except AigchipError:
            continue
    return tuple(dict.fromkeys(found))
