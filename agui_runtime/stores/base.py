"""The three seams that every store implements. Promises only; no behaviour."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

from agui_runtime.core.copies import replace
from agui_runtime.core.events import Cursor, Event, Message, RunInfo, ThreadInfo
from agui_runtime.core.figures import RunFigures
from agui_runtime.stores.shared.batch import Batch as Batch


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to append to a thread, held by one run at a time.

    `start` is the cursor just before the run's first record. `known` are the ids of the messages
    that the thread held before the run. `token` fences: a store refuses a lease that it replaced.
    `renew_every` is the number of seconds between renewals, None where a lease cannot lapse.
    `fresh` is False when the claim met the very same run: it may be read, but not written.
    """

    run: RunInfo
    token: int
    start: Cursor
    known: Set[str] = frozenset()
    renew_every: float | None = None
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class AgentState:
    """What `<threadId, agentName>` keeps: the agent's state, and the messages of the thread as it
    left them. `schema_version` is that of the state's schema, 1 where it has none. `replaced` are
    digests of those states, as pages may hold them, that it replaced by hand since the last run.
    """

    state: Any = None
    messages: Sequence[Message] = ()
    version: int = 0
    saved_at: float = 0.0
    schema_version: int = 1
    replaced: Sequence[str] = ()


class StateKey(NamedTuple):
    """What a saved state is found by."""

    thread_id: str
    agent: str


@dataclass(frozen=True, slots=True)
class ThreadQuery:
    """Which of an owner's threads, and how many from where on: those of these `agents`, of all if
    there are none; `cursor` is the one of the page before. With `search`, those whose name or
    messages have that text in them, which only SQL stores can find.
    """

    agents: Collection[str] = ()
    include_archived: bool = False
    limit: int = 50
    cursor: str | None = None
    search: str | None = None

    def matches(self, thread: ThreadInfo) -> bool:
        """Whether the thread is listed, on whichever page."""
        of_agents = not self.agents or thread.agent in self.agents
        return of_agents and (self.include_archived or not thread.archived)


ALL_THREADS = ThreadQuery()


@dataclass(frozen=True, slots=True)
class Page:
    """A page of threads, newest first; `next_cursor` is None on the last one."""

    threads: Sequence[ThreadInfo] = ()
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended: its last events, its status and time, and what it leaves behind; of
    `message_ids` the thread did not know before, and the run took the `figures`.
    """

    events: Sequence[Event]
    status: str
    ended_at: float
    message_ids: frozenset[str] = frozenset()
    state: AgentState | None = None
    figures: RunFigures | None = None

    def of(self, run: RunInfo) -> RunInfo:
        """The run as it is stored when it has ended so."""
        return replace(run, status=self.status, ended_at=self.ended_at, figures=self.figures)


class RunLog(Protocol):
    """The log of each thread: one writer at a time, any number of readers."""

    async def claim(self, run: RunInfo, on_stop: Callable[[], None]) -> Lease:
        """Make `run` the one that writes its thread; creates the thread for `run.owner` if it is
        new.

        A run with the id and (non-empty) fingerprint of the thread's live or latest run is that
        run: the lease is not `fresh`. `on_stop` is called in the caller's event loop, at most once,
        when somebody asks the run to stop. Raises ThreadNotFound if the thread has another owner,
        and Busy if another run holds it.
        """

    def keep(self, lease: Lease, on_lost: Callable[[], None]) -> AbstractContextManager[None]:
        """Keep the lease alive while the block runs, however busy the event loop is; what is left
        of it afterwards is given up. Raises OwnerLost if it is not held.

        `on_lost` is called in the caller's event loop, at most once: when the lease was replaced,
        or could not be renewed for as long as it lasts. Readers in this process are then given
        OwnerLost, unless they can read how the run was ended.
        """

    def append(self, lease: Lease, events: Sequence[Event]) -> Awaitable[None]:
        """Number, save and show the events to all readers in one step: all of them or none.

        What was acknowledged is stored. Completes even if the caller is cancelled meanwhile.
        Raises OwnerLost if the lease was replaced.
        """

    async def release(self, lease: Lease, end: RunEnd) -> None:
        """Append the last events, save the state and free the thread, in one step.

        A reader that saw the terminal event may therefore start the next run at once. Raises
        OwnerLost if the lease was replaced.
        """

    def follow(self, thread_id: str, after: Cursor | None) -> AsyncGenerator[Batch, None]:
        """Every record after the cursor (None: from the start), once, in order, then live, without
        end.

        Raises Gone when the records after the cursor are no longer there, ThreadNotFound when the
        thread is deleted or unknown. The iterator must be closed (`aclosing`).
        """

    async def end(self, thread_id: str) -> Cursor:
        """The cursor of the thread's newest record; `seq` 0 before the first. Raises
        ThreadNotFound.
        """

    async def active(self, thread_id: str) -> RunInfo | None:
        """The run that writes the thread now; None when it is idle or unknown."""

    async def ask_stop(self, thread_id: str, run_id: str | None = None) -> bool:
        """Ask the live run (or only that one) to stop, without waiting; False if it is idle."""

    async def wait_idle(self, thread_id: str) -> None:
        """Return when no run holds the thread; at once if none does."""


class StateStore(Protocol):
    """State and messages by `<threadId, agentName>`."""

    async def load(self, thread_id: str, agent: str) -> AgentState | None:
        """What was last saved, or None; raises StateUnreadable for what is damaged."""

    async def save(
        self, thread_id: str, agent: str, saved: AgentState, expected_version: int | None = None
    ) -> int:
        """Store and return the new version; raises Conflict if `expected_version` is not the
        current one.

        None overwrites whatever is there; 0 expects that there is nothing yet. Raises TooLarge.
        """

    async def delete(self, thread_id: str, agent: str | None = None) -> None:
        """Forget one agent's state, or all of the thread's."""

    def keys(self, thread_id: str | None = None) -> AsyncGenerator[StateKey, None]:
        """Every state there is, or the thread's, once; later ones may be missing. Close it."""


