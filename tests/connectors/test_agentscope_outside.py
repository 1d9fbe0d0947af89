"""Calls that an agent of an AgentScope service leaves to somebody outside."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.page import results, resume
from tests.connectors.talk import text, tool
from tests.connectors.test_agentscope_service import AFTER, WEATHER, page_of
from tests.fakes.agentscope_service import (
    FakeService,
    begun,
    called,
    ended,
    execution,
    returned,
    said,
)

OUTSIDE = [begun(), *called(*WEATHER), execution(*WEATHER)]


def result(content: str = "21C", **more: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    return {"id": "x", "role": "tool", "toolCallId": "c1", "content": content, **more}


@pytest.mark.parametrize(
    ("given", "state"), [(result(), "success"), (result("", error="no"), "error")]
)
async def test_a_call_for_somebody_outside_is_one_of_the_page(
    given: dict[str, Any], state: str
) -> None:
    service = FakeService(OUTSIDE, AFTER)
    async with page_of(service) as page:
        calling = await page.say("weather?", tools=[tool("get_weather")])
        page.messages.append(given)
        events = await page.go(tools=[tool("get_weather")])
        again = await page.say("and?")
    assert calling[-1]["outcome"]["pendingToolCallIds"] == ["c1"]
    answer = service.inputs[1]
    assert (answer["type"], answer["reply_id"]) == ("EXTERNAL_EXECUTION_RESULT", "r1")
    [block] = answer["execution_results"]
    assert (block["id"], block["name"], block["state"]) == ("c1", "get_weather", state)
    assert block["output"][0]["text"] == (given["content"] or "no")
    assert results(events) == {}, "the page has it already"
    assert text(events) == "Done."
    assert again[-1]["type"] == "RUN_FINISHED"
    assert (len(service.sessions), service.interrupts) == (1, 0)


async def test_a_call_for_somebody_outside_fails_the_run_where_the_page_has_no_such_tool() -> None:
    service = FakeService(OUTSIDE, [*said("Fine."), ended()])
    async with page_of(service) as page:
        failed = await page.say("weather?", tools=[tool("show")])
        events = await page.say("never mind")
    assert failed[-1]["type"] == "RUN_ERROR"
    assert "'get_weather'" in failed[-1]["message"]
    assert service.interrupts == 1
    assert text(events) == "Fine."


def of_two_calls(state: str) -> FakeService:
    """It announces each by itself; beside them a third one has been carried out."""
    first, second = execution(*WEATHER), execution(*WEATHER, id_="c2")
    calls = [*called(*WEATHER), *called(*WEATHER, id_="c2"), *called("x", "{}", "c3")]
    service = FakeService([begun(), *calls, first, second], AFTER)
    service.stored = [
        *first["tool_calls"],
        {**second["tool_calls"][0], "state": state},
        {**first["tool_calls"][0], "id": "c3"},
        {"type": "tool_result", "id": "c3", "name": "x", "output": "sunny", "state": "success"},
        {"type": "tool_result", "id": "c1", "name": "x", "output": [], "state": "running"},
    ]
    return service


def of_a_question_and_a_call() -> FakeService:
    """When the one is answered, it says nothing of the other any more."""
    service = of_two_calls("asking")
    service.plays[1:] = [returned("rain", "c2"), AFTER]
    return service


async def test_a_question_is_answered_and_then_the_page_carries_out_what_waits_beside_it() -> None:
    service, offered = of_a_question_and_a_call(), [tool("get_weather")]
    async with page_of(service) as page:
        asking = await page.say("weather?", tools=offered)
        service.stored = [each for each in service.stored if each["id"] != "c2"]
        calling = await page.go(resume=resume(asking, {"approved": True}), tools=offered)
        page.messages.append(result())
        events = await page.go(tools=offered)
    assert results(calling) == {"c2": "rain"}
    assert calling[-1]["outcome"]["pendingToolCallIds"] == ["c1"]
    assert text(events) == "Done."
    kinds = [each["type"] for each in service.inputs[1:]]
    assert kinds == ["USER_CONFIRM_RESULT", "EXTERNAL_EXECUTION_RESULT"]


async def test_both_may_be_answered_at_once() -> None:
    service, offered = of_a_question_and_a_call(), [tool("get_weather")]
    async with page_of(service) as page:
        asking = await page.say("weather?", tools=offered)
        page.messages.append(result())
        events = await page.go(resume=resume(asking, {"approved": False}), tools=offered)
    assert text(events) == "Done."
    kinds = [each["type"] for each in service.inputs[1:]]
    assert kinds == ["USER_CONFIRM_RESULT", "EXTERNAL_EXECUTION_RESULT"]


async def test_the_page_s_result_may_come_first_and_the_question_stays() -> None:
    service, offered = of_two_calls("asking"), [tool("get_weather")]
    service.plays[1:] = [returned("21C"), [*returned("rain", "c2"), *AFTER]]
    async with page_of(service) as page:
        asking = await page.say("weather?", tools=offered)
        page.messages.append(result())
        service.stored = [each for each in service.stored if each["id"] != "c1"]
        again = await page.go(tools=offered)
        events = await page.go(resume=resume(again, {"approved": True}), tools=offered)
    assert again[-1]["outcome"] == asking[-1]["outcome"]
    assert results(events)["c2"] == "rain"
    assert text(events) == "Done."


async def test_a_result_that_is_missing_beside_others_is_asked_for() -> None:
    service = of_two_calls("submitted")
    async with page_of(service) as page:
        calling = await page.say("weather?", tools=[tool("get_weather")])
        page.messages.append(result())
        refused = await page.go(tools=[tool("get_weather")])
        page.messages.append({**result(), "id": "y", "toolCallId": "c2"})
        events = await page.go(tools=[tool("get_weather")])
    assert results(calling) == {"c3": "sunny"}
    assert refused[-1]["type"] == "RUN_ERROR"
    assert "c2" in refused[-1]["message"]
    assert text(events) == "Done."
    assert [each["id"] for each in service.inputs[1]["execution_results"]] == ["c1", "c2"]


async def test_a_message_in_place_of_a_result_ends_the_call() -> None:
    service = FakeService(OUTSIDE, [*said("Fine."), ended()])
    async with page_of(service) as page:
        await page.say("weather?", tools=[tool("get_weather")])
        events = await page.say("never mind", tools=[tool("get_weather")])
    assert (service.interrupts, len(service.sessions)) == (1, 1)
    assert text(events) == "Fine."
