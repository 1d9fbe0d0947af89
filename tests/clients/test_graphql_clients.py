"""Published GraphQL clients of the JavaScript world against this server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from agui_runtime.core.events import Caller
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.graphql.wire import GraphQLWire
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.sockets import SocketLimits
from tests.clients.subscriber import everything, told
from tests.clocks import LoopClock
from tests.faults.proxy import Proxy
from tests.support import served
from tests.wires.graphql.merging import merged
from tests.wires.graphql.serving import PATH
from tests.wires.graphql.subscribing import ANSWER, EVENTS, Halting, data

SUBSCRIBERS = ("graphql-ws", "graphql-sse")

GROWING = """mutation Growing(
  $data: GenerateCopilotResponseInput!, $streaming: StreamingConfigInput
) {
  generateCopilotResponse(data: $data, streaming: $streaming) {
    ... @defer { status { ... on BaseResponseStatus { code } } }
    messages @stream { id ... on TextMessageOutput { content @stream } }
  }
}"""

IDLE = b"\r\nX-Heartbeat: 1"


def app(runtime: CopilotRuntime, **options: Any) -> FastAPI:  # noqa: ANN401  # of the wire
    made = FastAPI()
    made.router.routes.extend(GraphQLWire(**options).routes(runtime, ServerOptions(PATH)))
    return made


def patient(agent: Halting) -> CopilotRuntime:
    return CopilotRuntime(agents={"default": agent})


def going() -> Halting:
    """An agent that waits for nobody."""
    agent = Halting()
    agent.go.set()
    return agent


def values(lines: list[Any]) -> list[Any]:
    """The values of the subscription's field; the client must have come to a good end."""
    *results, end = lines
    assert end == {"complete": True}
    return [value for line in results for value in line["next"]["data"].values()]


@pytest.mark.parametrize("client", SUBSCRIBERS)
async def test_an_answer_is_told_as_it_grows(client: str) -> None:
    async with served(app(patient(going()))) as origin:
        lines = await everything(client, origin + PATH, ANSWER, variables={"data": data()})
    updates = values(lines)
    assert "".join(each["delta"] or "" for each in updates) == "Hello"
    assert updates[-1]["status"] == {"code": "Success"}


@pytest.mark.parametrize("client", SUBSCRIBERS)
async def test_a_thread_is_read_on_from_the_last_cursor(client: str) -> None:
    thread = {"threadId": "thread-1"}
    async with served(app(patient(going()))) as origin:
        url = origin + PATH
        await everything(client, url, ANSWER, variables={"data": data()})
        whole = values(await everything(client, url, EVENTS, variables=thread, take=6))
        begun = values(await everything(client, url, EVENTS, variables=thread, take=2))
        after = thread | {"after": begun[-1]["cursor"]}
        rest = values(await everything(client, url, EVENTS, variables=after, take=4))
    assert [*begun, *rest] == whole
    assert whole[-1]["type"] == "RUN_FINISHED"


@pytest.mark.parametrize("client", SUBSCRIBERS)
async def test_history_that_is_gone_is_told_with_its_code(client: str) -> None:
    async with served(app(patient(going()))) as origin:
        url = origin + PATH
        await everything(client, url, ANSWER, variables={"data": data()})
        gone = {"threadId": "thread-1", "after": "elsewhere.1"}
        lines = await everything(client, url, EVENTS, variables=gone)
    [error] = lines[0]["error"] if "error" in lines[0] else lines[0]["next"]["errors"]
    assert error["extensions"]["runtimeCode"] == "HISTORY_GONE"


@pytest.mark.parametrize("client", SUBSCRIBERS)
async def test_whoever_stops_listening_does_not_stop_the_run(client: str) -> None:
    agent = Halting()
    runtime = patient(agent)
    async with served(app(runtime)) as origin:
        job = {"variables": {"data": data()}, "take": 2}
        assert values(await everything(client, origin + PATH, ANSWER, **job))
        await agent.waiting.wait()
        assert await runtime.store.log.active("thread-1") is not None
        agent.go.set()
        await runtime.store.log.wait_idle("thread-1")
        [run] = await runtime.store.threads.runs("thread-1")
    assert run.status == "finished"


@pytest.mark.parametrize(
    ("client", "credentials", "refusal"),
    [
        ("graphql-ws", {"payload": {"authorization": "ann"}}, None),
        ("graphql-ws", {"payload": {}}, {"closed": 4403, "reason": "Forbidden"}),
        ("graphql-sse", {"headers": {"authorization": "ann"}}, None),
        ("graphql-sse", {"headers": {}}, "AUTHENTICATION_ERROR"),
    ],
)
async def test_a_client_says_who_is_asking(
    client: str, credentials: Mapping[str, Any], refusal: object
) -> None:
    def known(request: Request) -> Caller | None:
        return Caller("ann") if request.headers.get("authorization") == "ann" else None

    runtime = CopilotRuntime(agents={"default": going()}, authenticate=known)
    async with served(app(runtime)) as origin:
        job = {"variables": {"data": data()}, **credentials}
        lines = await everything(client, origin + PATH, ANSWER, **job)
    if refusal is None:
        assert values(lines)[-1]["status"] == {"code": "Success"}
    elif isinstance(refusal, str):
        assert lines[0]["next"]["errors"][0]["extensions"]["code"] == refusal
    else:
        assert lines == [refusal]


