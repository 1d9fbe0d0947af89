"""Where pages of threads begin and end, as clients are told it: `<time>/<thread id>`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.events import ThreadInfo
from agui_runtime.stores.base import Page, ThreadQuery

Place: TypeAlias = tuple[float, str]
"""By what pages are ordered: the later thread comes first."""

LONGEST_SEARCH = 200

BEFORE_ALL: Place = (float("inf"), "")


def check_limit(limit: int) -> None:
    """Raises InvalidInput for a page that could hold no thread."""
    if limit < 1:
        raise InvalidInput("limit: a whole number from 1")


def check_search(text: str | None) -> None:
    """Raises InvalidInput for a text that is too long to be searched for."""
    if text is not None and len(text) > LONGEST_SEARCH:
        raise InvalidInput(f"search: at most {LONGEST_SEARCH} characters")


def check_no_search(text: str | None) -> None:
    """Raises InvalidInput for a search, where a store can do none."""
    if text:
        raise InvalidInput(
            "search: this server's store cannot search threads; SQLite and PostgreSQL can"
        )


def start_of(query: ThreadQuery) -> Place:
    """Where the page begins; raises InvalidInput for a query that a store without search cannot
    answer.
    """
    check_limit(query.limit)
    check_no_search(query.search)
    return place_after(query.cursor)


def page_of(found: Sequence[ThreadInfo], limit: int) -> Page:
    """The page of these threads, of which there is one more than it holds where others follow."""
    page = found[:limit]
    return Page(page, cursor_of(page[-1]) if len(found) > limit else None)


def place_of(thread: ThreadInfo) -> Place:
    return (thread.updated_at, thread.thread_id)


def cursor_of(thread: ThreadInfo) -> str:
    """The cursor of the page that begins after this thread."""
    return "{}/{}".format(*place_of(thread))


def place_after(cursor: str | None) -> Place:
    """Where the page of that cursor begins; raises InvalidInput for what `cursor_of` never gave."""
    if cursor is None:
        return BEFORE_ALL
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise InvalidInput("unknown page cursor; use the nextCursor of an earlier page")
    return (float(found[1]), found[2])


# Not all that `float` reads: a store could not compare with NaN.
_CURSOR = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,20})?)/(.+)", re.DOTALL)
