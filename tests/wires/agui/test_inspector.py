"""What developers' tools and annotations ask for."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import Request

from agui_runtime.core.access import Access, Resource
from agui_runtime.core.events import Caller
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.wires.agui.annotate import Annotation, Recorded
from agui_runtime.wires.agui.wire import AguiWire
from agui_runtime.wires.shared.options import ServerOptions
from tests.wires.agui.scripted import scripted_agents
from tests.wires.agui.serving import events, reading, run_body, serving

DEBUG = ServerOptions(development=True)


def by_header(request: Request) -> Caller | None:
    return Caller(request.headers["x-user"])


async def test_events_are_delivered_as_they_happen() -> None:
    runtime = CopilotRuntime(agents=scripted_agents())
    async with (
        serving(runtime, options=DEBUG) as client,
        reading(client, "/cpk-debug-events") as listener,
    ):
        await listener.until(": connected")
        run = events((await client.post("/agent/default/run", json=run_body())).text)
        await listener.until("RUN_FINISHED")
    debug = events(listener.seen)
    assert [each["event"]["type"] for each in debug] == [each["type"] for each in run]
    assert debug[0]["event"]["input"]["messages"] == run[0]["input"]["messages"]
    assert {each["agentId"] for each in debug} == {"default"}
    assert {(each["threadId"], each["runId"]) for each in debug} == {("t1", "r1")}


async def test_a_listener_hears_its_own_runs_only() -> None:
    runtime = CopilotRuntime(agents=scripted_agents(), authenticate=by_header)
    async with serving(runtime, options=DEBUG) as client:
        client.headers["x-user"] = "ann"
        async with reading(client, "/cpk-debug-events") as listener:
            await listener.until(": connected")
            for user in ("bob", "ann"):
                client.headers["x-user"] = user
                await client.post("/agent/default/run", json=run_body(thread=user))
            await listener.until("RUN_FINISHED")
    assert {each["threadId"] for each in events(listener.seen)} == {"ann"}


@pytest.mark.parametrize("later", [False, None])
async def test_a_listener_hears_nothing_more_of_a_thread_that_it_may_not_read_any_more(
    later: bool | None, caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[bool | None] = [True]

    def may(caller: Caller, access: Access, resource: Resource) -> Any:  # noqa: ANN401  # None, too
        return answers[-1] if (access, resource.thread_id) == ("read", "a") else True

    runtime = CopilotRuntime(
        agents=scripted_agents(), authorize=may, options=Options(authorize_every=1e-9)
    )
    async with (
        serving(runtime, options=DEBUG) as client,
        reading(client, "/cpk-debug-events") as listener,
    ):
        await listener.until(": connected")
        await client.post("/agent/default/run", json=run_body(thread="a", run="before"))
        await listener.until("RUN_FINISHED")
        answers.append(later)
        for thread in ("a", "b"):
            await client.post("/agent/default/run", json=run_body(thread=thread, run=f"{thread}2"))
        await listener.until('"runId":"b2"')
    seen = {each["runId"] for each in events(listener.seen)}
    undecided = later is None
    assert seen == {"before", "b2"} | ({"a2"} if undecided else set())
    assert any("`authorize` failed" in each for each in caplog.messages) == undecided


async def test_annotations_go_to_whoever_keeps_them() -> None:
    recorded: list[tuple[str, Annotation]] = []

    async def keep(caller: Caller, annotation: Annotation) -> Recorded:
        known = any(each.client_event_id == annotation.client_event_id for _, each in recorded)
        recorded.append((caller.owner, annotation))
        return Recorded("a1", known)

    runtime = CopilotRuntime(agents=scripted_agents(), authenticate=by_header)
    body = {"type": "user_action", "threadId": "t1", "payload": {"n": 1}, "clientEventId": "e1"}
    body["occurredAt"] = "2026-01-01T00:00:00Z"
    async with serving(runtime, AguiWire(annotations=keep)) as client:
        client.headers["x-user"] = "ann"
        await client.post("/agent/default/run", json=run_body())
        answers = [await client.post("/annotate", json=body) for _ in range(2)]
        broken = await client.post("/annotate", json={"type": "", "threadId": "t1"})
        client.headers["x-user"] = "bob"
        others = await client.post("/annotate", json=body | {"own": True})
    assert [answer.json() for answer in answers] == [
        {"id": "a1", "duplicate": False},
        {"id": "a1", "duplicate": True},
    ]
    assert broken.status_code == 400
    assert others.status_code == 200
    found = [(owner, each.payload, each.own) for owner, each in recorded]
    assert found == [*[("ann", {"n": 1}, True)] * 2, ("bob", {"n": 1}, False)]
    assert recorded[0][1].occurred_at == body["occurredAt"]
