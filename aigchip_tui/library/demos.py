"""Demonstrations on disk: `<root>/<template>/<module>/<name>/` with `demo.yaml`, `instruction.md` and
`code.hpp`."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from aigchip_tui.library.demotext import (
    ITEM,
    CodeSegment,
    InstructionLine,
    MarkFault,
    read_lines,
    read_segments,
)
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.strictyaml import load_yaml, mapping_of

FILES = ("demo.yaml", "instruction.md", "code.hpp")
PROOF = "proof.json"
"""Beside a demo of the user's own: what was proven of it, and when it was added."""
MAX_BYTES = 256 * 1024
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")


class DemoError(AigchipError):
    """A demonstration that cannot be read, with its folder and what to mend."""


class Demo(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """An instruction and the code that answers it, line linked to line by marks `// [3] reason`.

    `instruction` holds the lines without their numbers, `code` the body of the module, `hash` identifies
    all three files (sha256, hex). `author` is who wrote it, as demo.yaml says.
    """

    template: str
    module: str
    name: str
    settings: dict[str, int | str]
    instruction: tuple[str, ...]
    code: str
    author: str = ""
    note: str = ""
    hash: str = ""
    path: str = ""

    @functools.cached_property
    def lines(self) -> tuple[InstructionLine, ...]:
        """Words and numbers of the instruction."""
        return read_lines(self.instruction)

    @functools.cached_property
    def _read(self) -> tuple[tuple[CodeSegment, ...], tuple[MarkFault, ...]]:
        return read_segments(self.code, lines=len(self.instruction))

    @property
    def segments(self) -> tuple[CodeSegment, ...]:
        """The marked segments of the code."""
        return self._read[0]

    @property
    def mark_faults(self) -> tuple[MarkFault, ...]:
        """What is wrong with the marks."""
        return self._read[1]

    @property
    def label(self) -> str:
        """`module/name`, as messages show it."""
        return f"{self.module}/{self.name}"


class DemoProof(msgspec.Struct, frozen=True, kw_only=True):
    """That the demo with this hash climbed the ladder for the template with that one; `proven` says what was asked."""

    demo: str
    template: str
    proven: tuple[str, ...] = ()


class DemoLibrary(msgspec.Struct, frozen=True, kw_only=True):
    """All demonstrations of one template, ordered by module and name; later roots replace equal names."""

    template: str
    demos: tuple[Demo, ...]

    def of(self, module: str) -> tuple[Demo, ...]:
        """The demonstrations of one module, by name."""
        return tuple(demo for demo in self.demos if demo.module == module)

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules that have a demonstration."""
        return tuple(dict.fromkeys(demo.module for demo in self.demos))

    @property
    def hash(self) -> str:
        """sha256 over the demonstrations in use; part of every variant's key."""
        text = "\n".join(f"{demo.module}/{demo.name} {demo.hash}" for demo in self.demos)
        return hashlib.sha256(text.encode()).hexdigest()


def shipped_root() -> Path:
    """The folder of the shipped demonstrations: `demos/` of the checkout, else the package's own data."""
    package = Path(__file__).resolve().parents[1]
    checkout = package.parent / "demos"
    return checkout if checkout.is_dir() else package / "_data" / "demos"


def user_root() -> Path:
    """The folder of the user's own demonstrations (need not exist)."""
    import platformdirs

    return Path(platformdirs.user_data_dir("aigchip-tui")) / "demos"


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise DemoError(f"{path.parent} has no {path.name}.", hint=f"A demo is {', '.join(FILES)}.") from None
    except OSError as error:
        raise DemoError(f"{path} cannot be read: {error.strerror}.") from error
    if len(raw) > MAX_BYTES:
        raise DemoError(f"{path} is larger than {MAX_BYTES // 1024} KiB.", hint="A demo is one short module.")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DemoError(f"{path} is not UTF-8 (byte {error.start}).") from error


def parse_instruction(text: str, *, where: str) -> tuple[str, ...]:
    """The lines of an instruction file; raises `DemoError` unless it is exactly `1. ...`, `2. ...` and
    blank lines."""
    lines: list[str] = []
    for row, raw in enumerate(text.splitlines(), start=1):
        if not raw.strip():
            continue
        item = ITEM.match(raw.rstrip())
        if item is None or int(item.group(1)) != len(lines) + 1:
            raise DemoError(
                f'{where}, row {row}: "{raw.strip()[:60]}" is not numbered line {len(lines) + 1}.',
                hint="An instruction is nothing but lines numbered 1., 2., 3. ...",
            )
        lines.append(" ".join(item.group(2).split()))
    if not lines:
        raise DemoError(f"{where} holds no numbered line.")
    return tuple(lines)


def load_demo(folder: Path, *, template: str, module: str) -> Demo:
    """One demonstration from its folder; raises `DemoError` naming file and row."""
    texts = {name: _text(folder / name) for name in FILES}
    where = str(folder / "demo.yaml")
    values = mapping_of(load_yaml(texts["demo.yaml"], source=where), where=where, known=("settings", "note", "author"))
    settings = values.get("settings")
    if not isinstance(settings, dict) or not all(
        isinstance(key, str) and isinstance(value, int | str) and not isinstance(value, bool)
        for key, value in settings.items()
    ):
        raise DemoError(
            f"{folder / 'demo.yaml'} has no `settings:` that maps names to whole numbers or words.",
            hint="Write words such as on and off in quotes.",
        )
    digest = hashlib.sha256()
    for name in FILES:
        digest.update(f"{name} {len(texts[name])}\n{texts[name]}".encode())
    return Demo(
        template=template,
        module=module,
        name=folder.name,
        settings=dict(settings),
        instruction=parse_instruction(texts["instruction.md"], where=str(folder / "instruction.md")),
        code=texts["code.hpp"],
        author=str(values.get("author", "")),
        note=str(values.get("note", "")),
        hash=digest.hexdigest(),
        path=str(folder),
    )


def _folders(root: Path) -> Iterator[Path]:
    try:
        yield from sorted(entry for entry in root.iterdir() if entry.is_dir() and _NAME.fullmatch(entry.name))
    except FileNotFoundError:
        return


def load_demos(template: str, *, roots: Sequence[Path] | None = None) -> DemoLibrary:
    """All demonstrations of a template from the roots.

    Default: the shipped ones, then those of the user's own that were proven as they stand (`aigchip-tui demos add`).
    """
    found: dict[tuple[str, str], Demo] = {}
    for root in roots if roots is not None else (shipped_root(), user_root()):
        for demo in _demos_in(root, template):
            if roots is not None or root != user_root() or is_proven(demo):
                found[demo.module, demo.name] = demo
    return DemoLibrary(template=template, demos=tuple(found[key] for key in sorted(found)))


def unproven_demos(template: str) -> tuple[Demo, ...]:
    """The user's own demonstrations that are not used: never proven, or changed since."""
    return tuple(demo for demo in _demos_in(user_root(), template) if not is_proven(demo))


def is_proven(demo: Demo) -> bool:
    """Whether a proof of exactly these three files lies beside them."""
    try:
        proof = msgspec.json.decode((Path(demo.path) / PROOF).read_bytes(), type=DemoProof)
    except (OSError, msgspec.DecodeError):
        return False
    return proof.demo == demo.hash


def _demos_in(root: Path, template: str) -> Iterator[Demo]:
    for module in _folders(root / template):
        for folder in _folders(module):
            yield load_demo(folder, template=template, module=module.name)


def load_library(
    template: str, borrowed: Mapping[str, str] | None = None, *, roots: Sequence[Path] | None = None
) -> DemoLibrary:
    """The demonstrations of a template and of the modules that it has from other ones (`borrowed`: module to template).

    A borrowed module keeps the demonstrations of the template that lends it.
    """
    own = load_demos(template, roots=roots)
    lenders = {name: load_demos(name, roots=roots) for name in dict.fromkeys((borrowed or {}).values())}
    lent = [demo for module, lender in (borrowed or {}).items() for demo in lenders[lender].of(module)]
    found = sorted((*own.demos, *lent), key=lambda demo: (demo.module, demo.name))
    return DemoLibrary(template=template, demos=tuple(found))


def templates(roots: Iterable[Path] | None = None) -> tuple[str, ...]:
    """The templates that have a folder of demonstrations."""
    seen = {
        folder.name
        for root in (roots if roots is not None else (shipped_root(), user_root()))
        for folder in _folders(root)
    }
    return tuple(sorted(seen))
