"""Cursors of pages: those that were given out come back as they were, others are refused."""

from __future__ import annotations

import pytest

from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.events import ThreadInfo
from agui_runtime.stores.shared.pages import cursor_of, place_after, place_of


@pytest.mark.parametrize("updated", [0, 1.0, 1764168000.123457, 1e15])
@pytest.mark.parametrize("thread", ["t1", "a/b", "\N{GRINNING FACE} 1", "1.0/x"])
def test_a_page_begins_after_the_thread_of_its_cursor(updated: float, thread: str) -> None:
    info = ThreadInfo(thread, "ann", "default", 1.0, updated)
    assert place_after(cursor_of(info)) == place_of(info)


@pytest.mark.parametrize(
    "cursor", ["", "/", "t1", "nan/t1", "inf/t1", "-1/t1", "1e3/t1", "1_0/t1", "1.0/", "9" * 999]
)
def test_what_is_no_cursor_of_an_earlier_page_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput, match="nextCursor"):
        place_after(cursor)
