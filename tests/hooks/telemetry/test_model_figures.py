"""Figures of calls of models, as a collector of OpenTelemetry receives them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from agui_runtime.hooks.telemetry.names import EDITIONS
from tests.fakes.collector import Collector, Point
from tests.fakes.model import ModelServer
from tests.hooks.telemetry.test_spans import BODY, PLAIN, model as model
from tests.ports import free_port
from tests.programs import serving

FAILING = BODY | {
    "threadId": "t2",
    "runId": "r2",
    "messages": [{"id": "u1", "role": "user", "content": "[error:401]"}],
}

AGAIN = PLAIN | {"threadId": "t3", "runId": "r3"}

CLIENT = "gen_ai.client."
SUMS = {"input_tokens": 22, "output_tokens": 14}
PARTS = {"cache_read.input_tokens": 8, "reasoning.output_tokens": 6}

EXPECTED: dict[str, dict[str, dict[str, float]]] = {
    "0.1.0": {
        "histograms": {
            **{f"{CLIENT}inference.operation.{name}": value for name, value in SUMS.items()},
        },
        "sums": {
            f"{CLIENT}inference.usage.{name}": value for name, value in (SUMS | PARTS).items()
        },
    },
    "1.41": {
        "histograms": {f"{CLIENT}token.usage input": 22, f"{CLIENT}token.usage output": 14},
        "sums": {},
    },
}


async def collected(model: ModelServer, **settings: str) -> list[Point]:
    """What `serve` sends of two calls of a model that answers, and of one that does not."""
    with Collector() as collector:
        environment = {
            "AGUI_APP": "tests.hooks.telemetry.traced_app:runtime",
            "MODEL_URL": model.url,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            **settings,
        }
        async with serving(**environment) as (process, origin, _), httpx.AsyncClient() as client:
            for body in (PLAIN, AGAIN, FAILING):
                await client.post(f"{origin}/copilotkit/agent/default/run", json=body, timeout=60)
            process.terminate()
            await process.communicate()
        return collector.points


def name_of(point: Point) -> str:
    kind = point.attributes.get("gen_ai.token.type", "")
    return f"{point.name} {kind}".strip()


@pytest.mark.parametrize("edition", EXPECTED)
async def test_durations_and_tokens_reach_the_collector(edition: str, model: ModelServer) -> None:
    points = await collected(model, AGUI_GENAI_NAMES=edition)
    chosen, expected = EDITIONS[edition], EXPECTED[edition]
    durations = [point for point in points if point.name == chosen.duration]
    about: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "large",
        "server.address": "127.0.0.1",
        "server.port": httpx.URL(model.url).port,
    }
    found = {point.attributes.get("error.type", ""): point for point in durations}
    assert found.keys() == {"", "MODEL_AUTHENTICATION"}
    assert found[""].attributes == about
    assert (found[""].count, found[""].unit) == (2, "s")
    assert found["MODEL_AUTHENTICATION"].count == 1
    first = next(point for point in points if point.name == chosen.first_chunk)
    assert 0 < first.value < found[""].value
    tokens = [point for point in points if point.unit == "{token}"]
    assert {name_of(each): each.value for each in tokens if each.count} == expected["histograms"]
    assert {each.name: each.value for each in tokens if not each.count} == expected["sums"]
    assert all(point.schema == chosen.schema_url for point in points)
    assert all(point.resource["service.name"] == "agui-runtime" for point in points)
    assert all(point.resource["service.instance.id"] for point in points)
    assert "sk-test" not in repr(points)


async def test_no_figures_are_sent_where_nobody_wants_them(model: ModelServer) -> None:
    assert await collected(model, OTEL_METRICS_EXPORTER="none") == []


async def test_a_collector_that_takes_no_figures_is_one_line(model: ModelServer) -> None:
    settings = {
        "AGUI_APP": "tests.hooks.telemetry.traced_app:runtime",
        "MODEL_URL": model.url,
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
        "OTEL_METRIC_EXPORT_INTERVAL": "50",
    }
    async with serving(**settings) as (process, origin, _), httpx.AsyncClient() as client:
        answer = await client.post(f"{origin}/copilotkit/agent/default/run", json=PLAIN)
        assert "RUN_FINISHED" in answer.text
        assert process.stderr is not None
        line = b""
        while b"figures of models were not taken" not in line:
            line = await process.stderr.readline()
        process.terminate()
        _, err = await process.communicate()
    assert b"OTEL_METRICS_EXPORTER=none" in line
    assert b"not taken" not in err
    assert b"Traceback" not in err
