"""What a run goes on from: its request, beside what the thread holds. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass
from uuid import uuid4

from ag_ui.core import Message as AnyMessage, RunAgentInput
from pydantic import TypeAdapter

from agui_runtime.core.events import Message
from agui_runtime.core.fold import Fold
from agui_runtime.core.grammar import Grammar
from agui_runtime.core.history import Truth, admitted, merged, new_messages, restored, with_prompts
from agui_runtime.core.run_events import readable
from agui_runtime.off_loop import slices
from agui_runtime.stores.base import AgentState


@dataclass(frozen=True, slots=True)
class Recall:
    """`request` is what the agent is asked, `fold` what its thread adds up to then, `asked` are the
    ids of messages that this request brought to what the agent keeps, `grammar` is for the run's
    events. `news` are new to the log; it is `rewritten` where some of what the thread held is
    changed or gone.
    """

    request: RunAgentInput
    fold: Fold
    asked: Collection[str]
    grammar: Grammar
    news: Sequence[Message]
    rewritten: bool


def recall(
    request: RunAgentInput, truth: Truth, saved: AgentState | None, known: Set[str]
) -> Recall:
    """Put the request beside what the agent `saved` and the ids that the thread has `known`; raises
    InvalidInput.
    """
    request = request.model_copy(update={"state": readable(request.state, "state")})
    kept = saved.messages if saved else ()
    sent = [message for piece in slices(request.messages) for message in _wire(piece)]
    full = restored(kept, sent)
    if full is not sent:
        sent, request = list(full), _asking(request, full)
    if truth == "thread":
        sent = admitted(kept, sent)
    fold, rewritten = merged(kept, sent)
    if truth == "thread":
        request = _asking(request, with_prompts(fold.shared_messages, sent))
    # An empty state is what a front end sends that holds none.
    if state := request.state or (saved and saved.state):
        fold.feed({"type": "STATE_SNAPSHOT", "snapshot": state})
    asked = {message["id"] for message in fold.added}
    news = new_messages(sent, known)
    grammar = Grammar(news, new_id=lambda: str(uuid4()))
    return Recall(request, fold, asked, grammar, news, rewritten)


def _wire(messages: Sequence[AnyMessage]) -> list[Message]:
    made = [message.model_dump(mode="json", by_alias=True) for message in messages]
    return readable(made, "messages")


def _asking(request: RunAgentInput, messages: Sequence[Message]) -> RunAgentInput:
    typed = [made for piece in slices(messages) for made in _MESSAGES.validate_python(piece)]
    return request.model_copy(update={"messages": typed})


_MESSAGES: TypeAdapter[list[AnyMessage]] = TypeAdapter(list[AnyMessage])
