"""Runs foreign code: compilers on generated text, simulations of generated modules, readers of hostile C++.

Small, and reviewed alone. Only what starts, confines, limits and observes a process may enter; nothing here knows
what the process computes, and nothing a process prints is ever a verdict.
"""

from __future__ import annotations
