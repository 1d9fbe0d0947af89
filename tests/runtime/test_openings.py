"""How many runs and streams may be open, in all processes over a store; here a runtime stands for a
process, but for one that is killed.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from agui_runtime import Caller, CopilotRuntime, Options, RunLimits, create_app
from agui_runtime.core.access import Access, Resource
from agui_runtime.core.errors import Busy, Misconfigured, TooManyRequests
from agui_runtime.runs.handle import RunHandle
from agui_runtime.runtime.openings import Openings
from agui_runtime.runtime.options import OF_A_RUN
from agui_runtime.setting_readers import LIMITS, OPEN_LIMITS
from agui_runtime.settings import variable
from agui_runtime.stores.base import Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.redis.places import RedisPlaces
from agui_runtime.stores.sql.places import SqlPlaces
from tests.programs import environment
from tests.runtime.worlds import ANN, BOB, Waiting, asking, ran
from tests.stores.conftest import (
    each_store as each_store,
    made as made,
    place as place,
    postgres as postgres,
    redis as redis,
)
from tests.stores.databases import AnyStore, Place, Processes
from tests.stores.place_holder import LEASE
from tests.stores.test_places import places_of, taken
from tests.support import client_of
from tests.wires.agui.serving import run_body
from tests.wires.graphql.serving import ACCEPT, by_header, chat
from tests.wires.graphql.subscribing import socket

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def replica(
    store: object,
    **limits: Any,  # noqa: ANN401
) -> AsyncIterator[tuple[CopilotRuntime, Waiting]]:
    """A runtime over the store, and the agent that its runs wait for."""
    agent = Waiting()
    runtime = CopilotRuntime(
        {"default": agent},
        store=cast(Store, store),
        authenticate=by_header,
        options=Options(**limits),
    )
    try:
        yield runtime, agent
    finally:
        agent.go.set()
        await runtime.drain(10)
        await runtime.runs.close()


async def ended(handle: RunHandle) -> None:
    assert handle.ended is not None
    await handle.ended


async def test_runs_of_all_processes_count_together(made: Processes[AnyStore]) -> None:
    async with AsyncExitStack() as stack:
        replicas = [
            await stack.enter_async_context(replica(await made.start(), caller_runs=3, runs=4))
            for _ in range(2)
        ]
        (one, agent), (other, _) = replicas
        first = await one.start(asking(thread="t1"))
        for thread, runtime in (("t2", other), ("t3", one)):
            await runtime.start(asking(thread=thread))
        with pytest.raises(TooManyRequests, match="you have 3 runs open"):
            await other.start(asking(thread="t4"))
        await other.start(asking(thread="t5", caller=BOB))
        with pytest.raises(TooManyRequests, match="4 runs are open here"):
            await one.start(asking(thread="t6", caller=BOB))
        assert await one.store.threads.get("t6") is None
        agent.go.set()
        await ended(first)
        await other.start(asking(thread="t4", caller=ANN))


async def test_of_many_starts_at_once_as_many_as_may_be_go_on(made: Processes[AnyStore]) -> None:
    async with AsyncExitStack() as stack:
        replicas = [
            await stack.enter_async_context(replica(await made.start(), caller_runs=5))
            for _ in range(3)
        ]
        starts = [
            runtime.start(asking(thread=f"t{number}-{turn}"))
            for turn in range(8)
            for number, (runtime, _) in enumerate(replicas)
        ]
        found = await asyncio.gather(*starts, return_exceptions=True)
        refused = [each for each in found if isinstance(each, TooManyRequests)]
        assert len(found) - len(refused) == 5
        assert len(refused) == 19


async def test_what_is_refused_or_already_there_gives_its_place_back(each_store: Store) -> None:
    async with replica(each_store, caller_runs=2, runs=2) as (runtime, agent):
        request = asking(thread="t1", run="r1", fingerprint="same")
        first = await runtime.start(request)
        for _ in range(3):
            assert (await runtime.start(request)).run.run_id == "r1"
            with pytest.raises(Busy):
                await runtime.start(asking(thread="t1", run="r2"))
        second = await runtime.start(asking(thread="t2"))
        agent.go.set()
        for handle in (first, second):
            await ended(handle)
        for thread in ("t3", "t4"):
            await ended(await runtime.start(asking(thread=thread)))


async def test_a_killed_process_holds_nothing_for_long(
    place: Place[AnyStore], made: Processes[AnyStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await made.start()
    async with replica(store, caller_runs=2) as (runtime, _):
        async with place_holder(place, 2) as hold_briefly:
            with pytest.raises(TooManyRequests):
                await runtime.start(asking(thread="t1"))
            await hold_briefly()
        set_lease(monkeypatch, LEASE)
        for thread in ("t1", "t2"):
            while not await started(runtime, thread):  # noqa: ASYNC110  # another's lease
                await asyncio.sleep(0.05)
        assert await places_of(store).take("as long", {"s": 1}, LEASE) is None
        set_lease(monkeypatch, 600)
        await renewed(runtime.runs)
        await taken(places_of(store), "now", {"s": 1})
        with pytest.raises(TooManyRequests):
            await runtime.start(asking(thread="t3"))


@asynccontextmanager
async def place_holder(
    place: Place[AnyStore], places: int
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Another process holds so many until the end of the block, where it is killed; it is given
    what has that happen when they are held for no more than a lease.
    """
    words = ["-m", "tests.stores.place_holder", place.url, str(places)]
    words.append(getattr(place, "prefix", ""))
    holder = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=ROOT, env=environment(), stdin=PIPE, stdout=PIPE
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    orders, answers = holder.stdin, holder.stdout

    async def hold_briefly() -> None:
        orders.write(b"\n")
        assert await answers.readline() == b"briefly\n"

    try:
        assert await answers.readline() == b"held\n"
        yield hold_briefly
    finally:
        holder.kill()
        await holder.communicate()


