"""LOOP_MERGE: neighbouring counted loops of a block as one loop of the longest trip count."""

from __future__ import annotations

from collections.abc import Sequence

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.choosing import ChoiceWalk


class MergeWalk(ChoiceWalk):
    """Merges the loops of blocks that ask for it, on the syntax tree."""

    def merged(self, block: ast.Block) -> Sequence[ast.Stmt]:
        """Statements of a block, with neighbouring loops joined where LOOP_MERGE stands in it."""
        asked = any(pragma.kind == "LOOP_MERGE" for pragma in block.pragmas) or (
            block is self.function_body and self.merges_function
        )
        if not asked:
            return block.statements
        known = self.merged_blocks.get(id(block))
        if known is None:
            known = self.merged_blocks[id(block)] = self._merge_all(block.statements)
        return known

    def _merge_all(self, statements: Sequence[ast.Stmt]) -> tuple[ast.Stmt, ...]:
        """Joins loops with nothing but declarations between them; one whose header is not constant stays."""
        found: list[ast.Stmt] = []
        last = -1
        for statement in statements:
            if isinstance(statement, ast.Loop):
                before = found[last] if last >= 0 else None
                joined = self._join(before, statement) if isinstance(before, ast.Loop) else None
                if joined is not None:
                    found[last] = joined
                    continue
                last = len(found)
            elif not (isinstance(statement, ast.Declaration) and all(one.init is None for one in statement.variables)):
                last = -1
            if last >= 0 and isinstance(statement, ast.Declaration):
                found.insert(last, statement)
                last += 1
            else:
                found.append(statement)
        return tuple(found)

    def _join(self, first: ast.Loop, second: ast.Loop) -> ast.Loop | None:
        one, two = self._counted(first), self._counted(second)
        if one is None or two is None or one[1:3] != two[1:3]:
            return None
        longer, counter = (first, one[0]) if one[3] >= two[3] else (second, two[0])
        parts = [
            self._under(
                counter, name, loop, trip, min(one[3], two[3]) if trip < max(one[3], two[3]) else 0, start, step
            )
            for loop, (name, start, step, trip) in ((first, one), (second, two))
        ]
        label = f"{first.label or f'loop_{first.line}'}_{second.label or f'loop_{second.line}'}"
        pragmas = (*first.pragmas, *second.pragmas)
        body = ast.Block(tuple(parts), pragmas, first.line)
        return ast.Loop(
            "for", longer.init, longer.condition, longer.step, body, label, first.line, pragmas, second.end_line
        )

    def _under(self, counter: str, name: str, loop: ast.Loop, trip: int, fewer: int, start: int, step: int) -> ast.Stmt:
        """The body of one loop under the merged counter; a shorter one only in its own iterations."""
        body: ast.Stmt = loop.body
        if name != counter:
            alias = ast.Variable(
                name, ast.TypeRef("int", space=self.space), ast.Name(counter, space=self.space), loop.line
            )
            body = ast.Block((ast.Declaration((alias,)), *loop.body.statements), loop.body.pragmas, loop.line)
        if not fewer:
            return body
        within = ast.Binary(
            "<" if step > 0 else ">", ast.Name(counter, space=self.space), ast.Number(start + trip * step, "int")
        )
        inner = body if isinstance(body, ast.Block) else ast.Block((body,))
        return ast.If(within, inner, None, loop.line)

    def _counted(self, loop: ast.Loop) -> tuple[str, int, int, int] | None:
        """Counter, first value, step and trip count of a loop whose header is constant."""
        init = loop.init
        if not isinstance(init, ast.Declaration) or len(init.variables) != 1 or loop.step is None:
            return None
        name, trip = init.variables[0].name, self.static_trip(loop)
        first = init.variables[0].init
        start = self.fold(first) if first is not None else None
        step = self._step(loop.step, name)
        if start is None or trip is None or step is None or step[0] != "+":
            return None
        return name, start, step[1], trip
