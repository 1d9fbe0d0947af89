"""The HTTP side: from a request to an executed operation, and its answer at once or over time."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import isawaitable

from fastapi import APIRouter
from graphql import ExecutionResult, experimental_execute_incrementally
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from agui_runtime.auth import caller_of
from agui_runtime.runtime import CopilotRuntime
from agui_runtime.wires.graphql.context import CLOUD_KEY, GraphQLExecutionContext, StartedRun
from agui_runtime.wires.graphql.exchange import Exchange
from agui_runtime.wires.graphql.http import (
    ALLOW,
    BadRequest,
    GraphQLRequest,
    from_body,
    from_query_string,
    is_graphql,
    read_json,
)
from agui_runtime.wires.graphql.incremental import Delivery
from agui_runtime.wires.graphql.limits import Limits
from agui_runtime.wires.graphql.operations import Operation, Operations, Refused
from agui_runtime.wires.graphql.plan import Plan
from agui_runtime.wires.graphql.schema import build_schema
from agui_runtime.wires.graphql.stream import deliver
from agui_runtime.wires.http import ClientGone, Envelope, unless_gone

DEFAULT_LIMITS = Limits()


def routes(
    runtime: CopilotRuntime,
    path: str = "/copilotkit",
    *,
    limits: Limits = DEFAULT_LIMITS,
    max_body: int = 4_000_000,
    forward_headers: Sequence[str] = (),
    envelope: Envelope | None = None,
) -> APIRouter:
    """GraphQL at `path`, for front ends of CopilotKit 1.10.6 and older.

    `max_body` is in bytes. `forward_headers` names the request headers that agents and actions may
    see. `envelope` is given the bodies with a `method` and no `query`. CORS is the app's.
    """
    seen = frozenset(name.lower() for name in forward_headers)
    endpoint = GraphQLEndpoint(runtime, limits, max_body, seen, envelope)
    router = APIRouter()
    router.routes.append(Route(path, endpoint))
    router.routes.append(Route(f"{path}/health", _healthy, methods=["GET"]))
    return router


class GraphQLEndpoint:
    """An ASGI app: plain, because a framework's request handling costs more than the query."""

    def __init__(
        self,
        runtime: CopilotRuntime,
        limits: Limits,
        max_body: int,
        forward_headers: frozenset[str],
        envelope: Envelope | None = None,
    ) -> None:
        self._runtime = runtime
        self._max_body = max_body
        self._forward_headers = forward_headers
        self._envelope = envelope
        self._schema = build_schema()
        self._operations = Operations(self._schema, limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send)
        try:
            if exchange.method == "POST":
                await self._post(exchange)
            else:
                await self._answer(self._asked(exchange), exchange)
        except BadRequest as bad:
            await exchange.reject(bad)
        except ClientGone:
            return

    async def _post(self, exchange: Exchange) -> None:
        body = await read_json(exchange.headers, exchange.receive, self._max_body)
        if self._envelope is None or is_graphql(body):
            await self._answer(from_body(body), exchange)
        else:
            await self._envelope(exchange.scope, exchange.receive, exchange.send, body)

    def _asked(self, exchange: Exchange) -> GraphQLRequest:
        if exchange.method == "GET":
            return from_query_string(exchange.scope["query_string"])
        if exchange.method == "OPTIONS":  # no preflight: those are answered before they get here
            raise BadRequest(204, None, ALLOW)
        raise BadRequest(405, "GraphQL only supports GET and POST requests.", ALLOW)

    async def _answer(self, asked: GraphQLRequest, exchange: Exchange) -> None:
        try:
            operation = self._operations.prepare(asked.query, asked.operation_name, asked.variables)
        except Refused as refused:
            await exchange.refuse(refused.errors)
            return
        if operation.is_mutation and exchange.method == "GET":
            mistake = "Can only perform a mutation operation from a POST request."
            raise BadRequest(405, mistake, [(b"allow", b"POST")])
        plan = operation.plan
        exchange.agree(incremental=plan is not None and plan.incremental)
        try:
            context = await self._context(exchange)
        except Exception as error:  # noqa: BLE001  # `authenticate` is the user's
            await exchange.fail(error)
            return
        result = await self._execute(operation, asked, context)
        if plan is None or context.started is None:
            await exchange.answer(result)
        else:
            await self._stream(context.started, plan, exchange)

    async def _context(self, exchange: Exchange) -> GraphQLExecutionContext:
        headers = exchange.headers
        return GraphQLExecutionContext(
            runtime=self._runtime,
            caller=await caller_of(Request(exchange.scope), self._runtime.authenticate),
            request_id=exchange.request_id,
            headers={name: headers[name] for name in self._forward_headers & headers.keys()},
            cloud_key=headers.get(CLOUD_KEY),
        )

    async def _execute(
        self, operation: Operation, asked: GraphQLRequest, context: GraphQLExecutionContext
    ) -> ExecutionResult:
        """Through graphql-core itself: Strawberry's entrance would parse and validate again."""
        result = experimental_execute_incrementally(
            self._schema,
            operation.document,
            context_value=context,
            variable_values=dict(asked.variables),
            operation_name=operation.name,
            hide_suggestions=True,
        )
        if isawaitable(result):
            result = await result
        assert isinstance(result, ExecutionResult)  # the document has no @defer or @stream
        return result

    async def _stream(self, run: StartedRun, plan: Plan, exchange: Exchange) -> None:
        delivery = Delivery(plan, run.projector.response)
        write = exchange.write_parts if plan.incremental else exchange.write_whole
        finished = await unless_gone(exchange.receive, deliver(run, delivery, write))
        if not finished and self._runtime.options.stop_on_disconnect:
            await run.handle.stop()


async def _healthy(_: Request) -> Response:
    return Response()
