"""An answer says the same however it is cut, and whichever way its parts are read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.connectors.shared.chat import dialects
from agui_runtime.connectors.shared.chat.framing import AnswerStream
from agui_runtime.connectors.shared.chat.reply import ChatReply, Provider
from agui_runtime.core.errors import ModelFailure
from agui_runtime.core.events import Event
from tests.connectors.dialects import ANSWERS, FAILURES
from tests.fakes.recorded_provider import Answer
from tests.wires.agui.serving import run_body

_MADE = re.compile("[0-9a-f]{32}")
"""In an id that the server left out."""


def told(values: Iterable[tuple[object, str]]) -> list[Event]:
    """The events of an answer, and the failure in which it ends."""
    reply = ChatReply(RunAgentInput.model_validate(run_body()), Provider("p", "m"))
    events: list[Event] = []
    try:
        for value, name in values:
            events += reply.feed(value, name)
        events += reply.close()
    except ModelFailure as failure:
        events.append({"type": failure.code, "message": failure.message})
    return [json.loads(_MADE.sub("made", json.dumps(event))) for event in events]


def framed(blocks: Iterable[bytes]) -> Iterator[tuple[object, str]]:
    stream = AnswerStream()
    for block in blocks:
        yield from stream.feed(block)
    yield from stream.end()


@pytest.mark.parametrize("name", [*ANSWERS, *FAILURES])
def test_an_answer_says_the_same_however_it_is_cut(name: str) -> None:
    body = Answer.of(name).body
    whole = told(framed([body]))
    assert told(framed(re.split(rb"(?<=\n\n)|(?<=\r\n\r\n)", body))) == whole
    assert told(framed(bytes([each]) for each in body)) == whole


def chunk(delta: object, /, **choice: object) -> dict[str, Any]:
    head = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None, **choice}]}


FIRST = {"content": "So: "}
HELD: tuple[object, ...] = (
    None,
    "",
    [],
    {},
    0,
    False,
    1,
    "word",
    ["word"],
    {"text": "word"},
    [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}],
)
_TABLES = (dialects.CHOICES, dialects.BARE, dialects.REASONS, dialects.CHOICE, dialects.USAGE)
_PARTS = (dialects.TEXT, dialects.REASONING, dialects.CALLS)
KEYS = {
    *("error", "errors", "type", "index", "id", "role", "usage", "obfuscation", "provider"),
    *(key for table in (*_TABLES, *_PARTS) for place in table for key in place.path),
}


def with_more(key: str, held: object) -> Iterator[dict[str, Any]]:
    """Chunks in which something stands under the key, in each of their objects."""
    yield chunk({"content": "word", key: held})
    yield chunk({key: held})
    yield chunk({"content": "word"}, **{key: held})
    yield chunk({"content": "word"}) | {key: held}


@pytest.mark.parametrize("first", [FIRST, {}, None], ids=repr)
def test_an_ordinary_chunk_is_read_like_any_other(first: object) -> None:
    for key, held in product(sorted(KEYS), HELD):
        for each in with_more(key, held):
            answer = [
                chunk(first),
                each,
                chunk({"content": " more"}),
                chunk({}, finish_reason="stop"),
            ]
            shortly = told((value, "") for value in answer)
            at_length = told(([value], "") for value in answer)
            assert shortly == at_length, each
