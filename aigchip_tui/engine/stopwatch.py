"""How long an engine has worked: what `--max-hours` counts, over all engines of a session."""

from __future__ import annotations

from collections.abc import Callable


class Stopwatch:
    """Seconds in which steps were under way; waiting for a human costs nothing.

    `uncounted_s` is what no event has journalled yet: a kill loses no more than that.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._busy_since: float | None = None
        self._gathered_s = 0.0

    def note(self, *, busy: bool) -> None:
        """Say whether steps are under way from now on."""
        self._gathered_s = self.uncounted_s
        self._busy_since = self._monotonic() if busy else None

    @property
    def uncounted_s(self) -> float:
        """Seconds of work since the last `take`."""
        running = self._monotonic() - self._busy_since if self._busy_since is not None else 0.0
        return self._gathered_s + running

    def take(self) -> float:
        """The uncounted seconds, which the caller journals."""
        seconds = self.uncounted_s
        self._gathered_s, self._busy_since = 0.0, self._monotonic() if self._busy_since is not None else None
        return round(seconds, 3)
