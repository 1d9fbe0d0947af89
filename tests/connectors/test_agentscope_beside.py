"""Tools that need the user's permission, beside other calls."""

from __future__ import annotations

from typing import Any

import pytest

from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.memory import MemoryStore
from tests.connectors.clerk import clerk, messages_to, permitted_first
from tests.connectors.page import Page, results, resume
from tests.connectors.talk import text, tool
from tests.connectors.test_agentscope_approvals import DELETE, deleting
from tests.fakes.model import ModelServer


async def test_a_call_that_asks_beside_one_of_the_front_ends() -> None:
    deleted, delete = deleting()
    offered = [tool("show_map")]
    async with ModelServer() as model:
        page = Page(CopilotRuntime(agents={"default": clerk(model, permitted_first(delete))}))
        question = await page.say(DELETE + " [tool:show_map {}]", tools=offered)
        calls = {
            call["function"]["name"]: call["id"]
            for message in page.messages
            for call in message.get("toolCalls") or ()
        }
        approved = await page.go(resume=resume(question, True), tools=offered)
        shown = {"id": "x", "role": "tool", "toolCallId": calls["show_map"], "content": "shown"}
        page.messages.append(shown)
        done = await page.go(tools=offered)

    assert deleted == ["a"]
    assert approved[-1]["outcome"]["pendingToolCallIds"] == [calls["show_map"]]
    assert text(done) == "Tool result: shown"


@pytest.mark.parametrize("order", ["{0} {1}", "{1} {0}"])
async def test_an_action_beside_a_call_that_asks_waits_for_the_answer(order: str) -> None:
    deleted, delete = deleting()
    told: list[str] = []

    def notify(who: str) -> str:
        """Tell somebody."""
        told.append(who)
        return f"told {who}"

    async with ModelServer() as model:
        store = MemoryStore()
        agents = {"default": clerk(model, permitted_first(delete))}
        page = Page(CopilotRuntime(agents, [notify], store=store))
        question = await page.say(order.format(DELETE, '[tool:notify {"who":"Ann"}]'))
        assert told == []
        for call in calls(page):
            call["function"]["arguments"] = '{"who":"Bob","path":"b"}'
        page.runtime = CopilotRuntime(agents, [notify], store=store)
        answered = await page.go(resume=resume(question, True))

    assert deleted == ["a"]
    assert told == ["Ann"]
    assert list(results(answered).values()) == ["deleted", "told Ann"]
    assert text(answered).startswith("Tool result: ")
    assert "outcome" not in answered[-1]


async def test_an_action_that_the_model_calls_after_an_approval() -> None:
    _, delete = deleting()
    async with ModelServer() as model:
        page = Page(CopilotRuntime({"default": clerk(model, permitted_first(delete))}, [greet]))
        question = await page.say(DELETE + ' [then:greet {"who":"Ann"}]')
        answered = await page.go(resume=resume(question, True))
        again = await page.go(resume=resume(question, True))

    assert list(results(answered).values()) == ["deleted", "Hello Ann"]
    assert text(answered) == "Tool result: Hello Ann"
    assert again[-1]["type"] == "RUN_FINISHED"


def greet(who: str) -> str:
    """Greet somebody."""
    return f"Hello {who}"


@pytest.mark.parametrize("order", ["{0} {1}", "{1} {0}"])
async def test_a_front_end_may_carry_out_its_tool_before_the_answer(order: str) -> None:
    deleted, delete = deleting()
    offered = [tool("show_map")]
    async with ModelServer() as model:
        page = Page(CopilotRuntime(agents={"default": clerk(model, permitted_first(delete))}))
        question = await page.say(order.format(DELETE, "[tool:show_map {}]"), tools=offered)
        [call] = [each for each in calls(page) if each["function"]["name"] == "show_map"]
        page.messages.append(
            {"id": "x", "role": "tool", "toolCallId": call["id"], "content": "shown"}
        )
        waiting = await page.go(tools=offered)
        done = await page.go(resume=resume(question, True), tools=offered)

    assert waiting[-1]["outcome"] == question[-1]["outcome"]
    assert deleted == ["a"]
    assert text(done).startswith("Tool result: ")
    assert "shown" in str(messages_to(model))


async def test_a_question_keeps_its_id_where_the_model_uses_ids_of_calls_again() -> None:
    deleted, delete = deleting()
    async with ModelServer() as model:
        page = Page(CopilotRuntime(agents={"default": clerk(model, permitted_first(delete))}))
        first = await page.say(DELETE + " [sameids]")
        await page.go(resume=resume(first, False))
        second = await page.say(DELETE + " [sameids] again")
        late = await page.go(resume=resume(first, True))
        await page.go(resume=resume(second, True))

    assert (
        first[-1]["outcome"]["interrupts"][0]["id"] != second[-1]["outcome"]["interrupts"][0]["id"]
    )
    assert late[-1]["code"] == "INVALID_INPUT"
    assert deleted == ["a"]


def calls(page: Page) -> list[Any]:
    return [call for message in page.messages for call in message.get("toolCalls") or ()]
