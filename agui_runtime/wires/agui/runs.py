"""Run, connect, suggest and stop: a thread's log as an event stream, in one direction each."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import NamedTuple

from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import Agent
from agui_runtime.core.errors import Gone, InvalidInput
from agui_runtime.core.events import Caller, Cursor, RunRequest
from agui_runtime.core.fingerprints import fingerprint
from agui_runtime.core.requests import request_props
from agui_runtime.off_loop import unless_long
from agui_runtime.runs.handle import RunHandle
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.agui.egress import announced, profile_of, replayed, without_input
from agui_runtime.wires.agui.errors import HttpRefusal
from agui_runtime.wires.agui.exchange import AguiExchange
from agui_runtime.wires.agui.options import AguiOptions
from agui_runtime.wires.agui.reopening import reopening
from agui_runtime.wires.agui.request import (
    comes_from_app,
    stop_run_id,
    wants_suggestions,
    without_thread,
)
from agui_runtime.wires.shared.encoded_batches import EncodedBatches
from agui_runtime.wires.shared.event_stream_frames import Profile, frame, frames
from agui_runtime.wires.shared.run_inputs import run_input
from agui_runtime.wires.shared.streaming import Frames, Write
from agui_runtime.wrappers.mcp_apps import answers_apps

STOPPED = {
    "stopped": True,
    "interrupt": {"type": "RUN_ERROR", "message": "Run stopped by user", "code": "STOPPED"},
}


class _Started(NamedTuple):
    """A run, in which form its reader gets it, and whether it is beside all threads."""

    handle: RunHandle
    profile: Profile
    beside: bool


class Runs:
    """The handlers below `/agent/{agent}`. An unknown agent is refused before the body is read."""

    def __init__(self, runtime: CopilotRuntime, options: AguiOptions) -> None:
        self._runtime = runtime
        self._options = options
        self._limits = options.server.body
        self._forwarded = options.server.forwarded

    def run(self, exchange: AguiExchange, agent: str) -> Awaitable[None]:
        """Start a run and follow it; closing the connection does not stop it."""
        return self._follow(exchange, agent)

    def suggest(self, exchange: AguiExchange, agent: str) -> Awaitable[None]:
        """The same beside all threads; the run ends with its reader."""
        return self._follow(exchange, agent, beside=True)

    async def connect(self, exchange: AguiExchange, agent: str) -> None:
        """The thread so far, with a state that was saved by hand, and while a run is live, that run
        to its end; nothing of a thread that does not exist yet.

        `Last-Event-ID` resumes there: what was open is opened again, so that the rest is a stream
        that a verifier accepts.
        """
        await self._stream(exchange, await self._connected(exchange, agent))

    async def stop(self, exchange: AguiExchange, agent: str, thread: str) -> None:
        """Stop the thread's live run, or only the run that the body names."""
        await self._found(exchange, agent)
        try:
            run_id = stop_run_id(await exchange.payload(self._limits))
        except InvalidInput:
            raise HttpRefusal(400, {"error": "Invalid stop request"}) from None
        known = await self._runtime.threads.find(thread, exchange.caller, "stop")
        if known and await self._runtime.stop(thread, exchange.caller, run_id):
            await exchange.answer(STOPPED)
            return
        live = known and await self._runtime.store.log.active(thread)
        message = (
            f"Run '{run_id}' is not the active run for thread '{thread}'."
            if live
            else f"No active run for thread '{thread}'."
        )
        await exchange.answer({"stopped": False, "message": message})

    async def _started(self, exchange: AguiExchange, agent: str, *, beside: bool) -> _Started:
        """Keeps no more of the request than its stream needs: bodies are large, streams long."""
        found = await self._found(exchange, agent)
        payload = await exchange.payload(self._limits)
        long = exchange.is_long
        given = await unless_long(long, run_input, payload, self._limits, is_short=not long)
        if comes_from_app(given):
            if not answers_apps(found):
                raise InvalidInput(f"agent {agent!r} has no MCP apps; put it into an MCPAppsAgent")
            given, beside = without_thread(given), True
        beside = beside or wants_suggestions(given)
        known = "" if beside else await unless_long(long, fingerprint, [agent, payload])
        request = RunRequest(
            input=given,
            context=exchange.run_context(request_props(given), self._forwarded),
            agent=agent,
            ephemeral=beside,
            fingerprint=known,
            is_short=not long,
        )
        profile = self._profile(given)
        handle = await self._runtime.start(request)
        return _Started(handle, without_input(profile) if beside else profile, beside)

    async def _connected(self, exchange: AguiExchange, agent: str) -> Frames:
        """As `_started`, it keeps no more of the request than its stream needs."""
        await self._found(exchange, agent)
        payload = await exchange.payload(self._limits)
        given = await unless_long(exchange.is_long, run_input, payload, self._limits)
        after = _cursor(exchange.headers.get("last-event-id"))
        known = await self._runtime.threads.find(given.thread_id, exchange.caller)
        if known is None:
            if after is not None:
                raise Gone
            return _nothing
        thread, caller, profile = known.thread_id, exchange.caller, self._profile(given)
        batches = self._runtime.threads.connect(thread, caller, after, agent=agent)
        opening = await self._reopened(thread, caller, after, profile) if after else None
        return EncodedBatches(batches, replayed, profile, opening=opening).write_to

    async def _follow(self, exchange: AguiExchange, agent: str, *, beside: bool = False) -> None:
        started = await self._started(exchange, agent, beside=beside)
        handle = started.handle
        batches = handle.batches(places_shown=True)
        encode = frames if handle.line is None else announced
        ready = EncodedBatches(batches, encode, started.profile, ended=handle.ended)
        if not await self._stream(exchange, ready.write_to) and started.beside:
            await handle.stop()

    async def _found(self, exchange: AguiExchange, agent: str) -> Agent:
        own = self._runtime.agents.get(agent)
        if own is not None:  # as nearly always: nobody else need know of the request
            return own
        return await self._runtime.find(agent, exchange.run_context({}, self._forwarded))

    def _profile(self, given: RunAgentInput) -> Profile:
        return profile_of(given, oldest_clients=self._options.oldest_clients)

    def _stream(self, exchange: AguiExchange, ready: Frames) -> Awaitable[bool]:
        return exchange.stream(ready, self._options.keep_alive)

    async def _reopened(
        self, thread_id: str, caller: Caller, upto: Cursor, profile: Profile
    ) -> bytes:
        """What was open where the reader goes on."""
        before = await self._runtime.threads.read(thread_id, caller, upto=upto)
        opened = [profile(event) for event in reopening(before)]
        return b"".join(frame(event) for event in opened if event is not None)


async def _nothing(write: Write) -> None:
    """The stream of a thread that does not exist yet."""


def _cursor(text: str | None) -> Cursor | None:
    try:
        return Cursor.parse(text) if text else None
    except ValueError:
        raise InvalidInput("Last-Event-ID: give an `id:` of this thread's stream") from None
