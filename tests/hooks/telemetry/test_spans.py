"""Runs as spans of OpenTelemetry, as a collector receives them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.core.errors import Misconfigured
from agui_runtime.hooks.telemetry.contents import LONGEST
from agui_runtime.hooks.telemetry.names import EDITIONS
from agui_runtime.hooks.telemetry.spans import Spans
from tests.fakes.collector import Collector, Received, tree
from tests.fakes.model import ModelServer
from tests.hooks.telemetry.measured_app import runtime_with
from tests.hooks.telemetry.traced_app import traced_runtime
from tests.programs import ROOT, serving
from tests.runtime.worlds import Scripted, asking, call, ran
from tests.support import client_of

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"

QUESTION = '[tool:weather {"city": "Rome"}] [tool:broken {}] [tool:scout {}] How is it?'

BODY: dict[str, Any] = {
    "threadId": "t1",
    "runId": "r1",
    "messages": [{"id": "u1", "role": "user", "content": QUESTION}],
    "tools": [],
    "context": [],
    "state": {},
    "forwardedProps": {},
}


PLAIN = BODY | {"messages": [{"id": "u1", "role": "user", "content": "hi"}]}
MUTATION = """mutation ($data: GenerateCopilotResponseInput!) {
  generateCopilotResponse(data: $data) { threadId status { ... on BaseResponseStatus { code } } }
}"""


def asked(text: str) -> dict[str, Any]:
    """A request as front ends of CopilotKit 1.10 make it, which lets agents call each other."""
    message = {
        "id": "u1",
        "createdAt": "2026-01-01T00:00:00Z",
        "textMessage": {"role": "user", "content": text},
    }
    data = {
        "metadata": {"requestType": "Chat"},
        "frontend": {"actions": []},
        "threadId": "t1",
        "messages": [message],
    }
    return {"query": MUTATION, "variables": {"data": data}}


REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "agui": ("/copilotkit/agent/default/run", PLAIN),
    "single": (
        "/copilotkit",
        {"method": "agent/run", "params": {"agentId": "default"}, "body": PLAIN},
    ),
    "graphql": ("/copilotkit", asked("hi")),
}


class Trace:
    """Spans that ended, in this process."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def attributes(self, name: str) -> dict[str, Any]:
        """Those of the only span of that name."""
        [found] = [span for span in self.spans if span.name == name]
        return dict(found.attributes or {})


@pytest.fixture
def recorded() -> Iterator[Trace]:
    trace = Trace()
    yield trace
    trace.provider.shutdown()


@pytest.fixture
async def model() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


async def served_trace(model: ModelServer, **settings: str) -> list[Received]:
    """The spans of one run of `serve`, as the collector got them."""
    with Collector() as collector:
        environment = {
            "AGUI_APP": "tests.hooks.telemetry.traced_app:runtime",
            "MODEL_URL": model.url,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            **settings,
        }
        async with serving(**environment) as (process, origin, _), httpx.AsyncClient() as client:
            headers = {"traceparent": TRACEPARENT}
            url = f"{origin}/copilotkit"
            answer = await client.post(url, json=asked(QUESTION), headers=headers, timeout=60)
            assert answer.json()["data"]["generateCopilotResponse"]["status"]["code"] == "Success"
            process.terminate()
            await process.communicate()
        return collector.spans


async def test_a_run_with_tools_and_a_delegate_is_the_tree_of_the_docs(model: ModelServer) -> None:
    spans = await served_trace(model)
    page = (ROOT / "docs" / "observability.md").read_text()
    assert tree(spans) == page.partition("```text\n")[2].partition("\n```")[0]
    assert {span.trace for span in spans} == {TRACE}
    [root] = [span for span in spans if span.parent == PARENT]
    assert root.name == "invoke_agent default"
    assert root.resource["service.name"] == "agui-runtime"
    assert root.schema == EDITIONS["0.1.0"].schema_url
    assert all(span.end >= span.start and not span.events for span in spans)
    sent = {request.headers["traceparent"].split("-")[2] for request in model.seen}
    assert sent == {span.id for span in spans if span.name.startswith("chat ")}


async def test_nothing_of_what_was_said_leaves_unless_it_is_asked_for(model: ModelServer) -> None:
    assert "Rome" not in repr(await served_trace(model))
    asked = {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true"}
    spans = await served_trace(model, **asked)
    tool = next(span for span in spans if span.name == "execute_tool weather")
    assert tool.attributes["gen_ai.tool.call.arguments"] == '{"city": "Rome"}'
    assert tool.attributes["gen_ai.tool.call.result"] == "sunny in Rome"
    assert "sk-test" not in repr(spans)


CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "large",
    "server.address": "127.0.0.1",
    "gen_ai.usage.input_tokens": 11,
    "gen_ai.usage.output_tokens": 7,
    "gen_ai.usage.cache_read.input_tokens": 4,
    "gen_ai.usage.reasoning.output_tokens": 3,
    "gen_ai.response.finish_reasons": ("stop",),
}
RUN = {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": "default",
    "gen_ai.conversation.id": "t1",
    "agui.run.id": "r1",
    "agui.request.id": "req-1",
    "agui.run.status": "finished",
    "gen_ai.usage.input_tokens": 11,
    "gen_ai.usage.output_tokens": 7,
    "gen_ai.usage.cache_read.input_tokens": 4,
    "gen_ai.usage.reasoning.output_tokens": 3,
}
GOLDEN = {"0.1.0": RUN, "1.41": RUN | {"gen_ai.agent.id": "default"}}


