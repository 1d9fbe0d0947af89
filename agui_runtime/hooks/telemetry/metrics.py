"""Numbers of runs and of stores for Prometheus. Needs `pip install 'agui-runtime[metrics]'`.

No label is a thread, a run, an owner or the text of an error: there may be any number of these.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import fields
from time import perf_counter

from ag_ui.core import RunAgentInput
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from agui_runtime.core.events import RunContext, RunInfo
from agui_runtime.core.figures import Tokens
from agui_runtime.core.meter import tokens_of
from agui_runtime.core.observation import Operation, observe
from agui_runtime.core.queueing import QueueFigures
from agui_runtime.core.schedules import Fired
from agui_runtime.hooks.hook import Hook, RunReport
from agui_runtime.hooks.store_meter import LogReader
from agui_runtime.hooks.telemetry.label_values import LabelValues
from agui_runtime.hooks.telemetry.memory_numbers import MemoryNumbers
from agui_runtime.hooks.telemetry.queue_numbers import QueueNumbers
from agui_runtime.hooks.telemetry.schedule_numbers import ScheduleNumbers

LONG = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
"""Seconds that runs, models and tools take."""

SHORT = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Seconds that a store takes."""

SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)

STEPS = ("claim", "append", "release", "load", "save")


class Metrics(Hook):
    """`CopilotRuntime(hooks=[Metrics(registry)])`; `serve` does so with `AGUI_METRICS`.

    One of it may serve several runtimes, and it measures their stores, too. Without a `registry` it
    makes one, with figures of the process in it.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        if registry is None:
            registry = CollectorRegistry(auto_describe=True)
            ProcessCollector(registry=registry)
        self.registry = registry
        self._values = LabelValues()
        self._runs = _Runs(registry)
        self._store = _Store(registry)
        self._refusals = Counter(
            "agui_refusals",
            "Requests that were answered with an error",
            ["wire", "code"],
            registry=registry,
        )
        self._queues = QueueNumbers(registry, self._values)
        self._schedules = ScheduleNumbers(registry, self._values)
        self._memories = MemoryNumbers(registry)
        self._present = _Present()
        registry.register(self._present)

    def page(self) -> bytes:
        """All numbers, in the form that Prometheus reads."""
        return generate_latest(self.registry)

    async def before_run(self, run: RunInfo, request: RunAgentInput, context: RunContext) -> None:
        self._present.runs[run.thread_id, run.run_id] = None
        observe(_Operations(self._runs, self._memories, self._values))

    async def after_run(self, report: RunReport) -> None:
        self._present.runs.pop((report.run.thread_id, report.run.run_id), None)
        self._runs.ended(report, self._values)

    async def run_lost(self, report: RunReport) -> None:
        await self.after_run(report)

    def count_lost_spans(self, lost: Callable[[], int]) -> None:
        """Show what the function counts: the spans that no collector took."""
        self._present.lost_spans = lost

    def refused(self, wire: str, code: str) -> None:
        """As a RefusalMeter."""
        self._refusals.labels(wire, self._values("code", code)).inc()

    def queues_seen(self, runtime: object, figures: Mapping[str, QueueFigures]) -> None:
        """As a QueueMeter."""
        self._queues.seen(runtime, figures)

    def run_waited(self, queue: str, seconds: float) -> None:
        """As a QueueMeter."""
        self._queues.waited(queue, seconds)

    def schedule_fired(self, fired: Fired) -> None:
        """As a ScheduleMeter."""
        self._schedules.fired(fired)

    # What follows is a StoreMeter's.

    def step_took(self, step: str, seconds: float) -> None:
        self._store.steps[step].observe(seconds)

    def store_failed(self, error: Exception) -> None:
        kind = self._values("kind", getattr(error, "code", type(error).__name__))
        self._store.errors.labels(kind).inc()

    def events_stored(self, count: int) -> None:
        self._present.events += count

    def lease_lost(self) -> None:
        self._store.lost.inc()

    def committed(self, writes: int) -> None:
        self._store.sizes.observe(writes)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        started = perf_counter()
        self._present.queued += 1
        try:
            yield
        finally:
            self._present.queued -= 1
            self._store.waits.observe(perf_counter() - started)

    @contextmanager
    def reading(self, reader: LogReader) -> Iterator[None]:
        self._present.readers.add(reader)
        try:
            yield
        finally:
            self._present.readers.discard(reader)


class _Runs:
    """What is known of runs when they, or their operations, have ended."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def seconds(name: str, text: str, *labels: str) -> Histogram:
            return Histogram(f"agui_{name}_seconds", text, labels, buckets=LONG, registry=registry)

        def count(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"agui_{name}", text, labels, registry=registry)

        self.runs = count("runs", "Runs that ended", "agent", "status", "code")
        self.seconds = seconds("run", "What runs took", "agent")
        self.first = seconds("first_event", "Until the agent's first event", "agent")
        self.models = seconds("model", "What calls of models took", "provider", "model", "status")
        self.tools = seconds("tool", "What calls of tools took", "tool", "status")
        self.tokens = count("tokens", "Tokens; cached and such are parts", "model", "kind")
        self.cost = count("cost_usd", "What runs cost in US dollars", "model")
        self.unknown = count("cost_unknown", "Runs whose cost is not known", "model")

    def ended(self, report: RunReport, value: LabelValues) -> None:
        run, figures = report.run, report.run.figures
        agent = value("agent", run.agent)
        lost = report.failure.code if report.failure else None
        code = figures.error_code if figures else lost
        self.runs.labels(agent, run.status, value("code", code)).inc()
        if run.ended_at is not None:
            self.seconds.labels(agent).observe(max(0.0, run.ended_at - run.started_at))
        if figures is None:
            return
        if figures.first_event_seconds is not None:
            self.first.labels(agent).observe(figures.first_event_seconds)
        if figures.tokens is not None:
            self._count_tokens(report, value)
            model = value("model", figures.model)
            if figures.cost is None:
                self.unknown.labels(model).inc()
            else:
                self.cost.labels(model).inc(float(figures.cost.usd))

    def _count_tokens(self, report: RunReport, value: LabelValues) -> None:
        for entry in report.usage:
            named = entry.get("model")
            model = value("model", named if isinstance(named, str) else None)
            tokens = tokens_of([dict(entry)]) or Tokens()
            for field in fields(Tokens):
                if count := getattr(tokens, field.name):
                    self.tokens.labels(model, field.name).inc(count)


