"""Agents that the default agent calls as tools, in the same run."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from tests.core.verifier import verify
from tests.runtime.worlds import Scripted, Waiting, asking, call, kinds, ran, text


class Router:
    """Calls the named tool first, and says what it was answered when asked again."""

    name = "router"
    description = "Routes"

    def __init__(self, tool: str, call_id: str = "c1") -> None:
        self.tool = tool
        self.call_id = call_id
        self.asked: list[RunAgentInput] = []

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        self.asked.append(request)
        latest = request.messages[-1]
        if latest.role == "tool":
            for event in text("m-router", f"heard: {latest.content}"):
                yield event
            return
        for event in call(self.call_id, self.tool, "{}"):
            yield event

    @property
    def offered(self) -> list[str]:
        return [tool.name for tool in self.asked[0].tools or ()]


async def test_the_default_agent_is_offered_the_others_after_the_actions() -> None:
    def act() -> None:
        """An action."""

    def poet(line: str) -> str:
        """An action with an agent's name."""
        return line

    agents = {"poet": Scripted(), "cook": Scripted(), "not a tool name": Scripted()}
    router = Router("none")
    runtime = CopilotRuntime({**agents, "default": router}, actions=[act, poet])
    await ran(runtime, asking())
    assert router.offered == ["act", "poet", "cook"]
    [cook] = [tool for tool in router.asked[0].tools or () if tool.name == "cook"]
    assert cook.description == "A script"
    assert cook.parameters == {"type": "object", "properties": {}, "required": []}


async def test_agents_are_offered_only_where_a_chat_names_no_agent() -> None:
    for options, request in (
        (Options(), asking(agent="default")),
        (Options(), asking(ephemeral=True)),
        (Options(agents_as_tools=False), asking()),
    ):
        router = Router("none")
        runtime = CopilotRuntime({"default": router, "poet": Scripted()}, options=options)
        await ran(runtime, request)
        assert router.offered == []


async def test_what_a_delegate_does_is_told_as_its_own() -> None:
    poet = Scripted(
        {"type": "RUN_STARTED", "threadId": "x", "runId": "y"},
        {"type": "STEP_STARTED", "stepName": "rhyme"},
        {"type": "STATE_SNAPSHOT", "snapshot": {"lines": 1}},
        *text("m1", "Roses"),
        {"type": "STEP_FINISHED", "stepName": "rhyme"},
        {"type": "RUN_FINISHED", "threadId": "x", "runId": "y"},
    )
    runtime = CopilotRuntime({"default": Router("poet"), "poet": poet})
    events = await ran(runtime, asking(run="r1", follow_up=False))
    verify(events)
    assert kinds(events) == [
        "RUN_STARTED",
        *kinds(call("c1", "poet", "{}")),
        "TOOL_CALL_RESULT",
        "SUBAGENT_STARTED",
        "STEP_STARTED",
        "CUSTOM",
        *kinds(text("m1", "Roses")),
        "STEP_FINISHED",
        "SUBAGENT_FINISHED",
        "RUN_FINISHED",
    ]
    own = poet.asked[0].run_id
    assert {event["subagentRunId"] for event in events[5:-1]} == {own}
    assert events[4]["content"] == "poet agent started"
    assert (events[5]["name"], events[5]["parentToolCallId"]) == ("poet", "c1")
    assert events[-1]["runId"] == "r1"


async def test_a_delegate_whose_model_numbers_its_calls_like_the_caller_s_can_act() -> None:
    acted: list[str] = []

    def act() -> str:
        """An action."""
        acted.append("acted")
        return "done"

    delegate = Router("act", "call_0")
    agents = {"default": Router("poet", "call_0"), "poet": delegate}
    events = await ran(CopilotRuntime(agents, actions=[act]), asking())
    verify(events)
    assert acted == ["acted"]
    assert [m.tool_call_id for m in delegate.asked[1].messages if m.role == "tool"] == ["call_0"]
    theirs = {event["toolCallId"] for event in events if event["type"] == "TOOL_CALL_RESULT"}
    assert len(theirs) == 2
    assert kinds(events)[-1] == "RUN_FINISHED"


async def test_a_delegate_is_asked_what_the_caller_was_asked() -> None:
    poet = Scripted()
    runtime = CopilotRuntime({"default": Router("poet"), "poet": poet})
    await ran(runtime, asking("a poem", run="r1", states={"poet": {"lines": 7}}))
    [asked] = poet.asked
    assert [message.content for message in asked.messages] == ["a poem"]
    assert (asked.thread_id, asked.state) == ("t1", {"lines": 7})
    assert asked.run_id != "r1"


async def test_a_caller_that_goes_on_is_told_what_the_delegate_said() -> None:
    poet = Scripted(*text("m1", "Roses"), *text("m2", "are red"))
    router = Router("poet")
    runtime = CopilotRuntime({"default": router, "poet": poet})
    events = await ran(runtime, asking())
    verify(events)
    told = [event["delta"] for event in events if event["type"] == "TEXT_MESSAGE_CONTENT"]
    assert told == ["Roses", "are red", "heard: Roses\nare red"]
    assert [message.role for message in router.asked[1].messages] == ["user", "assistant", "tool"]


