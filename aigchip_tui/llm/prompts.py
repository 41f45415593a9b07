"""The prompt of a variant in the demo-augmented form (paper sec. III), cut to a token budget."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from aigchip_tui.library.demos import Demo
from aigchip_tui.llm.adapter.reading import read_request
from aigchip_tui.llm.offline import count_tokens
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.session import PROMPT_BUDGET_TOKENS, Grain

SHIPPED = Path(__file__).with_name("prompt.jinja")
LONGEST_TEMPLATE = 64 * 1024
LONGEST_FAULT = 400
MOST_FAULTS = 12
LONGEST_HINT = 2000


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """The messages of one call.

    `tokens` is the estimated size of the prompt (3.2 characters a token), `reply_tokens` what the budget
    leaves for the reply. `notes` say what did not fit. `demos_used` are the demonstrations shown, in order.
    """

    messages: tuple[dict[str, str], ...]
    demos_used: tuple[Demo, ...]
    tokens: int
    reply_tokens: int
    notes: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """sha256 of the messages."""
        return hashlib.sha256(msgspec.json.encode(self.messages)).hexdigest()


@functools.lru_cache(maxsize=8)
def _compiled(source: str) -> Any:
    import jinja2
    import jinja2.sandbox

    environment = jinja2.sandbox.SandboxedEnvironment(
        undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=False
    )
    try:
        template = environment.from_string(source)
    except jinja2.TemplateError as error:
        raise AigchipError(
            f"The prompt template cannot be read, row {getattr(error, 'lineno', 0)}: {error.args[0]}."
        ) from error
    missing = [name for name in ("system", "user") if name not in template.blocks]
    if missing:
        raise AigchipError(f"The prompt template has no block {missing[0]!r}.", hint="It needs system and user.")
    return template


def load_prompt_template(path: Path | None = None) -> str:
    """The text of the prompt template: the shipped one, or the user's own of at most 64 KB."""
    source = path or SHIPPED
    if source.exists() and not source.is_file():
        raise AigchipError(f"The prompt template {path} cannot be read: it is not a plain file.")
    try:
        with source.open("rb") as file:
            text = file.read(LONGEST_TEMPLATE + 1)
        if len(text) > LONGEST_TEMPLATE:
            raise AigchipError(f"The prompt template {path} is longer than {LONGEST_TEMPLATE} bytes.")
        return text.decode("utf-8")
    except OSError as error:
        raise AigchipError(f"The prompt template {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise AigchipError(f"The prompt template {path} is not UTF-8 text.", hint="Save it as UTF-8.") from None


def check_prompt_template(source: str) -> None:
    """Raise AigchipError when an edited template fails, or loses lines or code, in any of the prompts of a session:
    with two demonstrations, one and none, first tries and repeated ones.
    """
    demos = tuple(
        Demo(template="any", module="any", name=name, settings={}, code=f"int {name}() {{\n    return 0;\n}}\n",
             instruction=(f"A module named {name}.", "It answers."))
        for name in ("first", "second")
    )
    faults = ("it does not compile", "a line is not answered")
    for count in range(len(demos) + 1):
        for again in (False, True):
            build_prompt(
                ("A module.", "It answers, too."), ("void f();",), demos[:count], budget_tokens=1_000_000,
                template=source, diagnosis=faults if again else (), hint="Look again." if again else "",
                previous="int x;" if again else "", types=("using data_t = int;",),
            )


def template_hash(source: str) -> str:
    """sha256 of a prompt template; part of a variant's key."""
    return hashlib.sha256(source.encode()).hexdigest()


def numbered(lines: Sequence[str]) -> str:
    """Instruction lines as `1. ...`, one row each."""
    return "\n".join(f"{number}. {' '.join(text.split())}" for number, text in enumerate(lines, start=1))


def fenced(code: str, language: str = "cpp") -> str:
    """Code in a fence longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{code.rstrip()}\n{fence}"


def _fault(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST_FAULT else flat[: LONGEST_FAULT - 4] + " ..."


def _bare(definition: str) -> str:
    """A definition without comments and pragmas."""
    rows = (row.partition("//")[0].rstrip() for row in definition.splitlines())
    return "\n".join(row for row in rows if row and not row.startswith("#pragma"))


def _quoted(text: str) -> str:
    return "\n".join(f"> {row.rstrip()}" for row in text.strip()[:LONGEST_HINT].splitlines())


def _render(source: str, values: Mapping[str, object]) -> tuple[dict[str, str], ...]:
    import jinja2

    template = _compiled(source)
    try:
        texts = ["".join(template.blocks[block](template.new_context(dict(values)))) for block in ("system", "user")]
    except jinja2.TemplateError as error:
        raise AigchipError(f"The prompt template fails: {error}.") from error
    return (
        {"role": "system", "content": texts[0].strip()},
        {"role": "user", "content": texts[1].strip() + "\n"},
    )


def _checked(messages: Sequence[Mapping[str, str]], instruction: Sequence[str], demos: Sequence[Demo]) -> None:
    read = read_request(messages)
    lines = tuple(" ".join(text.split()) for text in instruction)
    shown = [tuple(line.text for line in example.lines) for example in read.examples]
    expected = [tuple(" ".join(text.split()) for text in demo.instruction) for demo in demos]
    if tuple(line.text for line in read.lines) != lines or shown != expected:
        raise AigchipError(
            "The prompt template loses numbered lines or fenced code.",
            hint="Show each demo as its lines and then its code, the instruction last, and no other numbered line.",
        )


def build_prompt(
    instruction: Sequence[str],
    signatures: Sequence[str],
    demos: Sequence[Demo],
    *,
    diagnosis: Sequence[str] = (),
    hint: str = "",
    previous: str = "",
    types: Sequence[str] = (),
    grain: Grain = "explicit",
    budget_tokens: int = PROMPT_BUDGET_TOKENS,
    template: str | None = None,
) -> Prompt:
    """The prompt for a variant's instruction with demonstrations, most alike first.

    `types` are definitions of what is supplied, what only this module has last. In the high `grain`, neither code nor
    reply has marks. What does not fit with its reply into `budget_tokens` is left out in this order, and said in the
    notes: comments and pragmas of these definitions, the definitions one by one, the first of them first, the previous
    attempt's code, the diagnosis beyond its first three faults, the last demonstration, the one before.
    Raises `AigchipError` when the bare instruction does not fit, or when an edited template loses lines or code.
    """
    source = template if template is not None else load_prompt_template()
    notes: list[str] = []
    shown = list(demos)
    faults = [_fault(text) for text in diagnosis if text.strip()][:MOST_FAULTS]
    if len(diagnosis) > len(faults):
        notes.append(f"{len(faults)} of {len(diagnosis)} faults are shown")
    attempt, supplied = previous, tuple(types)
    reply = reply_reserve(demos)
    while True:
        messages = _render(
            source,
            {
                "demos": [{"lines": numbered(demo.instruction), "code": fenced(demo.code)} for demo in shown],
                "grain": grain,
                "types": fenced("\n\n".join(supplied)) if supplied else "",
                "signatures": fenced("\n".join(signatures)) if signatures else "",
                "previous": fenced(attempt) if attempt.strip() else "",
                "diagnosis": faults,
                "hint": _quoted(hint),
                "instruction": numbered(instruction),
            },
        )
        tokens = sum(count_tokens(message["content"]) for message in messages)
        if tokens + reply <= budget_tokens:
            break
        if supplied:
            bare = tuple(_bare(text) for text in supplied)
            supplied = bare if bare != supplied else supplied[1:]
        elif attempt:
            attempt = ""
            notes.append("the previous attempt's code does not fit the token budget")
        elif len(faults) > 3:
            faults = faults[:3]
            notes.append("only the first 3 faults fit the token budget")
        elif shown:
            gone = shown.pop()
            notes.append(f"the demonstration {gone.label} does not fit the token budget")
        else:
            raise AigchipError(
                f"The prompt of {tokens} tokens and its reply of {reply} do not fit the budget of {budget_tokens}.",
                hint="Raise it: new --prompt-budget TOKENS.",
            )
    _checked(messages, instruction, shown)
    if supplied and len(supplied) == len(types) and supplied != tuple(types):
        notes.insert(0, "the supplied types are shown without their comments")
    elif len(supplied) < len(types):
        some = f"only {len(supplied)} of the {len(types)}" if supplied else "none of the"
        notes.insert(0, f"{some} definitions of supplied types fit the token budget")
    return Prompt(
        messages=messages,
        demos_used=tuple(shown),
        tokens=tokens,
        reply_tokens=budget_tokens - tokens,
        notes=tuple(notes),
    )


def reply_reserve(demos: Sequence[Demo]) -> int:
    """Tokens kept for the reply: a fifth more than the longest demonstration's code, at least 1024."""
    longest = max((count_tokens(demo.code) for demo in demos), default=0)
    return max(1024, longest + longest // 5)
