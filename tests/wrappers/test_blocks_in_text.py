"""Blocks in text: JSON among the words of a model that calls no tools."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st

from agui_runtime import Blocks, CopilotRuntime, Options
from agui_runtime.core.compact import compact
from agui_runtime.core.events import RunRequest
from agui_runtime.core.fold import fold
from agui_runtime.wrappers.blocks.kinds import KINDS
from agui_runtime.wrappers.blocks.pieces import Piece, Words
from agui_runtime.wrappers.blocks.reading import LARGEST
from agui_runtime.wrappers.blocks.scanner import BlockScanner
from tests.core.verifier import verify
from tests.runtime.worlds import asking, kinds, ran, text
from tests.wrappers.block_models import (
    CHART,
    TABLE,
    TIMELINE,
    WHOLE,
    Event,
    Model,
    activities,
    refusals,
    show,
    shown,
)

CHART_LINE = json.dumps({"type": "chart", **CHART})
TABLE_LINE = json.dumps({"type": "table", **TABLE})
PRETTY = json.dumps({"type": "timeline", **TIMELINE}, indent=2)


def words(content: str) -> str:
    return json.dumps({"type": "text", "content": content})


async def said(*deltas: str, **options: Any) -> list[Event]:  # noqa: ANN401
    return await shown(Model(text("m1", *deltas)), form="text", **options)


def told(events: Sequence[Event]) -> list[tuple[str, object]]:
    """What a page shows, in its order: texts, and the kinds of blocks."""
    messages = [m for m in fold(events).messages if m["role"] in {"assistant", "activity"}]
    return [
        (m["id"], m["content"] if m["role"] == "assistant" else m["activityType"]) for m in messages
    ]


LAYOUTS = {
    "lines": f"Before.\n{CHART_LINE}\nBetween.\n{TABLE_LINE}\nAfter.",
    "array": f"[{words('Before.')}, {CHART_LINE},{words('Between.')},\n"
    f"{TABLE_LINE}, {words('After.')}]",
    "array in a fence": f"```json\n[\n{words('Before.')},\n{CHART_LINE},\n{words('Between.')},\n"
    f"{TABLE_LINE},\n{words('After.')}\n]\n```\n",
    "lines of texts": "\n".join(
        [words("Before."), CHART_LINE, words("Between."), TABLE_LINE, words("After.")]
    ),
    "fences among words": f"Before.\n```json\n{CHART_LINE}\n```\n\nBetween.\n"
    f"```\n{TABLE_LINE}\n```\nAfter.",
    "indented": f"Before.\n{json.dumps(json.loads(CHART_LINE), indent=2)}\nBetween.\n"
    f"  {TABLE_LINE}\nAfter.",
    "the type comes last": "Before.\n"
    + json.dumps({**CHART, "type": "chart"})
    + f"\nBetween.\n{TABLE_LINE},\nAfter.",
}


@pytest.mark.parametrize("layout", LAYOUTS)
async def test_blocks_stand_between_the_texts(layout: str) -> None:
    events = await said(LAYOUTS[layout])
    verify(events)
    assert [(id_, str(content).strip()) for id_, content in told(events)] == [
        ("m1", "Before."),
        ("block-m1", "block.chart"),
        ("m1-text", "Between."),
        ("block-m1-2", "block.table"),
        ("m1-text-2", "After."),
    ]
    assert activities(events)[1] == ("block-m1", "block.chart", WHOLE)
    assert refusals(events) == []


async def test_by_tool_and_in_text_the_same_is_shown() -> None:
    by_tool = await shown(
        Model([*show("c1", "chart", CHART), *show("c2", "table", {"headers": 1})])
    )
    in_text = await said(CHART_LINE + '\n{"type": "table", "headers": 1}')
    without_ids = [
        [each[1:] for each in activities(events)] + [refusals(events)]
        for events in (by_tool, in_text)
    ]
    assert without_ids[0] == without_ids[1]


PASSES_AS_TEXT = [
    "Just words, {braces} and [brackets].",
    '{"a": 1}',
    '{"type": "object", "properties": {}}',
    "{}\n[]\n[1, 2]\n",
    '```json\n{"a": 1}\n```\nDone.',
    f"```python\n{CHART_LINE}\n```\nDone.",
    '```json\n{"id": 1,\n"type": "x"}\n```\n',
    "[a link](https://example.com)\n",
    '{"type": "ch',
    "{",
    "``` \n",
    "   \n\n  x",
    f"Use {CHART_LINE} so.",
    '{"type": {"a": 1}}',
]


@pytest.mark.parametrize("content", PASSES_AS_TEXT)
async def test_what_is_no_block_is_text(content: str) -> None:
    events = await said(content)
    assert told(events) == [("m1", content)]
    assert refusals(events) == []


async def test_text_is_streamed_as_it_is_written() -> None:
    for message in ("Hello there.", words('Hello "you" é 😀\n there.')):
        scanner = BlockScanner(KINDS)
        seen = ""
        waits = 0
        for char in message:
            pieces = list(scanner.feed(char))
            seen += "".join(piece.text for piece in pieces if isinstance(piece, Words))
            waits = 0 if pieces else waits + 1
            assert not seen or waits <= 12  # an emoji, escaped in JSON
        assert seen.replace("\\n", "\n").endswith("there.")


async def test_no_text_waits_for_a_record_that_is_looked_up() -> None:
    go = asyncio.Event()

    async def looked_up(kind: str, id_: str, caller: object) -> Event:
        await go.wait()
        return {"title": "late"}

    entity = '{"type": "entity", "kind": "task", "id": "t1"}\n'
    model = Model(text("m1", entity, "Meanwhile."))
    runtime = CopilotRuntime(
        {"default": model}, options=Options(blocks=Blocks(form="text", entities=looked_up))
    )
    handle = await runtime.start(asking())
    events: list[Event] = []
    async for batch in handle.batches():
        for record in batch.records:
            events.append(record.event)
            if record.event.get("delta") == "Meanwhile.":
                go.set()
    assert activities(events)[-1][2] == {"kind": "task", "id": "t1", "data": {"title": "late"}}
    verify(events)


@pytest.mark.parametrize(
    ("content", "reason", "after"),
    [
        ('{"type": "chart", "data": [1,],}\nAfter.', "line 1 column", "After."),
        ('{"type": "chart", "title": “Sales”}\nAfter.', "line 1 column", "After."),
        ('{"type": "chart"}\nAfter.', "chartType", "After."),
        (f'[{{"type": "gantt"}}, {CHART_LINE}, {words("After.")}]', "no kind 'gantt'", "After."),
        (f'[{{"kind": "x"}}, {CHART_LINE}, {words("After.")}]', "no type", "After."),
        (f'{{"type": "chart", "data": [1, 2\n{CHART_LINE}\nAfter.', "line 2", "After."),
        ('{"type": "chart", "data": [1, 2\n\nAfter.', "line 3", "After."),
        ('{"type": "chart", "x": "' + "y" * 300_000 + '"}\nAfter.', "256 KB", "After."),
    ],
)
async def test_a_bad_block_costs_itself_only(content: str, reason: str, after: str) -> None:
    events = await said(content)
    [refusal] = refusals(events)
    assert reason in refusal["reason"]
    assert told(events)[-1][1] == after
    assert (CHART_LINE in content) == any(each[2] == WHOLE for each in activities(events))
    assert kinds(events)[-1] == "RUN_FINISHED"


async def test_a_block_that_is_never_completed_is_refused() -> None:
    start, *contents, _ = text("m1", "Before.\n", '{"type": "table", "headers": ["a"')
    events = await shown(Model([start, *contents]), form="text")
    assert [content.get("status") for _, _, content in activities(events)] == [
        "building",
        "refused",
    ]
    verify(events)


async def test_refusals_do_not_add_up_as_nobody_writes_again() -> None:
    bad = '{"type": "table"}\n'
    events = await said(bad * 5 + TABLE_LINE)
    assert [refusal["index"] for refusal in refusals(events)] == [0, 1, 2, 3, 4]
    assert "rows" in activities(events)[-1][2]


async def test_a_run_shows_64_blocks_in_text_too() -> None:
    events = await said((TABLE_LINE + "\n") * 66)
    assert len({id_ for id_, _, _ in activities(events)}) == 64
    assert len(refusals(events)) == 2


def with_messages(request: RunRequest, messages: list[Event]) -> RunRequest:
    sent = {**request.input.model_dump(by_alias=True), "messages": messages, "runId": ""}
    return replace(request, input=type(request.input).model_validate(sent))


@pytest.mark.parametrize("sends", ["activities", "texts", "texts in their place"])
async def test_the_next_turn_has_a_line_in_the_place_of_a_block(sends: str) -> None:
    model = Model(text("m1", f"Before.\n{CHART_LINE}\nAfter."), text("m2", "Yes."))
    runtime = CopilotRuntime({"default": model}, options=Options(blocks=Blocks(form="text")))
    first = await ran(runtime, asking())
    messages = fold(first).messages
    if sends != "activities":
        messages = [m for m in messages if m["role"] != "activity"]
    if sends == "texts in their place":
        messages.insert(2, {"id": "block-m1", "role": "assistant", "content": "| a |"})
    question = {"id": "u2", "role": "user", "content": "And now?"}
    await ran(runtime, with_messages(asking(), [*messages, question]))
    given = [(m.role, m.content) for m in model.requests[-1].messages]
    assert given == [
        ("user", "hi"),
        ("assistant", "Before.\n"),
        ("assistant", "[chart: Sales]"),
        ("assistant", "After."),
        ("user", "And now?"),
    ]


async def test_the_model_is_told_how_to_write_blocks() -> None:
    model = Model()
    await shown(model, form="text")
    [entry] = model.requests[0].context or []
    assert '"type": "table"' in entry.value and "- chart: " in entry.value
    assert not model.requests[0].tools


async def test_an_agent_that_states_its_messages_does_not_undo_blocks() -> None:
    whole = f"Before.\n{CHART_LINE}\nAfter."
    stated = {"id": "m1", "role": "assistant", "content": whole}
    unstreamed = {"id": "m2", "role": "assistant", "content": f"{TABLE_LINE}\nMore."}
    snapshot = {
        "type": "MESSAGES_SNAPSHOT",
        "messages": [{"id": "u-hi", "role": "user", "content": "hi"}, stated, unstreamed],
    }
    events = await shown(Model([*text("m1", whole), snapshot]), form="text")
    verify(events)
    contents = dict(told(events))
    assert (contents["m1"], contents["m1-text"], contents["m2"]) == ("Before.\n", "After.", "More.")
    assert {"block-m1", "block-m2"} <= contents.keys()


ANSWERS = st.lists(
    st.sampled_from(
        [
            *LAYOUTS.values(),
            *PASSES_AS_TEXT,
            CHART_LINE,
            PRETTY,
            words('A "quoted" é \\ 😀 text\n'),
            json.dumps({"type": "text", "content": "é😀\u2028"}, ensure_ascii=False),
            '{"type": "chart", "data": [1,]}',
            '{"type": "chart", "data": [',
            '{"type": "text", "content": "broken \\x \\ud83d',
            "```json\n",
            "\n```\n",
            "\n",
            ", ",
            "[",
            "]",
        ]
    ),
    min_size=1,
    max_size=4,
).map("".join)


def scanned(parts: Sequence[str]) -> list[Piece]:
    scanner = BlockScanner(KINDS)
    found: list[Piece] = []
    for piece in [*(each for part in parts for each in scanner.feed(part)), *scanner.end()]:
        last = found[-1] if found else None
        if isinstance(piece, Words) and isinstance(last, Words):
            found[-1] = Words(last.text + piece.text)
        else:
            found.append(piece)
    return found


def split(content: str, cuts: Sequence[int]) -> list[str]:
    places = sorted({0, len(content), *(cut % (len(content) + 1) for cut in cuts)})
    return [content[a:b] for a, b in pairwise(places)]


WORDS_IN_BRACES = f"{{Before.\n```json\n{CHART_LINE}\n```\n"
TYPED_TOO_LATE = f'{{"content": "{"x" * LARGEST}", "type": "chart"}}\n{TABLE_LINE}\n'


@settings(max_examples=300, deadline=None)
@example(WORDS_IN_BRACES, [])
@example(TYPED_TOO_LATE, [LARGEST // 2])
@given(ANSWERS, st.lists(st.integers(0, 10**6), max_size=40))
def test_however_a_text_is_split_its_pieces_are_the_same(content: str, cuts: list[int]) -> None:
    whole = scanned([content])
    assert scanned(split(content, cuts)) == whole
    assert scanned(list(content)) == whole


@settings(max_examples=30, deadline=None)
@given(ANSWERS, st.lists(st.integers(0, 10**6), max_size=20))
async def test_however_a_text_is_split_its_events_are_the_same(
    content: str, cuts: list[int]
) -> None:
    whole, parts = await said(content), await said(*split(content, cuts))
    verify(parts)
    assert fold(parts).messages == fold(whole).messages
    assert fold(compact(parts)).messages == fold(whole).messages
    assert activities(parts) == activities(whole)
    assert refusals(parts) == refusals(whole)