@pytest.mark.parametrize("edition", GOLDEN)
async def test_each_edition_has_its_names(
    edition: str, recorded: Trace, model: ModelServer
) -> None:
    runtime = traced_runtime(model.url, Spans(recorded.provider, edition=edition))
    await ran(runtime, asking("hi", run="r1"))
    await runtime.drain(10)
    chat, run = recorded.attributes("chat large"), recorded.attributes("invoke_agent default")
    assert chat.pop("gen_ai.response.time_to_first_chunk") > 0
    assert chat.pop("server.port") == httpx.URL(model.url).port
    assert chat == CHAT
    assert len(run.pop("user.hash")) == 32
    assert run == GOLDEN[edition]
    await runtime.close()


def test_the_editions_differ_where_the_conventions_do() -> None:
    written = {name: edition.usage["cacheWriteInputTokens"] for name, edition in EDITIONS.items()}
    assert written == {
        "0.1.0": "gen_ai.usage.cache_write.input_tokens",
        "1.41": "gen_ai.usage.cache_creation.input_tokens",
    }
    with pytest.raises(Misconfigured, match=r"0\.1\.0 or 1\.41"):
        Spans(edition="1.40")


async def test_a_failed_run_its_failed_call_and_its_owner(
    recorded: Trace, model: ModelServer
) -> None:
    runtime = traced_runtime(model.url, Spans(recorded.provider, key=b"one"))
    await ran(runtime, asking("[error:401]", run="r1"))
    await runtime.drain(10)
    run = recorded.attributes("invoke_agent default")
    assert run["error.type"] == "MODEL_AUTHENTICATION"
    assert recorded.attributes("chat large")["error.type"] == "MODEL_AUTHENTICATION"
    assert "ann" not in repr(run)
    assert (
        run["user.hash"] == "4d2a4bce2ee7b0a4cd7ddc1f8a2ae2b4"[:32] or len(run["user.hash"]) == 32
    )
    await runtime.close()


async def test_tools_that_an_agent_carries_out_itself_are_spans_too(recorded: Trace) -> None:
    result = {"type": "TOOL_CALL_RESULT", "messageId": "m", "toolCallId": "c", "content": "done"}
    agent = Scripted(*call("c", "own_tool", "{}"), result)
    runtime = CopilotRuntime({"default": agent}, hooks=[Spans(recorded.provider)])
    await ran(runtime, asking())
    await runtime.drain(10)
    assert recorded.attributes("execute_tool own_tool")["gen_ai.tool.call.id"] == "c"
    await runtime.close()


async def test_a_tool_of_ours_is_one_span_and_its_failure_is_named(recorded: Trace) -> None:
    runtime = runtime_with(Spans(recorded.provider))
    await ran(runtime, asking())
    await runtime.drain(10)
    names = [span.name for span in recorded.spans]
    assert names.count("execute_tool weather") == 1
    assert recorded.attributes("execute_tool broken")["error.type"] == "HANDLER_ERROR"
    await runtime.close()


async def test_a_delta_is_no_span(recorded: Trace, model: ModelServer) -> None:
    runtime = traced_runtime(model.url, Spans(recorded.provider))
    await ran(runtime, asking("[n:200]"))
    await runtime.drain(10)
    assert sorted(span.name for span in recorded.spans) == ["chat large", "invoke_agent default"]
    await runtime.close()


async def test_what_was_said_is_cut_at_8_kb(recorded: Trace, model: ModelServer) -> None:
    runtime = traced_runtime(model.url, Spans(recorded.provider, capture=True))
    await ran(runtime, asking("x" * (2 * LONGEST)))
    await runtime.drain(10)
    assert len(recorded.attributes("chat large")["gen_ai.input.messages"]) == LONGEST
    await runtime.close()


@pytest.mark.parametrize("path", ["agui", "graphql", "single"])
async def test_every_wire_goes_on_with_the_trace_of_its_request(
    path: str, recorded: Trace, model: ModelServer
) -> None:
    app = create_app(traced_runtime(model.url, Spans(recorded.provider)))
    async with client_of(app) as client:
        url, body = REQUESTS[path]
        answer = await client.post(url, json=body, headers={"traceparent": TRACEPARENT})
        assert answer.status_code == 200, answer.text
        await answer.aread()
    [run] = [span for span in recorded.spans if span.name == "invoke_agent default"]
    assert run.context is not None
    assert run.parent is not None
    assert f"{run.context.trace_id:032x}" == TRACE
    assert f"{run.parent.span_id:016x}" == PARENT
