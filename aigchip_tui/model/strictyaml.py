"""The one YAML reader for text that a person wrote: safe types, no duplicate keys, no aliases, at most 1
MB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml

from aigchip_tui.model.errors import AigchipError

MAX_YAML_BYTES = 1_000_000
MAX_YAML_DEPTH = 40


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses anchors, merges, duplicate keys and deep nesting while it composes."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML's stubs leave it bare
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(problem="anchors and aliases are not allowed", problem_mark=event.start_mark)
        self._depth += 1
        if self._depth > MAX_YAML_DEPTH:
            raise yaml.MarkedYAMLError(problem=f"nested deeper than {MAX_YAML_DEPTH}", problem_mark=event.start_mark)
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        mapping: dict[object, object] = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            if key_node.tag == "tag:yaml.org,2002:merge":
                raise yaml.MarkedYAMLError(problem="merge keys are not allowed", problem_mark=key_node.start_mark)
            if not isinstance(key, str | int | float | bool | None):
                raise yaml.MarkedYAMLError(problem="a key must be plain text", problem_mark=key_node.start_mark)
            if key in mapping:
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} occurs twice", problem_mark=key_node.start_mark)
            mapping[key] = self.construct_object(value_node, deep=True)
        return mapping


def _construct_map(loader: _StrictLoader, node: yaml.MappingNode) -> dict[object, object]:
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor("tag:yaml.org,2002:map", _construct_map)


def load_yaml(text: str | bytes, *, source: str) -> object:
    """Plain values of a YAML document; `source` names it in messages.

    Raises AigchipError with line and column for anything that is not safe, plain YAML of at most 1 MB.
    """
    size = len(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    if size > MAX_YAML_BYTES:
        raise AigchipError(f"{source}: {size} bytes of YAML, at most {MAX_YAML_BYTES} are read.")
    try:
        return yaml.load(text, Loader=_StrictLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        raise AigchipError(f"{source}:{place}: {error.problem or error.context}.", hint="Mend the YAML.") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise AigchipError(f"{source}: not readable as YAML ({str(error).splitlines()[0]}).") from None


def mapping_of(
    value: object, *, where: str, known: Sequence[str], required: Sequence[str] = ()
) -> Mapping[str, object]:
    """The mapping in `value` after its keys were checked; unknown or missing keys raise AigchipError naming
    them.
    """
    if not isinstance(value, dict):
        raise AigchipError(f"{where}: expected a mapping with the keys {', '.join(known)}.")
    for key in value:
        if key not in known:
            raise AigchipError(f"{where}: unknown key {key!r}.", hint=f"Known keys: {', '.join(known)}.")
    for key in required:
        if key not in value:
            raise AigchipError(f"{where}: the key {key!r} is missing.")
    return value


def integer_of(value: object, *, where: str, least: int, most: int) -> int:
    """A whole number within bounds; anything else (a bool, a float, text) raises AigchipError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise AigchipError(f"{where}: expected a whole number, not {value!r}.")
    if not least <= value <= most:
        raise AigchipError(f"{where}: {value} is outside {least} .. {most}.")
    return value
