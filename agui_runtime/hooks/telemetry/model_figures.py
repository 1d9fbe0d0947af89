"""Durations and tokens of calls of models, as histograms and counters of OpenTelemetry by its
conventions for generative AI: `pip install 'agui-runtime[otel]'`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter

from ag_ui.core import RunAgentInput
from opentelemetry import metrics
from opentelemetry.metrics import Counter, Histogram, MeterProvider

from agui_runtime.core.events import RunContext, RunInfo
from agui_runtime.core.meter import tokens_of
from agui_runtime.core.observation import Operation, observe
from agui_runtime.hooks.hook import Hook
from agui_runtime.hooks.telemetry import names
from agui_runtime.hooks.telemetry.calls import attributes_of_call
from agui_runtime.hooks.telemetry.label_values import LabelValues

SECONDS = tuple(0.01 * 2**power for power in range(14))
FIRST = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
TOKENS = tuple(4**power for power in range(14))
"""The bounds that the conventions want."""

Attributes = Mapping[str, str | int]


class ModelFigures(Hook):
    """`CopilotRuntime(hooks=[ModelFigures()])` in an app that has set up OpenTelemetry; `serve`
    does both where `OTEL_EXPORTER_OTLP_ENDPOINT` is set. `edition` is that of the names.
    """

    def __init__(
        self, provider: MeterProvider | None = None, *, edition: str = names.NEWEST
    ) -> None:
        chosen = names.names_of(edition)
        self._meter = metrics.get_meter(
            "agui_runtime", meter_provider=provider, schema_url=chosen.schema_url
        )
        self.seconds = self._histogram(chosen.duration, "s", "What calls of models took", SECONDS)
        self.first = self._histogram(chosen.first_chunk, "s", "Until the first piece", FIRST)
        histograms = {name for name, _ in chosen.tokens_of_call.values()}
        by_name = {name: self._histogram(name, "{token}", "Tokens", TOKENS) for name in histograms}
        self.tokens: Mapping[str, tuple[Histogram, Attributes]] = {
            kind: (by_name[name], more) for kind, (name, more) in chosen.tokens_of_call.items()
        }
        self.sums: Mapping[str, Counter] = {
            kind: self._meter.create_counter(name, "{token}", "Tokens")
            for kind, name in chosen.token_sums.items()
        }
        self.values = LabelValues()

    async def before_run(self, run: RunInfo, request: RunAgentInput, context: RunContext) -> None:
        observe(_Calls(self))

    def _histogram(self, name: str, unit: str, text: str, bounds: tuple[float, ...]) -> Histogram:
        return self._meter.create_histogram(
            name, unit, text, explicit_bucket_boundaries_advisory=bounds
        )


class _Calls:
    """`Observer` of a run's calls of models."""

    def __init__(self, figures: ModelFigures) -> None:
        self._figures = figures

    def begin(self, operation: Operation) -> _Call | None:
        return _Call(operation, self._figures) if operation.kind == "chat" else None

    def headers(self) -> Mapping[str, str]:
        return {}


class _Call:
    """`Watch` of one of them."""

    def __init__(self, operation: Operation, figures: ModelFigures) -> None:
        self._operation = operation
        self._figures = figures
        self._attributes = attributes_of_call(operation)
        self._attributes[names.REQUEST_MODEL] = figures.values("model", operation.name)
        self._started = perf_counter()

    def inside(self) -> AbstractContextManager[object]:
        return nullcontext()

    def answered(self) -> None:
        self._figures.first.record(perf_counter() - self._started, self._attributes)

    def headers(self) -> Mapping[str, str]:
        return {}

    def end(self) -> None:
        seconds, failure = perf_counter() - self._started, self._operation.failure
        error = {names.ERROR: self._figures.values("error", failure)} if failure else {}
        self._figures.seconds.record(seconds, {**self._attributes, **error})
        tokens = tokens_of([dict(self._operation.usage)]) if self._operation.usage else None
        if tokens is None:
            return
        for kind, (histogram, more) in self._figures.tokens.items():
            if (count := getattr(tokens, kind)) is not None:
                histogram.record(count, {**self._attributes, **more})
        for kind, counter in self._figures.sums.items():
            if count := getattr(tokens, kind):
                counter.add(count, self._attributes)
