"""What a thread's messages become when a front end sends its own view of them. Pure.

Front ends send the whole conversation with every request, and two pages on one thread send
different ones.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Literal, TypeAlias

from agui_runtime.events import Message
from agui_runtime.fold import Fold

Truth: TypeAlias = Literal["client", "thread"]
"""Whose conversation an agent is asked to continue: the one that the front end sent, or the one
that the server keeps, with what of the former is new.
"""

PROMPTS = frozenset({"system", "developer"})
"""Roles that the front end makes anew for every request; they are not part of the conversation."""


def known_ids(messages: Sequence[Message]) -> frozenset[str]:
    """By what the messages are recognised: their ids, and those of their tool calls."""
    ids = {message["id"] for message in messages}
    callers = [message for message in messages if "toolCalls" in message]
    return frozenset(ids.union(call["id"] for each in callers for call in each["toolCalls"] or ()))


def new_messages(sent: Sequence[Message], known: Set[str]) -> list[Message]:
    """The sent messages that the thread has not seen (see `known_ids`), without prompts.

    A message of nothing but tool calls has an id of the front end's own making.
    """
    return [message for message in without_prompts(sent) if not _is_known(message, known)]


def merged(kept: Sequence[Message], sent: Sequence[Message]) -> Fold:
    """The thread's messages after a request with `sent`, for its run to go on from.

    Unknown messages are appended, so that a page which has not seen the thread's latest loses
    nothing. A request with nothing new ends at a message from which the thread already went on: it
    asks for another continuation (a regenerate), so what followed that message is cut.
    """
    fold = Fold(kept)
    additions = new_messages(sent, fold.ids)
    for message in additions:
        fold.add_message(message)
    if additions or not sent:
        return fold
    positions = {message["id"]: index for index, message in enumerate(kept)}
    return Fold(kept[: positions.get(sent[-1]["id"], len(kept)) + 1])


def admitted(kept: Sequence[Message], sent: Sequence[Message]) -> list[Message]:
    """What of `sent` counts where the thread is the truth.

    A front end may add what people and agents said, and results that the thread waits for. It can
    neither make up calls nor answer one that it knows nothing of, or that was answered already:
    what was approved, refused or executed is decided by the thread alone.
    """
    known = known_ids(kept)
    answered = {m["toolCallId"] for m in kept if m["role"] == "tool"}
    admitted = []
    for message in sent:
        if message["role"] == "tool" and message["id"] not in known:
            call = message["toolCallId"]
            if call not in known or call in answered:
                continue
            answered.add(call)
        elif message.get("toolCalls") and not _is_known(message, known):
            message = {key: value for key, value in message.items() if key != "toolCalls"}
            if not message.get("content"):
                continue
        admitted.append(message)
    return admitted


def without_prompts(messages: Sequence[Message]) -> Sequence[Message]:
    """What is kept of them."""
    return [message for message in messages if message["role"] not in PROMPTS]


def with_prompts(history: Sequence[Message], sent: Sequence[Message]) -> list[Message]:
    """The thread's messages behind the prompts that this request brings."""
    return [*(message for message in sent if message["role"] in PROMPTS), *history]


def _is_known(message: Message, known: Set[str]) -> bool:
    calls = () if message.get("content") else message.get("toolCalls") or ()
    return message["id"] in known or (bool(calls) and all(call["id"] in known for call in calls))
