"""What outlives a session: proven variants and passed proofs in the user's cache, and the keys they lie under.

A variant's key has two parts. The first is what the text must answer: template, module, local settings as they reach
the generator (instruction, ports, prologue), precision, clock, demonstrations. The second is who answers, and how it is
asked; texts with the same first part and another second one are of another generator. A proof's key is everything that
decides its outcome, stimuli and prover included. An entry that cannot be read is a miss.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from aigchip_tui import __version__
from aigchip_tui.cache.folder import MIB, CacheFolder
from aigchip_tui.csim.compile import compile_flags, find_compiler
from aigchip_tui.csim.headers import find_headers
from aigchip_tui.model.errors import MissingToolError
from aigchip_tui.model.module import Variant
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.model.space import Build

VARIANTS_BYTES = 256 * MIB
PROOFS_BYTES = 256 * MIB
_PROVING = ("model", "modules", "sandbox", "cpp", "csim", "estimator", "synth", "proof")
_ASKING = ("llm", "library")
_Entry = TypeVar("_Entry", bound=msgspec.Struct)


class KeptVariant(msgspec.Struct, frozen=True, kw_only=True):
    """A proven text with all that a session shows of it; `session` and `made` (UTC) say where it was proven first."""

    source: str
    reply: str
    prompt: str
    generator: str
    model: str
    origin: str
    demos: tuple[str, ...]
    choice: str
    notes: tuple[str, ...]
    session: str
    made: str


class KeptProof(msgspec.Struct, frozen=True, kw_only=True):
    """Rungs that passed, with their evidence."""

    outcomes: tuple[RungOutcome, ...]
    session: str
    made: str


@dataclass(frozen=True)
class Kept:
    """The two caches of a user."""

    variants: CacheFolder
    proofs: CacheFolder

    @classmethod
    def below(cls, cache: Path) -> Kept:
        """Those in the user's cache folder."""
        return cls(
            CacheFolder(cache / "variants", limit_bytes=VARIANTS_BYTES),
            CacheFolder(cache / "proofs", limit_bytes=PROOFS_BYTES),
        )

    def variant(self, asked: str, by: str, *, or_others: bool = False) -> tuple[KeptVariant, bool] | None:
        """The text for what is `asked`, and whether another generator wrote it; the own one first.

        Of several others' the one with the least key is taken, so that the same cache always gives the same text.
        """
        own = f"{asked}.{by}"
        for key in (own, *(self.variants.keys(asked) if or_others else ())):
            found = _read(self.variants, key, KeptVariant)
            if found is not None:
                return found, key != own
        return None

    def keep_variant(self, asked: str, by: str, entry: KeptVariant) -> None:
        """Keep a text that was proven."""
        self.variants.write(f"{asked}.{by}", msgspec.json.encode(entry))

    def drop_variant(self, asked: str) -> None:
        """A text turned out to be wrong: nobody shall be given it, whoever wrote it."""
        for key in self.variants.keys(asked):
            self.variants.drop(key)

    def proof(self, key: str) -> KeptProof | None:
        """The rungs that passed under this key, if they are known."""
        found = _read(self.proofs, key, KeptProof)
        return found if found is not None and _all_passed(found.outcomes) else None

    def keep_proof(self, key: str, entry: KeptProof) -> None:
        """Keep rungs that all passed; others are never kept."""
        if _all_passed(entry.outcomes):
            self.proofs.write(key, msgspec.json.encode(entry))


def asked_key(variant: Variant, *, template_hash: str, library_hash: str, build: Build) -> str:
    """Digest of what a generator is asked for, whoever is asked."""
    return _digest(
        "variant", template_hash, library_hash, variant.key, variant.function, variant.instruction, variant.ports,
        variant.prologue, variant.epilogue, variant.signatures, variant.types, variant.elements,
        build.precision, build.clock_mhz, build.axi_bytes,
    )


def answer_key(
    generator: str, *, prompt: str, grain: str, selection: str, budget_tokens: int, seed: int | None
) -> str:
    """Digest of who answers and how it is asked.

    `generator` names model and server, `prompt` is the hash of the prompt's template, `grain` that of its
    instructions. A generator that draws its answers has the session's `seed` here: another seed asks for other draws,
    and the same one has the same results whether the cache was there or not. One that always answers alike has none.
    """
    return _digest("answer", generator, prompt, grain, selection, budget_tokens, seed, rooms_digest(_ASKING))


def proof_key(
    rungs: str, variant: Variant, body: str, children: Sequence[tuple[Variant, str]], *, template_hash: str,
    headers: Mapping[str, str], build: Build, seed: int, environment: Mapping[str, str],
) -> str:
    """Digest of everything that decides what `rungs` say of a text.

    The test bench is the template's for these settings, its stimuli are drawn from `seed`; `environment` names the
    compiler. Raises MissingToolError without one.
    """
    return _digest(
        "proof", rungs, variant, body, [[child, text] for child, text in children], template_hash, dict(headers),
        build, seed, prover(environment),
    )


def system_key(
    files: Mapping[str, str], parameters: Mapping[str, Any], *, template_hash: str, build: Build, seed: int,
    environment: Mapping[str, str],
) -> str:
    """Digest of everything that decides the simulation of an assembled design."""
    return _digest("system", dict(files), dict(parameters), template_hash, build, seed, prover(environment))


def prover(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The version of the prover: this package's own code, numpy's draws, compiler, flags, vendor headers."""
    import numpy as np

    compiler = find_compiler(environment)
    flags = [word for on in (False, True) for word in compile_flags(compiler, sanitize=on, fibers=on)]
    return (rooms_digest(_PROVING), np.__version__, compiler.path, compiler.version, *flags, _vendor(environment))


def _vendor(environment: Mapping[str, str]) -> str:
    """Digest of the ap_int headers in use; those of the wheel are known by their checksums."""
    try:
        return _headers_digest(find_headers(environment))
    except MissingToolError:
        return ""


@functools.lru_cache(maxsize=4)
def _headers_digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted((*folder.glob("ap_*.h"), *folder.glob("etc/ap_*.h"))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


@functools.cache
def rooms_digest(rooms: tuple[str, ...]) -> str:
    """Digest of the code of rooms: what another release, or a changed rung, has proven or asked counts for itself."""
    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256(__version__.encode())
    for room in rooms:
        for path in sorted((package / room).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _digest(*parts: object) -> str:
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()


def _all_passed(outcomes: Sequence[RungOutcome]) -> bool:
    return bool(outcomes) and all(o.status == "passed" for o in outcomes)


def _read(folder: CacheFolder, key: str, kind: type[_Entry]) -> _Entry | None:
    data = folder.read(key)
    if data is None:
        return None
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError:
        folder.drop(key)
        return None
