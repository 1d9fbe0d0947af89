"""Plain functions as a hook: what the Node runtime calls middleware and observability. It observes
runs; it can neither stop nor change one.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import time
from typing import TypeAlias

from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import AguiError
from agui_runtime.core.events import Event, Message, RunContext, RunInfo
from agui_runtime.core.jsontext import Json
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.core.requests import request_messages
from agui_runtime.hooks.hook import Hook, RunReport

CHUNKS = frozenset({"TEXT_MESSAGE_CONTENT", "TOOL_CALL_ARGS", "REASONING_MESSAGE_CONTENT"})
"""The events that carry a piece of a response."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One request, and as far as there is one its response.

    Messages are AG-UI's JSON objects. `seconds` have passed since the run began. `usage` is what
    models reported of tokens, `error` is set where the run failed.
    """

    run: RunInfo
    context: RunContext
    request: RunAgentInput
    output_messages: Sequence[Message] = ()
    error: AguiError | None = None
    seconds: float = 0.0
    usage: Sequence[Json] = ()

    @property
    def input_messages(self) -> list[Message]:
        return request_messages(self.request)


TurnCallback: TypeAlias = Callable[[Turn], "Awaitable[None] | None"]
ChunkCallback: TypeAlias = Callable[[RunInfo, Event], None]


@explains_arguments
class Callbacks(Hook):
    """`CopilotRuntime(hooks=[Callbacks(on_after_request=save)])`; functions may be async.

    - `on_before_request`, then `on_request`: before the agent is called, which waits for them;
    - `on_response_chunk`: for each piece of text, arguments or reasoning, in the stream's hot path;
    - `on_after_request`, then `on_response`: the run ended well; its messages are complete;
    - `on_error`: it failed. `on_stop_generation`: somebody stopped it.

    The first of each pair is the middleware's name, the second that of observability.
    """

    def __init__(
        self,
        *,
        on_before_request: TurnCallback | None = None,
        on_after_request: TurnCallback | None = None,
        on_error: TurnCallback | None = None,
        on_stop_generation: TurnCallback | None = None,
        on_request: TurnCallback | None = None,
        on_response_chunk: ChunkCallback | None = None,
        on_response: TurnCallback | None = None,
    ) -> None:
        self._before = (on_before_request, on_request)
        self._chunk = on_response_chunk
        self._ended_well = (on_after_request, on_response)
        self._ended = {"failed": (on_error,), "stopped": (on_stop_generation,)}

    async def before_run(self, run: RunInfo, request: RunAgentInput, context: RunContext) -> None:
        if any(self._before):
            await _call_all(self._before, Turn(run, context, request.model_copy(deep=True)))

    def on_event(self, run: RunInfo, event: Event) -> None:
        if self._chunk is not None and event["type"] in CHUNKS:
            self._chunk(run, dict(event))

    async def after_run(self, report: RunReport) -> None:
        run, of_run = report.run, (report.context, report.request, report.messages, report.failure)
        turn = Turn(run, *of_run, (run.ended_at or time()) - run.started_at, report.usage)
        await _call_all(self._ended.get(run.status, self._ended_well), turn)

    async def run_lost(self, report: RunReport) -> None:
        await self.after_run(report)


async def _call_all(callbacks: Sequence[TurnCallback | None], turn: Turn) -> None:
    """Call all of them, then raise all that they raised together, for the log."""
    failures = []
    for callback in callbacks:
        if callback is None:
            continue
        try:
            made = callback(turn)
            if inspect.isawaitable(made):
                await made
        except Exception as failure:  # noqa: BLE001  # user code: a callback
            failures.append(failure)
    if failures:
        raise ExceptionGroup("callbacks failed", failures)
