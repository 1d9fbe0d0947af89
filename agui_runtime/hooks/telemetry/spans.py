"""Runs, and what they wait for, as spans of OpenTelemetry: `pip install 'agui-runtime[otel]'`.

A run, a call of a model and a tool are spans; a piece of an answer never is.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import sha256
from time import time_ns

from ag_ui.core import RunAgentInput
from opentelemetry import context as current, trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from agui_runtime.core.events import Event, RunContext, RunInfo
from agui_runtime.core.jsontext import Json
from agui_runtime.core.meter import tokens_of
from agui_runtime.core.observation import Operation, incoming_trace, observe
from agui_runtime.core.requests import request_messages
from agui_runtime.hooks.hook import Hook, RunReport
from agui_runtime.hooks.telemetry import contents, names
from agui_runtime.hooks.telemetry.calls import attributes_of_call

_HEADERS = TraceContextTextMapPropagator()

_KINDS = {"chat": SpanKind.CLIENT}


class Spans(Hook):
    """`CopilotRuntime(hooks=[Spans()])` in an app that has set up OpenTelemetry; `serve` does both
    where `OTEL_EXPORTER_OTLP_ENDPOINT` is set.

    `edition` is that of the names, see `names.EDITIONS`. Owners are shown as an HMAC with `key`,
    which is another one in each process where it is left out. With `capture` spans hold what is
    said, too, without what looks like a key.
    """

    def __init__(
        self,
        provider: TracerProvider | None = None,
        *,
        edition: str = names.NEWEST,
        key: bytes | None = None,
        capture: bool = False,
    ) -> None:
        self._names = names.names_of(edition)
        self._tracer = trace.get_tracer(
            "agui_runtime", tracer_provider=provider, schema_url=self._names.schema_url
        )
        self._key = key or secrets.token_bytes(32)
        self._capture = capture
        self._run: ContextVar[_RunSpans | None] = ContextVar("agui_runtime_run_span", default=None)

    def trace(self) -> Mapping[str, str]:
        made: dict[str, str] = {}
        _HEADERS.inject(made)
        return made

    async def before_run(self, run: RunInfo, request: RunAgentInput, context: RunContext) -> None:
        attributes = {
            names.OPERATION: "invoke_agent",
            names.AGENT: run.agent,
            names.CONVERSATION: run.thread_id,
            names.RUN_ID: run.run_id,
            names.REQUEST_ID: context.request_id,
            names.USER: hmac.new(self._key, run.owner.encode(), sha256).hexdigest()[:32],
        }
        if self._names.agent_details:
            attributes[names.AGENT_ID] = run.agent
        span = self._tracer.start_span(
            f"invoke_agent {run.agent}", _parent(), SpanKind.INTERNAL, attributes
        )
        # The run's task is its own: what it, and what it begins, does from now on is below.
        current.attach(trace.set_span_in_context(span))
        spans = _RunSpans(run.run_id, span, self._tracer, self._names, self._capture)
        self._run.set(spans)
        observe(spans)

    def on_event(self, run: RunInfo, event: Event) -> None:
        if event["type"] in _OF_TOOLS and (spans := self._run.get()) is not None:
            spans.note(event)

    async def after_run(self, report: RunReport) -> None:
        spans = self._run.get()
        if spans is None or spans.run_id != report.run.run_id:
            return  # it failed before it could begin
        spans.end(report)

    async def run_lost(self, report: RunReport) -> None:
        await self.after_run(report)


class _RunSpans:
    """The span of a run; `Observer` of its operations."""

    def __init__(
        self, run_id: str, span: Span, tracer: Tracer, edition: names.Names, capture: bool
    ) -> None:
        self.run_id = run_id
        self.edition = edition
        self.capture = capture
        self.tracer = tracer
        self._span = span
        self._foreign = _ForeignTools()
        self._known: set[str] = set()

    def begin(self, operation: Operation) -> _OperationSpan:
        self._known.add(operation.id)
        return _OperationSpan(operation, self)

    def headers(self) -> Mapping[str, str]:
        made: dict[str, str] = {}
        _HEADERS.inject(made)
        return made

    def note(self, event: Event) -> None:
        self._foreign.note(event)

    def end(self, report: RunReport) -> None:
        self._add_foreign_tools()
        span, run = self._span, report.run
        span.set_attribute(names.STATUS, run.status)
        set_usage(span, report.usage, self.edition)
        if run.figures is not None and run.figures.cost is not None:
            span.set_attribute(names.COST, float(run.figures.cost.usd))
        if self.capture:
            request, answer = request_messages(report.request), list(report.messages)
            span.set_attribute(names.INPUT, contents.input_messages(request))
            span.set_attribute(names.OUTPUT, contents.input_messages(answer))
        if report.failure is not None:
            fail(span, report.failure.code)
        span.end()

    def _add_foreign_tools(self) -> None:
        below = trace.set_span_in_context(self._span)
        for operation, call in self._foreign.done(self._known):
            attributes = _begun(operation, self.edition)
            self.tracer.start_span(
                f"execute_tool {call.name}", below, attributes=attributes, start_time=call.begun
            ).end(call.ended)


class _OperationSpan:
    """`Watch` of one operation."""

    def __init__(self, operation: Operation, run: _RunSpans) -> None:
        self._operation = operation
        self._run = run
        self._started = time_ns()
        self._span = run.tracer.start_span(
            f"{operation.kind} {operation.name}".rstrip(),
            kind=_KINDS.get(operation.kind, SpanKind.INTERNAL),
            attributes=_begun(operation, run.edition),
            start_time=self._started,
        )
        self._context = trace.set_span_in_context(self._span)

    def inside(self) -> AbstractContextManager[object]:
        return trace.use_span(self._span, record_exception=False, set_status_on_exception=False)

    def answered(self) -> None:
        self._span.set_attribute(names.FIRST_CHUNK, (time_ns() - self._started) / 1e9)

    def headers(self) -> Mapping[str, str]:
        made: dict[str, str] = {}
        _HEADERS.inject(made, self._context)
        return made

    def end(self) -> None:
        it, span = self._operation, self._span
        if it.count is not None:
            span.set_attribute(names.RECORDS_COUNT, it.count)
        if it.kind == "chat":
            set_usage(span, [it.usage] if it.usage else (), self._run.edition)
            if it.finish:
                span.set_attribute(names.FINISH_REASONS, [it.finish])
        if self._run.capture:
            span.set_attributes(_contents_of(it))
        if it.failure:
            fail(span, it.failure)
        span.end()


class _ForeignTools:
    """The tools that an agent carries out by itself, of which only its events tell."""

    def __init__(self) -> None:
        self._calls: dict[str, _ForeignCall] = {}

    def note(self, event: Event) -> None:
        # A delegate's calls are marked as its own where its caller's log has them.
        id_ = event["toolCallId"].removesuffix(f"-{event.get('subagentRunId')}")
        if event["type"] == "TOOL_CALL_START":
            self._calls[id_] = _ForeignCall(event["toolCallName"])
        elif id_ in self._calls:
            which = "begun" if event["type"] == "TOOL_CALL_END" else "ended"
            setattr(self._calls[id_], which, time_ns())

    def done(self, known: Collection[str]) -> Iterator[tuple[Operation, _ForeignCall]]:
        """Those that have a result and are not known otherwise."""
        for id_, call in self._calls.items():
            if call.begun and call.ended and id_ not in known:
                yield Operation("execute_tool", call.name, id_), call


@dataclass(slots=True)
class _ForeignCall:
    name: str
    begun: int = 0
    ended: int = 0


_OF_TOOLS = frozenset({"TOOL_CALL_START", "TOOL_CALL_END", "TOOL_CALL_RESULT"})


def _parent() -> Context | None:
    """The span that is current, of an app that makes its own; else that of whoever asks."""
    if trace.get_current_span().get_span_context().is_valid:
        return None
    return _HEADERS.extract(incoming_trace())


def _begun(operation: Operation, edition: names.Names) -> dict[str, str | int]:
    """What samplers may go by."""
    made: dict[str, str | int] = {names.OPERATION: operation.kind}
    if operation.kind == "execute_tool":
        made |= {names.TOOL: operation.name, names.CALL_ID: operation.id}
        made[names.TOOL_TYPE] = "function"
    elif operation.kind == "invoke_agent":
        made[names.AGENT] = operation.name
        if edition.agent_details:
            made[names.AGENT_ID] = operation.name
    elif operation.kind == "chat":
        made |= attributes_of_call(operation)
    elif operation.id:
        made[names.RECORD] = operation.id
    return made


def _contents_of(operation: Operation) -> dict[str, str]:
    request, answer = operation.request, operation.answer
    words = answer if isinstance(answer, str) else ""
    if operation.kind == "chat":
        return {
            names.INPUT: contents.input_messages(request),
            names.OUTPUT: contents.output_message(words, operation.finish),
        }
    if operation.kind == "execute_tool":
        arguments = request if isinstance(request, str) else ""
        return {names.ARGUMENTS: contents.text(arguments), names.RESULT: contents.text(words)}
    if operation.kind == "search_memory":
        return {names.QUERY: contents.text(str(request)), names.RECORDS: contents.records(answer)}
    return {}


def set_usage(span: Span, usage: Sequence[Mapping[str, Json]], edition: names.Names) -> None:
    """The sums of all entries."""
    tokens = tokens_of([dict(each) for each in usage])
    if tokens is None:
        return
    counts = {
        "inputTokens": tokens.input,
        "outputTokens": tokens.output,
        "cachedInputTokens": tokens.cached_input,
        "cacheWriteInputTokens": tokens.cache_write_input,
        "reasoningTokens": tokens.reasoning,
    }
    for name, attribute in edition.usage.items():
        if (count := counts[name]) is not None:
            span.set_attribute(attribute, count)


def fail(span: Span, code: str) -> None:
    span.set_attribute(names.ERROR, code)
    span.set_status(Status(StatusCode.ERROR, code))
