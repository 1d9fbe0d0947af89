"""Thousands of generated requests: whatever comes, the answer is whole, safe, and leaves nothing.

A thousand of them in each test run; ten thousand with `--hypothesis-profile=thorough`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Set
from random import Random

import orjson
import pytest
from ag_ui.core import RunAgentInput
from hypothesis import given, strategies as st
from starlette.types import ASGIApp, Message, Scope

from agui_runtime.app import create_app
from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.graphql.resolvers.schema import build_schema
from tests.wires.graphql.fuzzing import THREADS, Maker, Request
from tests.wires.graphql.runs import FINISHED, call, custom, event, open_text, say, text

AT_ONCE = 10
"""Requests in one example: they share the runtime, and what earlier ones left there."""

REFUSALS = {400, 404, 405, 406, 413, 415}
PATIENCE = 30.0
"""Seconds until a request counts as hanging; one takes milliseconds."""


async def eventful(request: RunAgentInput) -> AsyncIterator[Event]:
    """Does a little of everything."""
    for each in [
        *text("m1", "Hello ", "there"),
        event("STEP_STARTED", stepName="plan"),
        event("STATE_SNAPSHOT", snapshot={"n": 1}),
        *call("c1", "look", '{"n": ', "1}"),
        custom("on_interrupt", {"question": "?"}),
        event("STEP_FINISHED", stepName="plan"),
    ]:
        yield each
    await asyncio.sleep(0)
    yield FINISHED | {"usage": [{"inputTokens": 1, "outputTokens": 1}]}


async def broken(request: RunAgentInput) -> AsyncIterator[Event]:
    """Breaks off."""
    yield open_text("m1")
    yield say("m1", "Half")
    raise RuntimeError("/srv/secret.py")


def look(n: int) -> int:
    """Looks."""
    return n + 1


class Client:
    """One request to an ASGI app, and what came back."""

    def __init__(self, request: Request) -> None:
        self.status = 0
        self.body = b""
        self._request = request
        self._inbox: list[Message] = [{"type": "http.request", "body": request.body}]
        self._progress = asyncio.Event()
        self._gone = asyncio.Event()

    async def play(self, app: ASGIApp) -> None:
        """To the end of the answer, or of the client's patience."""
        waiting = asyncio.create_task(self._lose_patience(self._request.patience))
        async with asyncio.timeout(PATIENCE):
            await app(self._scope(), self._receive, self._send)
        waiting.cancel()

    async def _lose_patience(self, turns: int | None) -> None:
        idle = 0
        while turns is not None and idle < turns:
            self._progress.clear()
            await asyncio.sleep(0)
            idle = 0 if self._progress.is_set() else idle + 1
        if turns is not None:
            self._gone.set()

    async def _receive(self) -> Message:
        if self._inbox:
            return self._inbox.pop()
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self._progress.set()
        self.status = message.get("status", self.status)
        self.body += message.get("body", b"")

    def _scope(self) -> Scope:
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self._request.method,
            "scheme": "http",
            "path": "/copilotkit",
            "raw_path": b"/copilotkit",
            "root_path": "",
            "query_string": self._request.query_string,
            "headers": self._request.headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }


def checked(client: Client, request: Request) -> None:
    """The answer is one that a client can understand, and tells nothing of the server's insides."""
    whole = request.patience is None
    assert client.status in REFUSALS | {200, 204} | (set() if whole else {0}), client.body
    assert b"INTERNAL_ERROR" not in client.body, client.body
    for secret in (b"Traceback", b".py", b"secret", b"site-packages"):
        assert secret not in client.body
    if client.body.startswith(b"{"):
        answer = orjson.loads(client.body)
        others = {"error", "message", "code"} if client.status == 415 else set()  # for all wires
        assert answer.keys() <= {"data", "errors", *others}
        if client.status in REFUSALS:
            assert all(error["message"] for error in answer["errors"])
    elif client.body.startswith(b"\r\n---") and whole:
        assert client.body.endswith(b"--\r\n")


async def opened(runtime: CopilotRuntime) -> Set[asyncio.Task[object]]:
    """The tasks that it has for as long as it is open."""
    await runtime.open()
    return asyncio.all_tasks() - {asyncio.current_task()}


async def settled(runtime: CopilotRuntime, lasting: Set[asyncio.Task[object]]) -> None:
    """Nothing runs any more, neither runs nor tasks but these."""
    others = asyncio.all_tasks() - {asyncio.current_task()} - lasting
    if others:
        _, stuck = await asyncio.wait(others, timeout=PATIENCE)
        assert stuck == set()
    for thread in THREADS:
        assert await runtime.store.log.active(thread) is None


async def run_ids(runtime: CopilotRuntime) -> list[str]:
    threads = [each for each in THREADS if await runtime.store.threads.get(each)]
    return [run.run_id for each in threads for run in await runtime.store.threads.runs(each)]


# graphql-core leaves the fields that it had not begun, when an operation fails or is cancelled, to
# the garbage collector.
@pytest.mark.filterwarnings("ignore:.*_async_resolver:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:.*Executor:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("swept")
@pytest.mark.timeout(1800)
def test_whatever_is_asked_is_answered_and_leaves_nothing_behind() -> None:
    runtime = CopilotRuntime(agents={"default": eventful, "broken": broken}, actions=[look])
    app = create_app(runtime)
    schema = build_schema()

    async def play(requests: list[Request]) -> None:
        for request in requests:
            client = Client(request)
            await client.play(app)
            checked(client, request)
        await settled(runtime, lasting)

    with asyncio.Runner() as runner:

        @given(st.randoms(use_true_random=True))
        def example(random: Random) -> None:
            maker = Maker(schema, random, runner.run(run_ids(runtime)))
            runner.run(play([maker.request() for _ in range(AT_ONCE)]))

        lasting = runner.run(opened(runtime))
        example()
        runner.run(runtime.close())
