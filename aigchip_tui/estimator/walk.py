"""The walk over a design: all its parts together, constants and types as the unit declares them."""

from __future__ import annotations

from aigchip_tui.estimator.callees import CalleeWalk
from aigchip_tui.estimator.functions import FunctionWalk
from aigchip_tui.estimator.pipelining import PipelineWalk
from aigchip_tui.estimator.statements import StatementWalk


class Walker(FunctionWalk, StatementWalk, PipelineWalk, CalleeWalk):
    """Walks one function after another; all parts of the walk joined."""
