"""`contracts`: the ports of a project's modules and every edge of its dataflow regions, as the C++ has them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aigchip_tui.cli.output import counted, document, json_option, say, sessions_option, table
from aigchip_tui.cli.own_sources import read_text
from aigchip_tui.model.errors import AigchipError

if TYPE_CHECKING:
    from aigchip_tui.proof.regions import RegionRead

_SUFFIXES = frozenset({".hpp", ".h", ".hh", ".cpp", ".cc", ".cxx"})
_BESIDE = frozenset({"include", "test", "build"})
"""Folders of a project that hold no module: headers in place of the vendor's, test bench, what make has built."""
_MAX_FILES = 512
_WALL_S = 20.0


@click.command("contracts")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@json_option
@sessions_option
def contracts_command(folder: Path, as_json: bool, sessions: str | None) -> int:
    """Ports of each module of the HLS project in DIR and every edge, with what does not fit and its cures.

    Folders include, test and build are left out.
    """
    import msgspec

    found = _read(_texts(folder))
    if not found:
        raise AigchipError(f"No function in {folder} has a DATAFLOW pragma.", hint="Give the folder with the top.")
    if as_json:
        document({"regions": msgspec.to_builtins(found)})
    else:
        for region in found:
            _print(region)
    return 1 if any(region.mismatches for region in found) else 0


def _texts(folder: Path) -> dict[str, str]:
    """The sources below the folder by name; no link is followed."""
    if not folder.is_dir():
        raise AigchipError(f"{folder} is no folder.", hint="Give the folder of an HLS project.")
    paths: list[Path] = []
    for place, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if name not in _BESIDE and not name.startswith("."))
        paths += [path for name in sorted(names) for path in (Path(place) / name,)
                  if path.suffix in _SUFFIXES and not path.is_symlink()]
        if len(paths) > _MAX_FILES:
            raise AigchipError(f"{folder} holds more than {_MAX_FILES} sources.", hint="Give the folder of one design.")
    return {path.relative_to(folder).as_posix(): read_text(path) for path in paths}


def _read(texts: dict[str, str]) -> list[RegionRead]:
    import tempfile

    import msgspec

    from aigchip_tui.engine.opening import READ_BYTES
    from aigchip_tui.proof.regions import RegionRead
    from aigchip_tui.sandbox.choose import Probes, choose
    from aigchip_tui.sandbox.worker import run_python

    with tempfile.TemporaryDirectory(prefix="aigchip-contracts-") as scratch:
        sandbox = choose(Probes(scratch=Path(scratch), environment=os.environ))
        answer = run_python(
            "aigchip_tui.proof.regions:read", {"files": texts}, sandbox=sandbox, wall_s=_WALL_S, memory_bytes=READ_BYTES
        )
    if not answer.ok:
        raise AigchipError(f"The sources could not be read: {answer.message or answer.cause}")
    return msgspec.convert(answer.value, list[RegionRead])


def _print(region: RegionRead) -> None:
    top = region.top
    say(f"{top.name} ({top.file}:{top.line}): {counted(len(region.modules), 'module')}, "
        f"{counted(len(region.edges), 'edge')}, {counted(len(region.mismatches), 'mismatch', 'mismatches')}")
    table(
        [(module.name if not index else "", port.name, port.direction, port.kind, _short(port.token), port.bits or "",
          port.copies if port.kind in ("stream", "blocks") else "")
         for module in (top, *region.modules) for index, port in enumerate(module.ports)],
        ("module", "port", "direction", "kind", "token", "bits", "streams"),
    )
    say()
    table(
        [(_ends(edge.producers), _ends(edge.consumers), _short(edge.token), edge.bits or "", edge.depth,
          "fits" if edge.fits else "DOES NOT FIT", edge.stream) for edge in region.edges],
        ("from", "to", "token", "bits", "depth", "contract", "stream"),
    )
    for finding in region.mismatches:
        say()
        say(f"{finding.file}:{finding.line}: {finding.message}")
        if finding.suggestion:
            say(f"  cure: {finding.suggestion}")


def _ends(places: tuple[str, ...]) -> str:
    """The ends of one side; copies of a process stand as the first and the last of them."""
    if not places:
        return "nobody"
    return places[0] if len(places) == 1 else f"{places[0]} .. {places[-1]}"


def _short(token: str) -> str:
    """A type as a designer reads it: `16 x int8_t` for a vector of that many."""
    lanes = re.sub(r"hls::vector<(.+),(\d+)>", r"\2 x \1", token)
    return lanes.replace("std::", "").replace("hls::", "")
