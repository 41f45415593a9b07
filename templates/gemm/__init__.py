"""The gemm template: a three-level array of multipliers fed by tiled, double-buffered operands.

One file per module kind (`SPEC` answers the ModuleSpec protocol), the type header, the top's wiring, the host
driver and the system test. Loaded by path as a package: relative imports inside, otherwise only
`aigchip_tui.model` and `aigchip_tui.modules`. Nothing here runs a compiler or touches a file.
"""

from __future__ import annotations