class _Store:
    """What is known of a store when its steps have ended."""

    def __init__(self, registry: CollectorRegistry) -> None:
        steps = Histogram(
            "agui_store_seconds", "Steps of the store", ["step"], buckets=SHORT, registry=registry
        )
        # Looking a label up takes longer than counting.
        self.steps = {step: steps.labels(step) for step in STEPS}
        self.errors = Counter(
            "agui_store_errors", "Steps of the store that failed", ["kind"], registry=registry
        )
        self.lost = Counter(
            "agui_leases_lost", "Threads that another process took over", registry=registry
        )
        self.waits = Histogram(
            "agui_queue_wait_seconds",
            "What starts waited for their threads",
            buckets=LONG,
            registry=registry,
        )
        self.sizes = Histogram(
            "agui_group_commit_size", "Writes in one commit", buckets=SIZES, registry=registry
        )


class _Present(Collector):
    """What there is just now. It is read in the thread of whoever asks, and written in others."""

    def __init__(self) -> None:
        self.runs: dict[tuple[str, str], None] = {}
        self.readers: set[LogReader] = set()
        self.queued = 0
        self.events = 0
        self.lost_spans: Callable[[], int] = int

    def collect(self) -> Iterator[Metric]:
        readers = list(self.readers)
        yield GaugeMetricFamily("agui_runs_live", "Runs of this process", len(self.runs))
        yield GaugeMetricFamily("agui_runs_queued", "Starts that wait", self.queued)
        yield CounterMetricFamily("agui_events", "Events that were stored", self.events)
        yield CounterMetricFamily("agui_spans_lost", "Spans that nobody took", self.lost_spans())
        behind = max((reader.behind for reader in readers), default=0)
        yield GaugeMetricFamily(
            "agui_reader_lag_events", "How far the slowest reader of a live run is behind", behind
        )
        open_ = GaugeMetricFamily("agui_readers", "Open streams", labels=["wire"])
        for wire, count in Tally(reader.wire for reader in readers).items():
            open_.add_metric([wire], count)
        yield open_


class _Operations:
    """`Observer` of a run's calls of models and tools, and of what is remembered."""

    def __init__(self, runs: _Runs, memories: MemoryNumbers, values: LabelValues) -> None:
        self._runs = runs
        self._memories = memories
        self._values = values

    def begin(self, operation: Operation) -> _Timer:
        return _Timer(operation, self._runs, self._memories, self._values)

    def headers(self) -> Mapping[str, str]:
        return {}


class _Timer:
    """`Watch` of one operation."""

    def __init__(
        self, operation: Operation, runs: _Runs, memories: MemoryNumbers, values: LabelValues
    ) -> None:
        self._operation = operation
        self._runs = runs
        self._memories = memories
        self._values = values
        self._started = perf_counter()

    def inside(self) -> AbstractContextManager[object]:
        return nullcontext()

    def answered(self) -> None:
        """Only the whole is measured."""

    def headers(self) -> Mapping[str, str]:
        return {}

    def end(self) -> None:
        seconds, it, value = perf_counter() - self._started, self._operation, self._values
        status = "failed" if it.failure else "ok"
        if it.kind == "chat":
            labels = value("provider", it.provider), value("model", it.name), status
            self._runs.models.labels(*labels).observe(seconds)
        elif it.kind == "execute_tool":
            self._runs.tools.labels(value("tool", it.name), status).observe(seconds)
        elif it.kind != "invoke_agent":
            self._memories.took(it, seconds, status)
