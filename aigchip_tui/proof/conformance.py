"""The conformance rung: the pragmas, loops and arrays of a body against the settings, which no compiler checks.

The rules of a module name every HLS pragma of its body. A pragma that is missing, other than demanded or demanded by
nobody is a blocking finding. Spelling is free: `complete` or `type=complete`, case, order of options, II by a
constant, `UNROLL factor` equal to the trip count, dim=0 of an array of one dimension. Four things need no rule because
they change no hardware: `INLINE off` on a process, LOOP_TRIPCOUNT (a warning), and below a pipelined loop or in an
inlined function UNROLL of a loop of the author's own and complete partitioning of an array that lives there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.finding import Finding
from aigchip_tui.modules.protocol import ArrayRule, Conformance, LoopRule, PartitionRule, PragmaRule
from aigchip_tui.proof.directives import BodyDirectives, Directive, Loop, read_directives

PARTITION_KINDS = ("complete", "cyclic", "block")


def conformance_findings(
    body: str, function: str, rules: Conformance, known: Mapping[str, int] | None = None
) -> list[Finding]:
    """Every demanded loop, directive or array that is missing or other, and every directive that nothing demands.

    `known` are constants of the headers that the template includes before the body.
    """
    try:
        read = read_directives(body, known)
    except AigchipError as problem:
        return [_finding("conformance-unreadable", problem.message, 0)]
    if function not in read.functions:
        return [_finding("conformance-function", f"{function} is not defined.", 0)]
    judge = _Judge(read, function, rules)
    return sorted(judge.findings(), key=lambda finding: finding.line)


def undemanded_lines(
    body: str, function: str, rules: Conformance, known: Mapping[str, int] | None = None
) -> list[int]:
    """Lines of the pragmas that no rule demands and none forbids: without one of them this rung says the same."""
    judge = _Judge(read_directives(body, known), function, rules)
    list(judge.findings())
    return sorted(directive.line for directive in judge.left)


class _Judge:
    """Takes one directive after the other from the list of those that nothing demands yet."""

    def __init__(self, read: BodyDirectives, function: str, rules: Conformance) -> None:
        self._read = read
        self._function = function
        self._rules = rules
        self._left = list(read.directives)

    @property
    def left(self) -> Sequence[Directive]:
        """Directives that no rule has taken."""
        return self._left

    def findings(self) -> Iterator[Finding]:
        ruled: set[Loop] = set()
        for loop_rule in self._rules.loops:
            yield from self._loop(loop_rule, ruled)
        for partition in self._rules.partitions:
            yield from self._partition(partition)
        for pragma in self._rules.pragmas:
            yield from self._pragma(pragma)
        for array in self._rules.arrays:
            yield from self._array(array)
        yield from self._regions()
        yield from self._space(ruled)
        yield from self._unasked()

    def _take(self, kind: str, *, loop: Loop | None = None, function: str = "") -> Directive | None:
        for each in self._left:
            if each.kind == kind and each.loop is loop and function in ("", each.function):
                self._left.remove(each)
                return each
        return None

    def _loop(self, rule: LoopRule, ruled: set[Loop]) -> Iterator[Finding]:
        loop = self._loop_of(rule, ruled)
        if loop is None:
            if rule.named:
                yield _finding("conformance-loop", f"The loop labelled {rule.label} is missing.", 0,
                               suggestion=f"Label the loop {rule.label}:")
            elif rule.pipeline_ii is not None:
                yield _finding("conformance-pipeline", f"A loop pipelined with II={rule.pipeline_ii} is missing.", 0,
                               suggestion=f"#pragma HLS PIPELINE II={rule.pipeline_ii}")
            return
        ruled.add(loop)
        if rule.trip is not None and loop.trip != rule.trip:
            seen = "unknown" if loop.trip is None else loop.trip
            yield _finding("conformance-trip",
                           f"Loop {rule.label} has trip count {seen}, the settings demand {rule.trip}.", loop.line)
        if rule.unroll:
            yield from self._unroll(loop)
        if rule.pipeline_ii is not None or rule.pipeline_off:
            yield from self._pipeline(rule, loop)

    def _loop_of(self, rule: LoopRule, ruled: set[Loop]) -> Loop | None:
        """The loop with the label; where the label is the author's choice, else one with the directive and trip."""
        free = [each for each in self._read.loops if each not in ruled]
        labelled = next((each for each in free if each.label == rule.label), None)
        if labelled is not None or rule.named:
            return labelled
        kind = "UNROLL" if rule.unroll else "PIPELINE"
        directed = {each.loop for each in self._left if each.kind == kind}
        return next((each for each in free if each in directed and rule.trip in (None, each.trip)), None)

    def _unroll(self, loop: Loop) -> Iterator[Finding]:
        taken = self._take("UNROLL", loop=loop)
        if taken is None:
            yield _finding("conformance-unroll", f"{_loop_name(loop)} is not unrolled.", loop.line,
                           suggestion="#pragma HLS UNROLL")
        elif not _full(taken, loop):
            yield _finding("conformance-unroll", f"{_loop_name(loop)} is not unrolled completely: {taken.text()}.",
                           taken.line, suggestion="#pragma HLS UNROLL")

    def _pipeline(self, rule: LoopRule, loop: Loop) -> Iterator[Finding]:
        wanted = "PIPELINE off" if rule.pipeline_off else f"PIPELINE II={rule.pipeline_ii}"
        taken = self._take("PIPELINE", loop=loop)
        now = ""
        if taken is None:
            now = "without PIPELINE"
        elif rule.pipeline_off != ("off" in taken.flags):
            now = "not pipelined" if "off" in taken.flags else "pipelined"
        elif not rule.pipeline_off and taken.options.get("ii", "1") != str(rule.pipeline_ii):
            now = f"pipelined with II={taken.options.get('ii')}"
        elif taken.flags - {"off"} or set(taken.options) - {"ii"}:
            now = f"directed by {taken.text()}"
        if now:
            yield _finding("conformance-pipeline", f"Loop {loop.label} is {now}, the settings demand {wanted}.",
                           taken.line if taken else loop.line, suggestion=f"#pragma HLS {wanted}")

    def _partition(self, rule: PartitionRule) -> Iterator[Finding]:
        wanted = f"{rule.kind}{f' factor={rule.factor}' if rule.factor else ''} dim={rule.dim}"
        cure = f"#pragma HLS ARRAY_PARTITION variable={rule.variable} {wanted}"
        same = [d for d in self._left if d.kind == "ARRAY_PARTITION" and d.variable == rule.variable]
        for each in same:
            if self._meets(each, rule):
                self._left.remove(each)
                if rule.variable not in each.declared:
                    yield _finding("conformance-scope",
                                   f"{rule.variable} is not declared in the block of its partition.", each.line,
                                   suggestion="Put the pragma right below the declaration.")
                return
        if not same:
            yield _finding("conformance-partition", f"{rule.variable} is not partitioned in dimension {rule.dim}.", 0,
                           suggestion=cure)
            return
        self._left.remove(same[0])
        yield _finding("conformance-partition",
                       f"{rule.variable} is partitioned by {same[0].text()}; the settings demand {wanted}.",
                       same[0].line, suggestion=cure)

    def _meets(self, seen: Directive, rule: PartitionRule) -> bool:
        kind, dim = _partition_kind(seen), self._dimension(seen)
        strange = set(seen.options) - {"variable", "type", "dim", "factor"} or seen.flags - set(PARTITION_KINDS)
        factor = seen.number("factor") if kind != "complete" else None
        return not strange and dim == rule.dim and kind == rule.kind and factor == rule.factor

    def _dimension(self, seen: Directive) -> int | None:
        dim = 1 if "dim" not in seen.options else seen.number("dim")
        return 1 if dim == 0 and self._read.rank(seen.variable) == 1 else dim

    def _pragma(self, rule: PragmaRule) -> Iterator[Finding]:
        words = [f"{name}={value.split('|')[0]}" for name, value in rule.options.items()]
        wanted = " ".join([rule.kind, f"variable={rule.variable or '...'}", *words])
        same = [d for d in self._left if d.kind == rule.kind and rule.variable in ("", d.variable)]
        same.sort(key=lambda each: not _fits(each, rule))
        if not same:
            yield _finding("conformance-pragma", f"The settings demand {wanted}; it is missing.",
                           self._read.functions[self._function], suggestion=f"#pragma HLS {wanted}")
            return
        self._left.remove(same[0])
        if not _fits(same[0], rule):
            yield _finding("conformance-pragma", f"{same[0].text()}: the settings demand {wanted}.", same[0].line,
                           suggestion=f"#pragma HLS {wanted}")
        elif rule.loop and (same[0].loop is None or same[0].loop.label != rule.loop):
            yield _finding("conformance-pragma", f"{same[0].text()} does not stand in the loop {rule.loop}.",
                           same[0].line, suggestion=f"Put it into the loop {rule.loop}.")
        elif rule.operator and rule.operator not in self._read.operators.get(same[0].variable, frozenset()):
            yield _finding("conformance-pragma",
                           f"{same[0].variable or 'No variable'} is not initialised with a {rule.operator}, to which "
                           f"{rule.kind} binds.", same[0].line, suggestion=f"#pragma HLS {wanted}")

    def _array(self, rule: ArrayRule) -> Iterator[Finding]:
        local = [a for a in self._read.arrays if a.local and rule.variable in ("", a.name)]
        if any(a.extents == rule.extents for a in local):
            return
        wanted = "".join(f"[{extent}]" for extent in rule.extents)
        name = rule.variable or "an array"
        if not local:
            yield _finding("conformance-array", f"The settings demand {name}{wanted}; it is missing.",
                           self._read.functions[self._function])
        else:
            seen = ", ".join(f"{a.name}{''.join(f'[{e}]' for e in a.extents)}" for a in local)
            yield _finding("conformance-array", f"The settings demand {name}{wanted}; there is {seen}.", local[0].line)

    def _regions(self) -> Iterator[Finding]:
        own = self._read.functions[self._function]
        if self._rules.dataflow and not _plain(self._take("DATAFLOW", function=self._function)):
            yield _finding("conformance-dataflow", "The region is not DATAFLOW.", own,
                           suggestion="#pragma HLS DATAFLOW")
        inlined = [name for name in self._read.functions if name != self._function or self._rules.inline]
        for name in inlined:
            if not _plain(self._take("INLINE", function=name)):
                yield _finding("conformance-inline", f"The function {name} is not inlined.",
                               self._read.functions[name], suggestion="#pragma HLS INLINE")

    def _space(self, ruled: set[Loop]) -> Iterator[Finding]:
        """Loops below a pipelined one stand for space: each says so by UNROLL, whoever named it."""
        for loop in self._read.loops:
            if loop.below_pipeline and loop not in ruled:
                yield from self._unroll(loop)

    def _unasked(self) -> Iterator[Finding]:
        for each in self._left:
            if self._harmless(each):
                continue
            if each.kind == "LOOP_TRIPCOUNT":
                yield _finding("conformance-tripcount", "LOOP_TRIPCOUNT guides reports only; nothing reads it here.",
                               each.line, severe=False, suggestion="Remove the pragma.")
                continue
            where = _loop_name(each.loop).lower() if each.loop else each.function or "no function"
            yield _finding("conformance-unasked", f"{each.text()} in {where}: nothing in the settings demands it.",
                           each.line, suggestion="Remove the pragma, or put it where the instruction wants it.")

    def _harmless(self, each: Directive) -> bool:
        if each.kind == "INLINE":
            return each.function == self._function and not self._rules.inline and each.flags == {"off"}
        if each.kind == "ARRAY_PARTITION":
            of_rules = any(rule.variable == each.variable for rule in self._rules.partitions)
            own = each.below_pipeline and each.loop is not None and each.variable in each.declared
            return own and not of_rules and _partition_kind(each) == "complete"
        return False


