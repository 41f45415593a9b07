"""Resolution of written types: aliases, template parameters, records, ap_types, vectors and streams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from aigchip_tui.cpp import ast
from aigchip_tui.estimator.objects import Type
from aigchip_tui.estimator.values import DOUBLE, FLOAT, HALF, INT, Kind
from aigchip_tui.model.errors import AigchipError

_BUILTIN: dict[str, Kind] = {
    "bool": Kind("i", 1, False),
    "char": Kind("i", 8),
    "signed char": Kind("i", 8),
    "unsigned char": Kind("i", 8, False),
    "short": Kind("i", 16),
    "short int": Kind("i", 16),
    "unsigned short": Kind("i", 16, False),
    "unsigned short int": Kind("i", 16, False),
    "int": INT,
    "signed": Kind("i", 32),
    "signed int": Kind("i", 32),
    "unsigned": Kind("i", 32, False),
    "unsigned int": Kind("i", 32, False),
    "long": Kind("i", 64),
    "long int": Kind("i", 64),
    "unsigned long": Kind("i", 64, False),
    "unsigned long int": Kind("i", 64, False),
    "long long": Kind("i", 64),
    "long long int": Kind("i", 64),
    "unsigned long long": Kind("i", 64, False),
    "unsigned long long int": Kind("i", 64, False),
    "size_t": Kind("i", 64, False),
    "ptrdiff_t": Kind("i", 64),
    "uint": Kind("i", 32, False),
    "float": FLOAT,
    "double": DOUBLE,
    "long double": Kind("f", 64),
    "half": HALF,
}
for _bits in (8, 16, 32, 64):
    _BUILTIN[f"int{_bits}_t"] = Kind("i", _bits)
    _BUILTIN[f"uint{_bits}_t"] = Kind("i", _bits, False)
    _BUILTIN[f"int{_bits}"] = Kind("i", _bits)
    _BUILTIN[f"uint{_bits}"] = Kind("i", _bits, False)

MOST_BITS = 4096
"""Bits of the widest ap_int."""
_MAX_DEPTH = 24
_MAX_LEAVES = 65_536

Bindings = dict[str, "Type | int"]


def is_builtin(name: str) -> bool:
    """Whether a name is that of an arithmetic type of the language."""
    return name in _BUILTIN


class TypeReader:
    """Resolves `TypeRef`s against a unit; `fold` evaluates constant expressions in the caller's scope, with more names
    bound.
    """

    def __init__(self, unit: ast.Unit, fold: Callable[[ast.Expr, Bindings], int | None]) -> None:
        self.unit = unit
        self.fold = fold
        self.depth = 0
        self.unknown: set[str] = set()
        self.no_width: set[str] = set()
        self.plain: dict[str, Type] = {}
        self.opened: set[str] = set()
        """Records whose fields are being resolved."""

    def resolve(self, reference: ast.TypeRef, bound: Bindings) -> Type:
        """The type that a reference means; an unknown name is read as a 32-bit integer and noted."""
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            self.depth -= 1
            self.unknown.add(reference.name)
            return Type("scalar")
        builtin = _BUILTIN.get(reference.name)
        if builtin is not None and not reference.extents and not self._means_more(reference, bound):
            self.depth -= 1
            found = Type("scalar", builtin)
            found.pointers, found.reference, found.constant = (
                reference.pointers, reference.reference, reference.constant
            )
            return found
        base = self._base(reference, bound)
        self.depth -= 1
        extents = list(base.extents)
        own: list[int] = []
        for extent in reference.extents:
            folded = self._fold(extent, bound) if extent is not None else None
            own.append(folded if folded is not None else 0)
        found = Type(
            base.form,
            base.kind,
            base.element,
            base.count,
            base.fields,
            tuple(own + extents),
            base.pointers + reference.pointers,
            base.reference or reference.reference,
            base.constant or reference.constant,
            base.depth,
            base.record,
            base.bindings,
            base.leaves,
        )
        return found

    def _means_more(self, reference: ast.TypeRef, bound: Bindings) -> bool:
        """Whether the name of a builtin type may stand for another one."""
        if reference.scope or reference.owner is not None or reference.name in bound:
            return True
        return bool(self.unit.names.key_of(reference.name, "", reference.space))

    def _fold(self, argument: ast.TypeRef | ast.Expr, bound: Bindings) -> int | None:
        if isinstance(argument, ast.TypeRef):
            value = bound.get(argument.name)
            if isinstance(value, int):
                return value
            if argument.name in _BUILTIN or argument.arguments or argument.pointers or isinstance(value, Type):
                return None
            key, _ = self._key(argument, bound)
            if key in self.unit.aliases or key in self.unit.records:
                return None
            written = ast.Name(argument.name, argument.scope, space=argument.space, owner=argument.owner)
            return self.fold(written, bound)
        if isinstance(argument, ast.Name):
            value = bound.get(argument.name)
            if isinstance(value, int):
                return value
        return self.fold(argument, bound)

    def _argument_type(self, argument: ast.TypeRef | ast.Expr, bound: Bindings) -> Type:
        if isinstance(argument, ast.TypeRef):
            return self.resolve(argument, bound)
        if isinstance(argument, ast.Name):
            written = ast.TypeRef(argument.name, argument.arguments, scope=argument.scope, space=argument.space)
            return self.resolve(written, bound)
        return Type("scalar")

    def _base(self, reference: ast.TypeRef, bound: Bindings) -> Type:
        name = reference.name.removeprefix("std::").removeprefix("hls::")
        value = bound.get(name) if not reference.scope else None
        if isinstance(value, Type):
            return value
        own = self._declared(reference, bound)
        if own is not None:
            return own
        kind = _BUILTIN.get(name)
        if kind is not None:
            return Type("scalar", kind)
        if name in ("void", "auto"):
            return Type(name)
        given = reference.arguments
        if name in ("ap_int", "ap_uint"):
            return Type("scalar", Kind("i", self._width(name, given, bound), name == "ap_int"))
        if name in ("ap_fixed", "ap_ufixed"):
            width = self._width(name, given, bound)
            whole = (self._fold(given[1], bound) if len(given) > 1 else width // 2) or 0
            return Type("scalar", Kind("x", width, name == "ap_fixed", whole))
        if name in ("vector", "array") and given:
            element = self._argument_type(given[0], bound)
            count = (self._fold(given[1], bound) if len(given) > 1 else 1) or 1
            if name == "array":
                return Type(
                    element.form,
                    element.kind,
                    element.element,
                    element.count,
                    element.fields,
                    (count, *element.extents),
                )
            return Type("vector", element.kind, element, count)
        if name in ("stream", "stream_of_blocks") and given:
            element = self._argument_type(given[0], bound)
            depth = (self._fold(given[1], bound) if len(given) > 1 else 2) or 2
            return Type("stream" if name == "stream" else "blocks", element.kind, element, 1, {}, (), depth=depth)
        if name in ("read_lock", "write_lock") and given:
            element = self._argument_type(given[0], bound)
            element.record = name
            return element
        if name in ("ap_axiu", "ap_axis", "axis", "qdma_axis"):
            width = (self._fold(given[0], bound) if given and not isinstance(given[0], ast.TypeRef) else None) or 32
            return Type(
                "struct",
                fields={
                    "data": Type("scalar", Kind("i", width, False)),
                    "keep": Type("scalar", Kind("i", width // 8 or 1, False)),
                    "strb": Type("scalar", Kind("i", width // 8 or 1, False)),
                    "last": Type("scalar", Kind("i", 1, False)),
                    "user": Type("scalar", Kind("i", 1, False)),
                    "id": Type("scalar", Kind("i", 1, False)),
                    "dest": Type("scalar", Kind("i", 1, False)),
                },
                record=name,
            )
        if name == "complex" and given:
            part = self._argument_type(given[0], bound)
            return Type("struct", fields={"re": part, "im": part}, record="complex")
        if name == "burst_maxi" and given:
            part = self._argument_type(given[0], bound)
            part.pointers = 1
            return part
        self.unknown.add(name)
        return Type("scalar")

    def _width(self, name: str, given: Sequence[ast.TypeRef | ast.Expr], bound: Bindings) -> int:
        """Bits of an arbitrary-precision number; a width that no tool makes is remembered."""
        width = self._fold(given[0], bound) if given else None
        if width is not None and not 0 < width <= MOST_BITS:
            self.no_width.add(f"{name}<{width}>")
            return 32
        return width or 32

    def _declared(self, reference: ast.TypeRef, bound: Bindings) -> Type | None:
        """A type that the text itself declares under this name."""
        given = reference.arguments
        key, bound = self._key(reference, bound)
        alias = self.unit.aliases.get(key)
        if alias is not None:
            target, parameters = alias
            own = self.bind(parameters, given, bound) if parameters else {}
            return self.resolve(target, {**bound, **own})
        record = self.unit.records.get(key)
        inner: Bindings | None = None
        if key in self.unit.specialised:
            record, inner = self._specialised(key, record, given, bound)
        if record is None:
            return None
        key = record.name
        known = self.plain.get(key)
        if known is not None:
            return known
        if inner is None:
            inner = self.bind(record.templates, given, bound)
        # A record within itself is one behind a pointer.
        if not given and key in self.opened:
            return Type("scalar")
        fields = self._fields(record, {**bound, **inner})
        leaves = sum(one.leaves * prod(max(1, extent) for extent in one.extents) for one in fields.values())
        if leaves > _MAX_LEAVES:
            raise AigchipError(f"'{record.name}' holds more than {_MAX_LEAVES} values.", hint="Keep arrays out of it.")
        found = Type("struct", fields=fields, record=key, bindings=inner, leaves=max(1, leaves))
        if not record.templates and not bound:
            self.plain[key] = found
        return found

    def _key(self, reference: ast.TypeRef, bound: Bindings) -> tuple[str, Bindings]:
        """Where the text declares a type, and what is bound there: more for a member of a template."""
        outer = bound.get(reference.scope) if reference.owner is None else self.resolve(reference.owner, bound)
        if not isinstance(outer, Type) or not outer.record:
            return self.unit.names.key_of(reference.name, reference.scope, reference.space), bound
        return self.unit.names.key_of(reference.name, "", outer.record), {**bound, **(outer.bindings or {})}

    def _fields(self, record: ast.Record, bound: Bindings) -> dict[str, Type]:
        """The fields of a record and of what it is derived from, by name."""
        outermost = record.name not in self.opened
        self.opened.add(record.name)
        try:
            fields: dict[str, Type] = {}
            for parent in record.bases:
                fields.update(self.resolve(parent, bound).fields)
            for variable in record.fields:
                if not variable.static:
                    fields[variable.name] = self.resolve(variable.type, bound)
            return fields
        finally:
            if outermost:
                self.opened.discard(record.name)

    def _specialised(
        self, key: str, primary: ast.Record | None, given: tuple[ast.TypeRef | ast.Expr, ...], bound: Bindings
    ) -> tuple[ast.Record | None, Bindings | None]:
        """Of the specialisations of a record the one that fits its arguments most closely, with what it binds."""
        if primary is not None:
            defaults = [default for _, default in primary.templates[len(given) :] if default is not None]
            given = (*given, *defaults)
        asked = [self._argument(one, bound) for one in given]
        best: tuple[int, ast.Record, Bindings] | None = None
        for patterns, record in self.unit.specialised[key]:
            names = {name for name, _ in record.templates}
            found: Bindings = {}
            fits = len(patterns) == len(asked)
            for pattern, argument in zip(patterns, asked, strict=False):
                plain = isinstance(pattern, ast.TypeRef | ast.Name) and pattern.name in names
                if plain and not (isinstance(pattern, ast.TypeRef) and (pattern.pointers or pattern.extents)):
                    assert isinstance(pattern, ast.TypeRef | ast.Name)
                    fits = fits and _alike(found.setdefault(pattern.name, argument), argument)
                else:
                    fits = fits and _alike(self._argument(pattern, bound), argument)
            if fits and (best is None or len(found) < best[0]):
                best = len(found), record, found
        return (best[1], best[2]) if best is not None else (primary, None)

    def _argument(self, argument: ast.TypeRef | ast.Expr, bound: Bindings) -> Type | int:
        number = self._fold(argument, bound)
        return number if number is not None else self._argument_type(argument, bound)

    def bind(
        self,
        parameters: tuple[tuple[str, ast.TypeRef | ast.Expr | None], ...],
        given: tuple[ast.TypeRef | ast.Expr, ...],
        bound: Bindings,
    ) -> Bindings:
        """Template parameters bound to arguments or defaults; values stay integers, types become types."""
        found: Bindings = {}
        for position, (name, default) in enumerate(parameters):
            argument = given[position] if position < len(given) else default
            if argument is None:
                continue
            number = self._fold(argument, {**bound, **found})
            if number is not None:
                found[name] = number
            elif isinstance(argument, ast.TypeRef | ast.Name):
                found[name] = self._argument_type(argument, {**bound, **found})
        return found


def _alike(first: Type | int, second: Type | int) -> bool:
    """Whether two template arguments are the same number or the same type."""
    if isinstance(first, int) or isinstance(second, int):
        return first == second
    return (first.form, first.kind, first.record, first.extents, first.pointers) == (
        second.form, second.kind, second.record, second.extents, second.pointers
    )  # fmt: skip
