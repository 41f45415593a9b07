"""Dataflow regions as their C++ has them: the ports of each process, every edge between two, and what does not fit.

Read from the text alone, so it holds for any HLS project and needs neither session nor template. `read` takes and gives
plain JSON values: the text may be hostile and is read in a sandboxed worker.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from aigchip_tui.cpp.grammar import line_of, parse_root, text_of
from aigchip_tui.cpp.pragmas import parse_pragma
from aigchip_tui.cpp.signatures import Parameter, namespace_constants, refuse_oversized, signatures, variables
from aigchip_tui.model.finding import Finding
from aigchip_tui.proof.contract import aliases, plain, resolve
from aigchip_tui.proof.reading import known_constants

if TYPE_CHECKING:
    from tree_sitter import Node

Direction = Literal["in", "out", "in and out", "unknown"]
DEFAULT_DEPTH = 2
"""Tokens of a stream, and blocks of a stream of blocks, where nothing else is said."""

_BITS = {"bool": 1, "char": 8, "short": 16, "int": 32, "unsigned": 32, "float": 32, "double": 64, "half": 16}
_SIZED = re.compile(r"(?:std::)?u?int(\d+)_t|ap_u?int<(\d+)>|ap_u?fixed<(\d+),.*>")
_VECTOR = re.compile(r"hls::vector<(.+),(\d+)>")
_EXTENT = re.compile(r"\[(\d+)\]")
_RECORD = re.compile(r"\bstruct\s+(\w+)\s*\{([^{}]*)\}")
_MEMBER = re.compile(r"\s*([\w:<>, ]+?)\s+(\w+(?:\s*,\s*\w+)*)\s*")
_ASIDE = re.compile(r"//[^\n]*|/\*.*?\*/|^[ \t]*#[^\n]*", re.S | re.M)
"""Comments and directives, which name a port without using it."""

_MAX_CALLS = 8


class PortRead(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter. `kind`: stream, blocks, memory, scalar or reference; `token`: the type that crosses it, aliases
    resolved; `bits`: of a token, 0 where the text does not say; `copies`: streams of an array of them.
    """

    name: str
    direction: Direction
    kind: str
    token: str
    bits: int
    copies: int
    line: int


class ModuleRead(msgspec.Struct, frozen=True, kw_only=True):
    """A function by its qualified name, with the file that defines it, and its ports."""

    name: str
    file: str
    line: int
    ports: tuple[PortRead, ...]


class EdgeRead(msgspec.Struct, frozen=True, kw_only=True):
    """A stream of a region, the `process.port` that write it and those that read it; `fits` without a finding."""

    stream: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    token: str
    bits: int
    depth: int
    line: int
    fits: bool


class RegionRead(msgspec.Struct, frozen=True, kw_only=True):
    """A function with DATAFLOW: the functions that it calls, its edges, and what does not fit together."""

    top: ModuleRead
    modules: tuple[ModuleRead, ...]
    edges: tuple[EdgeRead, ...]
    mismatches: tuple[Finding, ...]


class _Function(msgspec.Struct, frozen=True):
    file: str
    node: Node
    module: ModuleRead
    constants: Mapping[str, int]
    names: Mapping[str, str]
    records: Mapping[str, int]


class _End(msgspec.Struct, frozen=True):
    process: str
    port: PortRead
    whole: bool
    line: int


