"""Shows the dashboard that is shipped with data in it: `python3 scripts.py dashboard`.

A Prometheus scrapes `serve` with two processes over PostgreSQL, while users come and go, a model's
key is wrong, the store is down, a process hangs, and at last the server dies. Exits with 1 if a
panel stays empty or an alert does not come that should; time is thirty times as fast for the rules.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from tests.dashboard.panels import panels, substituted, variables
from tests.dashboard.picture import WIDTH, Shown, Times, draw, shown
from tests.dashboard.prometheus import Prometheus, hurried, watching
from tests.dashboard.scenario import PARTS, World, usual_hours
from tests.fakes.model import ModelServer
from tests.ports import free_port
from tests.programs import discarded, serving
from tests.stores.postgres_server import PostgresServer

HURRY = 30.0
SCRAPE = 4.0
"""Seconds; longer than the server's parent waits for a process that hangs."""

TROUBLE = frozenset({"AguiRunsFail", "AguiStoreFails", "AguiLeasesAreLost", "AguiDoesNotAnswer"})
"""Alerts that must not come before something is broken, and must come then."""

ALWAYS = frozenset({"AguiCostIsUnknown", "AguiSpansAreLost"})
"""These come by what is usual here: a model without a price, and a collector that is not there."""


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Alerts:
    """Those that have been seen firing."""

    def __init__(self) -> None:
        self.seen = set[str]()
        self._news = asyncio.Event()

    @asynccontextmanager
    async def watched(self, prometheus: Prometheus) -> AsyncIterator[None]:
        watching = asyncio.create_task(self._watch(prometheus))
        try:
            yield
        finally:
            watching.cancel()

    async def _watch(self, prometheus: Prometheus) -> None:
        while True:
            for name, labels in (await prometheus.firing()).items():
                if name not in self.seen:
                    say(f"firing: {dict(labels)}")
                self.seen.add(name)
                self._news.set()
            await asyncio.sleep(1)

    async def come(self, names: frozenset[str], seconds: float) -> frozenset[str]:
        """Those that have not come after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not names <= self.seen:
                    self._news.clear()
                    await self._news.wait()
        return names - self.seen


async def answers(prometheus: Prometheus, times: Times) -> Sequence[Shown]:
    """What each panel shows."""
    instances = await prometheus.instances()
    found = []
    for panel in panels():
        step = max(times.step, (times.end - times.start) / (WIDTH * panel.place[2] / 24))
        chosen = variables(instances, interval=step, scrape=SCRAPE)
        queries = [substituted(target.expression, chosen) for target in panel.targets]
        curves = [
            await prometheus.between(each, times.start, times.end, times.step) for each in queries
        ]
        found.append(shown(panel, curves))
    return found


def empty(found: Sequence[Shown]) -> Sequence[str]:
    """The queries, by their panels, that no number came for."""
    problems = []
    for each in found:
        names = {line.name for line in each.lines}
        plain = [target.legend for target in each.panel.targets if "{{" not in target.legend]
        if each.panel.targets and (not names or not names >= set(plain)):
            problems.append(f"{each.panel.title}: only {sorted(names)}")
    return problems


async def happened(stack: AsyncExitStack, folder: Path, picture: Path) -> Sequence[str]:
    """Everything in turn. Answers what was wrong with it."""
    database = PostgresServer()
    stack.callback(database.stop)
    model = await stack.enter_async_context(ModelServer())
    target = f"127.0.0.1:{free_port()}"
    settings = {"AGUI_APP": "tests.hooks.telemetry.panels_app:mounts", "AGUI_METRICS": target}
    settings |= {"AGUI_PROCESSES": "2", "AGUI_STORE": "", "AGUI_DRAIN_SECONDS": "0"}
    settings |= {"AGUI_WIRES": "rest"}  # by which runs are made to recur
    settings |= {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}"}
    settings |= {"MODEL_URL": model.url, "STORE_URL": database.database()}
    rules = hurried(folder, HURRY)
    watched = watching(target, folder, alerts=rules, seconds=SCRAPE)
    prometheus = await stack.enter_async_context(watched)
    alerts = Alerts()
    await stack.enter_async_context(alerts.watched(prometheus))
    async with serving(**settings) as (process, origin, _):
        begun = time.time()
        with discarded(process):
            async with httpx.AsyncClient(base_url=origin, timeout=60) as client:
                problems = await lived(World(client, database, process.pid), alerts)
        found = await answers(prometheus, Times(begun, time.time(), SCRAPE))
        draw(found, Times(begun, time.time(), SCRAPE), picture)
        problems += [f"no numbers: {each}" for each in empty(found)]
    missing = await alerts.come(TROUBLE | ALWAYS, 60)
    return [*problems, *(f"never came: {name}" for name in sorted(missing))]


async def lived(world: World, alerts: Alerts) -> list[str]:
    """Each part in turn. Answers which alerts came too early."""
    early = set[str]()
    async with usual_hours(world):
        for number, part in enumerate(PARTS):
            say(part.__name__.replace("_", " "))
            await part(world)
            if number == 0:
                early = alerts.seen & TROUBLE
    return [f"came too early: {name}" for name in sorted(early)]


async def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts.py dashboard", description=__doc__)
    parser.add_argument("--picture", type=Path, default=Path("dashboard.png"))
    options = parser.parse_args()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        problems = await happened(stack, folder, options.picture)
    for problem in problems:
        say(f"WRONG: {problem}")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
