"""What a Redis store keeps, and for how long a process may be silent. Numbers only."""

from __future__ import annotations

from dataclasses import dataclass

from agui_runtime.core.keyword_arguments import explains_arguments


@explains_arguments
@dataclass(frozen=True, slots=True)
class RedisLimits:
    """Bytes are those of one thread's log and of one state; times are seconds.

    A thread is dropped `max_age` after its latest run. Runs that ended `compact_after` ago are kept
    in fewer, equal events; cursors inside of them are then answered with Gone. A run whose process
    has not been heard of for `lease` is ended by another one, and by itself; so is one whose event
    loop has not turned for `hung`. Commands wait at most `patience` after a first failure.
    """

    runs_per_thread: int = 100
    log_bytes: int = 64 * 2**20
    state_bytes: int = 2**20
    max_age: float = 7 * 24 * 3600.0
    compact_after: float = 600.0
    lease: float = 6.0
    hung: float = 30.0
    patience: float = 10.0
