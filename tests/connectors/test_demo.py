"""The agent of a server without a model: it says what it is, and shows what it is asked to show."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import Agent
from agui_runtime.connectors.demo import DemoAgent
from agui_runtime.core.errors import ModelFailure
from agui_runtime.core.events import Event, Message, as_event
from agui_runtime.core.fold import Fold, fold
from agui_runtime.core.grammar import Grammar
from tests.connectors.talk import Waits, all_events, ask, tool

HELLO: Message = {"id": "a0", "role": "assistant", "content": "hello"}


async def played(request: RunAgentInput) -> list[Event]:
    """What the demo says, after the grammar found it legal as it stands."""
    events = await all_events(DemoAgent(wait=Waits()), request)
    grammar = Grammar()
    accepted = [legal for event in events for legal in grammar.accept(as_event(event))]
    assert accepted == events
    assert grammar.closers() == []
    return events


async def answer(request: RunAgentInput) -> Fold:
    return fold(await played(request))


def last_text(folded: Fold) -> str:
    texts = [message["content"] for message in folded.messages if "content" in message]
    return str(texts[-1])


def schema_tool(**properties: object) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties}
    return {"name": "setThemeColor", "description": "", "parameters": parameters}


def called_with(folded: Fold) -> object:
    (call,) = folded.open_tool_calls
    return orjson.loads(call["function"]["arguments"])


def test_it_is_an_agent_that_says_what_it_is() -> None:
    agent = DemoAgent()
    assert isinstance(agent, Agent)
    assert "script" in agent.description
    assert "no model is connected" in agent.description


@pytest.mark.parametrize("words", ["hello", "call f", "state", "interrupt"])
async def test_its_first_reply_is_one_message_that_says_that_no_model_is_connected(
    words: str,
) -> None:
    (first,) = (await answer(ask(words, tools=[tool("f")]))).messages
    assert "script" in first["content"]
    assert "no model is connected" in first["content"]


async def test_its_first_answer_tells_how_to_connect_a_model() -> None:
    text = last_text(await answer(ask("hello")))
    assert text.startswith("You said: hello\n\n")
    assert "AGUI_MODEL=" in text


async def test_it_says_so_once_in_a_conversation() -> None:
    folded = await answer(ask("hello", HELLO, "hello again"))
    assert "no model" not in str(folded.messages)


@pytest.mark.parametrize("said", ["what is up?", [{"type": "text", "text": "what is up?"}]])
async def test_it_repeats_what_it_heard_and_tells_its_words(said: Any) -> None:  # noqa: ANN401
    text = last_text(await answer(ask(HELLO, {"id": "u", "role": "user", "content": said})))
    assert "what is up?" in text
    assert all(word in text for word in ("tool", "state", "interrupt", "error"))


async def test_it_answers_a_request_without_a_word() -> None:
    assert "nothing" in last_text(await answer(ask()))


async def test_it_streams_word_by_word_at_its_pace() -> None:
    waits = Waits()
    events = await all_events(DemoAgent(0.5, waits), ask("hello"))
    words = [event["delta"] for event in events if "delta" in event]
    assert all(len(word.split()) == 1 for word in words)
    assert len(words) > 20
    assert waits.seconds == [0.5] * len(events)


class TestTools:
    async def test_it_calls_the_one_that_is_named(self) -> None:
        folded = await answer(ask("please call setthemecolor", tools=[tool("f"), schema_tool()]))
        assert folded.open_tool_calls[0]["function"]["name"] == "setThemeColor"

    async def test_a_name_alone_is_enough(self) -> None:
        assert (await answer(ask("setThemeColor", tools=[schema_tool()]))).open_tool_calls

    async def test_it_calls_the_first_if_none_is_named(self) -> None:
        folded = await answer(ask("call a tool", tools=[tool("f"), tool("g")]))
        assert folded.open_tool_calls[0]["function"]["name"] == "f"

    async def test_it_streams_arguments_that_fit_the_parameters(self) -> None:
        offered = schema_tool(
            color={"type": "string"},
            mode={"type": "string", "enum": ["dark", "light"]},
            size={"type": ["integer", "null"]},
            bold={"type": "boolean"},
            fixed={"const": "x"},
            usual={"type": "number", "default": 2.5},
            tags={"type": "array", "items": {"type": "string"}},
            list={"type": "array"},
            nested={"type": "object", "properties": {"n": {"type": "number"}}},
            whatever={},
            nothing={"type": "null"},
        )
        events = await played(ask("call setThemeColor deep orange", tools=[offered]))
        assert called_with(fold(events)) == {
            "color": "deep orange",
            "mode": "dark",
            "size": 1,
            "bold": True,
            "fixed": "x",
            "usual": 2.5,
            "tags": ["deep orange"],
            "list": [],
            "nested": {"n": 1},
            "whatever": "deep orange",
            "nothing": None,
        }
        assert [event["type"] for event in events].count("TOOL_CALL_ARGS") > 5

    async def test_a_tool_without_parameters_gets_an_empty_object(self) -> None:
        bare = {"name": "refresh", "description": ""}
        assert called_with(await answer(ask("refresh", tools=[bare]))) == {}

    async def test_a_page_that_has_none_sees_one_of_its_own(self) -> None:
        folded = await answer(ask(HELLO, "show me a tool, please"))
        call, result, end = folded.messages
        assert "no tool" in call["content"]
        (called,) = call["toolCalls"]
        assert orjson.loads(called["function"]["arguments"]) == {"text": "show me a tool, please"}
        assert (result["role"], result["content"]) == ("tool", "5")
        assert end["content"].endswith(": 5.")
        assert folded.open_tool_calls == []

    async def test_it_tells_what_came_back(self) -> None:
        function = {"name": "setThemeColor", "arguments": "{}"}
        call = {"id": "c", "type": "function", "function": function}
        folded = await answer(
            ask(
                "call setThemeColor",
                {"id": "a", "role": "assistant", "toolCalls": [call]},
                {"id": "r", "role": "tool", "toolCallId": "c", "content": "it is orange now"},
                {"id": "s", "role": "tool", "toolCallId": "other", "content": "lost"},
                tools=[schema_tool()],
            )
        )
        assert last_text(folded) == (
            "`setThemeColor` answered: it is orange now\n`a tool` answered: lost"
        )
        assert folded.open_tool_calls == []


@pytest.mark.parametrize(("state", "kept"), [({"theme": "dark"}, {"theme": "dark"}), (None, {})])
async def test_it_changes_the_shared_state_and_keeps_the_rest(state: object, kept: Any) -> None:  # noqa: ANN401
    events = await played(ask("state", state=state))
    kinds = [event["type"] for event in events]
    assert kinds.count("STATE_SNAPSHOT") == 1
    assert kinds.count("STATE_DELTA") > 1
    assert fold(events).state == {**kept, "progress": 100}
    assert all(f"`{name}`" in last_text(fold(events)) for name in kept)


class TestInterrupts:
    async def test_it_asks_in_both_dialects(self) -> None:
        events = await played(ask("interrupt"))
        custom = next(event for event in events if event["type"] == "CUSTOM")
        assert custom["name"] == "on_interrupt"
        assert isinstance(custom["value"], str)
        (interrupt,) = fold(events).interrupts
        assert interrupt["message"] == custom["value"]

    @pytest.mark.parametrize(
        ("resumed", "heard"),
        [
            ({"forwardedProps": {"command": {"resume": "yes please"}}}, "yes please"),
            ({"forwardedProps": {"command": {"resume": {"ok": True}}}}, '{"ok":true}'),
            (
                {"resume": [{"interruptId": "i", "status": "resolved", "payload": "yes please"}]},
                "yes please",
            ),
            ({"resume": [{"interruptId": "i", "status": "cancelled"}]}, "never mind"),
        ],
    )
    async def test_it_goes_on_with_the_answer(self, resumed: dict[str, Any], heard: str) -> None:
        folded = await answer(ask("interrupt", HELLO, **resumed))
        assert heard in last_text(folded)
        assert folded.interrupts == []

    @pytest.mark.parametrize(
        "props", [None, [], {}, {"command": None}, {"command": {"resume": None}}]
    )
    async def test_no_answer_is_no_resume(self, props: object) -> None:
        assert (await answer(ask("interrupt", forwardedProps=props))).interrupts


async def test_it_fails_on_request_in_the_middle_of_its_answer() -> None:
    events = []
    with pytest.raises(ModelFailure, match="asked for") as failure:
        async for event in DemoAgent(wait=Waits()).run(ask("error")):
            events.append(event)
    assert failure.value.code == "MODEL_UNREACHABLE"
    assert "begin to answer" in last_text(fold(events))
