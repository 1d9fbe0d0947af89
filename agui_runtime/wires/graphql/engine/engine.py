"""Executes operations, whatever transport brought them: HTTP, event streams, WebSockets."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    aclosing,
    nullcontext,
)
from inspect import isawaitable
from time import perf_counter
from typing import Any, NamedTuple

from graphql import (
    ExecutionResult,
    GraphQLError,
    subscribe,
)

from agui_runtime.core import jsontext
from agui_runtime.core.events import Caller
from agui_runtime.core.jsontext import Json
from agui_runtime.core.observation import note_refusal
from agui_runtime.off_loop import is_much
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.graphql.answer.context import CLOUD_KEY, GraphQLExecutionContext
from agui_runtime.wires.graphql.answer.releases import has_banner
from agui_runtime.wires.graphql.answer.trace import Trace
from agui_runtime.wires.graphql.delivery.incremental import Delivery
from agui_runtime.wires.graphql.delivery.stream import beginning, deliveries
from agui_runtime.wires.graphql.engine.coercion import let_go, prepared
from agui_runtime.wires.graphql.engine.limits import OperationLimits
from agui_runtime.wires.graphql.engine.operations import Operation, Operations, Refused
from agui_runtime.wires.graphql.engine.single_fields import executed
from agui_runtime.wires.graphql.nouns.errors import formatted, origin_of
from agui_runtime.wires.graphql.nouns.operation_request import GraphQLRequest
from agui_runtime.wires.graphql.resolvers.direct import DIRECT
from agui_runtime.wires.graphql.resolvers.schema import build_schema
from agui_runtime.wires.shared.options import ServerOptions


class Identity(NamedTuple):
    """Who is asking: with the request's headers by lower-case names, and its correlation id.

    Where many operations share a connection, `operation_id` is the client's id of this one, and
    `begun` collects the runs that were begun on the connection.
    """

    caller: Caller
    headers: Mapping[str, str]
    request_id: str
    operation_id: str = ""
    begun: set[str] | None = None


class Engine:
    """A runtime's schema, and the operations on it that were seen lately.

    Each open operation has one of the places of the `options`; without `production`, anybody may
    ask for the schema.
    """

    def __init__(
        self, runtime: CopilotRuntime, options: ServerOptions, limits: OperationLimits
    ) -> None:
        self.runtime = runtime
        self.body_limits = options.body
        self._forward_headers = options.forwarded
        self._schema = build_schema()
        introspection = not options.production
        self._operations = Operations(
            self._schema, limits, introspection=introspection, direct=DIRECT
        )
        self._open = options.places

    def places(
        self, operation: Operation, identity: Identity
    ) -> tuple[AbstractContextManager[None], AbstractAsyncContextManager[object]]:
        """Those of one operation, to be held while it is open; both raise TooManyRequests."""
        owner = identity.caller.owner
        streams = self.runtime.streams.place(owner) if operation.grows else nullcontext()
        return self._open.place(owner), streams

    def surroundings(self, operation: Operation, identity: Identity) -> GraphQLExecutionContext:
        """What the resolvers of one operation get."""
        headers = identity.headers
        phases = dict(operation.phases)
        trace = Trace(identity.request_id, operation.kind, operation.name, phases)
        return GraphQLExecutionContext(
            runtime=self.runtime,
            caller=identity.caller,
            request_id=identity.request_id,
            operation_id=identity.operation_id,
            begun=set() if identity.begun is None else identity.begun,
            headers=self._forward_headers.pick(headers),
            cloud_key=headers.get(CLOUD_KEY),
            has_banner=has_banner(headers),
            trace=trace,
            limits=self.body_limits,
        )

    def prepare(self, request: GraphQLRequest) -> Operation:
        """Raises Refused."""
        try:
            return self._operations.prepare(
                request.query, request.operation_name, request.variables
            )
        except Refused as refused:
            note_refusal(refused)
            raise

    async def execute(
        self, operation: Operation, request: GraphQLRequest, context: GraphQLExecutionContext
    ) -> ExecutionResult:
        """A query or mutation, through graphql-core itself where more than its `start` is to be
        resolved: Strawberry's entrance would parse and validate again. Of a mutation that streams
        there is no data: what it has started is in the context.
        """
        begun = perf_counter()
        context.long = not request.short and is_much(request.variables)
        try:
            if operation.start is None:
                return await self._by_graphql_core(operation, request, context)
            return await executed(
                self._schema, operation, operation.start, request.variables, context
            )
        finally:
            context.trace.add("execute", perf_counter() - begun)

    async def _by_graphql_core(
        self, operation: Operation, request: GraphQLRequest, context: GraphQLExecutionContext
    ) -> ExecutionResult:
        made = await prepared(self._schema, operation, request.variables, context)
        executor = made.executor
        if isinstance(executor, list):
            return ExecutionResult(None, executor)
        result = executor.execute_operation()
        if isawaitable(result):
            result = await result
        let_go(executor)
        assert isinstance(result, ExecutionResult)  # the document has no @defer or @stream
        return result

    async def answers(
        self, operation: Operation, request: GraphQLRequest, identity: Identity
    ) -> AsyncGenerator[bytes, None]:
        """Every result of any operation, as JSON; close it (`aclosing`).

        Raises Refused, before the first result or after any, with what the client is to be told.
        """
        results = self._subscribed if operation.is_subscription else self._executed
        try:
            context = self.surroundings(operation, identity)
            place, streams = self.places(operation, identity)
            with place:
                async with streams, aclosing(results(operation, request, context)) as answers:
                    async for each in answers:
                        yield each
            context.trace.finish()
        except Refused:
            raise
        except Exception as error:  # noqa: BLE001  # a wire's edge: a reader gets every failure
            raise Refused([failure(error, identity.request_id)]) from None

    async def _executed(
        self, operation: Operation, request: GraphQLRequest, context: GraphQLExecutionContext
    ) -> AsyncGenerator[bytes, None]:
        result = await self.execute(operation, request, context)
        if operation.plan is None or context.started is None:
            yield answer(result, context.request_id)
            return
        run = context.started
        delivery = Delivery(operation.plan, run.projector.response)
        for payload in beginning(run, delivery):
            yield payload
        if delivery.finished:
            return
        async with aclosing(deliveries(run, delivery)) as batches:
            async for payloads in batches:
                for payload in payloads:
                    yield payload

    async def _subscribed(
        self, operation: Operation, request: GraphQLRequest, context: GraphQLExecutionContext
    ) -> AsyncGenerator[bytes, None]:
        context.long = is_much(request.variables)
        made = await prepared(self._schema, operation, request.variables, context)
        source = subscribe(self._schema, operation.document, executor_class=made)  # type: ignore[arg-type]  # it has all that is called
        if isawaitable(source):
            source = await source
        if isinstance(source, ExecutionResult):
            raise Refused(_formatted(source.errors, context.request_id))
        async with aclosing(source) as results:  # type: ignore[type-var]  # a generator, typed as less
            async for result in results:
                yield answer(result, context.request_id)


def answer(result: ExecutionResult, request_id: str) -> bytes:
    """An executed operation's answer as JSON; what went wrong before there was data has none."""
    errors = _formatted(result.errors, request_id)
    report = {"errors": errors} if errors else {}
    return jsontext.dumps(report | ({"data": result.data} if is_understood(result) else {}))


def is_understood(result: ExecutionResult) -> bool:
    """Whether the operation was executed at all: an error without a path is one of the request."""
    return result.data is not None or all(error.path for error in result.errors or ())


def failure(error: Exception, request_id: str) -> Mapping[str, Json]:
    """The entry of an answer's `errors` for an error that no field raised."""
    return _noted(GraphQLError(str(error), original_error=error), request_id)


def _formatted(errors: Sequence[GraphQLError] | None, request_id: str) -> list[dict[str, Any]]:
    return [_noted(error, request_id) for error in errors or ()]


def _noted(error: GraphQLError, request_id: str) -> dict[str, Any]:
    cause = origin_of(error)
    note_refusal(cause or error, "INTERNAL_ERROR" if cause else "BAD_REQUEST")
    return formatted(error, request_id)
