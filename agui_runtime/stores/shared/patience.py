"""How long steps wait out an outage of a server: all of them together, not one after another."""

from __future__ import annotations

from agui_runtime.core.errors import StoreUnavailable

BRIEF = 1.0
"""Seconds that a step has in any case, in which a connection can be made again."""

AT_ONCE = 0.1
"""So soon after the last attempt of an outage that lasts, a step attempts nothing: it would only
wait, as a server that hangs is found out by a timeout.
"""


class SharedPatience:
    """That of all steps of one kind, for so many seconds. Times are those of one clock."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._away_since: float | None = None
        self._failed_at = 0.0
        self._reason = ""

    def check(self, now: float) -> None:
        """Before the first attempt; raises StoreUnavailable."""
        if self._reason and self._away_since is not None and now - self._failed_at < AT_ONCE:
            raise StoreUnavailable(self._reason)

    def deadline(self, begun: float, first_failed: float, now: float) -> float:
        """Until when a step that began and failed first then, and has just failed, may be
        attempted.
        """
        if self._away_since is None or now - self._failed_at > self._seconds:
            self._away_since, self._reason = first_failed, ""  # another outage
        self._failed_at = now
        until = max(self._away_since + self._seconds, begun + BRIEF)
        return min(until, first_failed + self._seconds)

    def give_up(self, reason: str) -> None:
        """A step waits no longer, and why."""
        self._reason = reason

    def succeeded(self) -> None:
        """It is there."""
        self._away_since, self._reason = None, ""
