"""A real Prometheus, which looks at a real server: each panel of the dashboard has numbers, and
each alert comes when it should.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from agui_runtime.core.events import ANONYMOUS
from agui_runtime.core.schedules import Recurrence
from agui_runtime.runtime.recurrences import ScheduleLimits, made
from agui_runtime.stores.base import Store
from agui_runtime.stores.layers.delegating import schedules_of
from agui_runtime.stores.sql import SqliteStore
from tests.dashboard.panels import Variables, expressions, substituted, variables
from tests.dashboard.prometheus import ALERTS, Prometheus, watching
from tests.dashboard.scenario import AGENT, much_happens
from tests.fakes.model import ModelServer
from tests.ports import free_port
from tests.programs import serving
from tests.wires.agui.serving import reading, run_body

SCRAPE = 0.5


async def all_shown(client: httpx.AsyncClient, store: Store, seen: Prometheus) -> None:
    """Return when no panel is empty, as things go on: rates need two scrapes."""
    missing = expressions()
    try:
        async with asyncio.timeout(60):
            for turn in count():
                await add_overdue_schedule(store)
                await much_happens(client, turn)
                chosen = variables(await seen.instances(), interval=60, scrape=SCRAPE)
                missing = [each for each in missing if not await is_shown(seen, each, chosen)]
                if not missing:
                    return
    except TimeoutError:
        raise AssertionError(f"nothing is shown of {missing}") from None


async def add_overdue_schedule(store: Store) -> None:
    """It fires as soon as a server looks."""
    two_minutes_ago = time.time() - 120
    wanted, limits = Recurrence("* * * * *", "hi"), ScheduleLimits(1000, 60)
    schedules = schedules_of(store)
    assert schedules is not None
    await schedules.add(made(wanted, ANONYMOUS.owner, two_minutes_ago, limits), limits.each)


async def is_shown(seen: Prometheus, expression: str, chosen: Variables) -> bool:
    return any(curve.numbers for curve in await seen.now(substituted(expression, chosen)))


@asynccontextmanager
async def opened(store: Store) -> AsyncIterator[Store]:
    await store.open()
    yield store
    await store.close()


async def test_every_panel_has_numbers_and_every_rule_is_read(tmp_path: Path) -> None:
    target = f"127.0.0.1:{free_port()}"
    async with ModelServer() as model:
        settings = {
            "AGUI_APP": "tests.hooks.telemetry.panels_app:mounts",
            "AGUI_DRAIN_SECONDS": "0",
            "AGUI_METRICS": target,
            "AGUI_PROCESSES": "2",
            "AGUI_STORE": "",
            "MODEL_URL": model.url,
            "STORE_URL": f"sqlite:///{tmp_path}/threads.db",
        }
        async with (
            serving(**settings) as (_, origin, _),
            watching(target, tmp_path, seconds=SCRAPE) as seen,
            httpx.AsyncClient(base_url=origin, timeout=60) as client,
            reading(client, f"{AGENT}/held/run", run_body("hi", "held", "held")) as run,
        ):
            await run.until("TEXT_MESSAGE_CONTENT")
            async with opened(SqliteStore(settings["STORE_URL"])) as store:
                await all_shown(client, store, seen)
            [group] = (await seen.get("rules"))["groups"]
            assert {rule["name"]: rule["health"] for rule in group["rules"]} == {
                rule["alert"]: "ok" for rule in rules()
            }


def rising(name: str, step: float) -> Mapping[str, str]:
    """A counter, minute by minute."""
    return {name: f"0+{step}x60"}


def steady(name: str, value: float) -> Mapping[str, str]:
    return {name: f"{value}x60"}


def slow(name: str, labels: str, at_most: str) -> Mapping[str, str]:
    """A histogram of which everything took longer than most of it may."""
    buckets = {
        f'{name}_bucket{{{labels}le="{at_most}"}}': 0,
        f'{name}_bucket{{{labels}le="+Inf"}}': 60,
    }
    return {series: f"0+{step}x60" for series, step in buckets.items()}


SERIES: Mapping[str, Mapping[str, str]] = {
    "AguiDoesNotAnswer": {"up": "1x10 0x50", "agui_runs_live": "0x10 stale"},
    "AguiRunsFail": {
        **rising('agui_runs_total{status="failed"}', 6),
        **rising('agui_runs_total{status="finished"}', 12),
    },
    "AguiFirstEventIsSlow": slow("agui_first_event_seconds", "", "60"),
    "AguiStoreFails": rising("agui_store_errors_total", 1),
    "AguiStoreIsSlow": slow("agui_store_seconds", 'step="append",', "1"),
    "AguiLeasesAreLost": rising("agui_leases_lost_total", 1),
    "AguiReadersAreBehind": steady("agui_reader_lag_events", 3000),
    "AguiStartsQueue": steady("agui_runs_queued", 60),
    "AguiNoWorker": {
        **steady('agui_worker_queue_runs{queue="gpu"}', 3),
        **steady('agui_worker_queue_workers{queue="gpu"}', 0),
        **steady('agui_worker_queue_runs{queue="default"}', 3),
        **steady('agui_worker_queue_workers{queue="default"}', 1),
    },
    "AguiQueueGrows": rising('agui_worker_queue_runs{queue="gpu"}', 5),
    "AguiCostIsUnknown": {"agui_cost_unknown_total": "_x30 1x30"},  # one run, the first ever
    "AguiFilesRunOut": {
        **steady("agui_runs_live", 1),
        **steady("process_open_fds", 90),
        **steady("process_max_fds", 100),
    },
    "AguiLimitsRefuseMany": rising('agui_refusals_total{code="TOO_MANY_STARTS"}', 120),
    "AguiSpansAreLost": rising("agui_spans_lost_total", 10),
}
"""What has to happen for each alert to come, as `promtool` lets it happen."""

WELL: Mapping[str, str] = {
    **rising('agui_runs_total{status="finished"}', 60),
    **rising('agui_refusals_total{code="THREAD_NOT_FOUND"}', 120),
    **rising('agui_refusals_total{code="TOO_MANY_STARTS"}', 6),
    **steady("agui_runs_queued", 2),
    **steady('agui_worker_queue_runs{queue="default"}', 20),
    **steady('agui_worker_queue_workers{queue="default"}', 1),
    **steady('agui_worker_queue_runs{queue="idle"}', 0),
    **steady('agui_worker_queue_workers{queue="idle"}', 0),
    **steady("agui_runs_live", 1),
    **steady("up", 1),
    **steady("process_open_fds", 50),
    **steady("process_max_fds", 100),
}


STRANGERS: Mapping[str, str] = {
    **steady('up{job="another"}', 0),
    **steady('process_open_fds{job="another"}', 90),
    **steady('process_max_fds{job="another"}', 100),
}
"""Other servers that the same Prometheus looks at."""


def rules() -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = json.loads(ALERTS.read_text())["groups"][0]["rules"]
    return found


def tried(series: Mapping[str, str], alert: str, *comes: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": it} for name, it in series.items()],
        "alert_rule_test": [{"eval_time": "40m", "alertname": alert, "exp_alerts": list(comes)}],
    }


def labelled(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    code = {"code": "TOO_MANY_STARTS"} if "code)" in rule["expr"] else {}
    queue = {"queue": "gpu"} if "queue)" in rule["expr"] else {}
    return {
        "exp_labels": {**rule["labels"], **code, **queue},
        "exp_annotations": rule["annotations"],
    }


async def test_each_alert_comes_when_it_should_and_only_then(tmp_path: Path) -> None:
    assert {rule["alert"] for rule in rules()} == SERIES.keys()
    tests = [
        each
        for rule in rules()
        for each in (
            tried(SERIES[rule["alert"]], rule["alert"], labelled(rule)),
            tried({**WELL, **STRANGERS}, rule["alert"]),
        )
    ]
    page = tmp_path / "tests.json"
    page.write_text(json.dumps({"rule_files": [str(ALERTS)], "tests": tests}))
    process = await asyncio.create_subprocess_exec(
        *("promtool", "test", "rules", str(page)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