def read(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """The regions of `files` (text by name) as plain values; see `regions`."""
    found: list[dict[str, Any]] = msgspec.to_builtins(regions(payload["files"]))
    return found


def regions(files: Mapping[str, str]) -> list[RegionRead]:
    """Every dataflow region of the files, in their order. Raises AigchipError for a text too large to be read."""
    for text in files.values():
        refuse_oversized(text)
    shared = "\n".join(_global(parse_root(text)) for text in files.values())
    found: dict[str, _Function] = {}
    for file, text in files.items():
        constants = namespace_constants(text, known_constants(text, [shared]))
        names = {**aliases(shared, constants), **aliases(text, constants)}
        records = _records(f"{shared}\n{text}", names)
        for qualified, node in _functions(parse_root(text), ""):
            signature = next((s for s in signatures(text_of(node), constants) if s.defined), None)
            if signature is not None:
                line = line_of(node)
                body = _ASIDE.sub("", text_of(node))
                ports = tuple(_port(p, line, names, records, body) for p in signature.parameters)
                module = ModuleRead(name=qualified, file=file, line=line, ports=ports)
                found[qualified] = _Function(file, node, module, constants, names, records)
    found = {name: _directed(name, found, 0) for name in found}
    return [_region(function, found) for function in found.values() if _pragmas(function.node, "DATAFLOW")]


def _global(root: Node) -> str:
    """What stands outside of namespaces and functions: types and constants that every file may use."""
    parts = []
    for child in root.named_children:
        if child.type in ("preproc_if", "preproc_ifdef", "preproc_else"):
            parts.append(_global(child))
        elif child.type not in ("namespace_definition", "function_definition", "comment"):
            parts.append(text_of(child))
    return "\n".join(parts)


def _functions(node: Node, space: str) -> Iterator[tuple[str, Node]]:
    for child in node.named_children:
        if child.type == "namespace_definition":
            name, body = child.child_by_field_name("name"), child.child_by_field_name("body")
            if body is not None:
                yield from _functions(body, f"{space}{text_of(name)}::" if name is not None else space)
        elif child.type in ("preproc_if", "preproc_ifdef", "preproc_else", "linkage_specification", "declaration_list"):
            yield from _functions(child, space)
        elif child.type in ("function_definition", "template_declaration"):
            inner = child if child.type == "function_definition" else child.named_children[-1]
            declarator = inner.child_by_field_name("declarator") if inner.type == "function_definition" else None
            name = declarator.child_by_field_name("declarator") if declarator is not None else None
            if name is not None:
                yield f"{space}{text_of(name)}", child


def _records(text: str, names: Mapping[str, str]) -> dict[str, int]:
    """Bits of the structs whose members all have a known width."""
    found: dict[str, int] = {}
    for name, inside in _RECORD.findall(_ASIDE.sub("", text)):
        total = 0
        for member in filter(str.strip, inside.split(";")):
            parts = _MEMBER.fullmatch(member)
            bits = _bits(plain(resolve(parts.group(1), names)), found) if parts is not None else 0
            total = total + bits * (parts.group(2).count(",") + 1) if parts is not None and bits and total >= 0 else -1
        if total > 0:
            found[name] = total
    return found


def _port(
    parameter: Parameter, offset: int, names: Mapping[str, str], records: Mapping[str, int], body: str
) -> PortRead:
    written = plain(resolve(parameter.type_text, names))
    kind, token, copies = _channel(written)
    name = re.escape(parameter.name)
    if kind in ("stream", "blocks"):
        got = re.search(rf"\b{name}(?:\[[^\]]*\])?\s*(?:\.read|\.empty|>>)|read_lock<[^;]*\(\s*{name}\b", body)
        put = re.search(rf"\b{name}(?:\[[^\]]*\])?\s*(?:\.write|\.full|<<)|write_lock<[^;]*\(\s*{name}\b", body)
    elif written.startswith("const ") or kind == "scalar":
        got, put = re.search("", ""), None
    else:
        put = re.search(rf"\b{name}\s*(?:\[[^;=]*\]\s*)?=(?!=)|\b{name}\.write|\*\s*{name}\s*=(?!=)", body)
        got = re.search(rf"\b{name}\.read|=[^;=]*\b{name}\b", body)
    return PortRead(
        name=parameter.name, direction=_direction(got is not None, put is not None), kind=kind, token=token,
        bits=_bits(token, records), copies=copies, line=offset + parameter.line - 1,
    )


def _direction(got: bool, put: bool) -> Direction:
    return "in and out" if got and put else "in" if got else "out" if put else "unknown"


def _channel(written: str) -> tuple[str, str, int]:
    """Kind, token and copies of a canonical type."""
    bare = written.removesuffix("&").removeprefix("const ")
    for prefix, kind in (("hls::stream_of_blocks<", "blocks"), ("hls::stream<", "stream")):
        if bare.startswith(prefix):
            inner, _, behind = bare[len(prefix):].rpartition(">")
            extents = _EXTENT.findall(behind)
            token, _, depth = inner.rpartition(",")
            deep = depth.isdigit() and token.count("<") == token.count(">")
            return kind, token if deep else inner, int(extents[0]) if extents else 1
    if bare.startswith("hls::burst_maxi<"):
        return "memory", bare[len("hls::burst_maxi<"):].removesuffix(">"), 1
    if bare.endswith(("*", "]")):
        return "memory", bare.removesuffix("*"), 1
    return ("reference" if written.endswith("&") else "scalar"), bare, 1


def _bits(token: str, records: Mapping[str, int] | None = None) -> int:
    """Bits of a token; 0 where its element is no type of a known width. `records`: structs of known width."""
    factor = 1
    for extent in _EXTENT.findall(token.rpartition(">")[2]):
        factor *= int(extent)
    base = token.partition("[")[0] if not token.startswith("hls::vector") else token.rpartition(">")[0] + ">"
    vector = _VECTOR.fullmatch(base)
    if vector is not None:
        return factor * int(vector.group(2)) * _bits(vector.group(1), records)
    sized = _SIZED.fullmatch(base)
    if sized is not None:
        return factor * int(next(filter(None, sized.groups())))
    bare = base.removeprefix("unsigned ").removeprefix("signed ")
    return factor * ((records or {}).get(bare, 0) or _BITS.get(bare, 0))


def _directed(name: str, known: Mapping[str, _Function], depth: int) -> _Function:
    """The function with directions of streams that it only hands on, as those it calls have them."""
    function = known[name]
    lacking = {port.name for port in function.module.ports if port.direction == "unknown"}
    if not lacking or depth > _MAX_CALLS:
        return function
    seen: dict[str, set[str]] = {}
    for called, arguments, _ in _calls(function.node):
        inner = _looked_up(called, name, known)
        if inner is None or inner.module.name == name:
            continue
        ports = _directed(inner.module.name, known, depth + 1).module.ports
        for argument, port in zip(arguments, ports, strict=False):
            base = argument.partition("[")[0].strip()
            if base in lacking:
                seen.setdefault(base, set()).update(port.direction.split(" and "))
    ports = tuple(
        msgspec.structs.replace(port, direction=_direction("in" in seen[port.name], "out" in seen[port.name]))
        if port.name in seen else port
        for port in function.module.ports
    )
    return msgspec.structs.replace(function, module=msgspec.structs.replace(function.module, ports=ports))


def _looked_up(called: str, inside: str, known: Mapping[str, _Function]) -> _Function | None:
    name = called.partition("<")[0].removeprefix("::")
    space = inside.rpartition("::")[0]
    while True:
        found = known.get(f"{space}::{name}" if space else name)
        if found is not None or not space:
            return found
        space = space.rpartition("::")[0]


def _calls(node: Node) -> Iterator[tuple[str, list[str], int]]:
    """Calls that are statements of their own: name, arguments as written, line."""
    for child in node.named_children:
        if child.type == "expression_statement" and child.named_children:
            call = child.named_children[0]
            function, listed = call.child_by_field_name("function"), call.child_by_field_name("arguments")
            if call.type == "call_expression" and function is not None and listed is not None:
                texts = [text_of(argument) for argument in listed.named_children if argument.type != "comment"]
                yield text_of(function), texts, line_of(call)
        elif child.type not in ("comment", "parameter_list"):
            yield from _calls(child)


def _pragmas(node: Node, kind: str) -> list[dict[str, str]]:
    found = []
    for child in node.named_children:
        if child.type == "preproc_call":
            argument = child.child_by_field_name("argument")
            pragma = parse_pragma(text_of(argument), line_of(child)) if argument is not None else None
            if pragma is not None and pragma.kind == kind:
                found.append(pragma.options)
        else:
            found += _pragmas(child, kind)
    return found


def _declared(node: Node) -> Iterator[Node]:
    for child in node.named_children:
        if child.type == "declaration":
            yield child
        elif child.type not in ("comment", "parameter_list"):
            yield from _declared(child)


def _region(function: _Function, known: Mapping[str, _Function]) -> RegionRead:
    depths = {options.get("variable", ""): options.get("depth", "") for options in _pragmas(function.node, "STREAM")}
    channels: dict[str, tuple[str, str, int, int, int]] = {}
    for node in _declared(function.node):
        for name, type_text in variables(node, function.constants):
            written = plain(resolve(type_text, function.names))
            kind, token, copies = _channel(written)
            if kind in ("stream", "blocks"):
                blocks = re.search(r",(\d+)>(?:\[\d+\])*$", written) if kind == "blocks" else None
                depth = blocks.group(1) if blocks else depths.get(name, "")
                channels[name] = (kind, token, copies, int(depth) if depth.isdigit() else DEFAULT_DEPTH, line_of(node))
    ends: dict[str, list[_End]] = {name: [] for name in channels}
    modules: dict[str, ModuleRead] = {}
    wrong: list[Finding] = []
    calls = [(called, _looked_up(called, function.module.name, known), arguments, line)
             for called, arguments, line in _calls(function.node)]
    often = Counter(inner.module.name for _, inner, _, _ in calls if inner is not None)
    counts: Counter[str] = Counter()
    for called, inner, arguments, line in calls:
        if inner is None:
            if any(argument.partition("[")[0].strip() in channels for argument in arguments):
                wrong.append(_finding(function, line, f"{called} is called, and no file here defines it.", ""))
            continue
        module = inner.module
        modules[module.name] = module
        place = module.name.partition("::")[0]
        if often[module.name] > 1:
            place = f"{place}[{counts[module.name]}]"
        counts[module.name] += 1
        if len(arguments) != len(module.ports):
            sentence = f"{called} is called with {len(arguments)} arguments and has {len(module.ports)} ports."
            wrong.append(_finding(function, line, sentence, f"{module.file}:{module.line} has them in order."))
            continue
        for argument, port in zip(arguments, module.ports, strict=True):
            base, bracket, _ = argument.partition("[")
            if base.strip() in ends:
                ends[base.strip()].append(_End(place, port, not bracket, line))
    edges = []
    for name, (kind, token, copies, depth, line) in channels.items():
        found = [_finding(function, at, message, cure) for at, message, cure in
                 _misfits(name, kind, token, copies, line, ends[name])]
        wrong += found
        senders = tuple(_place(end) for end in ends[name] if "out" in end.port.direction)
        takers = tuple(_place(end) for end in ends[name] if end.port.direction.startswith("in"))
        edges.append(EdgeRead(
            stream=f"{name}[{copies}]" if copies > 1 else name, producers=senders, consumers=takers,
            token=token, bits=_bits(token, function.records), depth=depth, line=line, fits=not found,
        ))
    return RegionRead(
        top=function.module, modules=tuple(modules.values()), edges=tuple(edges), mismatches=tuple(wrong)
    )


def _place(end: _End) -> str:
    return f"{end.process}.{end.port.name}"


def _misfits(
    name: str, kind: str, token: str, copies: int, line: int, ends: list[_End]
) -> Iterator[tuple[int, str, str]]:
    """Line, sentence and cure of everything about an edge that does not fit."""
    for end in ends:
        port = end.port
        if port.kind != kind:
            yield end.line, f"{name} is a stream{' of blocks' * (kind == 'blocks')}, {_place(end)} is none.", (
                "Give both the same kind.")
        elif port.token != token:
            yield end.line, f"{_place(end)} has tokens {_sized(port.token)}, {name} has {_sized(token)}.", _cure(
                name, token, end)
        elif end.whole and port.copies != copies:
            yield end.line, f"{_place(end)} takes {port.copies} streams, {name} has {copies}.", (
                f"Declare {name} as [{port.copies}], or the port as [{copies}].")
    several = copies > 1 and not all(end.whole for end in ends)
    for side, word in (("out", "writes"), ("in", "reads")):
        at = [end for end in ends if side in end.port.direction.split(" and ")]
        if not at and not any(end.port.direction == "unknown" for end in ends):
            yield line, f"Nothing {word} {name}.", "Connect it, or take it out; a process would wait for ever."
        elif len(at) > (copies if several else 1):
            yield line, f"{len(at)} processes {'write' if side == 'out' else 'read'} {name}: " + (
                f"{', '.join(_place(end) for end in at)}."), "A stream has one producer and one consumer: split it."


def _sized(token: str) -> str:
    bits = _bits(token)
    return f"{token} ({bits} bit)" if bits else token


def _cure(name: str, token: str, end: _End) -> str:
    patch = f"Patch the port to {token}, or declare {name} with {end.port.token}"
    mine, theirs = (_VECTOR.fullmatch(one) for one in (end.port.token, token))
    if mine is not None and theirs is not None and mine.group(1) == theirs.group(1):
        lanes = (theirs.group(2), mine.group(2)) if "in" in end.port.direction else (mine.group(2), theirs.group(2))
        return f"{patch}; or insert an arbiter from {lanes[0]} to {lanes[1]} elements."
    return f"{patch}."


def _finding(function: _Function, line: int, message: str, cure: str) -> Finding:
    return Finding(
        severity="error", kind="interface", code="contract-edge", message=message, file=function.file, line=line,
        suggestion=cure,
    )
