"""Lists that are read page by page."""

from __future__ import annotations

import strawberry

from agui_runtime.core.errors import InvalidInput

LARGEST_PAGE = 100


@strawberry.type
class PageInfo:
    """Give `endCursor` as `after` to read on; it is opaque."""

    has_next_page: bool
    end_cursor: str | None = None

    @classmethod
    def to(cls, cursor: str | None) -> PageInfo:
        """Of a page behind which the next one begins at that cursor, if there is one."""
        return cls(has_next_page=cursor is not None, end_cursor=cursor)


def check_page(first: int, most: int = LARGEST_PAGE) -> None:
    """Raises InvalidInput for a page of no size that may be."""
    if not 1 <= first <= most:
        raise InvalidInput(f"first: {first} is not between 1 and {most}")
