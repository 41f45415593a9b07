"""Large sessions made of invented events, to measure what opening and showing them costs.

Nothing in them was generated, proven or estimated: the figures are drawn, and the request says so.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec

from aigchip_tui.model import events as ev
from aigchip_tui.model.module import Setting
from aigchip_tui.model.proof import VARIANT_RUNGS, RungOutcome
from aigchip_tui.model.session import SessionSettings
from aigchip_tui.store.record import Entry, encode_line, encode_payload
from aigchip_tui.store.session import Place, Session, create_session

_TREE: tuple[tuple[str, str, str], ...] = (
    ("mac", "mac", "lane"), ("lane", "pe_lane", "array"), ("ctrl", "ctrl", "gemm"), ("dma_a", "dma_load", "gemm"),
    ("fill_a", "fill", "gemm"), ("drain_a", "drain", "gemm"), ("inter_a", "interconnect", "gemm"),
    ("dma_b", "dma_load", "gemm"), ("fill_b", "fill", "gemm"), ("drain_b", "drain", "gemm"),
    ("inter_b", "interconnect", "gemm"), ("array", "pe_array", "gemm"), ("collector", "collector", "gemm"),
    ("accumulate", "accumulate", "gemm"), ("flush", "flush", "gemm"), ("post", "post", "gemm"),
    ("dma_c", "dma_store", "gemm"),
)
"""Name, module and parent of each generated instance, children before parents."""
_SPLITS = ("m4", "n8", "k8", "m2n4", "m4k4", "n8k4", "m2n2k2")
_TIME = "2026-01-01T00:00:00.000Z"
_PROVEN = VARIANT_RUNGS[:5]


def synthetic_session(
    place: Place, name: str, *, designs: int, seed: int = 1, variants_per_module: int = 200
) -> Session:
    """A finished session of that many designs, every sixteenth failed, written without any engine."""
    settings = SessionSettings(
        name=name, request=f"{designs} invented designs: no figure here was estimated or measured",
        workload="resnet50@224", device="zcu104", evaluations=designs, dsp_limit=1024,
    )
    session = create_session(place, name, msgspec.to_builtins(settings, str_keys=True))
    digest = session.blobs.put_text("// an invented text\n")
    with session.journal.open("ab") as file:
        for seq, event in enumerate(_events(designs, random.Random(seed), variants_per_module, digest), 1):
            kind = type(event).__name__
            payload = encode_payload(Entry(kind=kind, payload=ev.to_payload(event)))
            file.write(encode_line(seq=seq, epoch=1, time=_TIME, kind=kind, schema=ev.SCHEMA, payload=payload))
    return session


def _events(designs: int, draw: random.Random, pool: int, digest: str) -> Iterator[ev.AnyEvent]:
    yield ev.EngineStarted(host="invented", boot_id="invented", pid=1, nonce="invented", generator="invented",
                           synthesizer="invented", sandbox="invented")
    declared: set[str] = set()
    for number in range(1, designs + 1):
        yield ev.DesignProposed(number=number, parameters=_parameters(draw), origin="mutation", screened=20)
        instances = [
            ev.InstanceNamed(name=name, variant=f"{module}-{draw.randrange(pool):012x}", module=module, parent=parent)
            for name, module, parent in _TREE
        ]
        for each in instances:
            if each.variant not in declared:
                declared.add(each.variant)
                yield from _variant(each, digest)
        yield ev.DesignElaborated(design=number, processes=16, instances=(
            *instances, ev.InstanceNamed(name="gemm", variant="top-0", module="top", author="template"),
        ))
        if number % 16:
            dsp = 2 ** draw.randrange(5, 11) + draw.randrange(100)
            cycles = int(4e9 / dsp * (1 + draw.random()))
            yield ev.DesignEvaluated(
                design=number, latency_cycles=cycles, latency_ms=cycles / 2e5, clock_mhz=200.0, dsp=dsp,
                bram18=draw.randrange(600), uram=draw.randrange(96), lut=90 * dsp, ff=60 * dsp, counted="invented",
                layers=digest,
            )
        else:
            yield ev.DesignFailed(design=number, cause="conformance: interface", message="invented")
        yield ev.ResultTold(design=number, outcome="evaluated" if number % 16 else "failed")
    yield ev.SearchFinished(reason="the limit of evaluations is reached")
    yield ev.ProofsFinished(designs=())
    yield ev.EngineStopped(reason="done")


def _parameters(draw: random.Random) -> dict[str, Setting]:
    parameters: dict[str, Setting] = {
        "lane": draw.choice(_SPLITS), "array": draw.choice(_SPLITS), "arrays": draw.choice(("1", "m2", "k4")),
        "lane_link": "fanout", "array_link": "fanout", "arrays_link": "fanout", "dsp_pack": 1,
        "reuse": draw.choice(("a", "b", "output")),
    }
    for operand in "abc":
        parameters[f"buf_{operand}"] = 2 ** draw.randrange(3, 10)
        parameters[f"part_{operand}_h"] = 2 ** draw.randrange(7)
        parameters[f"part_{operand}_w"] = 2 ** draw.randrange(7)
    return parameters


def _variant(instance: ev.InstanceNamed, digest: str) -> Iterator[ev.AnyEvent]:
    key, call = instance.variant, f"call-{instance.variant}"
    yield ev.VariantDeclared(
        key=key, module=instance.module, function=instance.module, settings={"k": 4, "m": 4, "depth": 512},
        instruction=tuple(f"Line {i} of an invented instruction for {instance.module}." for i in range(10)),
    )
    yield ev.CallStarted(call=call, variant=key, attempt=1, seed=1, prompt=digest, demos=("one", "two"))
    yield ev.ReplyRecorded(
        call=call, variant=key, attempt=1, reply=digest, source=digest, model="invented", generator="invented",
        prompt_tokens=4000, completion_tokens=400, origin="adapted",
    )
    for rung in _PROVEN:
        yield ev.RungFinished(
            outcome=RungOutcome(rung=rung, status="passed", evidence="invented"), variant=key, attempt=1,
        )
    yield ev.VariantProven(variant=key, attempt=1)
