"""A session on disk built from events through the store, and the application on it with nothing of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from textual.pilot import Pilot

from aigchip_tui.model import events as ev
from aigchip_tui.model.decision import Cure, Decision
from aigchip_tui.model.finding import Finding
from aigchip_tui.model.module import Setting
from aigchip_tui.model.proof import Rung, RungOutcome, Status
from aigchip_tui.model.session import SessionSettings, Understanding
from aigchip_tui.store.hold import EngineHold, take_hold
from aigchip_tui.store.machine import Identity
from aigchip_tui.store.record import Entry
from aigchip_tui.store.session import Place, Session, create_session, open_session, session_names
from aigchip_tui.ui.app import WorkbenchApp
from aigchip_tui.ui.follower import Follower
from aigchip_tui.ui.projections.views import Snapshot
from aigchip_tui.ui.screens.workbench import Workbench
from aigchip_tui.ui.surroundings import Surroundings

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
BODY = """constexpr int LANES = 16;  // [1] products a cycle

// [2] a process: tokens in, sums out
void pe_lane(hls::stream<lane_cmd>& cmd, hls::stream<hls::vector<data_t, 12>>& in_a) {
    bool last = false;
    while (!last) {
        const lane_cmd c = cmd.read();
    EACH_TOKEN:  // [3] one token a cycle
        for (int t = 0; t < c.tokens; ++t) {
#pragma HLS PIPELINE II=1
            in_a.read();
        }
        last = c.last != 0;
    }
}
"""
CURED = BODY.replace("data_t, 12", "data_t, 16")
PARAMETERS: dict[str, Setting] = {"lane": "m4k4", "array": "m2", "arrays": "1", "reuse": "output", "buf_a": 32}


class StillMachine:
    """A machine on which the engine's process is there and nothing else."""

    def me(self) -> Identity:
        return Identity(host="here", boot_id="boot", pid_space="space", pid=7, pid_started="1")

    def started(self, pid: int) -> str | None:
        return "1"


