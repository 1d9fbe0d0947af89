"""How a run ends whose process is gone: from what it stored, without asking its agent."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from agui_runtime.core.errors import AguiError, OwnerLost, ProtocolFailure
from agui_runtime.core.events import Event, RunInfo
from agui_runtime.core.fold import Fold
from agui_runtime.core.grammar import Grammar
from agui_runtime.core.history import without_prompts
from agui_runtime.core.meter import figures_of
from agui_runtime.stores.base import AgentState, RunEnd


def lost_end(
    run: RunInfo,
    events: Sequence[Event],
    saved: AgentState | None,
    ended_at: float,
    failure: Event | None = None,
) -> RunEnd:
    """Closers for what the run left open, one RUN_ERROR, and the state as its events left it.

    `saved` is what the agent had before the run, `failure` the RUN_ERROR that its process still
    had. A call without a result gets one that says that it was cut: nobody will carry it out again.
    """
    grammar, fold = Grammar(_given(events)), Fold()
    if saved is not None:
        fold.feed({"type": "MESSAGES_SNAPSHOT", "messages": list(saved.messages)})
        fold.feed({"type": "STATE_SNAPSHOT", "snapshot": saved.state})
    for event in events:
        with suppress(ProtocolFailure):  # it follows upon a record that cannot be read
            grammar.accept(event)
            fold.feed(event)
    last = [] if grammar.ended else [*grammar.closers("error"), failure or error_event(OwnerLost())]
    for event in last:
        fold.feed(event)
    messages = without_prompts(fold.messages)
    ids = frozenset(message["id"] for message in messages)
    emitted = any(_holds_state(event) for event in events)
    version = run.schema_version if emitted or saved is None else saved.schema_version
    # What was saved by hand is still to be begun with, unless the run did so.
    replaced = saved.replaced if saved and not events else ()
    state = AgentState(fold.state, messages, schema_version=version, replaced=replaced)
    return RunEnd(last, "failed", ended_at, ids, state, figures_of([*events, *last]))


def error_event(cause: AguiError) -> Event:
    """The terminal event of a run that ended so."""
    return {"type": "RUN_ERROR", "message": cause.message, "code": cause.code}


def _holds_state(event: Event) -> bool:
    return event["type"] == "STATE_SNAPSHOT" or "state" in (event.get("input") or ())


def _given(events: Sequence[Event]) -> list[Event]:
    started = events[0] if events else {}
    return list((started.get("input") or {}).get("messages", ()))
