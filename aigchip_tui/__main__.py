"""`python -m aigchip_tui` is the command line."""

from __future__ import annotations

from aigchip_tui.cli.main import main

main()
