"""A failure that goes on, of something that is tried again and again."""

from __future__ import annotations

import logging
from time import monotonic

EVERY = 60.0
"""Seconds for which one line is enough."""


class Outage:
    """Writes of what fails, and fails again: at most a line a minute, which says how often."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._quiet_until = float("-inf")
        self._unwritten = 0

    def warn(self, what: str, error: object) -> None:
        """`what` is what the logger's server does about it."""
        now = monotonic()
        if now < self._quiet_until:
            self._unwritten += 1
            return
        more = f" ({self._unwritten} more since the last line)" if self._unwritten else ""
        self._logger.warning("%s: %s%s", what, error, more)
        self._quiet_until, self._unwritten = now + EVERY, 0
