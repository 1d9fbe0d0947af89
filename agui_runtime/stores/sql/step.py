"""What a step is, and what one is given: the requests of runs and of whoever ends them. No text."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from agui_runtime.core.events import Cursor, RunInfo
from agui_runtime.stores.sql.rows import Row

T = TypeVar("T")

Statement: TypeAlias = tuple[str, Mapping[str, object]]


class Together(NamedTuple):
    """Statements that change different rows, none of which looks at what another changes: a server
    is given them at once. What is sent back are the rows of the last, none where all are one
    statement with other values.
    """

    statements: Sequence[Statement]


Step: TypeAlias = Generator[Statement | Together, Sequence[Row], T]


class Thread(NamedTuple):
    """Whose thread it is to be if it is new; what nobody used since `oldest` is new, too."""

    id: str
    owner: str
    agent: str
    oldest: float


class Claim(NamedTuple):
    """A run that wants to write its thread, for so many seconds; `nonce` is the claim's own."""

    run: RunInfo
    nonce: str
    lease: float
    most_runs: int | None


class Claimed(NamedTuple):
    """How a claim went: `fresh`, `same` for a run that was there, `lapsed` for another's lease,
    `gone` for a run that no longer waits. `stop`: somebody asks it to stop.
    """

    how: Literal["fresh", "same", "lapsed", "gone"]
    run: RunInfo
    start: Cursor
    token: int = 0
    known: frozenset[str] = frozenset()
    stop: bool = False


class Addition(NamedTuple):
    """Events for the end of a log, which reaches to `expected` as far as its writer knows."""

    thread_id: str
    token: int
    expected: int
    run_id: str
    records: int
    events: bytes
    run_bytes: int
    log_bytes: int | None


class MessageText(NamedTuple):
    """What a message says, and its place in its agent's conversation."""

    id: str
    role: str
    position: int
    text: str | None


class Saving(NamedTuple):
    """A state to save, as it is stored."""

    agent: str
    payload: bytes
    schema_version: int
    saved: float
    nonce: str


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a run. `lost`: not its holder ends it, but somebody who found its lease lapsed."""

    run: RunInfo
    token: int
    expected: int
    nonce: str
    count: int
    events: bytes
    ids: Collection[str]
    state: Saving | None
    texts: Sequence[MessageText] = ()
    lost: bool = False
