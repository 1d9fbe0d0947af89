"""What is reported of saved states: each, all of them, their store, and an import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agui_runtime.core.events import ThreadInfo
from agui_runtime.stores.base import AgentState, StateKey


@dataclass(frozen=True, slots=True)
class Entry:
    """One saved state, looked at from outside; `bytes` is its size as JSON.

    `thread` is None where the thread is gone. Where the state cannot be read, `saved` is None and
    `problem` says why.
    """

    key: StateKey
    thread: ThreadInfo | None
    saved: AgentState | None
    bytes: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Statistics:
    """What all states come to; sizes are bytes of JSON, `agents` counts states by agent."""

    states: int = 0
    threads: int = 0
    bytes: int = 0
    largest: int = 0
    unreadable: int = 0
    agents: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the store answered, after how many seconds, and what it said if it did not."""

    ok: bool
    seconds: float
    problem: str | None = None


@dataclass(slots=True)
class ImportReport:
    """How many states were saved, and what is wrong with the others, by the number of their line,
    the first of which is 1.
    """

    saved: int = 0
    problems: dict[int, str] = field(default_factory=dict)
