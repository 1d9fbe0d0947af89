"""OpenAI's own client of Python, with chat completions and with responses."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import openai

from agui_runtime.core.events import Message
from tests.wires.visitors.visitor import Client, Received, Turn


class ChatClient(Client):
    """Sends the whole conversation each time, and leaves what it does not want any more."""

    def __init__(self, client: openai.AsyncOpenAI) -> None:
        self._client: Any = client

    async def send(self, turn: Turn) -> AsyncGenerator[Received]:
        shown: dict[str, Any] = {"text": "", "thoughts": ""}
        calls: list[list[str]] = []
        stream = await self._client.chat.completions.create(
            model="default",
            messages=[each for message in turn.messages for each in _spoken(message)],
            tools=[{"type": "function", "function": dict(each)} for each in turn.tools] or None,
            extra_headers={"x-thread-id": turn.thread},
            stream=True,
        )
        async with stream:
            try:
                async for chunk in stream:
                    [choice] = chunk.choices
                    _add(shown, calls, choice)
                    yield {**shown, "calls outside": [tuple(each) for each in calls]}
            except openai.APIError:
                yield {**shown, "ending": "failed"}


def _add(shown: dict[str, Any], calls: list[list[str]], choice: Any) -> None:  # noqa: ANN401
    shown["text"] += choice.delta.content or ""
    shown["thoughts"] += getattr(choice.delta, "reasoning_content", None) or ""
    for piece in choice.delta.tool_calls or ():
        if piece.index == len(calls):
            calls.append([piece.function.name, ""])
        calls[piece.index][1] += piece.function.arguments or ""
    if choice.finish_reason:
        shown["ending"] = "finished"


def _spoken(message: Message) -> list[dict[str, Any]]:
    """The message as chat completions have it; thoughts are none."""
    if message["role"] == "tool":
        ids = {"role": "tool", "tool_call_id": message["toolCallId"]}
        return [{**ids, "content": message["content"]}]
    if message["role"] not in ("user", "assistant"):
        return []
    made = {"role": message["role"], "content": message.get("content") or None}
    calls = message.get("toolCalls")
    return [{**made, "tool_calls": calls} if calls else made]


class ResponsesClient(Client):
    """Goes on from the response before, with what is new."""

    def __init__(self, client: openai.AsyncOpenAI) -> None:
        self._client: Any = client

    async def send(self, turn: Turn) -> AsyncGenerator[Received]:
        before = {} if turn.earlier is None else {"previous_response_id": turn.earlier["_id"]}
        stream = await self._client.responses.create(
            model="default",
            input=_given(turn),
            tools=[{"type": "function", **each} for each in turn.tools] or None,
            stream=True,
            **before,
        )
        words, id_ = "", ""
        async with stream:
            async for event in stream:
                if event.type == "response.created":
                    id_ = event.response.id
                elif event.type == "response.output_text.delta":
                    words += event.delta
                    yield {"text": words, "_id": id_}
                elif event.type in ENDS:
                    yield _of_response(event.response)

    async def stop(self, received: Received) -> bool:
        await self._client.responses.cancel(received["_id"])
        return True


def _given(turn: Turn) -> list[dict[str, Any]]:
    if turn.answers:
        assert turn.earlier is not None
        payloads = [each["payload"]["approved"] for each in turn.answers]
        return [
            {"type": "mcp_approval_response", "approval_request_id": id_, "approve": approve}
            for id_, approve in zip(turn.earlier["_questions"], payloads, strict=True)
        ]
    newest = turn.newest
    if newest["role"] == "tool":
        made = {"call_id": newest["toolCallId"], "output": newest["content"]}
        return [{"type": "function_call_output", **made}]
    return [{"role": "user", "content": newest["content"]}]


ENDS = ("response.completed", "response.failed", "response.incomplete")
ENDINGS = {"completed": "finished", "failed": "failed", "cancelled": "cancelled"}


def _of_response(response: Any) -> Received:  # noqa: ANN401  # the client's
    kinds: dict[str, list[Any]] = {}
    for item in response.output:
        kinds.setdefault(item.type, []).append(item)
    questions = kinds.get("mcp_approval_request", ())
    carried_out = kinds.get("mcp_call", ())
    made = [each for each in carried_out if not each.approval_request_id]
    called = [*kinds.get("function_call", ()), *made, *questions]
    return {
        "text": response.output_text,
        "thoughts": "".join(part.text for r in kinds.get("reasoning", ()) for part in r.summary),
        "calls": [(each.name, each.arguments) for each in called],
        "results": [each.output for each in carried_out],
        "ending": "asking" if questions else ENDINGS[response.status],
        "_id": response.id,
        "_questions": [each.id for each in questions],
    }