def _full(unroll: Directive, loop: Loop) -> bool:
    factor = unroll.number("factor")
    options = set(unroll.options) - {"factor"} if factor is not None and factor == loop.trip else set(unroll.options)
    return not options and not unroll.flags


def _plain(directive: Directive | None) -> bool:
    return directive is not None and not directive.options and not directive.flags


def _partition_kind(directive: Directive) -> str:
    return directive.options.get("type") or next((w for w in PARTITION_KINDS if w in directive.flags), "complete")


def _fits(directive: Directive, rule: PragmaRule) -> bool:
    options = {name: value for name, value in directive.options.items() if name != "variable"}
    for flag in directive.flags:
        options[flag if flag in rule.options else _flag_option(flag)] = flag
    return set(options) == set(rule.options) and all(
        value in rule.options[name].split("|") for name, value in options.items()
    )


def _flag_option(flag: str) -> str:
    """The option that a bare word stands for: `DEPENDENCE variable=x inter false`."""
    return {"inter": "type", "intra": "type", "false": "dependent", "true": "dependent"}.get(flag, flag)


def _loop_name(loop: Loop) -> str:
    return f"Loop {loop.label}" if loop.label else f"The loop in line {loop.line}"


def _finding(code: str, message: str, line: int, *, suggestion: str = "", severe: bool = True) -> Finding:
    return Finding(
        severity="error" if severe else "warning", kind="directive", code=code, message=message, line=line,
        suggestion=suggestion, blocking=severe,
    )


def counted(rules: Conformance) -> str:
    """What a green rung has checked, in words."""
    parts: Sequence[tuple[int, str]] = (
        (len(rules.loops), "loops"), (len(rules.partitions), "partitions"),
        (len(rules.pragmas) + rules.inline + rules.dataflow, "other pragmas"), (len(rules.arrays), "arrays"),
    )
    said = ", ".join(f"{count} {name}" for count, name in parts if count) or "nothing"
    return f"{said} as the settings demand, no pragma beyond"