def set_lease(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    for kind in (RedisPlaces, SqlPlaces):
        monkeypatch.setattr(kind, "lease", seconds)


async def renewed(openings: Openings) -> None:
    """Return when all that is open was renewed, by what began after this."""
    renew, done = openings._renew, asyncio.Event()

    async def noted() -> None:
        await renew()
        done.set()

    openings._renew = noted  # type: ignore[method-assign]  # the same, with a sign
    await done.wait()


async def started(runtime: CopilotRuntime, thread: str) -> bool:
    try:
        await runtime.start(asking(thread=thread))
    except TooManyRequests:
        return False
    return True


RUN = "/copilotkit/agent/default/run"


async def test_open_streams_of_all_processes_count_on_every_wire(
    made: Processes[AnyStore],
) -> None:
    async with AsyncExitStack() as stack:
        served = []
        for _ in range(2):
            runtime, _ = await stack.enter_async_context(
                replica(await made.start(), caller_streams=1)
            )
            app = create_app(runtime, remote_path="/remote")
            client = await stack.enter_async_context(client_of(app))
            client.headers["x-user"] = "ann"
            served.append((client, runtime))
        (here, _), (there, runtime) = served
        async with here.stream("POST", RUN, json=run_body(thread="t1")) as answer:
            assert answer.status_code == 200
            for refused in await attempts(there):
                assert "429" in refused or "1 streams open" in refused, refused
            assert (await there.get("/copilotkit/threads")).status_code == 200
            assert await runtime.store.threads.get("new") is None
            others = there.stream("POST", RUN, json=run_body(thread="b"), headers={"x-user": "bob"})
            async with others as of_bob:
                assert of_bob.status_code == 200
        async with asyncio.timeout(20):
            while (
                await there.post(RUN.replace("run", "connect"), json=run_body(thread="t9"))
            ).status_code == 429:
                pass


async def attempts(client: httpx.AsyncClient) -> list[str]:
    """A stream of each wire and kind, as text."""
    body = run_body(thread="new")
    remote = {"name": "default", "threadId": "new", "messages": []}
    answers = [
        await client.post(RUN, json=body),
        await client.post(RUN.replace("run", "connect"), json=body),
        await client.post(RUN.replace("run", "suggest"), json=body),
        await client.post("/remote/agents/execute", json=remote),
        await client.post("/graphql", json=chat(threadId="new"), headers={"accept": ACCEPT}),
    ]
    async with socket(client, headers={"x-user": "ann"}) as ws:
        await ws.initialised()
        await ws.subscribe("1", 'subscription { threadUpdated(threadId: "new") { id } }')
        message = await ws.hear()
    assert [each.status_code for each in answers] == [429, 429, 429, 429, 200]
    return [*(each.text for each in answers), str(message)]


@pytest.mark.parametrize("name", ["caller_runs", "runs", "caller_streams", "streams"])
def test_a_limit_below_one_is_refused(name: str) -> None:
    limit: dict[str, Any] = {name: 0}
    with pytest.raises(Misconfigured):
        CopilotRuntime({}, options=Options(**limit))


NAMES = sorted(OPEN_LIMITS)


def anybody(caller: Caller, access: Access, resource: Resource) -> bool:
    return True


def test_every_limit_of_what_is_open_has_a_variable_and_a_line_in_the_docs() -> None:
    fields = {name for name, field in Options.__dataclass_fields__.items() if "int" in field.type}
    assert set(OF_A_RUN.values()) == set(RunLimits.__dataclass_fields__)
    limits = fields | set(OF_A_RUN) | {"authorize_every", "schedule_seconds"}
    assert limits == OPEN_LIMITS | {"caller_starts", "starts"}
    page = (ROOT / "docs" / "limits.md").read_text() + (ROOT / "README.md").read_text()
    for name in (*OPEN_LIMITS, *LIMITS):
        assert page.count(f"`{variable(name)}`") >= 2, name


@pytest.mark.parametrize("name", NAMES)
def test_a_variable_sets_a_limit_for_every_app_of_a_runtime(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable(name), "7")
    runtime = CopilotRuntime({"default": Waiting()}, authorize=anybody)
    for _ in range(2):
        create_app(runtime)
    options = runtime.options
    of_a_run = OF_A_RUN.get(name)
    found = getattr(options.limits, of_a_run) if of_a_run else getattr(options, name)
    assert found == 7
    assert runtime.permissions.every == runtime.options.authorize_every


@pytest.mark.parametrize("name", NAMES)
def test_a_variable_that_contradicts_a_limit_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable(name), "7")
    limits: dict[str, Any] = {name: 6}
    if name in OF_A_RUN:
        own: dict[str, Any] = {OF_A_RUN[name]: 6}
        limits = {"limits": RunLimits(**own)}
    with pytest.raises(Misconfigured, match=f"{variable(name)} cannot be obeyed.*given 6"):
        create_app(CopilotRuntime({"default": Waiting()}, options=Options(**limits)))


