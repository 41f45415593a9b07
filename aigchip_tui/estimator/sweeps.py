"""Estimates of one source with many values of its constants: the text is read once, see `walks`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aigchip_tui.estimator.estimate import Design, estimate_design, read_design, top_function
from aigchip_tui.estimator.options import Options
from aigchip_tui.estimator.result import Estimate, SweptPoint
from aigchip_tui.estimator.settable import refuse_inner_names, refuse_unknown_names
from aigchip_tui.model.errors import AigchipError

_TOTALS = tuple(name for name in SweptPoint.__struct_fields__ if name in Estimate.__struct_fields__)


def sweep(
    sources: Mapping[str, str],
    points: Sequence[Mapping[str, int]],
    *,
    top: str = "",
    clock_ns: float = 5.0,
    part: str = "xczu7ev",
    sets: Mapping[str, int] | None = None,
    directives: str = "",
    include: Mapping[str, str] | None = None,
    options: Options | None = None,
) -> Iterator[SweptPoint]:
    """The estimates at all points, in their order; what a point leaves open has the value of `sets`.

    Each is what `estimate` says of the text with these values. Where a constant decides an #if of the text, the text is
    read again for each of its values. Raises AigchipError when the text cannot be read at
    all, or a name cannot have a value from outside.
    """
    given = dict(sets or {})
    read: dict[tuple[int, ...], Design] = {}
    decided: list[str] = []

    def design_at(values: dict[str, int]) -> Design:
        found = read.get(tuple([values[name] for name in decided]))
        if found is None:
            found = read_design(sources, directives=directives, include=include, constants=values)
            fresh = sorted((found.decided & set(values)).difference(decided))
            if fresh:
                decided.extend(fresh)
                read.clear()
            read[tuple([values[name] for name in decided])] = found
        return found

    texts = (*sources.values(), *(include or {}).values())
    refuse_unknown_names(texts, {**given, **points[0]} if points else given)
    for number, point in enumerate(points):
        values = {**given, **point}
        design = design_at(values)
        if number == 0:
            refuse_inner_names(design.unit, top_function(design, top), values)
        try:
            found = estimate_design(design, top=top, clock_ns=clock_ns, part=part, sets=values, options=options)
        except AigchipError as problem:
            yield SweptPoint(values=dict(point), error=problem.message)
            continue
        totals: dict[str, Any] = {name: getattr(found, name) for name in _TOTALS if name != "basis"}
        yield SweptPoint(values=dict(point), **totals)
