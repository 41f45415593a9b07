"""A finding: one fault seen in a source, a log or a report, in the words of the person who must mend it."""

from __future__ import annotations

from typing import Literal

import msgspec

Severity = Literal["error", "warning", "note"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One diagnosed fault.

    `code` is a stable identifier of ours or the tool's own (`HLS 200-880`); `kind` is the class of the error
    catalogue (`undefined_name`, `pragma`, `out_of_bounds`, `interface`, `mismatch`, `deadlock`, `timeout`,
    `environment`, ...). Lines and columns count from 1, 0 is unknown. `blocking` findings turn a rung red;
    `environment` findings concern this machine and are never sent to a generator.
    """

    severity: Severity
    kind: str
    code: str
    message: str
    file: str = ""
    line: int = 0
    col: int = 0
    count: int = 1
    blocking: bool = True
    environment: bool = False
    suggestion: str = ""
    fix: str = ""
