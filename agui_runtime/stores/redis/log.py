"""`RunLog` over a stream for each thread. Writers hold leases; readers hold cursors.

A write says what it follows upon, so it can be repeated after a broken connection and is stored
once.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from agui_runtime.errors import (
    Busy,
    Gone,
    OwnerLost,
    StateUnreadable,
    StoreFull,
    StoreUnavailable,
    ThreadNotFound,
    TooLarge,
)
from agui_runtime.events import TERMINAL, Cursor, Event, Record, RunInfo, encode
from agui_runtime.stores.base import Batch, Lease, RunEnd
from agui_runtime.stores.redis.codec import (
    archived,
    new_epoch,
    record_of,
    run_json,
    run_of,
    span_of,
)
from agui_runtime.stores.redis.hearing import Hearing
from agui_runtime.stores.redis.index import Index
from agui_runtime.stores.redis.limits import RedisLimits
from agui_runtime.stores.redis.lost import lost_end
from agui_runtime.stores.redis.script import Script
from agui_runtime.stores.redis.states import RedisStateStore

logger = logging.getLogger(__name__)

CHUNK = 256
"""So many records are read at a time."""


@dataclass(slots=True)
class _Held:
    """What this process knows of a lease that it holds: the number of its latest record.

    `turn` keeps writes in order. After a write whose fate is unknown the lease is `broken`: more
    would leave a hole.
    """

    seq: int
    epoch: str
    on_stop: Callable[[], None] | None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    broken: bool = False


class RedisRunLog:
    """`RunLog` for any number of processes."""

    def __init__(
        self,
        script: Script,
        hearing: Hearing,
        index: Index,
        states: RedisStateStore,
        limits: RedisLimits,
        inbox: str,
        now: Callable[[], float],
    ) -> None:
        self._script = script
        self._hearing = hearing
        self._index = index
        self._states = states
        self._limits = limits
        self._inbox = inbox
        self._now = now
        self._held: dict[tuple[str, int], _Held] = {}
        self._writing: set[asyncio.Task[None]] = set()

    async def claim(self, run: RunInfo, on_stop: Callable[[], None]) -> Lease:
        nonce = uuid.uuid4().hex
        await self._index.leased(run.thread_id, self._limits.lease)
        while True:
            how, *told = await self._claim(run, nonce)
            if how == b"ok":
                return await self._granted(run, on_stop, told)
            if how == b"same":
                epoch, start, text = told
                cursor = Cursor(epoch.decode(), int(start))
                return Lease(run_of(text), 0, cursor, fresh=False)
            if how == b"foreign":
                raise ThreadNotFound(run.thread_id)
            if how == b"busy":
                raise Busy(run.thread_id, told[0].decode())
            await self.bury(run.thread_id)

    async def renew(self, lease: Lease) -> None:
        thread_id = lease.run.thread_id
        how, *told = await self._script.step("renew", thread_id, lease.token, self._limits.lease)
        if how != b"ok":
            raise OwnerLost
        with suppress(StoreUnavailable):  # a hint; the lease itself was renewed
            await self._index.leased(thread_id, self._limits.lease)
        if told[0]:  # usually heard before
            self._stop(thread_id, lease.token)

    async def append(self, lease: Lease, events: Sequence[Event]) -> None:
        if events:
            await self._to_its_end(self._append(lease, events))

    async def release(self, lease: Lease, end: RunEnd) -> None:
        await self._to_its_end(self._release(lease, end))

    async def follow(self, thread_id: str, after: Cursor | None) -> AsyncGenerator[Batch, None]:
        with self._hearing.tail(self._script.channel(thread_id)) as tail:
            position = after
            while True:
                seen = tail.changes
                batch = tail.since(position) if position else None
                if batch is None:
                    batch = await self._read(thread_id, position)
                position = batch.cursor
                if batch.records:
                    yield batch
                else:
                    await tail.changed(seen)

    async def end(self, thread_id: str) -> Cursor:
        how, pairs = await self._script.step("info", thread_id)
        if how != b"ok":
            raise ThreadNotFound(thread_id)
        meta = dict(zip(pairs[::2], pairs[1::2], strict=True))
        return Cursor(meta[b"epoch"].decode(), int(meta[b"seq"]))

    async def active(self, thread_id: str) -> RunInfo | None:
        how, *told = await self._script.step("inspect", thread_id)
        return None if how == b"idle" else span_of(told[-1]).run

    async def ask_stop(self, thread_id: str, run_id: str | None = None) -> bool:
        how, *_ = await self._script.step("stop", thread_id, run_id or "")
        return bool(how == b"ok")

    async def wait_idle(self, thread_id: str) -> None:
        with self._hearing.tail(self._script.channel(thread_id)) as tail:
            while True:
                seen = tail.changes
                latest = tail.latest
                runs_on = latest is not None and latest.event["type"] not in TERMINAL
                if not runs_on and await self.active(thread_id) is None:
                    return
                await tail.changed(seen)

    async def bury(self, thread_id: str) -> None:
        """End the thread's run if its lease has lapsed; somebody else may do so at the moment.

        Nothing is done if the run writes meanwhile: its process lives, and is late.
        """
        how, *told = await self._script.step("inspect", thread_id)
        if how == b"idle":
            await self._index.freed(thread_id)
        if how != b"lapsed":
            return
        token, epoch, seq, item = told
        first, run = span_of(item)
        held = _Held(int(seq), epoch.decode(), None)
        events = [record.event for record in await self._records(run, held, first)]
        try:
            saved = await self._states.load(thread_id, run.agent)
        except StateUnreadable:
            saved = None  # what the run left replaces it
        lease = Lease(run, int(token), Cursor(held.epoch, first - 1))
        end = lost_end(run, events, saved, self._now())
        if await self._write_end(lease, held, end, lost=True):
            logger.error("ended run %s of thread %s: its process is gone", run.run_id, thread_id)

    def heard(self, payload: bytes) -> None:
        """Somebody asks a run of this process to stop."""
        channel, _, token = payload.decode().rpartition("\n")
        for (thread_id, number), _held in list(self._held.items()):
            if str(number) == token and self._script.channel(thread_id) == channel:
                self._stop(thread_id, number)

    async def records(self, thread_id: str, epoch: str, first: int, last: int) -> list[Record]:
        """These records; raises Gone if they are no longer there."""
        found: list[Record] = []
        position = Cursor(epoch, first - 1)
        while position.seq < last:
            batch = await self._read(thread_id, position)
            found += batch.records
            position = batch.cursor
        return [record for record in found if record.seq <= last]

    async def _claim(self, run: RunInfo, nonce: str) -> list[Any]:
        return await self._script.step(
            "claim",
            run.thread_id,
            *(run.owner, run.agent, new_epoch(), nonce, run.run_id, run.fingerprint),
            *(run_json(run), self._limits.lease, self._inbox, self._limits.runs_per_thread),
        )

    async def _granted(
        self, run: RunInfo, on_stop: Callable[[], None], told: Sequence[Any]
    ) -> Lease:
        epoch, seq, token, known, updated = told
        start = Cursor(epoch.decode(), int(seq))
        self._held[run.thread_id, int(token)] = _Held(start.seq, start.epoch, on_stop)
        self._hearing.speaks(self._script.channel(run.thread_id))
        await self._index.touched(run.owner, run.thread_id, float(updated))
        ids = frozenset(each.decode() for each in known)
        return Lease(run, int(token), start, ids, self._limits.lease / 3)

    async def _append(self, lease: Lease, events: Sequence[Event]) -> None:
        held = self._holding(lease)
        run = lease.run
        async with held.turn:
            if held.broken:
                raise OwnerLost
            held.broken = True  # until it is known that it is not
            try:
                how, *_ = await self._script.step(
                    "append",
                    run.thread_id,
                    *(lease.token, held.seq, new_epoch(), run.run_id, self._limits.log_bytes),
                    *(encode(event) for event in events),
                )
            except StoreFull:
                held.broken = False
                raise
            if how in (b"lost", b"moved"):
                raise OwnerLost
            held.broken = False
            self._told(run, held, events)
        if how == b"too_large":
            raise TooLarge(f"the run's log exceeds {self._limits.log_bytes} bytes")

    async def _release(self, lease: Lease, end: RunEnd) -> None:
        held = self._holding(lease)
        try:
            async with held.turn:
                if held.broken:
                    await self._give_up(lease)
                if held.broken or not await self._write_end(lease, held, end):
                    raise OwnerLost
        finally:
            self._forget(lease)

    async def _give_up(self, lease: Lease) -> None:
        """End the run from what is stored of it, as if this process were gone."""
        await self._script.step("renew", lease.run.thread_id, lease.token, -1)
        await self.bury(lease.run.thread_id)

    async def _write_end(
        self, lease: Lease, held: _Held, end: RunEnd, *, lost: bool = False
    ) -> bool:
        run = replace(lease.run, status=end.status, ended_at=end.ended_at)
        state = b"" if end.state is None else self._states.encoded(end.state, end.ended_at)
        how, *told = await self._script.step(
            "release",
            run.thread_id,
            *(lease.token, held.seq, new_epoch(), uuid.uuid4().hex, "1" if lost else "0"),
            *(run.run_id, run_json(run), run.agent, state, len(end.message_ids)),
            *end.message_ids,
            *(encode(event) for event in end.events),
        )
        if how != b"ok":
            return False
        self._told(run, held, end.events)
        try:
            await self._index.freed(run.thread_id)
            await self._index.touched(run.owner, run.thread_id, float(told[0]))
            await self._index.finished(run.thread_id, self._limits.compact_after)
        except StoreUnavailable:
            logger.warning("the index of thread %s is stale for now", run.thread_id)
        return True

    def _told(self, run: RunInfo, held: _Held, events: Sequence[Event]) -> None:
        channel = self._script.channel(run.thread_id)
        self._hearing.told(channel, held.epoch, held.seq + 1, run.run_id, events)
        held.seq += len(events)

    async def _read(self, thread_id: str, after: Cursor | None) -> Batch:
        known, seq = ("", "") if after is None else (after.epoch, str(after.seq))
        how, *told = await self._script.step("read", thread_id, known, seq, CHUNK)
        if how == b"unknown":
            raise ThreadNotFound(thread_id)
        if how == b"gone":
            raise Gone
        epoch, position, found = told
        records = archived(found) if how == b"run" else [record_of(entry) for entry in found]
        latest = records[-1].seq if records else int(position)
        return Batch(records, Cursor(epoch.decode(), latest))

    async def _records(self, run: RunInfo, held: _Held, first: int) -> list[Record]:
        try:
            return await self.records(run.thread_id, held.epoch, first, held.seq)
        except Gone:
            logger.error("the records of run %s are gone from the store", run.run_id)
            return []

    def _holding(self, lease: Lease) -> _Held:
        held = self._held.get((lease.run.thread_id, lease.token))
        if held is None:
            raise OwnerLost
        return held

    def _forget(self, lease: Lease) -> None:
        self._held.pop((lease.run.thread_id, lease.token), None)
        self._hearing.is_silent(self._script.channel(lease.run.thread_id))

    def _stop(self, thread_id: str, token: int) -> None:
        held = self._held.get((thread_id, token))
        if held is not None and held.on_stop is not None:
            on_stop, held.on_stop = held.on_stop, None
            on_stop()

    async def _to_its_end(self, writing: Coroutine[Any, Any, None]) -> None:
        """A write is carried out whole also if its caller is cancelled; later ones wait for it."""
        task = asyncio.create_task(writing)
        self._writing.add(task)
        task.add_done_callback(self._written)
        await asyncio.shield(task)

    def _written(self, task: asyncio.Task[None]) -> None:
        self._writing.discard(task)
        if not task.cancelled():
            task.exception()  # its caller was told, unless it has gone
