"""Spans that nobody takes, and places for spans that are none."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from agui_runtime.hooks.telemetry.export import EVERY, Warnings, WatchedExporter
from tests.fakes.model import ModelServer
from tests.hooks.telemetry.test_metrics import samples
from tests.hooks.telemetry.test_spans import BODY, model as model
from tests.ports import free_port
from tests.programs import finished, serving


class Deaf(SpanExporter):
    """A collector that is away."""

    def export(self, spans: Any) -> SpanExportResult:  # noqa: ANN401  # whatever it is
        return SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """Nothing is open."""


def test_a_collector_that_is_away_is_one_warning_a_minute(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [0.0]
    warnings = Warnings("http://user:password@127.0.0.1:1", lambda: now[0])
    exporter = WatchedExporter(Deaf(), warnings)
    for _ in range(3):
        exporter.export([])
        warnings.lose(2)
    assert len(caplog.records) == 1
    now[0] = EVERY
    warnings.lose(1)
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert "7 spans were lost" in caplog.records[1].getMessage()
    assert "password" not in caplog.text


async def lost_spans(client: httpx.AsyncClient, address: str) -> float:
    """How many Prometheus is told of."""
    page = await client.get(f"http://{address}/metrics")
    return samples(page.text)["agui_spans_lost_total{}"]


async def test_runs_go_on_where_nobody_takes_spans(model: ModelServer) -> None:
    metrics = f"127.0.0.1:{free_port()}"
    settings = {
        "AGUI_APP": "tests.hooks.telemetry.traced_app:runtime",
        "AGUI_METRICS": metrics,
        "MODEL_URL": model.url,
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
        "OTEL_BSP_SCHEDULE_DELAY": "10",
    }
    async with serving(**settings) as (process, origin, _), httpx.AsyncClient() as client:
        for number in range(3):
            body = BODY | {"threadId": f"t{number}", "runId": f"r{number}"}
            answer = await client.post(f"{origin}/copilotkit/agent/default/run", json=body)
            assert "RUN_FINISHED" in answer.text
        while not await lost_spans(client, metrics):  # noqa: ASYNC110  # nobody tells of it
            await asyncio.sleep(0.05)
        process.terminate()
        _, err = await process.communicate()
    lines = [line for line in err.decode().splitlines() if "spans were lost" in line]
    assert len(lines) == 1
    assert "Traceback" not in err.decode()


@pytest.mark.parametrize("url", ["u:secret@localhost:4317", "http://host:secret", "http://[::1"])
async def test_a_place_for_spans_that_is_no_url_is_refused(url: str, tmp_path: Path) -> None:
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "AGUI_DATA": str(tmp_path)}
    code, _, err = await finished("serve", "--port", str(free_port()), **settings)
    assert (code, err.startswith("agui-runtime: OTEL_EXPORTER_OTLP_ENDPOINT must be")) == (2, True)
    assert "secret" not in err


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"AGUI_GENAI_NAMES": "1.41"}, "AGUI_GENAI_NAMES: set OTEL_EXPORTER_OTLP_ENDPOINT, too"),
        ({"AGUI_GENAI_NAMES": "2"}, "AGUI_GENAI_NAMES must be 0.1.0 or 1.41, not '2'"),
        ({"AGUI_TELEMETRY_KEY": "k"}, "AGUI_TELEMETRY_KEY: set OTEL_EXPORTER_OTLP_ENDPOINT, too"),
    ],
)
async def test_settings_of_spans_without_an_address_are_refused(
    settings: dict[str, str], words: str
) -> None:
    code, _, err = await finished("serve", **settings)
    assert (code, err) == (2, f"agui-runtime: {words}\n")
