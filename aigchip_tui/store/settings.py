"""`session.yaml`: strict safe YAML (no duplicate keys, no aliases, plain values, 1 MB) and its writer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.store.fs import read_regular

YAML_LIMIT = 1 << 20
_DEPTH = 32


class _Refused(Exception):  # noqa: N818  (becomes an AigchipError before anybody sees it)
    def __init__(self, problem: str, node: yaml.Event | yaml.Node) -> None:
        super().__init__(problem)
        mark = node.start_mark
        self.place = f", line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""


class _StrictLoader(yaml.SafeLoader):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it untyped
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _Refused("aliases and anchors are not allowed", event)
        self._depth += 1
        if self._depth > _DEPTH:
            raise _Refused(f"nested deeper than {_DEPTH}", event)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                raise _Refused("a key must be a word", key)
            if key.value in seen:
                raise _Refused(f"the key {key.value!r} stands twice", key)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _plain(value: Any, where: str) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _plain(item, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            _plain(item, f"{where}[{place}]")
    elif not (value is None or isinstance(value, str | int | float)):
        raise AigchipError(f"The value of {where} is a {type(value).__name__}.", hint="Put it in quotes.")


def parse_yaml(text: str | bytes, *, name: str) -> dict[str, Any]:
    """A mapping of words to plain values (null, bool, int, float, str, lists, mappings) from strict YAML.

    `name` stands in the error. Raises AigchipError with line and column for anything else: duplicate keys, aliases,
    anchors, tags, dates, several documents, more than 1 MB or 32 levels.
    """
    if len(text) > YAML_LIMIT:
        raise AigchipError(f"{name} is longer than {YAML_LIMIT} bytes.", hint="Shorten it.")
    try:
        loader = _StrictLoader(text.decode("utf-8") if isinstance(text, bytes) else text)
        try:
            value = loader.get_single_data()
        finally:
            loader.dispose()
    except UnicodeDecodeError as problem:
        raise AigchipError(f"{name} is not UTF-8 text.", hint="Save it as UTF-8.") from problem
    except _Refused as problem:
        raise AigchipError(f"{name}{problem.place}: {problem}.", hint="Correct that place.") from problem
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        raise AigchipError(f"{name}{place}: {problem.problem}.", hint="Correct that place.") from problem
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        raise AigchipError(f"{name} is not valid YAML: {problem}.", hint="Correct it.") from problem
    if not isinstance(value, dict):
        raise AigchipError(f"{name} does not hold a mapping of settings.", hint="Write lines of the form `key: value`.")
    _plain(value, "")
    return value


def read_yaml(path: Path) -> dict[str, Any]:
    """`parse_yaml` of a plain file; links are not followed. Raises FileNotFoundError when it is absent."""
    return parse_yaml(read_regular(path, limit=YAML_LIMIT), name=str(path))


def write_yaml(settings: Mapping[str, Any]) -> bytes:
    """YAML of plain values in the given order; what `parse_yaml` reads back is equal to what was given."""
    _plain(dict(settings), "")
    text = yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True, default_flow_style=False, width=100)
    if parse_yaml(text, name="settings") != dict(settings):
        raise AigchipError("The settings cannot be written as YAML.", hint="Use plain words and numbers.")
    return text.encode("utf-8")
