"""The endpoint of Responses WebSockets: who opens one, and what is made of its requests."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from itertools import count

from starlette.types import Receive, Scope, Send

from agui_runtime.core import jsontext
from agui_runtime.core.errors import AguiError
from agui_runtime.core.events import Message, RunContext
from agui_runtime.core.fold import Fold
from agui_runtime.core.forwarded_headers import HeaderNames
from agui_runtime.core.history import without_prompts
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.log_lines import logger_of, write_about
from agui_runtime.core.observation import note_refusal
from agui_runtime.off_loop import is_much, unless_long
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.openai.delivery import stopped_with_its_reader
from agui_runtime.wires.openai.errors import BadRequest, refusal_of
from agui_runtime.wires.openai.options import OpenAIOptions
from agui_runtime.wires.openai.response_request import ResponseRequest, response_request
from agui_runtime.wires.openai.response_resource import status_of
from agui_runtime.wires.openai.response_socket import FAILED, POLICY, Connection, Lane
from agui_runtime.wires.openai.response_starts import ResponseStarter, StartedResponse
from agui_runtime.wires.openai.response_stream import ResponseStream
from agui_runtime.wires.openai.stored_responses import StoredResponses
from agui_runtime.wires.shared.bodies import BodyLimits
from agui_runtime.wires.shared.exchange import JSON_TYPE
from agui_runtime.wires.shared.expiry import CredentialExpired, while_known
from agui_runtime.wires.shared.http import headers_for, log_failure
from agui_runtime.wires.shared.pace import paced
from agui_runtime.wires.shared.request_ids import identified
from agui_runtime.wires.shared.sockets import Introduction, Seats, Socket, SocketClosing, Visitor

logger = logger_of(__name__)

REMEMBERED = 32
"""So many responses of `store: false` can be gone on from, on the connection that made them."""


class ResponseSockets:
    """An ASGI app for WebSockets."""

    def __init__(self, runtime: CopilotRuntime, options: OpenAIOptions) -> None:
        self._runtime = runtime
        self._options = options
        self._seats = Seats(options.sockets)
        self._starter = ResponseStarter(runtime, options, StoredResponses(runtime))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        send = identified(scope, send)
        await receive()  # the handshake
        try:
            visit = await Visitor(scope, self._runtime.authenticate).introduced({})
            with self._seats.taken():
                await send({"type": "websocket.accept"})
                await self._serve(visit, receive, send)
        except AguiError as error:  # of `authenticate`, or no seat is free: nothing was accepted
            await _turn_away(error, scope, send)

    async def _serve(self, visit: Introduction, receive: Receive, send: Send) -> None:
        limits, body = self._seats.limits, self._options.server.body
        socket = Socket(receive, send, limits.message, body)
        talk = Talk(visit, self._runtime, self._starter, self._options)
        try:
            async with while_known(visit.caller):
                await Connection(socket, limits, talk.respond).serve()
        except CredentialExpired as expired:
            await socket.close(SocketClosing(POLICY, expired.message))
        except SocketClosing as closing:
            await socket.close(closing)
        except Exception:  # a wire's edge
            logger.exception("a WebSocket connection failed")
            await socket.close(SocketClosing(FAILED, "the server failed; see its log"))


class Talk:
    """What one connection's requests become, and what of it only the connection remembers."""

    def __init__(
        self,
        visit: Introduction,
        runtime: CopilotRuntime,
        starter: ResponseStarter,
        options: OpenAIOptions,
    ) -> None:
        self._visit = visit
        self._runtime = runtime
        self._starter = starter
        self._server = options.server
        self._numbers = count(1)
        self._remembered: dict[str | None, Sequence[Message]] = {}

    async def respond(self, lane: Lane, body: JsonObject) -> None:
        """Make one response, and send its events; raises OSError where the client is gone."""
        owner = self._visit.caller.owner
        try:
            with self._server.places.place(owner):
                async with self._runtime.streams.place(owner):
                    await self._make(lane, body)
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001  # a wire's edge
            await lane.refuse(error)

    def run_context(self, forward: HeaderNames, properties: JsonObject) -> RunContext:
        """What a run learns of its request."""
        request_id = f"{self._visit.request_id}.{next(self._numbers)}"
        write_about(request_id)
        return RunContext(
            caller=self._visit.caller,
            request_id=request_id,
            properties=properties,
            headers=forward.pick(self._visit.headers),
        )

    async def _make(self, lane: Lane, body: JsonObject) -> None:
        request = await unless_long(is_much(body), socket_request, body, self._server.body)
        try:
            made = await self._starter.started(self, request, self._remembered)
            await self._send(lane, request, made)
        except AguiError:
            self._forget(request)
            raise

    async def _send(self, lane: Lane, request: ResponseRequest, made: StartedResponse) -> None:
        stream, folded = ResponseStream(made.resource, made.events), Fold()
        async with stopped_with_its_reader(made.handle):
            batches = paced(made.handle.batches(), ended=made.handle.ended)
            async with aclosing(batches):
                async for batch in batches:
                    for event in stream.events(batch.records):
                        await lane.send(event)
                    for record in () if request.store else batch.records:
                        folded.feed(record.event)
        if status_of(made.events.end) == "failed":
            self._forget(request)
        elif not request.store:
            self._remember(made.resource.id, without_prompts(folded.shared_messages))

    def _remember(self, id_: str, messages: Sequence[Message]) -> None:
        self._remembered[id_] = messages
        while len(self._remembered) > REMEMBERED:
            del self._remembered[next(iter(self._remembered))]

    def _forget(self, request: ResponseRequest) -> None:
        """What could not be gone on from is begun anew: so clients of OpenAI expect it."""
        self._remembered.pop(request.previous, None)


def socket_request(body: JsonObject, limits: BodyLimits) -> ResponseRequest:
    """The request in a `response.create`, which is always for a stream; raises BadRequest."""
    for key, wrong in (("background", True), ("stream", False)):
        if body.get(key) is wrong:
            message = f"{key}: not on a WebSocket; use POST /responses"
            raise BadRequest(message, key, "unsupported_parameter")
    rest = {key: value for key, value in body.items() if key not in ("type", "stream_id")}
    return response_request({**rest, "stream": True}, limits)


async def _turn_away(error: AguiError, scope: Scope, send: Send) -> None:
    """Answer the handshake: where the server can, with the status and the body of HTTP."""
    refusal = refusal_of(error)
    if refusal.is_fault:
        log_failure(logger, error)
    note_refusal(error, f"HTTP_{refusal.status}")
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close"})
        return
    headers = [JSON_TYPE, *refusal.headers, *headers_for(error)]
    start = {"type": "websocket.http.response.start", "status": refusal.status}
    await send({**start, "headers": headers})
    body = jsontext.dumps(refusal.body)
    await send({"type": "websocket.http.response.body", "body": body})
