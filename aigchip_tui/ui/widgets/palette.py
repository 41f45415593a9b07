"""Roles become terminal styles in this one place."""

from __future__ import annotations

from rich.style import Style

from aigchip_tui.ui.projections.text import Role

_DARK: dict[Role, str] = {
    "": "", "dim": "#8a93a3", "head": "bold", "good": "#7bc77b", "bad": "bold #ff7b72", "warn": "#e3b341",
    "wait": "bold #e3b341", "accent": "#6cb6ff", "key": "bold #6cb6ff", "bar": "", "bar_bad": "bold #ff7b72",
    "bar_wait": "bold #e3b341", "tab": "reverse", "keyword": "#c792ea", "type": "#6cb6ff", "number": "#f2a272",
    "string": "#a5d6a7", "comment": "italic #8a93a3", "pragma": "bold #e3b341", "function": "#9cdcfe",
    "add": "#7bc77b", "del": "#ff7b72", "hunk": "#6cb6ff", "mark": "bold #56b6a9",
}
_LIGHT: dict[Role, str] = {
    "": "", "dim": "#5f6673", "head": "bold", "good": "#1a7f37", "bad": "bold #b3261e", "warn": "#8a5a00",
    "wait": "bold #8a5a00", "accent": "#0550ae", "key": "bold #0550ae", "bar": "", "bar_bad": "bold #b3261e",
    "bar_wait": "bold #8a5a00", "tab": "reverse", "keyword": "#7b2cbf", "type": "#0550ae", "number": "#953800",
    "string": "#116329", "comment": "italic #5f6673", "pragma": "bold #8a5a00", "function": "#005f87",
    "add": "#1a7f37", "del": "#b3261e", "hunk": "#0550ae", "mark": "bold #00695c",
}
DARK = {role: Style.parse(text) for role, text in _DARK.items()}
LIGHT = {role: Style.parse(text) for role, text in _LIGHT.items()}
_CURSOR = {True: Style.parse("on #264f78"), False: Style.parse("on #cfe3ff")}
_CURSOR_BLURRED = {True: Style.parse("on #2b2f36"), False: Style.parse("on #e6e6e6")}
_CURSOR_PLAIN = Style.parse("reverse")
_CURSOR_PLAIN_BLURRED = Style.parse("underline")


def cursor_style(*, focused: bool, dark: bool, colour: bool) -> Style:
    """The row under the cursor: a ground of its own, or reversed where there are no colours."""
    if not colour:
        return _CURSOR_PLAIN if focused else _CURSOR_PLAIN_BLURRED
    return (_CURSOR if focused else _CURSOR_BLURRED)[dark]


def style_of(role: Role, *, dark: bool) -> Style:
    """The style of a role in a dark or light theme."""
    return (DARK if dark else LIGHT)[role]
