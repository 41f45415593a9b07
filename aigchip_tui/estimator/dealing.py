"""Banks over which the tool deals out arrays unasked."""

from __future__ import annotations

from aigchip_tui.estimator.dependences import DependenceWalk
from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.objects import Memory


class DealingWalk(DependenceWalk):
    """How many banks an array gets by the accesses of the pipelines that use it."""

    def spread(self, graph: Graph) -> dict[int, int]:
        """Banks over which the tool deals out the arrays of a pipeline, whatever bounds its interval.

        A bank has two ports: single accesses of an even number of elements share banks in pairs.
        """
        if not self.options.auto_partition or not self.options.deal_arrays or self.designer_partitions:
            return {}
        found: dict[int, int] = {}
        carried = self.carried_arrays(graph)
        for number, track in self.tracks_of(graph).items():
            memory = self.memories.get(number)
            if not isinstance(memory, Memory) or not memory.local or memory.asked or number in carried:
                continue
            if track.lifted or len(track.log) <= memory.ports[0]:
                continue
            spread = 1
            for position, extent in enumerate(memory.extents):
                if position not in memory.partitions:
                    spread *= min(max(1, extent), len({entry[2][position] for entry in track.log}))
            paired = spread % 2 == 0 and len(track.log) == spread
            found[number] = spread // 2 if paired else spread
            memory.dealt = max(memory.dealt, found[number])
        return found

    @staticmethod
    def carried_arrays(graph: Graph) -> set[int]:
        """Arrays through which iterations depend on each other."""
        return {
            access.memory
            for _, target, _, extra in graph.back
            if extra == 0 and (access := graph.access[target]) is not None
        }
