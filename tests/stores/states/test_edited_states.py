"""A state that somebody saved by hand is what the agent's next run begins with, on every wire and
over every store, unless the front end holds a newer one; and a page that is loaded again gets it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime, KeptState, StateSchema, create_app
from agui_runtime.core.access import Access, Resource
from agui_runtime.core.errors import Busy
from agui_runtime.core.events import Caller, Event, RunContext
from agui_runtime.runtime.saved_states import StateUpdate
from agui_runtime.stores.base import AgentState, Store
from agui_runtime.stores.memory import MemoryStore
from tests.core.verifier import verify
from tests.runtime.worlds import ANN, Waiting, asking
from tests.support import client_of
from tests.wires.agui.serving import events, frames, run_body, types
from tests.wires.graphql.serving import ACCEPT, chat

SAVE = "mutation ($data: SaveAgentStateInput!) { saveAgentState(data: $data) { version } }"
LOAD = "query ($data: LoadAgentStateInput!) { loadAgentState(data: $data) { state version } }"
THREAD = "thread-1"
"""That of `chat`, too."""

NOTHING: dict[str, Any] = {}


class Planner:
    """Remembers what its runs began with, and leaves the state that the user's message spells."""

    name = "default"
    description = "Plans."

    def __init__(self) -> None:
        self.begun: list[object] = []

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        self.begun.append(request.state)
        content = str(request.messages[-1].content)
        if content.startswith("["):
            yield {"type": "STATE_DELTA", "delta": orjson.loads(content)}
        elif content.startswith("{"):
            yield {"type": "STATE_SNAPSHOT", "snapshot": orjson.loads(content)}


class World:
    """A planner behind all wires."""

    def __init__(self, client: httpx.AsyncClient, planner: Planner) -> None:
        self.client = client
        self.planner = planner

    async def run(self, content: str = "Go on", **more: object) -> list[Event]:
        """The events of a run over AG-UI, as a fresh page asks for it."""
        body = run_body(content, thread=THREAD, run=uuid4().hex, **more)
        return await self._stream("run", body)

    async def connect(self, agent: str = "default") -> list[Event]:
        """What a page of today gets when it is loaded again."""
        return await self._stream("connect", run_body(thread=THREAD, messages=[]), agent)

    async def chat(self, *states: dict[str, Any], content: str = "Go on") -> None:
        """A run over GraphQL, by a page that holds these states."""
        message = {"textMessage": {"content": content, "role": "user"}}
        known = {"id": uuid4().hex, "createdAt": "2026-01-01T00:00:00.000Z"}
        held = [{"agentName": "default", "state": orjson.dumps(each).decode()} for each in states]
        session = {"agentSession": {"agentName": "default"}, "agentStates": held}
        body = chat(messages=[known | message], **session)
        answer = await self.client.post("/copilotkit", json=body, headers={"accept": ACCEPT})
        assert answer.status_code == 200, answer.text

    async def save(self, state: dict[str, Any], **more: object) -> int:
        data = {"state": orjson.dumps(state).decode(), **more}
        version: int = (await self._ask(SAVE, data))["saveAgentState"]["version"]
        return version

    async def load(self) -> tuple[object, int]:
        found = (await self._ask(LOAD, {}))["loadAgentState"]
        return orjson.loads(found["state"]), found["version"]

    async def _ask(self, query: str, data: dict[str, object]) -> dict[str, Any]:
        given = {"threadId": THREAD, "agentName": "default"} | data
        body = {"query": query, "variables": {"data": given}}
        answer = (await self.client.post("/copilotkit", json=body)).json()
        assert "errors" not in answer, answer
        found: dict[str, Any] = answer["data"]
        return found

    async def _stream(
        self, method: str, body: dict[str, Any], agent: str = "default"
    ) -> list[Event]:
        answer = await self.client.post(f"/copilotkit/agent/{agent}/{method}", json=body)
        assert answer.status_code == 200, answer.text
        found = events(answer.text)
        verify(found)
        return found


@asynccontextmanager
async def world(store: Store, planner: Planner | None = None, **more: Any) -> AsyncIterator[World]:  # noqa: ANN401
    planner = planner or Planner()
    runtime = CopilotRuntime({"default": planner, "other": Planner()}, store=store, **more)
    async with client_of(create_app(runtime)) as client:
        yield World(client, planner)


def state_of(found: list[Event]) -> object:
    """The state that a client holds after these events."""
    snapshots = [event["snapshot"] for event in found if event["type"] == "STATE_SNAPSHOT"]
    return snapshots[-1] if snapshots else NOTHING


