"""The state of the walk over a design, and the operations by which its parts call each other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence

from aigchip_tui.cpp import ast
from aigchip_tui.cpp.pragmas import Pragma
from aigchip_tui.estimator.graph import Graph
from aigchip_tui.estimator.objects import (
    Binding,
    Cell,
    Layer,
    Memory,
    Partition,
    Result,
    Stream,
    Struct,
    fresh,
)
from aigchip_tui.estimator.operators import Operators
from aigchip_tui.estimator.options import Options
from aigchip_tui.estimator.outcomes import (
    Body,
    Copied,
    FunctionOutcome,
    Header,
    Level,
    Lifted,
    Single,
)
from aigchip_tui.estimator.recalls import Comparison, Recall
from aigchip_tui.estimator.regions import Binding as OperatorBinding
from aigchip_tui.estimator.regions import Region
from aigchip_tui.estimator.resources import Usage
from aigchip_tui.estimator.traced import trace_of
from aigchip_tui.estimator.tracks import Meeting, Seen, Terms, Track
from aigchip_tui.estimator.twins import Twin
from aigchip_tui.estimator.types import Bindings, TypeReader
from aigchip_tui.estimator.uses import Uses
from aigchip_tui.estimator.values import INT, Lin, Val

_LONGEST_NOTE = 240


class WalkState(ABC):
    """Everything the parts of the walk share.

    Each part (places, arithmetic, statements, ...) is a class over this state with one subject; what it needs of a part
    that stands elsewhere is declared here as abstract, and `Walker` joins them all.
    """

    def __init__(
        self,
        unit: ast.Unit,
        operators: Operators,
        options: Options,
        sets: Mapping[str, int],
        directives: Sequence[Pragma],
    ) -> None:
        self.scopes: list[dict[str, Binding | Val]] = []
        self.ranges: dict[int, tuple[int, int]] = {}
        self.deltas: dict[int, int] = {}
        self.derived_symbols: dict[object, int] = {}
        self.name_symbols: dict[str, int] = {}
        self.bundles: dict[str, int] = {}
        """Numbers of AXI ports, by bundle."""
        self.objects: dict[int, int] = {}
        """Identity of the object that a register belongs to, by the register's number."""
        self.unset: set[int] = set()
        """Identities of local objects that are declared without a value."""
        self.tracks: dict[int, dict[int, Track]] = {}
        """What each graph (by number) has done to each memory (by number)."""
        self.copied: Copied | None = None
        """The loop that is being unrolled, innermost of several."""
        self.seen: Seen | None = None
        """What the copy of an unrolled body that is walked does; None where nobody asks."""
        self.meetings: dict[tuple[Terms, Terms], Meeting] = {}
        self.memories: dict[int, Memory | Stream] = {}
        self.capacity: dict[int, tuple[int, int, int]] = {}
        self.associative: dict[int, set[int]] = {}
        self.guard: tuple[int, ...] = ()
        self.local_symbols: frozenset[int] = frozenset()
        self.otherwise: dict[tuple[int, int], int] = {}
        """The condition of an `if`, by the graph and the node that stands for its `else`."""
        self.line = 0
        self.notes: list[str] = []
        self.gaps = 0
        self.work = 0
        self.touched: list[dict[int, bool]] = []
        self.pinned: set[tuple[int, int]] = set()
        self.guarded_axi: set[tuple[int, int]] = set()
        """AXI accesses (graph, node) under a condition."""
        self.requests: dict[tuple[int, int], int] = {}
        """Nodes that ask for an AXI write, by its graph and node."""
        self.stored_at: dict[int, tuple[tuple[Lin, ...], dict[int, Val], Val]] = {}
        """By the identity of registers that an index picks: the last index, the registers after it, what was stored."""
        self.pinning = False
        self.wrapping: set[int] = set()
        self.slanted: set[int] = set()
        """Counters that begin at another counter."""
        self.facts: tuple[Lin, ...] = ()
        self.facts_at: dict[tuple[int, int], tuple[Lin, ...]] = {}
        self.declared_arrays = 0
        self.rebound = 0
        """How often an object was put in another's place."""
        self.decisions: dict[int, dict[int, Partition]] = {}
        self.unit = unit
        self.operators = operators
        self.options = options
        self.sets = dict(sets)
        self.trace = trace_of(sets)
        self.directives = directives
        self.graph = Graph()
        self.layer = Layer(None, self.graph)
        self.types = TypeReader(unit, self.fold_with)
        self.bound: Bindings = {}
        self.space = ""
        self.owner: Struct | None = None
        self.pipelined = False
        self.function_name = ""
        self.source_function = ""
        self.source_file = ""
        self.main_file = ""
        self.frames: list[list[dict[str, Binding | Val]]] = []
        self.usage = Usage()
        self.slowest = 0.0
        self.body = Body()
        self.pragmas: dict[str, list[Pragma]] = {}
        self.calls: list[str] = []
        self.returned: list[tuple[Val, Result]] = []
        self.variant: set[int] = set()
        self.nest: tuple[tuple[int, int], ...] = ()
        self.free: set[int] = set()
        self.constants_memo: dict[str, Val] = {}
        self.all_memories: list[Memory | Stream] = []
        self.again = False
        self.provisional = False
        """Whether the walk is repeated once `again` is set: from then on only what decides about arrays counts."""
        self.splits_now = False
        """Whether arrays are split where that is decided, when nothing used them before: the first walk does."""
        self.may_begin_anew = False
        """Whether a walk whose decisions change what it walked before ends there, rather than when it has seen all."""
        self.dealt_late = False
        """Whether an array was dealt out whose banks an earlier loop asked for."""
        self.in_front_of: dict[int, set[int]] = {}
        """Graphs (by number) that moved accesses to a memory in front of their loop or behind it."""
        self.held: set[int] = set()
        """Memories whose ports a pipeline waited for."""
        self.uses = Uses()
        self.refused_pipelines = 0
        self.unrolling = 0
        self.dissolving = False
        """Whether the PIPELINE of an unrolled loop around unrolls all below."""
        self.left_rolled: set[int] = set()
        self.region = Region()
        self.bindings: dict[str, OperatorBinding] = {}
        self.resources: dict[tuple[int | str, ...], int] = {}
        self.distances: dict[int, int] = {}
        self.free_within: set[int] = set()
        self.warnings: list[str] = []
        self.twins: dict[int, Twin] = {}
        """The last schedule of each loop (by identity)."""
        self.recalls: dict[int, list[Recall]] = {}
        """What is known of the last copies of each pipelined loop (by identity) that were walked."""
        self.looked: list[Single | Lifted] = []
        """What the loop that is walked asked of stores around it."""
        self.judged: list[Comparison] | None = None
        """Comparisons of the loop that is walked; None where nobody asks."""
        self.made: dict[str, int] = {}
        self.instances: Counter[str] = Counter()
        """Calls of templates by themselves, by name."""
        self.inlining = False
        """Whether an INLINE recursive holds for all calls below."""
        self.function_body: ast.Block | None = None
        self.around: ast.Block | None = None
        """The body of the function whose text is walked, inlined ones too."""
        self.merges_function = False
        self.merged_blocks: dict[int, tuple[ast.Stmt, ...]] = {}
        self.users: dict[int, set[int]] = {}
        self.writers: dict[int, set[int]] = {}
        self.method_names = unit.method_names
        self.designer_partitions = unit.banked
        self.means: dict[int, float] = {}
        self.asserted: dict[int, tuple[int | None, int | None]] = {}
        self.trip_means: list[float | None] = []
        self.exit_mark = 0
        self.scalars: set[int] = set()
        """Symbols of the scalar arguments of the top function."""
        self.sums: dict[tuple[int, int, tuple[tuple[int, int], ...]], int] = {}
        """Nodes of sums of scalar arguments, by their graph and linear form."""
        self.endless: set[tuple[str, int]] = set()
        """Loops, by file and line, whose counter never passes its bound."""
        self.leaving = False
        """Whether the last trip of the loop that is being walked leaves between its copies."""
        self.running_sums: set[int] = set()
        """Memories of which that loop keeps a running sum in a register."""
        self.rows: dict[tuple[object, ...], tuple[int, ...]] = {}
        """Nodes that loaded a row of an array, by graph, memory and address."""
        self.exits: set[int] = set()
        """Counters of unrolled state machines whose last trip leaves between copies."""
        self.used_memories: dict[int, Memory] = {}

    def ranked(self, values: tuple[int, ...]) -> tuple[int, ...]:
        """Numbers as they may stand in keys, whatever follows from constants among them; see `Trace.ranked`."""
        return values if self.trace is None else tuple(map(self.trace.ranked, values))

    def ranked_terms(self, terms: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
        """As `ranked`, of the terms of one index."""
        if self.trace is None:
            return terms
        symbols, coefficients = [one for one, _ in terms], self.ranked(tuple([by for _, by in terms]))
        return tuple(zip(symbols, coefficients, strict=True))

    def leave(self) -> None:
        """Drops everything at once: a walk holds itself in a circle, which only the cycle collector would find."""
        vars(self).clear()

    def spend(self, amount: int) -> None:
        """Counts work; a body that is too large to walk raises through `Options.limit`."""
        self.work += amount
        if self.work > self.options.limit:
            self.options.exhausted(self.line)

    def note(self, text: str) -> None:
        """Remembers once what is unknown and why; a name of a page is not repeated in full."""
        text = text if len(text) <= _LONGEST_NOTE else f"{text[:_LONGEST_NOTE - 3]}..."
        if text not in self.notes and len(self.notes) < 40:
            self.notes.append(text)

    def warn(self, text: str) -> None:
        """Remembers once that a pragma is not met."""
        if text not in self.warnings and len(self.warnings) < 40:
            self.warnings.append(text)

    def resource(self, key: tuple[int | str, ...], units: int) -> int:
        """Number of a resource that the scheduler counts like the ports of a memory."""
        number = self.resources.get(key)
        if number is None:
            number = self.resources[key] = fresh()
        self.capacity[number] = (units, units, units)
        return number

    def unread(self, why: str) -> None:
        """Remembers what cannot be read: neither latency nor hardware of what holds it is known then."""
        self.note(why if self.source_file == self.main_file else f"{self.source_file}, {why}")
        self.gaps += 1
        self.body.unknown = True

    def lookup(self, name: str) -> Binding | Val | None:
        """What a plain name of the current function stands for: locals, innermost block first, then globals."""
        for scope in self.scopes[:0:-1]:
            found = scope.get(name)
            if found is not None:
                return found
        return self.global_named(name, "", self.space)

    def find(self, name: ast.Name) -> Binding | Val | None:
        """What a name in an expression stands for; a qualified one is never a local."""
        if not name.scope:
            plain = name.name
            for scope in self.scopes[:0:-1]:
                found = scope.get(plain)
                if found is not None:
                    return found
            if plain in self.bound:
                return None
        return self.global_named(name.name, name.scope, name.space)

    def global_named(self, name: str, scope: str, space: str) -> Binding | Val | None:
        """The global that a name means; names that nobody declared stand under their own spelling."""
        if not self.scopes:
            return None
        return self.scopes[0].get(self.unit.names.key_of(name, scope, space) or name)

    def symbol_of_name(self, name: str) -> int:
        """A symbol for a name that is not declared in the text."""
        found = self.name_symbols.get(name)
        if found is None:
            found = self.name_symbols[name] = fresh()
        return found

    def scratch(self, name: str) -> Cell:
        """A register for a name that nobody declared."""
        cell = Cell(INT, fresh())
        self.objects[cell.number] = 0
        self.scopes[0][name] = cell
        return cell

    def range_of(self, lin: Lin) -> tuple[int, int] | None:
        """Least and greatest value of a linear form, when all its symbols have ranges."""
        low = high = lin.constant
        for symbol, coefficient in lin.terms:
            bounds = self.ranges.get(symbol)
            if bounds is None:
                return None
            a, b = coefficient * bounds[0], coefficient * bounds[1]
            low += min(a, b)
            high += max(a, b)
        return low, high

    def track(self, memory: int) -> Track:
        """The record of the current graph for a memory."""
        tracks = self.tracks_of(self.graph)
        found = tracks.get(memory)
        if found is None:
            found = tracks[memory] = Track()
        return found

    def tracks_of(self, graph: Graph) -> dict[int, Track]:
        """The records of a graph, by memory."""
        found = self.tracks.get(graph.number)
        if found is None:
            found = self.tracks[graph.number] = {}
        return found

    @abstractmethod
    def fold(self, expression: ast.Expr) -> int | None:
        """Integer value of a constant expression in the current scope; nothing is added to the graph."""

    def fold_with(self, expression: ast.Expr, bound: Bindings) -> int | None:
        """Integer value of a constant expression where template parameters are bound beside those of the function."""
        if not bound or bound is self.bound:
            return self.fold(expression)
        saved, self.bound = self.bound, {**self.bound, **bound}
        try:
            return self.fold(expression)
        finally:
            self.bound = saved

    @abstractmethod
    def drop_store(self, graph: Graph, track: Track, node: int) -> None:
        """A store overwritten before anybody read it disappears."""

    @abstractmethod
    def call(self, expression: ast.Call) -> Result:
        """A call of whatever its name means."""

    @abstractmethod
    def choose(self, condition: Val, yes: Result, no: Result) -> Result:
        """A multiplexer of two results."""

    @abstractmethod
    def store_bits(self, target: ast.Expr, value: Result) -> bool:
        """Writes bits of an integer where a target designates some; says whether it does."""

    @abstractmethod
    def function_named(self, callee: ast.Name, call: ast.Call) -> ast.Function | None:
        """The definition that a call means."""

    @abstractmethod
    def method_named(self, record: str, name: str, arguments: int) -> ast.Function | None:
        """The method of a record (by key) or of its bases that a call with so many arguments means."""

    @abstractmethod
    def invoke(self, function: ast.Function, callee: ast.Name, call: ast.Call, owner: Struct | None = None) -> Result:
        """A call of a function in the text: inlined, or a module of its own."""

    @abstractmethod
    def invoke_lambda(self, function: ast.Function, call: ast.Call) -> Result:
        """A call of a lambda, which sees the names around it."""

    @abstractmethod
    def summed(self, value: Val) -> Val:
        """A value as hardware has it: a sum of scalar arguments is made by additions."""

    @abstractmethod
    def method_of(self, callee: ast.Member, arguments: int) -> tuple[ast.Function, Struct] | None:
        """A method defined in the text, with the record it is called on."""

    @abstractmethod
    def memory_copy(self, call: ast.Call, name: str) -> None:
        """`memcpy`, `memmove`, `memset`."""

    @abstractmethod
    def block(self, block: ast.Block) -> None:
        """Statements of a block in a scope of their own."""

    @abstractmethod
    def statement(self, statement: ast.Stmt) -> None:
        """One statement."""

    @abstractmethod
    def variable(self, variable: ast.Variable) -> None:
        """A local declaration."""

    @abstractmethod
    def try_pipeline(self, loop: ast.Loop, nest: Sequence[Level], pragmas: Sequence[Pragma], target: int) -> bool:
        """Pipelines a loop (or a flattened nest); False when an inner loop cannot be unrolled."""

    @abstractmethod
    def decide_function(self, graph: Graph, target: int) -> None:
        """Splits the arrays whose ports bound a pipelined function."""

    @abstractmethod
    def state_machine(self, loop: ast.Loop, header: Header | None, pragmas: Sequence[Pragma], factor: int) -> None:
        """A loop that is not pipelined: its body is a piece of the state machine, repeated."""

    @abstractmethod
    def run_function(
        self, function: ast.Function, arguments: Sequence[Binding | Val | Result], owner: Struct | None = None
    ) -> tuple[FunctionOutcome, Result]:
        """Estimates one function in a fresh state machine; the layer and graph are already its own."""
