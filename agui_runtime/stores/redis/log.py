"""`RunLog` over a stream for each thread. Writers hold leases; readers hold cursors.

Every write names the record that it must follow, so that a retry after a lost connection is stored
once.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from agui_runtime.core.errors import (
    Busy,
    StoreUnavailable,
    ThreadNotFound,
)
from agui_runtime.core.events import Cursor, Event, RunInfo, encode
from agui_runtime.stores.base import Lease, RunEnd
from agui_runtime.stores.jobs import Posted
from agui_runtime.stores.redis.codec import Answer, span_of
from agui_runtime.stores.redis.parts import RedisParts
from agui_runtime.stores.redis.pipe import Word
from agui_runtime.stores.shared.codec import ending_state, new_epoch, run_json, run_of
from agui_runtime.stores.shared.leased_log import LeasedLog, LogParts
from agui_runtime.stores.shared.leases import Held
from agui_runtime.stores.shared.renewal import RENEWALS, elapsed
from agui_runtime.stores.shared.verdicts import Settle, Verdict

logger = logging.getLogger(__name__)

STORED: Mapping[bytes, Verdict] = {b"ok": "ok", b"done": "done", b"too_large": "too_large"}
REFUSED: Mapping[bytes, Verdict] = {b"lost": "lost", b"moved": "moved"}
"""Verdicts, as the script words them."""

LOOK_AGAIN = 30.0
"""Seconds after which it is seen again at the latest whether a lease has lapsed, if it has not."""


class RedisRunLog(LeasedLog):
    """`RunLog` for any number of processes."""

    def __init__(self, parts: LogParts, redis: RedisParts) -> None:
        super().__init__(parts, redis.limits.log_bytes)
        self._script, self._index, self._queues, self._limits, self._inbox = redis

    async def claim(self, run: RunInfo, on_stop: Callable[[], None]) -> Lease:
        nonce = uuid.uuid4().hex
        await self._index.claiming(run.thread_id, self._limits.lease)
        while True:
            begun_at = elapsed()
            how, *found = await self._claim(run, nonce)
            if how == b"ok":
                if elapsed() - begun_at > self._limits.lease / 2:
                    continue  # it took a while: the same claim again is worth a whole lease
                return await self._granted(run, on_stop, begun_at, found)
            if (same := already(run, how, found)) is not None:
                return Lease(same.run, 0, same.start, fresh=False)
            await self.end_lost_run(run.thread_id)

    async def ask_stop(self, thread_id: str, run_id: str | None = None) -> bool:
        how, *_ = await self._script.step("stop", thread_id, run_id or "")
        return bool(how == b"ok")

    async def end_lost_run(self, thread_id: str, failure: Event | None = None) -> bool:
        how, *found = await self._script.step("inspect", thread_id)
        if how == b"idle":
            await self._index.freed(thread_id, float(found[0]), self._limits.lease)
        elif how == b"held":
            again = min(float(found[3]), LOOK_AGAIN)
            await self._index.held(thread_id, again)
        if how != b"lapsed":
            return False
        token, epoch, seq, _, item = found
        first, run = span_of(item)
        held = Held(int(seq), epoch.decode())
        lease = Lease(run, int(token), Cursor(held.epoch, first - 1))
        return await self._end_lost(lease, held, failure)

    async def _claim(self, run: RunInfo, nonce: str) -> list[Answer]:
        return await self._script.step(
            "claim",
            run.thread_id,
            *(run.owner, run.agent, new_epoch(), nonce, run.run_id, run.fingerprint),
            *(run_json(run), self._limits.lease, self._inbox, self._limits.runs_per_thread),
        )

    async def _granted(
        self, run: RunInfo, on_stop: Callable[[], None], begun_at: float, found: Sequence[Answer]
    ) -> Lease:
        epoch, seq, token, known, updated = found
        start = Cursor(epoch.decode(), int(seq))
        held = Held(start.seq, start.epoch, on_stop, begun_at + self._limits.lease)
        self._leases.add(run.thread_id, int(token), held)
        # The run before may have taken out what was noted before the claim.
        await self._index.leased(run.thread_id, self._limits.lease)
        await self._index.touched(run.owner, run.thread_id, float(updated))
        ids = frozenset(each.decode() for each in known)
        return Lease(run, int(token), start, ids, self._limits.lease / RENEWALS)

    def _store(self, lease: Lease, held: Held, events: Sequence[Event], settle: Settle) -> None:
        run = lease.run
        about = (lease.token, held.spare_epoch, run.run_id, self._most_bytes)
        given: Sequence[Word] = (held.seq, *[encode(event) for event in events])
        reply = self._script.ask_append(run.thread_id, about, *given)
        reply.add_done_callback(partial(self._answered, lease, (*about, *given), settle))

    def _answered(
        self, lease: Lease, given: Sequence[Word], settle: Settle, reply: asyncio.Future[Answer]
    ) -> None:
        stored = reply.exception() is None and STORED.get(reply.result())
        if stored:
            settle(stored)
        else:
            self._writes.begin(self._insist(lease, given, settle, reply))

    async def _insist(
        self, lease: Lease, given: Sequence[Word], settle: Settle, first: asyncio.Future[Answer]
    ) -> None:
        """What was asked first is not stored, or nobody knows: ask again where that may help."""
        try:
            how = await self._script.append(lease.run.thread_id, *given, first=first)
            if how in REFUSED:
                await self._give_up(lease)
            verdict = STORED.get(how) or REFUSED[how]
        except Exception as error:  # noqa: BLE001  # a foreign SDK: nobody may wait for ever
            settle(error)
        else:
            settle(verdict)

    async def _give_up(self, lease: Lease) -> None:
        """A server that forgot that the run was adopted is to offer it to nobody again."""
        with suppress(StoreUnavailable):
            await self._lapse(lease)

    async def _lapse(self, lease: Lease) -> None:
        await self._script.step("renew", lease.run.thread_id, lease.token, -1)

    async def _write_end(
        self, lease: Lease, held: Held, end: RunEnd, *, lost: bool = False
    ) -> bool:
        run = end.of(lease.run)
        state = b"" if end.state is None else await ending_state(end.state, end.ended_at)
        how, *found = await self._script.step(
            "release",
            run.thread_id,
            *(lease.token, held.seq, new_epoch(), uuid.uuid4().hex, "1" if lost else "0"),
            *(run.run_id, run_json(run), run.agent, state, len(end.message_ids)),
            *end.message_ids,
            *(encode(event) for event in end.events),
        )
        if how != b"ok":
            if not lost:
                await self._give_up(lease)
            return False
        self._leases.written(run, held, end.events)
        self._leases.remove(lease)  # before it waits again: from now on it can be deleted
        try:
            await self._index.freed(run.thread_id, float(found[0]), self._limits.lease)
            await self._index.touched(run.owner, run.thread_id, float(found[0]))
            await self._index.finished(run.thread_id, self._limits.compact_after)
            if queue := found[1].decode():
                await self._queues.remove(queue, (run.thread_id, run.run_id))
                await self._script.job_step("taken", run.thread_id, "")
        except StoreUnavailable:
            logger.warning("the index of thread %s is stale for now", run.thread_id)
        return True


def already(run: RunInfo, how: bytes, found: Sequence[Answer]) -> Posted | None:
    """The very same run, if a claim met that; raises ThreadNotFound and Busy. None if the claim met
    one whose lease has lapsed.
    """
    if how == b"same":
        epoch, start, text = found
        return Posted(run_of(text), Cursor(epoch.decode(), int(start)), fresh=False)
    if how == b"foreign":
        raise ThreadNotFound(run.thread_id)
    if how == b"busy":
        raise Busy(run.thread_id, found[0].decode())
    return None
