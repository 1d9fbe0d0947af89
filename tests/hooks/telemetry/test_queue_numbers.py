"""Numbers of what waits for workers, scraped, and what `/readyz` and the log say of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from agui_runtime import CopilotRuntime, Options, create_app
from agui_runtime.commands.measuring import answering
from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.core.queueing import QueueFigures
from agui_runtime.hooks.hook import Hook
from agui_runtime.hooks.telemetry.label_values import MOST_VALUES, OTHER
from agui_runtime.hooks.telemetry.metrics import Metrics
from agui_runtime.queues.here import HereQueue
from agui_runtime.runtime import attendance, queue_watch
from agui_runtime.runtime.attendance import MINUTE, Attendance, Unattended
from agui_runtime.stores.base import Store
from agui_runtime.stores.jobs import Offer
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.open import open_store
from tests.hooks.telemetry.test_metrics import samples, scraped
from tests.ports import free_port
from tests.runtime.test_workers import Echo, at_work, events_of, jobs_of, request_of
from tests.support import client_of

NAMES = ("runs", "oldest_seconds", "workers", "wait_seconds_count")


class Looks(Hook):
    """Knows when the queues were looked at; hooks before it have seen the same."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def queues_seen(self, runtime: object, figures: Mapping[str, QueueFigures]) -> None:
        self._next.set()

    def run_waited(self, queue: str, seconds: float) -> None:
        """Not of interest."""

    async def one(self) -> None:
        """Wait for one that begins from now on."""
        for _ in range(2):  # the first may have begun before
            self._next.clear()
            await self._next.wait()


class Broken(Hook):
    """Raises whatever it is given."""

    def queues_seen(self, runtime: object, figures: Mapping[str, QueueFigures]) -> None:
        raise RuntimeError("no figures, please")

    def run_waited(self, queue: str, seconds: float) -> None:
        raise RuntimeError("no waits, please")


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_watch, "EVERY", 0.01)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "memory":
        return MemoryStore()
    return open_store(f"sqlite:///{tmp_path}/threads.db")


def runtime_of(store: Store, *hooks: Hook) -> CopilotRuntime:
    options = Options(run_in=HereQueue(), queues={"painter": "gpu"})
    agents = {"default": Echo(), "painter": Echo()}
    return CopilotRuntime(agents, store=store, hooks=hooks, options=options)


def of_queue(queue: str, found: Mapping[str, float]) -> list[float | None]:
    return [found.get(f"agui_worker_queue_{name}{{queue={queue}}}") for name in NAMES]


async def test_a_scrape_says_what_waits_by_queue_and_who_looks(store: Store) -> None:
    metrics, looks, port = Metrics(), Looks(), free_port()
    runtime = runtime_of(store, metrics, looks)

    async def page() -> Mapping[str, float]:
        await looks.one()
        async with httpx.AsyncClient() as client:
            return samples((await client.get(f"http://127.0.0.1:{port}/metrics")).text)

    with answering(("127.0.0.1", port), metrics.registry):
        async with runtime.lifespan():
            assert of_queue("gpu", await page()) == [0, 0, 0, None]
            handles = [await runtime.start(request_of(f"t{each}")) for each in range(2)]
            found = await page()
            assert found["agui_worker_queue_runs{queue=default}"] == 2
            assert 0 < found["agui_worker_queue_oldest_seconds{queue=default}"] < 600
            assert found["agui_worker_queue_workers{queue=default}"] == 0
            assert found["agui_runs_queued{}"] == 0
            async with at_work(runtime):
                for handle in handles:
                    await events_of(handle)
                found = await page()
                assert of_queue("default", found) == [0, 0, 1, 2]
                assert of_queue("gpu", found) == [0, 0, 0, None]
            assert of_queue("default", await page()) == [0, 0, 0, 2]
    assert of_queue("default", scraped(metrics)) == [None, None, None, 2]


async def test_nothing_is_shown_of_queues_while_the_store_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    metrics, looks, store = Metrics(), Looks(), MemoryStore()
    runtime = runtime_of(store, metrics, looks)

    async def away() -> Mapping[str, QueueFigures]:
        raise StoreUnavailable("away")

    async with runtime.lifespan():
        await looks.one()
        with monkeypatch.context() as patch:
            patch.setattr(store.jobs, "figures", away)
            await looks.one()
            assert of_queue("default", scraped(metrics)) == [None] * 4
        await looks.one()
        assert of_queue("default", scraped(metrics)) == [0, 0, 0, None]


