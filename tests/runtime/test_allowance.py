"""Starts a minute, and budgets of a day: of a caller and of all, over every store and wire."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import (
    AguiWire,
    Budget,
    CopilotKitRemoteWire,
    CopilotRuntime,
    GraphQLWire,
    Options,
    PriceTable,
    RestWire,
    Wire,
    create_app,
)
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import Event
from agui_runtime.core.figures import Cost, RunFigures, Tokens
from agui_runtime.core.quotas import BudgetSpent, TooManyStarts
from agui_runtime.runtime.allowance import DAY, Allowance, rules_of
from agui_runtime.stores.base import Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.memory.counters import MemoryCounters
from tests.runtime.worlds import ANN, BOB, Waiting, asking, ran, text
from tests.stores.conftest import each_store as each_store, postgres as postgres, redis as redis
from tests.support import client_of
from tests.wires.agui.serving import run_body
from tests.wires.graphql.serving import by_header, chat

PRICES = PriceTable.read(b'{"m": {"input": 1, "output": 10}}', "ours.json")
USAGE = {"provider": "p", "model": "m", "inputTokens": 1000, "outputTokens": 100}


class Costly:
    """Says a word for 1,100 tokens and $0.002."""

    name = "default"
    description = "Costs"

    def __init__(self, usage: Mapping[str, Any] = USAGE) -> None:
        self.usage = usage

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        for event in text(f"m-{request.run_id}", "Hi"):
            yield event
        ids = {"threadId": request.thread_id, "runId": request.run_id}
        yield {"type": "RUN_FINISHED", **ids, "usage": [self.usage]}


NOON = 20_000.5 * DAY


def a_runtime(
    store: Store | None = None,
    usage: Mapping[str, Any] | None = None,
    **options: Any,  # noqa: ANN401
) -> CopilotRuntime:
    chosen = Options(prices=PRICES, **options)
    runtime = CopilotRuntime(
        {"default": Costly({**USAGE, **(usage or {})})},
        store=store,
        options=chosen,
        authenticate=by_header,
    )
    runtime.allowance._clock = lambda: NOON  # no minute ends in the middle of a test
    return runtime


async def test_a_caller_starts_so_many_runs_a_minute(each_store: Store) -> None:
    runtime = a_runtime(each_store, caller_starts=2)
    await ran(runtime, asking(thread="t1"))
    await ran(runtime, asking(thread="t2"))
    with pytest.raises(TooManyStarts) as refused:
        await runtime.start(asking(thread="t3"))
    assert 0 < refused.value.retry_after <= 60
    await ran(runtime, asking(thread="t4", caller=BOB))


async def test_all_together_start_so_many_in_every_process(each_store: Store) -> None:
    one, other = a_runtime(each_store, starts=2), a_runtime(each_store, starts=2)
    await ran(one, asking(thread="t1"))
    await ran(other, asking(thread="t2", caller=BOB))
    with pytest.raises(TooManyStarts, match="were started here"):
        await one.start(asking(thread="t3"))


@pytest.mark.parametrize("budget", [Budget(tokens_per_day=2000), Budget(usd_per_day=0.003)])
async def test_nothing_more_is_started_once_a_budget_is_spent(
    each_store: Store, budget: Budget
) -> None:
    runtime = a_runtime(each_store, budget=budget)
    await ran(runtime, asking(thread="t1"))
    await ran(runtime, asking(thread="t2"))
    with pytest.raises(BudgetSpent) as refused:
        await runtime.start(asking(thread="t3"))
    assert 0 < refused.value.retry_after <= DAY
    await ran(runtime, asking(thread="t4", caller=BOB))


async def test_what_a_run_says_that_it_took_always_counts(each_store: Store) -> None:
    """Whatever a provider or an agent says: more than a counter of the store can hold, too."""
    runtime = a_runtime(each_store, {"outputTokens": 2**53 - 1}, budget=Budget(usd_per_day=1e6))
    assert (await ran(runtime, asking(thread="t1")))[-1]["type"] == "RUN_FINISHED"
    with pytest.raises(BudgetSpent):
        await runtime.start(asking(thread="t2"))


async def test_a_deleted_thread_gives_nothing_back() -> None:
    runtime = a_runtime(budget=Budget(tokens_per_day=1000))
    await ran(runtime, asking())
    await runtime.threads.delete("t1", ANN)
    with pytest.raises(BudgetSpent):
        await runtime.start(asking())


async def test_runs_beside_all_threads_cost_too() -> None:
    runtime = a_runtime(budget=Budget(tokens_per_day=1000))
    await ran(runtime, asking(ephemeral=True))
    with pytest.raises(BudgetSpent):
        await runtime.start(asking())


async def test_a_budget_may_be_everybodys() -> None:
    budgets = (Budget(tokens_per_day=1000, per_owner=False), Budget(usd_per_day=5))
    runtime = a_runtime(budget=budgets)
    await ran(runtime, asking())
    with pytest.raises(BudgetSpent, match="everybody's"):
        await runtime.start(asking(thread="t2", caller=BOB))


async def test_a_run_under_way_is_not_cut_and_can_be_found_again() -> None:
    waiting = Waiting()
    options = Options(budget=Budget(tokens_per_day=1000), caller_starts=2)
    runtime = CopilotRuntime({"default": Costly(), "waiting": waiting}, options=options)
    request = asking(thread="t1", run="r1", agent="waiting", fingerprint="same")
    handle = await runtime.start(request)
    await ran(runtime, asking(thread="t2"))
    with pytest.raises(BudgetSpent):
        await runtime.start(asking(thread="t3"))
    again = await runtime.start(request)
    assert again.run.run_id == "r1"
    waiting.go.set()
    assert handle.ended is not None
    await handle.ended


async def test_the_next_day_and_the_next_minute_begin_anew() -> None:
    now = 20_000.0 * DAY + DAY - 5
    counters = MemoryCounters(lambda: now)
    rules = rules_of(1, None, [Budget(tokens_per_day=100)])
    allowance = Allowance(rules, lambda: counters, lambda: now)
    await allowance.take_start("ann")
    with pytest.raises(TooManyStarts, match="in 5 seconds"):
        await allowance.take_start("ann")
    await allowance.spend("ann", RunFigures(tokens=Tokens(input=90, output=10, reasoning=5)))
    with pytest.raises(BudgetSpent) as refused:
        await allowance.take_start("ann")
    assert refused.value.retry_after == 5
    now += 5
    await allowance.take_start("ann")


async def test_a_cost_that_is_unknown_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    counters = MemoryCounters(lambda: 0.0)
    allowance = Allowance(rules_of(None, None, [Budget(usd_per_day=1)]), lambda: counters)
    for _ in range(3):
        await allowance.spend("ann", RunFigures(model="new", tokens=Tokens(input=1)))
    await allowance.spend("ann", RunFigures(model="m", cost=Cost("0.5", "ours")))
    assert [each.getMessage() for each in caplog.records] == [
        "new has no price: what it costs counts for no budget"
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Budget(),
        lambda: Budget(usd_per_day=0),
        lambda: Budget(usd_per_day=-1),
        lambda: Budget(usd_per_day=float("nan")),
        lambda: Budget(usd_per_day=float("inf")),
        lambda: Budget(tokens_per_day=0),
        lambda: a_runtime(caller_starts=0),
        lambda: a_runtime(starts=-1),
        lambda: a_runtime(budget=(Budget(usd_per_day=1), Budget(usd_per_day=2))),
    ],
)
def test_limits_that_cannot_be_meant_are_refused(make: Any) -> None:  # noqa: ANN401
    with pytest.raises(Misconfigured):
        make()


async def test_settings_limit_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGUI_CALLER_STARTS", "1")
    monkeypatch.setenv("AGUI_USD_PER_DAY", "2.50")
    runtime = a_runtime(budget=Budget(tokens_per_day=5))
    for _ in range(2):
        create_app(runtime)
    assert set(runtime.allowance.rules) == {
        *rules_of(1, None, [Budget(tokens_per_day=5), Budget(usd_per_day=2.5, per_owner=False)])
    }
    await ran(runtime, asking(thread="t1"))
    with pytest.raises(BudgetSpent):
        await runtime.start(asking(thread="t2"))


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("AGUI_CALLER_STARTS", "0", "a whole number from 1"),
        ("AGUI_USD_PER_DAY", "-1", "an amount above 0"),
        ("AGUI_USD_PER_DAY", "nan", "an amount above 0"),
        ("AGUI_CALLER_USD_PER_DAY", "9999999", "AGUI_CALLER_USD_PER_DAY cannot be obeyed: budget"),
        ("AGUI_CALLER_TOKENS_PER_DAY", "7", "limited twice"),
        ("AGUI_TOKENS_DAY", "7", "did you mean AGUI_TOKENS_"),
    ],
)
def test_settings_that_cannot_be_obeyed_are_refused(
    name: str, value: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured, match=reason):
        create_app(a_runtime(budget=Budget(tokens_per_day=5)))


RUN = "/copilotkit/agent/default/run"
REFUSED = [
    ({"budget": Budget(tokens_per_day=1000)}, "BUDGET_SPENT"),
    ({"caller_starts": 1}, "TOO_MANY_STARTS"),
]


@pytest.mark.parametrize(("options", "code"), REFUSED)
async def test_every_wire_says_it_in_its_own_words(options: dict[str, Any], code: str) -> None:
    runtime = a_runtime(MemoryStore(), **options)
    wires: list[Wire] = [GraphQLWire(), CopilotKitRemoteWire("/remote"), RestWire(), AguiWire()]
    app = create_app(runtime, wires=wires)
    async with client_of(app) as client:
        client.headers["x-user"] = "ann"
        assert (await client.post(RUN, json=run_body())).status_code == 200
        refused = await client.post(RUN, json=run_body(thread="t2", run="r2"))
        assert (refused.status_code, refused.json()["code"]) == (429, code)
        wait = int(refused.headers["retry-after"])
        assert 0 < wait <= DAY
        body = {"name": "default", "threadId": "t3", "messages": []}
        remote = await client.post("/remote/agents/execute", json=body)
        assert (remote.status_code, "retry-after" in remote.headers) == (429, True)
        command = {"messages": [{"role": "user", "content": "hi"}]}
        rest = await client.post("/api/v1/agent/runs", json=command)
        assert (rest.status_code, rest.json()["code"]) == (429, code)
        assert 0 < int(rest.headers["retry-after"]) <= DAY
        graphql = await client.post("/copilotkit", json=chat(threadId="t4"))
        assert "retry-after" in graphql.headers
        extensions = error_of(graphql)["extensions"]
        assert (extensions["statusCode"], extensions["runtimeCode"]) == (429, code)
        assert 0 < extensions["retryAfterSeconds"] <= DAY


def error_of(response: httpx.Response) -> dict[str, Any]:
    start = response.text.index('{"')
    payload, _ = json.JSONDecoder().raw_decode(response.text[start:])
    error: dict[str, Any] = payload["errors"][0]
    return error
