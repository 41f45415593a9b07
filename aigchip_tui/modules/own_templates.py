"""Templates outside the package that this user has named by path, and how a session finds its template by name.

A template is Python that runs in our process with the user's rights. So a path comes only from the user: on the command
line, which enters it into `templates.yaml` of the user's data folder, or written there by hand. A session holds a
name, never a path: what somebody else wrote into a session can choose among the user's templates, and add none.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.strictyaml import load_yaml
from aigchip_tui.modules.loader import load_template, shipped_templates, suggestion
from aigchip_tui.modules.protocol import Template

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
LINE = "A line is NAME: /absolute/path/of/the/folder."


def own_list() -> Path:
    """The user's file of own templates, name to folder (need not exist)."""
    import platformdirs

    return Path(platformdirs.user_data_dir("aigchip-tui")) / "templates.yaml"


def own_templates(file: Path | None = None) -> dict[str, Path]:
    """The user's own templates by name; AigchipError for a file that is not such a list."""
    path = file or own_list()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise AigchipError(f"The list of own templates {path} cannot be read: {error}.") from error
    values = load_yaml(text, source=str(path))
    if not isinstance(values, dict | None):
        raise AigchipError(f"{path} is no list of templates.", hint=LINE)
    entries: dict[object, object] = values or {}
    for name, folder in entries.items():
        if not (isinstance(name, str) and NAME.fullmatch(name) and isinstance(folder, str) and os.path.isabs(folder)):
            raise AigchipError(f"{path}: {name!r} is no template.", hint=LINE)
    return {str(name): Path(str(folder)) for name, folder in entries.items()}


def named_template(name: str, *, file: Path | None = None) -> Template:
    """The template that a session names: a shipped one, or one of the user's own.

    Raises AigchipError for a path, whatever lies there, and for a name that this user does not know.
    """
    if not NAME.fullmatch(name):
        raise AigchipError(
            f"A session names its template, and {name!r} is no name.",
            hint="A template is code; name its folder yourself: aigchip-tui new NAME --template FOLDER.",
        )
    own = {} if name in shipped_templates() else own_templates(file)
    if name in own:
        return load_template(own[name])
    if name not in shipped_templates():
        named = suggestion(name, {*shipped_templates(), *own})
        raise AigchipError(
            f"No template {name!r} is known here.",
            hint=f"{named} If you have its folder and trust it: aigchip-tui new NAME --template FOLDER.",
        )
    return load_template(shipped_templates()[name])


def template_given(text: str, *, keep: bool = False, file: Path | None = None) -> Template:
    """The template that the user gave, by name or by the path of its folder.

    With `keep` a path is entered into the user's list, so that sessions find it by its name. Raises AigchipError when
    the name belongs to a shipped template or to another folder.
    """
    if NAME.fullmatch(text) and (text in shipped_templates() or text in own_templates(file)):
        return named_template(text, file=file)
    folder = Path(text)
    if os.sep not in text and not (folder / "template.py").is_file():
        return named_template(text, file=file)
    template = load_template(folder.resolve())
    if not NAME.fullmatch(template.name) or template.name in shipped_templates():
        raise AigchipError(
            f"The template in {folder} calls itself {template.name!r}.",
            hint="Its name is small letters, digits and _, and none of " + ", ".join(sorted(shipped_templates())) + ".",
        )
    if keep:
        _enter(template.name, folder.resolve(), file or own_list())
    return template


def _enter(name: str, folder: Path, path: Path) -> None:
    entries = own_templates(path)
    if entries.get(name, folder) != folder:
        raise AigchipError(
            f"{path} has a template {name!r} already, in {entries[name]}.",
            hint="Give one of them another name, or mend the line.",
        )
    entries[name] = folder
    text = "".join(f'{known}: "{where}"\n' for known, where in sorted(entries.items()))
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            scratch.unlink()
