"""Rules of the space that join a few parameters, as `model.rules` has them, for gene matrices (gene, design)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aigchip_tui.model.rules import BUILT_ARRAYS
from aigchip_tui.model.space import LANE_SPLITS, LINKS
from aigchip_tui.search import encoding as gene

_PAIRED = np.array([lane.m * lane.n > 1 for lane in LANE_SPLITS])
_ARRAYS = np.array([(split.m, split.n, split.k) for split in BUILT_ARRAYS]).T


def lane_pairs(genes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether the lane has rows or columns that two MACs of a DSP can share an operand in, for a gene matrix."""
    pairs: npt.NDArray[np.bool_] = _PAIRED[genes[gene.LANE]]
    return pairs


def links_nothing(genes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether a forward link between arrays has a single array to link, for a gene matrix."""
    single = _ARRAYS.prod(axis=0) == 1
    nothing: npt.NDArray[np.bool_] = single[genes[gene.ARRAYS]] & (genes[gene.ARRAYS_LINK] == LINKS.index("forward"))
    return nothing


def maps_nothing(genes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether a run-time mapping of arrays has none along m to map, for a gene matrix."""
    nothing: npt.NDArray[np.bool_] = (_ARRAYS[0, genes[gene.ARRAYS]] == 1) & (genes[gene.ARRAYS_MAP] > 0)
    return nothing
