"""Long work in a thread: what counts as long, and that the event loop has its turns meanwhile."""

from __future__ import annotations

import asyncio
import json
import threading
from contextvars import ContextVar

import pytest
from ag_ui.core import UserMessage

from agui_runtime.off_loop import (
    MANY,
    SLICE,
    cannot_be_much,
    is_much,
    is_short_text,
    off_loop,
    slices,
    unless_long,
)
from agui_runtime.wires.shared.bodies import DEFAULT_LIMITS, loaded

name: ContextVar[str] = ContextVar("name")


def where() -> tuple[int, str]:
    return threading.get_ident(), name.get()


async def test_long_work_is_done_in_a_thread_with_the_context_of_its_caller() -> None:
    name.set("ann")
    here = threading.get_ident()
    assert await unless_long(False, where) == (here, "ann")
    thread, called = await unless_long(True, where)
    assert thread != here
    assert called == "ann"


async def test_what_the_work_raises_reaches_its_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        await off_loop(lambda: 1 / 0)


async def test_the_loop_has_its_turns_while_the_work_goes_on() -> None:
    loop, begun, done = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def work() -> bool:
        loop.call_soon_threadsafe(begun.set)
        return done.wait(20)

    working = asyncio.create_task(off_loop(work))
    await begun.wait()
    done.set()
    assert await working


@pytest.mark.parametrize("start", ["[0", '{"":[0', '["' + "x" * 64 + '"', "[[[[[[[[0"])
async def test_what_a_short_body_holds_is_never_much(start: str) -> None:
    end = "".join({"[": "]", "{": "}"}[each] for each in start[::-1] if each in "[{")
    found = set()
    for values in range(6 * MANY // 8, MANY + 100, 10):
        text = start + ",0" * values + end
        values = (await loaded(text.encode(), DEFAULT_LIMITS)).values
        found.add(is_short := cannot_be_much(values, len(text)))
        assert not (is_short and is_much(json.loads(text)))
        assert not (is_short_text(len(text)) and is_much([json.loads(text)]))
    assert found == {True, False}


@pytest.mark.parametrize(
    ("value", "much"),
    [
        (None, False),
        ("x" * 1000, False),
        ([1] * (MANY - 10), False),
        ("x" * 60 * MANY, False),
        ("x" * 64 * (MANY + 1), True),
        ([1] * MANY, True),
        ({"a": {"b": [[{}] * MANY]}}, True),
        ({str(n): n for n in range(MANY)}, True),
        ([UserMessage(id="u", content="x" * 640)] * 1000, True),
        ([UserMessage(id="u", content="x")] * 100, False),
    ],
)
def test_much_is_counted_in_values_and_long_texts(value: object, much: bool) -> None:
    assert is_much(value) is much
    assert is_much("small", value) is much


@pytest.mark.parametrize("count", [0, 1, SLICE, SLICE + 1, 3 * SLICE])
def test_parts_are_all_of_it_in_order(count: int) -> None:
    items = list(range(count))
    made = list(slices(items))
    assert [each for part in made for each in part] == items
    assert all(len(part) <= SLICE for part in made)


def test_items_that_hold_long_lists_come_by_themselves() -> None:
    crowded: dict[str, object] = {"content": [{}] * (SLICE - 1)}
    made = list(
        slices([{"content": "x"}, crowded, {"content": [{}]}, {"content": [{}] * 5 * SLICE}])
    )
    assert [len(part) for part in made] == [1, 1, 1, 1]