async def test_a_store_is_not_looked_through_for_overdue_runs_while_none_waits_so_long(
    monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    looks = Looks()
    runtime = runtime_of(store, looks)

    async def overdue(seconds: float, most: int) -> list[Offer]:
        raise AssertionError("a second query")

    async with runtime.lifespan():
        monkeypatch.setattr(jobs_of(store), "overdue", overdue)
        await runtime.start(request_of("t1"))
        await looks.one()
        await looks.one()


async def test_a_hook_that_fails_at_queues_changes_nothing(store: Store) -> None:
    looks = Looks()
    runtime = runtime_of(store, Broken(), looks)
    async with runtime.lifespan():
        await looks.one()
        async with at_work(runtime):
            handle = await runtime.start(request_of("t1"))
            assert (await events_of(handle))[-1]["type"] == "RUN_FINISHED"


@pytest.mark.parametrize(("waiting", "seconds"), [(12_000, 12), (20_000, 20), (10**6, 20)])
def test_the_more_runs_wait_the_less_often_they_are_counted(waiting: int, seconds: float) -> None:
    """In two queues, as all are counted in one look."""
    figures = {name: QueueFigures(waiting // 2, 1.0, 1) for name in ("default", "gpu")}
    assert queue_watch.pause_after(figures) == seconds
    assert queue_watch.pause_after({}) == queue_watch.EVERY


def test_runtimes_that_see_one_queue_show_it_once() -> None:
    metrics = Metrics()
    first, second = object(), object()
    metrics.queues_seen(first, {"default": QueueFigures(3, 9.0, 1)})
    metrics.queues_seen(second, {"default": QueueFigures(3, 9.5, 1), "gpu": QueueFigures(1)})
    assert of_queue("default", scraped(metrics)) == [3, 9.5, 1, None]
    assert of_queue("gpu", scraped(metrics)) == [1, 0, 0, None]
    metrics.queues_seen(second, {})
    assert of_queue("default", scraped(metrics)) == [3, 9.0, 1, None]
    assert of_queue("gpu", scraped(metrics)) == [None] * 4


def test_queues_are_so_many_labels_and_no_more() -> None:
    metrics = Metrics()
    queues = {f"q{each}": QueueFigures(each) for each in range(MOST_VALUES + 5)}
    metrics.queues_seen(metrics, queues)
    found = scraped(metrics)
    shown = [name for name in found if name.startswith("agui_worker_queue_runs{")]
    assert len(shown) == MOST_VALUES + 1
    assert found[f"agui_worker_queue_runs{{queue={OTHER}}}"] == MOST_VALUES + 4


async def test_readiness_and_the_log_say_that_no_worker_looks(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, store: Store
) -> None:
    monkeypatch.setattr(attendance, "MINUTE", 1e-9)
    looks = Looks()
    runtime = runtime_of(store, looks)
    async with client_of(create_app(runtime)) as client:

        async def ready() -> Mapping[str, object]:
            await looks.one()
            await looks.one()
            answer = await client.get("/readyz")
            assert answer.status_code == 200
            found: Mapping[str, object] = answer.json()
            return found

        assert await ready() == {"status": "ready", "workers": 0}
        assert "no worker" not in caplog.text
        await runtime.start(request_of("t1", agent="painter"))
        assert await ready() == {"status": "ready", "workers": 0, "waiting": {"gpu": 1}}
        assert "runs wait and no worker has looked for a minute: 1 in gpu" in caplog.text
        async with at_work(runtime):  # which is not for that queue
            assert await ready() == {"status": "ready", "workers": 0, "waiting": {"gpu": 1}}
        async with at_work(runtime, 8, "gpu"), asyncio.timeout(60):
            while await ready() != {"status": "ready"}:
                pass  # the worker has not looked yet


ALONE = {"default": QueueFigures(2, 5.0, 0)}
ATTENDED = {"default": QueueFigures(2, 5.0, 1)}


def found_by(noted: Attendance) -> Unattended | None:
    return noted.unattended


def test_a_queue_is_unattended_after_a_minute_and_no_longer_with_a_worker() -> None:
    noted = Attendance(0.0)
    noted.note(ALONE, MINUTE - 1)
    assert found_by(noted) is None
    noted.note(ALONE, MINUTE)
    assert found_by(noted) == Unattended({"default": 2})
    noted.note(ATTENDED, MINUTE + 1)
    assert found_by(noted) is None
    noted.note(ALONE, 2 * MINUTE)
    assert found_by(noted) is None
    noted.note(ALONE, 2 * MINUTE + 1)
    assert found_by(noted) == Unattended({"default": 2})


def test_a_queue_that_is_new_has_a_minute_if_workers_look_elsewhere() -> None:
    noted, both = Attendance(0.0), {**ATTENDED, "gpu": QueueFigures(1, 0.0, 0)}
    noted.note(ATTENDED, 100.0)
    noted.note(both, 101.0)
    assert found_by(noted) is None
    noted.note(both, 101.0 + MINUTE)
    assert found_by(noted) == Unattended({"gpu": 1})


def test_it_is_said_once_a_minute() -> None:
    noted, lines = Attendance(0.0), []
    for now in range(0, 240, 5):
        noted.note(ALONE, now)
        if noted.due(now):
            lines.append(now)
    assert lines == [60, 120, 180]


def test_nothing_is_said_while_nothing_waits() -> None:
    noted = Attendance(0.0)
    noted.note({"default": QueueFigures()}, 2 * MINUTE)
    assert found_by(noted) == Unattended({})
    assert not noted.due(2 * MINUTE)
