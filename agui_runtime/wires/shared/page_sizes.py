"""How much of a list a client wants at a time. Pure."""

from __future__ import annotations

from agui_runtime.core.errors import InvalidInput

PAGE = 50
LONGEST_PAGE = 100


def page_size(text: str | None) -> int:
    """The `limit` of a query, as far as it may go; raises InvalidInput."""
    if not text:
        return PAGE
    digits = text.lstrip("0")
    if not (digits.isascii() and digits.isdigit()):
        raise InvalidInput("limit: a whole number from 1")
    # Python refuses to read numbers of thousands of digits.
    return LONGEST_PAGE if len(digits) > len(str(LONGEST_PAGE)) else min(int(digits), LONGEST_PAGE)
