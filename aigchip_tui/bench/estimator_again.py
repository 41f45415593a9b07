"""How fast a kernel that was read once is estimated with other values of its own constants."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from statistics import median

import msgspec

from aigchip_tui.bench.estimator_sources import estimate_read, integer_macros
from aigchip_tui.estimator.estimate import read_design
from aigchip_tui.model.errors import AigchipError

_TURNS = 3
_CONSTANTS = 4


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """Estimates of one kernel with other constants: how many followed from an earlier walk and how many needed one of
    their own, and the CPU time in ms of each kind together.
    """

    followed: int
    walked: int
    followed_ms: float
    walked_ms: float


class AgainSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Estimates with other constants over many kernels; rates in estimates a second of one core, medians over kernels.

    `followed` are those where only counts and sizes move, of `estimates`; their rate counts the kernels that have some.
    The others change the graph of a loop (copies, banks, what is unrolled), so that the kernel is walked again.
    """

    kernels: int
    per_second: float
    estimates: int
    followed: int
    followed_kernels: int
    followed_per_second: float | None
    walked_kernels: int
    walked_per_second: float | None


def estimates_again(
    row: dict[str, str], texts: dict[str, str], headers: dict[str, str], directives: str, clock: Callable[[], float]
) -> Again | None:
    """Each of a kernel's first integer macros raised by one, two and three; None for a kernel that has none."""
    constants = integer_macros((*texts.values(), *headers.values()))
    design = read_design(texts, directives=directives, include=headers, constants=constants)
    free = [name for name in constants if name not in design.decided][:_CONSTANTS]
    if not free:
        return None
    estimate_read(row, design)
    spent: dict[bool, list[float]] = {False: [], True: []}
    for name in free:
        for turn in range(_TURNS):
            walks, begin = design.walks.done, clock()
            with suppress(AigchipError):
                estimate_read(row, design, {name: constants[name] + 1 + turn})
            spent[design.walks.done > walks].append((clock() - begin) * 1000)
    return Again(
        followed=len(spent[False]), walked=len(spent[True]), followed_ms=sum(spent[False]), walked_ms=sum(spent[True])
    )


def summary(found: Iterable[Again | None]) -> AgainSummary | None:
    """All kernels together; None where no kernel has constants."""
    known = [one for one in found if one is not None and one.followed_ms + one.walked_ms > 0]
    if not known:
        return None
    followed = [one.followed_ms / one.followed for one in known if one.followed]
    walked = [one.walked_ms / one.walked for one in known if one.walked]
    both = [(one.followed_ms + one.walked_ms) / (one.followed + one.walked) for one in known]
    return AgainSummary(
        kernels=len(known),
        per_second=1000 / median(both),
        estimates=sum(one.followed + one.walked for one in known),
        followed=sum(one.followed for one in known),
        followed_kernels=len(followed),
        followed_per_second=_rate(followed),
        walked_kernels=len(walked),
        walked_per_second=_rate(walked),
    )


def _rate(times: list[float]) -> float | None:
    middle = median(times) if times else 0.0
    return 1000 / middle if middle else None


def sentence(found: AgainSummary) -> str:
    """The measurement as the end of a line of text."""
    kinds = [
        f"{name} {rate:.0f} a second in the median over {kernels} kernels"
        for name, rate, kernels in (
            ("where only counts and sizes move", found.followed_per_second, found.followed_kernels),
            ("where the graph changes", found.walked_per_second, found.walked_kernels),
        )
        if rate is not None
    ]
    return (
        f"{found.kernels} of these estimated again with other values of their own constants, {found.per_second:.0f} a"
        f" second of one core in the median; {found.followed} of {found.estimates} such estimates need no walk:"
        f" {', '.join(kinds)}"
    )
