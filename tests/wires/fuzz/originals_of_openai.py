"""A valid request for each route of OpenAI's clients."""

from __future__ import annotations

from agui_runtime.wires.openai.response_ids import (
    ApprovalPlace,
    ItemPlace,
    Place,
    approval_id,
    item_id,
    response_id,
)
from tests.wires.fuzz.jsons import Json
from tests.wires.fuzz.original import Original

FUNCTION: dict[str, Json] = {
    "name": "paint",
    "description": "Paints",
    "parameters": {"type": "object"},
}
_SERVER_CALL: dict[str, Json] = {"type": "mcp_call", "name": "look", "arguments": "{}"}
CALL: Json = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}


def of_openai() -> list[Original]:
    chatting, response = _chatting(), answering()
    on_thread: Json = {"x-thread-id": "t-1"}
    known = f"/v1/responses/{response_id(Place('t-1', 'run-default'))}"
    events = [("stream", "true"), ("starting_after", "2")]
    return [
        Original("POST", "/v1/responses", body=response),
        Original("POST", "/v1/responses", body=response | {"conversation": "t-1"}),
        Original("POST", "/v1/responses", body=response | {"store": False, "stream": True}),
        Original("POST", "/v1/responses", body=response | {"background": True}),
        Original("POST", "/v1/responses", body=response | {"previous_response_id": known[14:]}),
        Original("GET", known),
        Original("GET", known, events),
        Original("POST", f"{known}/cancel", body={}),
        Original("GET", f"{known}/input_items", [("limit", "2"), ("order", "asc")]),
        Original("POST", "/v1/responses", body=response | {"input": _references()}),
        Original("POST", "/v1/responses", body=response | {"input": _approvals()}),
        *_conversations(),
        Original("GET", "/v1/models"),
        Original("GET", "/v1/models/default"),
        Original("POST", "/v1/chat/completions", body=chatting),
        Original("POST", "/v1/chat/completions", headers=on_thread, body=chatting),
        Original("POST", "/v1/chat/completions", body=chatting | {"stream": True}),
        Original(
            "POST", "/v1/chat/completions", body=chatting | {"metadata": {"thread_id": "t-2"}}
        ),
    ]


def _conversations() -> list[Original]:
    """On a thread that the others leave alone."""
    there = "/v1/conversations/t-9"
    items: Json = [{"role": "user", "content": "hi"}]
    item = item_id(ItemPlace("msg", "t-9", "u"))
    return [
        Original("POST", "/v1/conversations", body={"items": items, "metadata": {"key": "value"}}),
        Original("GET", there),
        Original("POST", there, body={"metadata": {"key": "value"}}),
        Original("GET", f"{there}/items", [("limit", "2"), ("after", item)]),
        Original("POST", f"{there}/items", body={"items": items}),
        Original("GET", f"{there}/items/{item}"),
        Original("DELETE", f"{there}/items/{item}"),
        Original("DELETE", there),
        Original("DELETE", f"/v1/responses/{response_id(Place('t-9', 'run-default'))}"),
    ]


def _references() -> Json:
    return [
        {"role": "user", "content": "hi"},
        {"type": "item_reference", "id": item_id(ItemPlace("msg", "t-1", "m-run-default"))},
        {"role": "user", "content": "more"},
    ]


def _approvals() -> Json:
    asked = approval_id(ApprovalPlace("t-1", "run-default", "i1"))
    answer = {"type": "mcp_approval_response", "approval_request_id": asked, "approve": True}
    return [answer | {"reason": "why not"}]


def _chatting() -> dict[str, Json]:
    parts: Json = [
        {"type": "text", "text": "hi"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,eA=="}},
        {"type": "input_audio", "input_audio": {"data": "eA==", "format": "wav"}},
        {"type": "file", "file": {"file_data": "http://x.test/y.pdf", "filename": "y.pdf"}},
    ]
    return {
        "model": "default",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": parts, "name": "ann"},
            {"role": "assistant", "content": "Well", "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "c1", "content": "1"},
            {"role": "user", "content": "and?"},
        ],
        "tools": [{"type": "function", "function": FUNCTION}],
        "tool_choice": {"type": "function", "function": {"name": "paint"}},
        "stream_options": {"include_usage": True},
        "stop": ["x"],
        "temperature": 0.5,
    }


def answering() -> dict[str, Json]:
    """A request for a response, with one of everything that it can hold."""
    return {
        "model": "default",
        "instructions": "Be brief.",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "hi"}, *_files()]},
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "1"},
            {**_SERVER_CALL, "id": "m1", "output": "1", "error": None},
            {**_SERVER_CALL, "id": "m2", "output": None, "error": "no such place"},
        ],
        "tools": [{"type": "function", **FUNCTION}],
        "text": {"format": {"type": "text"}},
        "metadata": {"key": "value"},
    }


def _files() -> list[Json]:
    return [
        {"type": "input_image", "image_url": "data:image/png;base64,eA=="},
        {"type": "input_file", "file_url": "http://x.test/y.pdf", "filename": "y.pdf"},
    ]
