"""An agent on an AgentScope service: sessions, replies, confirmations, stop, and who asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from agui_runtime.connectors.agentscope import (
    AgentScopeService,
    service as service_module,
    sessions,
)
from agui_runtime.connectors.shared.remote import RemoteOptions
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import Caller
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.page import Page, results, resume
from tests.connectors.talk import text
from tests.fakes.agentscope_service import (
    FakeService,
    begun,
    called,
    confirmation,
    ended,
    returned,
    said,
)
from tests.support import served

WEATHER = ("get_weather", '{"city":"Rome"}')
AFTER = [begun(), *returned("21C"), *said("Done.")[1:], ended()]
ASKING = [begun(), *called(*WEATHER), confirmation(*WEATHER)]


@asynccontextmanager
async def page_of(service: FakeService, **options: Any) -> AsyncIterator[Page]:  # noqa: ANN401
    """A page of Ann's on an agent of that service."""
    async with served(service.app) as origin:
        agent = AgentScopeService(origin, agent="a1", **options)
        runtime = CopilotRuntime(agents={"default": agent})
        try:
            yield Page(runtime, caller=Caller("ann"))
        finally:
            await runtime.close()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_LONGEST_PAUSE", 0)


async def test_a_reply_is_told_as_it_comes() -> None:
    service = FakeService([*said("Hello", " world"), ended()])
    async with page_of(service, model={"model": "m"}) as page:
        events = await page.say("hi")
    assert text(events) == "Hello world"
    assert events[-1]["type"] == "RUN_FINISHED"
    [[message]] = service.inputs
    assert message["content"][0]["text"] == "hi"
    assert service.sessions == [
        {"agent_id": "a1", "name": "agentscope", "chat_model_config": {"model": "m"}}
    ]


async def test_a_thread_goes_on_in_its_session_with_the_new_message_only() -> None:
    service = FakeService([*said("Hello"), ended()])
    async with page_of(service) as page:
        await page.say("hi")
        await page.say("and?")
    assert len(service.sessions) == 1
    assert [[each["content"][0]["text"] for each in given] for given in service.inputs] == [
        ["hi"],
        ["and?"],
    ]


async def test_a_message_that_was_edited_begins_a_new_session() -> None:
    service = FakeService([*said("Hello"), ended()])
    async with page_of(service) as page:
        await page.say("hi")
        page.messages = [{"id": "edited", "role": "user", "content": "ho"}]
        await page.go()
    assert len(service.sessions) == 2
    assert service.inputs[-1][0]["content"][0]["text"] == "ho"


async def test_a_session_that_is_busy_with_its_last_reply_is_waited_for() -> None:
    service = FakeService([*said("Hello"), ended()], busy=2)
    async with page_of(service) as page:
        assert text(await page.say("hi")) == "Hello"


@pytest.mark.parametrize("approved", [True, False])
async def test_a_confirmation_is_an_interrupt_and_only_a_yes_or_no(approved: bool) -> None:
    state = "success" if approved else "denied"
    rest = [begun(), *returned("21C", state=state), *said("Done.")[1:], ended()]
    service = FakeService(ASKING, rest)
    async with page_of(service) as page:
        question = await page.say("weather?")
        events = await page.go(resume=resume(question, {"approved": approved}))
    [interrupt] = question[-1]["outcome"]["interrupts"]
    assert interrupt["toolCallId"] == "c1"
    answer = service.inputs[-1]
    assert answer["type"] == "USER_CONFIRM_RESULT"
    [result] = answer["confirm_results"]
    assert (result["confirmed"], result["tool_call"]["input"]) == (approved, WEATHER[1])
    assert results(events) == {"c1": "21C"}
    assert text(events) == "Done."


@pytest.mark.parametrize("cuts", [[0], [1], [2], [4], [3, 4], [2, 3, 4, 0], [0, 0, 0]])
async def test_a_stream_that_breaks_is_read_on_without_a_gap(cuts: list[int]) -> None:
    service = FakeService([*said("Hello", " wide", " world"), ended()], cuts=cuts)
    async with page_of(service) as page:
        events = await page.say("hi")
    assert text(events) == "Hello wide world"
    assert events[-1]["type"] == "RUN_FINISHED"
    assert service.streams == len(cuts) + 1
    assert len(service.inputs) == 1


@pytest.mark.parametrize("cut", [0, 3])
async def test_a_stream_whose_rest_is_gone_fails_and_says_so(cut: int) -> None:
    service = FakeService([*said("Hello", " world"), ended()], cuts=[cut], trims=True)
    async with page_of(service) as page:
        events = await page.say("hi")
    assert events[-1]["type"] == "RUN_ERROR"
    assert "can no longer be read" in events[-1]["message"]
    assert text(events) in "Hello"


async def test_a_stream_that_brings_nothing_any_more_is_given_up() -> None:
    service = FakeService([*said("Hello", " world"), ended()], cuts=[3] + 20 * [0])
    async with page_of(service) as page:
        events = await page.say("hi")
    assert events[-1]["type"] == "RUN_ERROR"
    assert "broke off" in events[-1]["message"]
    assert service.interrupts == 1


async def test_an_answer_that_did_not_arrive_is_taken_the_next_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service_module, "PATIENCE", 0)
    service = FakeService(ASKING, AFTER)
    async with page_of(service) as page:
        question = await page.say("weather?")
        service.busy = 1
        failed = await page.go(resume=resume(question, {"approved": True}))
        events = await page.go(resume=resume(question, {"approved": True}))
    assert failed[-1]["type"] == "RUN_ERROR"
    assert text(events) == "Done."
    assert [each["type"] for each in service.inputs[1:]] == ["USER_CONFIRM_RESULT"]
    assert service.interrupts == 0