class Made:
    """A session in the making: events are journalled as the engine would."""

    def __init__(self, place: Place, name: str = "resnet50-zcu104", **settings: Any) -> None:
        self.place = place
        given = SessionSettings(name=name, workload="resnet50@224", device="zcu104", **{
            "request": "ResNet-50 at 224x224 on a ZCU104, at most 1024 DSPs", "dsp_limit": 1024, "evaluations": 200,
            "understanding": Understanding(assumed=(("clock_mhz", "200", "the paper's clock"),)), **settings,
        })
        self.session: Session = create_session(place, name, msgspec.to_builtins(given))
        self.hold: EngineHold = take_hold(
            self.session, machine=StillMachine(), clock=lambda: 0.0, monotonic=lambda: 0.0,
            started={"sandbox": "bwrap", "generator": "offline: offline adapter (not a language model)",
                     "synthesizer": "embedded", "denied": ["network"]},
        )

    def record(self, *events: ev.AnyEvent) -> None:
        """Journal a batch."""
        self.hold.append(*(Entry(kind=type(e).__name__, payload=ev.to_payload(e), schema=ev.SCHEMA) for e in events))

    def blob(self, text: str) -> str:
        """Keep a text."""
        return self.session.blobs.put_text(text)

    def variant(self, key: str, module: str, *, design: int = 0) -> None:
        """Declare a variant."""
        self.record(ev.VariantDeclared(
            key=key, module=module, function=module, settings={"k": 4, "m": 4},
            instruction=(f"{module} multiplies tokens.", "A token holds 16 elements."),
        ))

    def design(self, number: int, instances: Sequence[ev.InstanceNamed] = (), **parameters: Setting) -> None:
        """Propose and elaborate a design."""
        self.record(
            ev.DesignProposed(number=number, parameters={**PARAMETERS, **parameters}, origin="random", screened=3),
            ev.DesignElaborated(design=number, instances=tuple(instances), processes=18),
        )

    def attempt(self, key: str, number: int = 1, *, source: str = BODY, reply: str = "a reply", prompt: str = "[]",
                generator: str = "offline adapter", origin: str = "fused", model: str = "offline-adapter") -> None:
        """A call and its reply."""
        self.record(
            ev.CallStarted(call=f"{key}-{number}", variant=key, attempt=number, seed=1, prompt=self.blob(prompt),
                           demos=("pe_lane/one", "pe_lane/two"), choice="they cover most lines"),
            ev.ReplyRecorded(call=f"{key}-{number}", variant=key, attempt=number, reply=self.blob(reply),
                             source=self.blob(source) if source else "", model=model, generator=generator,
                             prompt_tokens=100, completion_tokens=50, origin=origin),
        )

    def rung(self, key: str, rung: Rung, status: Status = "passed", *, attempt: int = 1,
             findings: tuple[Finding, ...] = (), log: str = "", evidence: str = "it agrees") -> None:
        """One rung's outcome."""
        self.record(ev.RungFinished(
            outcome=RungOutcome(rung=rung, status=status, evidence=evidence, findings=findings), variant=key,
            attempt=attempt, log=self.blob(log) if log else "",
        ))

    def evaluated(self, number: int, latency_ms: float, dsp: int, *, wiring: str = "") -> None:
        """Figures of a design."""
        self.record(ev.DesignEvaluated(
            design=number, latency_cycles=int(latency_ms * 2e5), latency_ms=latency_ms, clock_mhz=200, dsp=dsp,
            bram18=100 + dsp, uram=0, lut=4000 + dsp, ff=6000 + dsp, counted="im2col on the host, not counted",
            wiring=self.blob(wiring) if wiring else "",
        ))

    def question(self, key: str, module: str, *, number: int = 1, cures: bool = True, rung: Rung = "contract",
                 label: str = "interface", question: str = "") -> Decision:
        """A decision about the attempt, red on its interface."""
        text = question or "Packed width differs on port in_a: the contract says 128 bit, 96 arrive here."
        finding = Finding(severity="error", kind="interface", code="contract-width", message=text, line=4,
                          suggestion="Make the port hls::stream<hls::vector<data_t, 16>>&.")
        self.rung(key, "static")
        self.rung(key, rung, "failed", findings=(finding,), evidence=text)
        decision = Decision(
            id=f"{module}-{number}", variant=key, module=module, attempt=1, rung=rung,
            fingerprint=f"print-{module}-{number}", label=label, question=text, findings=(finding,),
            cures=(
                Cure(number=1, title="patch signature to 128", cost="re-proves 1 module", source=self.blob(CURED)),
                Cure(number=2, title="insert arbiter", cost="+210 LUT", source=self.blob(CURED + "// arbiter\n")),
            ) if cures else (),
            asked="2026-11-20T12:18:00+00:00",
        )
        self.record(ev.DecisionOpened(decision=decision))
        return decision

    def answered(self, decision: Decision, uuid: str, **answer: Any) -> None:
        """The engine accepts an answer."""
        self.record(ev.DecisionAnswered(decision=decision.id, variant=decision.variant, uuid=uuid, **answer))

    def follow(self, session: Session) -> Follower:
        """A follower with a still clock."""
        return Follower(session, machine=StillMachine(), monotonic=lambda: 0.0)

    def snapshot(self) -> Snapshot:
        """What a fresh reader sees."""
        seen = self.follow(self.session).step()
        assert seen is not None
        return seen

    def surroundings(self, **changes: Any) -> Surroundings:
        """Nothing of this machine."""
        return Surroundings(**{
            "environment": {"EDITOR": "ed"}, "now": lambda: NOW, "by": "ada", "interval_s": 0.02,
            "follow": self.follow, "run_editor": lambda command: 0, "start_engine": lambda session: "started",
            "names": lambda: session_names(self.place), "open": lambda name: open_session(self.place, name),
            "root": Path("/sessions"), **changes,
        })

    def app(self, *, read_only: bool = False, **changes: Any) -> WorkbenchApp:
        """The application on this session."""
        return WorkbenchApp(self.surroundings(**changes), session=self.session, read_only=read_only)

    def sent(self) -> list[dict[str, Any]]:
        """Commands that lie in the inbox."""
        return [c.payload for c in self.session.inbox.pending()]


def tree(*, lane: str = "pe_lane-1", ctrl: str = "ctrl-1") -> tuple[ev.InstanceNamed, ...]:
    """A small module tree, children before parents as the journal has it."""
    return (
        ev.InstanceNamed(name="lane", variant=lane, module="pe_lane", count=8, parent="compute"),
        ev.InstanceNamed(name="ctrl", variant=ctrl, module="ctrl", parent="gemm"),
        ev.InstanceNamed(name="compute", variant="compute-1", module="pe_array", parent="gemm"),
        ev.InstanceNamed(name="gemm", variant="top-1", module="top", author="template"),
    )


def has_events(bench: Workbench) -> bool:
    """Whether the first snapshot has arrived."""
    return bool(bench.snapshot.events)


async def settle(pilot: Pilot[int], until: Callable[[Workbench], bool] = has_events) -> Workbench:
    """The workbench once its feed has shown what is waited for and nothing is left to draw."""
    for _ in range(400):
        screens = [s for s in pilot.app.screen_stack if isinstance(s, Workbench)]
        if screens and until(screens[0]):
            await pilot.pause()
            await pilot.pause()
            return screens[0]
        await asyncio.sleep(0.01)
        await pilot.pause()
    raise AssertionError("the workbench never showed what was waited for")
