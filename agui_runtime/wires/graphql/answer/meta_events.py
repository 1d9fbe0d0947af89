"""What the runtime reports of a run beside the agent's words: a MetaEventResponse for each turn.

Pure: it reads a run's events and keeps no more than where the run stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agui_runtime.core.events import (
    FAILED_OVER,
    HANDED_OVER,
    RETRIED,
    ROUTED,
    Event,
    RunInfo,
    routed,
)
from agui_runtime.wires.graphql.nouns.enums import MetaEventTiming, RunStatus, RuntimeEventName
from agui_runtime.wires.graphql.nouns.own_types import MetaEventResponse
from agui_runtime.wires.graphql.nouns.scalars import DateTimeISO, now

_CUSTOM: Mapping[str, RuntimeEventName] = {
    RETRIED: RuntimeEventName.Retried,
    FAILED_OVER: RuntimeEventName.FailedOver,
    HANDED_OVER: RuntimeEventName.HandedOver,
    ROUTED: RuntimeEventName.Routed,
}
"""By the name of a CUSTOM event."""

_OUTCOMES: Mapping[str, tuple[RuntimeEventName, RunStatus]] = {
    "interrupt": (RuntimeEventName.Interrupted, RunStatus.Interrupted),
    "cancelled": (RuntimeEventName.Stopped, RunStatus.Stopped),
}
"""By the outcome of RUN_FINISHED."""

_SILENT = frozenset({"RUN_STARTED", "STEP_STARTED", "SUBAGENT_STARTED", "CUSTOM", "RAW"})
"""Events that are no part of an answer."""


class RunMetaEvents:
    """Follows one run. `clock` says when something happened; a start is dated by the run itself."""

    def __init__(self, run: RunInfo, clock: Callable[[], DateTimeISO] = now) -> None:
        self._run = run
        self._clock = clock
        self._answering = False

    def feed(self, event: Event) -> MetaEventResponse | None:
        """Take the run's next event; what the runtime has to tell of it, if anything."""
        report = _REPORTS.get(event["type"])
        if report is None:
            self._answering = self._answering or event["type"] not in _SILENT
            return None
        return report(self, event)

    def _started(self, event: Event) -> MetaEventResponse:
        return self._meta_event(RuntimeEventName.Started, RunStatus.Running)

    def _custom(self, event: Event) -> MetaEventResponse | None:
        name = _CUSTOM.get(event["name"])
        if name is RuntimeEventName.Routed and routed(event) is None:
            return None
        return self._meta_event(name, RunStatus.Running, event.get("value")) if name else None

    def _finished(self, event: Event) -> MetaEventResponse:
        outcome = (event.get("outcome") or {}).get("type", "")
        name, status = _OUTCOMES.get(outcome, (RuntimeEventName.Finished, RunStatus.Finished))
        return self._meta_event(name, status, timing=MetaEventTiming.AfterAnswer)

    def _failed(self, event: Event) -> MetaEventResponse:
        return self._meta_event(
            RuntimeEventName.Failed, RunStatus.Failed, event, timing=MetaEventTiming.AfterAnswer
        )

    def _meta_event(
        self,
        event: RuntimeEventName,
        status: RunStatus,
        more: object = None,
        *,
        timing: MetaEventTiming | None = None,
    ) -> MetaEventResponse:
        so_far = MetaEventTiming.DuringAnswer if self._answering else MetaEventTiming.BeforeAnswer
        return MetaEventResponse(
            event=event,
            status=status,
            timing=timing or so_far,
            at=self._clock(),
            thread_id=self._run.thread_id,
            run_id=self._run.run_id,
            agent_name=self._run.agent,
            code=_text(more, "code"),
            message=_text(more, "message"),
            routed_to=_text(more, "agent") if event is RuntimeEventName.Routed else None,
            domain=_text(more, "domain"),
        )


_REPORTS: Mapping[str, Callable[[RunMetaEvents, Event], MetaEventResponse | None]] = {
    "RUN_STARTED": RunMetaEvents._started,
    "CUSTOM": RunMetaEvents._custom,
    "RUN_FINISHED": RunMetaEvents._finished,
    "RUN_ERROR": RunMetaEvents._failed,
}


def _text(details: object, key: str) -> str | None:
    value = details.get(key) if isinstance(details, dict) else None
    return value if isinstance(value, str) else None
