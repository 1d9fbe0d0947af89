"""What an SQL store keeps, and for how long a process may be silent. Numbers only."""

from __future__ import annotations

from dataclasses import dataclass

from agui_runtime.core.keyword_arguments import explains_arguments


@explains_arguments
@dataclass(frozen=True, slots=True)
class SqlLimits:
    """Bytes are those of one run, of one thread's log and of one state; times are seconds.

    Nothing is forgotten unless `runs_per_thread`, `log_bytes` or `max_age` (since a thread's latest
    run) says so. A run beyond `run_bytes` is ended. Runs that ended `compact_after` ago are stored
    in fewer, equal events; cursors inside of them are then answered with Gone. A run whose process
    has been silent for `lease` is ended by another one, and by itself; so is one whose event loop
    has not turned for `hung`. A write waits at most `patience` for a database that is locked or
    away.
    """

    runs_per_thread: int | None = None
    log_bytes: int | None = None
    max_age: float | None = None
    run_bytes: int = 64 * 2**20
    state_bytes: int = 2**20
    compact_after: float = 600.0
    lease: float = 6.0
    hung: float = 30.0
    patience: float = 10.0
