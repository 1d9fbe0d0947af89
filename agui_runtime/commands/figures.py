"""The numbers of several processes as those of one, which their parent shows to Prometheus.

Counters are sums over all processes that there have been, so that they never fall; gauges are those
of the processes that there are. What is said of a process itself has its number as a label.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from agui_runtime.commands.lifeline import FIGURES, Lifeline

PATIENCE = 2.0
"""Seconds that processes have for their numbers; of one that is too busy the earlier ones count."""

LARGEST_OF_ALL = frozenset(
    {
        "agui_reader_lag_events",
        "agui_worker_queue_runs",
        "agui_worker_queue_oldest_seconds",
        "agui_worker_queue_workers",
    }
)
"""Gauges of which the sum says nothing: of queues all processes see the same."""

OF_A_PROCESS = "process_"
"""How the names begin of what is said of a process itself."""

Labels = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Family:
    """One metric: its samples by name and labels."""

    kind: str
    text: str
    samples: dict[tuple[str, Labels], float] = field(default_factory=dict)

    def count(self, sample: str, labels: Labels, value: float, *, largest: bool = False) -> None:
        known = self.samples.get((sample, labels), 0.0)
        self.samples[sample, labels] = max(known, value) if largest else known + value


class Sums:
    """Families of several pages together."""

    def __init__(self, past: Sums | None = None) -> None:
        self.families: dict[str, Family] = {}
        for name, family in past.families.items() if past else ():
            self.families[name] = Family(family.kind, family.text, dict(family.samples))

    def add(self, pid: int, page: str) -> None:
        """What a process counts now."""
        for found in _families(page):
            about: Labels = (("process", str(pid)),) if _is_of_a_process(found) else ()
            self._add(found, about)

    def add_past(self, page: str) -> None:
        """What a process had counted that is gone."""
        for found in _families(page):
            if found.type != "gauge" and not _is_of_a_process(found):
                self._add(found, ())

    def metrics(self) -> Iterator[Metric]:
        for name, family in self.families.items():
            metric = Metric(name, family.text, family.kind)
            for (sample, labels), value in family.samples.items():
                metric.add_sample(sample, dict(labels), value)
            yield metric

    def _add(self, found: Metric, about: Labels) -> None:
        family = self.families.setdefault(found.name, Family(found.type, found.documentation))
        largest = found.name in LARGEST_OF_ALL
        for sample in found.samples:
            labels = (*sample.labels.items(), *about)
            family.count(sample.name, labels, sample.value, largest=largest)


class Figures(Collector):
    """Gathers what the processes count; `gather` while somebody may call `collect`."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sources: list[_Source] = []
        self._past = Sums()

    async def follow(self, pid: int, line: Lifeline) -> None:
        """Until the process is gone; what it has counted stays in the sums."""
        self._loop = asyncio.get_running_loop()
        source = _Source(pid, line)
        self._sources.append(source)
        try:
            await source.read()
        finally:
            self._sources.remove(source)
            self._past.add_past(source.page)

    def collect(self) -> Iterator[Metric]:
        """Called in a thread of the server that answers Prometheus."""
        if self._loop is None:
            return
        sums, pages = asyncio.run_coroutine_threadsafe(self._gathered(), self._loop).result()
        for pid, page in pages:
            sums.add(pid, page)
        yield from sums.metrics()

    async def _gathered(self) -> tuple[Sums, list[tuple[int, str]]]:
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*(each.refresh() for each in self._sources))
        return Sums(self._past), [(each.pid, each.page) for each in self._sources]


class _Source:
    """One process, and what it said last."""

    def __init__(self, pid: int, line: Lifeline) -> None:
        self.pid = pid
        self.page = ""
        self._line = line
        self._come = asyncio.Event()
        self._gone = False

    async def read(self) -> None:
        try:
            while (page := await self._line.body()) is not None:
                self.page = page.decode()
                self._come.set()
        finally:
            self._gone = True
            self._come.set()

    async def refresh(self) -> None:
        if not self._gone:
            self._come.clear()
            self._line.say(FIGURES)
            await self._come.wait()


def _families(page: str) -> Iterator[Metric]:
    """Without the moments at which counters were made, which this form shows as numbers."""
    return (
        each for each in text_string_to_metric_families(page) if not each.name.endswith("_created")
    )


def _is_of_a_process(found: Metric) -> bool:
    return found.name.startswith(OF_A_PROCESS)
