"""Agents as MCP's tools, and what a call of one brings. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agui_runtime.connectors.mcp.tools import model_name
from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.ids import check_id
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.runtime.catalog import AgentInfo

INSTRUCTIONS = (
    "Each tool is an agent that converses. Its result has a threadId: give that to say more in the"
    " same conversation."
)

_TEXT: JsonObject = {"type": "string"}

_INPUT: JsonObject = {
    "type": "object",
    "properties": {
        "message": {**_TEXT, "description": "What to say to the agent"},
        "threadId": {
            **_TEXT,
            "description": "The conversation to go on with; a new one when left out",
        },
        "answer": {
            "description": "In place of a message: the answer to what the agent asked for, where a"
            " result says that it waits for one"
        },
    },
}

_OUTPUT: JsonObject = {
    "type": "object",
    "properties": {
        "text": {**_TEXT, "description": "What the agent said"},
        "threadId": _TEXT,
        "runId": _TEXT,
        "outcome": {**_TEXT, "enum": ["success", "interrupt", "stopped", "error"]},
        "interrupts": {"type": "array", "items": {"type": "object"}},
        "code": {**_TEXT, "description": "Of an error"},
        "routed": {
            "type": "object",
            "description": "Which of its agents a router gave the message to, and their domain",
        },
    },
    "required": ["text", "threadId", "runId", "outcome"],
}


@dataclass(frozen=True, slots=True)
class Call:
    """What is said to an agent: a `message`, or with `is_answer` the `answer` to its question."""

    thread_id: str | None
    message: str
    answer: Json = None
    is_answer: bool = False


def tool(agent: AgentInfo) -> JsonObject:
    """The agent as `tools/list` describes it."""
    return {
        "name": model_name(agent.name),
        "title": agent.name,
        "description": agent.description or f"The agent {agent.name}",
        "inputSchema": _INPUT,
        "outputSchema": _OUTPUT,
    }


def agent_named(name: Json, agents: Sequence[AgentInfo]) -> str | None:
    """The agent whose tool has that name."""
    return next((each.name for each in agents if model_name(each.name) == name), None)


def call_of(arguments: Json) -> Call:
    """What a call says; raises InvalidInput, in words for whoever called: often a model."""
    given: Mapping[str, Json] = {} if arguments is None else arguments
    _check_types(given)
    thread, message = given.get("threadId") or None, given.get("message") or ""
    if thread is not None:
        check_id(thread, "threadId")
    if "answer" not in given:
        if not message:
            raise InvalidInput("message: say something to the agent")
        return Call(thread, message)
    if thread is None:
        raise InvalidInput("answer: give the threadId of the conversation, too")
    if message:
        raise InvalidInput("give either a message or an answer")
    return Call(thread, message, given["answer"], is_answer=True)


def _check_types(given: Json) -> None:
    if not isinstance(given, dict):
        raise InvalidInput("arguments: give an object")
    if unknown := sorted(given.keys() - _INPUT["properties"].keys()):
        there = ", ".join(_INPUT["properties"])
        raise InvalidInput(f"there is no argument {unknown[0]!r}; there are {there}")
    for name in ("threadId", "message"):
        if not isinstance(given.get(name, ""), str):
            raise InvalidInput(f"{name}: give a text")
