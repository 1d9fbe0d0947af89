"""Remote servers that do what they must not, over both protocols, as front ends of both generations
see it: a failure that is told, once, and nothing left open.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from agui_runtime.app import create_app
from agui_runtime.connectors.a2a import A2AAgent
from agui_runtime.connectors.agui import AGUIAgent
from agui_runtime.connectors.copilotkit import RemoteEndpoint
from agui_runtime.connectors.shared.remote import Patience, SizeLimits
from agui_runtime.runs.deadlines import RunLimits
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from tests.connectors.talk import Waits
from tests.fakes.endpoint import lines, sse
from tests.fakes.options import as_options
from tests.support import served
from tests.wires.agui.serving import events, run_body, types
from tests.wires.graphql.merging import merged
from tests.wires.graphql.serving import ACCEPT, chat, payloads

SECRET = "Bearer swordfish"

Blocks: TypeAlias = AsyncIterator[bytes]


@dataclass
class Answer:
    """What the server says to whoever runs its agent."""

    blocks: Sequence[bytes] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    then: Callable[[], Blocks] | None = None


class Protocol(NamedTuple):
    """How a server's agent is asked, how it begins a message, and what surrounds an event."""

    opening: bytes
    frame: Callable[[bytes], bytes]
    runtime: Callable[..., CopilotRuntime]


def agui(origin: str, options: Options, **rest: Any) -> CopilotRuntime:  # noqa: ANN401
    far = AGUIAgent(f"{origin}/agents/execute", name="far", **as_options(rest))
    return CopilotRuntime({"far": far}, options=options)


def a2a(origin: str, options: Options, **rest: Any) -> CopilotRuntime:  # noqa: ANN401
    return CopilotRuntime(
        {"far": A2AAgent(origin, name="far", **as_options(rest))}, options=options
    )


def endpoint(origin: str, options: Options, **rest: Any) -> CopilotRuntime:  # noqa: ANN401
    return CopilotRuntime({}, remotes=[RemoteEndpoint(origin, **as_options(rest))], options=options)


def rpc(*results: dict[str, Any]) -> bytes:
    return sse(*({"jsonrpc": "2.0", "id": 1, "result": each} for each in results))


