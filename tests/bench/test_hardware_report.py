"""The report of random designs names the layer that the analytic model has most wrong, and its design."""

from __future__ import annotations

from aigchip_tui.bench.cycles import LayerCycles
from aigchip_tui.bench.hardware_bench import Sample, _cycles


def _layer(simulated: int, estimated: int, analytic: int, shared: int = 0) -> LayerCycles:
    return LayerCycles(
        name="x", m=4, k=5, n=6, estimated=estimated, simulated=simulated, analytic=analytic, shared=shared, counts=3
    )


def test_the_worst_layers_of_schedule_and_model_are_named() -> None:
    samples = [
        Sample(number=number, parameters={"buf_a": number}, variants=1, origins={}, values=1, cycles=layers)
        for number, layers in (
            (1, (_layer(1000, 1001, 1050), _layer(100, 104, 101))),
            # The memory that all ports share is the slower one here, and the model says so.
            (2, (_layer(1000, 1000, 880), _layer(500, 500, 900, shared=900))),
        )
    ]
    said = _cycles(samples)
    assert said["worst_layer"] == "4x5x6: 104 estimated, 100 simulated"
    assert said["model_worst_layer"] == "4x5x6 of design 2: 880 by the model, 1000 simulated"
    assert said["model_worst_design"] == {"buf_a": 2}
    assert (said["layers"], said["model_within_10_percent"], said["model_worst"]) == (4, 3, 0.12)
