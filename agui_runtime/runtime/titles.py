"""Names for threads that have none, made by their own agents: a hook, used where it is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing

from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import AguiError
from agui_runtime.core.events import Event, Message, RunRequest
from agui_runtime.core.fold import fold
from agui_runtime.core.log_lines import logger_of
from agui_runtime.hooks.hook import Hook, RunReport
from agui_runtime.runtime.runtime import CopilotRuntime

logger = logger_of(__name__)

LONGEST = 80
"""Characters of a name."""

EXCERPT = 1000
"""Characters of each side's text that are shown to the model."""

QUESTION = (
    "Give this conversation a title of at most six words, in its own language. Answer with the"
    " title only.\n\n"
)


class ThreadNamer(Hook):
    """After a thread's first exchange, asks its agent for a title, beside the thread.

    `runtime.add_hook(ThreadNamer(runtime))`. A run that failed or was stopped names nothing; nor
    does an agent that fails to answer: then the next run is tried.
    """

    def __init__(self, runtime: CopilotRuntime) -> None:
        self._runtime = runtime

    async def after_run(self, report: RunReport) -> None:
        if report.context.ephemeral or report.failure is not None:
            return
        exchange = _exchange(report)
        if exchange is None:
            return
        threads, thread_id = self._runtime.threads, report.run.thread_id
        try:
            thread = await threads.get(thread_id, report.context.caller)
            if thread.name is None and (name := await self._name(report, exchange)):
                await threads.update(thread_id, report.context.caller, name=name)
        except AguiError as error:
            logger.warning("thread %s has got no name: %s", thread_id, error.message)

    async def _name(self, report: RunReport, exchange: str) -> str:
        message = {"id": "exchange", "role": "user", "content": QUESTION + exchange}
        lists: dict[str, list[object]] = {"messages": [message], "tools": [], "context": []}
        rest = {"threadId": "", "runId": "", "state": {}, "forwardedProps": {}}
        run_input = RunAgentInput.model_validate({**rest, **lists})
        handle = await self._runtime.start(
            RunRequest(run_input, report.context, report.run.agent, ephemeral=True)
        )
        events: list[Event] = []
        async with aclosing(handle.batches()) as batches:
            async for batch in batches:
                events += [record.event for record in batch.records]
        return _title(fold(events).messages)


def _exchange(report: RunReport) -> str | None:
    """The user's last question and the answer to it; None unless both have text."""
    questions = [str(m.content or "") for m in report.request.messages if m.role == "user"]
    answers = [str(m.get("content") or "") for m in report.messages if m["role"] == "assistant"]
    if not questions or not questions[-1] or not any(answers):
        return None
    return f"User: {questions[-1][:EXCERPT]}\n\nAssistant: {' '.join(answers)[:EXCERPT]}"


def _title(messages: Sequence[Message]) -> str:
    """The text of the last answer, in one line and without quotation marks."""
    answers = [str(m.get("content") or "") for m in messages if m["role"] == "assistant"]
    line = " ".join(answers[-1].split()) if answers else ""
    return line.strip("\"'“”„«» ").removesuffix(".")[:LONGEST].strip()
