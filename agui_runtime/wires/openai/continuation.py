"""Which messages of a thread a client sends again, though OpenAI's have no ids. Pure.

A client sends the conversation as it shows it: what an agent did between two of the user's messages
is one answer there, and calls that the server carried out itself are not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from agui_runtime.core.block_activities import in_words
from agui_runtime.core.events import Message
from agui_runtime.core.history import without_prompts

JOINT = "\n\n"
"""What stands between two messages of one run, where a client is shown them as one."""


def continued(
    stored: Sequence[Message], sent: Sequence[Message], new_id: Callable[[], str]
) -> list[Message] | None:
    """The sent messages in the form that the thread has of them, and with ids: known ones as they
    are stored, new ones with ids of their own.

    None where nothing of the thread is in them: that is another conversation, such as a front end's
    request for a title, and not this thread's next turn. A user's message that differs from the one
    in its place is an edit, and gets that one's id.
    """
    shown = _turns(sent, _calls_in(sent))
    known = _turns(without_prompts(stored), _calls_in(sent))
    if known and (not shown or _find(known, 0, shown[0]) is None):
        return None
    made: list[Message] = []
    place = 0
    for turn in shown:
        found = _find(known, place, turn)
        if found is None:
            made += _identified(turn, _edited(known, place, turn), new_id)
        else:
            made += known[found].messages
            place = found + 1
    return made


@dataclass(slots=True)
class _Turn:
    """What a client shows as one: a user's message, a tool's result, or all that an agent did."""

    role: str
    key: object
    messages: list[Message] = field(default_factory=list)
    calls: set[str] = field(default_factory=set)

    @property
    def text(self) -> str:
        """Of an agent's turn, with each space as one."""
        return " ".join(JOINT.join(str(each.get("content") or "") for each in self._spoken).split())

    @property
    def _spoken(self) -> Sequence[Message]:
        return [each for each in in_words(self.messages) if each["role"] == "assistant"]

    def matches(self, other: _Turn) -> bool:
        """Whether `other`, as a client sends it, is this one; an answer may have been cut short."""
        if self.role != other.role or self.key != other.key:
            return False
        if self.role != "assistant":
            return True
        return self.text.startswith(other.text) and other.calls <= self.calls


def _turns(messages: Sequence[Message], calls: Collection[str]) -> list[_Turn]:
    turns: list[_Turn] = []
    for message in without_prompts(messages):
        turn = _turn_of(message, calls)
        if turn.role == "assistant" and turns and turns[-1].role == "assistant":
            turn = turns[-1]
        else:
            turns.append(turn)
        turn.messages.append(message)
        turn.calls |= {call["id"] for call in message.get("toolCalls") or ()}
    return turns


def _turn_of(message: Message, calls: Collection[str]) -> _Turn:
    if message["role"] == "user":
        return _Turn("user", _plain(message.get("content")))
    if message["role"] == "tool" and message["toolCallId"] in calls:
        return _Turn("tool", message["toolCallId"])
    return _Turn("assistant", None)


def _plain(content: object) -> object:
    """The same for a text, and for one part with that text."""
    if isinstance(content, str):
        return content.strip()
    parts = content if isinstance(content, list) else []
    if len(parts) == 1 and parts[0].get("type") == "text":
        return str(parts[0]["text"]).strip()
    return [
        part["text"] if part["type"] == "text" else part.get("source", {}).get("value")
        for part in parts
    ]


def _calls_in(messages: Sequence[Message]) -> frozenset[str]:
    return frozenset(call["id"] for each in messages for call in each.get("toolCalls") or ())


def _find(known: Sequence[_Turn], place: int, turn: _Turn) -> int | None:
    """Where the turn stands in the thread from there on; answers may be missing at the client."""
    for index in range(place, len(known)):
        if known[index].matches(turn):
            return index
        if known[index].role != "assistant":
            return None
    return None


def _edited(known: Sequence[_Turn], place: int, turn: _Turn) -> str | None:
    """The id of the user's message that this one takes the place of."""
    if turn.role != "user" or place >= len(known) or known[place].role != "user":
        return None
    return str(known[place].messages[0]["id"])


def _identified(turn: _Turn, id_: str | None, new_id: Callable[[], str]) -> list[Message]:
    return [{**message, "id": id_ or new_id()} for message in turn.messages]
