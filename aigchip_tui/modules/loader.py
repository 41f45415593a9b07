"""Finds a template by name or path, hashes all its files and loads it as a package of its own."""

from __future__ import annotations

import difflib
import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from types import ModuleType

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.modules.protocol import Template

PACKAGE_ROOT = Path(__file__).resolve().parent.parent


def template_folders(extra: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Folders that hold templates, the user's own (`extra`) first, then the checkout's or the wheel's."""
    ours = (PACKAGE_ROOT.parent / "templates", PACKAGE_ROOT / "_data" / "templates")
    return (*extra, *(folder for folder in ours if folder.is_dir()))


def shipped_templates() -> dict[str, Path]:
    """The templates of the checkout or the wheel, by name."""
    return _templates_in(template_folders())


def _templates_in(folders: Sequence[Path]) -> dict[str, Path]:
    known: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if (path / "template.py").is_file():
                known.setdefault(path.name, path)
    return known


def template_path(name: str | Path, *, extra: Sequence[Path] = ()) -> Path:
    """Folder of a template given by name or by path.

    Raises AigchipError, naming the known templates, if there is none.
    """
    known = _templates_in(template_folders(extra))
    if str(name) in known:
        return known[str(name)]
    path = Path(name)
    if (path / "template.py").is_file():
        return path.resolve()
    raise AigchipError(f"No template {str(name)!r} (a folder with template.py).", hint=suggestion(str(name), known))


def suggestion(name: str, known: Collection[str]) -> str:
    """The template that was probably meant, else all that there are, as a sentence."""
    named = sorted(known)
    near = difflib.get_close_matches(name, named, n=1)
    return f"Did you mean {near[0]}?" if near else f"Known: {', '.join(named) or 'none'}."


def files_hash(folder: Path) -> str:
    """SHA-256 over names and bytes of all files of a folder, bytecode left out."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            name = path.relative_to(folder).as_posix().encode()
            content = path.read_bytes()
            digest.update(f"{len(name)} {len(content)} ".encode() + name + content)
    return digest.hexdigest()


def template_hash(folder: Path) -> str:
    """Hash of a template's files, and of the templates it is built on (those that its file BASES names)."""
    own = files_hash(folder)
    bases = bases_of(folder)
    if not bases:
        return own
    parts = (own, *(template_hash(template_path(base)) for base in bases))
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()


def bases_of(folder: Path) -> tuple[str, ...]:
    """Templates that this one is built on, one a line of its file BASES; none without such a file.

    Raises AigchipError for a base that has bases of its own.
    """
    try:
        names = (folder / "BASES").read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return ()
    for name in names:
        if (template_path(name) / "BASES").exists():
            raise AigchipError(f"{folder / 'BASES'}: the template {name} is built on another one itself.")
    return tuple(names)


def base_module(template: str, name: str) -> ModuleType:
    """The module `name` of a template that another one is built on; the caller's file BASES must name it."""
    folder = template_path(template)
    package = load_package(folder, template_hash(folder))
    return importlib.import_module(f"{package.__name__}.{name}")


def load_package(folder: Path, digest: str) -> ModuleType:
    """The template's package; its name holds the digest, so that two versions never share modules."""
    name = f"aigchip_template_{folder.name}_{digest[:12]}"
    loaded = sys.modules.get(name)
    if loaded is not None:
        return loaded
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise AigchipError(f"{folder} is not a Python package.", hint="A template needs __init__.py.")
    package = importlib.util.module_from_spec(spec)
    sys.modules[name] = package
    try:
        spec.loader.exec_module(package)
    except Exception as error:
        del sys.modules[name]
        raise AigchipError(f"{folder / '__init__.py'} does not load: {error!r}.") from error
    return package


def load_template(name: str | Path, *, extra: Sequence[Path] = ()) -> Template:
    """The template of that name or path, from the user's folders (`extra`), the checkout or the wheel.

    A template is a package whose `template.py` holds `create(digest) -> Template`; its Python runs with this user's
    rights. Raises AigchipError if it is missing or does not load.
    """
    folder = template_path(name, extra=extra)
    digest = template_hash(folder)
    package = load_package(folder, digest)
    try:
        template = importlib.import_module(f"{package.__name__}.template").create(digest)
    except AigchipError:
        raise
    except Exception as error:
        raise AigchipError(f"{folder / 'template.py'} does not load: {error!r}.") from error
    if not isinstance(template, Template):
        raise AigchipError(f"{folder / 'template.py'}: create() does not return a Template.")
    return template