async def test_a_delegate_may_call_actions_and_nobody_else() -> None:
    def rhyme() -> str:
        """Finds a rhyme."""
        return "noses"

    poet = Router("rhyme", "c2")
    runtime = CopilotRuntime({"default": Router("poet"), "poet": poet}, actions=[rhyme])
    events = await ran(runtime, asking(follow_up=False))
    assert poet.offered == ["rhyme"]
    told = [event["delta"] for event in events if event["type"] == "TEXT_MESSAGE_CONTENT"]
    assert told == ["heard: noses"]


async def test_the_thread_keeps_the_callers_state_and_messages() -> None:
    poet = Scripted(
        {"type": "STATE_SNAPSHOT", "snapshot": {"poems": 1}},
        *text("m1", "Roses"),
        {"type": "MESSAGES_SNAPSHOT", "messages": []},
    )
    runtime = CopilotRuntime({"default": Router("poet"), "poet": poet})
    request = asking(follow_up=False)
    await ran(runtime, request)
    saved = await runtime.saved_states.load("t1", "default", request.context.caller)
    assert saved is not None
    assert saved.state == {}
    assert [message["role"] for message in saved.messages] == [
        "user",
        "assistant",
        "tool",
        "assistant",
    ]


async def test_a_delegate_that_fails_ends_the_run_with_its_own_code() -> None:
    poet = Scripted(
        *text("m1", "Ro")[:2], {"type": "RUN_ERROR", "message": "no ink", "code": "INK"}
    )
    runtime = CopilotRuntime({"default": Router("poet"), "poet": poet})
    events = await ran(runtime, asking(follow_up=False))
    verify(events)
    assert kinds(events)[-3:] == ["TEXT_MESSAGE_END", "SUBAGENT_ERROR", "RUN_ERROR"]
    assert (events[-1]["message"], events[-1]["code"]) == ("no ink", "INK")


def counted(number: int) -> Event:
    return {"type": "RUN_FINISHED", "threadId": "", "runId": "", "usage": [{"inputTokens": number}]}


@pytest.mark.parametrize("follow_up", [True, False])
async def test_what_a_delegate_took_is_part_of_what_the_run_took(follow_up: bool) -> None:
    poet = Scripted(*text("m-poet", "Roses"), counted(7))
    runtime = CopilotRuntime({"default": Router("poet"), "poet": poet})
    events = await ran(runtime, asking(follow_up=follow_up))
    assert events[-1]["type"] == "RUN_FINISHED"
    assert events[-1]["usage"] == [{"inputTokens": 7}]


async def test_what_a_delegate_that_fails_took_is_counted_too() -> None:
    poet = Scripted({"type": "RUN_ERROR", "message": "No rhyme", "usage": [{"inputTokens": 7}]})
    runtime = CopilotRuntime({"default": Router("poet"), "poet": poet})
    events = await ran(runtime, asking())
    assert events[-1]["type"] == "RUN_ERROR"
    assert events[-1]["usage"] == [{"inputTokens": 7}]


async def test_what_a_delegate_left_open_is_closed_before_its_end() -> None:
    poet = Scripted({"type": "STEP_STARTED", "stepName": "rhyme"}, *text("m1", "Roses")[:2])
    runtime = CopilotRuntime({"default": Router("poet"), "poet": poet})
    events = await ran(runtime, asking(follow_up=False))
    verify(events)
    assert kinds(events)[-4:] == [
        "TEXT_MESSAGE_END",
        "STEP_FINISHED",
        "SUBAGENT_FINISHED",
        "RUN_FINISHED",
    ]


async def test_a_stop_reaches_the_delegate() -> None:
    poet = Waiting(*text("m1", "Ro")[:2])
    runtime = CopilotRuntime({"default": Router("poet"), "poet": poet})
    handle = await runtime.start(asking(follow_up=False))
    events: list[Event] = []
    async for batch in handle.batches():
        events += [record.event for record in batch.records]
        if kinds(events)[-1] == "TEXT_MESSAGE_CONTENT":
            await handle.stop()
    verify(events)
    assert poet.closed.is_set()
    assert kinds(events)[-3:] == ["TEXT_MESSAGE_END", "SUBAGENT_ERROR", "RUN_FINISHED"]
    assert events[-1]["outcome"] == {"type": "cancelled"}


async def test_what_a_delegate_said_is_part_of_the_thread() -> None:
    poet, router = Scripted(*text("m1", "Roses")), Router("poet")
    agents = {"default": router, "poet": poet}
    runtime = CopilotRuntime(agents, options=Options(history="thread"))
    await ran(runtime, asking("one", follow_up=False))
    await ran(runtime, asking("two", follow_up=False))
    contents = [message.content for message in router.asked[1].messages]
    assert contents == ["one", None, "poet agent started", "Roses", "two"]
