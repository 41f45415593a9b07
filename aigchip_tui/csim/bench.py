"""The place where generated code is compiled and run."""

from __future__ import annotations

from pathlib import Path

import msgspec

from aigchip_tui.sandbox.box import Sandbox


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """Sandbox, folders, headers beside every variant, and the environment for the compiler."""

    sandbox: Sandbox
    workdir: Path
    cache: Path
    environment: dict[str, str]
    headers: dict[str, str]
