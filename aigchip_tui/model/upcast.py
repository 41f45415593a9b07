"""Payloads that older releases journalled, brought to the schema of this one when they are read (DESIGN sec. 4).

The journal is never rewritten: a line keeps the schema it was written with. A release that changes the meaning or the
shape of a payload raises `events.SCHEMA` and adds a step here for each kind it changed; members that only came along
have defaults and need none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Payload = dict[str, Any]
Step = Callable[[Payload], tuple[str, Payload]]
"""From a payload of one schema to kind and payload of the next."""

STEPS: Mapping[tuple[str, int], Step] = {}
"""Steps by kind and schema of what they read. Schema 1 is the first there was."""


def upcast(
    kind: str, payload: Payload, *, schema: int, current: int, steps: Mapping[tuple[str, int], Step] = STEPS
) -> tuple[str, Payload]:
    """Kind and payload as schema `current` has them; what is newer or has no step is left as it is."""
    for reached in range(schema, current):
        step = steps.get((kind, reached))
        if step is not None:
            kind, payload = step(payload)
    return kind, payload
