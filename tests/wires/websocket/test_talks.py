"""Home pages and popups: a message is enough; calls that the client carries out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime
from agui_runtime.core.events import ANONYMOUS, ROUTED, Event
from agui_runtime.core.requests import request_messages
from agui_runtime.wrappers import with_router
from tests.runtime.worlds import Scripted, Waiting, call, text
from tests.wires.agui.serving import run_body
from tests.wires.websocket.serving import Json, Page, opened, page_of, serving

MAP = {"name": "open_map", "description": "Opens a map", "parameters": {"type": "object"}}
TOOLS = [MAP, {**MAP, "name": "close_map"}]


def spoken(asked: RunAgentInput) -> list[tuple[str, object]]:
    return [(each["role"], each.get("content")) for each in request_messages(asked)]


async def test_a_message_begins_a_thread_and_the_next_one_goes_on_from_it() -> None:
    agent = Scripted(*text("m1", "Hello"))
    async with page_of(CopilotRuntime({"default": agent})) as page:
        await page.answer("home_request", "q1", message="hi")
        thread = page.seen[0]["thread_id"]
        await page.answer("home_request", "q2", message="more", thread_id=thread)
    assert page.text("q2") == "Hello"
    assert spoken(agent.asked[-1]) == [("user", "hi"), ("assistant", "Hello"), ("user", "more")]


async def test_a_history_begins_a_thread_and_is_not_told_twice() -> None:
    agent = Scripted(*text("m1", "Hello"))
    history = [{"role": "user", "content": "once"}, {"role": "assistant", "content": "Yes?"}]
    async with page_of(CopilotRuntime({"default": agent})) as page:
        asked = {"thread_id": "t1", "conversation_history": history}
        await page.answer("home_request", "q1", message="hi", **asked)
        longer = [*history, {"role": "user", "content": "hi"}]
        asked = {"thread_id": "t1", "conversation_history": longer}
        await page.answer("home_request", "q2", message="more", **asked)
    begun = [("user", "once"), ("assistant", "Yes?"), ("user", "hi")]
    assert spoken(agent.asked[0]) == begun
    assert spoken(agent.asked[1]) == [*begun, ("assistant", "Hello"), ("user", "more")]


async def test_a_picture_comes_with_the_message() -> None:
    agent = Scripted()
    picture = {"type": "image", "source": {"type": "url", "value": "https://x.test/a.png"}}
    async with page_of(CopilotRuntime({"default": agent})) as page:
        message = [{"type": "text", "text": "look"}, picture]
        assert (await page.answer("home_request", "q1", message=message))["outcome"] == "success"
    [(_, content)] = spoken(agent.asked[0])
    assert [each["type"] for each in content] == ["text", "image"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("kind", "surface"), [("home_request", {}), ("popup_request", {"surface": "popup"})]
)
async def test_agents_find_scope_and_surface_in_their_properties(
    kind: str, surface: Mapping[str, str]
) -> None:
    agent = Scripted()
    runtime = CopilotRuntime({"default": Scripted(), "notes": agent})
    async with page_of(runtime) as page:
        about = {"scope": {"page": "notes"}, "properties": {"theme": "dark"}, "state": {"n": 1}}
        await page.answer(kind, "q1", message="hi", agent="notes", **about)
    [asked] = agent.asked
    assert asked.forwarded_props == {"theme": "dark", "scope": {"page": "notes"}, **surface}
    assert asked.state == {"n": 1}


async def routing(request: RunAgentInput) -> AsyncIterator[Event]:
    chosen = {"agent": "notes", "domain": "notebook", "by": "rule", "confidence": 1.0}
    yield {"type": "CUSTOM", "name": ROUTED, "value": {**chosen, "other": 1}}
    for each in text("m1", "Hello"):
        yield each


async def test_a_popup_is_told_whom_a_router_chose_before_the_first_word() -> None:
    async with page_of(CopilotRuntime({"default": routing})) as page:
        await page.answer("popup_request", "q1", message="hi")
        await page.answer("home_request", "q2", message="hi")
    kinds = [each["type"] for each in page.of("q1")]
    [chosen] = [each for each in page.of("q1") if each["type"] == "popup_domain"]
    assert kinds.index("popup_domain") < kinds.index("stream_text")
    known = {"agent": "notes", "domain": "notebook", "by": "rule", "confidence": 1.0}
    assert {name: chosen[name] for name in known} == known
    assert "popup_domain" not in [each["type"] for each in page.of("q2")]


async def test_a_router_goes_by_what_the_popup_says() -> None:
    agents = {"tasks": Scripted(*text("m1", "Task")), "notes": Scripted(*text("m1", "Note"))}
    router = with_router(agents, domains={"notes": "notebook"})
    async with page_of(CopilotRuntime({"default": router})) as page:
        await page.answer("popup_request", "q1", message="hi", scope="notebook")
        await page.answer("popup_request", "q2", message="hi", properties={"agent": "tasks"})
    chosen = [each for each in page.seen if each["type"] == "popup_domain"]
    assert [(each["agent"], each["domain"]) for each in chosen] == [
        ("notes", "notebook"),
        ("tasks", "tasks"),
    ]
    assert (page.text("q1"), page.text("q2")) == ("Note", "Task")


async def test_a_popup_that_was_cut_off_before_the_domain_gets_it_when_it_attaches() -> None:
    async with serving(CopilotRuntime({"default": routing})) as origin:
        async with opened(origin) as page:
            await page.send("popup_request", "q1", message="hi", thread_id="t1")
            chosen = await page.until(lambda it: it["type"] == "popup_domain")
        async with opened(origin) as again:
            after = chosen["cursor"]
            await again.answer("attach", "q2", thread_id="t1", after=after, popup=True)
    [twice] = [each for each in again.seen if each["type"] == "popup_domain"]
    assert {**twice, "request_id": "q1"} == chosen


class Mapper:
    """Calls the tools of the page, says what became of it, and remembers what it was asked."""

    name = "mapper"
    description = "Opens maps"

    def __init__(self, *names: str, rounds: int = 1) -> None:
        self.names = names or ("open_map",)
        self.rounds = rounds
        self.asked: list[RunAgentInput] = []

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        self.asked.append(request)
        results = [each for each in request_messages(request) if each["role"] == "tool"]
        number = len(self.asked)
        if number <= self.rounds:
            for index, name in enumerate(self.names):
                for each in call(f"c{number}.{index}", name, '{"city": "Rome"}'):
                    yield each
        else:
            words = ", ".join(each["content"] for each in results)
            for each in text(f"m{number}", f"done: {words}"):
                yield each


async def called(page: Page) -> Json:
    return await page.until(lambda it: it["type"] == "tool_call")


async def test_a_call_is_carried_out_by_the_client_and_its_stream_goes_on() -> None:
    agent = Mapper()
    async with page_of(CopilotRuntime({"default": agent})) as page:
        await page.send("home_request", "q1", message="Rome!", tools=TOOLS, scope="maps")
        made = await called(page)
        assert (made["name"], made["arguments"]) == ("open_map", {"city": "Rome"})
        await page.send("tool_result", "q1", tool_call_id=made["tool_call_id"], content="opened")
        end = await page.last("q1")
    kinds = [each["type"] for each in page.seen]
    assert (kinds.count("stream_start"), kinds.count("stream_end")) == (1, 1)
    assert (end["outcome"], page.text("q1")) == ("success", "done: opened")
    blocks = [each["block"]["type"] for each in page.seen if each["type"] == "stream_block"]
    assert (blocks.count("RUN_STARTED"), blocks.count("RUN_FINISHED")) == (2, 2)
    first, second = agent.asked
    assert [each.name for each in second.tools or ()] == ["open_map", "close_map"]
    assert second.forwarded_props == first.forwarded_props == {"scope": "maps"}
    assert spoken(second)[0] == ("user", "Rome!")


async def test_the_agent_goes_on_when_all_calls_are_answered_and_not_before() -> None:
    agent = Mapper("open_map", "close_map")
    async with page_of(CopilotRuntime({"default": agent})) as page:
        await page.send("home_request", "q1", message="Rome!", tools=TOOLS)
        calls = [await called(page), await called(page)]
        await page.until(lambda it: it.get("block", {}).get("type") == "RUN_FINISHED")
        await page.send("tool_result", "q1", tool_call_id=calls[1]["tool_call_id"], content="two")
        assert (await page.answer("data_request", "d", kind="agents"))["data"]
        assert len(agent.asked) == 1
        await page.send("tool_result", "q1", tool_call_id=calls[0]["tool_call_id"], content="one")
        await page.last("q1")
    assert page.text("q1") in ("done: one, two", "done: two, one")


async def test_calls_are_carried_out_round_after_round() -> None:
    agent = Mapper(rounds=3)
    async with page_of(CopilotRuntime({"default": agent})) as page:
        await page.send("home_request", "q1", message="Rome!", tools=TOOLS)
        for number in range(3):
            made = await called(page)
            result = {"tool_call_id": made["tool_call_id"], "content": f"r{number}"}
            await page.send("tool_result", "q1", **result)
        await page.last("q1")
    assert page.text("q1") == "done: r0, r1, r2"


async def test_the_prompts_of_a_request_are_those_of_its_next_run_too() -> None:
    agent = Mapper()
    messages = [
        {"id": "p", "role": "system", "content": "Be brief"},
        {"id": "u", "role": "user", "content": "Rome!"},
    ]
    async with page_of(CopilotRuntime({"default": agent})) as page:
        await page.send("request", "q1", input={"messages": messages, "tools": TOOLS})
        made = await called(page)
        await page.send("tool_result", "q1", tool_call_id=made["tool_call_id"], content="x")
        await page.last("q1")
    assert [role for role, _ in spoken(agent.asked[1])] == ["system", "user", "assistant", "tool"]


async def test_calls_that_wait_when_the_socket_breaks_are_answered_on_another_one() -> None:
    agent = Mapper("open_map", "close_map")
    async with serving(CopilotRuntime({"default": agent})) as origin:
        async with opened(origin) as page:
            await page.send("home_request", "q1", message="Rome!", thread_id="t1", tools=TOOLS)
            first = await called(page)
            await page.send("tool_result", "q1", tool_call_id=first["tool_call_id"], content="lost")
            await called(page)
        async with opened(origin) as again:
            after = page.seen[-1]["cursor"]
            await again.send("attach", "q2", thread_id="t1", after=after, tools=TOOLS)
            for _ in range(2):
                made = await called(again)
                result = {"tool_call_id": made["tool_call_id"], "content": made["name"]}
                await again.send("tool_result", "q2", **result)
            end = await again.last("q2")
    assert end["outcome"] == "success"
    assert again.text("q2") == "done: open_map, close_map"


async def test_calls_that_another_page_has_answered_are_waited_for_no_longer() -> None:
    agent = Mapper()
    async with (
        serving(CopilotRuntime({"default": agent})) as origin,
        httpx.AsyncClient(base_url=origin) as http,
        opened(origin) as page,
    ):
        await page.send("home_request", "q1", message="Rome!", thread_id="t1", tools=TOOLS)
        made = await called(page)
        await page.until(lambda it: it.get("block", {}).get("type") == "RUN_FINISHED")
        known = await page.answer("data_request", "d", kind="messages", thread_id="t1")
        result = {"id": "r", "role": "tool", "toolCallId": made["tool_call_id"], "content": "other"}
        body = {**run_body(thread="t1", run="r2"), "messages": [*known["data"]["messages"], result]}
        await http.post("/copilotkit/agent/default/run", json=body)
        await page.send("tool_result", "q1", tool_call_id=made["tool_call_id"], content="late")
        assert (await page.last("q1"))["outcome"] == "success"
    assert len(agent.asked) == 2


async def test_a_request_that_waits_for_its_client_can_be_cancelled() -> None:
    agent = Mapper()
    async with page_of(CopilotRuntime({"default": agent})) as page:
        await page.send("home_request", "q1", message="Rome!", tools=TOOLS)
        made = await called(page)
        await page.until(lambda it: it.get("block", {}).get("type") == "RUN_FINISHED")
        assert (await page.answer("cancel", "q1"))["outcome"] == "cancelled"
        await page.send("tool_result", "q1", tool_call_id=made["tool_call_id"], content="x")
        assert (await page.error())["code"] == "REQUEST_NOT_FOUND"
    assert len(agent.asked) == 1


async def test_a_result_that_comes_before_the_run_ends_is_waited_for_no_more() -> None:
    waiting = Waiting(*call("c1", "open_map", "{}"))
    async with page_of(CopilotRuntime({"default": waiting})) as page:
        await page.send("home_request", "q1", message="Rome!", thread_id="t1", tools=TOOLS)
        await called(page)
        await page.send("tool_result", "q1", tool_call_id="c1", content="soon")
        await page.answer("data_request", "d", kind="agents")
        waiting.go.set()
        await page.last("q1")
    assert [each["block"]["type"] for each in page.of("q1") if "block" in each].count(
        "RUN_STARTED"
    ) == 2


async def test_calls_of_the_server_are_none_of_the_client_s() -> None:
    def weather(city: str) -> str:
        return f"sunny in {city}"

    agent = Mapper("weather")
    runtime = CopilotRuntime({"default": agent}, [weather])
    async with page_of(runtime) as page:
        await page.answer("home_request", "q1", message="Rome!", tools=TOOLS, thread_id="t1")
    assert "tool_call" not in [each["type"] for each in page.seen]
    assert page.text("q1") == "done: sunny in Rome"


async def test_arguments_that_are_no_json_come_as_their_text() -> None:
    agent = Scripted(*call("c1", "open_map", '{"city": '))
    async with page_of(CopilotRuntime({"default": agent})) as page:
        await page.send("home_request", "q1", message="Rome!", tools=TOOLS)
        made: Mapping[str, Any] = await called(page)
        assert made["arguments"] == '{"city": '
        await page.answer("cancel", "q1")


async def test_the_same_message_again_is_the_same_run() -> None:
    agent = Scripted(*text("m1", "Hello"))
    runtime = CopilotRuntime({"default": agent})
    async with page_of(runtime) as page:
        for id_ in ("q1", "q2"):
            asked = {"message": "hi", "thread_id": "t1", "run_id": "r1"}
            await page.answer("home_request", id_, **asked)
        assert len(agent.asked) == 1
        assert page.text("q2") == page.text("q1") == "Hello"
        assert len(await runtime.threads.runs("t1", ANONYMOUS)) == 1
