"""Measures what watching costs a token: `python3 scripts.py bench telemetry`.

Whole runs in this process, over the memory store, without any hook and with everything on: metrics,
spans that are sent to a collector, and lines of JSON; in turns, and the best rounds count. Exits
with 1 if a run lost an event, or if the goal was missed.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from agui_runtime import CopilotRuntime
from agui_runtime.hooks.run_log import RunLogger
from agui_runtime.hooks.telemetry.json_lines import JsonLines
from agui_runtime.hooks.telemetry.metrics import Metrics
from agui_runtime.hooks.telemetry.model_figures import ModelFigures
from agui_runtime.hooks.telemetry.spans import Spans
from bench.idleness import watched
from bench.wrappers import agent_of, measured, words
from tests.fakes.collector import Collector

GOAL = 1.15
"""So many times the CPU of a token without it."""


@contextmanager
def json_lines() -> Iterator[None]:
    logger, handler = logging.getLogger("agui_runtime"), logging.StreamHandler(io.StringIO())
    handler.setFormatter(JsonLines())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield
    logger.removeHandler(handler)


async def measure(rounds: int) -> tuple[float, float]:
    """The microseconds of a token, without and with everything."""
    with Collector() as collector, json_lines():
        provider = TracerProvider()
        exporter = OTLPSpanExporter(f"{collector.url}/v1/traces")
        provider.add_span_processor(BatchSpanProcessor(exporter))
        agent = agent_of(words)
        plain = CopilotRuntime({"default": agent})
        meters = MeterProvider([InMemoryMetricReader()])
        hooks = [Metrics(), Spans(provider), ModelFigures(meters), RunLogger()]
        watched = CopilotRuntime({"default": agent}, hooks=hooks)
        costs: dict[CopilotRuntime, list[float]] = {plain: [], watched: []}
        for _ in range(rounds + 1):  # the first warms up
            for runtime, found in costs.items():
                found.append(await measured(runtime))
        await asyncio.to_thread(provider.shutdown)
        meters.shutdown()
        if len(collector.spans) != rounds + 1:
            raise SystemExit(f"WRONG: {len(collector.spans)} spans came of {rounds + 1}")
    return min(costs[plain][1:]), min(costs[watched][1:])


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts.py bench telemetry", description=__doc__)
    parser.add_argument("--rounds", type=int, default=25, help="of which the best counts")
    plain, watched = asyncio.run(measure(parser.parse_args().rounds))
    is_met = watched / plain <= GOAL
    print(f"us of CPU a token: {plain:.1f} without, {watched:.1f} with everything on")
    print(f"{watched / plain:.2f} times; goal: {GOAL}: {'met' if is_met else 'missed'}")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(watched(main))
