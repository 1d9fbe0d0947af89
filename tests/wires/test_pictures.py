"""Large pictures in one chat: the page sends all of them again with each message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import BodyLimits, CopilotRuntime, Options, ServerOptions, create_app
from agui_runtime.core.events import Event
from tests.support import served
from tests.wires.agui.serving import events, run_body, text
from tests.wires.graphql.runs import text as message
from tests.wires.graphql.serving import ACCEPT, PATH, chat, user

PICTURE = "A" * 6_700_000
"""A picture of 5 MB in Base64."""


async def counting(request: RunAgentInput) -> AsyncIterator[Event]:
    """Counts the pictures that it is shown."""
    shown = [each for each in request.messages if isinstance(each.content, list)]
    for event in message(f"a-{request.run_id}", f"{len(shown)} pictures"):
        yield event


@asynccontextmanager
async def serving(runtime: CopilotRuntime) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(runtime)
    async with served(app) as origin, httpx.AsyncClient(base_url=origin, timeout=60) as client:
        yield client


def seen(number: int) -> dict[str, Any]:
    source = {"type": "data", "value": PICTURE, "mimeType": "image/png"}
    parts = [{"type": "text", "text": f"see {number}"}, {"type": "image", "source": source}]
    return {"id": f"u{number}", "role": "user", "content": parts}


def said(number: int) -> dict[str, Any]:
    return {"id": f"u{number}", "role": "user", "content": f"see {number}"}


@pytest.mark.parametrize("history", ["client", "thread"])
async def test_a_chat_may_hold_several_and_goes_on(history: Any) -> None:  # noqa: ANN401
    runtime = CopilotRuntime({"default": counting}, options=Options(history=history))
    async with serving(runtime) as client:
        for count in range(1, 5):
            body = run_body(run=f"r{count}", messages=[seen(n) for n in range(count)])
            run = await client.post(f"{PATH}/agent/default/run", json=body)
            assert text(events(run.text)) == f"{count} pictures"


async def test_pictures_that_the_thread_knows_need_not_be_sent_again() -> None:
    async with serving(CopilotRuntime({"default": counting})) as client:
        first = run_body(thread="thread-1", run="r1", messages=[seen(1)])
        await client.post(f"{PATH}/agent/default/run", json=first)
        later = run_body(thread="thread-1", run="r2", messages=[said(1), said(2)])
        today = await client.post(f"{PATH}/agent/default/run", json=later)
        texts = [user("u1", "see 1"), user("u3", "and now?")]
        session = {"agentName": "default", "threadId": "thread-1"}
        before = await client.post(
            PATH, json=chat(messages=texts, agentSession=session), headers={"accept": ACCEPT}
        )
        edited = run_body(thread="thread-1", run="r4", messages=[said(1) | {"content": "other"}])
        without = await client.post(f"{PATH}/agent/default/run", json=edited)
    assert text(events(today.text)) == "1 pictures"
    assert "1 pictures" in before.text
    assert text(events(without.text)) == "0 pictures"


@pytest.mark.parametrize("path", [f"{PATH}/agent/default/run", PATH])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_client_that_sends_too_much_is_answered_and_not_reset(
    path: str, chunked: bool
) -> None:
    options = ServerOptions(body=BodyLimits(bytes=100_000))
    app = create_app(CopilotRuntime({"default": counting}), options=options)
    size = 3_000_000
    async with served(app) as origin:
        host, port = origin.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        length = "transfer-encoding: chunked" if chunked else f"content-length: {size}"
        head = f"POST {path} HTTP/1.1\r\nhost: {host}:{port}\r\nconnection: close\r\n"
        head += f"accept: */*\r\ncontent-type: application/json\r\n{length}\r\n\r\n"
        writer.write(head.encode())
        for _ in range(size // 60_000):
            part = b"x" * 60_000
            writer.write(b"%x\r\n%b\r\n" % (len(part), part) if chunked else part)
            await writer.drain()
        if chunked:
            writer.write(b"0\r\n\r\n")
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"max_body (AGUI_MAX_BODY)" in answer
