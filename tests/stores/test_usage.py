"""What an owner's runs took, by model, agent, day and thread: the same of every store and wire."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from agui_runtime import CopilotRuntime, Options, PriceTable, Usage, create_app
from agui_runtime.commands.cli import main
from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.events import RunInfo
from agui_runtime.core.figures import Cost, RunFigures, Tokens
from agui_runtime.core.meter import MOST_TOKENS
from agui_runtime.core.outcomes import Outcomes, Percentiles
from agui_runtime.core.totals import DAY, Totals, UsageBy, day_of
from agui_runtime.runtime.usage import outcomes_in, usage_in
from agui_runtime.stores.base import RunEnd, Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.sql import SqliteStore
from tests.runtime.test_allowance import Costly
from tests.runtime.worlds import asking, ran
from tests.stores.test_contract import a_run
from tests.support import client_of
from tests.wires.graphql.serving import PATH, ask, by_header

NOW = (time.time() // DAY - 0.5) * DAY  # noon, so that no day ends among the runs
YESTERDAY = NOW - DAY

PRICES = PriceTable.read(b'{"m": {"input": 1, "output": 10}}', "ours.json")
ONE = RunFigures(model="m", tokens=Tokens(1000, 100, 10, 0, 5), cost=Cost("0.1", "ours"))
TWO = RunFigures(model="m", tokens=Tokens(1, 2), cost=Cost("0.2", "ours"))
FREE = RunFigures()
UNPRICED = RunFigures(model="new", tokens=Tokens(7, None))


async def record(store: Store, run: RunInfo, figures: RunFigures, *, seconds: float = 2) -> None:
    lease = await store.log.claim(run, lambda: None)
    with store.log.keep(lease, lambda: None):
        events = [{"type": "RUN_FINISHED", "threadId": run.thread_id, "runId": run.run_id}]
        status = "failed" if figures.error_code else "finished"
        end = RunEnd(events, status, run.started_at + seconds, figures=figures)
        await store.log.release(lease, end)


def begun(thread: str, number: int, agent: str, started: float, owner: str = "ann") -> RunInfo:
    run = replace(a_run(thread, f"{thread}-{number}"), agent=agent, owner=owner)
    return replace(run, started_at=started)


@pytest.fixture
async def spent(each_store: Store) -> AsyncIterator[Store]:
    """A store with five runs of ann's, one of bob's, and a live one."""
    await record(each_store, begun("t1", 1, "default", NOW - 10), ONE)
    await record(each_store, begun("t1", 2, "default", NOW - 5), TWO)
    await record(each_store, begun("t2", 1, "other", YESTERDAY), ONE)
    await record(each_store, begun("t2", 2, "other", NOW - 5), UNPRICED)
    await record(each_store, begun("t3", 1, "default", NOW - 5), FREE)
    await record(each_store, begun("t4", 1, "default", NOW - 5, "bob"), TWO)
    lease = await each_store.log.claim(begun("t5", 1, "default", NOW), lambda: None)
    yield each_store
    await each_store.log.release(lease, RunEnd([{"type": "RUN_FINISHED"}], "finished", NOW))


TWICE = Totals(2, Tokens(2000, 200, 20, 0, 10), Cost("0.2", "ours"), 0, 4.0)
BOTH = Totals(2, Tokens(1001, 102, 10, 0, 5), Cost("0.3", "ours"), 0, 4.0)
THREE = Totals(3, Tokens(2001, 202, 20, 0, 10), Cost("0.4", "ours"), 0, 6.0)
NONE = Totals(1, None, None, 0, 2.0)

EXPECTED: dict[UsageBy, list[Usage]] = {
    "model": [
        Usage("m", THREE),
        Usage("new", Totals(1, Tokens(7, None), None, 1, 2.0)),
        Usage(None, NONE),
    ],
    "agent": [
        Usage("default", replace(BOTH, runs=3, seconds=6.0)),
        Usage("other", Totals(2, Tokens(1007, 100, 10, 0, 5), None, 1, 4.0)),
    ],
    "day": [
        Usage(day_of(YESTERDAY), Totals(1, ONE.tokens, ONE.cost, 0, 2.0)),
        Usage(day_of(NOW - 5), Totals(4, Tokens(1008, 102, 10, 0, 5), None, 1, 8.0)),
    ],
    "thread": [
        Usage("t1", BOTH),
        Usage("t2", Totals(2, Tokens(1007, 100, 10, 0, 5), None, 1, 4.0)),
        Usage("t3", NONE),
    ],
    "all": [Usage("all", Totals(5, Tokens(2008, 202, 20, 0, 10), None, 1, 10.0))],
}


def rounded(found: list[Usage]) -> list[Usage]:
    return [
        replace(each, totals=replace(each.totals, seconds=round(each.totals.seconds, 3)))
        for each in found
    ]


@pytest.mark.parametrize("by", EXPECTED)
async def test_runs_are_summed_up(spent: Store, by: UsageBy) -> None:
    assert rounded(await usage_in(spent, "ann", NOW - 2 * DAY, by)) == EXPECTED[by]


TWO_SECONDS = Percentiles(2000, 2000)


@pytest.mark.parametrize("by", ["model", "agent", "day", "thread", "all"])
async def test_runs_are_counted_by_how_they_ended_and_how_long_they_took(
    each_store: Store, by: UsageBy
) -> None:
    for number in range(1, 21):
        failed = RunFigures("p", "m", error_code="BROKEN" if number > 18 else None)
        figures = replace(failed, first_event_seconds=None if number == 1 else number / 1000)
        run = begun("t1", number, "default", NOW - 100)
        await record(each_store, run, figures, seconds=number)
    await record(each_store, begun("t2", 1, "default", NOW - 100, "bob"), FREE, seconds=99)
    [found] = await outcomes_in(each_store, "ann", NOW - DAY, by)
    assert found.duration is not None
    assert (found.duration.median, found.duration.p95) == (10_000, 19_000)
    assert found.first_event == Percentiles(11, 20)
    assert found.failures == {"BROKEN": 2}
    keys = {"model": "m", "agent": "default", "day": day_of(NOW - 100), "thread": "t1"}
    assert found.key == keys.get(by, "all")


async def test_outcomes_are_divided_and_what_is_unknown_is_none(spent: Store) -> None:
    found = await outcomes_in(spent, "ann", NOW - 2 * DAY, "thread")
    assert found == [Outcomes(key, {}, None, TWO_SECONDS) for key in ("t1", "t2", "t3")]
    assert await outcomes_in(spent, "carol", None, "all") == []
    names = {"other": "default"}
    [renamed] = await outcomes_in(spent, "ann", NOW - 2 * DAY, "agent", names)
    assert renamed == Outcomes("default", {}, None, TWO_SECONDS)


async def test_of_everybody_and_since_then_alone(spent: Store) -> None:
    [bobs] = await usage_in(spent, "bob", None, "thread")
    assert (bobs.key, bobs.totals.tokens) == ("t4", TWO.tokens)
    everybody = await usage_in(spent, None, NOW - 3600, "thread")
    assert [each.key for each in everybody] == ["t1", "t2", "t3", "t4"]
    assert everybody[1].totals.runs == 1
    assert await usage_in(spent, "ann", NOW + 60, "thread") == []
    assert await usage_in(spent, "carol", None, "model") == []


async def test_a_store_that_cannot_sum_up_looks_back_a_week() -> None:
    with pytest.raises(InvalidInput, match="7 days at most"):
        await usage_in(MemoryStore(), "ann", NOW - 8 * DAY, "model")


async def test_cents_add_up_as_people_expect(each_store: Store) -> None:
    figures = replace(TWO, cost=Cost("0.1", "ours"))
    for number in range(10):
        await record(each_store, begun("t1", number, "default", NOW - 5), figures)
    [usage] = await usage_in(each_store, "ann", None, "model")
    assert usage.totals.cost == Cost("1", "ours")


async def test_an_agent_that_was_renamed_counts_once(each_store: Store) -> None:
    await record(each_store, begun("t1", 1, "former", NOW - 5), TWO)
    agents, aliases = {"default": Costly()}, {"former": "default"}
    runtime = CopilotRuntime(agents, aliases=aliases, store=each_store, authenticate=by_header)
    await ran(runtime, asking(thread="t2"))
    assert [each.key for each in await runtime.usage(asking().context.caller, by="agent")] == [
        "default"
    ]


async def test_counts_that_nobody_can_mean_hide_no_others(each_store: Store) -> None:
    huge = replace(ONE, tokens=Tokens(2**62, 2**53 - 1, 3))
    for number in range(3):
        await record(each_store, begun("t1", number, "default", NOW - 5), huge)
    runtime = CopilotRuntime({"default": Costly()}, store=each_store, authenticate=by_header)
    async with client_of(create_app(runtime)) as client:
        client.headers["x-user"] = "ann"
        query = "{ usage { key inputTokens outputTokens cost { usd } } }"
        [shown] = (await ask(client, query))["data"]["usage"]
    assert (shown["inputTokens"], shown["outputTokens"]) == (MOST_TOKENS, MOST_TOKENS)
    assert shown["cost"] == {"usd": "0.3"}


QUERY = """query Usage($since: DateTimeISO) {
  usage(since: $since, by: DAY) { key runs inputTokens outputTokens cost { usd prices } unpriced }
  outcomes(since: $since, by: ALL) { key failures { code } duration { median p95 } }
}"""


async def test_every_wire_shows_it(each_store: Store) -> None:
    runtime = CopilotRuntime(
        {"default": Costly()},
        store=each_store,
        authenticate=by_header,
        options=Options(prices=PRICES),
    )
    async with client_of(create_app(runtime)) as client:
        await ran(runtime, asking())
        client.headers["x-user"] = "ann"
        route = await client.get(f"{PATH}/usage", params={"by": "agent", "since": "2026-01-01"})
        week = await client.get(f"{PATH}/usage")
        graphql = await ask(client, QUERY)
    if isinstance(each_store, SqliteStore):
        [shown] = route.json()["usage"]
        assert (shown["key"], shown["runs"], shown["inputTokens"]) == ("default", 1, 1000)
    [shown] = week.json()["usage"]
    assert (shown["key"], shown["cost"]) == ("m", {"usd": "0.002", "prices": "ours.json"})
    [ended] = graphql["data"]["outcomes"]
    assert (ended["key"], ended["failures"]) == ("all", [])
    assert 0 <= ended["duration"]["median"] == ended["duration"]["p95"] < 60_000
    [shown] = graphql["data"]["usage"]
    assert shown == {
        "key": day_of(time.time()),
        "runs": 1,
        "inputTokens": 1000,
        "outputTokens": 100,
        "cost": {"usd": "0.002", "prices": "ours.json"},
        "unpriced": 0,
    }


@pytest.mark.parametrize(
    "query",
    [{"by": "owner"}, {"since": "yesterday"}, {"since": "9" * 400}, {"since": "0001-01-01"}],
)
async def test_what_cannot_be_meant_is_refused(query: dict[str, str]) -> None:
    runtime = CopilotRuntime({"default": Costly()})
    async with client_of(create_app(runtime)) as client:
        answer = await client.get(f"{PATH}/usage", params=query)
    assert answer.status_code == 400
    assert next(iter(query)) in answer.json()["details"]


async def test_the_command_line_shows_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/threads.db"
    store = SqliteStore(url)
    await store.open()
    await record(store, begun("t1", 1, "default", NOW - 5), ONE)
    await record(store, begun("t2", 1, "default", NOW - 5, "bob"), TWO)
    await record(store, begun("t3", 1, "default", NOW - 5, "bob"), UNPRICED)
    await store.close()
    monkeypatch.setenv("AGUI_STORE", url)
    assert await asyncio.to_thread(main, ["usage", "--by", "model"]) == 0
    header, known, unknown = capsys.readouterr().out.splitlines()
    assert header.split() == ["model", "runs", "input", "output", "seconds", "usd", "unpriced"]
    assert known.split() == ["m", "2", "1001", "102", "4.0", "0.3", "0"]
    assert unknown.split() == ["new", "1", "7", "0", "2.0", "unknown", "1"]
    assert await asyncio.to_thread(main, ["usage", "--owner", "ann", "--json"]) == 0
    [shown] = json.loads(capsys.readouterr().out)
    assert (shown["key"], shown["totals"]["cost"]["usd"]) == ("m", "0.1")
    assert await asyncio.to_thread(main, ["usage", "--since", "soon"]) == 2
    assert "--since: a date" in capsys.readouterr().err
