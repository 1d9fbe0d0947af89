"""Many requests on one socket: streams, their frames and cursors, attaching and cancelling."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime, Options
from agui_runtime.core.events import ANONYMOUS, Cursor, Event
from agui_runtime.core.fold import fold
from agui_runtime.stores.base import Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.redis import RedisStore
from agui_runtime.stores.sql import SqliteStore
from tests.runtime.worlds import Scripted, Waiting, call, text
from tests.stores.conftest import redis as redis
from tests.stores.databases import WHOLE
from tests.stores.servers import RedisServer
from tests.wires.agui.serving import run_body
from tests.wires.websocket.serving import (
    Json,
    events_of,
    opened,
    page_of,
    run_input,
    serving,
    text_of,
)

STORY = [
    {"type": "REASONING_START", "messageId": "r1"},
    {"type": "REASONING_END", "messageId": "r1"},
    *text("m1", "Hel", "lo"),
    *call("c1", "look", '{"at": 1}'),
    {"type": "TOOL_CALL_RESULT", "toolCallId": "c1", "messageId": "m2", "content": "seen"},
    {"type": "STATE_SNAPSHOT", "snapshot": {"n": 1}},
    *text("m3", "Bye", "!"),
    {"type": "CUSTOM", "name": "own", "value": {"a": [1, None]}},
]


async def stored(runtime: CopilotRuntime, thread: str) -> list[Event]:
    return [each.event for each in await runtime.threads.read(thread, ANONYMOUS)]


async def test_a_request_is_one_stream_from_its_start_to_its_end() -> None:
    runtime = CopilotRuntime({"default": Scripted(*STORY)})
    async with page_of(runtime) as page:
        end = await page.answer("request", "q1", thread_id="t1", input=run_input(runId="r1"))
        frames = page.of("q1")
        known = await stored(runtime, "t1")
    assert frames == page.seen
    assert frames[0].items() >= {"type": "stream_start", "thread_id": "t1", "run_id": "r1"}.items()
    assert (end["type"], end["outcome"]) == ("stream_end", "success")
    assert text_of(frames) == "HelloBye!"
    assert [each["block"]["type"] for each in frames if each["type"] == "stream_block"] == [
        each["type"] for each in known if each["type"] != "TEXT_MESSAGE_CONTENT"
    ]
    assert fold(events_of(frames)) == fold(known)


async def test_every_frame_has_a_cursor_that_never_goes_back() -> None:
    async with page_of(CopilotRuntime({"default": Scripted(*STORY)})) as page:
        await page.answer("request", "q1", input=run_input())
    cursors = [Cursor.parse(each["cursor"]) for each in page.seen]
    assert cursors == sorted(cursors)
    assert len(set(cursors)) > 10


async def test_requests_of_different_threads_go_on_at_the_same_time() -> None:
    waiting = Waiting(*text("m1", "slow"))
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "fast")), "slow": waiting})
    async with page_of(runtime) as page:
        await page.send("request", "a", agent="slow", input=run_input())
        await page.until(lambda it: it["type"] == "stream_text")
        assert (await page.answer("request", "b", input=run_input()))["outcome"] == "success"
        waiting.go.set()
        assert (await page.last("a"))["outcome"] == "success"
    assert (page.text("a"), page.text("b")) == ("slow", "fast")


async def test_a_thread_that_runs_is_busy_as_its_policy_says() -> None:
    waiting = Waiting()
    runtime = CopilotRuntime({"default": waiting})
    async with page_of(runtime) as page:
        await page.send("request", "a", thread_id="t1", input=run_input())
        await page.until(lambda it: it["type"] == "stream_block")
        busy = await page.answer("request", "b", thread_id="t1", input=run_input("more"))
        assert (busy["type"], busy["code"], busy["open"]) == ("error", "THREAD_BUSY", False)
        waiting.go.set()
        assert (await page.last("a"))["outcome"] == "success"


async def test_a_thread_that_runs_is_waited_for_where_the_policy_is_to_queue() -> None:
    waiting = Waiting()
    runtime = CopilotRuntime({"default": waiting}, options=Options(on_busy="queue"))
    async with page_of(runtime) as page:
        await page.send("request", "a", thread_id="t1", input=run_input())
        await page.until(lambda it: it["type"] == "stream_block")
        await page.send("request", "b", thread_id="t1", input=run_input("more"))
        waiting.go.set()
        for id_ in ("a", "b"):
            if not any(it["type"] == "stream_end" for it in page.of(id_)):
                assert (await page.last(id_))["outcome"] == "success"


async def test_cancelling_stops_the_run_and_nothing_else() -> None:
    one, other = Waiting(), Waiting()
    async with page_of(CopilotRuntime({"one": one, "other": other})) as page:
        for name in ("one", "other"):
            await page.send("request", name, agent=name, input=run_input())
            await page.until(lambda it: it["type"] == "stream_block")
        end = await page.answer("cancel", "one")
        assert end["outcome"] == "cancelled"
        await one.closed.wait()
        assert not other.closed.is_set()
        other.go.set()
        assert (await page.last("other"))["outcome"] == "success"


async def test_a_run_that_fails_says_so_in_its_end() -> None:
    async def failing(request: object) -> AsyncIterator[Event]:
        yield {"type": "RUN_ERROR", "message": "no luck", "code": "LUCK"}

    async with page_of(CopilotRuntime({"default": failing})) as page:
        end = await page.answer("request", "q1", input=run_input())
    assert end["outcome"] == "error"
    assert end["error"] == {"code": "LUCK", "message": "no luck"}


async def test_an_interrupt_is_in_the_end_and_is_answered_by_another_request() -> None:
    question = {"id": "i1", "reason": "approval", "message": "Sure?"}

    async def asking(request: RunAgentInput) -> AsyncIterator[Event]:
        if request.resume:
            for each in text("m1", "done"):
                yield each
        else:
            outcome = {"type": "interrupt", "interrupts": [question]}
            yield {"type": "RUN_FINISHED", "outcome": outcome, "threadId": "t1", "runId": "r"}

    async with page_of(CopilotRuntime({"default": asking})) as page:
        end = await page.answer("request", "q1", thread_id="t1", input=run_input())
        assert end["outcome"] == "interrupt"
        assert [each["id"] for each in end["interrupts"]] == ["i1"]
        answers = [{"interruptId": "i1", "status": "resolved", "payload": True}]
        given = {"messages": [], "resume": answers}
        await page.answer("request", "q2", thread_id="t1", input=given)
        assert page.text("q2") == "done"


async def test_a_closed_socket_stops_nothing_and_another_one_attaches() -> None:
    waiting = Waiting(*text("m1", "Hel", "lo"))
    async with serving(CopilotRuntime({"default": waiting})) as origin:
        async with opened(origin) as page:
            await page.send("request", "q1", thread_id="t1", input=run_input())
            cursor = (await page.until(lambda it: it["type"] == "stream_text"))["cursor"]
        async with opened(origin) as again:
            await again.send("attach", "q2", thread_id="t1", after=cursor)
            await again.until(lambda it: it["type"] == "stream_start")
            assert not waiting.closed.is_set()
            waiting.go.set()
            end = await again.last("q2")
    assert end["outcome"] == "success"
    both = fold(events_of([*page.of("q1"), *again.of("q2")]))
    assert [each["content"] for each in both.messages] == ["hi", "Hello"]


async def test_a_request_whose_socket_closes_at_once_is_carried_out() -> None:
    agent = Scripted(*text("m1", "Hello"))
    runtime = CopilotRuntime({"default": agent})
    async with serving(runtime) as origin:
        async with opened(origin) as page:
            await page.send("request", "q1", thread_id="t1", input=run_input())
        async with opened(origin) as page:
            while True:
                end = await page.answer("attach", "a", thread_id="t1", until="end")
                if end["type"] == "stream_end":
                    break
    assert len(agent.asked) == 1


async def test_the_same_request_again_is_the_same_run_from_where_the_client_stands() -> None:
    waiting = Waiting(*text("m1", "Hello"))
    async with serving(CopilotRuntime({"default": waiting})) as origin:
        asked = {"thread_id": "t1", "input": run_input(runId="r1")}
        async with opened(origin) as page:
            await page.send("request", "q1", **asked)
            cursor = (await page.until(lambda it: it["type"] == "stream_text"))["cursor"]
        async with opened(origin) as again:
            await again.send("request", "q9", **asked, resume_after=cursor)
            start = await again.frame()
            waiting.go.set()
            await again.last("q9")
    assert (start["type"], start["run_id"], start["cursor"]) == ("stream_start", "r1", cursor)
    assert again.text("q9") == ""
    assert [each["block"]["type"] for each in again.of("q9") if "block" in each] == [
        "TEXT_MESSAGE_END",
        "RUN_FINISHED",
    ]


async def test_a_reader_until_live_gets_what_other_pages_do_until_it_cancels() -> None:
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "Hello"))})
    async with serving(runtime) as origin, httpx.AsyncClient(base_url=origin) as http:
        body = run_body(thread="t1", run="r1")
        await http.post("/copilotkit/agent/default/run", json=body)
        async with opened(origin) as page:
            await page.send("attach", "f", thread_id="t1", until="live")
            await page.until(_is_finished)
            body = run_body(thread="t1", run="r2")
            await http.post("/copilotkit/agent/default/run", json=body)
            await page.until(_is_finished)
            assert (await page.answer("cancel", "f"))["outcome"] == "cancelled"
    assert page.text("f") == "HelloHello"


async def test_attaching_at_the_end_says_how_the_thread_ended() -> None:
    async def failing(request: object) -> AsyncIterator[Event]:
        yield {"type": "RUN_ERROR", "message": "no luck", "code": "LUCK"}

    async with page_of(CopilotRuntime({"default": failing})) as page:
        end = await page.answer("request", "q1", thread_id="t1", input=run_input())
        again = await page.answer("attach", "q2", thread_id="t1", after=end["cursor"])
    assert {**again, "request_id": "q1"} == end
    assert [each["type"] for each in page.of("q2")] == ["stream_start", "stream_end"]


async def test_frames_of_requests_take_turns() -> None:
    """Two threads of many frames each, read at once: neither waits for the other's end."""
    events = [{"type": "CUSTOM", "name": "n", "value": number} for number in range(300)]
    runtime = CopilotRuntime({"default": Scripted(*events)})
    async with page_of(runtime) as page:
        for thread in ("t1", "t2"):
            await page.answer("request", thread, thread_id=thread, input=run_input())
        page.seen.clear()
        await page.send("attach", "a", thread_id="t1")
        await page.send("attach", "b", thread_id="t2")
        ended = set[str]()
        while len(ended) < 2:
            frame = await page.frame()
            ended |= {frame["request_id"]} if frame["type"] == "stream_end" else set()
    ids = "".join(each["request_id"] for each in page.seen)
    assert longest_run(ids[ids.index("b") : ids.rindex("a")]) <= 3


