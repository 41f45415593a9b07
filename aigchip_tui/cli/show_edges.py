"""`show --edges`: every stream of a design, its token, its depth with the reason, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aigchip_tui.cli.output import document, say, table

if TYPE_CHECKING:
    from aigchip_tui.engine.history import SessionView
    from aigchip_tui.model.state import Design
    from aigchip_tui.synth.memories import EdgeCost, MemoryCost

_RESOURCES = ("lut", "ff", "bram18", "uram")


def show_edges(view: SessionView, design: Design, *, as_json: bool) -> int:
    """Print the edges of one design for a person or a program.

    Raises AigchipError where the template makes other modules of the design by now.
    """
    from aigchip_tui.engine.streams import design_streams
    from aigchip_tui.synth.memories import by_depth_reason, total_cost

    edges = design_streams(view.settings, design.parameters, design.instances)
    rows = [_row(each) for each in edges]
    total = _used(total_cost(edges))
    if as_json:
        document({"design": design.id, "basis": "estimate", "edges": rows, "total": total})
        return 0
    say(f"{design.id}: {len(rows)} edges, {total['lut']} LUT, {total['ff']} FF, {total['bram18']} BRAM18, "
        f"{total['uram']} URAM (estimate)")
    table(
        [(f"{row['from']} -> {row['to']}", row["token"], row["streams"], row["depth"], *(row[r] for r in _RESOURCES))
         for row in rows],
        ("edge", "token", "streams", "depth", "LUT", "FF", "BRAM18", "URAM"),
    )
    say()
    for reason, alike in by_depth_reason(edges).items():
        depths = sorted({each.edge.depth for each in alike})
        named = " -> ".join(alike[0].ends) if len(alike) == 1 else f"{len(alike)} edges"
        say(f"  depth {', '.join(map(str, depths))}, {named}: {reason}")
    say()
    say("  Cycles in which the tokens of a command cross a port that nobody holds up:")
    table([pace for each in edges for pace in each.paces], ("port", "cycles at most"))
    return 0


def _row(each: EdgeCost) -> dict[str, Any]:
    edge, port = each.edge, each.port
    sender, receiver = each.ends
    return {
        "from": sender, "to": receiver, "kind": port.kind, "token": each.token, "bits": port.token_bits,
        "streams": each.copies, "depth": edge.depth, "why": edge.depth_reason, "tokens": port.tokens,
        "order": port.order, "cycles": dict(each.paces), **_used(each.cost),
    }


def _used(cost: MemoryCost) -> dict[str, int]:
    return {name: getattr(cost, name) for name in _RESOURCES}