@pytest.mark.parametrize("name", sorted(OPEN_LIMITS - {"run_stop_seconds", "run_save_seconds"}))
@pytest.mark.parametrize("value", ["0", "-1", "soon", "1e3", "inf"])
def test_a_variable_that_is_no_limit_is_refused(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable(name), value)
    with pytest.raises(Misconfigured, match=variable(name)):
        create_app(CopilotRuntime({"default": Waiting()}, authorize=anybody))


def test_a_variable_for_calls_of_authorize_is_refused_where_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AGUI_AUTHORIZE_EVERY", "5")
    with pytest.raises(Misconfigured, match="AGUI_AUTHORIZE_EVERY cannot be obeyed"):
        create_app(CopilotRuntime({"default": Waiting()}))


async def test_a_variable_limits_the_time_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGUI_RUN_SECONDS", "0.02")
    async with replica(MemoryStore()) as (runtime, _):
        create_app(runtime)
        assert (await ran(runtime, asking(thread="t1")))[-1]["code"] == "RUN_TIMEOUT"


async def test_a_variable_limits_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGUI_CALLER_RUNS", "1")
    async with replica(MemoryStore()) as (runtime, _):
        create_app(runtime)
        await runtime.start(asking(thread="t1"))
        with pytest.raises(TooManyRequests, match="you have 1 runs open"):
            await runtime.start(asking(thread="t2"))