async def test_a_run_of_a_page_without_a_state_begins_with_the_edited_one(
    each_store: Store,
) -> None:
    async with world(each_store) as the:
        await the.run('{"plan": "old"}')
        await the.save({"plan": "edited"})
        ran = await the.run()
        await the.run(state=state_of(ran))
        assert the.planner.begun == [{}, {"plan": "edited"}, {"plan": "edited"}]
        assert (await the.load())[0] == {"plan": "edited"}
    assert types(ran) == ["RUN_STARTED", "STATE_SNAPSHOT", "RUN_FINISHED"]
    assert ran[1]["snapshot"] == {"plan": "edited"}


async def test_a_graphql_run_of_a_page_without_a_state_begins_with_the_edited_one(
    each_store: Store,
) -> None:
    async with world(each_store) as the:
        await the.chat(content='{"plan": "old"}')
        await the.save({"plan": "edited"})
        await the.chat()
        await the.save({"plan": "edited again"})
        await the.chat(NOTHING)
    assert the.planner.begun == [{}, {"plan": "edited"}, {"plan": "edited again"}]


async def test_a_page_that_is_loaded_again_gets_the_edited_state(each_store: Store) -> None:
    async with world(each_store) as the:
        await the.run('{"plan": "old"}')
        before = await the.connect()
        await the.save({"plan": "edited"})
        after = await the.connect()
        again = await the.connect()
    assert state_of(before) == {"plan": "old"}
    assert state_of(after) == state_of(again) == {"plan": "edited"}
    assert types(after) == types(before)


async def test_a_page_gets_the_edited_state_of_a_thread_without_runs(each_store: Store) -> None:
    async with world(each_store) as the:
        await the.save({"plan": "edited"})
        connected = await the.connect()
        await the.run()
    assert types(connected) == ["RUN_STARTED", "STATE_SNAPSHOT", "RUN_FINISHED"]
    assert state_of(connected) == {"plan": "edited"}
    assert the.planner.begun == [{"plan": "edited"}]


async def test_a_page_that_has_not_seen_the_edit_does_not_undo_it(each_store: Store) -> None:
    async with world(each_store) as the:
        await the.run('{"progress": 1.0, "plan": "old"}')
        await the.save({"progress": 2, "plan": "edited"})
        await the.save({"progress": 2, "plan": "edited twice"})
        # As a browser writes what it was sent: in its own order, and whole numbers as such.
        ran = await the.run(state={"plan": "old", "progress": 1})
        await the.save({"progress": 3, "plan": "edited thrice"})
        await the.chat({"progress": 2, "plan": "edited twice", "messages": [{"id": "m1"}]})
    assert the.planner.begun[1:] == [
        {"progress": 2, "plan": "edited twice"},
        {"progress": 3, "plan": "edited thrice"},
    ]
    assert state_of(ran) == {"progress": 2, "plan": "edited twice"}


async def test_a_page_whose_state_is_newer_than_the_edit_wins(each_store: Store) -> None:
    async with world(each_store) as the:
        await the.run('{"plan": "old"}')
        await the.save({"plan": "edited"})
        ran = await the.run(state={"plan": "of the page"})
        await the.save({"plan": "edited"})
        await the.chat({"plan": "of the older page"})
        assert the.planner.begun[1:] == [{"plan": "of the page"}, {"plan": "of the older page"}]
        assert (await the.load())[0] == {"plan": "of the older page"}
        connected = await the.connect()
    assert types(ran) == ["RUN_STARTED", "RUN_FINISHED"]
    assert all(event.get("snapshot") != {"plan": "edited"} for event in connected)


async def test_a_state_can_be_emptied_by_hand(each_store: Store) -> None:
    async with world(each_store) as the:
        await the.run('{"plan": "old"}')
        await the.save({})
        connected = await the.connect()
        ran = await the.run(state={"plan": "old"})
        assert (await the.load())[0] == {}
    assert the.planner.begun == [{}, {}]
    assert connected[-2]["snapshot"] == ran[1]["snapshot"] == {}


async def test_changes_that_an_agent_makes_to_the_edited_state_fit_what_its_readers_hold(
    each_store: Store,
) -> None:
    async with world(each_store) as the:
        await the.save({"steps": ["think"]})
        ran = await the.run('[{"op": "add", "path": "/steps/-", "value": "act"}]')
        assert (await the.load())[0] == {"steps": ["think", "act"]}
        connected = await the.connect()
    assert types(ran)[1:3] == ["STATE_SNAPSHOT", "STATE_DELTA"]
    assert state_of(connected) == {"steps": ["think", "act"]}


async def test_an_edit_of_one_agents_state_is_not_shown_as_anothers(each_store: Store) -> None:
    async with world(each_store) as the:
        await the.run('{"plan": "of default"}')
        await the.save({"plan": "of other"}, agentName="other")
        own, others = await the.connect(), await the.connect("other")
    assert state_of(own) == {"plan": "of default"}
    assert state_of(others) == {"plan": "of other"}


