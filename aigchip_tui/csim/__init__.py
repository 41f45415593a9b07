"""C simulation: our HLS headers, the compile cache, fibers for dataflow regions, and runs of generated modules.

What enters: how C++ is compiled and executed, how raw inputs and outputs travel, and how outputs are compared with a
golden result in our own process. What a module is for, and which cases prove it, is the template's business.
"""

from __future__ import annotations
