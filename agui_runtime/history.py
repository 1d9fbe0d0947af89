"""What a thread's messages become when a front end sends its own view of them. Pure.

Front ends send the whole conversation with every request, and two pages on one thread send
different ones.
"""

from __future__ import annotations

from collections.abc import Sequence

from agui_runtime.events import Message

PROMPTS = frozenset({"system", "developer"})
"""Roles that the front end makes anew for every request; they are not part of the conversation."""


def new_messages(sent: Sequence[Message], known: frozenset[str]) -> list[Message]:
    """The sent messages that the thread has not seen, without prompts."""
    return [m for m in sent if m["id"] not in known and m["role"] not in PROMPTS]


def merged(kept: Sequence[Message], sent: Sequence[Message]) -> list[Message]:
    """The thread's messages after a request with `sent`.

    Unknown messages are appended, so that a page which has not seen the thread's latest loses
    nothing. A request with nothing new ends at a message from which the thread already went on: it
    asks for another continuation (a regenerate), so what followed that message is cut.
    """
    additions = new_messages(sent, frozenset(m["id"] for m in kept))
    if additions or not sent:
        return [*kept, *additions]
    positions = {message["id"]: index for index, message in enumerate(kept)}
    return list(kept[: positions.get(sent[-1]["id"], len(kept)) + 1])