async def test_the_inspector_shows_the_edited_state() -> None:
    async with world(MemoryStore()) as the:
        await the.run('{"plan": "old"}')
        await the.save({"plan": "edited"})
        answer = await the.client.get(f"/copilotkit/threads/{THREAD}/state")
    assert answer.json() == {"state": {"plan": "edited"}}


async def test_a_page_resumes_behind_the_edited_state() -> None:
    async with world(MemoryStore()) as the:
        await the.run('{"plan": "old"}')
        await the.save({"plan": "edited"})
        body = run_body(thread=THREAD, messages=[])
        connected = await the.client.post("/copilotkit/agent/default/connect", json=body)
        [last] = [id_ for id_, _ in frames(connected.text) if id_]
        await the.run('{"plan": "newer"}')
        rest = await the.client.post(
            "/copilotkit/agent/default/connect", json=body, headers={"last-event-id": last}
        )
    assert types(events(connected.text))[-2:] == ["STATE_SNAPSHOT", "RUN_FINISHED"]
    assert types(events(rest.text))[0] == "RUN_STARTED"
    assert state_of(events(rest.text)) == {"plan": "newer"}


async def test_a_question_that_waits_for_an_answer_still_waits_beside_the_edited_state() -> None:
    class Asking(Planner):
        async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
            interrupt = {"id": "i1", "reason": "approval"}
            ids = {"threadId": request.thread_id, "runId": request.run_id}
            outcome = {"type": "interrupt", "interrupts": [interrupt]}
            yield {"type": "RUN_STARTED", **ids}
            yield {"type": "RUN_FINISHED", **ids, "outcome": outcome}

    async with world(MemoryStore(), Asking()) as the:
        await the.run()
        await the.save({"plan": "edited"})
        connected = await the.connect()
    assert connected[-1]["outcome"]["interrupts"][0]["id"] == "i1"
    assert state_of(connected) == {"plan": "edited"}


async def test_the_edited_state_is_shown_only_to_callers_who_may_load_it() -> None:
    def authorize(caller: Caller, action: Access, resource: Resource) -> bool:
        return action != "load_state"

    async with world(MemoryStore(), authorize=authorize) as the:
        await the.run('{"plan": "old"}')
        await the.save({"plan": "edited"})
        connected = await the.connect()
        shown = await the.client.get(f"/copilotkit/threads/{THREAD}/state")
    assert state_of(connected) == shown.json()["state"] == {"plan": "old"}


class Remembering(Planner):
    """Stores its state by itself."""

    async def kept_state(self, thread_id: str, context: RunContext) -> KeptState | None:
        return KeptState({"plan": "of my own"})


async def test_an_agent_that_remembers_its_state_is_given_edits_only() -> None:
    async with world(MemoryStore(), Remembering()) as the:
        await the.run('{"plan": "shown"}')
        await the.run()
        own, version = await the.load()
        await the.save({"plan": "edited"}, expectedVersion=version)
        edited, _ = await the.load()
        await the.run()
        await the.run()
        afterwards, _ = await the.load()
    assert own == afterwards == {"plan": "of my own"}
    assert edited == {"plan": "edited"}
    assert the.planner.begun == [{}, {}, {"plan": "edited"}, {}]


async def test_an_edit_that_an_older_release_of_the_app_saved_is_migrated_for_pages() -> None:
    store = MemoryStore()
    async with world(store, states={"default": StateSchema()}) as the:
        await the.save({"town": "Rome"})
    newer = StateSchema(version=2, migrations={1: lambda state: {"city": state["town"]}})
    async with world(store, states={"default": newer}) as the:
        connected = await the.connect()
        await the.run()
    assert state_of(connected) == the.planner.begun[0] == {"city": "Rome"}


async def test_a_state_saved_by_the_server_itself_is_begun_with_too(each_store: Store) -> None:
    runtime = CopilotRuntime({"default": (planner := Planner())}, store=each_store)
    async with client_of(create_app(runtime)) as client:
        the = World(client, planner)
        await the.run('{"plan": "old"}')
        await runtime.states.save(THREAD, "default", AgentState({"plan": "of the server"}))
        connected = await the.connect()
        await the.run(state={"plan": "old"})
    assert state_of(connected) == planner.begun[1] == {"plan": "of the server"}


async def test_a_save_beside_the_start_of_a_run_is_not_reported_as_one_that_will_be_begun_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The run may have read the state before: then its end overwrites what was saved."""
    waiting = Waiting()
    runtime = CopilotRuntime({"default": waiting})
    saving = runtime.states.save

    async def late(*given: Any) -> int:  # noqa: ANN401  # as `save` takes them
        await runtime.start(asking())
        return await saving(*given)

    monkeypatch.setattr(runtime.states, "save", late)
    async with runtime.lifespan():
        with pytest.raises(Busy):
            await runtime.saved_states.save("t1", "default", ANN, StateUpdate({"plan": "edited"}))
