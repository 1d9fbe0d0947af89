"""How long steps wait out an outage of a server: all of them together, not one after another."""

from __future__ import annotations

BRIEF = 1.0
"""Seconds that a step has in any case, in which a connection can be made again."""


class SharedPatience:
    """That of all steps of one kind, for so many seconds. Times are those of one clock."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._away_since: float | None = None
        self._failed_at = 0.0

    def deadline(self, first_failed: float, now: float) -> float:
        """Until when a step that failed first then, and again now, may be attempted."""
        if self._away_since is None or now - self._failed_at > self._seconds:
            self._away_since = first_failed  # else nobody knows since when it is away
        self._failed_at = now
        until = max(self._away_since + self._seconds, first_failed + BRIEF)
        return min(until, first_failed + self._seconds)

    def succeeded(self) -> None:
        """It is there."""
        self._away_since = None
