"""A request of every wire that has the same agent run, for the benchmark of what a token costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from bench.graphql import mutation, queries

GO = {"id": "u1", "role": "user", "content": "go"}


def agui_request() -> Any:  # noqa: ANN401  # JSON
    empty: Mapping[str, Any] = {"tools": [], "context": [], "state": {}, "forwardedProps": {}}
    return {"threadId": str(uuid4()), "runId": str(uuid4()), "messages": [GO], **empty}


def openai_request() -> Any:  # noqa: ANN401  # JSON
    message = {"role": "user", "content": "go"}
    return {"model": "bench", "messages": [message], "stream": True}


def mcp_request() -> Any:  # noqa: ANN401  # JSON
    params = {"name": "bench", "arguments": {"message": "go"}, "_meta": {"progressToken": 1}}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


def a2a_request() -> Any:  # noqa: ANN401  # JSON
    message = {"messageId": str(uuid4()), "role": "ROLE_USER", "parts": [{"text": "go"}]}
    call = {"jsonrpc": "2.0", "id": 1, "method": "SendStreamingMessage"}
    return {**call, "params": {"message": message}}


def responses_request() -> Any:  # noqa: ANN401  # JSON
    return {"model": "bench", "input": "go", "stream": True}


def graphql_request() -> Any:  # noqa: ANN401  # JSON
    body = mutation("agent_text", "go")
    body["variables"]["data"]["threadId"] = str(uuid4())
    return body


def default_request() -> Any:  # noqa: ANN401  # JSON
    """GraphQL's own, which names no agent."""
    body = mutation("text_plain", "go")
    body["variables"]["data"]["threadId"] = str(uuid4())
    return body


def remote_request() -> Any:  # noqa: ANN401  # JSON
    message = {"id": "u1", "type": "TextMessage", "role": "user", "content": "go"}
    empty: Mapping[str, Any] = {"state": {}, "config": {}, "properties": {}, "actions": []}
    return {"name": "bench", "threadId": str(uuid4()), "messages": [message], **empty}


WIRES: Mapping[str, tuple[str, Callable[[], Any]]] = {
    "agui": ("/copilotkit/agent/bench/run", agui_request),
    "graphql": ("/copilotkit", graphql_request),
    "graphql default": ("/copilotkit", default_request),
    "openai": ("/v1/chat/completions", openai_request),
    "mcp": ("/mcp", mcp_request),
    "a2a": ("/a2a/bench", a2a_request),
    "responses": ("/v1/responses", responses_request),
    "remote": ("/copilotkit_remote/agents/execute", remote_request),
}

QUERIES: Mapping[str, Any] = queries()
"""Requests of the GraphQL wire that run nothing."""
