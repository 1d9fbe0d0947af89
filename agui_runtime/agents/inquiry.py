"""One question to a model, beside all threads, which it is to answer by a call of one tool. What it
answers is read with patience; whether to believe it is for whoever asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import NamedTuple
from uuid import uuid4

from ag_ui.core import RunAgentInput

from agui_runtime.agents.border import EventAgent
from agui_runtime.core.errors import AgentFailure
from agui_runtime.core.events import TERMINAL, Event
from agui_runtime.core.jsontext import Json, JsonObject, dumps, loads
from agui_runtime.core.observation import Operation, observed

_COMMA_TOO_MANY = re.compile(r",(\s*[}\]])")


@dataclass(frozen=True, slots=True)
class Inquiry:
    """`data` is quoted as JSON, so that its words are no instructions; `tool` has a name, a
    description and parameters. `asker` is what observers of operations are told.
    """

    asker: str
    instructions: str
    data: Json
    tool: Mapping[str, Json]


class Answer(NamedTuple):
    """The arguments of its calls, and what it wrote."""

    called: str
    written: str

    def object(self) -> JsonObject | None:
        """The JSON object that it called the tool with, or wrote: in a fence, between words, or
        with a comma too many.
        """
        for text in self:
            inner = text[text.find("{") : text.rfind("}") + 1]
            for each in (inner, _COMMA_TOO_MANY.sub(r"\1", inner)):
                if (found := _object(each)) is not None:
                    return found
        return None


async def answer(agent: EventAgent, inquiry: Inquiry, usage: list[Json]) -> Answer:
    """What the model answers; what it took is added to the usage. Raises AgentFailure, and whatever
    an agent raises.
    """
    pieces: dict[str, list[str]] = {"TOOL_CALL_ARGS": [], "TEXT_MESSAGE_CONTENT": []}
    with observed(Operation("invoke_agent", inquiry.asker)) as seen:
        async with aclosing(seen.events(agent.run(_request(inquiry)))) as events:
            async for event in events:
                if event["type"] in pieces:
                    pieces[event["type"]].append(event["delta"])
                elif event["type"] in TERMINAL:
                    usage += event.get("usage") or ()
                    _check(event)
    return Answer(*("".join(each) for each in pieces.values()))


def _check(end: Event) -> None:
    if end["type"] == "RUN_ERROR":
        raise AgentFailure(end["message"], end.get("code"))


def _object(text: str) -> JsonObject | None:
    try:
        made = loads(text)
    except ValueError:
        return None
    return made if isinstance(made, dict) else None


def _request(inquiry: Inquiry) -> RunAgentInput:
    messages: Sequence[Json] = [
        {"id": "instructions", "role": "system", "content": inquiry.instructions},
        {"id": "question", "role": "user", "content": dumps(inquiry.data).decode()},
    ]
    name = inquiry.tool["name"]
    choice = {"toolChoice": "function", "toolChoiceFunctionName": name, "temperature": 0}
    return RunAgentInput.model_validate(
        {
            "threadId": str(uuid4()),
            "runId": str(uuid4()),
            "messages": messages,
            "tools": [inquiry.tool],
            "context": [],
            "state": {},
            "forwardedProps": choice,
        }
    )
