"""What the published AG-UI clients accept from a server, our agent for such servers accepts.

Each event of the protocol is sent in hundreds of variants: fields that are missing, null or of
another type, fields nobody knows. Where any generation of clients reads the stream to its end, the
run of `AGUIAgent` ends the same way and says the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agui_runtime.connectors.agui import AGUIAgent, RemoteOptions
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.clients.browser import node
from tests.clients.test_agui_clients import CLIENTS
from tests.fakes.endpoint import sse
from tests.runtime.worlds import asking, ran
from tests.support import served

ACCEPTS = Path(__file__).parent / "agui" / "accepts.mjs"

Event = dict[str, Any]
IDS = {"threadId": "t1", "runId": "r1"}
STARTED: Event = {"type": "RUN_STARTED", **IDS}
FINISHED: Event = {"type": "RUN_FINISHED", **IDS}


def text(part: str, **fields: object) -> Event:
    return {"type": f"TEXT_MESSAGE_{part}", "messageId": "m", **fields}


def call(part: str, **fields: object) -> Event:
    return {"type": f"TOOL_CALL_{part}", "toolCallId": "c", **fields}


def reasoning(part: str, **fields: object) -> Event:
    return {"type": f"REASONING_{part}", "messageId": "th", **fields}


SAID = (text("START", role="assistant"), text("CONTENT", delta="answer"), text("END"))
CALLED = (
    call("START", toolCallName="f", parentMessageId="m"),
    call("ARGS", delta="{}"),
    call("END"),
    call("RESULT", messageId="x", content="done", role="tool"),
)
THOUGHT = (
    reasoning("START"),
    reasoning("MESSAGE_START", role="reasoning"),
    reasoning("MESSAGE_CONTENT", delta="hm"),
    reasoning("MESSAGE_END"),
    reasoning("END"),
)
CALLING = {
    "id": "2",
    "role": "assistant",
    "toolCalls": [
        {"id": "k", "type": "function", "function": {"name": "f", "arguments": "{}"}},
    ],
}
STATED = {
    "type": "MESSAGES_SNAPSHOT",
    "messages": [
        {"id": "1", "role": "user", "content": "hi"},
        CALLING,
        {"id": "3", "role": "tool", "toolCallId": "k", "content": "ok"},
    ],
}
SAYS = ("TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_CHUNK")
PICTURE = {"type": "binary", "mimeType": "image/png", "data": "aGk="}
SHOWN = {
    "type": "MESSAGES_SNAPSHOT",
    "messages": [{"id": "1", "role": "user", "content": [{"type": "text", "text": "x"}, PICTURE]}],
}
ASKS = {"type": "interrupt", "interrupts": [{"id": "i", "reason": "confirmation"}]}

STREAMS: Sequence[Sequence[Event]] = (
    (STARTED, *SAID, FINISHED),
    (STARTED, *SAID, *CALLED, FINISHED),
    (STARTED, *THOUGHT, *SAID, FINISHED),
    (STARTED, text("CHUNK", role="assistant", delta="a"), text("CHUNK", delta="b"), FINISHED),
    (STARTED, call("CHUNK", toolCallName="f", delta="{"), call("CHUNK", delta="}"), FINISHED),
    (STARTED, reasoning("MESSAGE_CHUNK", delta="hm"), *SAID, FINISHED),
    (STARTED, {"type": "STATE_SNAPSHOT", "snapshot": {"n": 1}}, *SAID, FINISHED),
    (
        STARTED,
        {"type": "STATE_SNAPSHOT", "snapshot": {"n": 1}},
        {"type": "STATE_DELTA", "delta": [{"op": "replace", "path": "/n", "value": 2}]},
        *SAID,
        FINISHED,
    ),
    (STARTED, STATED, *SAID, FINISHED),
    (STARTED, SHOWN, *SAID, FINISHED),
    (
        STARTED,
        {
            "type": "ACTIVITY_SNAPSHOT",
            "messageId": "a",
            "activityType": "plan",
            "content": {"n": 1},
            "replace": True,
        },
        {
            "type": "ACTIVITY_DELTA",
            "messageId": "a",
            "activityType": "plan",
            "patch": [{"op": "replace", "path": "/n", "value": 2}],
        },
        *SAID,
        FINISHED,
    ),
    (STARTED, {"type": "RAW", "event": {"x": 1}, "source": "s"}, *SAID, FINISHED),
    (STARTED, {"type": "CUSTOM", "name": "n", "value": 1}, *SAID, FINISHED),
    (
        STARTED,
        {"type": "STEP_STARTED", "stepName": "s"},
        {"type": "STEP_FINISHED", "stepName": "s"},
        *SAID,
        FINISHED,
    ),
    (STARTED, *SAID, {**FINISHED, "result": {"n": 1}, "outcome": {"type": "success"}}),
    (STARTED, *SAID, {**FINISHED, "outcome": ASKS}),
    (STARTED, *SAID, {**FINISHED, "usage": [{"model": "x", "inputTokens": 1}]}),
    (STARTED, *SAID, {"type": "RUN_ERROR", "message": "no", "code": "X"}),
    (
        STARTED,
        {"type": "THINKING_START", "title": "t"},
        {"type": "THINKING_TEXT_MESSAGE_START"},
        {"type": "THINKING_TEXT_MESSAGE_CONTENT", "delta": "hm"},
        {"type": "THINKING_TEXT_MESSAGE_END"},
        {"type": "THINKING_END"},
        *SAID,
        FINISHED,
    ),
    (STARTED, {"type": "RUN_STARTED_AGAIN"}, *SAID, FINISHED),
    (
        {**STARTED, "parentRunId": "p", "input": {**IDS, "messages": [], "tools": []}},
        *SAID,
        FINISHED,
    ),
)

OTHER_VALUES: Sequence[object] = (None, 5, "x", [])
MORE_FIELDS: Sequence[Event] = (
    {"timestamp": 1.5},
    {"timestamp": 1e20},
    {"timestamp": None},
    {"rawEvent": None},
    {"rawEvent": {"x": [None]}},
    {"metadata": None},
    {"metadata": {"a": None}},
    {"subagentRunId": None},
    {"name": None},
    {"outcome": None},
    {"result": None},
    {"parentMessageId": None},
    {"fieldOfTomorrow": {"x": 1}},
)


def variants() -> Iterator[list[Event]]:
    """The streams as they are, and each with one event, new in it, changed or left out."""
    seen: list[Event] = []
    for stream in STREAMS:
        yield list(stream)
        for place, event in enumerate(stream):
            if event in seen:
                continue
            seen.append(event)
            if place < len(stream) - 1:
                yield [*stream[:place], *stream[place + 1 :]]
            for other in changed(event):
                yield [*stream[:place], other, *stream[place + 1 :]]


def changed(event: Mapping[str, Any]) -> Iterator[Event]:
    for name in event.keys() - {"type"}:
        yield {key: value for key, value in event.items() if key != name}
        yield from ({**event, name: value} for value in OTHER_VALUES)
        yield from ({**event, name: value} for value in within(event[name]))
    yield from ({**event, **more} for more in MORE_FIELDS)


def within(value: object) -> Iterator[object]:
    """The value, changed in its depth."""
    if isinstance(value, list):
        for place, item in enumerate(value):
            if isinstance(item, dict):
                yield from ([*value[:place], it, *value[place + 1 :]] for it in changed(item))
    elif isinstance(value, dict):
        yield from changed(value)


def distinct(streams: Iterator[list[Event]]) -> list[list[Event]]:
    return list({orjson.dumps(stream): stream for stream in streams}.values())


def peer(streams: Sequence[Sequence[Event]]) -> Starlette:
    """A server that answers with the stream whose number it is asked for."""

    async def answer(request: Request) -> Response:
        stream = streams[int(request.path_params["number"])]
        return Response(sse(*stream), media_type="text/event-stream")

    return Starlette(routes=[Route("/{number:int}", answer, methods=["POST"])])


async def theirs(streams: Sequence[Sequence[Event]]) -> list[list[dict[str, Any]]]:
    """What the clients make of each stream."""
    process = await asyncio.create_subprocess_exec(
        node(), str(ACCEPTS), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    given = {"clients": CLIENTS, "streams": [sse(*stream).decode() for stream in streams]}
    said, _ = await process.communicate(orjson.dumps(given))
    assert process.returncode == 0
    found: list[list[dict[str, Any]]] = orjson.loads(said)
    return found


async def ours(streams: Sequence[Sequence[Event]]) -> list[list[Event]]:
    """What a page gets of each stream by way of `AGUIAgent`."""
    async with served(peer(streams)) as origin, httpx.AsyncClient() as client:
        agents = [
            AGUIAgent(f"{origin}/{n}", options=RemoteOptions(client=client))
            for n in range(len(streams))
        ]
        runtime = CopilotRuntime({f"a{number}": far for number, far in enumerate(agents)})
        answers = [
            await ran(runtime, asking(thread=f"t{number}", agent=f"a{number}"))
            for number in range(len(streams))
        ]
    return answers


def words(events: Sequence[Mapping[str, Any]]) -> str:
    """What the events say to the user."""
    said = (each.get("delta") for each in events if each["type"] in SAYS)
    return "".join(text for text in said if isinstance(text, str))


def asks_wrongly(stream: Sequence[Mapping[str, Any]]) -> bool:
    """A question that nobody can answer. Clients that know no questions do not mind, but a run that
    waits for an answer must not look as if it were done.
    """
    outcome = stream[-1].get("outcome")
    return isinstance(outcome, dict) and outcome.get("type") == "interrupt" and outcome != ASKS


async def test_what_any_published_client_accepts_we_accept() -> None:
    streams = distinct(variants())
    seen, answers = await theirs(streams), await ours(streams)
    accepted, wrong = [], []
    for stream, clients, answer in zip(streams, seen, answers, strict=True):
        happy = any(each.get("types", [""])[-1] == "RUN_FINISHED" for each in clients)
        if happy and not asks_wrongly(stream):
            accepted.append(stream)
            if answer[-1]["type"] != "RUN_FINISHED" or words(answer) != words(stream):
                wrong.append((stream, answer[-1]))
    assert len(STREAMS) < len(accepted) < len(streams)
    assert wrong == []
