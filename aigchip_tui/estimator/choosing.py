"""What becomes of a loop: unrolled, pipelined, flattened with its nest, or a plain state machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.estimator.counting import CounterWalk
from aigchip_tui.estimator.lasting import keeps_in_registers
from aigchip_tui.estimator.nests import (
    begins_with_a_load,
    indexed_in,
    reads_memory_after,
    running_places,
    shares_registers_alone,
    stored_in,
    written_names,
)
from aigchip_tui.estimator.objects import (
    Cell,
    Memory,
    Registers,
    Struct,
    View,
    fresh,
)
from aigchip_tui.estimator.outcomes import (
    Header,
    Level,
)
from aigchip_tui.estimator.traverse import (
    accumulates,
    assigned_in,
    calls_below,
    calls_in,
    chooses,
    early_exit,
    loops_below,
    outer_loops,
    reads_elsewhere,
    root_name,
    spelled,
)

_MOST_COPIES = 1024
"""Copies of an innermost body, those of unrolled parents included, beyond which nothing more is unrolled unasked."""

_MOST_DISSOLVED = 16384
"""Copies of a body below which a pipeline that is unrolled itself is followed."""


class ChoiceWalk(CounterWalk):
    """What becomes of a loop: unrolled, pipelined, flattened with its nest, or a plain state machine."""

    def has_loops(self, statement: ast.Stmt | ast.Block) -> bool:
        """Whether rolled loops stand below, in called functions too (a loop to be unrolled fully does not
        count).
        """
        if not isinstance(statement, ast.Block | ast.Loop):
            return self._has_loops(statement)
        known: bool | None = statement.kept.get("has_loops")
        if known is None:
            statement.kept["has_loops"] = False
            known = statement.kept["has_loops"] = self._has_loops(statement)
        return known

    def _has_loops(self, statement: ast.Stmt) -> bool:
        if isinstance(statement, ast.Loop):
            full = any(p.kind == "UNROLL" and "factor" not in p.options and not p.has("off") for p in statement.pragmas)
            return not full or self._has_loops(statement.body)
        if isinstance(statement, ast.Block):
            return any(self.has_loops(part) for part in statement.statements)
        if isinstance(statement, ast.If):
            return self.has_loops(statement.yes) or (statement.no is not None and self.has_loops(statement.no))
        if isinstance(statement, ast.Switch):
            return any(self.has_loops(part) for _, parts in statement.cases for part in parts)
        expressions: list[ast.Expr] = []
        if isinstance(statement, ast.Evaluate):
            expressions = [statement.expression]
        elif isinstance(statement, ast.Declaration):
            expressions = [variable.init for variable in statement.variables if variable.init is not None]
        elif isinstance(statement, ast.Return) and statement.value is not None:
            expressions = [statement.value]
        for expression in expressions:
            for call in calls_in(expression):
                if isinstance(call.callee, ast.Lambda):
                    if call.callee.function.body is not None and self.has_loops(call.callee.function.body):
                        return True
                elif isinstance(call.callee, ast.Name):
                    if call.callee.name in ("memcpy", "memset", "memmove"):
                        return True
                    function = self.function_named(call.callee, call)
                    if function is not None and function.body is not None and self.has_loops(function.body):
                        return True
        return False

    def loop(self, loop: ast.Loop) -> None:
        """One loop: unrolled, pipelined (perhaps flattened with its nest), or a plain state machine."""
        self.line = loop.line
        self.scopes.append({})
        outer = self.pragmas
        try:
            self._loop(loop)
        finally:
            self.pragmas = outer
            self.scopes.pop()

    def _loop(self, loop: ast.Loop) -> None:
        pragmas = self._loop_pragmas(loop)
        self._prepare([pragma for pragma in pragmas if pragma.kind != "INTERFACE"], loop.body.statements)
        header = self.header(loop)
        unroll = [pragma for pragma in pragmas if pragma.kind == "UNROLL" and not pragma.has("off")]
        factor = self._option(unroll[0], "factor") if unroll else None
        full = bool(unroll) and factor is None
        if factor is not None and header is not None and unroll[0].has("skip_exit_check"):
            exact = header.low == header.high and header.high is not None
            if exact and (header.high or 0) % factor:
                self.warn(
                    f"UNROLL skip_exit_check at line {loop.line} is not done: {factor} does not divide {header.high}"
                )
                unroll, factor = [], None
        if header is not None and factor is not None and header.high is not None and factor >= header.high:
            full = True
        counted = header is not None and header.high is not None and header.low == header.high
        if full and factor is None and not counted and not self.pipelined:
            self.warn(f"UNROLL at line {loop.line} is not done: the trip count of the loop is not constant")
        if self.pipelined or self.dissolving or (full and counted):
            dissolves = not (self.pipelined or self.dissolving) and self._dissolves(loop, pragmas, header)
            self.dissolving = self.dissolving or dissolves
            try:
                self._unroll(loop, header)
            finally:
                self.dissolving = self.dissolving and not dissolves
            return
        if header is not None and header.high == 0:
            return
        if header is not None and header.low == header.high == 1 and self._runs_once(loop):
            # No copies are made, so sums keep the order that they are written in.
            self.layer.write(header.cell, self._counter(header, 0))
            self.block(loop.body)
            self._step_effects(loop)
        else:
            self._rolled(loop, header, pragmas, factor or 1)
        if header is not None and header.exact and header.high is not None and not early_exit(loop.body):
            self.layer.write(header.cell, self._counter(header, header.high))

    def _dissolves(self, loop: ast.Loop, pragmas: Sequence[Pragma], header: Header | None) -> bool:
        """Whether a loop that UNROLL copies unrolls all below it by its PIPELINE: they are few and counted."""
        if not any(pragma.kind == "PIPELINE" and not pragma.has("off") for pragma in pragmas):
            return False
        if header is None or header.high is None or self._called_loops(loop.body, 0) != []:
            return False
        below = self.copies_below(loop.body)
        return below is not None and header.high * below <= _MOST_DISSOLVED

    def _pipeline_target(self, loop: ast.Loop, pragmas: Sequence[Pragma]) -> int | None:
        """Target interval when the loop is to be pipelined, None when it is not."""
        for pragma in pragmas:
            if pragma.kind == "PIPELINE":
                return None if pragma.has("off") else (self._option(pragma, "ii") or 1)
        if self.options.auto_pipeline <= 0 or self.refused_pipelines or id(loop) in self.left_rolled:
            return None
        inner = loops_below(loop.body)
        rolled = [one for one in inner if not self._fully_unrolled(one)]
        called = self._called_loops(loop.body, 0)
        if called is None or not all(self._small_in_callee(one) for one in called):
            return None
        if not rolled:
            return 1
        unroll = [p for p in pragmas if p.kind == "UNROLL" and not p.has("off")]
        flat = self._holds_only_a_loop(loop) and not self._loads_outside(loop)
        if flat and (not unroll or (self._option(unroll[0], "factor") or 2) < 2):
            return None
        return 1 if all(self._small_inner(one, copies) for one, copies in self._outermost(loop.body, 1)) else None

    def _outermost(self, block: ast.Block, copies: int) -> Iterator[tuple[ast.Loop, int]]:
        """Rolled loops of a body that stand in no other rolled one, with the copies that unrolled parents make."""
        for one in outer_loops(block):
            if self._fully_unrolled(one):
                yield from self._outermost(one.body, copies * (self.static_trip(one) or 1))
            else:
                yield one, copies

    def _holds_only_a_loop(self, loop: ast.Loop) -> bool:
        """Whether a body is one loop, after nothing but values of registers: such a nest is flattened, not
        unrolled.
        """
        parts = list(loop.body.statements)
        while len(parts) == 1 and isinstance(parts[0], ast.Block):
            parts = list(parts[0].statements)
        if not parts or not isinstance(parts[-1], ast.Loop) or self._fully_unrolled(parts[-1]):
            return False
        for part in parts[:-1]:
            if isinstance(part, ast.Declaration):
                continue
            written = part.expression if isinstance(part, ast.Evaluate) else None
            if not isinstance(written, ast.Assign) or not isinstance(written.target, ast.Name):
                return False
        return True

    def _loads_outside(self, loop: ast.Loop) -> bool:
        """Whether a nest that `_holds_only_a_loop` still loads something outside the inner loop: none to flatten.

        Either a running value begins with it, a call delivers it, or what stays the same in all inner iterations is
        kept in a register. Any other load goes into the first inner iteration.
        """
        below = {name for one in outer_loops(loop.body) for name in assigned_in(one)}
        reads = any(
            reads_elsewhere(part) and bool(calls_below(part) or written_names(part) & below)
            for part in loop.body.statements
            if isinstance(part, ast.Declaration | ast.Evaluate)
        )
        return reads or any(keeps_in_registers(one) for one in outer_loops(loop.body))

    def _small_in_callee(self, loop: ast.Loop) -> bool:
        """`_small_inner` of a loop in a called function, which sees none of the caller's names."""
        saved = self.scopes, self.bound, self.space
        self.scopes, self.bound = self.scopes[:1], {}
        try:
            return self._small_inner(loop)
        finally:
            self.scopes, self.bound, self.space = saved

    def _small_inner(self, loop: ast.Loop, copies: int = 1) -> bool:
        """A loop (or a perfect nest) without pragmas whose trips are few: it is unrolled and its parent
        pipelined.
        """
        if any(pragma.kind in ("PIPELINE", "UNROLL") for pragma in self._loop_pragmas(loop)):
            return False
        trip = self.static_trip(loop)
        if trip is None or trip > self.options.auto_pipeline or trip * copies > _MOST_COPIES:
            return False
        inner = [one for one in loops_below(loop.body) if not self._fully_unrolled(one)]
        if not inner:
            return True
        if not self._holds_only_a_loop(loop) or any(self._loop_pragmas(one) for one in inner):
            return False
        for one in inner:
            more = self.static_trip(one)
            if more is None:
                return False
            trip *= more
        return trip <= self.options.auto_pipeline

    def _fully_unrolled(self, loop: ast.Loop) -> bool:
        """Whether a pragma unrolls a loop completely: without a factor, or with one of at least the trip
        count.
        """
        for pragma in self._loop_pragmas(loop):
            if pragma.kind == "UNROLL" and not pragma.has("off"):
                if "factor" not in pragma.options:
                    return True
                factor = self._option(pragma, "factor")
                trip = self.static_trip(loop)
                return factor is not None and trip is not None and factor >= trip
        return self._runs_once(loop)

    def _keeps_loops(self, part: ast.Stmt) -> bool:
        """Whether loops are left of a statement beside an inner loop once pragmas have unrolled theirs."""
        if isinstance(part, ast.Loop) and self._fully_unrolled(part):
            return self.has_loops(part.body)
        return self.has_loops(part)

    def unrolled_early(self, loop: ast.Loop, pragmas: Sequence[Pragma]) -> bool:
        """Whether pragmas ask for all unrolling below a pipelined loop, by PIPELINE or one by one."""
        if any(pragma.kind == "PIPELINE" and not pragma.has("off") for pragma in pragmas):
            return True
        return all(self._fully_unrolled(one) for one in loops_below(loop.body))

    def _runs_once(self, loop: ast.Loop) -> bool:
        """Whether a loop has one trip and no loops that its PIPELINE unrolls: nothing of it is left but its body."""
        if early_exit(loop.body) or loop.kind != "for":
            return False
        if any(pragma.kind == "PIPELINE" for pragma in self._loop_pragmas(loop)) and self.has_loops(loop.body):
            return False
        return self.static_trip(loop) == 1

    def _called_loops(self, block: ast.Block, depth: int) -> list[ast.Loop] | None:
        """Outermost rolled loops of the functions that a body calls; None when they cannot be unrolled into
        it.
        """
        found: list[ast.Loop] = []
        for call in calls_below(block):
            if isinstance(call.callee, ast.Lambda):
                function: ast.Function | None = call.callee.function
            elif not isinstance(call.callee, ast.Name):
                continue
            elif call.callee.name in ("memcpy", "memset", "memmove"):
                return None
            else:
                function = self.function_named(call.callee, call)
            if function is None or function.body is None or not self.has_loops(function.body):
                continue
            if depth > 4 or any(pragma.kind in ("PIPELINE", "DATAFLOW") for pragma in function.body.pragmas):
                return None
            below = self._called_loops(function.body, depth + 1)
            if below is None:
                return None
            found += [one for one in outer_loops(function.body) if not self._fully_unrolled(one)] + below
        return found

    def _rolled(self, loop: ast.Loop, header: Header | None, pragmas: Sequence[Pragma], factor: int) -> None:
        only = Level(loop, (), (), header, factor)
        target = self._pipeline_target(loop, pragmas)
        if target is not None and self.try_pipeline(loop, [only], pragmas, target):
            return
        nest = self._nest(loop, pragmas) if target is None else [only]
        nest[0].header, nest[0].factor = header, factor
        if len(nest) > 1 and header is not None and self._flatten(loop, nest):
            return
        refused = target is not None and any(pragma.kind == "PIPELINE" for pragma in pragmas)
        self.refused_pipelines += refused
        self.state_machine(loop, header, pragmas, factor)
        self.body.loops[-1].reason = self._why_plain(loop, pragmas, target)
        self.refused_pipelines -= refused

    def _why_plain(self, loop: ast.Loop, pragmas: Sequence[Pragma], target: int | None) -> str:
        """Why a loop is not pipelined."""
        if any(pragma.kind == "PIPELINE" and pragma.has("off") for pragma in pragmas):
            return "PIPELINE off"
        if target is not None:
            return "a loop within it cannot be unrolled, since its trip count is not constant"
        if self.has_loops(loop.body):
            return "the loops within it are not unrolled"
        return "nobody asks for it"

    def _flatten(self, loop: ast.Loop, nest: Sequence[Level]) -> bool:
        """Pipelines a nest as one loop when its inner loops have constant trips and its outer one is not unrolled.

        Notes of the innermost one whether it stays rolled, see `_leaves_inside`.
        """
        inner_pragmas: Sequence[Pragma] = ()
        flat = nest[0].factor == 1
        opened = 0
        held = dict(self.layer.values)
        moving: set[int] = set()
        for outer, level in pairwise(nest):
            self.scopes.append({})
            opened += 1
            assert outer.header is not None
            symbol = fresh()
            moving.add(symbol)
            if outer.header.high is not None:
                self.ranges[symbol] = (0, max(0, outer.header.high - 1))
            self._set_counter(outer.header, symbol, outer.factor, 0)
            for part in level.before:
                if isinstance(part, ast.Declaration):
                    for variable in part.variables:
                        self.variable(ast.Variable(variable.name, variable.type, None, variable.line))
            level.header = self.header(level.loop)
            inner_pragmas = self._loop_pragmas(level.loop)
            unroll = [p for p in inner_pragmas if p.kind == "UNROLL" and not p.has("off")]
            level.factor = (self._option(unroll[0], "factor") or 1) if unroll else 1
            inner = level.header
            if inner is None or inner.high is None or inner.high == 0 or inner.bends & moving:
                flat = False
                break
            if inner.low != inner.high and (level is not nest[-1] or level.before or level.after or level.factor > 1):
                flat = False
            if level is not nest[-1] and level.factor > 1:
                flat = False
            if level is nest[-1] and self._leaves_inside(nest, inner):
                self.left_rolled.add(id(level.loop))
                flat = False
            kept = (*inner_pragmas, *self._loop_pragmas(outer.loop))
            if level.factor >= inner.high or any(p.kind == "LOOP_FLATTEN" and p.has("off") for p in kept):
                flat = False
            if self._stands_apart(level, level is nest[-1]):
                flat = False
        self.layer.values = held
        target = self._pipeline_target(nest[-1].loop, inner_pragmas) if flat else None
        done = False
        if target is not None:
            self._prepare(inner_pragmas, nest[-1].loop.body.statements)
            done = self.try_pipeline(loop, nest, inner_pragmas, target)
        for _ in range(opened):
            self.scopes.pop()
        return done

    def _stands_apart(self, level: Level, innermost: bool) -> bool:
        """Whether values between a loop and its parent end flattening.

        A running value that begins with a load does, and a choice between values after the loop, unless sums may be
        re-associated; so does an element whose bank the parent's counter selects, which is a branch; and so do several
        stores to one array after the loop, that of a sum which stands in a register among them.
        """
        if not self.options.unsafe_math and (
            begins_with_a_load(level.loop, level.before, innermost) or any(chooses(part) for part in level.after)
        ):
            return True
        if reads_memory_after(level.loop, level.after, innermost):
            return True
        after = {spelled(place): root_name(place) for place in stored_in(level.after)}
        if after:
            after |= {spelled(place): root_name(place) for place in running_places(level.loop, innermost)}
        if not self.options.unsafe_math and len(after) > len(set(after.values())):
            return True
        return any(self._bank_is_chosen(element) for element in indexed_in((*level.before, *level.after)))

    def _bank_is_chosen(self, element: ast.Index) -> bool:
        """Whether the bank that the designer asks for follows from a value that is not constant."""
        memory = self.lookup(root_name(element))
        if not isinstance(memory, Memory) or not memory.asked:
            return False
        indices: list[ast.Expr] = []
        base: ast.Expr = element
        while isinstance(base, ast.Index):
            indices.insert(0, base.index)
            base = base.base
        return any(place < len(indices) and self.fold(indices[place]) is None for place in memory.partitions)

    @staticmethod
    def _leaves_inside(nest: Sequence[Level], header: Header) -> bool:
        """Whether an unrolled innermost loop keeps an exit inside its body that ends flattening and unasked
        pipelining: its factor does not divide its trips, and the exit stands after a peeled first trip or hands out
        a running sum of a nest whose outer trips vary. Exits that only skip stores become conditions of those stores.
        """
        level = nest[-1]
        if level.factor < 2 or header.low != header.high or not header.high or not header.high % level.factor:
            return False
        if loops_below(level.loop.body):
            return False
        if header.start.const not in (None, 0):
            return True
        steady = all(outer.header is not None and outer.header.low == outer.header.high for outer in nest[:-1])
        return not steady and accumulates(level.loop)

    def _nest(self, loop: ast.Loop, pragmas: Sequence[Pragma]) -> list[Level]:
        """The loops of a nest that can be flattened, from `loop` down to the innermost.

        Code around an inner loop is allowed where the tool sinks it into the first and last inner iteration.
        """
        found = [Level(loop, (), ())]
        if any(pragma.kind == "PIPELINE" for pragma in pragmas):
            return found
        while True:
            statements = list(found[-1].loop.body.statements)
            while len(statements) == 1 and isinstance(statements[0], ast.Block):
                statements = list(statements[0].statements)
            inner = [position for position, part in enumerate(statements) if isinstance(part, ast.Loop)]
            if len(inner) > 1:
                inner = [position for position in inner if self._keeps_loops(statements[position])]
                if len(inner) == 1 and not shares_registers_alone(statements, inner[0]):
                    return found
            if len(inner) != 1:
                return found
            position = inner[0]
            before, after = tuple(statements[:position]), tuple(statements[position + 1 :])
            work = [
                part
                for part in (*before, *after)
                if not (isinstance(part, ast.Declaration) and all(v.init is None for v in part.variables))
            ]
            if work and not self.options.imperfect_flatten:
                return found
            if any(
                self._keeps_loops(part) or isinstance(part, ast.If | ast.Switch | ast.Jump | ast.Return)
                for part in work
            ):
                return found
            chosen = statements[position]
            assert isinstance(chosen, ast.Loop)
            if self._fully_unrolled(chosen):
                return found
            found.append(Level(chosen, before, after))
            if self._pipeline_target(chosen, self._loop_pragmas(chosen)) is not None:
                return found

    def _assigned_roots(self, loop: ast.Loop) -> frozenset[int]:
        roots: set[int] = set()
        for name in assigned_in(loop):
            bound = self.lookup(name)
            if isinstance(bound, Cell | Registers | Struct):
                roots.add(bound.root)
            elif isinstance(bound, View) and isinstance(bound.target, Registers):
                roots.add(bound.target.root)
        return frozenset(roots)
