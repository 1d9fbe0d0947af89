"""Thinking models that refuse a conversation in which their calls came back without what they had.

Each is a small server: asked with nothing but what people say it calls `find`, then it says `Done`.
`FORGOTTEN` is its refusal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

FORGOTTEN = "what you were given must be passed back"

Message: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """The deltas with which a model calls, and those with which it answers; whether an assistant
    message came back as it has to.
    """

    calls: list[dict[str, Any]]
    says: list[dict[str, Any]]
    accepts: Callable[[Message], bool]


class _Model:
    """`bodies` are the requests that came."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._post, methods=["POST"])])

    async def _post(self, request: Request) -> Response:
        body = json.loads(await request.body())
        self.bodies.append(body)
        return self._answer(body)

    def _answer(self, body: dict[str, Any]) -> Response:
        raise NotImplementedError


class ThinkingModel(_Model):
    """`kind` is one of `KINDS`."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def _answer(self, body: dict[str, Any]) -> Response:
        kind = KINDS[self.kind]
        came_back = [each for each in body["messages"] if each["role"] == "assistant"]
        if not all(map(kind.accepts, came_back)):
            return JSONResponse({"error": {"message": FORGOTTEN, "code": 400}}, 400)
        called = body["messages"][-1]["role"] == "tool"
        return _streamed(kind.says if called else kind.calls, len(self.bodies))


class StrictModel(_Model):
    """Refuses the calls of others with these words, in the way of the provider whose they are."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words

    def _answer(self, body: dict[str, Any]) -> Response:
        came_back = [each for each in body["messages"] if each["role"] == "assistant"]
        accepts = REFUSALS.get(self.words, lambda message: "reasoning_content" not in message)
        if not all(map(accepts, came_back)) or "temperature" in self.words:
            return JSONResponse({"error": {"message": self.words}}, 400)
        called = body["messages"][-1]["role"] == "tool"
        return _streamed([_DONE] if called else KINDS["deepseek"].calls, len(self.bodies))


def _streamed(deltas: list[dict[str, Any]], number: int) -> Response:
    chunks = [*({"delta": delta} for delta in deltas), {"delta": {}, "finish_reason": "stop"}]
    head = {"id": f"chatcmpl-{number}"}
    lines = [f"data: {json.dumps({**head, 'choices': [chunk]})}\n\n" for chunk in chunks]
    return Response("".join([*lines, "data: [DONE]\n\n"]), media_type="text/event-stream")


def _calling(*ids: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    """The delta that calls `find` once for each id; the first call has `more` fields."""
    function = {"name": "find", "arguments": "{}"}
    calls = [
        {"index": index, "id": id_, "type": "function", "function": function}
        for index, id_ in enumerate(ids)
    ]
    return {"tool_calls": [calls[0] | more, *calls[1:]]}


def _has(name: str, value: object) -> Callable[[Message], bool]:
    return lambda message: message.get(name) == value


def _first_call_has(value: object) -> Callable[[Message], bool]:
    """Gemini signs the first of parallel calls, and no text."""
    return lambda message: all(
        call.get("extra_content") == value for call in (message.get("tool_calls") or [])[:1]
    )


_SIGNED = {"google": {"thought_signature": "SIG="}}
_SEE, _DONE = "Let me see.", {"content": "Done"}
_THOUGHT = [{"reasoning_content": "Let me "}, {"reasoning_content": "see."}]
_DETAIL = {"type": "reasoning.text", "index": 0, "format": "anthropic-claude-v1"}
_DETAILS = [{**_DETAIL, "text": _SEE, "signature": "SIG="}]

KINDS: Mapping[str, Kind] = {
    "deepseek": Kind(
        [*_THOUGHT, _calling("c1", "c2")],
        [*_THOUGHT, _DONE],
        _has("reasoning_content", _SEE),  # of the text behind a call, too
    ),
    "vllm": Kind(
        [{"reasoning": _SEE}, _calling("c1", "c2")],
        [_DONE],
        lambda message: not message.get("tool_calls") or message.get("reasoning") == _SEE,
    ),
    "gemini": Kind(
        [_calling("c1", "c2", extra_content=_SIGNED)], [_DONE], _first_call_has(_SIGNED)
    ),
    "gemini, behind its call": Kind(
        [_calling("c1"), {"tool_calls": [{"function": {}, "extra_content": _SIGNED}]}],
        [_DONE],
        _first_call_has(_SIGNED),
    ),
    "openrouter": Kind(
        [
            {"reasoning": "Let me ", "reasoning_details": [{**_DETAIL, "text": "Let me "}]},
            {"reasoning": "see.", "reasoning_details": [{**_DETAIL, "text": "see."}]},
            {"reasoning_details": [{**_DETAIL, "signature": "SIG="}]},
            _calling("c1", "c2"),
        ],
        [_DONE],
        lambda message: (
            not message.get("tool_calls") or message.get("reasoning_details") == _DETAILS
        ),
    ),
    "minimax": Kind(
        [{"content": f"<think>{_SEE}</think>"}, _calling("c1")],
        [_DONE],
        lambda message: (
            not message.get("tool_calls") or message["content"].startswith(f"<think>{_SEE}</think>")
        ),
    ),
}

REFUSALS: Mapping[str, Callable[[Message], bool]] = {
    "The `reasoning_content` in the thinking mode must be passed back to the API.": (
        lambda message: bool(message.get("reasoning_content"))
    ),
    "thinking is enabled but reasoning_content is missing in assistant tool call message": (
        lambda message: "reasoning_content" in message
    ),
    "Function call is missing a thought_signature in functionCall parts.": (
        lambda message: "extra_content" in message["tool_calls"][0]
    ),
}
"""The words of DeepSeek, Kimi and Gemini, and what they accept."""
