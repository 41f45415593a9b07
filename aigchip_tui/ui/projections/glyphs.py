"""Signs that stand beside every colour, in Unicode and in plain ASCII."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Glyphs:
    """The drawing signs of one terminal; states are ASCII letters everywhere."""

    bar: str
    rule: str
    axis: str
    corner: str
    dot: str
    front: str
    best: str
    cursor: str
    branch: str


UNICODE = Glyphs(bar="│", rule="─", axis="│", corner="└", dot="·", front="●", best="★", cursor="▸", branch="├")
ASCII = Glyphs(bar="|", rule="-", axis="|", corner="+", dot=".", front="o", best="*", cursor=">", branch="-")


def choose_glyphs(environment: Mapping[str, str], encoding: str) -> Glyphs:
    """ASCII when asked for (AIGCHIP_ASCII=1), on a Linux console, or when the output cannot say Unicode."""
    if environment.get("AIGCHIP_ASCII", "") not in ("", "0") or environment.get("TERM") in ("linux", "vt100", "dumb"):
        return ASCII
    return UNICODE if encoding.lower().replace("-", "") in ("utf8", "utf16", "utf32") else ASCII
