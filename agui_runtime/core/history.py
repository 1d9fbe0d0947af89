"""What a thread's messages become when a front end sends its own view of them. Pure.

Front ends send the whole conversation with every request, and two pages on one thread send
different ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Literal, NamedTuple, TypeAlias

from agui_runtime.core.columns import unknown
from agui_runtime.core.events import Message
from agui_runtime.core.fold import Fold
from agui_runtime.core.indexed_messages import callers_in, ids_in
from agui_runtime.core.jsontext import JsonObject

Truth: TypeAlias = Literal["client", "thread"]
"""Whose conversation an agent is asked to continue: the one that the front end sent, or the one
that the server stores, with what of the former is new.
"""

PROMPTS = frozenset({"system", "developer"})
"""Roles that the front end makes anew for every request; they are not part of the conversation."""


def known_ids(messages: Sequence[Message]) -> frozenset[str]:
    """By what the messages are recognised: their ids, and those of their tool calls."""
    calls = [call["id"] for each in callers_in(messages) for call in each["toolCalls"] or ()]
    return frozenset(ids_in(messages)).union(calls)


def new_messages(sent: Sequence[Message], known: Set[str]) -> Sequence[Message]:
    """The sent messages that the thread has not seen (see `known_ids`), without prompts.

    A message of nothing but tool calls has an id of the front end's own making.
    """
    if not known:
        return without_prompts(sent)
    unseen = unknown(sent, ids_in(sent), known)
    return [message for message in without_prompts(unseen) if not _is_known(message, known)]


def restored(
    stored: Mapping[str, Message], sent: Sequence[Message], others: Sequence[Message]
) -> Sequence[Message]:
    """What was sent, with the attachments of known messages that came without theirs; `stored` are
    the thread's messages by their ids, `others` as for `merged`.

    Attachments are large, and a page of 1.10 shows none: what the thread holds need not be sent
    again to be known. Returns `sent` itself where nothing is to be put back.
    """
    if not stored or not any(_lacks_attachments(stored, each) for each in others):
        return sent
    return [stored[each["id"]] if _lacks_attachments(stored, each) else each for each in sent]


class Merged(NamedTuple):
    """The thread's messages as its run finds them; `rewritten` when some of what the thread held is
    changed or gone, which readers of its log have to be shown.
    """

    fold: Fold
    rewritten: bool


def merged(fold: Fold, sent: Sequence[Message], others: Sequence[Message]) -> Merged:
    """The thread's messages, which the fold has begun with, after a request with `sent`, for its
    run to go on from. `others` are those of them that are not the thread's messages themselves, or
    more: only they are looked at.

    Unknown messages are appended, so that a page which has not seen the thread's latest loses
    nothing. A request with nothing new ends at a message from which the thread already went on: it
    asks for another continuation (a regenerate), so what followed that message is cut. A user's
    message whose content is another than before was edited, whatever its id says: it takes the old
    one's place, and what followed the last message that the page still shows is cut.
    """
    edits = _edits(fold.by_id, others) if fold.by_id else {}
    additions = new_messages(others, fold.known(known_ids(others)))
    rewritten = bool(edits)
    if edits or (sent and not additions):
        stored = fold.shared_messages
        shown = _last_shown(stored, sent, additions)
        stated = stored[: len(stored) if shown is None else shown + 1]
        rewritten = rewritten or len(stated) < len(stored)
        fold = Fold([edits.get(message["id"], message) for message in stated])
    for message in additions:
        fold.add_message(message)
    return Merged(fold, rewritten)


def admitted(stored: Sequence[Message], sent: Sequence[Message]) -> list[Message]:
    """What of `sent` counts where the thread is the truth.

    A front end may add messages of people and agents, and results that the thread waits for. It can
    neither make up calls nor answer one that it knows nothing of, or that was answered already:
    what was approved, refused or executed is decided by the thread alone.
    """
    known = known_ids(stored)
    answered = {m["toolCallId"] for m in stored if m["role"] == "tool"}
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
    """What is stored of them."""
    return [message for message in messages if message["role"] not in PROMPTS]


def prompts_in(messages: Sequence[Message]) -> Sequence[Message]:
    """What is not stored of them."""
    return [message for message in messages if message["role"] in PROMPTS]


def with_prompts(history: Sequence[Message], sent: Sequence[Message]) -> list[Message]:
    """The thread's messages behind the prompts that this request brings."""
    return [*prompts_in(sent), *history]


def _is_known(message: Message, known: Set[str]) -> bool:
    calls = () if message.get("content") else message.get("toolCalls") or ()
    return message["id"] in known or (bool(calls) and all(call["id"] in known for call in calls))


def _last_shown(
    stored: Sequence[Message], sent: Sequence[Message], additions: Sequence[Message]
) -> int | None:
    """The index of the latest stored message that the page shows, None if it shows none."""
    known = sent if additions else sent[-1:]
    places = {message["id"]: index for index, message in enumerate(stored)}
    return max((places[m["id"]] for m in known if m["id"] in places), default=None)


def _edits(stored: Mapping[str, Message], sent: Sequence[Message]) -> dict[str, Message]:
    """The sent messages of users that stand for stored ones of another content, by their ids."""
    return {
        message["id"]: message
        for message in sent
        if (before := _before(stored, message)) is not None
        and _is_edited(before.get("content"), message.get("content"))
    }


def _before(stored: Mapping[str, Message], message: Message) -> Message | None:
    """What the thread holds of a message of a user's, if it is one, and known."""
    before = stored.get(message["id"]) if message["role"] == "user" else None
    return before if before is not None and before["role"] == "user" else None


def _is_edited(before: object, now: object) -> bool:
    """Whether somebody changed the content, and not only its form: pages of one generation send
    what another wrote without its attachments, in parts or as one text.
    """
    if before == now:
        return False
    attached = _attachments(now)
    return _words(before) != _words(now) or bool(attached and attached != _attachments(before))


def _lacks_attachments(stored: Mapping[str, Message], message: Message) -> bool:
    known = _before(stored, message)
    if known is None:
        return False
    before, now = known.get("content"), message.get("content")
    bare = bool(_attachments(before)) and not _attachments(now)
    return bare and not _is_edited(before, now)


def _words(content: object) -> list[str]:
    if isinstance(content, str):
        return content.split()
    return "".join(part.get("text") or "" for part in _parts(content)).split()


def _attachments(content: object) -> list[object]:
    sources = (part.get("source") for part in _parts(content))
    return [source.get("value") for source in sources if isinstance(source, dict)]


def _parts(content: object) -> list[JsonObject]:
    parts = content if isinstance(content, list) else []
    return [part for part in parts if isinstance(part, dict)]
