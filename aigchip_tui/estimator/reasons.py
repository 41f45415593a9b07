"""Reasons behind a schedule: the longest path through a body, and the operators on it in a designer's words."""

from __future__ import annotations

from collections.abc import Mapping

from aigchip_tui.estimator.graph import Graph, Schedule

_WORDS = {
    "fadd": "add",
    "fmul": "multiply",
    "fdiv": "divide",
    "fsqrt": "square root",
    "fexp": "exponential",
    "flog": "logarithm",
    "ftrig": "trigonometry",
    "fpow": "power",
    "fcmp": "compare",
    "convert": "convert",
    "resize": "resize",
    "mul": "multiply",
    "div": "divide",
    "rem": "remainder",
    "cmp": "compare",
    "select": "select",
    "mux": "multiplexer",
    "stream_read": "read",
    "stream_write": "write",
    "address": "address",
}
_SILENT = frozenset(["phi", "dead", "concat"])
_QUIET = frozenset(["address", "logic", "select", "cmp", "shift", "add", "mux", "resize"])
_LONGEST = 12


def operator_words(operation: str, memory: str = "") -> str:
    """An operation of the graph in words: `fadd32` is a float add, `load` of a memory names it."""
    label = operation.partition("@")[0]
    core = label.rstrip("0123456789")
    kind = "" if core == label else "double " if label.endswith("64") else "float "
    return f"{kind}{_WORDS.get(core, core)}{' ' + memory if memory else ''}"


def longest_path(graph: Graph, plan: Schedule, memories: Mapping[int, str]) -> str:
    """The operators that make a body as deep as it is, first to last, each with the states that it adds.

    What is done within the last state of the operator before it adds none, and is named together with that one.
    """
    if not plan.start:
        return ""
    finish = [begin + states - 1 if states else begin for begin, states in zip(plan.start, graph.states, strict=True)]
    start, last = plan.start, max(finish)
    # Of what ends at once, a designer knows the store or the sum, and no wires beside it.
    quiet = _SILENT | _QUIET
    node = max(
        [one for one, end in enumerate(finish) if end == last],
        key=lambda one: (start[one], graph.operation[one] not in quiet),
    )
    nodes = [node]
    while graph.sources[node]:
        node = max(graph.sources[node], key=lambda one: (finish[one], start[one], _is_named(graph, one, memories)))
        nodes.append(node)
    path: list[str] = []
    reached = -1
    nodes.reverse()
    for node, after in zip(nodes, [*nodes[1:], None], strict=True):
        operation, access = graph.operation[node], graph.access[node]
        added = finish[node] - reached
        shared = after is not None and plan.start[after] == finish[node]
        if operation in _SILENT or (operation in _QUIET and (shared or not added)):
            continue  # what follows in the same state counts it
        reached = finish[node]
        words = operator_words(operation, memories.get(access.memory, "") if access is not None else "")
        if words in ("load", "store"):
            words += " of what is kept in a register"
        if added or not path:
            path.append(f"{words} ({added})")
        else:
            path[-1] += f" and {words}"
    if len(path) > _LONGEST:
        half = _LONGEST // 2
        path = [*path[:half], f"{len(path) - _LONGEST} more", *path[-half:]]
    return ", ".join(path)


def _is_named(graph: Graph, node: int, memories: Mapping[int, str]) -> bool:
    access = graph.access[node]
    return access is not None and bool(memories.get(access.memory))


def why_unread(text: str) -> str:
    """Why a piece of text is not understood, as the end of a sentence."""
    head = text.split("\n")[0].strip()[:40]
    word = head.partition("(")[0].partition("{")[0].strip()
    if word in ("try", "catch") or word.startswith("throw"):
        return "exceptions are no hardware and are not followed"
    if word.startswith(("asm", "__asm")):
        return "assembler is not read"
    if word.split(" ")[0] in ("new", "delete", "delete[]"):
        return f"'{word.split(' ')[0]}' takes memory at run time, which is no hardware"
    if "..." in head:
        return f"'{head}' expands a parameter pack, which is not followed"
    return f"'{head}' is not understood"
