"""`session.yaml`: all settings of a session as strict, plain YAML."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.store.fs import read_regular


def _plain(value: object, where: str, name: str) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise AigchipError(f"{name}: the key {key!r} of {where or 'the file'} is no word.", hint="Quote it.")
            _plain(item, f"{where}.{key}" if where else key, name)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            _plain(item, f"{where}[{place}]", name)
    elif not (value is None or isinstance(value, str | int | float)):
        raise AigchipError(f"{name}: the value of {where} is a {type(value).__name__}.", hint="Put it in quotes.")


def parse_settings(text: str | bytes, *, name: str) -> dict[str, Any]:
    """A mapping of words to plain values (null, bool, int, float, str, lists, mappings); `name` stands in errors.

    Raises AigchipError for anything that the strict reader refuses, for dates, and for keys that are not words.
    """
    from aigchip_tui.model.strictyaml import load_yaml

    value = load_yaml(text, source=name)
    if not isinstance(value, dict):
        raise AigchipError(f"{name} does not hold a mapping of settings.", hint="Write lines of the form `key: value`.")
    _plain(value, "", name)
    return value


def read_settings(path: Path) -> dict[str, Any]:
    """`parse_settings` of a plain file of at most 1 MB; links are not followed. FileNotFoundError when absent."""
    from aigchip_tui.model.strictyaml import MAX_YAML_BYTES

    return parse_settings(read_regular(path, limit=MAX_YAML_BYTES), name=str(path))


def settings_text(settings: Mapping[str, Any]) -> bytes:
    """YAML of the settings in their order; tuples become lists. What `parse_settings` reads back is equal to it."""
    import yaml

    try:
        value = msgspec.json.decode(msgspec.json.encode(dict(settings)), type=dict[str, Any])
    except UnicodeEncodeError:
        raise AigchipError("The settings hold a text that is not UTF-8.",
                           hint="Rename the file or the folder that they name.") from None
    except (TypeError, ValueError, OverflowError) as problem:
        raise AigchipError(f"The settings cannot be written: {problem}.") from problem
    text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, default_flow_style=False, width=100)
    if parse_settings(text, name="settings") != value:
        raise AigchipError("The settings cannot be written as YAML.", hint="Use plain words and numbers.")
    return text.encode("utf-8")
