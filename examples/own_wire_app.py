"""A wire of one's own, beside those of CopilotKit: `uvicorn examples.own_wire_app:app`.

`curl -N 127.0.0.1:8000/ask -H "content-type: application/json" -d '{"ask": "Who?"}'` streams words.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from uuid import uuid4

from ag_ui.core import RunAgentInput
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from agui_runtime import (
    AguiWire,
    CopilotRuntime,
    GraphQLWire,
    RunContext,
    ServerOptions,
    create_app,
)
from agui_runtime.core.events import RunRequest
from agui_runtime.runtime.runtime import RunHandle
from agui_runtime.wires.shared.identity import caller_of
from agui_runtime.wires.shared.json_bodies import json_body
from agui_runtime.wires.shared.request_ids import request_id_of


@dataclass(frozen=True)
class AskWire:
    """One question as JSON, its answer as plain text that streams."""

    name: str = "ask"

    def routes(self, runtime: CopilotRuntime, options: ServerOptions) -> Sequence[BaseRoute]:
        async def answer(request: Request) -> Response:
            body = await json_body(request.scope, request.receive, options.body)
            caller = await caller_of(request, runtime.authenticate)
            context = RunContext(caller, request_id_of(request.scope))
            handle = await runtime.start(RunRequest(question_of(body), context, "default"))
            return StreamingResponse(words_of(handle), media_type="text/plain")

        return [Route("/ask", answer, methods=["POST"])]

    def claims(self, body: Mapping[str, object]) -> bool:
        """It has a path of its own, and nothing on that of the others."""
        return False


def question_of(body: object) -> RunAgentInput:
    """The body as an agent is asked; its thread is forgotten by nobody, and found by its id."""
    asked = body.get("ask", "") if isinstance(body, dict) else ""
    message = {"id": str(uuid4()), "role": "user", "content": str(asked)}
    empty = {"state": {}, "tools": [], "context": [], "forwardedProps": {}}
    given = {"threadId": str(uuid4()), "runId": str(uuid4()), "messages": [message], **empty}
    return RunAgentInput.model_validate(given)


async def words_of(handle: RunHandle) -> AsyncIterator[str]:
    """The words of a run as they come; the run goes on if nobody reads them."""
    async with aclosing(handle.batches()) as batches:
        async for batch in batches:
            for record in batch.records:
                if record.event["type"] == "TEXT_MESSAGE_CONTENT":
                    yield record.event["delta"]


async def echo(request: RunAgentInput) -> AsyncIterator[str]:
    """Repeats what you say."""
    for word in str(request.messages[-1].content).split():
        yield word + " "


runtime = CopilotRuntime(agents={"default": echo})
app = create_app(runtime, wires=[AskWire(), GraphQLWire(), AguiWire()])
