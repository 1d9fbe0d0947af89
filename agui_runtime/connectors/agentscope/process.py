"""An agent that agentscope-runtime serves at `/process`: a request for a run, and its stream."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing

import orjson
from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import current_run
from agui_runtime.connectors.agentscope.identity import Identity, owner
from agui_runtime.connectors.agentscope.process_events import ProcessTranslator
from agui_runtime.connectors.shared.remote import (
    DEFAULT_OPTIONS,
    RemoteOptions,
    RemoteServer,
    drain,
)
from agui_runtime.core import jsontext
from agui_runtime.core.errors import ProtocolFailure
from agui_runtime.core.event_stream_parser import EventStreamParser
from agui_runtime.core.events import ANONYMOUS, Event, Message
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.message_parts import in_words
from agui_runtime.core.requests import request_messages


class AgentScopeProcess:
    """Runs the agent of the AgentApp at `url`. It is sent the conversation with every run; the id
    of its session is the thread's, and whom it takes the caller for is what `user` makes of the
    run's context, the caller's owner when it is left out. Stopping a run closes its stream.
    """

    def __init__(
        self,
        url: str,
        *,
        user: Identity | None = None,
        name: str = "agentscope",
        description: str = "",
        options: RemoteOptions = DEFAULT_OPTIONS,
    ) -> None:
        self.name = name
        self.description = description or "an agent of agentscope-runtime"
        self._user = user or owner
        self._server = RemoteServer(url, f"the AgentScope server of agent {name!r}", options)

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        """The events of one response. Raises RemoteFailure, AgentFailure and ProtocolFailure."""
        context = current_run.get(None)
        body = {
            "input": _conversation(request),
            "session_id": request.thread_id,
            "user_id": self._user(context) if context else ANONYMOUS.owner,
            "stream": True,
        }
        translator = ProcessTranslator(request)
        parser = EventStreamParser(self._server.sizes.event)
        async with (
            self._server.stream("/process", body, "text/event-stream") as blocks,
            aclosing(blocks),
        ):
            async for block in blocks:
                for data in parser.feed(block):
                    for event in translator.feed(self._read(data)):
                        yield event
            await drain(blocks)
        for event in translator.end():
            yield event

    async def close(self) -> None:
        """Close the connections; a later run opens new ones."""
        await self._server.close()

    def _read(self, data: bytes) -> JsonObject:
        try:
            found = jsontext.loads(data)
        except orjson.JSONDecodeError as error:
            raise ProtocolFailure(f"{self._server.what} sent a frame that is no JSON") from error
        return found if isinstance(found, dict) else {}


def _conversation(request: RunAgentInput) -> list[JsonObject]:
    """What was said; calls and their results are the agent's own."""
    messages: Sequence[Message] = request_messages(request, {"user", "assistant"})
    return [
        {"role": each["role"], "content": _parts(each["content"])}
        for each in messages
        if each.get("content")
    ]


def _parts(content: str | Sequence[Mapping[str, object]]) -> list[JsonObject]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [_part(each) for each in content]


def _part(part: Mapping[str, object]) -> JsonObject:
    """Pictures go on as such; agents are given the rest in words."""
    source = part.get("source")
    if part["type"] == "image" and isinstance(source, dict) and source.get("type") != "file":
        value = str(source["value"])
        if source["type"] == "data":
            value = f"data:{source.get('mimeType') or 'image/png'};base64,{value}"
        return {"type": "image", "image_url": value}
    return {"type": "text", "text": in_words([part])}
