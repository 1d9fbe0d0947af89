"""`RunLog` over tables. Writers hold leases; readers hold cursors.

A write says what it follows upon, so it can be repeated after a broken connection and is stored
once.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from agui_runtime.core.errors import StoreFull
from agui_runtime.core.events import Cursor, Event, RunInfo, encode
from agui_runtime.off_loop import SLICE, is_much, unless_long
from agui_runtime.stores.base import Lease, RunEnd
from agui_runtime.stores.shared.leased_log import LeasedLog, LogParts
from agui_runtime.stores.shared.leases import Held
from agui_runtime.stores.shared.renewal import RENEWALS, elapsed
from agui_runtime.stores.shared.verdicts import Settle
from agui_runtime.stores.sql import reads, states, writes
from agui_runtime.stores.sql.backend import Backend
from agui_runtime.stores.sql.messages import texts_of
from agui_runtime.stores.sql.retention import Retention
from agui_runtime.stores.sql.rows import events_text
from agui_runtime.stores.sql.step import Addition, Claim, Claimed, Ending, Step, Thread

logger = logging.getLogger(__name__)


LARGEST = 2**63 - 1
"""The largest number in a database; a limit beyond it is none."""

NO_ROOM = "no room for the texts of run %s's messages: `agui-runtime db rebuild` writes them later"


class SqlRunLog(LeasedLog):
    """`RunLog` for any number of processes."""

    def __init__(self, parts: LogParts, backend: Backend, retention: Retention) -> None:
        limits = retention.limits
        self._log_bytes = None if limits.log_bytes is None else min(limits.log_bytes, LARGEST)
        super().__init__(parts, min(limits.run_bytes, self._log_bytes or LARGEST))
        self._backend = backend
        self._retention = retention
        self._limits = limits

    async def claim(self, run: RunInfo, on_stop: Callable[[], None]) -> Lease:
        limits, nonce = self._limits, uuid.uuid4().hex
        owner = (run.thread_id, run.owner, run.agent)
        while True:
            begun_at = elapsed()
            thread = Thread(*owner, self._retention.oldest())
            claim = Claim(run, nonce, limits.lease, limits.runs_per_thread)
            claimed = await self.claimed(partial(writes.claim, thread, claim), thread.id)
            if claimed.how == "lapsed":
                await self.end_lost_run(run.thread_id)
            elif claimed.how == "same":
                return Lease(claimed.run, 0, claimed.start, fresh=False)
            elif elapsed() - begun_at <= limits.lease / 2:
                return self.granted(claimed, on_stop, begun_at)
            # It took a while: the same claim again is worth a whole lease.

    async def ask_stop(self, thread_id: str, run_id: str | None = None) -> bool:
        token = await self._backend.write_urgently(partial(writes.ask_stop, thread_id, run_id))
        if token is not None:
            self._leases.stop(thread_id, token)
            self._backend.send_stop(thread_id, token)
        return token is not None

    async def end_lost_run(self, thread_id: str, failure: Event | None = None) -> bool:
        live = await self._backend.read(partial(reads.live, thread_id))
        if live is None or live.how != "lapsed":
            return False
        run, held = live.run, Held(live.end.seq, live.end.epoch)
        lease = Lease(run, live.token, Cursor(held.epoch, live.first - 1))
        return await self._end_lost(lease, held, failure)

    async def claimed(self, step: Callable[[], Step[Claimed]], news: str | None = None) -> Claimed:
        """What a step makes of it that gives a thread to its caller; what is granted to one who has
        gone meanwhile is given up.
        """
        writing = self._backend.write(step, news)
        try:
            return await asyncio.shield(writing)
        except asyncio.CancelledError:
            writing.add_done_callback(self._give_back)
            raise

    def granted(self, claimed: Claimed, on_stop: Callable[[], None], begun_at: float) -> Lease:
        """The lease of what was claimed, as of a time of the renewal's clock."""
        run, start, limits = claimed.run, claimed.start, self._limits
        held = Held(start.seq, start.epoch, on_stop, begun_at + limits.lease)
        self._leases.add(run.thread_id, claimed.token, held)
        return Lease(run, claimed.token, start, claimed.known, limits.lease / RENEWALS)

    def _give_back(self, writing: asyncio.Future[Claimed]) -> None:
        if not writing.cancelled() and writing.exception() is None:
            claimed = writing.result()
            if claimed.how == "fresh":
                gone = partial(writes.give_up, claimed.run.thread_id, claimed.token)
                self._backend.write_urgently(gone).add_done_callback(_ignored)

    def _store(self, lease: Lease, held: Held, events: Sequence[Event], settle: Settle) -> None:
        self._backend.append(self._addition(lease, held.seq, events), settle)

    def _addition(self, lease: Lease, expected: int, events: Sequence[Event]) -> Addition:
        return Addition(
            thread_id=lease.run.thread_id,
            token=lease.token,
            expected=expected,
            run_id=lease.run.run_id,
            records=len(events),
            events=events_text([encode(event) for event in events]),
            run_bytes=self._most_bytes,
            log_bytes=self._log_bytes,
        )

    async def _lapse(self, lease: Lease) -> None:
        gone = partial(writes.give_up, lease.run.thread_id, lease.token)
        await self._backend.write_urgently(gone)

    async def _write_end(
        self, lease: Lease, held: Held, end: RunEnd, *, lost: bool = False
    ) -> bool:
        run = end.of(lease.run)
        messages = end.state.messages if end.state and not held.full else ()
        long = len(messages) > SLICE or is_much(messages)
        if held.full:
            logger.warning(NO_ROOM, run.run_id)
        ending = Ending(
            run=run,
            token=lease.token,
            expected=held.seq,
            nonce=uuid.uuid4().hex,
            count=len(end.events),
            events=events_text([encode(event) for event in end.events]),
            ids=end.message_ids,
            state=await states.ending(run.agent, end),
            texts=await unless_long(long, texts_of, messages),
            lost=lost,
        )
        if not await self._released(ending):
            return False
        self._leases.written(run, held, end.events)
        self._leases.remove(lease)  # before it waits again: from now on it can be deleted
        return True

    async def _released(self, ending: Ending) -> bool:
        """Where there is no room for the texts of messages, the run ends without these."""
        run = ending.run
        try:
            return await self._backend.write_urgently(
                partial(writes.release, ending), run.thread_id
            )
        except StoreFull:
            if not ending.texts:
                raise
        less = partial(writes.release, replace(ending, texts=()))
        ended = await self._backend.write_urgently(less, run.thread_id)
        logger.warning(NO_ROOM, run.run_id)
        return ended


def _ignored(future: asyncio.Future[Any]) -> None:
    """Whoever asked for it was given what came of it, unless it has gone."""
    if not future.cancelled():
        future.exception()
