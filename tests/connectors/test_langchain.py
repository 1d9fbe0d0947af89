"""Messages between AG-UI and LangChain: nothing is lost on the way there and back."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from ag_ui.core import Message as AnyMessage
from hypothesis import given, strategies as st
from pydantic import TypeAdapter

from agui_runtime.connectors.langgraph.messages import to_agui, to_chain
from agui_runtime.connectors.shared.langchain import parts_of, text_of, thoughts_of

Json = dict[str, Any]

NAMES = st.from_regex(r"[a-z0-9-]{1,8}", fullmatch=True)
MIMES = st.sampled_from(
    ["image/png", "audio/mpeg", "video/mp4", "application/pdf", "text/plain", "", "a/b;c=d"]
)
VALUES = st.text(max_size=8) | st.sampled_from(["QUJD", "data:image/png;base64,QUJD", "data:,hi"])
METADATA = st.dictionaries(st.sampled_from(["filename", "size", "title"]), st.text(max_size=5))


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    """Any of these fields, each present or not."""
    return st.fixed_dictionaries({}, optional=fields)


SOURCES = st.one_of(
    st.fixed_dictionaries({"type": st.just("data"), "value": VALUES, "mimeType": MIMES}),
    st.fixed_dictionaries({"type": st.just("url"), "value": VALUES}, optional={"mimeType": MIMES}),
    st.fixed_dictionaries(
        {"type": st.just("file"), "value": VALUES},
        optional={"mimeType": MIMES, "provider": st.just("openai")},
    ),
)
PARTS = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("text"), "text": st.text(max_size=8)},
        optional={"id": NAMES, "metadata": METADATA},
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["image", "audio", "video", "document"]), "source": SOURCES},
        optional={"id": NAMES, "metadata": METADATA},
    ),
)
CONTENTS = st.text(max_size=8) | st.lists(PARTS, max_size=4)
ARGUMENTS = st.dictionaries(NAMES, st.none() | st.text(max_size=4) | st.integers(0, 9)).map(
    lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False)
)
CALLS = st.fixed_dictionaries(
    {
        "id": NAMES,
        "type": st.just("function"),
        "function": st.fixed_dictionaries({"name": NAMES, "arguments": ARGUMENTS}),
    }
)
USERS = st.fixed_dictionaries(
    {"id": NAMES, "role": st.just("user"), "content": CONTENTS},
    optional={"name": NAMES, "metadata": METADATA},
)
RESULTS = st.fixed_dictionaries(
    {"id": NAMES, "role": st.just("tool"), "toolCallId": NAMES, "content": st.text(max_size=8)},
    optional={"error": st.text(min_size=1, max_size=8)},
)
REASONING = st.fixed_dictionaries(
    {"id": NAMES | NAMES.map("rs_{}".format), "role": st.just("reasoning"), "content": st.text()},
    optional={"encryptedValue": st.text(min_size=1, max_size=8)},
)
ANSWERS = st.fixed_dictionaries(
    {"id": NAMES, "role": st.just("assistant"), "content": st.text(max_size=8)},
    optional={"toolCalls": st.lists(CALLS, min_size=1, max_size=3), "name": NAMES},
)
TURNS = st.one_of(
    USERS.map(lambda each: [each]),
    RESULTS.map(lambda each: [each]),
    st.tuples(st.lists(REASONING, max_size=3), ANSWERS).map(lambda each: [*each[0], each[1]]),
)


@given(st.lists(TURNS, max_size=4))
def test_what_goes_to_a_graph_comes_back_as_it_was(turns: list[list[Json]]) -> None:
    messages = [message for turn in turns for message in turn]
    TypeAdapter(list[AnyMessage]).validate_python(messages)
    over_the_wire = json.loads(json.dumps(to_chain(messages)))
    assert to_agui(over_the_wire) == messages


PNG = {"type": "data", "value": "QUJD", "mimeType": "image/png"}
PDF = {"type": "data", "value": "QUJD", "mimeType": "application/pdf"}
WAV = {"type": "data", "value": "QUJD", "mimeType": "audio/wav"}
WORDS = {"type": "data", "value": "aGk=", "mimeType": "text/plain"}
HTTPS = {"type": "url", "value": "https://x.test/a"}
HANDLE = {"type": "file", "value": "f1"}
NAMED = {"metadata": {"filename": "a.pdf"}}


@pytest.mark.parametrize(
    ("block", "part"),
    [
        ("hi", {"type": "text", "text": "hi"}),
        ([["hi"]], {"type": "text", "text": "hi"}),
        ({"type": "input_text", "text": "hi"}, {"type": "text", "text": "hi"}),
        ({"text": "hi"}, {"type": "text", "text": "hi"}),
        (
            {"type": "image_url", "image_url": "https://x.test/a"},
            {"type": "image", "source": HTTPS},
        ),
        (
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}},
            {"type": "image", "source": PNG},
        ),
        (
            {"type": "input_image", "image_url": "data:image/png;base64,QUJD"},
            {"type": "image", "source": PNG},
        ),
        ({"type": "input_image", "file_id": "f1"}, {"type": "image", "source": HANDLE}),
        (
            {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "wav"}},
            {"type": "audio", "source": WAV},
        ),
        (
            {
                "type": "file",
                "file": {"file_data": "data:application/pdf;base64,QUJD", "filename": "a.pdf"},
            },
            {"type": "document", "source": PDF, **NAMED},
        ),
        ({"type": "file", "file": {"file_id": "f1"}}, {"type": "document", "source": HANDLE}),
        (
            {"type": "input_file", "file_url": "https://x.test/a"},
            {"type": "document", "source": HTTPS},
        ),
        (
            {"type": "image", "source_type": "base64", "data": "QUJD", "mime_type": "image/png"},
            {"type": "image", "source": PNG},
        ),
        (
            {"type": "audio", "source_type": "url", "url": "https://x.test/a"},
            {"type": "audio", "source": HTTPS},
        ),
        ({"type": "file", "source_type": "id", "id": "f1"}, {"type": "document", "source": HANDLE}),
        (
            {"type": "file", "source_type": "text", "text": "hi"},
            {"type": "document", "source": WORDS},
        ),
        (
            {"type": "image", "base64": "QUJD", "mime_type": "image/png", "id": "b1"},
            {"type": "image", "source": PNG},
        ),
        ({"type": "video", "file_id": "f1"}, {"type": "video", "source": HANDLE}),
        ({"type": "text-plain", "text": "hi"}, {"type": "document", "source": WORDS}),
        (
            {"type": "non_standard", "value": {"type": "image", "url": "https://x.test/a"}},
            {"type": "image", "source": HTTPS},
        ),
        (
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"},
            },
            {"type": "image", "source": PNG},
        ),
        (
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "hi"},
            },
            {"type": "document", "source": WORDS},
        ),
        (
            {"type": "document", "source": {"type": "file", "file_id": "f1"}},
            {"type": "document", "source": HANDLE},
        ),
        (
            {"type": "media", "mime_type": "image/png", "data": "QUJD"},
            {"type": "image", "source": PNG},
        ),
        (
            {"image": {"format": "png", "source": {"bytes": b"ABC"}}},
            {"type": "image", "source": PNG},
        ),
        (
            {"document": {"format": "pdf", "name": "a.pdf", "source": {"bytes": "QUJD"}}},
            {"type": "document", "source": PDF, **NAMED},
        ),
    ],
)
def test_whatever_the_library_calls_it_a_part_is_read(block: object, part: Json) -> None:
    assert parts_of([{"type": "text", "text": "Look:"}, block]) == [
        {"type": "text", "text": "Look:"},
        part,
    ]


FIRST = {"type": "summary_text", "text": "First"}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "file", "url": "data:text/plain,cut \ud83d"},
        {"type": "text-plain", "text": "cut \ud83d"},
        {"type": "file", "source_type": "text", "data": "cut \ud83d"},
    ],
)
def test_half_a_character_in_a_document_is_replaced(block: Json) -> None:
    parts = parts_of([block])
    assert not isinstance(parts, str)
    assert base64.b64decode(parts[0]["source"]["value"]).decode() == "cut \ufffd"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ([{"type": "reasoning", "summary": [FIRST]}], ("First", "", "")),
        (
            [{"type": "reasoning", "id": "rs_1", "summary": [FIRST, FIRST]}],
            ("First\nFirst", "rs_1", ""),
        ),
        (
            [{"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"}],
            ("", "rs_1", "x"),
        ),
        (
            [{"type": "reasoning", "content": [{"type": "reasoning_text", "text": "First"}]}],
            ("First", "", ""),
        ),
        (
            [{"type": "reasoning", "reasoning": "First", "extras": {"signature": "s"}}],
            ("First", "", "s"),
        ),
        ([[{"type": "thinking", "thinking": "First", "signature": "s"}]], ("First", "", "s")),
        (
            [{"type": "thinking", "thinking": [{"type": "text", "text": "First"}]}],
            ("First", "", ""),
        ),
        ([{"type": "redacted_thinking", "data": "x"}], ("", "", "x")),
        (
            [
                {
                    "type": "reasoning_content",
                    "reasoning_content": {"text": "First", "signature": "s"},
                }
            ],
            ("First", "", "s"),
        ),
        (
            [{"reasoningContent": {"reasoningText": {"text": "First", "signature": "s"}}}],
            ("First", "", "s"),
        ),
        ([{"text": "First", "thought": True}], ("First", "", "")),
        (
            [{"type": "non_standard", "value": {"type": "thinking", "thinking": "First"}}],
            ("First", "", ""),
        ),
    ],
)
def test_reasoning_is_read_and_is_no_text(content: list[Any], found: tuple[str, str, str]) -> None:
    content = [*content, {"type": "text", "text": "Answer"}]
    [thought] = thoughts_of({"content": content})
    assert (thought.text, thought.id, thought.sealed) == found
    assert text_of(content) == "Answer"


@pytest.mark.parametrize(
    "extra",
    [
        {"reasoning_content": "First"},
        {"reasoning": {"id": "rs_1", "summary": [FIRST]}},
        {"reasoning_content": {"text": "First"}},
    ],
)
def test_reasoning_beside_the_content_is_read(extra: Json) -> None:
    [thought] = thoughts_of({"content": "Answer", "additional_kwargs": extra})
    assert thought.text == "First"


@pytest.mark.parametrize(
    "message",
    [
        {"tool_calls": [{"id": "c1", "name": "look", "args": {"at": 1}, "type": "tool_call"}]},
        {"content": [{"type": "tool_use", "id": "c1", "name": "look", "input": {"at": 1}}]},
        {"content": [{"type": "tool_call", "id": "c1", "name": "look", "args": {"at": 1}}]},
        {
            "content": [
                {
                    "type": "function_call",
                    "id": "fc_1",
                    "call_id": "c1",
                    "name": "look",
                    "arguments": '{"at":1}',
                }
            ]
        },
        {"content": [{"toolUse": {"toolUseId": "c1", "name": "look", "input": {"at": 1}}}]},
        {
            "content": "",
            "additional_kwargs": {
                "tool_calls": [{"id": "c1", "function": {"name": "look", "arguments": '{"at":1}'}}]
            },
        },
    ],
)
def test_calls_are_read_in_every_form(message: Json) -> None:
    server_side = {"type": "server_tool_call", "id": "w1", "name": "web_search", "args": {}}
    content = message.get("content") or []
    content = [*content, server_side] if isinstance(content, list) else content
    [answer] = to_agui([{"id": "m1", "type": "ai", **message, "content": content}])
    function = {"name": "look", "arguments": '{"at":1}'}
    assert answer["toolCalls"] == [{"id": "c1", "type": "function", "function": function}]
