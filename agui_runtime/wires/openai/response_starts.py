"""From a request for a response to its run, whatever the answer is sent on."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from agui_runtime.core.events import RunContext, RunRequest
from agui_runtime.core.forwarded_headers import HeaderNames
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.runs.handle import RunHandle
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.openai.options import OpenAIOptions
from agui_runtime.wires.openai.response_events import ResponseEvents
from agui_runtime.wires.openai.response_ids import Place, response_id
from agui_runtime.wires.openai.response_request import ResponseRequest
from agui_runtime.wires.openai.response_resource import Resource
from agui_runtime.wires.openai.response_turns import NOTHING, Remembered, ResponseTurns
from agui_runtime.wires.openai.stored_responses import StoredResponses


class StartedResponse(NamedTuple):
    """A run, and what encodes it."""

    handle: RunHandle
    resource: Resource
    events: ResponseEvents


class Asks(Protocol):
    """Who requests it: what a run learns of a request with these properties."""

    def run_context(self, forward: HeaderNames, properties: JsonObject) -> RunContext: ...


class ResponseStarter:
    """Starts the runs of one runtime."""

    def __init__(
        self, runtime: CopilotRuntime, options: OpenAIOptions, stored: StoredResponses
    ) -> None:
        self._runtime = runtime
        self._forwarded = options.server.forwarded
        self._stored = stored

    async def started(
        self, asks: Asks, request: ResponseRequest, remembered: Remembered = NOTHING
    ) -> StartedResponse:
        """The run on the thread that the request names or implies; raises what starting a run
        does, BadRequest and InvalidInput.
        """
        context = asks.run_context(self._forwarded, request.props)
        await self._runtime.find(request.model, context)
        turns = ResponseTurns(self._runtime.threads, self._stored)
        turn = await turns.of(request, context.caller, remembered)
        run = RunRequest(
            turn.input,
            context,
            request.model,
            ephemeral=turn.beside,
            fingerprint=turn.resumption.mark,
        )
        handle = await self._runtime.start(run)
        place = Place(handle.run.thread_id, handle.run.run_id, str(handle.start))
        resource = Resource(response_id(place), handle.run.started_at, request.model, request.echo)
        tools = [tool["name"] for tool in request.tools]
        made = ResponseEvents(place, tools, turn.resumption.waiting)
        return StartedResponse(handle, resource, made)
