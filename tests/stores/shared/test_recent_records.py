"""What readers of one thread share: who lags behind a little need not read the log again."""

from __future__ import annotations

from agui_runtime.core.events import Cursor
from agui_runtime.stores.shared.recent_records import WINDOW, RecentRecords
from tests.stores.test_contract import delta


async def test_a_reader_that_lags_behind_a_little_finds_all_at_hand_however_long_the_run() -> None:
    tail = RecentRecords("t1")
    for number in range(1, 5 * WINDOW):
        tail.add("e", number, "r1", [delta(number)])
        behind = Cursor("e", max(1, number - WINDOW))
        batch = tail.since(behind)
        assert batch is not None
        assert [record.seq for record in batch.records] == list(range(behind.seq + 1, number + 1))


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
