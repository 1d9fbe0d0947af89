"""Which of a list's items a client wants at a time: OpenAI's `limit`, `order` and `after`. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import QueryParams

from agui_runtime.core.jsontext import JsonObject
from agui_runtime.wires.openai.errors import BadRequest

PAGE, LONGEST_PAGE = 20, 100


def page_of(items: Sequence[JsonObject], query: QueryParams) -> JsonObject:
    """The list object for the query, the latest item first unless it says otherwise; raises
    BadRequest.
    """
    order = query.get("order") or "desc"
    if order not in ("asc", "desc"):
        raise BadRequest("order: asc or desc", "order", "invalid_value")
    found = list(items) if order == "asc" else list(reversed(items))
    start = _behind(found, query.get("after"))
    limit = _limit(query.get("limit"))
    return listed(found[start : start + limit], has_more=start + limit < len(found))


def listed(items: Sequence[JsonObject], *, has_more: bool = False) -> JsonObject:
    """The list object of these items."""
    ends = {"first_id": items[0]["id"], "last_id": items[-1]["id"]} if items else _NO_ENDS
    return {"object": "list", "data": list(items), **ends, "has_more": has_more}


def _behind(items: Sequence[JsonObject], after: str | None) -> int:
    if not after:
        return 0
    for index, each in enumerate(items, 1):
        if each["id"] == after:
            return index
    raise BadRequest("after: the id of an item of this list", "after", "invalid_value")


def _limit(text: str | None) -> int:
    if not text:
        return PAGE
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0
    if not 1 <= number <= LONGEST_PAGE:
        message = f"limit: a whole number from 1 to {LONGEST_PAGE}"
        raise BadRequest(message, "limit", "invalid_value")
    return number


_NO_ENDS: JsonObject = {"first_id": None, "last_id": None}
