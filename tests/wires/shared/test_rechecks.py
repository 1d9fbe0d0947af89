"""What is open ends when `authorize` takes back what it has allowed, and not before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from agui_runtime import Caller, CopilotRuntime, Options, create_app
from agui_runtime.core.access import Access, Resource
from agui_runtime.core.errors import Misconfigured, StoreUnavailable, Unauthenticated
from agui_runtime.runtime import decisions
from agui_runtime.runtime.rechecks import TASK
from tests.support import client_of
from tests.wires.agui.serving import run_body
from tests.wires.graphql.serving import ACCEPT, by_header, chat
from tests.wires.graphql.subscribing import ANSWER, EVENTS, THREAD, Halting, data, socket
from tests.wires.shared.test_expiry import RUN, broken_off

CONNECT = RUN.replace("run", "connect")
EVERY = 0.01
BY_ANN = {"x-user": "ann"}


class Gatekeeper:
    """Allows everything until `answer` is replaced; `again` are the calls for what is open."""

    def __init__(self) -> None:
        self.answer: Callable[[], object] = lambda: True
        self.calls: list[Access] = []
        self.again: list[Access] = []
        self._called = asyncio.Event()

    def __call__(self, caller: Caller, access: Access, resource: Resource) -> Any:  # noqa: ANN401  # also what it must not
        self.calls.append(access)
        task = asyncio.current_task()
        if task is not None and task.get_name() == TASK:
            self.again.append(access)
        self._called.set()
        return self.answer()

    async def called_again(self, access: Access, times: int = 2) -> None:
        """Return when it was called so many times more for something that is open by this."""
        most = self.again.count(access) + times
        while self.again.count(access) < most:
            self._called.clear()
            await self._called.wait()


class Scene:
    """A server with a run that waits in thread `t1`, and who decides about it."""

    def __init__(self, client: httpx.AsyncClient, runtime: CopilotRuntime) -> None:
        self.client = client
        self.runtime = runtime
        self.gate = Gatekeeper()
        self.agent = Halting()

    async def begun(self) -> None:
        await self.agent.waiting.wait()


@asynccontextmanager
async def a_scene(every: float = EVERY) -> AsyncIterator[Scene]:
    gate, agent = Gatekeeper(), Halting()
    runtime = CopilotRuntime(
        {"default": agent},
        authenticate=by_header,
        authorize=gate,
        options=Options(authorize_every=every),
    )
    async with client_of(create_app(runtime, remote_path="/remote")) as client:
        client.headers.update(BY_ANN)
        client.timeout = httpx.Timeout(30)
        scene = Scene(client, runtime)
        scene.gate, scene.agent = gate, agent
        yield scene


async def posted(scene: Scene, path: str, body: object, **headers: str) -> str:
    return await broken_off(scene.client, path, body, **headers)


async def agui_run(scene: Scene) -> str:
    return await posted(scene, RUN, run_body(thread="t1"))


async def beside_a_run(scene: Scene, reading: Awaitable[str]) -> str:
    """What a reader gets of the thread that another one's run has begun."""
    running = asyncio.create_task(agui_run(scene))
    await scene.begun()
    found = await reading
    await running
    return found


async def agui_connect(scene: Scene) -> str:
    return await beside_a_run(scene, posted(scene, CONNECT, run_body(thread="t1")))


async def parts(scene: Scene) -> str:
    return await posted(scene, "/graphql", chat(threadId="t1"), accept=ACCEPT)


async def _events(scene: Scene, query: str, **variables: object) -> str:
    body = {"query": query, "variables": variables}
    return await posted(scene, "/graphql", body, accept="text/event-stream")


async def answer_events(scene: Scene) -> str:
    return await _events(scene, ANSWER, data=data(threadId="t1"))


async def log_events(scene: Scene) -> str:
    return await beside_a_run(scene, _events(scene, EVENTS, threadId="t1"))


async def thread_events(scene: Scene) -> str:
    return await beside_a_run(scene, _events(scene, THREAD, threadId="t1"))


async def rest_events(scene: Scene) -> str:
    path = "/api/v1/agent/threads/t1/events"
    return await beside_a_run(scene, posted(scene, path, None))


async def rest_events_for_ever(scene: Scene) -> str:
    path = "/api/v1/agent/threads/t1/events?until=live"
    return await beside_a_run(scene, posted(scene, path, None))


async def remote(scene: Scene) -> str:
    body = {"name": "default", "threadId": "t1", "messages": []}
    return await posted(scene, "/remote/agents/execute", body)


async def _on_socket(scene: Scene, query: str, **variables: object) -> str:
    """All that is said of a subscription, and `alive` where the socket is of use afterwards."""
    async with socket(scene.client, headers=BY_ANN) as ws:
        await ws.initialised()
        await ws.subscribe("1", query, **variables)
        received: list[dict[str, Any]] = []
        while not received or received[-1]["type"] == "next":
            received.append(await ws.hear())
        await ws.say("ping")
        assert await ws.hear() == {"type": "pong"}
        return f"{received} alive"


async def answer_on_socket(scene: Scene) -> str:
    return await _on_socket(scene, ANSWER, data=data(threadId="t1"))


async def log_on_socket(scene: Scene) -> str:
    return await beside_a_run(scene, _on_socket(scene, EVENTS, threadId="t1"))


