"""`Last-Event-ID`: going on where a stream broke off."""

from __future__ import annotations

import pytest

from agui_runtime.runtime.runtime import CopilotRuntime
from tests.wires.agui.scripted import scripted_agents
from tests.wires.agui.serving import events, frames, run_body, serving, text, types

RUN = "/agent/default/run"
CONNECT = "/agent/default/connect"


async def test_from_any_event_on_nothing_is_lost_or_sent_twice() -> None:
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        whole = frames((await client.post(RUN, json=run_body("hello there"))).text)
        for position, (id_, _) in enumerate(whole[:-1], 1):
            answer = await client.post(
                CONNECT, json=run_body(messages=[]), headers={"last-event-id": str(id_)}
            )
            rest = [event for id_, event in frames(answer.text) if id_]
            assert rest == [event for _, event in whole[position:]]


async def test_what_was_open_is_opened_again() -> None:
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        whole = frames((await client.post("/agent/tool/run", json=run_body())).text)
        cut = next(n for n, (_, e) in enumerate(whole) if e["type"] == "TOOL_CALL_ARGS")
        answer = await client.post(
            CONNECT, json=run_body(messages=[]), headers={"last-event-id": str(whole[cut][0])}
        )
    opened = [event for id_, event in frames(answer.text) if not id_]
    assert types(opened) == ["RUN_STARTED", "STEP_STARTED", "TOOL_CALL_START"]
    assert "input" not in opened[0]


async def test_behind_a_finished_run_the_next_one_needs_no_prelude() -> None:
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        first = frames((await client.post(RUN, json=run_body("one"))).text)
        await client.post(RUN, json=run_body("two", run="r2"))
        answer = await client.post(
            CONNECT, json=run_body(messages=[]), headers={"last-event-id": str(first[-1][0])}
        )
    assert text(events(answer.text)) == "Echo: two"


@pytest.mark.parametrize(
    ("given", "status"), [("nonsense", 400), ("0123456789ab.3", 410), ("{epoch}.9999", 410)]
)
async def test_a_cursor_that_leads_nowhere_is_refused(given: str, status: int) -> None:
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        whole = frames((await client.post(RUN, json=run_body())).text)
        given = given.format(epoch=str(whole[0][0]).partition(".")[0])
        answer = await client.post(
            CONNECT, json=run_body(messages=[]), headers={"last-event-id": given}
        )
    assert answer.status_code == status


async def test_a_cursor_of_a_thread_that_is_gone_is_refused() -> None:
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        answer = await client.post(
            CONNECT, json=run_body(messages=[]), headers={"last-event-id": "0123456789ab.3"}
        )
    assert answer.status_code == 410
