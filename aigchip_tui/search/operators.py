"""How children are made: random designs, mutation, crossover, and repair of partitions (SPACE sec. 4)."""

from __future__ import annotations

from aigchip_tui.model.rules import BUILT_ARRAYS
from aigchip_tui.model.space import ARRAY_SPLITS, LANE_SPLITS, Build, Split
from aigchip_tui.search import encoding as gene
from aigchip_tui.search.canonical import canonical_parts
from aigchip_tui.search.draws import Draws
from aigchip_tui.search.legality import shape_of

_LEVELS = (LANE_SPLITS, ARRAY_SPLITS, BUILT_ARRAYS)
_LEVEL_INDEX = tuple({(s.m, s.n, s.k): i for i, s in enumerate(level)} for level in _LEVELS)
# Chance that an ordered gene jumps anywhere instead of one step.
JUMP = 0.2
SECOND_MUTATION = 0.4


def random_genes(draws: Draws) -> gene.Genes:
    """A point of the encoded space, uniform in each gene; it may break rules."""
    drawn = gene.GENE_SIZES[: gene.TAKING_DRAWS]
    return (*(draws.below(size) for size in drawn), *(0 for _ in gene.GENE_SIZES[gene.TAKING_DRAWS :]))


def mutated_anywhere(genes: gene.Genes, draws: Draws) -> gene.Genes:
    """One gene takes another value, any with equal chance: the paper's mutation."""
    position = draws.below(gene.MUTABLE)
    value = draws.below(gene.GENE_SIZES[position] - 1)
    return (*genes[:position], value + (value >= genes[position]), *genes[position + 1 :])


def crossed(first: gene.Genes, second: gene.Genes, draws: Draws) -> gene.Genes:
    """Each gene from either parent; genes that are never drawn are the first one's."""
    drawn = zip(first[: gene.TAKING_DRAWS], second, strict=False)
    return (*(b if draws.below(2) else a for a, b in drawn), *first[gene.TAKING_DRAWS :])


def stepped(genes: gene.Genes, draws: Draws) -> gene.Genes:
    """One or more small steps: a factor of two on one axis of a level, or a neighbour in the order of a size.

    A bank word of C that became longer than a row of sums is cut to it, since a longer one is not built.
    """
    genes = _one_step(genes, draws)
    while draws.chance(SECOND_MUTATION):
        genes = _one_step(genes, draws)
    widest = shape_of(genes)[1].bit_length() - 1
    return (*genes[: gene.PART_C_W], min(genes[gene.PART_C_W], widest), *genes[gene.PART_C_W + 1 :])


def _one_step(genes: gene.Genes, draws: Draws) -> gene.Genes:
    position = draws.below(gene.MUTABLE)
    if position <= gene.ARRAYS:
        return _split_step(genes, position, draws)
    size = gene.GENE_SIZES[position]
    if position >= gene.REUSE or draws.chance(JUMP):
        value = draws.below(size - 1)
        value += value >= genes[position]
    else:
        value = genes[position] + (1 if draws.below(2) else -1)
        value = min(max(value, 0), size - 1)
    return (*genes[:position], value, *genes[position + 1 :])


def _split_step(genes: gene.Genes, level: int, draws: Draws) -> gene.Genes:
    """Doubles, halves or moves a factor of two within a level, or moves it to another level."""
    changed = list(genes)
    factors = _factors(_LEVELS[level][genes[level]])
    kind, axis = draws.below(4), draws.below(3)
    if kind == 0:
        factors[axis] *= 2
    elif kind == 1:
        factors[axis] //= 2
    elif kind == 2:
        other = (axis + 1 + draws.below(2)) % 3
        factors[axis], factors[other] = factors[axis] // 2, factors[other] * 2
    else:
        target = (level + 1 + draws.below(2)) % 3
        taken = _factors(_LEVELS[target][genes[target]])
        factors[axis], taken[axis] = factors[axis] // 2, taken[axis] * 2
        index = _LEVEL_INDEX[target].get((taken[0], taken[1], taken[2]))
        if index is None:
            return genes
        changed[target] = index
    index = _LEVEL_INDEX[level].get((factors[0], factors[1], factors[2]))
    if index is None:
        return genes
    changed[level] = index
    return tuple(changed)


def _factors(split: Split) -> list[int]:
    return [split.m, split.n, split.k]


def repaired(genes: gene.Genes, build: Build) -> gene.Genes:
    """The same design with the partitions that its array and port need, no wider and no narrower."""
    parts = canonical_parts(shape_of(genes), build)
    return (*genes[: gene.PART_A_H], *(factor.bit_length() - 1 for factor in parts), *genes[gene.REUSE :])
