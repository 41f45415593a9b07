"""Genes: a design point as a tuple of indices into ordered values, so that steps, mutations and tables are cheap.

Only what a release builds is encoded, so that each value of a gene is within the scope; the rules that join several
parameters are checked by `model.rules`.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.rules import BUILT_ARRAYS, LINK_NAMES
from aigchip_tui.model.space import (
    ARRAY_SPLITS,
    ARRAYS_MAPS,
    BUFFER_KIB,
    DSP_PACKS,
    LANE_SPLITS,
    LATER,
    LINKS,
    PARTITION_FACTORS,
    REUSES,
    SEARCHED_REUSES,
    DesignPoint,
    Partition,
    check_parameter,
)

Genes = tuple[int, ...]
SPLIT_VALUES = {
    "lane": tuple(str(split) for split in LANE_SPLITS),
    "array": tuple(str(split) for split in ARRAY_SPLITS),
    "arrays": tuple(str(split) for split in BUILT_ARRAYS),
}
# Gene name -> its values in order; neighbours in the order are neighbours in the space (except between splits).
GENE_VALUES: Mapping[str, tuple[int, ...] | tuple[str, ...]] = {
    **SPLIT_VALUES,
    **dict.fromkeys(("buf_a", "buf_b", "buf_c"), BUFFER_KIB),
    **dict.fromkeys(("part_a_h", "part_a_w", "part_b_h", "part_b_w", "part_c_h", "part_c_w"), PARTITION_FACTORS),
    "reuse": REUSES,
    "dsp_pack": DSP_PACKS,
    **dict.fromkeys(("array_link", "arrays_link", "lane_link"), LINKS),
    "arrays_map": ARRAYS_MAPS,
}
GENE_NAMES = tuple(GENE_VALUES)
# Values of each gene that a search draws from, the first ones; a pin may ask for any.
# A forward link never saves a cycle or a multiplier of the model, so links fan out unless a pin says otherwise.
_DRAWN: Mapping[str, int] = {"reuse": len(SEARCHED_REUSES), **dict.fromkeys((*LINK_NAMES, *LATER), 1)}
GENE_SIZES = tuple(_DRAWN.get(name, len(values)) for name, values in GENE_VALUES.items())
# Genes that mutations change: all but those that a pin alone changes, which stand last.
MUTABLE = sum(size > 1 for size in GENE_SIZES)
# Genes that take draws: those behind them came later and are never drawn, so that a seed proposes what it always did.
TAKING_DRAWS = 16
LANE, ARRAY, ARRAYS, BUF_A, BUF_B, BUF_C, PART_A_H, PART_A_W, PART_B_H, PART_B_W, PART_C_H, PART_C_W, REUSE = range(13)
DSP_PACK, ARRAY_LINK, ARRAYS_LINK, LANE_LINK, ARRAYS_MAP = 13, 14, 15, 16, 17
# The genes whose values are ordered by size: +-1 is a small step.
ORDINAL_GENES = tuple(range(BUF_A, REUSE))
_INDEX = tuple({value: index for index, value in enumerate(values)} for values in GENE_VALUES.values())


def point_of(genes: Genes) -> DesignPoint:
    """The design point of a gene tuple."""
    part = PARTITION_FACTORS
    return DesignPoint(
        lane=LANE_SPLITS[genes[LANE]],
        array=ARRAY_SPLITS[genes[ARRAY]],
        arrays=BUILT_ARRAYS[genes[ARRAYS]],
        buf_a=BUFFER_KIB[genes[BUF_A]],
        buf_b=BUFFER_KIB[genes[BUF_B]],
        buf_c=BUFFER_KIB[genes[BUF_C]],
        part_a=Partition(h=part[genes[PART_A_H]], w=part[genes[PART_A_W]]),
        part_b=Partition(h=part[genes[PART_B_H]], w=part[genes[PART_B_W]]),
        part_c=Partition(h=part[genes[PART_C_H]], w=part[genes[PART_C_W]]),
        reuse=REUSES[genes[REUSE]],
        dsp_pack=DSP_PACKS[genes[DSP_PACK]],
        array_link=LINKS[genes[ARRAY_LINK]],
        arrays_link=LINKS[genes[ARRAYS_LINK]],
        lane_link=LINKS[genes[LANE_LINK]],
        arrays_map=ARRAYS_MAPS[genes[ARRAYS_MAP]],
    )


def genes_of(point: DesignPoint) -> Genes:
    """The gene tuple of a point; raises AigchipError if a parameter lies outside what this release builds."""
    return genes_of_parameters(point.parameters())


def genes_of_parameters(parameters: Mapping[str, int | str]) -> Genes:
    """The gene tuple of flat parameters, see `genes_of`."""
    parameters = {**LATER, **parameters}
    try:
        return tuple(index[parameters[name]] for name, index in zip(GENE_NAMES, _INDEX, strict=True))
    except KeyError:
        for name, index in zip(GENE_NAMES, _INDEX, strict=True):
            if parameters.get(name) not in index:
                raise AigchipError(f"not built yet: {name}={parameters.get(name)}.") from None
        raise


class Pins(msgspec.Struct, frozen=True, kw_only=True):
    """What the search must keep to: parameters that a human has fixed, as (gene, index) pairs, and genes of which a
    template has a part of the values, as (gene, indices).
    """

    genes: tuple[tuple[int, int], ...] = ()
    narrowed: tuple[tuple[int, tuple[int, ...]], ...] = ()

    @classmethod
    def of(
        cls, pins: Mapping[str, int | str], narrowed: Mapping[str, tuple[int | str, ...]] | None = None
    ) -> Pins:
        """Pins of `PARAM=VALUE` settings in the part of the space that a template has (`narrowed`, all of it if None).

        Raises AigchipError for unknown parameters, values not built and values that the template does not have.
        """
        fixed: list[tuple[int, int]] = []
        left = dict(narrowed or {})
        for name, given in pins.items():
            value = check_parameter(name, given)
            if name in left and value not in left[name]:
                raise AigchipError(
                    f"The session's template has no {name}={value}.", hint=f"It has {name} {_listed(left[name])}."
                )
            gene = GENE_NAMES.index(name)
            if value not in _INDEX[gene]:
                raise AigchipError(f"not built yet: {name}={value}.")
            fixed.append((gene, _INDEX[gene][value]))
        parts = [
            (gene, tuple(_INDEX[gene][value] for value in left[name] if value in _INDEX[gene]))
            for gene, name in enumerate(GENE_NAMES) if name in left
        ]
        return cls(genes=tuple(fixed), narrowed=tuple(parts))

    def apply(self, genes: Genes) -> Genes:
        """The same genes with the pinned values in place, and values that the template lacks exchanged for its own."""
        if not self.genes and not self.narrowed:
            return genes
        changed = list(genes)
        for gene, indices in self.narrowed:
            if changed[gene] not in indices:
                changed[gene] = indices[changed[gene] % len(indices)]
        for gene, index in self.genes:
            changed[gene] = index
        return tuple(changed)

    def has(self, genes: Genes) -> bool:
        """True if the template has this design; a human's pins are not looked at."""
        return all(genes[gene] in indices for gene, indices in self.narrowed)


def _listed(values: tuple[int | str, ...]) -> str:
    shown = [str(value) for value in values]
    return ", ".join(shown) if len(shown) <= 8 else f"{', '.join(shown[:4])} .. {shown[-1]}"