async def test_a_client_answers_the_pings_of_an_idle_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    agent, clock = Halting(), LoopClock(monkeypatch)
    limits = SocketLimits(keep_alive=6)
    async with served(app(patient(agent), socket_limits=limits)) as origin:
        job = {"variables": {"data": data()}, "pinged": True}
        async with aclosing(told("graphql-ws", origin + PATH, ANSWER, **job)) as lines:
            await anext(lines)
            await agent.waiting.wait()
            for _ in range(2):  # at the second one the first was answered, or none would be left
                await clock.pass_by(6)
                while "pinged" not in await anext(lines):
                    pass
            agent.go.set()
            *_, last = [line async for line in lines]
    assert last == {"complete": True}


@asynccontextmanager
async def cutting(origin: str) -> AsyncIterator[tuple[str, Proxy]]:
    """A way to the server that can be cut, and its address."""
    proxy = Proxy(int(origin.rpartition(":")[2]))
    await proxy.start()
    try:
        yield f"http://127.0.0.1:{proxy.port}", proxy
    finally:
        await proxy.close()


@pytest.mark.parametrize("client", SUBSCRIBERS)
@pytest.mark.parametrize("thread", ["thread-1", None])
@pytest.mark.parametrize("run", ["run-1", None])
async def test_a_client_that_was_cut_off_comes_back_to_the_same_run(
    client: str, thread: str | None, run: str | None
) -> None:
    agent = Halting()
    runtime = patient(agent)
    variables = {"data": data(threadId=thread, runId=run)}
    async with served(app(runtime)) as origin, cutting(origin) as (address, proxy):
        lines = []
        async for line in told(client, address + PATH, ANSWER, variables=variables, retries=3):
            lines.append(line)
            if len(lines) == 2:
                proxy.reset()
                agent.go.set()
        threads = await runtime.store.threads.list("anonymous")
        runs = [await runtime.store.threads.runs(each.thread_id) for each in threads.threads]
    assert values(lines)[-1]["status"] == {"code": "Success"}
    assert len(runs) == len(runs[0]) == 1


@pytest.mark.parametrize("client", SUBSCRIBERS)
async def test_a_reader_of_events_that_was_cut_off_goes_on_where_it_was(client: str) -> None:
    agent = Halting()
    runtime = patient(agent)
    async with served(app(runtime)) as origin, cutting(origin) as (address, proxy):
        whole = asyncio.create_task(
            everything(client, origin + PATH, ANSWER, variables={"data": data()})
        )
        await agent.waiting.wait()
        job = {"variables": {"threadId": "thread-1"}, "retries": 3, "resume": True, "take": 6}
        lines = []
        async for line in told(client, address + PATH, EVENTS, **job):
            lines.append(line)
            if len(lines) == 2:
                proxy.reset()
                agent.go.set()
        await whole
    assert [each["seq"] for each in values(lines)] == [1, 2, 3, 4, 5, 6]


QUERIERS = ("graphql-request", "graphql-request-6", "apollo", "apollo-3")


@pytest.mark.parametrize("client", QUERIERS)
async def test_a_client_that_takes_json_only_gets_answers_and_errors(client: str) -> None:
    async with served(app(patient(going()))) as origin:
        answer = await everything(client, origin + PATH, "query Hello { hello }")
        refused = await everything(client, origin + PATH, "query Hello { helo }")
        failed = await everything(client, origin + PATH, 'query Look { thread(id: "t") { id } }')
    assert answer == [{"next": {"data": {"hello": "Hello World"}}}, {"complete": True}]
    assert "Cannot query field 'helo' on type 'Query'." in refused[0]["error"]
    assert "no thread 't'" in failed[0]["error"]


@pytest.mark.parametrize("client", ["apollo", "apollo-3"])
async def test_a_client_that_sends_hashes_of_queries_sends_the_text_when_told(client: str) -> None:
    async with served(app(patient(going()))) as origin:
        url = origin + PATH
        answer = await everything(client, url, "query Hello { hello }", persisted=True)
    assert answer[0]["next"]["data"] == {"hello": "Hello World"}


class Listening:
    """An app whose answers are listened to: `beat` is set when a sign of life was sent."""

    def __init__(self, app: FastAPI) -> None:
        self.beat = asyncio.Event()
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def listen(message: Message) -> None:
            if message.get("body") == IDLE:
                self.beat.set()
            await send(message)

        await self._app(scope, receive, listen)


@pytest.mark.parametrize("client", ["urql", "meros"])
async def test_clients_of_growing_answers_do_not_see_the_signs_of_life(client: str) -> None:
    agent = Halting()
    listening = Listening(app(patient(agent)))
    async with served(listening) as origin:
        streaming = {"heartbeatSeconds": 1}
        job = {"variables": {"data": data(), "streaming": streaming}}
        asking = asyncio.create_task(everything(client, origin + PATH, GROWING, **job))
        await agent.waiting.wait()
        await listening.beat.wait()
        agent.go.set()
        lines = await asking
    results = [line["next"] for line in lines[:-1]]
    assert {} not in results
    whole = results[-1] if client == "urql" else merged([orjson.dumps(each) for each in results])
    answer = whole["data"]["generateCopilotResponse"]
    assert [each["content"] for each in answer["messages"]] == [["Hel", "lo"]]
    assert answer["status"]["code"] == "Success"
