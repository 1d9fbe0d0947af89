"""How long steps wait out an outage of a server: all of them together, not one after another."""

from __future__ import annotations

from agui_runtime.core.errors import StoreUnavailable

BRIEF = 1.0
"""Seconds that a step has in any case, in which a connection can be made again."""

AT_ONCE = 0.1
"""So soon after a step that waited in vain, another one attempts it once, and nothing where the
server hangs: that is found out by a timeout.
"""


class SharedPatience:
    """That of all steps of one kind, for so many seconds. Times are those of one clock."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._away_since: float | None = None
        self._failed_at = 0.0
        self._reason = ""
        self._hangs = False

    def check(self, now: float) -> None:
        """Before the first attempt; raises StoreUnavailable."""
        if self._hangs and self._was_in_vain_at(now):
            raise StoreUnavailable(self._reason)

    def deadline(self, begun: float, first_failed: float, now: float) -> float:
        """Until when a step that began and failed first then, and has just failed, may be
        attempted.
        """
        if self._away_since is None or now - self._failed_at > self._seconds:
            self._away_since, self._reason = first_failed, ""  # another outage
        is_in_vain = self._was_in_vain_at(begun)
        self._failed_at = now
        if is_in_vain:
            return now
        until = max(self._away_since + self._seconds, begun + BRIEF)
        return min(until, first_failed + self._seconds)

    def give_up(self, reason: str, *, hangs: bool) -> None:
        """A step waits no longer, why, and whether the server does not even refuse."""
        self._reason, self._hangs = reason, hangs

    def succeeded(self) -> None:
        """It is there."""
        self._away_since, self._reason = None, ""

    def _was_in_vain_at(self, now: float) -> bool:
        return bool(self._reason) and 0 <= now - self._failed_at < AT_ONCE