def longest_run(ids: str) -> int:
    most = length = 1
    for one, other in pairwise(ids):
        length = length + 1 if one == other else 1
        most = max(most, length)
    return most


@pytest.mark.parametrize("cut", range(30))
async def test_nothing_is_lost_by_a_cut_at_any_frame(
    cut: int, redis: RedisServer, tmp_path: Path
) -> None:
    made: Sequence[Callable[[], Store]] = (
        MemoryStore,
        lambda: SqliteStore(f"sqlite:///{tmp_path}/threads.db", WHOLE),
        lambda: RedisStore(redis.url, prefix=uuid4().hex),
    )
    store = made[cut % len(made)]()
    runtime = CopilotRuntime({"default": Scripted(*STORY)}, store=store)
    async with serving(runtime) as origin:
        async with opened(origin) as page:
            await page.send("request", "q1", thread_id="t1", input=run_input())
            while len(page.seen) <= cut and not _ends(page.seen):
                await page.frame()
        async with opened(origin) as again:
            after = page.seen[-1]["cursor"]
            end = await again.answer("attach", "q2", thread_id="t1", after=after)
        known = await stored(runtime, "t1")
    assert end["outcome"] == "success"
    got = fold(events_of([*page.of("q1"), *again.of("q2")]))
    assert got == fold(known)


def _ends(frames: list[Json]) -> bool:
    return bool(frames) and frames[-1]["type"] == "stream_end"


def _is_finished(frame: Json) -> bool:
    return bool(frame.get("block", {}).get("type") == "RUN_FINISHED")
