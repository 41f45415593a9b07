"""Which declaration a name means: C++ look-up through blocks, records, enumerations, namespaces and `using`.

A space is a path such as `gemm::lane` (namespaces), `gemm::token` (a record) or `f::{12}` (a block with types of its
own); the empty path is the global one. A key is a declaration's name with its space before it.
"""

from __future__ import annotations

from typing import NamedTuple

_MAX_STEPS = 16
"""Aliases and `using` followed one after another; a circle ends here."""


class Written(NamedTuple):
    """A name as it stands in the text: qualification before it (`::` alone is global), and the space it stands in."""

    name: str
    scope: str = ""
    space: str = ""


def join(space: str, name: str) -> str:
    """The key of a name in a space."""
    return f"{space}::{name}" if space else name


def root_of(space: str) -> str:
    """Space of the file to which a space belongs: empty unless several files are read together."""
    return space.partition("::")[0] if space.startswith("@") else ""


def plain_key(key: str) -> str:
    """A key without the root of its file."""
    return key.partition("::")[2] if key.startswith("@") else key


class Names:
    """Declared names of a translation unit by key; `key_of` finds the one that a written name means."""

    def __init__(self) -> None:
        self.declared: set[str] = set()
        self.spaces: set[str] = {""}
        self._imports: dict[str, list[Written]] = {}
        self._aliases: dict[str, Written] = {}
        self._known: dict[tuple[str, str, str], str] = {}
        self._opened: dict[Written, str | None] = {}

    def declare(self, name: str, space: str) -> str:
        """Declares a name in a space and gives its key."""
        key = join(space, name)
        self.declared.add(key)
        self._forget()
        return key

    def open(self, name: str, space: str) -> str:
        """Declares a space (namespace, record, enumeration, block) within another and gives its path."""
        path = join(space, name)
        self.spaces.add(path)
        self._forget()
        return path

    def use_space(self, space: str, wanted: Written) -> None:
        """`using namespace wanted;` or a base class: its names are seen from `space`."""
        self._imports.setdefault(space, []).append(wanted)
        self._forget()

    def alias(self, name: str, space: str, target: Written) -> None:
        """`using target;`, `namespace name = target;` or a type alias, which may stand before `::`."""
        self._aliases[join(space, name)] = target
        self._forget()

    def include(self, other: Names) -> None:
        """Adds the names of another file, whose root keeps them apart."""
        self.declared |= other.declared
        self.spaces |= other.spaces
        self._imports.update(other._imports)
        self._aliases.update(other._aliases)
        self._forget()

    def key_of(self, name: str, scope: str = "", space: str = "") -> str:
        """Key of the innermost declaration that a written name can mean; empty when nothing is declared."""
        asked = (name, scope, space)
        found = self._known.get(asked)
        if found is None:
            found = self._known[asked] = self._find(Written(name, scope, space), 0)
        return found

    def space_of(self, name: str, scope: str = "", space: str = "") -> str:
        """Path of the space (namespace, record, enumeration) that a written name means; empty when there is none."""
        return self._space_named(Written(name, scope, space), 0) or ""

    def _find(self, written: Written, steps: int) -> str:
        if steps > _MAX_STEPS:
            return ""
        name, scope, path = written
        if scope.startswith("::"):
            path, scope = root_of(path), scope[2:]
        while True:
            inner = self._space(scope, path, steps) if scope else path
            if inner is not None:
                key = self._within(name, inner, steps, {inner})
                if key:
                    return key
            if not path or written.scope.startswith("::"):
                return ""
            path = path.rpartition("::")[0]

    def _within(self, name: str, space: str, steps: int, seen: set[str]) -> str:
        key = join(space, name)
        target = self._aliases.get(key)
        if key in self.declared:
            return key
        if target is not None:
            found = self._find(target, steps + 1)
            if found:
                return found
        for wanted in self._imports.get(space, ()):
            other = self._open_space(wanted, steps + 1)
            if other is not None and other not in seen:
                seen.add(other)
                found = self._within(name, other, steps, seen)
                if found:
                    return found
        return ""

    def _space_named(self, written: Written, steps: int) -> str | None:
        path = root_of(written.space) if written.scope.startswith("::") else written.space
        full = join(written.scope.removeprefix("::"), written.name)
        while True:
            found = self._space(full, path, steps)
            if found is not None or not path:
                return found
            path = path.rpartition("::")[0]

    def _space(self, scope: str, path: str, steps: int) -> str | None:
        """Path of the space `scope` seen from directly within `path`."""
        if steps > _MAX_STEPS:
            return None
        for part in scope.split("::"):
            inner = self._inner(part, path, steps)
            if inner is None:
                return None
            path = inner
        return path

    def _inner(self, part: str, path: str, steps: int) -> str | None:
        candidate = join(path, part)
        if candidate in self.spaces:
            return candidate
        target = self._aliases.get(candidate)
        if target is not None:
            return self._space_named(target, steps + 1)
        for wanted in self._imports.get(path, ()):
            other = self._open_space(wanted, steps + 1)
            if other is not None and other != path and join(other, part) in self.spaces:
                return join(other, part)
        return None

    def _open_space(self, wanted: Written, steps: int) -> str | None:
        """Path of the space that a `using namespace` means.

        Every one is looked for once, and not through itself: several of them that mean nothing in these files would
        otherwise be looked for through each other.
        """
        if wanted not in self._opened and steps <= _MAX_STEPS:
            self._opened[wanted] = None
            self._opened[wanted] = self._space_named(wanted, steps)
        return self._opened.get(wanted)

    def _forget(self) -> None:
        """What was found may be another thing once more is declared."""
        self._known.clear()
        self._opened.clear()
