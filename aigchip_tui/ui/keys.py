"""The registry of actions as Textual's bindings."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding, BindingType

from aigchip_tui.ui.projections.actions import Scope, actions_of


def bindings_of(*scopes: Scope, without: Iterable[str] = ()) -> list[BindingType]:
    """Bindings of some scopes; `without` names first keys that a widget below handles itself."""
    left_out = set(without)
    return [
        Binding(a.keys, a.action, a.word, id=a.id, tooltip=a.tooltip, show=a.hint)
        for a in actions_of(*scopes) if a.keys.split(",")[0] not in left_out
    ]
