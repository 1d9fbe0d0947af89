"""Whether two clocks agree."""

from __future__ import annotations

import time

APART = 5.0
"""Seconds by which clocks of one system may differ before somebody is misled."""


def clock_advice(server: float) -> str | None:
    """What to do where the server's clock, just read, is not this machine's."""
    apart = server - time.time()
    if abs(apart) < APART:
        return None
    ahead = "ahead of" if apart > 0 else "behind"
    return (
        f"the store's clock is {abs(apart):.0f} s {ahead} this machine's: times of runs will look"
        " wrong; have both set by NTP"
    )
