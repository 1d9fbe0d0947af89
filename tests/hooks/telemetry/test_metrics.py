"""Numbers for Prometheus, read by its own parser."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, aclosing, contextmanager
from typing import Any

import httpx
import pytest
from ag_ui.core import RunAgentInput
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from agui_runtime import CopilotRuntime, Options, create_app
from agui_runtime.commands.measuring import answering
from agui_runtime.commands.metrics_server import MOST, _Handler
from agui_runtime.core.errors import Misconfigured, StoreUnavailable
from agui_runtime.core.events import Event
from agui_runtime.hooks.telemetry.label_values import OTHER, LabelValues
from agui_runtime.hooks.telemetry.metrics import Metrics
from agui_runtime.stores.base import Lease
from agui_runtime.stores.layers.delegating import DelegatingLog, DelegatingStore
from agui_runtime.stores.memory import MemoryStore
from tests.hooks.telemetry.measured_app import runtime_with
from tests.ports import free_port
from tests.programs import finished, serving
from tests.runtime.worlds import Scripted, asking, ran, text, told
from tests.support import client_of

BODY: dict[str, Any] = {
    "threadId": "t1",
    "runId": "r1",
    "messages": [{"id": "u1", "role": "user", "content": "hi"}],
    "tools": [],
    "context": [],
    "state": {},
    "forwardedProps": {},
}

NAMES = {
    *("agui_runs", "agui_run_seconds", "agui_first_event_seconds", "agui_runs_live"),
    *("agui_runs_queued", "agui_queue_wait_seconds", "agui_events", "agui_readers"),
    *("agui_reader_lag_events", "agui_store_seconds", "agui_store_errors", "agui_leases_lost"),
    *("agui_group_commit_size", "agui_tokens", "agui_cost_usd", "agui_cost_unknown"),
    *("agui_tool_seconds", "agui_model_seconds", "agui_refusals", "agui_spans_lost"),
    *("agui_worker_queue_runs", "agui_worker_queue_oldest_seconds"),
    *("agui_worker_queue_workers", "agui_worker_queue_wait_seconds"),
    *("agui_memory_seconds", "agui_memory_entries"),
}


def samples(page: str) -> dict[str, float]:
    """The samples of a page as the parser of the client reads them, as `name{label=value}`."""
    found = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


def families(page: str) -> set[str]:
    return {family.name for family in text_string_to_metric_families(page)}


def scraped(metrics: Metrics) -> dict[str, float]:
    return samples(generate_latest(metrics.registry).decode())


async def test_a_real_server_exports_all_names_and_counts_its_runs() -> None:
    port = free_port()
    settings = {"AGUI_METRICS": f"127.0.0.1:{port}"}
    async with serving(**settings) as (_, origin, _), httpx.AsyncClient() as client:
        answer = await client.post(f"{origin}/copilotkit/agent/default/run", json=BODY)
        assert "RUN_FINISHED" in answer.text
        page = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
        assert (await client.get(f"{origin}/metrics")).status_code == 404
    assert families(page) >= NAMES
    found = samples(page)
    assert found["agui_runs_total{agent=default,code=,status=finished}"] == 1
    assert found["agui_run_seconds_count{agent=default}"] == 1
    assert found["agui_events_total{}"] == answer.text.count("data:")
    assert found["agui_runs_live{}"] == 0
    assert found["process_resident_memory_bytes{}"] > 0


@pytest.mark.parametrize("host", ["localhost", "0.0.0.0"])
async def test_figures_are_not_shown_on_the_port_of_pages(host: str) -> None:
    port = free_port()
    code, _, lines = await finished("serve", "--port", str(port), AGUI_METRICS=f"{host}:{port}")
    assert code == 2
    assert lines == (
        f"agui-runtime: AGUI_METRICS={host}:{port} is where the server itself listens; name"
        " another port\n"
    )


async def test_a_metrics_port_that_is_taken_is_one_line_and_exit_code_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = await finished(
            "serve", "--port", str(free_port()), AGUI_METRICS=f"127.0.0.1:{port}"
        )
    assert code == 2
    assert err == (
        f"agui-runtime: AGUI_METRICS=127.0.0.1:{port} cannot be opened: Address already in use\n"
    )


@pytest.mark.parametrize("value", ["9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", ":9464"])
async def test_a_metrics_address_that_is_none_is_refused(value: str) -> None:
    code, _, err = await finished("serve", AGUI_METRICS=value)
    assert code == 2
    assert "AGUI_METRICS must be a host and a port" in err


async def test_tools_tokens_and_costs_are_counted() -> None:
    metrics = Metrics()
    runtime = runtime_with(metrics)
    await ran(runtime, asking())
    found = scraped(metrics)
    assert found["agui_tool_seconds_count{status=ok,tool=weather}"] == 1
    assert found["agui_tool_seconds_count{status=failed,tool=broken}"] == 1
    assert found["agui_tokens_total{kind=input,model=gpt-4o-mini}"] == 1000
    assert found["agui_tokens_total{kind=output,model=gpt-4o-mini}"] == 100
    assert found["agui_cost_usd_total{model=gpt-4o-mini}"] == pytest.approx(0.00021)
    assert "agui_cost_unknown_total{model=gpt-4o-mini}" not in found
    await runtime.close()


async def test_a_failed_run_is_counted_by_its_code_and_an_unknown_cost_as_one() -> None:
    metrics = Metrics()
    runtime = runtime_with(metrics)
    await ran(runtime, asking(agent="failing"))
    usage = [{"model": "home-made", "inputTokens": 1, "outputTokens": 1}]
    end = {"type": "RUN_FINISHED", "threadId": "t2", "runId": "r2", "usage": usage}
    other = CopilotRuntime({"default": Scripted(*text("m", "x"), end)}, hooks=[metrics])
    await ran(other, asking(thread="t2", run="r2"))
    found = scraped(metrics)
    assert found["agui_runs_total{agent=failing,code=NOT_TODAY,status=failed}"] == 1
    assert found["agui_cost_unknown_total{model=home-made}"] == 1
    await runtime.close()
    await other.close()


class Gated:
    """Says something, waits for its gate, says more, and waits for the other one."""

    name = "gated"
    description = "Waits"

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.said_more = asyncio.Event()
        self.last_gate = asyncio.Event()
        self.last_gate.set()

    async def run(self, request: RunAgentInput) -> AsyncIterator[Mapping[str, str]]:
        yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m", "delta": "hi"}
        await self.gate.wait()
        yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m", "delta": "there"}
        self.said_more.set()
        await self.last_gate.wait()


async def test_what_is_live_is_shown_while_it_is_and_readers_are_by_wire() -> None:
    metrics, agent = Metrics(), Gated()
    runtime = CopilotRuntime({"default": agent}, hooks=[metrics])
    async with (
        client_of(create_app(runtime)) as client,
        client.stream("POST", "/copilotkit/agent/default/run", json=BODY) as answer,
    ):
        lines = answer.aiter_lines()
        async for line in lines:
            if "TEXT_MESSAGE_CONTENT" in line:
                break
        found = scraped(metrics)
        assert found["agui_runs_live{}"] == 1
        assert found["agui_readers{wire=agui}"] == 1
        assert found["agui_reader_lag_events{}"] == 0
        agent.gate.set()
        async for _ in lines:
            pass
    assert scraped(metrics)["agui_runs_live{}"] == 0
    assert "agui_readers{wire=agui}" not in scraped(metrics)


async def test_a_reader_that_does_not_read_on_is_seen_to_be_behind() -> None:
    metrics, agent = Metrics(), Gated()
    runtime = CopilotRuntime({"default": agent}, hooks=[metrics])
    agent.last_gate.clear()
    handle = await runtime.start(asking(run="r1"))
    async with aclosing(runtime.store.log.follow("t1", None)) as batches:
        first = await anext(batches)
        agent.gate.set()
        await agent.said_more.wait()
        behind = (await runtime.store.log.end("t1")).seq - first.cursor.seq
        assert behind > 0
        assert scraped(metrics)["agui_reader_lag_events{}"] == behind
        agent.last_gate.set()
        await told(handle)
        # Nobody is behind a run that is over.
        assert scraped(metrics)["agui_reader_lag_events{}"] == 0
    await runtime.close()


async def test_a_start_that_waits_for_its_thread_is_queued_and_timed() -> None:
    metrics, agent = Metrics(), Gated()
    runtime = CopilotRuntime({"default": agent}, hooks=[metrics], options=Options(on_busy="queue"))
    first = await runtime.start(asking(run="r1"))
    second = asyncio.create_task(ran(runtime, asking(run="r2")))
    while not scraped(metrics)["agui_runs_queued{}"]:  # noqa: ASYNC110  # nobody tells of it
        await asyncio.sleep(0)
    agent.gate.set()
    await told(first)
    await second
    found = scraped(metrics)
    assert found["agui_runs_queued{}"] == 0
    assert found["agui_queue_wait_seconds_count{}"] >= 1
    await runtime.close()


class Failing(DelegatingLog):
    """Stores nothing more after the claim."""

    async def append(self, lease: Lease, events: Sequence[Event]) -> None:
        raise StoreUnavailable("away")


async def test_a_store_that_fails_is_counted_by_what_it_was() -> None:
    metrics, below = Metrics(), MemoryStore()
    store = DelegatingStore(below, Failing(below.log), below.states, below.threads)
    runtime = CopilotRuntime({"default": Scripted()}, store=store, hooks=[metrics])
    handle = await runtime.start(asking())
    await told(handle)
    assert scraped(metrics)["agui_store_errors_total{kind=STORE_UNAVAILABLE}"] >= 1
    await runtime.close()


async def test_no_label_names_a_thread_a_run_or_an_owner() -> None:
    metrics = Metrics()
    runtime = runtime_with(metrics)
    for agent in ("default", "failing"):
        await ran(runtime, asking(thread="secret-thread", run=f"secret-{agent}", agent=agent))
    page = generate_latest(metrics.registry).decode()
    assert "secret" not in page
    assert '"ann"' not in page
    await runtime.close()


def test_a_label_has_so_many_values_and_no_more() -> None:
    values = LabelValues(2)
    assert [values("model", name) for name in "abcab"] == ["a", "b", OTHER, "a", "b"]
    assert values("tool", "c") == "c"
    assert values("tool", None) == ""


async def test_an_open_runtime_does_not_begin_to_measure_its_store() -> None:
    runtime = CopilotRuntime({"default": Scripted()})
    async with runtime.lifespan():
        with pytest.raises(Misconfigured, match="before the runtime is opened"):
            runtime.add_hook(Metrics())


def test_half_requests_hold_few_places_and_keep_nobody_out() -> None:
    port = free_port()
    with ExitStack() as stack:
        stack.enter_context(answering(("127.0.0.1", port), CollectorRegistry()))
        halves = [stack.enter_context(half_a_request(port)) for _ in range(3 * MOST)]
        assert httpx.get(f"http://127.0.0.1:{port}/metrics").status_code == 200
        for closed in halves[: 2 * MOST]:
            assert closed.recv(1) == b""


def test_half_a_request_is_given_up_in_silence(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_Handler, "timeout", 0.01)
    port = free_port()
    with answering(("127.0.0.1", port), CollectorRegistry()), half_a_request(port) as half:
        assert half.recv(1) == b""
    assert capfd.readouterr().err == ""


@contextmanager
def half_a_request(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(b"GET /met")
        yield connection
