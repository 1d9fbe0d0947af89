"""What readers of one thread share: who lags behind a little need not read the log again."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from agui_runtime.core.errors import Gone
from agui_runtime.core.events import Cursor, RunInfo
from agui_runtime.stores.base import Batch
from agui_runtime.stores.shared.reading import LogReader
from agui_runtime.stores.shared.recent_records import WINDOW, RecentRecords
from agui_runtime.stores.shared.tails import Tails
from tests.stores.test_contract import delta


class NoLog:
    """A log in which nothing is found."""

    async def read(self, thread_id: str, after: Cursor | None) -> Batch:
        raise Gone

    async def end(self, thread_id: str) -> Cursor:
        raise Gone

    async def active(self, thread_id: str) -> RunInfo | None:
        return None


async def test_a_reader_that_lags_behind_a_little_finds_all_at_hand_however_long_the_run() -> None:
    tail = RecentRecords("t1")
    for number in range(1, 5 * WINDOW):
        tail.add("e", number, "r1", [delta(number)])
        behind = Cursor("e", max(1, number - WINDOW))
        batch = tail.since(behind)
        assert batch is not None
        assert [record.seq for record in batch.records] == list(range(behind.seq + 1, number + 1))


async def test_whoever_reads_a_run_that_is_written_here_needs_no_look_into_the_log() -> None:
    tails = Tails()
    tails.begin_writing("t1", Cursor("e", 3))
    tails.stored("t1", "e", 4, "r1", [delta(4)])
    async with aclosing(LogReader(NoLog(), tails).follow("t1", Cursor("e", 3))) as batches:
        assert [each.seq for each in (await anext(batches)).records] == [4]
        coming = asyncio.ensure_future(anext(batches))
        await asyncio.sleep(0)
        tails.stored("t1", "e", 5, "r1", [delta(5)])
        assert [each.seq for each in (await coming).records] == [5]
    tails.end_writing("t1")
    assert tails.named("t1") is None


async def test_records_that_a_log_turned_out_to_lack_are_given_to_nobody() -> None:
    tails = Tails()
    tails.begin_writing("t1", Cursor("e", 0))
    tails.stored("t1", "e", 1, "r1", [delta(1)])
    tails.doubt("t1")
    reader = LogReader(NoLog(), tails)
    async with aclosing(reader.follow("t1", Cursor("e", 0))) as batches:
        with pytest.raises(Gone):
            await anext(batches)


async def test_what_lies_far_behind_is_known_by_the_log_alone() -> None:
    tail = RecentRecords("t1")
    for number in range(1, 4 * WINDOW):
        tail.add("e", number, "r1", [delta(number)])
    assert tail.since(Cursor("e", 1)) is None
    assert tail.since(Cursor("another", 4 * WINDOW - 2)) is None


async def test_after_a_gap_nothing_before_it_is_given() -> None:
    tail = RecentRecords("t1")
    tail.add("e", 1, "r1", [delta(1)])
    tail.add("e", 5, "r1", [delta(5)])
    assert tail.since(Cursor("e", 1)) is None
    batch = tail.since(Cursor("e", 4))
    assert batch is not None
    assert [record.seq for record in batch.records] == [5]
