"""AgentScope agents in runs: what they say and do, whom they leave it to, what they remember."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

from ag_ui.core import RunAgentInput
from agentscope.agent import Agent
from agentscope.message import Base64Source, DataBlock, TextBlock
from agentscope.state import AgentState
from agentscope.tool import ToolChunk, Toolkit

from agui_runtime.connectors.agentscope import AgentScopeAgent
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.clerk import clerk, free, messages_to
from tests.connectors.page import Page, results
from tests.connectors.talk import kinds, text, tool, user
from tests.fakes.model import ModelServer

WEATHER = '[tool:weather {"city":"Oslo"}]'
CANCELLED = {"type": "cancelled"}


def weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"


async def test_thoughts_text_and_token_counts() -> None:
    async with ModelServer() as model:
        page = Page(CopilotRuntime(agents={"default": clerk(model)}))
        events = await page.say("[reasoning:hm so] Good morning")

    assert kinds(events) == [
        "RUN_STARTED",
        "REASONING_START",
        "REASONING_MESSAGE_START",
        "REASONING_MESSAGE_CONTENT",
        "REASONING_MESSAGE_END",
        "REASONING_END",
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        "RUN_FINISHED",
    ]
    assert text(events) == "You said: [reasoning:hm so] Good morning"
    counts = {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18, "cachedInputTokens": 4}
    assert events[-1]["usage"] == [{"model": "m", **counts}]


async def test_a_tool_of_its_own_is_called_and_told() -> None:
    async with ModelServer() as model:
        page = Page(CopilotRuntime(agents={"default": clerk(model, free(weather))}))
        events = await page.say(f"[text+tool] {WEATHER}")

    assert list(results(events).values()) == ["sunny in Oslo"]
    spoken, called, *_ = page.messages[1:]
    assert spoken["content"] == "Let me check. "
    assert spoken["toolCalls"][0]["function"] == {"name": "weather", "arguments": '{"city":"Oslo"}'}
    assert called["role"] == "tool"
    assert text(events) == "Let me check. Tool result: sunny in Oslo"


async def test_parallel_calls_keep_their_arguments_and_results_apart() -> None:
    async def later(city: str) -> str:
        """Tell it later."""
        await asyncio.sleep(0)
        return f"rain in {city}"

    question = f'[interleave] {WEATHER} [tool:later {{"city":"Rome"}}]'
    async with ModelServer() as model:
        agent = clerk(model, free(weather), free(later))
        page = Page(CopilotRuntime(agents={"default": agent}))
        events = await page.say(question)

    assert sorted(results(events).values()) == ["rain in Rome", "sunny in Oslo"]
    [called] = [message for message in page.messages if message.get("toolCalls")]
    arguments = [call["function"]["arguments"] for call in called["toolCalls"]]
    assert arguments == ['{"city":"Oslo"}', '{"city":"Rome"}']


async def test_a_plain_function_runs_in_a_thread() -> None:
    threads: list[threading.Thread] = []

    def where() -> str:
        """Tell where."""
        threads.append(threading.current_thread())
        return "here"

    async with ModelServer() as model:
        page = Page(CopilotRuntime(agents={"default": clerk(model, free(where))}))
        await page.say("[tool:where {}]")

    assert threads and threads[0] is not threading.main_thread()


async def test_a_tool_that_fails_is_told_and_the_agent_goes_on() -> None:
    def broken() -> str:
        """Fail."""
        raise ValueError("no luck")

    async with ModelServer() as model:
        page = Page(CopilotRuntime(agents={"default": clerk(model, free(broken))}))
        events = await page.say("[tool:broken {}]")

    [result] = [event for event in events if event["type"] == "TOOL_CALL_RESULT"]
    assert result["metadata"] == {"state": "error"}
    assert "no luck" in result["content"]
    assert events[-1]["type"] == "RUN_FINISHED"


async def test_pictures_in_a_result_are_parts_of_it() -> None:
    async def draw() -> ToolChunk:
        """Draw."""
        picture = DataBlock(source=Base64Source(data="iVBORw0=", media_type="image/png"))
        return ToolChunk(content=[TextBlock(text="Here:"), picture])

    async with ModelServer() as model:
        page = Page(CopilotRuntime(agents={"default": clerk(model, free(draw))}))
        events = await page.say("[tool:draw {}]")

    source = {"type": "data", "value": "iVBORw0=", "mimeType": "image/png"}
    picture = {"type": "image", "source": source}
    assert list(results(events).values()) == [[{"type": "text", "text": "Here:"}, picture]]


async def test_pictures_of_the_user_reach_the_model_and_files_of_the_server_do_not() -> None:
    data = {"type": "data", "value": "iVBORw0=", "mimeType": "image/png"}
    file = {"type": "url", "value": "file:///etc/passwd", "mimeType": "image/png"}
    parts = [{"type": "image", "source": source} for source in (data, file)]
    async with ModelServer() as model:
        page = Page(CopilotRuntime(agents={"default": clerk(model)}))
        page.messages = [user([{"type": "text", "text": "Look"}, *parts])]
        await page.go()

    look, picture, refused = messages_to(model)[-1]["content"]
    assert look == {"type": "text", "text": "Look"}
    assert picture["image_url"]["url"] == "data:image/png;base64,iVBORw0="
    assert refused == {"type": "text", "text": "[image that this agent cannot open]"}


async def test_files_that_the_model_does_not_take_are_written_out_or_named() -> None:
    notes = {"type": "data", "value": "IyBOb3Rlcw==", "mimeType": "text/markdown"}
    sheet = {"type": "data", "value": "UEsDBAA=", "mimeType": "application/vnd.ms-excel"}
    files = [
        {"type": "document", "source": notes, "metadata": {"filename": "notes.md"}},
        {"type": "document", "source": sheet, "metadata": {"filename": "a.xls"}},
    ]
    async with ModelServer() as model:
        page = Page(CopilotRuntime(agents={"default": clerk(model)}))
        page.messages = [user([{"type": "text", "text": "Sum up"}, *files])]
        await page.go()
        await page.say("never mind")

    for number in (0, 1):
        messages_text = str(messages_to(model, number))
        assert r"# Notes\n[end of notes.md]" in messages_text
        assert (
            "[attachment a.xls (application/vnd.ms-excel, 5 bytes) could not be passed"
            in messages_text
        )


async def test_what_the_page_says_of_itself_is_in_the_prompt_and_the_time_is_not() -> None:
    async with ModelServer() as model:
        page = Page(CopilotRuntime(agents={"default": clerk(model)}))
        await page.say("hi", context=[{"description": "The cart", "value": "3 apples"}])
        page.messages.insert(0, {"id": "s", "role": "system", "content": "Be brief."})
        await page.say("hi", context=[{"description": "The cart", "value": "3 apples"}])

    first, second = messages_to(model, 0), messages_to(model, 1)
    assert [message["role"] for message in first] == ["system", "user"]
    assert "The cart: 3 apples" in str(first[0]["content"])
    assert "Be brief." in str(second[0]["content"])
    assert "3 apples" not in str(second[0]["content"])


async def test_a_front_ends_tool_is_left_to_it_and_its_result_continues_the_reply() -> None:
    offered = [tool("show_map")]
    async with ModelServer() as model:
        page = Page(CopilotRuntime(agents={"default": clerk(model)}))
        events = await page.say('[tool:show_map {"zoom":3}]', tools=offered)
        [call] = [each for message in page.messages for each in message.get("toolCalls") or ()]
        pending = events[-1]["outcome"]
        page.messages.append(
            {"id": "x1", "role": "tool", "toolCallId": call["id"], "content": "shown"}
        )
        followed = await page.go(tools=offered)

    assert pending == {"type": "success", "pendingToolCallIds": [call["id"]]}
    assert results(followed) == {}
    assert text(followed) == "Tool result: shown"
    assert [message["role"] for message in messages_to(model)] == [
        "system",
        "user",
        "assistant",
        "tool",
    ]


async def test_a_servers_action_is_carried_out_within_the_run() -> None:
    def lookup(key: str) -> str:
        """Look it up."""
        return f"{key} is 7"

    async with ModelServer() as model:
        page = Page(CopilotRuntime(agents={"default": clerk(model)}, actions=[lookup]))
        events = await page.say('[tool:lookup {"key":"x"}]')

    assert list(results(events).values()) == ["x is 7"]
    assert text(events) == "Tool result: x is 7"
    assert kinds(events).count("RUN_FINISHED") == 1


async def test_a_page_cannot_put_its_tool_in_place_of_the_agents_own() -> None:
    async with ModelServer() as model:
        page = Page(CopilotRuntime(agents={"default": clerk(model, free(weather))}))
        events = await page.say(WEATHER, tools=[tool("weather")])

    assert list(results(events).values()) == ["sunny in Oslo"]


async def test_runs_that_share_a_toolkit_do_not_see_each_others_tools() -> None:
    toolkit = Toolkit(tools=[free(weather)])
    async with ModelServer() as model:
        runtime = CopilotRuntime(agents={"default": clerk(model, toolkit=toolkit)})
        one, two = Page(runtime, "t1"), Page(runtime, "t2")
        await asyncio.gather(
            one.say("hi", tools=[tool("ones")]), two.say("hi", tools=[tool("twos")])
        )

    offered = [{t["function"]["name"] for t in seen.body["tools"]} for seen in model.seen]
    assert sorted(map(sorted, offered)) == [["ones", "weather"], ["twos", "weather"]]


async def test_it_remembers_thoughts_and_tools_that_the_page_does_not_send() -> None:
    async with ModelServer() as model:
        page = Page(CopilotRuntime(agents={"default": clerk(model, free(weather))}))
        await page.say(WEATHER)
        page.messages = [m for m in page.messages if m["role"] != "tool"]
        await page.say("and now?")

    roles = [message["role"] for message in messages_to(model)]
    assert roles == ["system", "user", "assistant", "tool", "assistant", "user"]


async def test_a_changed_conversation_replaces_what_it_remembers() -> None:
    async with ModelServer() as model:
        page = Page(CopilotRuntime(agents={"default": clerk(model)}))
        await page.say("one")
        await page.say("two")
        page.messages = page.messages[:1]
        await page.go()
        regenerated = messages_to(model)
        page.messages = [user("other", id_="u-new")]
        await page.go()

    assert [m["role"] for m in regenerated] == ["system", "user"]
    assert [m["role"] for m in messages_to(model)] == ["system", "user"]


async def test_suggestions_neither_see_nor_change_what_it_remembers() -> None:
    async with ModelServer() as model:
        page = Page(CopilotRuntime(agents={"default": clerk(model)}))
        await page.say("one")
        before = list(page.messages)
        page.messages = [user("suggest something", id_="s1")]
        await page.go(ephemeral=True)
        aside = messages_to(model)
        page.messages = before
        await page.say("two")

    assert [m["role"] for m in aside] == ["system", "user"]
    assert [m["role"] for m in messages_to(model)] == ["system", "user", "assistant", "user"]


async def test_an_agent_that_was_not_given_its_state_is_refused() -> None:
    async with ModelServer() as model:
        good = clerk(model)

        def build(state: AgentState, request: RunAgentInput) -> Agent:
            return good._build(AgentState(), request)

        page = Page(CopilotRuntime(agents={"default": AgentScopeAgent(build)}))
        events = await page.say("hi")

    assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "MISCONFIGURED")


async def test_what_agents_share_is_closed_with_the_runtime() -> None:
    closed = []

    async def on_close() -> None:
        closed.append(True)

    def build(state: AgentState, request: RunAgentInput) -> Agent:
        raise NotImplementedError

    runtime = CopilotRuntime(agents={"default": AgentScopeAgent(build, on_close=on_close)})
    await runtime.open()
    await runtime.close()
    assert closed == [True]


def python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_the_package_and_its_command_load_no_agentscope() -> None:
    modules = "sys, agui_runtime, agui_runtime.commands.cli"
    assert python(f"import {modules}; print('agentscope' in sys.modules)") == "False"
