"""The events that bound a run: how it begins, is taken up anew, and ends. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import AguiError, InvalidInput, RunFailure, Stopped
from agui_runtime.core.events import REGENERATES, Event, Message, RunInfo
from agui_runtime.core.grammar import Reason
from agui_runtime.core.jsontext import Json, Unencodable, mended

T = TypeVar("T")


def readable(given: T, what: str) -> T:
    """A part of the input as every reader of the thread can have it; raises InvalidInput."""
    try:
        return mended(given)
    except Unencodable as error:
        raise InvalidInput(f"{what}: {error}") from error


def started(request: RunAgentInput, messages: Sequence[Message]) -> Event:
    """RUN_STARTED, with as much of the input as readers need: what only the front end knew, which
    are messages, a state and what answered the questions before.

    Tools, context and forwarded properties stay out of the log: they belong to the request, and may
    hold what another reader of the thread must not see. Raises InvalidInput.
    """
    known = {"messages": messages, "tools": [], "context": [], "forwardedProps": {}}
    state = {} if request.state is None else {"state": request.state}
    answers = {"resume": _answers(request)} if request.resume else {}
    ids = ids_of(request)
    given = ids | state | known | answers
    return {"type": "RUN_STARTED", **ids, "protocolVersion": "1.0", "input": given}


def _answers(request: RunAgentInput) -> list[Json]:
    made = [each.model_dump(mode="json", by_alias=True) for each in request.resume or ()]
    given = [{key: part for key, part in each.items() if part is not None} for each in made]
    return readable(given, "resume")


def opened(request: RunAgentInput) -> Event:
    """RUN_STARTED of a run that failed before it read its input."""
    return started(request.model_copy(update={"state": None, "resume": None}), ())


def restating(state: Json) -> Event:
    """Tells readers of the log with which state a run goes on that brought another one, or none."""
    return {"type": "STATE_SNAPSHOT", "snapshot": state}


def rewriting(history: Sequence[Message]) -> Event:
    """States the thread anew, for readers of its log: what followed these messages is taken back,
    and what was edited reads as it does now.
    """
    snapshot = {"type": "MESSAGES_SNAPSHOT", "messages": list(history)}
    return snapshot | {"metadata": {REGENERATES: True}}


def terminal(run: RunAgentInput | RunInfo, cause: AguiError | None) -> Event:
    """The end of a run that its agent has not ended: for no cause, it is complete."""
    if cause is None or isinstance(cause, Stopped):
        outcome = {"outcome": {"type": "cancelled"}} if cause else {}
        return {"type": "RUN_FINISHED", **ids_of(run), **outcome}
    event: Event = {"type": "RUN_ERROR", "message": cause.message, "code": cause.code}
    if isinstance(cause, RunFailure):
        event |= {"metadata": {"status": cause.upstream}} if cause.upstream else {}
        event |= {"usage": list(cause.usage)} if cause.usage else {}
    try:
        return mended(event)
    except Unencodable:  # token counts that are none
        return mended({key: event[key] for key in event if key != "usage"})


def status_of(terminal: Event) -> str:
    if terminal["type"] == "RUN_ERROR":
        return "failed"
    outcome = terminal.get("outcome") or {}
    return {"interrupt": "interrupted", "cancelled": "stopped"}.get(
        outcome.get("type", ""), "finished"
    )


def reason_of(cause: AguiError | None) -> Reason | None:
    if cause is None:
        return None
    return "stopped" if isinstance(cause, Stopped) else "error"


def ids_of(run: RunAgentInput | RunInfo) -> dict[str, str]:
    return {"threadId": run.thread_id, "runId": run.run_id}
