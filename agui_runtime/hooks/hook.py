"""The seam for watching runs: a hook is called before a run, on each of its events, and after it.

A hook observes; whatever it raises is logged and changes nothing. To change events, wrap the agent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import AguiError
from agui_runtime.core.events import Event, Message, RunContext, RunInfo
from agui_runtime.core.jsontext import Json
from agui_runtime.core.log_lines import logger_of
from agui_runtime.core.queueing import QueueFigures
from agui_runtime.core.schedules import Fired
from agui_runtime.hooks.queue_meter import QueueMeter
from agui_runtime.hooks.refusal_meter import RefusalMeter
from agui_runtime.hooks.schedule_meter import ScheduleMeter
from agui_runtime.hooks.store_meter import StoreMeter

logger = logger_of(__name__)

H = TypeVar("H", bound="Hook")


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run that ended: `messages` are those it produced, `request` what the agent got;
    `failure` is set when it ended with RUN_ERROR. `run` holds when and how it ended, `usage` what
    the models reported of tokens.
    """

    run: RunInfo
    context: RunContext
    messages: Sequence[Message]
    request: RunAgentInput
    failure: AguiError | None = None
    usage: Sequence[Mapping[str, Json]] = ()


class Hook:
    """Override what you need. `on_event` is called in the stream's hot path: be quick."""

    def trace(self) -> Mapping[str, str]:
        """The headers of the trace that is current here, for a run that another process carries
        out; none if there is none.
        """
        return {}

    async def before_run(self, run: RunInfo, request: RunAgentInput, context: RunContext) -> None:
        """The thread is claimed; the agent is called when every hook has returned."""

    def on_event(self, run: RunInfo, event: Event) -> None:
        """The event is about to be stored."""

    async def after_run(self, report: RunReport) -> None:
        """The terminal event is stored and the thread is free."""

    async def run_lost(self, report: RunReport) -> None:
        """In place of `after_run`: the run is over here, and its end is not stored by this process.
        The store did not take it, or another process ends the run; `failure` says which.
        """

    async def before_close(self) -> None:
        """No run is live any more, and the runtime lets go of its store: end what is under way."""


class Hooks:
    """Calls every hook in order, whatever another one raises."""

    def __init__(self, hooks: Sequence[Hook] = ()) -> None:
        self._hooks: list[Hook] = []
        self._on_event: list[Callable[[RunInfo, Event], None]] = []
        self._after_run: list[Callable[[RunReport], Awaitable[None]]] = []
        self._on_refusal: list[Callable[[str, str], None]] = []
        for hook in hooks:
            self.add(hook)

    def add(self, hook: Hook) -> None:
        """Call this one, too, from now on."""
        self._hooks.append(hook)
        if type(hook).on_event is not Hook.on_event:
            self._on_event.append(hook.on_event)
        if type(hook).after_run is not Hook.after_run:
            self._after_run.append(hook.after_run)
        if isinstance(hook, RefusalMeter):
            self._on_refusal.append(hook.refused)

    def of(self, kind: type[H]) -> H | None:
        """The first one of that kind, if there is one."""
        return next((hook for hook in self._hooks if isinstance(hook, kind)), None)

    @property
    def see_events(self) -> bool:
        """Whether there is one that each event is shown to, which may change it."""
        return bool(self._on_event)

    @property
    def read_reports(self) -> bool:
        """Whether there is one that is called after a run."""
        return bool(self._after_run)

    @property
    def store_meters(self) -> Sequence[StoreMeter]:
        """The hooks that measure the store, too."""
        return [hook for hook in self._hooks if isinstance(hook, StoreMeter)]

    @property
    def queue_meters(self) -> Sequence[QueueMeter]:
        """The hooks that measure what waits for workers, too."""
        return [hook for hook in self._hooks if isinstance(hook, QueueMeter)]

    def trace(self) -> Mapping[str, str]:
        """The headers of all hooks."""
        found: dict[str, str] = {}
        for hook in self._hooks:
            try:
                found.update(hook.trace())
            except Exception:  # user code: a hook must not refuse a run
                logger.exception("a hook failed at the trace of a run")
        return found

    async def before_run(self, run: RunInfo, request: RunAgentInput, context: RunContext) -> None:
        for hook in self._hooks:
            await _guarded(run, hook.before_run(run, request, context))

    def on_events(self, run: RunInfo, events: Sequence[Event]) -> None:
        for event in events:
            for on_event in self._on_event:
                try:
                    on_event(run, event)
                except Exception:  # noqa: BLE001  # user code: a hook must not end a run
                    _log_failure(run)

    def refused(self, wire: str, code: str) -> None:
        for on_refusal in self._on_refusal:
            try:
                on_refusal(wire, code)
            except Exception:  # user code: a hook must not change an answer
                logger.exception("a hook failed at a refusal")

    def queues_seen(self, runtime: object, figures: Mapping[str, QueueFigures]) -> None:
        for meter in self.queue_meters:
            try:
                meter.queues_seen(runtime, figures)
            except Exception:  # user code: a hook must not end what looks after runs that wait
                logger.exception("a hook failed at the figures of queues")

    def run_waited(self, queue: str, seconds: float) -> None:
        for meter in self.queue_meters:
            try:
                meter.run_waited(queue, seconds)
            except Exception:  # user code: a hook must not end a run
                logger.exception("a hook failed when a run was taken up")

    def schedule_fired(self, fired: Fired) -> None:
        for meter in [hook for hook in self._hooks if isinstance(hook, ScheduleMeter)]:
            try:
                meter.schedule_fired(fired)
            except Exception:  # user code: a hook must not end what fires schedules
                logger.exception("a hook failed when a schedule fired")

    async def after_run(self, report: RunReport) -> None:
        for after_run in self._after_run:
            await _guarded(report.run, after_run(report))

    async def run_lost(self, report: RunReport) -> None:
        for hook in self._hooks:
            await _guarded(report.run, hook.run_lost(report))

    async def before_close(self) -> None:
        for hook in self._hooks:
            try:
                await hook.before_close()
            except Exception:  # user code: a hook must not keep the store open
                logger.exception("a hook failed when the runtime was closed")


async def _guarded(run: RunInfo, call: Awaitable[None]) -> None:
    try:
        await call
    except Exception:  # noqa: BLE001  # user code: a hook must not end a run
        _log_failure(run)


def _log_failure(run: RunInfo) -> None:
    logger.exception("a hook failed in run %s of thread %s", run.run_id, run.thread_id)
