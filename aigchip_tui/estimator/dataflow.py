"""Dataflow regions: concurrent processes, the slowest sets the interval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.machine import MachineWalk
from aigchip_tui.estimator.objects import (
    Memory,
    Stream,
)
from aigchip_tui.estimator.outcomes import (
    Body,
    FunctionOutcome,
    Range,
)
from aigchip_tui.estimator.resources import Usage
from aigchip_tui.estimator.traverse import mentioned


class DataflowWalk(MachineWalk):
    """Dataflow regions: concurrent processes, the slowest sets the interval."""

    def _dataflow(self, function: ast.Function, pragmas: Sequence[Pragma]) -> FunctionOutcome:
        """Concurrent processes: each call or loop is one; the slowest sets the interval, the longest path the
        latency.
        """
        assert function.body is not None
        processes: list[FunctionOutcome] = []
        usage = Usage()
        finish: dict[int, int] = {}
        unknown = False
        self._prepare(function.body.pragmas, function.body.statements)
        total = 0
        self._share_ports(function.body.statements)
        for statement in self._dataflow_statements(function.body.statements):
            self.touched.append({})
            before = len(self.body.loops)
            outer_usage, self.usage = self.usage, Usage()
            saved_graph = self.graph
            self.graph = Graph()
            body, self.body = self.body, Body()
            read = self._forget_reads()
            self.statement(statement)
            latency = self.close_body()
            inner_body, self.body = self.body, body
            self.body.loops += inner_body.loops
            self.graph = saved_graph
            touched = self.touched.pop()
            for outer in self.touched:
                for number, write in touched.items():
                    outer[number] = outer.get(number, False) or write
            usage.include(self.usage)
            self.usage = outer_usage
            if inner_body.macros == 0 and not inner_body.loops and not touched:
                for memory in read:
                    memory.read = True
                continue
            length = latency[1]
            if length is None or inner_body.unknown:
                unknown = True
                length = 0
            cost = max(1, length - 2) if inner_body.macros else max(1, length - 1)
            streams = {number for number in touched if self._is_fifo(number)}
            begin = max(
                [finish.get(number, 0) for number, write in touched.items() if number not in streams], default=0
            )
            for number, write in touched.items():
                if write and number not in streams and not self._is_read(number):
                    finish[number] = begin + cost
            for memory in read:
                memory.read = True
            total = max(total, begin + cost)
            low, high = latency
            processes.append(
                FunctionOutcome(
                    self._process_name(statement),
                    self._process_line(statement),
                    (None if unknown else low, None if unknown else high),
                    cost,
                    self.body.loops[before:],
                    Usage(),
                    self.slowest,
                )
            )
        interval = max((process.interval or 0) for process in processes) if processes else 0
        latency_range: Range = (None, None) if unknown else (total + 1, total + 1)
        return FunctionOutcome(
            function.name,
            function.line,
            latency_range,
            None if unknown else interval + 1,
            self.body.loops,
            usage,
            self.slowest,
            True,
            processes,
        )

    def _share_ports(self, statements: Sequence[ast.Stmt]) -> None:
        """A memory outside the design that several processes use gives each of them one port of every bank."""
        users = Counter(name for statement in statements for name in mentioned(statement))
        for name, count in users.items():
            memory = self.lookup(name)
            if count > 1 and isinstance(memory, Memory) and not (memory.local or memory.axi or memory.fifo):
                self.capacity[memory.number] = (1, 1, 1)

    def _forget_reads(self) -> list[Memory]:
        """Memories read so far, marked unread: what a process reads itself is seen afterwards."""
        found = [one for one in self.memories.values() if isinstance(one, Memory) and one.read]
        for memory in found:
            memory.read = False
        return found

    def _is_read(self, number: int) -> bool:
        """Whether the process just walked reads what it writes: reports let no other process wait for it."""
        memory = self.memories.get(number)
        return isinstance(memory, Memory) and memory.read

    def _is_fifo(self, number: int) -> bool:
        found = self.memories.get(number)
        return isinstance(found, Stream) or (isinstance(found, Memory) and found.fifo)

    def _process_name(self, statement: ast.Stmt) -> str:
        if isinstance(statement, ast.Evaluate) and isinstance(statement.expression, ast.Call):
            callee = statement.expression.callee
            return callee.name if isinstance(callee, ast.Name | ast.Member) else "process"
        return f"loop_{statement.line}" if isinstance(statement, ast.Loop) else "process"

    def _process_line(self, statement: ast.Stmt) -> int:
        if isinstance(statement, ast.Evaluate):
            return statement.expression.line or self.line
        return statement.line if isinstance(statement, ast.Loop) else self.line

    def _dataflow_statements(self, statements: Sequence[ast.Stmt]) -> Iterator[ast.Stmt]:
        for statement in statements:
            if isinstance(statement, ast.Block):
                yield from self._dataflow_statements(statement.statements)
            elif isinstance(statement, ast.Loop) and any(p.kind == "UNROLL" for p in statement.pragmas):
                header = self.header(statement)
                if header is None or header.high is None:
                    yield statement
                    continue
                for step in range(header.high):
                    self.layer.write(header.cell, self._counter(header, step))
                    yield from self._dataflow_statements(statement.body.statements)
            else:
                yield statement
