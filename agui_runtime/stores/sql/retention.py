"""How long threads are there, by the store's clock. Nothing is forgotten unless a limit says so."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from agui_runtime.stores.sql.limits import SqlLimits


@dataclass(frozen=True, slots=True)
class Retention:
    """The limits and a clock; times are seconds since 1970."""

    limits: SqlLimits
    now: Callable[[], float] = time.time

    def oldest(self) -> float:
        """Threads that were used last before this time count as gone."""
        return float("-inf") if self.limits.max_age is None else self.now() - self.limits.max_age