PROTOCOLS = {
    "A2A": Protocol(
        rpc(
            {"task": {"id": "t1", "status": {"state": "TASK_STATE_WORKING"}}},
            {"artifactUpdate": {"artifact": {"artifactId": "a", "parts": [{"text": "Half"}]}}},
        ),
        lambda event: b"data: " + event + b"\n\n",
        a2a,
    ),
    "AG-UI": Protocol(
        sse(
            {"type": "RUN_STARTED", "threadId": "t1", "runId": "r1"},
            {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"},
            {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "Half"},
        ),
        lambda event: b"data: " + event + b"\n\n",
        agui,
    ),
    "CopilotKit": Protocol(
        lines(
            {"type": "TextMessageStart", "messageId": "m1"},
            {"type": "TextMessageContent", "messageId": "m1", "content": "Half"},
        ),
        lambda event: event + b"\n",
        endpoint,
    ),
}


async def never() -> Blocks:
    await asyncio.Event().wait()
    yield b""


async def drip() -> Blocks:
    """Empty lines without end: the connection lives, and says nothing."""
    while True:
        yield b"\n"
        await asyncio.sleep(0.01)


def endless(far: Protocol) -> Answer:
    async def chatter() -> Blocks:
        while True:
            yield far.frame(b'{"type": "NOTHING"}') * 10_000
            await asyncio.sleep(0)  # else nobody would hear that the connection is closed

    return Answer([far.opening], then=chatter)


def refusal(status: int, sentence: str, **headers: str) -> Callable[[Protocol], Answer]:
    return lambda _: Answer([b'{"error": "%b"}' % sentence.encode()], status, headers)


def after_opening(*pieces: bytes) -> Callable[[Protocol], Answer]:
    return lambda far: Answer([far.opening, *map(far.frame, pieces)])


def zipped(far: Protocol) -> Answer:
    """A few kilobytes that become ten million."""
    bomb = far.opening + far.frame(b'{"x": "' + b"x" * 10_000_000 + b'"}')
    return Answer([gzip.compress(bomb)], headers={"content-encoding": "gzip"})


HOSTILE: dict[str, tuple[Callable[[Protocol], Answer], str]] = {
    "a broken frame": (after_opening(b"{oops"), "AGENT_PROTOCOL_ERROR"),
    "half a character": (
        after_opening('{"type": "CUSTOM", "name": "é"}'.encode()[:-3] + b'"}'),
        "AGENT_PROTOCOL_ERROR",
    ),
    "10 MB": (after_opening(b'{"x": "' + b"x" * 10_000_000 + b'"}'), "AGENT_PROTOCOL_ERROR"),
    "endless": (endless, "REMOTE_TOO_LARGE"),
    "a bomb": (zipped, "AGENT_PROTOCOL_ERROR"),
    "compressed only in name": (
        lambda far: Answer([far.opening], headers={"content-encoding": "gzip"}),
        "REMOTE_BROKEN",
    ),
    "silent": (lambda far: Answer(then=never), "REMOTE_TIMEOUT"),
    "silent in the middle": (lambda far: Answer([far.opening], then=never), "REMOTE_TIMEOUT"),
    "dripping": (lambda far: Answer(then=drip), "FIRST_EVENT_TIMEOUT"),
    "a page": (lambda far: Answer([b"<html>Welcome</html>"]), "REMOTE_BROKEN"),
    "no key": (refusal(401, "who are you?"), "REMOTE_REFUSED"),
    "forbidden": (refusal(403, "not you"), "REMOTE_REFUSED"),
    "not there": (refusal(404, "nothing here"), "REMOTE_REFUSED"),
    "too often": (refusal(429, "tomorrow", **{"retry-after": "86400"}), "REMOTE_REFUSED"),
    "out of order": (refusal(500, "Traceback: /srv/app.py"), "REMOTE_REFUSED"),
    "a redirection": (
        lambda far: Answer(status=307, headers={"location": "http://127.0.0.1:9/stolen"}),
        "REMOTE_REFUSED",
    ),
}

UNLIKE = {
    ("a page", "CopilotKit"): "AGENT_PROTOCOL_ERROR",  # it is a line that is no JSON
    ("endless", "A2A"): "AGENT_PROTOCOL_ERROR",  # the first frame is none of JSON-RPC's
}


def app_of(answer: Answer) -> Starlette:
    """A server with one agent, `far`."""

    async def info(request: Request) -> Response:
        return JSONResponse({"agents": [{"name": "far"}], "actions": []})

    async def card(request: Request) -> Response:
        address = f"{request.url.scheme}://{request.url.netloc}/agents/execute"
        offered = [{"url": address, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}]
        return JSONResponse({"supportedInterfaces": offered, "capabilities": {"streaming": True}})

    async def blocks() -> Blocks:
        for block in answer.blocks:
            yield block
        if answer.then is not None:
            async for block in answer.then():
                yield block

    async def execute(request: Request) -> Response:
        return StreamingResponse(blocks(), answer.status, answer.headers)

    routes = {"/info": info, "/agents/execute": execute}
    posted = [Route(path, to, methods=["POST"]) for path, to in routes.items()]
    return Starlette(routes=[*posted, Route("/.well-known/agent-card.json", card)])


@asynccontextmanager
async def page(far: Protocol, answer: Answer, **rest: Any) -> AsyncIterator[httpx.AsyncClient]:  # noqa: ANN401
    """A front end whose runtime asks that server."""
    given = {
        "patience": Patience(silence=0.2 if answer.then is never else 300.0, sleep=Waits()),
        "sizes": SizeLimits(event=1_000_000, stream=11_000_000),
        "headers": {"authorization": SECRET},
        **rest,
    }
    options = Options(limits=RunLimits(first_event=0.5 if answer.then is drip else 300.0))
    async with served(app_of(answer)) as origin:
        app = create_app(far.runtime(origin, options, **given))
        async with served(app) as ours, httpx.AsyncClient(base_url=ours) as client:
            yield client


async def in_ag_ui(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    return events((await client.post("/copilotkit/agent/far/run", json=run_body())).text)


async def in_graphql(client: httpx.AsyncClient) -> dict[str, Any]:
    body = chat(agentSession={"agentName": "far"})
    answer = await client.post("/copilotkit", json=body, headers={"accept": ACCEPT})
    response: dict[str, Any] = merged(payloads(answer.content))["data"]["generateCopilotResponse"]
    return response


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("deed", HOSTILE)
async def test_whatever_a_server_does_both_generations_are_told_once(
    deed: str, protocol: str
) -> None:
    make, code = HOSTILE[deed]
    code = UNLIKE.get((deed, protocol), code)
    far = PROTOCOLS[protocol]
    async with page(far, make(far)) as client:
        events = await in_ag_ui(client)
        response = await in_graphql(client)

    ends = [event for event in events if event["type"] in {"RUN_ERROR", "RUN_FINISHED"}]
    assert [end.get("code") for end in ends] == [code]
    assert events[-1] is ends[0]
    assert types(events).count("TEXT_MESSAGE_START") == types(events).count("TEXT_MESSAGE_END")
    status = response["status"]
    assert status["code"] == "Failed"
    assert status["details"]["originalError"]["extensions"]["runtimeCode"] == code
    assert {message["status"]["code"] for message in response["messages"]} <= {"Success", "Failed"}
    for secret in ("swordfish", "127.0.0.1", "Traceback", "/srv"):
        assert secret not in f"{events} {response}"


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_redirection_takes_nothing_to_another_host(protocol: str) -> None:
    """Not even where the connector's client is one that follows them."""
    far = PROTOCOLS[protocol]
    stolen: list[str] = []

    async def steal(request: Request) -> Response:
        stolen.append(str(request.headers))
        return Response()

    thief = Starlette(routes=[Route("/{path:path}", steal, methods=["GET", "POST"])])
    async with served(thief) as elsewhere, httpx.AsyncClient(follow_redirects=True) as own:
        answer = Answer(status=307, headers={"location": f"{elsewhere}/agents/execute"})
        async with page(far, answer, client=own) as client:
            events = await in_ag_ui(client)
    assert stolen == []
    assert "redirections are not followed" in events[-1]["message"]


LAST = {
    "A2A": b'{"jsonrpc": "2.0", "id": 1, "result": {"statusUpdate": {"taskId": "t1", "status": '
    b'{"state": "TASK_STATE_COMPLETED"}}}}',
    "AG-UI": b'{"type": "RUN_FINISHED", "threadId": "t1", "runId": "r1"}',
    "CopilotKit": b'{"type": "TextMessageEnd", "messageId": "m1"}',
}
"""What ends a run of each protocol after its `opening`."""


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_what_a_server_compressed_without_being_asked_is_read(protocol: str) -> None:
    far = PROTOCOLS[protocol]
    whole = far.opening + far.frame(LAST[protocol])
    answer = Answer([gzip.compress(whole)], headers={"content-encoding": "gzip"})
    async with page(far, answer) as client:
        events = await in_ag_ui(client)
    assert types(events)[-2:] == ["TEXT_MESSAGE_END", "RUN_FINISHED"]
    assert [event["delta"] for event in events if "delta" in event] == ["Half"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_the_last_event_need_not_be_followed_by_a_newline(protocol: str) -> None:
    far = PROTOCOLS[protocol]
    answer = Answer([far.opening + far.frame(LAST[protocol]).rstrip()])
    async with page(far, answer) as client:
        events = await in_ag_ui(client)
    assert types(events)[-2:] == ["TEXT_MESSAGE_END", "RUN_FINISHED"]
