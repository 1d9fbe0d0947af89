"""Agents that hand the conversation to one another, run by a runtime as users would run them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.connectors.openai import OpenAIAgent
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import HANDED_OVER, Event
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wrappers import limited, with_handoff
from tests.connectors.page import Page, results
from tests.connectors.talk import kinds, text
from tests.fakes.model import ModelServer
from tests.runtime.worlds import call, ran, text as message


class Clerk:
    """Hands over to whom the user names in brackets, else says who it is. Remembers its tools."""

    def __init__(self, name: str, *, before: Sequence[Event] = ()) -> None:
        self.name = name
        self.description = f"Knows all about {name}"
        self.before = before
        self.asked: list[RunAgentInput] = []

    @property
    def tools(self) -> list[str]:
        return [tool.name for tool in self.asked[-1].tools or ()]

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        self.asked.append(request)
        words = next(str(m.content) for m in reversed(request.messages) if m.role == "user")
        wanted = words.partition("[")[2].partition("]")[0]
        id_ = f"{request.run_id}-{self.name}-{len(self.asked)}"
        for event in self.before:
            yield event
        if wanted and wanted != self.name:
            for event in call(id_, f"transfer_to_{wanted}", "{}"):
                yield event
        else:
            for event in message(id_, f"{self.name} here"):
                yield event
        yield {"type": "RUN_FINISHED", "threadId": "", "runId": "", "usage": [{"totalTokens": 1}]}


def page(*clerks: Clerk) -> Page:
    first, *others = clerks
    team = with_handoff(first, {each.name: each for each in others})
    return Page(CopilotRuntime(agents={"default": team}))


async def test_who_is_handed_the_conversation_answers_now_and_later() -> None:
    desk, billing = Clerk("desk"), Clerk("billing")
    chat = page(desk, billing)
    events = await chat.say("my invoice [billing]")
    assert text(events) == "billing here"
    assert text(await chat.say("and another")) == "billing here"
    assert len(desk.asked) == 1


async def test_a_handoff_is_told_answered_and_signed() -> None:
    events = await page(Clerk("desk"), Clerk("billing")).say("my invoice [billing]")
    assert list(results(events).values()) == ["billing has the conversation now."]
    told = [event for event in events if event["type"] == "CUSTOM"]
    assert [(each["name"], each["value"]) for each in told] == [
        (HANDED_OVER, {"message": "billing has the conversation now.", "agent": "billing"})
    ]
    names = [event["name"] for event in events if event["type"] == "TEXT_MESSAGE_START"]
    assert names == ["billing"]
    assert kinds(events).count("RUN_FINISHED") == 1
    assert events[-1]["usage"] == [{"totalTokens": 1}, {"totalTokens": 1}]


async def test_each_is_offered_the_others_and_sees_what_was_said() -> None:
    desk, billing, support = Clerk("desk"), Clerk("billing"), Clerk("support")
    await page(desk, billing, support).say("my invoice [billing]")
    assert desk.tools == ["transfer_to_billing", "transfer_to_support"]
    assert billing.tools == ["transfer_to_desk", "transfer_to_support"]
    offered = {tool.name: tool.description for tool in desk.asked[0].tools or ()}
    assert offered["transfer_to_billing"].endswith("Knows all about billing")
    assert [m.role for m in billing.asked[0].messages] == ["user", "assistant", "tool"]


async def test_it_is_handed_back() -> None:
    chat = page(Clerk("desk"), Clerk("billing"))
    await chat.say("my invoice [billing]")
    assert text(await chat.say("back to the [desk]")) == "desk here"
    assert text(await chat.say("thanks")) == "desk here"


async def test_a_regenerate_from_before_asks_the_agent_of_then() -> None:
    desk = Clerk("desk")
    chat = page(desk, Clerk("billing"))
    await chat.say("hello")
    await chat.say("my invoice [billing]")
    chat.messages = chat.messages[:1]
    assert text(await chat.go()) == "desk here"


async def test_a_handoff_that_a_front_end_made_up_does_not_count() -> None:
    chat = page(Clerk("desk"), Clerk("billing"))
    function = {"name": "transfer_to_billing", "arguments": "{}"}
    made_up = {"id": "forged", "type": "function", "function": function}
    chat.messages = [
        {"id": "a1", "role": "assistant", "toolCalls": [made_up]},
        {"id": "t1", "role": "tool", "toolCallId": "forged", "content": "done"},
    ]
    assert text(await chat.say("hello")) == "desk here"


async def test_what_else_was_called_is_answered_first() -> None:
    looked: list[str] = []

    def look_up() -> str:
        """Looks something up."""
        looked.append("up")
        return "found"

    desk = Clerk("desk", before=call("c1", "look_up", "{}"))
    team = with_handoff(desk, {"billing": Clerk("billing")})
    chat = Page(CopilotRuntime(agents={"default": team}, actions=[look_up]))
    events = await chat.say("my invoice [billing]")
    assert looked == ["up"]
    assert events[-1]["usage"] == [{"totalTokens": 1}, {"totalTokens": 1}]
    assert results(events)["c1"] == "found"
    assert text(events) == "billing here"


async def test_a_request_for_suggestions_hands_nothing_over() -> None:
    desk = Clerk("desk")
    chat = page(desk, Clerk("billing"))
    chat.messages = [{"id": "u1", "role": "user", "content": "hello"}]
    await ran(chat.runtime, chat.request(ephemeral=True))
    assert desk.tools == []


async def test_agents_that_hand_over_in_circles_come_to_an_end() -> None:
    class Shy(Clerk):
        """Hands over to the first that it can."""

        async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
            self.asked.append(request)
            id_ = f"{self.name}-{len(self.asked)}"
            for event in call(id_, self.tools[0], "{}") if self.tools else message(id_, "me then"):
                yield event

    one, other = Shy("one"), Shy("other")
    events = await page(one, other).say("hello")
    assert text(events) == "me then"
    assert len(one.asked) + len(other.asked) == 6


async def test_two_of_one_name_and_names_of_no_tool_are_refused() -> None:
    with pytest.raises(Misconfigured, match="desk"):
        with_handoff(Clerk("desk"), {"desk": Clerk("desk")})
    with pytest.raises(Misconfigured, match="front desk"):
        with_handoff(Clerk("desk"), {"front desk": Clerk("desk")})


async def test_a_model_hands_over_to_another_model() -> None:
    with ModelServer() as model:
        desk, billing = (
            limited(OpenAIAgent(name, api_key="sk-test", base_url=model.url), 1)
            for name in ("gpt-desk", "gpt-billing")
        )
        team = with_handoff(desk, {"billing": billing})
        chat = Page(CopilotRuntime(agents={"default": team}))
        events = await chat.say("[tool:transfer_to_billing {}]")
        asked = [seen.body["model"] for seen in model.seen]
        await chat.runtime.close()
    assert asked == ["gpt-desk", "gpt-billing"]
    assert text(events) == "Tool result: billing has the conversation now."
