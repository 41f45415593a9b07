"""The streams of a design as its template makes them, with what each costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aigchip_tui.engine.making import build_of
from aigchip_tui.model import events as ev
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.module import Setting
from aigchip_tui.model.session import SessionSettings
from aigchip_tui.model.space import DesignPoint
from aigchip_tui.modules.own_templates import named_template
from aigchip_tui.synth.memories import EdgeCost, edge_costs


def design_streams(
    settings: SessionSettings, parameters: Mapping[str, Setting], instances: Sequence[ev.InstanceNamed]
) -> tuple[EdgeCost, ...]:
    """Every edge of the design of `parameters` that was made of `instances`.

    Raises AigchipError where the template makes other modules of it by now.
    """
    build = build_of(settings)
    netlist = named_template(settings.template).netlist(DesignPoint.from_parameters(dict(parameters)), build)
    made = {i.name: i.variant.key for i in netlist.instances if i.author == "generator"}
    if made != {i.name: i.variant for i in instances if i.author == "generator"}:
        raise AigchipError(
            f"The template {settings.template} makes other modules of this design than when it was run.",
            hint="show --source top prints the wiring as it was.",
        )
    return edge_costs(netlist, build)
