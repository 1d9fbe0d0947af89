"""The threads of a caller: list, look into, rename, archive, delete. It starts no runs.

A thread of somebody else is as unknown as one that does not exist, and nobody can tell which it is.
What may be done with one's own is for `Permissions` to say; all here may raise Forbidden.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace

from agui_runtime.agents.agent import ForgetsThreads
from agui_runtime.core.access import Access, Resource
from agui_runtime.core.errors import Busy, Gone, StateUnreadable, ThreadNotFound
from agui_runtime.core.events import TERMINAL, Caller, Cursor, Record, RunInfo, ThreadInfo
from agui_runtime.core.outcomes import Outcomes
from agui_runtime.core.totals import UsageBy
from agui_runtime.off_loop import LONG_LIST, unless_long
from agui_runtime.runtime.edits import alone, before_end
from agui_runtime.runtime.forgotten import dropped_before, stand_in
from agui_runtime.runtime.owned_memory import OwnedMemory
from agui_runtime.runtime.permissions import Permissions
from agui_runtime.runtime.saved_states import SavedStates
from agui_runtime.runtime.usage import outcomes_in
from agui_runtime.stores.base import AgentState, Batch, Page, Store, ThreadQuery

AT_ONCE = 500
"""Of so many threads the runs are looked up at a time."""


class Threads:
    """What a caller may see and change of the store's threads."""

    def __init__(
        self,
        store: Store,
        permissions: Permissions,
        saved_states: SavedStates,
        aliases: Mapping[str, str],
        actions: Sequence[object] = (),
        *,
        memory: OwnedMemory,
    ) -> None:
        self._store = store
        self._permissions = permissions
        self._saved_states = saved_states
        self._aliases = aliases
        self._memory = memory
        self._forgetful = [each for each in actions if isinstance(each, ForgetsThreads)]

    async def get(self, thread_id: str, caller: Caller, access: Access = "read") -> ThreadInfo:
        """The caller's thread, to do that with it; raises ThreadNotFound and Forbidden."""
        thread = await self.find(thread_id, caller, access)
        if thread is None:
            raise ThreadNotFound(thread_id)
        return thread

    async def find(
        self, thread_id: str, caller: Caller, access: Access = "read"
    ) -> ThreadInfo | None:
        """The caller's thread, to do that with it; None if it does not exist, or is somebody
        else's. Raises Forbidden.
        """
        thread = await self._store.threads.get(thread_id)
        if thread is None or thread.owner != caller.owner:
            return None
        await self._permissions.check(caller, access, Resource(thread.agent, thread_id))
        return thread

    async def list(
        self,
        caller: Caller,
        *,
        agent: str | None = None,
        include_archived: bool = False,
        limit: int = 50,
        cursor: str | None = None,
        search: str | None = None,
    ) -> Page:
        """The caller's threads that they may read, most recently updated first; a page may have
        fewer than `limit`. Raises InvalidInput for a foreign cursor, and for a search where the
        store can do none.
        """
        agents = () if agent is None else (agent,)
        query = ThreadQuery(agents, include_archived, limit, cursor, search)
        page = await self._store.threads.list(caller.owner, query)
        return replace(
            page, threads=[each for each in page.threads if await self._may_read(each, caller)]
        )

    async def _may_read(self, thread: ThreadInfo, caller: Caller) -> bool:
        return await self._permissions.allow(
            caller, "read", Resource(thread.agent, thread.thread_id)
        )

    async def update(
        self,
        thread_id: str,
        caller: Caller,
        *,
        name: str | None = None,
        archived: bool | None = None,
    ) -> ThreadInfo:
        """Rename or archive; what is None stays. Raises ThreadNotFound."""
        await self.get(thread_id, caller, "rename")
        return await self._store.threads.update(thread_id, name=name, archived=archived)

    async def delete(self, thread_id: str, caller: Caller, *, memory: bool = False) -> None:
        """Forget the thread with its log, its states, and what actions store of it; raises
        ThreadNotFound, and Busy while it runs.

        With `memory`, what is remembered from it goes first, and raises what
        `OwnedMemory.delete_thread` does: then the thread is still there.
        """
        await self.get(thread_id, caller, "delete")
        if memory:
            await check_idle(self._store, thread_id)
            await self._memory.delete_thread(caller, thread_id)
        await self._store.threads.delete(thread_id)
        for each in self._forgetful:
            await each.forget(caller.owner, thread_id)

    async def outcomes(
        self, caller: Caller, since: float | None, by: UsageBy
    ) -> Sequence[Outcomes]:
        """How the caller's runs ended that `CopilotRuntime.usage` sums up, and how long they took;
        raises the same.
        """
        await self._permissions.check(caller, "usage", Resource())
        return await outcomes_in(self._store, caller.owner, since, by, self._aliases)

    async def runs(
        self, thread_id: str, caller: Caller, access: Access = "read"
    ) -> Sequence[RunInfo]:
        """The runs that the log still holds, oldest first; raises ThreadNotFound."""
        await self.get(thread_id, caller, access)
        return await self._store.threads.runs(thread_id)

    async def all_runs(self, caller: Caller) -> AsyncGenerator[Sequence[RunInfo], None]:
        """The same of each thread that the caller may read, archived ones too, the most recently
        updated first. Close it (`aclosing`).
        """
        cursor = None
        while True:
            page = await self.list(caller, include_archived=True, limit=AT_ONCE, cursor=cursor)
            ids = [each.thread_id for each in page.threads]
            found = await self._store.threads.runs_of(ids)
            for each in ids:
                yield found.get(each, ())
            cursor = page.next_cursor
            if cursor is None:
                return

    async def read(
        self, thread_id: str, caller: Caller, upto: Cursor | None = None
    ) -> Sequence[Record]:
        """The records up to the cursor, or all that there are now; raises ThreadNotFound and Gone.

        Of runs that the store has dropped to make room, the messages stand at the start.
        """
        await self.get(thread_id, caller)
        end = await self._store.log.end(thread_id)
        if upto is not None and (upto.epoch != end.epoch or upto.seq > end.seq):
            raise Gone
        last = end.seq if upto is None else upto.seq
        async with aclosing(self.so_far(thread_id, caller)) as batches:
            found = [each async for batch in batches for each in batch.records if each.seq <= last]
        return [*await self._forgotten(thread_id, found), *found]

    async def end(self, thread_id: str, caller: Caller) -> Cursor:
        """The place behind all that there is now; raises ThreadNotFound."""
        await self.get(thread_id, caller)
        return await self._store.log.end(thread_id)

    async def dropped(self, thread_id: str, caller: Caller) -> int:
        """How many of its records the store has dropped to make room; raises ThreadNotFound."""
        async with aclosing(self.so_far(thread_id, caller)) as batches:
            async for batch in batches:
                return dropped_before(batch.records)
        return 0

    async def follow(
        self, thread_id: str, caller: Caller, after: Cursor | None = None
    ) -> AsyncGenerator[Batch, None]:
        """Every record after the cursor, then live, without end; raises ThreadNotFound and Gone."""
        thread = await self.get(thread_id, caller)
        async with aclosing(self._open(thread, caller, after)) as batches:
            async for batch in batches:
                yield batch
                del batch  # it may be a whole thread, and the wait for more long

    def _open(
        self, thread: ThreadInfo, caller: Caller, after: Cursor | None
    ) -> AsyncGenerator[Batch, None]:
        """Its log after the cursor, as long as the caller may read it."""
        batches = self._store.log.follow(thread.thread_id, after)
        here = Resource(thread.agent, thread.thread_id)
        return self._permissions.open(batches, caller, "read", here)

    async def so_far(
        self, thread_id: str, caller: Caller, after: Cursor | None = None
    ) -> AsyncGenerator[Batch, None]:
        """Every record after the cursor that there is by now; waits for none.

        Raises ThreadNotFound and Gone. Close it (`aclosing`).
        """
        await self.get(thread_id, caller)
        end = await self._store.log.end(thread_id)
        if end in (after, Cursor(end.epoch, 0)):
            return
        async with aclosing(self._store.log.follow(thread_id, after)) as batches:
            async for batch in batches:
                yield _up_to(batch, end, live=False)
                if batch.cursor.seq >= end.seq:
                    return

    async def connect(
        self,
        thread_id: str,
        caller: Caller,
        after: Cursor | None = None,
        *,
        agent: str | None = None,
    ) -> AsyncGenerator[Batch, None]:
        """Every record after the cursor, up to now or, while a run is live, up to its end. From the
        start, the messages of runs that the store has dropped come first, and a state of the agent
        (None: the thread's own) that was saved by hand since its last run comes last.

        Raises ThreadNotFound and Gone. Close it (`aclosing`).
        """
        thread = await self.get(thread_id, caller)
        end, live = await self._now(thread_id)
        whole = after is None and not live
        edit = await self.edit(thread, caller, agent) if whole else None
        if not live and end in (after, Cursor(end.epoch, 0)):
            if edit is not None:
                yield alone(thread_id, end, edit.state)
            return
        async with aclosing(self._open(thread, caller, after)) as batches:
            begun = after is not None
            async for batch in batches:
                if not begun and (gone := await self._forgotten(thread_id, batch.records)):
                    yield Batch(gone, Cursor(batch.cursor.epoch, gone[-1].seq))
                    del gone
                begun = True
                shown = _up_to(batch, end, live)
                yield shown if edit is None else before_end(shown, end, edit.state)
                if shown is not batch or (not live and batch.cursor.seq >= end.seq):
                    return
                del batch, shown  # as in `follow`

    async def edit(
        self, thread: ThreadInfo, caller: Caller, agent: str | None = None
    ) -> AgentState | None:
        """The state of the agent (None: the thread's own) that was saved by hand since its last run
        began, and that the log therefore does not know.
        """
        return await self._saved_states.edit(thread, agent or thread.agent, caller)

    async def _forgotten(self, thread_id: str, first: Sequence[Record]) -> Sequence[Record]:
        """What stands for the records before the first ones that there are; see `stand_in`."""
        if not dropped_before(first):
            return ()
        states = await self._states(thread_id)
        return await unless_long(len(first) > LONG_LIST, stand_in, thread_id, first, states)

    async def _states(self, thread_id: str) -> Sequence[AgentState]:
        """The saved states of the thread's agents, but for those that cannot be read."""
        found: list[AgentState] = []
        async with aclosing(self._store.states.keys(thread_id)) as keys:
            async for key in keys:
                with suppress(StateUnreadable):  # it is reported to whoever asks for that state
                    saved = await self._store.states.load(thread_id, key.agent)
                    found += [saved] if saved else []
        return found

    async def _now(self, thread_id: str) -> tuple[Cursor, bool]:
        """The end of the log and whether a run is live, whose terminal event then stands behind it.

        A run that ends between the two looks is neither live nor whole: look again.
        """
        log = self._store.log
        while True:
            end = await log.end(thread_id)
            live = await log.active(thread_id) is not None
            if live or end == await log.end(thread_id):
                return end, live


async def check_idle(store: Store, thread_id: str) -> None:
    """Raises Busy while a run is live on the thread."""
    live = await store.log.active(thread_id)
    if live is not None:
        raise Busy(thread_id, live.run_id)


def _up_to(batch: Batch, end: Cursor, live: bool) -> Batch:
    """The batch without what follows the end: of the log as it was, or of the run then live."""
    goes_on = batch.length_of_run is None if live else batch.cursor.seq < end.seq
    if goes_on:  # as nearly always
        return batch
    least = end.seq + 1 if live else end.seq
    for record in batch.records:
        if record.seq >= least and (not live or record.event["type"] in TERMINAL):
            records = batch.records[: batch.records.index(record) + 1]
            return Batch(records, Cursor(end.epoch, record.seq))
    return batch
