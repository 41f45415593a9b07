"""What a session takes from the user's cache and gives to it. The session keeps copies: the cache may go at any time.

Only texts that this engine itself was given by its generator, and proved without any human's help, enter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from aigchip_tui.engine.loop import Prepared
from aigchip_tui.llm.client import Generator
from aigchip_tui.llm.prompts import load_prompt_template, template_hash
from aigchip_tui.model import events as ev
from aigchip_tui.model.module import Variant
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.model.session import SessionSettings
from aigchip_tui.model.state import Attempt, SessionState
from aigchip_tui.model.state import Variant as VariantState
from aigchip_tui.proof.keeping import Kept, KeptProof, KeptVariant, answer_key, asked_key
from aigchip_tui.store.session import Session

if TYPE_CHECKING:
    from aigchip_tui.engine.advance import Step
    from aigchip_tui.engine.house import House

NO_CACHE = "AIGCHIP_NO_CACHE"
"""Set to anything: variants and proofs are neither taken from the cache nor kept in it."""


@dataclass(frozen=True)
class Reuse:
    """The caches as one session may use them. `answered` are the calls that this engine's generator answered."""

    kept: Kept
    session: str
    answer_key: str
    other_generators: bool
    now_text: Callable[[], str]
    answered: set[str] = field(default_factory=set)


def open_reuse(
    session: Session, settings: SessionSettings, generator: Generator, *, environment: Mapping[str, str],
    now_text: Callable[[], str],
) -> Reuse | None:
    """The session's caches; None when it has none.

    That is when they are switched off, when the generator makes mistakes on purpose, and when calls are on tape: a
    recording must hold every call, and a replayed one proves nothing of the model that it names.
    """
    if not settings.cache or environment.get(NO_CACHE) or generator.spec.fault_rate or generator.taped:
        return None
    words = settings.prompt or load_prompt_template()
    by = answer_key(
        generator.identity, prompt=template_hash(words), grain=settings.grain, selection=settings.selection,
        budget_tokens=settings.prompt_budget_tokens,
        seed=None if generator.spec.is_deterministic else settings.seed,
    )
    return Reuse(
        kept=Kept.below(session.place.cache), session=session.name, answer_key=by, other_generators=settings.reuse,
        now_text=now_text,
    )


def taken_variant(house: House, step: Step, known: VariantState, variant: Variant) -> Prepared | None:
    """A proven text for a variant that nobody has been asked for yet; None when there is none in the cache."""
    reuse = house.reuse
    if reuse is None or known.attempts or known.hint:
        return None
    found = reuse.kept.variant(_asked(house, variant), reuse.answer_key, or_others=reuse.other_generators)
    if found is None:
        return None
    entry, by_another = found

    def job() -> Sequence[ev.AnyEvent]:
        return [ev.VariantTaken(
            variant=step.variant, attempt=1, source=house.blobs.put_text(entry.source),
            reply=house.blobs.put_text(entry.reply), prompt=house.blobs.put_text(entry.prompt),
            generator=entry.generator, model=entry.model, origin=entry.origin, demos=entry.demos, choice=entry.choice,
            notes=entry.notes, session=entry.session, made=entry.made, by_another=by_another,
        )]

    return Prepared(job=job)


def known_proof(house: House, key: Callable[[], str]) -> tuple[RungOutcome, ...]:
    """The rungs that passed before on exactly this, marked with where; none when they have to be climbed."""
    reuse = house.reuse
    found = reuse.kept.proof(key()) if reuse is not None else None
    if found is None:
        return ()
    where = f"session {found.session}, {found.made}"
    return tuple(msgspec.structs.replace(outcome, taken_from=where) for outcome in found.outcomes)


def keep_proof(house: House, key: Callable[[], str], outcomes: Sequence[RungOutcome]) -> None:
    """Keep rungs that passed here."""
    reuse = house.reuse
    if reuse is not None and not any(o.taken_from for o in outcomes):
        reuse.kept.keep_proof(
            key(), KeptProof(outcomes=tuple(outcomes), session=reuse.session, made=reuse.now_text())
        )


def keep_variant(house: House, variant: Variant, attempt: Attempt) -> None:
    """Keep the text of an attempt that this engine's generator wrote and this engine proved."""
    reuse = house.reuse
    if reuse is None or attempt.taken_from or attempt.call not in reuse.answered:
        return
    texts = [house.blobs.get_text(digest) for digest in (attempt.source, attempt.reply, attempt.prompt)]
    reuse.kept.keep_variant(_asked(house, variant), reuse.answer_key, KeptVariant(
        source=texts[0], reply=texts[1], prompt=texts[2], generator=attempt.author, model=attempt.model,
        origin=attempt.origin, demos=attempt.demos, choice=attempt.choice, notes=attempt.notes, session=reuse.session,
        made=reuse.now_text(),
    ))


def drop_variant(house: House, variant: Variant) -> None:
    """A text turned a rung red: no later session is given it."""
    if house.reuse is not None:
        house.reuse.kept.drop_variant(_asked(house, variant))


def is_machines_own(house: House, known: VariantState, attempt: Attempt) -> bool:
    """Whether no human had a hand in an attempt, and this engine saw its text come: only such proofs are kept."""
    reuse = house.reuse
    if reuse is None or attempt.waived or not (attempt.taken_from or attempt.call in reuse.answered):
        return False
    return not any(a.hint or a.author in ("human", "cure") for a in known.attempts)


def rests_on_machines_alone(house: House, state: SessionState, keys: Sequence[str]) -> bool:
    """Whether `is_machines_own` holds for the newest attempts of all variants named."""
    for key in keys:
        known = state.variants[key]
        if known.attempt is None or not is_machines_own(house, known, known.attempt):
            return False
    return True


def _asked(house: House, variant: Variant) -> str:
    return asked_key(
        variant, template_hash=house.template.hash, library_hash=house.library.hash, build=house.build
    )
