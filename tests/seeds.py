"""Where random tests begin."""

from __future__ import annotations

import os
from random import SystemRandom

IS_CI = "CI" in os.environ
"""It judges a change by the same examples each time; all other machines look for new ones."""


def seed() -> int:
    """Another one each time, but where CI judges a change."""
    return 1 if IS_CI else SystemRandom().randrange(10**6)
