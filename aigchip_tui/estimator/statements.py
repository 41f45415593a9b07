"""Statements: blocks, branches, switches."""

from __future__ import annotations

from collections.abc import Sequence

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.declaring import DeclarationWalk
from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.objects import Cell, fresh
from aigchip_tui.estimator.outcomes import (
    Range,
    add_ranges,
)
from aigchip_tui.estimator.prepared import Prepared
from aigchip_tui.estimator.reasons import why_unread
from aigchip_tui.estimator.schedule import schedule
from aigchip_tui.estimator.tracks import decided
from aigchip_tui.estimator.traverse import root_name
from aigchip_tui.estimator.values import INT, Blank, Lin, Val


class StatementWalk(DeclarationWalk):
    """Statements: blocks, branches, switches."""

    def block(self, block: ast.Block) -> None:
        """Statements of a block in a scope of their own."""
        prepared: Prepared | None = block.kept.get("prepared")
        if prepared is None:
            prepared = block.kept["prepared"] = Prepared(block)
        outer = self.pragmas, self.region
        if block.declares:
            self.scopes.append({})
        statements: Sequence[ast.Stmt] = block.statements
        if not prepared.bare:
            self.region = self.region_within(block.pragmas)
            self._prepare(block.pragmas, block.statements)
        if not prepared.bare or block is self.function_body:
            statements = self.merged(block)
        if statements is not block.statements or not prepared.run(self, block):
            for statement in statements:
                self.statement(statement)
        self.pragmas, self.region = outer
        if block.declares:
            self.scopes.pop()

    def statement(self, statement: ast.Stmt) -> None:
        """One statement."""
        self.spend(1)
        if isinstance(statement, ast.Evaluate):
            call = statement.expression
            if isinstance(call, ast.Call) and isinstance(call.callee, ast.Name) and call.callee.name == "assert":
                for argument in call.arguments:
                    self._assert(argument)
                return
            outer = self.bindings
            target = root_name(call.target) if self.pragmas and isinstance(call, ast.Assign) else ""
            self.bindings = self._bindings_of(target) if target else {}
            self.result(call)
            self.bindings = outer
        elif isinstance(statement, ast.Declaration):
            for variable in statement.variables:
                self.variable(variable)
        elif isinstance(statement, ast.Loop):
            self.loop(statement)
        elif isinstance(statement, ast.Block):
            self._held_block(statement)
        elif isinstance(statement, ast.If):
            self.branch(statement)
        elif isinstance(statement, ast.Return):
            if statement.value is not None:
                value = self.result(statement.value)
                under = self.guard[-1] if self.guard else -1
                self.returned.append((Val(INT, under, None, None, self.graph), value))
        elif isinstance(statement, ast.Switch):
            self.switch(statement)
        elif isinstance(statement, ast.Jump):
            if statement.kind == "goto":
                self.unread(f"line {statement.line}: 'goto' is not followed")
        elif isinstance(statement, ast.Unread):
            self.unread(f"line {statement.line}: {why_unread(statement.text)}")

    def _held_block(self, block: ast.Block) -> None:
        """A block in braces; LATENCY in it holds what it computes at least so long."""
        graph, first = self.graph, len(self.graph)
        self.block(block)
        asked = [pragma for pragma in block.pragmas if pragma.kind == "LATENCY"]
        if not asked:
            return
        what = f"block at line {block.line or self.line}"
        if self.graph is not graph:
            self.warn(f"LATENCY of the {what} is not followed: loops that are not unrolled stand in it")
            return
        start = schedule(graph, budget=self.operators.budget, capacity=self.capacity).start
        made = [node for node in range(first, len(graph)) if graph.states[node] > 0]
        if made:
            span = max(start[node] + graph.states[node] - 1 for node in made) - min(start[node] for node in made)
            graph.padding += self.within_latency(span, asked, what) - span

    def branch(self, statement: ast.If) -> None:
        """`if`: decided, if-converted, or two paths of the state machine when rolled loops stand in it."""
        condition = self.value(statement.condition)
        if condition.const is not None:
            if condition.const:
                self.block(statement.yes)  # type: ignore[arg-type]  # branches are blocks
            elif statement.no is not None:
                self.block(statement.no)  # type: ignore[arg-type]  # branches are blocks
            return
        rolled = not self.pipelined and (
            self.has_loops(statement.yes) or (statement.no is not None and self.has_loops(statement.no))
        )
        self.seen = None
        node = condition.node if condition.graph is self.graph else -1
        outcomes: list[tuple[dict[int, Val], Range]] = []
        if rolled:
            self._close_chunk()
        before_guard, graph = self.guard, self.graph
        base = dict(self.layer.values)
        mark = fresh()
        marks: list[int] = []
        guards: list[tuple[int, ...]] = []
        for sign, part in ((1, statement.yes), (2, statement.no)):
            self.layer.values = dict(base)
            if sign == 2 and node >= 0 and part is not None and not rolled:
                node = self.graph.add("phi", 0, 0.0, (node,), bits=1)
                self.otherwise[(self.graph.number, node)] = condition.node
            self.guard = (*before_guard, node if not rolled else -1 - sign)
            marks.append(len(self.graph))
            guards.append(self.guard)
            known_facts = self.facts
            self.facts = known_facts + self._facts_of(statement.condition, sign == 1)
            latency: Range = (0, 0)
            if part is not None:
                if rolled:
                    outer = self.body.latency
                    self.body.latency = (0, 0)
                    self.block(part)  # type: ignore[arg-type]  # branches are blocks
                    self._close_chunk()
                    latency = self.body.latency
                    self.body.latency = outer
                else:
                    self.block(part)  # type: ignore[arg-type]  # branches are blocks
            self.facts = known_facts
            outcomes.append((self.layer.values, latency))
        # Nodes of a piece that ended within a branch are no nodes of the next one.
        self.guard = before_guard if self.graph is graph or rolled else decided(before_guard)
        if statement.no is not None and node >= 0 and self.graph is graph:
            self.join_stores(marks[0], marks[1], guards[0], guards[1])
        self._merge(condition, base, outcomes[0][0], outcomes[1][0], mark)
        if rolled:
            (_, first), (_, second) = outcomes
            low = None if first[0] is None or second[0] is None else min(first[0], second[0])
            high = None if first[1] is None or second[1] is None else max(first[1], second[1])
            self.body.latency = add_ranges(self.body.latency, (low, high))

    def _facts_of(self, condition: ast.Expr, holds: bool) -> tuple[Lin, ...]:
        """Linear forms that are positive where a comparison holds (or does not)."""
        if not isinstance(condition, ast.Binary) or condition.operator not in ("<", ">", "<=", ">="):
            return ()
        graph, guard = self.graph, self.guard
        self.graph, self.guard = Graph(), ()
        left, right = self.value(condition.left), self.value(condition.right)
        self.graph, self.guard = graph, guard
        if left.lin is None or right.lin is None:
            return ()
        operator = condition.operator if holds else {"<": ">=", ">": "<=", "<=": ">", ">=": "<"}[condition.operator]
        gap = left.lin.plus(right.lin, -1) if operator in (">", ">=") else right.lin.plus(left.lin, -1)
        return (gap if operator in (">", "<") else gap.plus(Lin(1)),)

    def _merge(
        self, condition: Val, base: dict[int, Val], yes: dict[int, Val], no: dict[int, Val], mark: int
    ) -> None:
        """Values after a condition; objects younger than `mark` were local to a branch and are gone.

        Where one side has never been written, nothing is chosen: the compiler takes the other one for both.
        """
        merged = dict(base)
        for number in {**yes, **no}:
            if number not in base and self.objects.get(number, number) > mark:
                continue
            a, b = yes.get(number), no.get(number)
            if a is b:
                if a is not None:
                    merged[number] = a
                continue
            if a is None or b is None:
                other = a if a is not None else b
                assert other is not None
                if other.node >= 0 and self.graph is other.graph and self.graph.operation[other.node] == "phi":
                    merged[number] = other
                    continue
                root = self.objects.get(number, -1)
                cell = Cell(other.kind, root if root in self.unset else -1, number)
                self.layer.values = merged
                before = self.layer.phis.get(number) or self.layer.read(cell)
                a, b = (a, before) if a is not None else (before, b)
                assert a is not None
                assert b is not None
            unset = self.objects.get(number) in self.unset
            if unset and isinstance(a, Blank) != isinstance(b, Blank):
                merged[number] = b if isinstance(a, Blank) else a
                continue
            chosen = self.choose(condition, a, b)
            merged[number] = chosen if isinstance(chosen, Val) else a
        self.layer.values = merged

    def switch(self, statement: ast.Switch) -> None:
        """`switch` as a chain of conditions on one subject; a case without an end goes on with the next one."""
        chain: ast.Block | None = None
        branches: list[tuple[list[ast.Expr], ast.Block]] = []
        labels: list[ast.Expr | None] = []
        for position, (value, statements) in enumerate(statement.cases):
            labels.append(value)
            if not statements and position < len(statement.cases) - 1:
                continue
            body = ast.Block(_until_end(statement.cases[position:]))
            if None in labels:
                chain = body
            else:
                branches.append(([one for one in labels if one is not None], body))
            labels = []
        for values, body in reversed(branches):
            condition: ast.Expr = ast.Binary("==", statement.subject, values[0])
            for value in values[1:]:
                condition = ast.Binary("||", condition, ast.Binary("==", statement.subject, value))
            chain = ast.Block((ast.If(condition, body, chain),))
        if chain is not None:
            self.statement(chain)


def _until_end(cases: Sequence[tuple[ast.Expr | None, tuple[ast.Stmt, ...]]]) -> tuple[ast.Stmt, ...]:
    """What runs from the first of some cases on, until a `break`."""
    found: list[ast.Stmt] = []
    for _, statements in cases:
        for one in statements:
            inside = one.statements if isinstance(one, ast.Block) else ()
            ended = isinstance(one, ast.Jump) or (bool(inside) and isinstance(inside[-1], ast.Jump))
            if not isinstance(one, ast.Jump):
                found.append(one)
            if ended or isinstance(one, ast.Return):
                return tuple(found)
    return tuple(found)
