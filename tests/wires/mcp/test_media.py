"""Pictures, sounds and files of a run as content of a call's result."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event
from tests.runtime.worlds import text
from tests.wires.mcp.serving import (
    GENERATIONS,
    MAY_I,
    User,
    a_runtime,
    calling,
    client_of,
    events_in,
    message,
    plain,
    serving,
)

DOT = "iVBORw0KGgo="


def part(kind: str, mime: str | None = None, **source: str) -> dict[str, Any]:
    about = {} if mime is None else {"mimeType": mime}
    return {"type": kind, "source": {**source, **about}}


def shown(content: object, id_: str = "p1", **more: object) -> Event:
    ids = {"messageId": id_, "activityType": "agentscope.media"}
    return {"type": "ACTIVITY_SNAPSHOT", **ids, "content": content, **more}


def returned(content: object) -> list[Event]:
    call = {"toolCallId": "c1", "messageId": "r1"}
    return [
        {"type": "TOOL_CALL_START", "toolCallName": "draw", **call},
        {"type": "TOOL_CALL_END", **call},
        {"type": "TOOL_CALL_RESULT", "role": "tool", "content": content, **call},
    ]


IMAGE = part("image", "image/png", type="data", value=DOT)
PICTURE = {"type": "image", "data": DOT, "mimeType": "image/png"}


class Painter:
    """Says a word, and shows what a test gives it."""

    name = "painter"
    description = "Paints"

    def __init__(self, *events: Event, asks: bool = False) -> None:
        self._events = events
        self._asks = asks

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        if request.resume:
            for event in text("m2", "Done."):
                yield event
            return
        for event in (*text("m1", "Look:"), *self._events):
            yield event
        if self._asks:
            yield {
                "type": "RUN_FINISHED",
                "outcome": {"type": "interrupt", "interrupts": [MAY_I]},
            }


SHAPES: list[tuple[list[Event], list[dict[str, Any]]]] = [
    ([shown(IMAGE)], [PICTURE]),
    ([shown(IMAGE), shown({"text": "gone"})], []),
    ([shown(IMAGE), shown({"text": "late"}, replace=False)], [PICTURE]),
    ([shown({"artifactId": "a", "files": [IMAGE, IMAGE]})], [PICTURE, PICTURE]),
    (returned([{"type": "text", "text": "x"}, IMAGE]), [PICTURE]),
    (
        [shown(part("image", type="url", value=f"data:image/gif;base64,{DOT}"))],
        [{"type": "image", "data": DOT, "mimeType": "image/gif"}],
    ),
    (
        [shown(part("audio", "audio/*", type="data", value="UklGRg=="))],
        [{"type": "audio", "data": "UklGRg==", "mimeType": "audio/wav"}],
    ),
    (
        [shown(part("image", type="url", value="https://x.example/a.png"))],
        [
            {
                "type": "resource_link",
                "uri": "https://x.example/a.png",
                "name": "image",
                "mimeType": "image/png",
            }
        ],
    ),
    (
        [
            shown(
                part("document", "application/pdf", type="data", value="JVBERg==")
                | {"metadata": {"filename": "a b.pdf"}}
            )
        ],
        [
            {
                "type": "resource",
                "resource": {
                    "uri": "file:///a%20b.pdf",
                    "blob": "JVBERg==",
                    "mimeType": "application/pdf",
                },
            }
        ],
    ),
    (
        [shown(part("image", type="data", value="no base64"))],
        [{"type": "text", "text": "[image: ]"}],
    ),
    ([shown({"type": "image", "source": "nowhere"})], []),
    ([shown({"files": "none"})], []),
]


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize(("events", "blocks"), SHAPES)
async def test_what_a_run_shows_is_content_behind_its_text(
    generation: str, events: list[Event], blocks: list[dict[str, Any]]
) -> None:
    runtime = a_runtime(painter=Painter(*events))
    async with serving(runtime) as origin, client_of(origin, generation) as client:
        result = await client.call_tool("painter", {"message": "go"})
    found = [
        each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in result.content
    ]
    assert found == [{"type": "text", "text": "Look:"}, *blocks]


@pytest.mark.parametrize("generation", GENERATIONS)
async def test_a_picture_before_a_question_comes_with_what_follows(generation: str) -> None:
    runtime = a_runtime(painter=Painter(shown(IMAGE), asks=True))
    user = User(content={"approved": True})
    async with serving(runtime) as origin, client_of(origin, generation, user=user) as client:
        result = await client.call_tool("painter", {"message": "go"})
    assert [each.type for each in result.content] == ["text", "image"]


@pytest.mark.parametrize(
    ("version", "kinds"),
    [
        ("2024-11-05", ["text", "image", "text", "text"]),
        ("2025-03-26", ["text", "image", "audio", "text"]),
        ("2025-06-18", ["text", "image", "audio", "resource_link"]),
    ],
)
async def test_an_older_client_reads_in_words_what_its_version_does_not_know(
    version: str, kinds: list[str]
) -> None:
    sound = part("audio", "audio/wav", type="data", value="UklGRg==")
    link = part("image", type="url", value="https://x.example/a.png")
    painter = Painter(*(shown(each, f"p{n}") for n, each in enumerate((IMAGE, sound, link))))
    async with serving(a_runtime(painter=painter)) as origin, plain(origin) as client:
        about = {"protocolVersion": version, "capabilities": {}, "clientInfo": {}}
        begun = await client.post("/mcp", json=message("initialize", about))
        session = {"mcp-session-id": begun.headers["mcp-session-id"]}
        answer = await client.post("/mcp", json=calling("painter", message="go"), headers=session)
    content = events_in(answer.text)[-1][1]["result"]["content"]
    assert [each["type"] for each in content] == kinds
    if kinds[-1] == "text":
        assert content[-1]["text"] == "https://x.example/a.png"
