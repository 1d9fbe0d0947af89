"""Where a run begins: its request, merged with the messages and the state of its thread. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from itertools import repeat
from operator import itemgetter, ne
from typing import NamedTuple, TypeVar

from ag_ui.core import Message as AnyMessage, RunAgentInput
from pydantic import TypeAdapter

from agui_runtime.core.columns import attributes, column, places
from agui_runtime.core.events import Message
from agui_runtime.core.fingerprints import state_digest
from agui_runtime.core.fold import Fold
from agui_runtime.core.grammar import Grammar
from agui_runtime.core.history import Truth, admitted, merged, new_messages, restored, with_prompts
from agui_runtime.core.indexed_messages import ids_in
from agui_runtime.core.jsontext import Json
from agui_runtime.core.requests import message_json
from agui_runtime.core.run_events import readable
from agui_runtime.off_loop import slices
from agui_runtime.stores.base import AgentState

T = TypeVar("T")


class Recall(NamedTuple):
    """`request` is what the agent gets, `fold` what its thread adds up to then, `request_ids` are
    the ids of the messages that this request adds to the agent's state, `grammar` checks the run's
    events. `news` are messages that the log does not hold yet. `rewritten`: the request changed or
    dropped messages that the thread holds. `restated`: the agent gets another state than the front
    end has sent.
    """

    request: RunAgentInput
    fold: Fold
    request_ids: Collection[str]
    grammar: Grammar
    news: Sequence[Message]
    rewritten: bool
    restated: bool


class Recognized(NamedTuple):
    """The messages of a request beside those of its thread, with which `fold` begins and whose ids
    are `known`. Those that the front end says again are the thread's own: all of them come with
    each request, and writing them anew would take longest. `others` are the places of the rest.
    """

    fold: Fold
    known: Set[str]
    messages: Sequence[Message]
    others: Sequence[int]

    @classmethod
    def of(
        cls, messages: Sequence[AnyMessage], stored: Sequence[Message], known: Set[str]
    ) -> Recognized:
        fold = Fold(stored)
        if not stored:
            return cls(fold, known, [_NOTHING] * len(messages), range(len(messages)))
        given = attributes(messages, "id", "role", "content")
        ids = list(map(itemgetter(0), given))
        before = list(map(_known(fold.by_id, known).get, ids, repeat(_NOTHING)))
        held = zip(ids, column(before, "role"), column(before, "content"), strict=True)
        return cls(fold, known, before, list(places(map(ne, given, held))))

    def all_of(self, messages: Sequence[AnyMessage]) -> Sequence[Message]:
        """The messages as JSON; raises InvalidInput."""
        found = list(self.messages)
        new = slices(self.others_in(messages))
        made = (each for piece in new for each in _wire(piece))
        for place, message in zip(self.others, made, strict=True):
            found[place] = message
        return found

    def others_in(self, messages: Sequence[T]) -> list[T]:
        """Of all messages in some form, those that are not the thread's own."""
        return [messages[place] for place in self.others]


def recall(
    request: RunAgentInput, truth: Truth, saved: AgentState | None, beside: Recognized
) -> Recall:
    """Merge the request with the agent's `saved` state. Raises InvalidInput."""
    sent_state = readable(request.state, "state")
    state = _state(sent_state, saved)
    if state is not request.state:
        request = request.model_copy(update={"state": state})
    stored: Sequence[Message] = saved.messages if saved else ()
    fold, known = beside.fold, beside.known
    sent = beside.all_of(request.messages)
    full = restored(fold.by_id, sent, beside.others_in(sent))
    if full is not sent:
        sent, request = full, _full(request, sent, full)
    others = beside.others_in(sent)
    if truth == "thread":
        sent = others = admitted(stored, sent)
    fold, rewritten = merged(fold, sent, others)
    if truth == "thread":
        request = _asking(request, with_prompts(fold.shared_messages, sent))
    # An empty state is what a front end sends that holds none.
    if held := state or (saved and not saved.replaced and saved.state):
        fold.feed({"type": "STATE_SNAPSHOT", "snapshot": held})
    request_ids = set(ids_in(fold.added))
    news = new_messages(others, known)
    grammar = Grammar(news)
    grammar.know(lambda: fold.messages)
    restated = state is not sent_state and bool(state or sent_state)
    return Recall(request, fold, request_ids, grammar, news, rewritten, restated)


def _known(stored: Mapping[str, Message], known: Set[str]) -> Mapping[str, Message]:
    """Those that are known, which nearly always all are."""
    if stored.keys() <= known:
        return stored
    return {id_: message for id_, message in stored.items() if id_ in known}


def _state(sent: Json, saved: AgentState | None) -> Json:
    """What the agent begins with: a state that was saved by hand, unless the front end holds one of
    its own. An empty one is none, and one that was replaced is of a page that has not seen the new.
    """
    if saved is None or not saved.replaced:
        return sent
    return saved.state if not sent or state_digest(sent) in saved.replaced else sent


def _wire(messages: Sequence[AnyMessage]) -> list[Message]:
    return readable(list(map(message_json, messages)), "messages")


def _full(
    request: RunAgentInput, sent: Sequence[Message], full: Sequence[Message]
) -> RunAgentInput:
    """The request with what is put back; all else is for the agent as it came."""
    typed = iter(_typed([now for before, now in zip(sent, full, strict=True) if now is not before]))
    places = zip(request.messages, sent, full, strict=True)
    messages = [came if now is before else next(typed) for came, before, now in places]
    return request.model_copy(update={"messages": messages})


def _asking(request: RunAgentInput, messages: Sequence[Message]) -> RunAgentInput:
    return request.model_copy(update={"messages": _typed(messages)})


def _typed(messages: Sequence[Message]) -> list[AnyMessage]:
    return [made for piece in slices(messages) for made in _MESSAGES.validate_python(piece)]


_NOTHING: Message = {}
"""As no message is: it has no role."""

_MESSAGES: TypeAdapter[list[AnyMessage]] = TypeAdapter(list[AnyMessage])
