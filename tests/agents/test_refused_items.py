"""What can be no agent, no answer and no event is refused with what to write instead."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from ag_ui.core import RunAgentInput
from pydantic import BaseModel

from agui_runtime.agents.border import wrap
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.agents.test_items import CUSTOM, Runs, yields
from tests.runtime.worlds import asking, ran

Yields = Callable[[RunAgentInput], AsyncIterator[Any]]


async def failure_of(source: object) -> str:
    events = await ran(CopilotRuntime({"default": source}), asking())
    assert events[-1]["type"] == "RUN_ERROR"
    assert events[-1]["code"] == "AGENT_PROTOCOL_ERROR"
    message: str = events[-1]["message"]
    return message


class Chunk(BaseModel):
    """Stands for a piece of another library."""

    content: str = "Hello"


def of_library(name: str) -> object:
    return type("Chunk", (Chunk,), {"__module__": name})()


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"type": "TEXT_MESAGE_START", "messageId": "m"}, "did you mean TEXT_MESSAGE_START?"),
        ({"type": "TextMessageContent"}, "did you mean TEXT_MESSAGE_CONTENT?"),
        ({"delta": "Hello"}, "needs a `type`"),
        (7, "yields an int; yield text, AG-UI events"),
        (object(), "yields an object"),
        (b"Hello", "yield text as str"),
        (of_library("langchain_core.messages"), "GraphAgent"),
        (of_library("pydantic_ai.messages"), "AGUIAdapter"),
        (of_library("openai.types.chat"), "OpenAIAgent"),
        ("data: {oops\n\n", "not JSON"),
    ],
)
async def test_what_is_no_event_is_refused_with_what_to_write(item: object, words: str) -> None:
    assert words in await failure_of(yields(item))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (None, "the agent returned nothing; return the answer as text, or yield it"),
        (7, "the agent returned an int"),
        ({"answer": "Hello"}, "needs a `type`"),
        (of_library("langchain_core.messages"), "GraphAgent"),
    ],
)
async def test_what_is_no_answer_is_refused_with_what_to_write(made: object, words: str) -> None:
    assert words in await failure_of(lambda request: made)


def takes_nothing() -> str:
    return "Hello"


def takes_two(request: RunAgentInput, more: str) -> str:
    return more


class TakesNothing:
    """An object whose `run` takes nothing."""

    name = "x"
    description = ""

    async def run(self) -> AsyncIterator[Event]:
        yield CUSTOM


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (takes_nothing, "function takes_nothing must take one argument, the request"),
        (takes_two, "function takes_two must take one argument"),
        (lambda: "Hello", "must take one argument"),
        (TakesNothing(), "its run method must take one argument"),
        (Runs, "is the class Runs; write Runs"),
        (Chunk, "is the class Chunk"),
        (of_library("langgraph.graph"), "GraphAgent"),
        ("gpt-4o", "neither a function nor has it a run"),
    ],
)
def test_what_can_be_no_agent_is_refused_at_the_start(source: object, words: str) -> None:
    with pytest.raises(Misconfigured, match="agent") as refused:
        wrap(source, "default")
    assert words in str(refused.value)
