"""The rows of messages, which lists, searches and reports go by, beside the log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from agui_runtime import CopilotRuntime, Options, PriceTable
from agui_runtime.core.events import Event
from tests.runtime.worlds import Scripted, asking, call, ran, text
from tests.stores.databases import Database
from tests.stores.test_contract import Clock, a_run, claimed

PRICES = PriceTable.read(b'{"m": {"input": 0.1, "output": 0.2}}', "ours.json")
USAGE = {"provider": "p", "model": "m", "inputTokens": 1, "outputTokens": 1, "reasoningTokens": 1}
END: Event = {"type": "RUN_FINISHED", "threadId": "t1", "runId": "r1", "usage": [USAGE]}

TEXTS = "select id, role, position, text from agui_message where role is not null order by position"
TOOK = (
    "select input_tokens, output_tokens, reasoning_tokens, model, usd, cost, milliseconds >= 0"
    " from agui_message where id = 'a1'"
)


async def talked(database: Database, *events: Event, **request: Any) -> None:  # noqa: ANN401
    """A run of an agent that emits these events, in a process of its own."""
    agent = Scripted(*events)
    options = Options(prices=PRICES)
    runtime = CopilotRuntime({"default": agent}, store=database.store(), options=options)
    async with runtime.lifespan():
        await ran(runtime, asking(**request))


async def test_a_run_that_ends_writes_what_its_messages_say_and_took(database: Database) -> None:
    await talked(database, *text("a1", "Hel", "lo"), END, run="r1")
    assert await database.execute(TEXTS) == [
        ("u-hi", "user", 0, "hi"),
        ("a1", "assistant", 1, "Hello"),
    ]
    assert await database.execute(TOOK) == [(1, 1, 1, "m", "0.0000003", 3e-07, True)]
    firsts = await database.execute("select distinct run_first from agui_message")
    assert firsts == [(1,)]


async def test_later_runs_change_no_messages_but_their_own(database: Database) -> None:
    await talked(database, *text("a1", "One"), END, run="r1")
    before = await database.execute("select * from agui_message order by id")
    await talked(database, *text("b2", "Two"), text="more", run="r2")
    after = await database.execute("select * from agui_message order by id")
    assert [row for row in after if row in before] == before
    assert [row[1] for row in after] == ["a1", "b2", "u-hi", "u-more"]


async def test_a_message_that_its_user_edits_has_the_new_text(database: Database) -> None:
    await talked(database, *text("a1", "One"), run="r1")
    edited = [{"id": "u-hi", "role": "user", "content": "ho"}]
    await talked(database, *text("a2", "Two"), messages=edited, run="r2")
    rows = await database.execute("select text, run_first from agui_message where id = 'u-hi'")
    assert rows == [("ho", 1)]


async def test_ids_of_calls_are_known_and_say_nothing(database: Database) -> None:
    await talked(database, *call("c1", "look", "{}"), run="r1")
    rows = await database.execute("select id, text from agui_message where id = 'c1'")
    assert rows == [("c1", None)]


async def test_texts_that_a_database_cannot_hold_are_written_as_near_as_it_can(
    database: Database,
) -> None:
    parts = [{"type": "text", "text": "50%"}, {"type": "text", "text": "a_b"}]
    await talked(
        database,
        *text("a1", "nu\0l", " cut\ud83d"),
        messages=[{"id": "u1", "role": "user", "content": parts}],
        run="r1",
    )
    rows = await database.execute(TEXTS)
    assert [row[3] for row in rows] == ["50%\na_b", "nu\ufffdl cut\ufffd"]


async def test_ids_that_a_database_cannot_hold_do_not_break_the_end(database: Database) -> None:
    await talked(database, *text("a\0", "One"), END, run="r1")
    assert [row[3] for row in await database.execute(TEXTS)] == ["hi", "One"]


async def test_a_run_whose_process_is_gone_has_rows_of_what_it_said(database: Database) -> None:
    clock = Clock()
    store = database.store(clock=clock)
    await store.open()
    lease = await claimed(store, a_run())
    await store.log.append(lease, text("a1", "half")[:2])
    await database.execute("update agui_thread set until = 0")
    await store.log.end_lost_run("t1")
    await store.close()
    assert await database.execute(TEXTS) == [("a1", "assistant", 0, "half")]


async def test_a_rebuild_writes_the_same_rows_again(database: Database) -> None:
    await talked(database, *text("a1", "One"), END, run="r1")
    await talked(database, *call("c1", "look", "{}"), *text("a2", "Two"), text="more", run="r2")
    rows = (
        "select id, role, run_first, position, text, model, input_tokens, usd, {} from agui_message"
    )
    whole, plain = rows.format("milliseconds"), rows.format("cost")
    before = [await database.execute(f"{each} order by id") for each in (whole, plain)]
    async for _ in rebuilt(database):
        after = await database.execute(f"{whole} order by id")
        assert after == before[0]
    await database.execute("delete from agui_message")
    async for _ in rebuilt(database):
        assert await database.execute(f"{plain} order by id") == before[1]


async def rebuilt(database: Database) -> AsyncIterator[None]:
    store = database.store()
    await store.open()
    assert await store.rebuild() == 1
    await store.close()
    yield


async def test_a_run_that_a_release_without_decimals_ended_has_its_cost(
    database: Database,
) -> None:
    await talked(database, *text("a1", "One"), END, run="r1")
    await database.execute("update agui_run set usd = null, prices = null")
    store = database.store()
    await store.open()
    [run] = await store.threads.runs("t1")
    await store.close()
    assert run.figures is not None
    assert run.figures.cost is not None
    assert (run.figures.cost.usd, run.figures.cost.prices) == ("0.0000003", "")
