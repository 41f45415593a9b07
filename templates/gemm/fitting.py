"""What stands between two processes whose native tokens differ in width or in order (SPACE sec. 1)."""

from __future__ import annotations

from aigchip_tui.model.module import Settings

from .gearbox import gear
from .numbers import Numbers, tagged


def between(
    lanes_in: int, lanes_out: int, block: tuple[int, int] | None, numbers: Numbers
) -> tuple[tuple[str, Settings], ...]:
    """Modules with their local settings, in order, that turn tokens of one width and order into those of another.

    Widths are elements. `block`: rows and columns of tokens that come row by row and are taken column by column; whole
    tokens change their order, so the gearbox stands behind. Raises AigchipError for widths that no gearbox has.
    """
    found: list[tuple[str, Settings]] = []
    if block is not None:
        found.append(("reorder", {"rows": block[0], "columns": block[1], "lanes": lanes_in}))
    if lanes_in != lanes_out:
        found.append(("gearbox", gear(lanes_in, lanes_out)))
    return tuple((module, tagged(settings, numbers)) for module, settings in found)