async def test_arguments_that_a_page_changed_are_refused() -> None:
    service = FakeService(ASKING)
    async with page_of(service) as page:
        question = await page.say("weather?")
        events = await page.go(resume=resume(question, {"approved": True, "city": "Oslo"}))
    assert events[-1]["type"] == "RUN_ERROR"
    assert len(service.inputs) == 1


async def test_a_message_in_place_of_an_answer_ends_what_waited() -> None:
    service = FakeService(ASKING, [*said("Fine."), ended()])
    async with page_of(service) as page:
        await page.say("weather?")
        events = await page.say("never mind")
    assert service.interrupts == 1
    assert text(events) == "Fine."


async def test_a_run_that_is_stopped_interrupts_the_reply() -> None:
    service = FakeService(said("Well"))
    async with page_of(service) as page:
        events = await page.stopped("go", service.reached.wait)
        await service.interrupted.wait()
    assert service.interrupts == 1
    assert events[-1]["outcome"] == {"type": "cancelled"}


async def test_the_end_of_a_reply_that_was_stopped_is_not_the_end_of_the_next_one() -> None:
    service = FakeService(said("Well"), [*said("Hello"), ended()])
    service.lingers = True
    async with page_of(service) as page:
        await page.stopped("go", service.reached.wait)
        await service.interrupted.wait()
        events = await page.say("and?")
    assert text(events) == "Hello"
    assert "outcome" not in events[-1]


@pytest.mark.parametrize("name", ["session_updated", "state_updated"])
@pytest.mark.parametrize("cuts", [[], [0], [1], [2]])
async def test_the_housekeeping_of_a_service_is_not_shown(name: str, cuts: list[int]) -> None:
    custom = {"type": "CUSTOM", "name": name, "value": {}}
    mine = {"type": "CUSTOM", "name": "mine", "value": {}}
    service = FakeService([custom, *said("Hello"), custom, mine, ended()], cuts=cuts)
    async with page_of(service) as page:
        events = await page.say("hi")
    assert text(events) == "Hello"
    assert [each["name"] for each in events if each["type"] == "CUSTOM"] == ["mine"]


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (ended("error", error={"type": "authentication", "message": "Check the key."}), "Check"),
        (ended("exceed_max_iters"), "steps"),
    ],
)
async def test_a_reply_that_fails_is_a_run_that_fails(end: dict[str, Any], message: str) -> None:
    service = FakeService([*said("Hel"), end])
    async with page_of(service) as page:
        events = await page.say("hi")
    assert events[-1]["type"] == "RUN_ERROR"
    assert message in events[-1]["message"]
    assert events[-2]["type"] == "TEXT_MESSAGE_END"


@pytest.mark.parametrize(
    "tool", ["TaskCreate", "TeamSay", "AgentCreate", "Skill", "ScheduleCreate"]
)
async def test_tools_of_the_service_show_as_calls_with_results(tool: str) -> None:
    service = FakeService([begun(), *called(tool, "{}"), *returned("done"), *said("Ok"), ended()])
    async with page_of(service) as page:
        events = await page.say("plan")
    names = [event["toolCallName"] for event in events if event["type"] == "TOOL_CALL_START"]
    assert names == [tool]
    assert results(events) == {"c1": "done"}


async def test_speech_in_the_middle_of_a_text_is_an_activity_that_the_thread_holds() -> None:
    block = {"block_id": "b2", "reply_id": "r1", "media_type": "audio/wav"}
    spoken = [
        {"type": "DATA_BLOCK_START", **block},
        {"type": "DATA_BLOCK_DELTA", "data": "UklGRg==", **block},
        {"type": "DATA_BLOCK_END", **block},
    ]
    begin, start, first, last = said("Hello", " world")
    service = FakeService([begin, start, first, *spoken, last, ended()])
    async with page_of(service) as page:
        events = await page.say("hi")
        await page.say("again")
    assert text(events) == "Hello world"
    [activity] = [event for event in events if event["type"] == "ACTIVITY_SNAPSHOT"]
    source = {"type": "data", "value": "UklGRg==", "mimeType": "audio/wav"}
    assert activity["content"] == {"type": "audio", "source": source}
    assert "activity" in [each["role"] for each in page.messages]
    assert len(service.sessions) == 1


async def test_who_asks_is_the_caller_and_no_header_of_the_page() -> None:
    service = FakeService([*said("Hello"), ended()])
    options = RemoteOptions(
        forward_headers=("x-*",), on_before_request=lambda _: {"X-User-Id": "eve"}
    )
    async with page_of(service, options=options) as page:
        await page.say("hi", headers={"x-user-id": "mallory"})
    assert service.users == {"ann"}


async def test_the_operator_says_who_asks() -> None:
    service = FakeService([*said("Hello"), ended()])
    async with page_of(service, user=lambda context: f"tenant-{context.caller.owner}") as page:
        await page.say("hi")
    assert service.users == {"tenant-ann"}


def test_an_identity_among_the_headers_is_refused() -> None:
    options = RemoteOptions(headers={"X-User-ID": "eve"})
    with pytest.raises(Misconfigured, match="x-user-id"):
        AgentScopeService("http://127.0.0.1:1", agent="a1", options=options)
