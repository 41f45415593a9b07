"""Which demonstrations a prompt shows: chosen by the model from the instructions, or by numbers."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import msgspec

from aigchip_tui.library.demos import Demo
from aigchip_tui.library.similarity import Choice, choose_demos, chosen_by_model
from aigchip_tui.llm.client import Generator, Message, Reply
from aigchip_tui.llm.errors import CallError
from aigchip_tui.llm.structured import ask_object

LONGEST_REASON = 400


class ModelChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A choice of demonstrations and the call that made it; without a reply it was made by numbers."""

    choice: Choice
    reply: Reply | None = None


def choice_messages(instruction: Sequence[str], demos: Sequence[Demo], count: int) -> tuple[Message, ...]:
    """The question which `count` demonstrations are most alike to the instruction."""
    listed = []
    for demo in demos:
        listed.append(f"{demo.name}:\n" + "\n".join(f"- {text}" for text in demo.instruction))
    asked = "\n".join(f"- {text}" for text in instruction)
    return (
        {
            "role": "system",
            "content": "You choose worked examples for a designer who is about to write a hardware module in HLS C++.",
        },
        {
            "role": "user",
            "content": f"The module to write:\n{asked}\n\nThe examples:\n\n" + "\n\n".join(listed) + "\n\n"
            f"Choose the {count} examples that together show most of what is asked for: together they should have "
            "as many of its lines as can be, word for word but for the numbers, and numbers as near as can be. "
            "Name them, the most alike first, and give the reason in one sentence.",
        },
    )


def choice_schema(demos: Sequence[Demo], count: int) -> dict[str, Any]:
    """The JSON schema of the answer."""
    return {
        "type": "object",
        "properties": {
            "examples": {
                "type": "array",
                "items": {"type": "string", "enum": [demo.name for demo in demos]},
                "minItems": count,
                "maxItems": count,
            },
            "reason": {"type": "string"},
        },
        "required": ["examples", "reason"],
        "additionalProperties": False,
    }


def choose_for(
    generator: Generator,
    instruction: Sequence[str],
    demos: Sequence[Demo],
    *,
    seed: int,
    count: int = 2,
    ask_model: bool = True,
    cancel: threading.Event | None = None,
) -> ModelChoice:
    """Lets a language model choose; the offline adapter's demonstrations are chosen by numbers.

    An answer that names no `count` different demonstrations is put aside and the choice made by numbers,
    which its reason says. Raises `CallError` when there is no answer at all.
    """
    numeric = choose_demos(instruction, demos, count=count)
    if not ask_model or not generator.spec.is_language_model or len(demos) <= count:
        return ModelChoice(choice=numeric)
    try:
        answered = ask_object(
            generator,
            choice_messages(instruction, demos, count),
            choice_schema(demos, count),
            seed=seed,
            cancel=cancel,
        )
    except CallError as error:
        if error.cause != "garbage":
            raise
        return ModelChoice(choice=_put_aside(numeric, "the model's choice could not be read"))
    said = answered.values.get("examples")
    by_name = {demo.name: demo for demo in demos}
    names = [name for name in said if isinstance(name, str) and name in by_name] if isinstance(said, list) else []
    if len(set(names)) != count or len(names) != count:
        aside = _put_aside(numeric, f"the model named {said!r:.80}, not {count} of the demonstrations")
        return ModelChoice(choice=aside, reply=answered.reply)
    reason = " ".join(str(answered.values.get("reason", "")).split())[:LONGEST_REASON]
    chosen = chosen_by_model(instruction, list(demos), [by_name[name] for name in names], reason=reason)
    return ModelChoice(choice=chosen, reply=answered.reply)


def _put_aside(numeric: Choice, why: str) -> Choice:
    return msgspec.structs.replace(numeric, reason=f"{numeric.reason} ({why})")
