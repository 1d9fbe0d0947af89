"""What of a stated conversation, or of an interrupt, is for a client to read. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from agui_runtime.core import jsontext
from agui_runtime.core.events import REGENERATES, Event, Message


def results_sent(started: Event) -> Collection[str]:
    """The ids of the calls whose results came with the request of the run that starts so."""
    messages = (started.get("input") or {}).get("messages") or ()
    return {each["toolCallId"] for each in messages if each["role"] == "tool"}


def stated_by(event: Event, results: Collection[str]) -> Sequence[Message]:
    """What of a stated conversation is the agent's answer: all behind the last message of the user
    and the last of the client's results. Some agents stream nothing, and state all of it.
    """
    if (event.get("metadata") or {}).get(REGENERATES):
        return ()
    messages: Sequence[Message] = event["messages"]
    sent = [index for index, each in enumerate(messages) if _is_sent(each, results)]
    return messages[sent[-1] + 1 :] if sent else messages


def question(value: object) -> str:
    """What an agent wants to know, as text."""
    return value if isinstance(value, str) else jsontext.dumps(value).decode()


def _is_sent(message: Message, results: Collection[str]) -> bool:
    return message["role"] == "user" or message.get("toolCallId") in results