class ThreadIndex(Protocol):
    """The threads of an owner and the runs of a thread."""

    async def get(self, thread_id: str) -> ThreadInfo | None:
        """The thread, whoever owns it; the caller compares owners."""

    async def obtain(self, thread_id: str, owner: str, agent: str) -> ThreadInfo:
        """The owner's thread, created if it is new; raises ThreadNotFound if another owns it."""

    def ids(self) -> AsyncGenerator[str, None]:
        """Every thread there is, whoever owns it, once and in no order; one that is made meanwhile
        may be missing. Close it (`aclosing`).
        """

    async def list(self, owner: str, query: ThreadQuery = ALL_THREADS) -> Page:
        """The owner's threads that match, most recently updated first; raises InvalidInput for a
        foreign cursor, for a limit below 1, and for a search that this store cannot do.
        """

    async def update(
        self, thread_id: str, *, name: str | None = None, archived: bool | None = None
    ) -> ThreadInfo:
        """Rename or archive; what is None stays. Raises ThreadNotFound."""

    async def delete(self, thread_id: str) -> None:
        """Forget the thread, its log and its states; raises Busy while it runs."""

    async def runs(self, thread_id: str) -> Sequence[RunInfo]:
        """The runs of the thread that the log still holds, oldest first; raises ThreadNotFound."""

    async def runs_of(self, thread_ids: Sequence[str]) -> Mapping[str, Sequence[RunInfo]]:
        """The same of several threads in one look, by their ids, without those that are unknown."""


class Counters(Protocol):
    """Sums that all processes over a store share, for as long as somebody adds to them."""

    async def add(self, key: str, amount: int, seconds: float) -> int:
        """Add to the sum of the key, in one step, and return it. It is forgotten so many seconds
        later, unless more is added. What is added while the connection breaks may count twice.
        """

    async def sums(self, keys: Sequence[str]) -> Sequence[int]:
        """The sum of each key, 0 where nothing was added or it is forgotten."""


class Places(Protocol):
    """What is open at a time in all processes over a store, by scopes: of one caller, of all.

    A place is named by an id of its own. All steps may be repeated. `lease` is the seconds for
    which one is held unless it is renewed, None where it cannot lapse.
    """

    @property
    def lease(self) -> float | None: ...

    async def take(
        self, place: str, limits: Mapping[str, int], seconds: float | None = None
    ) -> str | None:
        """Take it in each of the scopes, where at most so many may be taken; else in none, and
        return the scope that is full. With `seconds` it lapses only then, in every store.
        """

    async def renew(self, held: Mapping[str, Sequence[str]]) -> None:
        """Hold these places, by scopes, for another lease; also such as have lapsed meanwhile."""

    async def free(self, place: str, scopes: Sequence[str]) -> None:
        """Give it back in all of its scopes."""


@runtime_checkable
class Counting(Protocol):
    """A store that counts for all of its processes; over another one each counts for itself."""

    @property
    def counters(self) -> Counters: ...

    @property
    def places(self) -> Places: ...


class Store(Protocol):
    """A backend: the three seams over one connection, opened and closed together."""

    @property
    def log(self) -> RunLog: ...

    @property
    def states(self) -> StateStore: ...

    @property
    def threads(self) -> ThreadIndex: ...

    async def open(self) -> None:
        """Connect; raises StoreUnavailable."""

    async def check(self) -> None:
        """One look whether the store answers now; raises StoreUnavailable."""

    async def close(self) -> None:
        """Let go of connections and tasks; may be called twice."""


@runtime_checkable
class Grouping(Protocol):
    """A store that writes for several runs at once."""

    def watch_commits(self, note: Callable[[int], None]) -> None:
        """Say with each commit, in whichever thread, for how many writes it is."""


@runtime_checkable
class Compacting(Protocol):
    """A store that stores runs in fewer, equal events some time after their end."""

    async def compact(self, thread_id: str) -> int:
        """Do so now with all runs of the thread that have ended; how many. Readers in the middle of
        one are then answered with Gone. Raises Gone and ThreadNotFound.
        """


@runtime_checkable
class Deriving(Protocol):
    """A store that also has what logs say of messages, in which it can search."""

    async def derive(self, thread_id: str) -> bool:
        """Make it anew for a thread that idles; False if there is none."""


@runtime_checkable
class Advising(Protocol):
    """A store that knows what in the set-up of its server or file may lose or refuse something."""

    async def advice(self) -> Sequence[str]:
        """A sentence for each such thing, with what to do; to be called while it is open. Raises
        StoreUnavailable.
        """


@runtime_checkable
class Examinable(Protocol):
    """A store that says before a server starts where it is, or why it cannot be used."""

    @property
    def where(self) -> str:
        """For whoever starts the server; no password."""

    def examine(self) -> None:
        """Raises Misconfigured and StoreUnavailable; nothing stays open. In no event loop."""

    def upgrade(self) -> None:
        """Bring it to this release's schema, where opening it does not; else as `examine`."""