Reading = Callable[[Scene], Awaitable[str]]

FAILED = "'runtimeCode': 'FORBIDDEN'"
ENDS: Mapping[Reading, tuple[Access, str]] = {
    agui_run: ("start", "broken off: FORBIDDEN"),
    agui_connect: ("read", "broken off: FORBIDDEN"),
    parts: ("start", " broken off"),
    answer_events: ("start", FAILED),
    log_events: ("read", FAILED),
    thread_events: ("read", FAILED),
    remote: ("start", " broken off"),
    rest_events: ("read", "broken off: FORBIDDEN"),
    rest_events_for_ever: ("read", "broken off: FORBIDDEN"),
    answer_on_socket: ("start", FAILED),
    log_on_socket: ("read", FAILED),
}
"""Each way to have something open, by which access, and how it ends."""

READINGS = [pytest.param(each, id=each.__name__) for each in ENDS]


@asynccontextmanager
async def something_open(reading: Reading, every: float = EVERY) -> AsyncIterator[Any]:
    """A scene in which that is open, and the task that reads it to its end."""
    async with a_scene(every) as scene:
        task = asyncio.ensure_future(reading(scene))
        begun = asyncio.ensure_future(scene.begun())
        await asyncio.wait((begun, task), return_when=asyncio.FIRST_COMPLETED)
        assert begun.done(), task.result()
        try:
            yield scene, task
        finally:
            scene.agent.go.set()
            await asyncio.wait((task,))


async def ended(scene: Scene) -> str:
    """The type of the last record, once the thread's run is over."""
    await scene.runtime.store.log.wait_idle("t1")
    records = await scene.runtime.threads.read("t1", Caller("ann"))
    return str(records[-1].event["type"])


@pytest.mark.parametrize("reading", READINGS)
async def test_what_is_no_longer_allowed_ends_in_the_words_of_its_wire_and_the_run_goes_on(
    reading: Reading,
) -> None:
    async with something_open(reading) as (scene, task):
        access, words = ENDS[reading]
        await scene.gate.called_again(access)
        scene.gate.answer = lambda: False
        received = (await task).replace('"', "'").replace("':'", "': '")
        assert words in received
        assert "'lo'" not in received
        again = await scene.client.post(CONNECT, json=run_body(thread="t1"))
        assert (again.status_code, again.json()["code"]) == (403, "FORBIDDEN")
        scene.gate.answer = lambda: True
        scene.agent.go.set()
        assert await ended(scene) == "RUN_FINISHED"


def failing() -> bool:
    raise RuntimeError("the directory of users is down")


def unavailable() -> bool:
    raise StoreUnavailable("the store of rights is down")


def of_no_use() -> object:
    return "perhaps"


async def never() -> bool:
    await asyncio.Event().wait()
    return False


@pytest.mark.parametrize("undecided", [failing, unavailable, of_no_use, never])
@pytest.mark.parametrize("reading", [agui_run, parts, answer_on_socket])
async def test_who_cannot_be_decided_upon_keeps_what_is_open_and_the_log_says_so_once(
    reading: Reading,
    undecided: Callable[[], object],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(decisions, "PATIENCE", 0.01)
    caplog.set_level(logging.ERROR, "agui_runtime.runtime.rechecks")
    async with something_open(reading) as (scene, task):
        scene.gate.answer = undecided
        await scene.gate.called_again("start", 4)
        lines = [each for each in caplog.messages if "a stream stays open" in each]
        assert len(lines) == 1
        assert "\n" not in lines[0]
        scene.gate.answer = lambda: True
        scene.agent.go.set()
        assert "lo" in await task
        assert await ended(scene) == "RUN_FINISHED"


async def test_an_error_of_ours_that_refuses_is_a_no() -> None:
    async with something_open(agui_run) as (scene, task):

        def gone() -> bool:
            raise Unauthenticated("signed out")

        scene.gate.answer = gone
        assert f"broken off: {Unauthenticated.code}" in await task


async def test_one_reader_that_is_refused_ends_no_other() -> None:
    async with something_open(agui_run) as (scene, task):

        def only_start() -> bool:
            return bool(scene.gate.calls[-1] == "start")

        connected = asyncio.create_task(posted(scene, CONNECT, run_body(thread="t1")))
        await scene.gate.called_again("read")
        scene.gate.answer = only_start
        assert "FORBIDDEN" in await connected
        assert not task.done()
        scene.agent.go.set()
        assert "RUN_FINISHED" in await task


async def test_between_two_checks_nothing_is_called_however_much_is_emitted() -> None:
    async with something_open(agui_run, every=3600) as (scene, task):
        scene.agent.go.set()
        assert "RUN_FINISHED" in await task
        assert scene.gate.calls.count("start") == 1


async def test_without_authorize_a_reader_gets_the_batches_themselves() -> None:
    runtime = CopilotRuntime({"default": Halting()})

    async def none() -> AsyncIterator[Any]:
        yield None

    batches: Any = none()
    assert runtime.permissions.open(batches, Caller("ann"), "read", Resource()) is batches


@pytest.mark.parametrize("every", [0, -1, float("inf"), "60", None])
def test_an_interval_that_cannot_be_is_refused(every: Any) -> None:  # noqa: ANN401  # it is what is tested
    with pytest.raises(Misconfigured, match="authorize_every"):
        Options(authorize_every=every)
