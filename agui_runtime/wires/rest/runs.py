"""Start, resume and stop runs; none of these waits for the run's end."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import InvalidInput, RunNotFound
from agui_runtime.core.events import RunInfo, RunRequest
from agui_runtime.core.fingerprints import fingerprint
from agui_runtime.core.fold import Fold
from agui_runtime.core.jsontext import Json
from agui_runtime.core.requests import request_props
from agui_runtime.off_loop import is_much, unless_long
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.rest.commands import (
    ResumeCommand,
    StopCommand,
    command_in,
    input_in,
    resuming_id,
    resuming_input,
)
from agui_runtime.wires.rest.errors import NotResumable
from agui_runtime.wires.rest.exchange import RestExchange
from agui_runtime.wires.rest.options import RestOptions
from agui_runtime.wires.rest.places import PARTS
from agui_runtime.wires.shared.folded_threads import folded_thread


class RunRoutes:
    """The handlers below `/runs`."""

    def __init__(self, runtime: CopilotRuntime, options: RestOptions) -> None:
        self._runtime = runtime
        self._limits = options.server.body
        self._forwarded = options.server.forwarded

    async def start(self, exchange: RestExchange) -> None:
        """Accept a run, or find the very same one."""
        payload = await exchange.json(self._limits)
        long = is_much(payload)
        agent, given = await unless_long(long, input_in, payload, self._limits)
        mark = await unless_long(long, fingerprint, [agent, payload])
        del payload  # large ones are held by the run alone
        await self._accept(exchange, given, agent, mark, is_short=not long)

    async def resume(self, exchange: RestExchange, run: str) -> None:
        """Answer what a run waits for; once answered, only the very same answer is accepted."""
        payload = await exchange.json(self._limits)
        command = command_in(ResumeCommand, payload)
        mark = fingerprint(["resume", run, payload])
        thread = command.thread_id
        runs = await self._runtime.threads.runs(thread, exchange.caller)
        waiting = _run_among(runs, run, thread)
        run_id, latest = command.run_id or resuming_id(thread, run), runs[-1]
        folded = await folded_thread(self._runtime.threads, thread, exchange.caller)
        if (latest.run_id, latest.fingerprint) != (run_id, mark):
            _check_waits(waiting, latest, folded, command)
        given = resuming_input(command, run_id, folded.shared_messages)
        await self._accept(exchange, given, waiting.agent, mark)

    async def stop(self, exchange: RestExchange, run: str) -> None:
        """Ask the run to stop; nothing is wrong where it has ended already."""
        command = command_in(StopCommand, await exchange.json(self._limits))
        thread, caller = command.thread_id, exchange.caller
        _run_among(await self._runtime.threads.runs(thread, caller, "stop"), run, thread)
        stopped = await self._runtime.stop(thread, caller, run)
        await exchange.answer({"threadId": thread, "runId": run, "stopped": stopped})

    async def _accept(
        self,
        exchange: RestExchange,
        given: RunAgentInput,
        agent: str,
        mark: str,
        *,
        is_short: bool = False,
    ) -> None:
        context = exchange.context(
            request_props(given), self._forwarded, exchange.headers.get("referer")
        )
        request = RunRequest(given, context, agent, fingerprint=mark, is_short=is_short)
        handle = await self._runtime.start(request)
        run, cursor = handle.run, str(handle.start)
        where = exchange.address(*PARTS, "threads", run.thread_id, "events")
        location = f"{where}?after={quote(cursor)}".encode()
        body: dict[str, Json] = {"threadId": run.thread_id, "runId": run.run_id, "cursor": cursor}
        await exchange.answer(body, 202, [(b"location", location)])


def _run_among(runs: Sequence[RunInfo], run_id: str, thread_id: str) -> RunInfo:
    """The latest of that id: an interrupt may be answered under the id of its run. Raises
    RunNotFound.
    """
    for each in reversed(runs):
        if each.run_id == run_id:
            return each
    raise RunNotFound(thread_id, run_id)


def _check_waits(waiting: RunInfo, latest: RunInfo, folded: Fold, command: ResumeCommand) -> None:
    """Raises NotResumable for a run that waits for nothing, and InvalidInput for answers to what it
    does not wait for.
    """
    if waiting.status != "interrupted":
        raise NotResumable(f"run {waiting.run_id!r} waits for no answer: it is {waiting.status}")
    if latest.run_id != waiting.run_id:
        raise NotResumable(
            f"run {waiting.run_id!r} waits no longer: the thread went on with {latest.run_id!r}"
        )
    known = [each["id"] for each in folded.interrupts]
    for entry in command.resume:
        if entry.interrupt_id not in known:
            raise InvalidInput(
                f"resume: there is no interrupt {entry.interrupt_id!r}; there are {known}"
            )
