"""A state as bytes and back, and the outline of one: what a list, a summary and a first screen need.

The bytes belong to the release that wrote them and are never kept where they could not be derived again.
"""

from __future__ import annotations

import dataclasses
from typing import Any, get_type_hints

import msgspec

from aigchip_tui.model import events as ev
from aigchip_tui.model.collecting import without_collection
from aigchip_tui.model.state import Design, SessionState
from aigchip_tui.model.summary import front

NEWEST_KEPT = 64
SAMPLE_KEPT = 512
_FIELDS = tuple(field.name for field in dataclasses.fields(Design))
_HINTS = {**get_type_hints(Design), "instances": tuple[int, ...]}
_ROW: Any = tuple[tuple(_HINTS[name] for name in _FIELDS)]  # type: ignore[misc]  # one type a field, in their order
_INSTANCES = _FIELDS.index("instances")


class _Packed(msgspec.Struct, array_like=True):
    """Equal instances of all designs are written once; a design names them by their place."""

    rest: SessionState
    instances: tuple[ev.InstanceNamed, ...]
    designs: msgspec.Raw


_ENCODER = msgspec.msgpack.Encoder()
_PACKED = msgspec.msgpack.Decoder(_Packed)
_ROWS = msgspec.msgpack.Decoder(list[_ROW])


def pack(state: SessionState) -> bytes:
    """All fields of a state."""
    places: dict[ev.InstanceNamed, int] = {}
    with without_collection():
        rows = []
        for design in state.designs.values():
            row = [getattr(design, name) for name in _FIELDS]
            row[_INSTANCES] = [places.setdefault(each, len(places)) for each in design.instances]
            rows.append(row)
        return _ENCODER.encode(_Packed(
            rest=dataclasses.replace(state, designs={}, named={}), instances=tuple(places),
            designs=msgspec.Raw(_ENCODER.encode(rows)),
        ))


def unpack(data: bytes) -> SessionState:
    """The state that was packed; msgspec.DecodeError (or its ValidationError) when the bytes are none."""
    with without_collection():
        packed = _PACKED.decode(data)
        state, named = packed.rest, packed.instances
        state.named = {each: each for each in named}
        try:
            for row in _ROWS.decode(packed.designs):
                design = Design(*row)
                design.instances = tuple([named[place] for place in row[_INSTANCES]])
                state.designs[design.number] = design
        except IndexError:
            raise msgspec.DecodeError("an instance is not there") from None
        return state


def outline(state: SessionState) -> SessionState:
    """The state without most designs; their counts stay. Front, best by any goal and `session_document` are the same.

    It keeps the front, designs under way, the newest ones, and an even sample of those with figures.
    """
    designs = state.designs
    figured = [design.number for design in state.evaluated()]
    kept = {design.number for design in front(state.evaluated())}
    kept.update(design.number for design in designs.values() if design.is_unjudged)
    kept.update(state.unresolved, list(designs)[-NEWEST_KEPT:], figured[:: max(1, len(figured) // SAMPLE_KEPT)])
    few = {number: design for number, design in designs.items() if number in kept}
    whole, part = state.counts(), dataclasses.replace(state, designs=few, elsewhere={}).counts()
    elsewhere = {name: count - part[name] for name, count in whole.items()}
    return dataclasses.replace(state, designs=few, elsewhere=elsewhere)
