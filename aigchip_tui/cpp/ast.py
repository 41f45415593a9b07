"""The typed syntax tree that the readers of C++ share: expressions, statements, types, functions.

Nodes are small mutable-by-construction classes with slots, because a source of 300 lines makes thousands of
them; after `parse` nobody changes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from aigchip_tui.cpp.names import Names
from aigchip_tui.cpp.pragmas import Pragma


class Expr:
    """An expression; `line` counts from 1 within its file."""

    __slots__ = ("line",)

    def __init__(self) -> None:
        self.line = 0


@dataclass(slots=True, eq=False)
class Number(Expr):
    """An integer, floating or character literal; `kind` is int, float, double or bool."""

    value: int | float
    kind: str
    line: int = 0


@dataclass(slots=True, eq=False)
class Name(Expr):
    """A name; `scope` is the qualification before it without the last part, `space` where it stands (`names`)."""

    name: str
    scope: str = ""
    arguments: tuple[TypeRef | Expr, ...] = ()
    line: int = 0
    space: str = ""
    owner: TypeRef | None = None
    """The record of a static member, where it is written with template arguments (`pair<int>::first`)."""


@dataclass(slots=True, eq=False)
class Index(Expr):
    """`base[index]`."""

    base: Expr
    index: Expr
    line: int = 0


@dataclass(slots=True, eq=False)
class Member(Expr):
    """`base.name` or `base->name`."""

    base: Expr
    name: str
    line: int = 0


@dataclass(slots=True, eq=False)
class Call(Expr):
    """A call; the callee is a Name, a Member (method) or another expression."""

    callee: Expr
    arguments: tuple[Expr, ...]
    line: int = 0


@dataclass(slots=True, eq=False)
class Unary(Expr):
    """A prefix operator, or `++`/`--` with `postfix` set; `*` and `&` are dereference and address."""

    operator: str
    operand: Expr
    postfix: bool = False
    line: int = 0


@dataclass(slots=True, eq=False)
class Binary(Expr):
    """A binary operator; the comma operator is `,`."""

    operator: str
    left: Expr
    right: Expr
    line: int = 0


@dataclass(slots=True, eq=False)
class Assign(Expr):
    """`target = value`, or a compound assignment whose `operator` is `+`, `*`, ..."""

    operator: str
    target: Expr
    value: Expr
    line: int = 0


@dataclass(slots=True, eq=False)
class Conditional(Expr):
    """`condition ? yes : no`."""

    condition: Expr
    yes: Expr
    no: Expr
    line: int = 0


@dataclass(slots=True, eq=False)
class Cast(Expr):
    """A conversion to a type; `value` is None for `T()`."""

    type: TypeRef
    value: Expr | None
    line: int = 0


@dataclass(slots=True, eq=False)
class Braces(Expr):
    """A braced list of initialisers."""

    items: tuple[Expr, ...]
    line: int = 0


@dataclass(slots=True, eq=False)
class SizeOf(Expr):
    """`sizeof` of a type or of an expression."""

    operand: TypeRef | Expr
    line: int = 0


@dataclass(slots=True, eq=False)
class Lambda(Expr):
    """A lambda expression; what it captures are the names around it."""

    function: Function
    line: int = 0


@dataclass(slots=True, eq=False)
class Extent(Expr):
    """The number of elements of an array, as a range-based `for` asks for it."""

    operand: Expr
    line: int = 0


@dataclass(slots=True, eq=False)
class Text(Expr):
    """A string literal, or an expression that is not understood."""

    value: str
    line: int = 0


@dataclass(slots=True, eq=False)
class TypeRef:
    """A type as written: name without `std::` and `hls::`, template arguments, pointers, reference, array
    extents, its qualification and the space where it stands; `owner` is what it is a member of (`Word<8>::name`).
    """

    name: str
    arguments: tuple[TypeRef | Expr, ...] = ()
    pointers: int = 0
    reference: bool = False
    constant: bool = False
    extents: tuple[Expr | None, ...] = ()
    scope: str = ""
    space: str = ""
    owner: TypeRef | None = None


class Stmt:
    """A statement."""

    __slots__ = ()


@dataclass(slots=True, eq=False)
class Variable:
    """A declared variable or parameter; `key` names it among the globals of its unit."""

    name: str
    type: TypeRef
    init: Expr | None
    line: int
    static: bool = False
    constexpr: bool = False
    key: str = ""
    extern: bool = False


@dataclass(slots=True, eq=False)
class Declaration(Stmt):
    """Variables declared in one statement."""

    variables: tuple[Variable, ...]


@dataclass(slots=True, eq=False)
class Evaluate(Stmt):
    """An expression statement."""

    expression: Expr


@dataclass(slots=True, eq=False)
class Block(Stmt):
    """Statements in braces, with the pragmas that stand directly in it."""

    statements: tuple[Stmt, ...]
    pragmas: tuple[Pragma, ...] = ()
    line: int = 0
    label: str = ""
    declares: bool = field(init=False)
    """Whether names are declared directly in it."""
    kept: dict[Any, Any] = field(default_factory=dict, init=False)
    """What readers found of it, by what they asked: the tree stays as it is."""

    def __post_init__(self) -> None:
        self.declares = any(isinstance(statement, Declaration) for statement in self.statements)


@dataclass(slots=True, eq=False)
class If(Stmt):
    """`if (condition) yes else no`."""

    condition: Expr
    yes: Stmt
    no: Stmt | None
    line: int = 0


@dataclass(slots=True, eq=False)
class Loop(Stmt):
    """A loop: `for`, `while` or `do`; `name` is its label or a name made from its line."""

    kind: str
    init: Stmt | None
    condition: Expr | None
    step: Expr | None
    body: Block
    label: str
    line: int
    pragmas: tuple[Pragma, ...] = ()
    end_line: int = 0
    kept: dict[Any, Any] = field(default_factory=dict, init=False)
    """What readers found of it, by what they asked."""


@dataclass(slots=True, eq=False)
class Switch(Stmt):
    """`switch`; each case holds its value (None for default) and its statements."""

    subject: Expr
    cases: tuple[tuple[Expr | None, tuple[Stmt, ...]], ...]
    line: int = 0


@dataclass(slots=True, eq=False)
class Return(Stmt):
    """`return value`."""

    value: Expr | None
    line: int = 0


@dataclass(slots=True, eq=False)
class Jump(Stmt):
    """`break`, `continue` or `goto`."""

    kind: str
    line: int = 0


@dataclass(slots=True, eq=False)
class Unread(Stmt):
    """Text that is not understood; kept so that an estimate can say what is unknown."""

    text: str
    line: int


@dataclass(slots=True, eq=False)
class Function:
    """A function with its parameters, template parameters (name, default) and body (None for a declaration).

    `space` is where it stands; `owner` is the key of the record whose method it is; `static` has no meaning outside of
    its file; `broken` is the line where its text does not parse, 0 when it does. Lines count in `file`.
    """

    name: str
    returns: TypeRef
    parameters: tuple[Variable, ...]
    body: Block | None
    templates: tuple[tuple[str, TypeRef | Expr | None], ...]
    line: int
    end_line: int = 0
    owner: str = ""
    space: str = ""
    static: bool = False
    virtual: bool = False
    broken: int = 0
    file: str = ""
    called: bool = False
    """Whether others call it, although its calls are no longer in their text."""

    def takes(self, arguments: int) -> bool:
        """Whether a call may give so many arguments."""
        least = sum(1 for parameter in self.parameters if parameter.init is None)
        return least <= arguments <= len(self.parameters)


@dataclass(slots=True, eq=False)
class Record:
    """A struct, class or union with fields and methods, overloads among them; `name` is its key."""

    name: str
    fields: tuple[Variable, ...]
    methods: dict[str, list[Function]]
    templates: tuple[tuple[str, TypeRef | Expr | None], ...]
    bases: tuple[TypeRef, ...] = ()
    line: int = 0

    def define(self, function: Function) -> None:
        """Adds a method; it takes the place of its own declaration, which has as many parameters."""
        rivals = self.methods.setdefault(function.name, [])
        rivals[:] = [one for one in rivals if len(one.parameters) != len(function.parameters)]
        rivals.append(function)

    def method(self, name: str, arguments: int) -> Function | None:
        """The method that a call with so many arguments means; the last one when none takes so many."""
        rivals = self.methods.get(name)
        if not rivals:
            return None
        taking = [one for one in rivals if one.takes(arguments)]
        return (taking or rivals)[-1]


@dataclass(slots=True, eq=False)
class Unit:
    """A translation unit: functions by key (overloads in order), records, type aliases, globals, enumerators."""

    functions: dict[str, list[Function]] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    aliases: dict[str, tuple[TypeRef, tuple[tuple[str, TypeRef | Expr | None], ...]]] = field(default_factory=dict)
    specialised: dict[str, list[tuple[tuple[TypeRef | Expr, ...], Record]]] = field(default_factory=dict)
    """Specialisations of a record, by its key: the arguments that each stands for."""
    variables: list[Variable] = field(default_factory=list)
    enumerators: dict[str, Expr | int] = field(default_factory=dict)
    errors: list[tuple[int, str]] = field(default_factory=list)
    pragmas: list[Pragma] = field(default_factory=list)
    names: Names = field(default_factory=Names)
    method_names: frozenset[str] = frozenset()
    banked: bool = False
    """Whether the designer states partitions or intervals anywhere."""
    unused: list[tuple[int, str]] = field(default_factory=list)
    """Variables that are computed and never used, by the line that declares them."""
    linked: dict[str, list[Function]] = field(default_factory=dict)
    """Definitions that other files see, by key without the file's root."""

    def every_function(self) -> Iterator[Function]:
        """Functions, then methods, overloads among both."""
        for named in (self.functions, *(record.methods for record in self.records.values())):
            for rivals in named.values():
                yield from rivals
