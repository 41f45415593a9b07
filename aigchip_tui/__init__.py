"""aigchip-tui: a terminal workbench for accelerators written module by module by a language model."""

from __future__ import annotations

__version__ = "0.1.0"
