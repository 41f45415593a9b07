"""Taking a user's own demonstrations into their folder: checked first, then copied as a whole or not at
all.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import msgspec

from aigchip_tui.library.demos import (
    FILES,
    PROOF,
    Demo,
    DemoError,
    DemoLibrary,
    DemoProof,
    load_demo,
    user_root,
)
from aigchip_tui.library.laws import law_findings
from aigchip_tui.model.finding import Finding


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked of a demo on the ladder, for the template of that hash, and what was `wrong`."""

    template: str
    asked: tuple[str, ...]
    wrong: tuple[str, ...] = ()


class RefusedDemoError(DemoError):
    """Demonstrations that break a law (`findings` say which) or are red on the ladder."""

    exit_code = 1

    def __init__(self, message: str, findings: Sequence[Finding]) -> None:
        super().__init__(message, hint="Nothing was copied.")
        self.findings = tuple(findings)


def read_folder(source: Path) -> tuple[Demo, ...]:
    """The demonstrations under a folder: one demo (its two parents name template and module), or a tree
    `<template>/<module>/<name>`."""
    source = source.resolve()
    if not source.is_dir():
        raise DemoError(f"{source} is not a folder.", hint=f"A demo is a folder with {', '.join(FILES)}.")
    if (source / FILES[0]).exists():
        folders = [source]
    else:
        folders = sorted(path.parent for path in source.glob(f"*/*/*/{FILES[0]}"))
    if not folders:
        raise DemoError(
            f"{source} holds no demo.",
            hint=f"Expected {FILES[0]} in it, or <template>/<module>/<name>/{FILES[0]} below it.",
        )
    return tuple(load_demo(folder, template=folder.parent.parent.name, module=folder.parent.name) for folder in folders)


def add_demos(
    source: Path,
    *,
    known: Sequence[DemoLibrary],
    modules: Mapping[str, Collection[str]] | None = None,
    prove: Callable[[Demo, DemoLibrary], Proven],
    root: Path | None = None,
    accept_warnings: bool = True,
) -> tuple[Demo, ...]:
    """Copies the demonstrations under `source` into the user's folder `root` and returns them.

    Each must be proven first: `prove` gets it and the library that it becomes part of, and its answer is kept beside
    the copy. Without it, or changed afterwards, a demo of the user's own is not used.
    They are checked together with the `known` libraries, one per template that exists; `modules` names
    the modules of each template (default: those that have demos). Raises
    `RefusedDemoError` when a law is broken that was not broken before, `DemoError` for an unknown
    template, module or a name in use.
    """
    target = root if root is not None else user_root()
    demos = read_folder(source)
    by_template = {library.template: library for library in known}
    for demo in demos:
        library = by_template.get(demo.template)
        if library is None:
            raise DemoError(
                f"{demo.path}: there is no template {demo.template!r}.",
                hint=f"Put the demo into <template>/<module>/<name>; templates: {', '.join(sorted(by_template))}.",
            )
        names = (modules or {}).get(demo.template, library.modules)
        if names and demo.module not in names:
            raise DemoError(
                f"{demo.path}: the template {demo.template} has no module {demo.module!r}.",
                hint=f"Modules: {', '.join(names)}.",
            )
        if any(other.name == demo.name for other in library.of(demo.module)):
            raise DemoError(f"A demo {demo.label} exists already.", hint="Give the folder another name.")
    findings: list[Finding] = []
    for template, library in by_template.items():
        new = [demo for demo in demos if demo.template == template]
        for module in sorted({demo.module for demo in new}):
            before = set(law_findings(library.of(module)))
            together = [*library.of(module), *(demo for demo in new if demo.module == module)]
            findings += [finding for finding in law_findings(together) if finding not in before]
    # A library that is still too small is no fault of the demos that make it larger.
    broken = [f for f in findings if (f.blocking and f.code != "L0") or not accept_warnings]
    if broken:
        raise RefusedDemoError(f"{len(broken)} laws of demonstrations are broken: {broken[0].message}", broken)
    proven: list[Proven] = []
    for demo in demos:
        library = by_template[demo.template]
        grown = [*library.demos, *(other for other in demos if other.template == demo.template)]
        done = prove(demo, DemoLibrary(template=demo.template, demos=tuple(grown)))
        if done.wrong:
            raise RefusedDemoError(f"{demo.label} is not proven: {done.wrong[0]}", [])
        proven.append(done)
    for demo, done in zip(demos, proven, strict=True):
        _copy(demo, target, DemoProof(demo=demo.hash, template=done.template, proven=done.asked))
    return demos


def _copy(demo: Demo, root: Path, proof: DemoProof) -> None:
    home = root / demo.template / demo.module
    home.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".adding-", dir=home))
    try:
        for name in FILES:
            shutil.copyfile(Path(demo.path) / name, scratch / name)
            with (scratch / name).open("rb") as written:
                os.fsync(written.fileno())
        (scratch / PROOF).write_bytes(msgspec.json.encode(proof) + b"\n")
        scratch.chmod(0o755)
        checked = load_demo(scratch, template=demo.template, module=demo.module)
        if checked.hash != demo.hash:
            raise DemoError(f"{demo.path} changed while it was copied.", hint="Try again.")
        os.rename(scratch, home / demo.name)
    except OSError as error:
        raise DemoError(f"{demo.label} cannot be copied to {home}: {error.strerror}.") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
